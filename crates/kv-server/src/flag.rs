//! What is known of a flag.

use std::collections::BTreeMap;

use crate::config::Config;

/// Where a flag stands in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Member,
    Cluster,
    Limits,
    Tls,
    Auth,
    Storage,
    Observation,
    Process,
    Compatible,
}

impl Group {
    pub(crate) const ALL: [(Group, &'static str); 9] = [
        (Group::Member, "Member"),
        (Group::Cluster, "Cluster"),
        (Group::Limits, "Limits and connections"),
        (Group::Tls, "TLS"),
        (Group::Auth, "Authentication"),
        (Group::Storage, "Storage"),
        (Group::Observation, "Logs and metrics"),
        (Group::Process, "Process"),
        (Group::Compatible, "For etcd's command lines"),
    ];
}

/// Takes a value into the configuration.
pub(crate) type Set = fn(&mut Config, &str) -> Result<(), String>;

pub(crate) struct Flag {
    pub(crate) name: &'static str,
    /// What stands for the value in the help; a switch has none and may be typed alone.
    pub(crate) value: Option<&'static str>,
    /// As it would be typed.
    pub(crate) default: &'static str,
    pub(crate) group: Group,
    pub(crate) help: &'static str,
    /// Said when the flag is given although this release cannot do what it asks.
    pub(crate) not_honoured: Option<&'static str>,
    pub(crate) set: Set,
}

/// The flags that were given, wherever, and their values.
pub(crate) type Given = BTreeMap<&'static str, String>;

/// Shorthand for the tables.
pub(crate) const fn flag(
    group: Group,
    name: &'static str,
    value: &'static str,
    default: &'static str,
    set: Set,
) -> Flag {
    Flag { name, value: Some(value), default, group, help: "", not_honoured: None, set }
}

impl Flag {
    pub(crate) const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    pub(crate) const fn switch(mut self) -> Self {
        self.value = None;
        self
    }

    pub(crate) const fn not_honoured(mut self, why: &'static str) -> Self {
        self.not_honoured = Some(why);
        self
    }
}
