//! The command line: a table of flags, read from arguments and the environment with etcd's rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::config::{ClusterState, Config, MetricsDetail};
use crate::logging::{LogFormat, LogLevel, LogOutput, Notice};
use crate::url::Url;
use crate::values::{OUT_OF_RANGE, PARSE_ERROR, parse_bool, parse_duration, parse_signed, parse_unsigned};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Invocation {
    Help,
    Version,
    Serve(Box<Config>, Vec<Notice>),
}

/// Why the command line cannot be followed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It cannot be read: exit status 2.
    Syntax(String),
    /// It can be read and makes no sense: exit status 1.
    Invalid(String),
    /// A flag and its variable are both given, and nobody can tell which is meant: exit status 1.
    Conflict { variable: String },
}

/// Where a flag stands in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Member,
    Cluster,
    Limits,
    Storage,
    Observation,
    Process,
}

impl Group {
    const ALL: [(Group, &'static str); 6] = [
        (Group::Member, "Member"),
        (Group::Cluster, "Cluster"),
        (Group::Limits, "Limits and connections"),
        (Group::Storage, "Storage"),
        (Group::Observation, "Logs and metrics"),
        (Group::Process, "Process"),
    ];
}

type Set = fn(&mut Config, &str) -> Result<(), String>;

struct Flag {
    name: &'static str,
    /// What stands for the value in the help; a switch has none and may be typed alone.
    value: Option<&'static str>,
    /// As it would be typed.
    default: &'static str,
    group: Group,
    help: &'static str,
    /// Said when the flag is given although this release cannot do what it asks.
    not_honoured: Option<&'static str>,
    set: Set,
}

/// Shorthand for the table below.
const fn flag(group: Group, name: &'static str, value: &'static str, default: &'static str, set: Set) -> Flag {
    Flag { name, value: Some(value), default, group, help: "", not_honoured: None, set }
}

impl Flag {
    const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    const fn switch(mut self) -> Self {
        self.value = None;
        self
    }

    const fn not_honoured(mut self, why: &'static str) -> Self {
        self.not_honoured = Some(why);
        self
    }
}

#[rustfmt::skip]
const FLAGS: &[Flag] = &[
    flag(Group::Member, "name", "NAME", "default", |config, text| { text.clone_into(&mut config.name); Ok(()) })
        .help("Human-readable name of this member."),
    flag(Group::Member, "data-dir", "DIR", "", |config, text| { config.data_dir = path(text); Ok(()) })
        .help("Directory the data is kept in. Empty: `<name>.kvd` where kvd is started."),
    flag(Group::Member, "listen-client-urls", "URLS", "http://localhost:2379", |config, text| urls(&mut config.listen_client_urls, text))
        .help("Where clients are served, gRPC and HTTP on one port. Port 0 takes a free one; unix://PATH is a socket."),
    flag(Group::Member, "advertise-client-urls", "URLS", "http://localhost:2379", |config, text| urls(&mut config.advertise_client_urls, text))
        .help("Where clients are told to go. Required with --listen-client-urls, unless that has port 0."),
    flag(Group::Member, "listen-peer-urls", "URLS", "http://localhost:2380", |config, text| urls(&mut config.listen_peer_urls, text))
        .help("Where other members would be served.")
        .not_honoured("this release runs one member and opens no peer listener"),
    flag(Group::Cluster, "initial-advertise-peer-urls", "URLS", "http://localhost:2380", |config, text| urls(&mut config.initial_advertise_peer_urls, text))
        .help("Peer URLs of this member. They decide its id when the directory is new."),
    flag(Group::Cluster, "initial-cluster", "NAME=URL,…", "", |config, text| { config.initial_cluster = (!text.is_empty()).then(|| text.to_owned()); Ok(()) })
        .help("The members of a new cluster. Empty: this member alone."),
    flag(Group::Cluster, "initial-cluster-token", "TOKEN", "etcd-cluster", |config, text| { text.clone_into(&mut config.initial_cluster_token); Ok(()) })
        .help("Makes the ids of clusters with the same URLs differ."),
    flag(Group::Cluster, "initial-cluster-state", "STATE", "new", |config, text| {
        config.initial_cluster_state = choose(text, &[("new", ClusterState::New), ("existing", ClusterState::Existing)])?;
        Ok(())
    }).help("`new` begins a cluster, `existing` joins one. An initialised directory ignores it."),
    flag(Group::Limits, "max-txn-ops", "N", "128", |config, text| u32_into(&mut config.max_txn_ops, text))
        .help("Operations in one transaction, at most."),
    flag(Group::Limits, "max-request-bytes", "BYTES", "1572864", |config, text| u32_into(&mut config.max_request_bytes, text))
        .help("Bytes of one request, at most."),
    flag(Group::Limits, "max-concurrent-streams", "N", "4294967295", |config, text| u32_into(&mut config.max_concurrent_streams, text))
        .help("Requests and streams open at once on a connection, at most."),
    flag(Group::Limits, "grpc-keepalive-min-time", "DURATION", "5s", |config, text| { config.grpc_keepalive_min_time = parse_duration(text)?; Ok(()) })
        .help("How long a client should wait between pings.")
        .not_honoured("clients that ping more often are not disconnected"),
    flag(Group::Limits, "grpc-keepalive-interval", "DURATION", "2h", |config, text| { config.grpc_keepalive_interval = parse_duration(text)?; Ok(()) })
        .help("How often the server pings a connection; 0 never."),
    flag(Group::Limits, "grpc-keepalive-timeout", "DURATION", "20s", |config, text| { config.grpc_keepalive_timeout = parse_duration(text)?; Ok(()) })
        .help("How long a ping may go unanswered before the connection is closed."),
    flag(Group::Limits, "watch-progress-notify-interval", "DURATION", "10m", |config, text| { config.watch_progress_notify_interval = parse_duration(text)?; Ok(()) })
        .help("How often a quiet watcher that asks for it is told of progress. At least 100ms."),
    flag(Group::Storage, "quota-backend-bytes", "BYTES", "0", |config, text| { config.quota_backend_bytes = parse_signed(text)?; Ok(()) })
        .help("Size of the store, at most. 0: 2 GiB; negative: no limit.")
        .not_honoured("the quota is reported in the status, and this release does not enforce it"),
    flag(Group::Storage, "compaction-batch-limit", "N", "1000", |config, text| u32_into(&mut config.compaction_batch_limit, text))
        .help("Revisions a compaction deletes in one step."),
    flag(Group::Storage, "compaction-sleep-interval", "DURATION", "10ms", |config, text| { config.compaction_sleep_interval = parse_duration(text)?; Ok(()) })
        .help("Pause between two such steps."),
    flag(Group::Storage, "snapshot-count", "N", "10000", |config, text| { config.snapshot_count = parse_unsigned(text)?; Ok(()) })
        .help("For compatibility.")
        .not_honoured("checkpoints are taken by time and size, and the log is cut after each"),
    flag(Group::Storage, "unsafe-no-fsync", "", "false", |config, text| { config.unsafe_no_fsync = parse_bool(text)?; Ok(()) }).switch()
        .help("Do not wait for the disk. A power cut loses acknowledged writes or the whole store: tests only."),
    flag(Group::Observation, "log-level", "LEVEL", "info", |config, text| {
        config.log.level = LogLevel::parse(text)?;
        Ok(())
    }).help("debug, info, warn, error, panic or fatal."),
    flag(Group::Observation, "log-format", "FORMAT", "json", |config, text| {
        config.log.format = choose(text, &[("json", LogFormat::Json), ("console", LogFormat::Console)])?;
        Ok(())
    }).help("json: one object a line; console: for people."),
    flag(Group::Observation, "log-outputs", "LIST", "default", |config, text| { config.log.outputs = text.split(',').map(LogOutput::parse).collect(); Ok(()) })
        .help("stderr, stdout or file names. `default` is stderr."),
    flag(Group::Observation, "metrics", "DETAIL", "basic", |config, text| {
        config.metrics = choose(text, &[("basic", MetricsDetail::Basic), ("extensive", MetricsDetail::Extensive)])?;
        Ok(())
    }).help("`extensive` adds handling times per method to /metrics."),
    flag(Group::Observation, "listen-metrics-urls", "URLS", "", |config, text| {
        if text.is_empty() { config.listen_metrics_urls.clear(); Ok(()) } else { urls(&mut config.listen_metrics_urls, text) }
    }).help("More addresses that serve /metrics and health checks only."),
    flag(Group::Process, "ready-file", "FILE", "", |config, text| { config.ready_file = path(text); Ok(()) })
        .help("Write the client URL into this file once clients are served."),
    // Read before the table is asked; they stand here for the help.
    flag(Group::Process, "version", "", "false", |_, text| parse_bool(text).map(drop)).switch()
        .help("Print the version and exit."),
    flag(Group::Process, "help", "", "false", |_, text| parse_bool(text).map(drop)).switch()
        .help("Print this help and exit."),
];

/// Names that older releases of etcd used.
const ALIASES: &[(&str, &str)] = &[
    ("experimental-compaction-batch-limit", "compaction-batch-limit"),
    ("experimental-compaction-sleep-interval", "compaction-sleep-interval"),
    ("experimental-watch-progress-notify-interval", "watch-progress-notify-interval"),
];

/// Variables etcd knows that are not flags of ours, and why they cannot simply be passed over.
const REFUSED_VARIABLES: &[(&str, &str)] =
    &[("ETCD_CONFIG_FILE", "this release reads no configuration file; unset the variable and use flags")];

/// The prefixes of variables, the stronger first.
const PREFIXES: [&str; 2] = ["KVD_", "ETCD_"];

/// Reads arguments (without the program's name) and the environment.
pub(crate) fn parse(arguments: &[String], environment: &[(String, String)]) -> Result<Invocation, Refusal> {
    let mut config = Config::default();
    let mut notices = Vec::new();
    let mut typed = BTreeSet::new();

    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(word) = argument.strip_prefix('-').filter(|word| !word.is_empty()) else {
            return Err(Refusal::Invalid(format!("{argument:?} is not a valid flag")));
        };
        let word = word.strip_prefix('-').unwrap_or(word);
        if word.is_empty() {
            // `--` ends the flags, and kvd takes nothing after them.
            match rest.next() {
                Some(positional) => return Err(Refusal::Invalid(format!("{positional:?} is not a valid flag"))),
                None => break,
            }
        }
        if word.starts_with(['-', '=']) {
            return Err(Refusal::Syntax(format!("bad flag syntax: {argument}")));
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        if matches!(name, "help" | "h") && value.is_none_or(|value| parse_bool(value) == Ok(true)) {
            return Ok(Invocation::Help);
        }
        let flag = find(name, &mut notices)
            .ok_or_else(|| Refusal::Syntax(format!("flag provided but not defined: -{name}{}", similar(name))))?;
        let value = match (value, flag.value) {
            (Some(value), _) => value,
            (None, None) => "true",
            (None, Some(_)) => {
                rest.next().ok_or_else(|| Refusal::Syntax(format!("flag needs an argument: -{name}")))?.as_str()
            }
        };
        (flag.set)(&mut config, value).map_err(|error| {
            Refusal::Syntax(match flag.value {
                None => format!("invalid boolean value {value:?} for -{name}: {error}"),
                Some(_) => format!("invalid value {value:?} for flag -{name}: {error}"),
            })
        })?;
        if flag.name == "version" && parse_bool(value) == Ok(true) {
            return Ok(Invocation::Version);
        }
        typed.insert(flag.name);
    }

    let from_environment = read_environment(&mut config, &typed, environment, &mut notices)?;
    let given = |name: &str| typed.contains(name) || from_environment.contains(name);
    for flag in FLAGS.iter().filter(|flag| given(flag.name)) {
        if let Some(why) = flag.not_honoured {
            notices.push(Notice::warn(format!("--{} has no effect: {why}", flag.name)));
        }
    }
    if given("listen-client-urls") && !given("advertise-client-urls") {
        if !config.listen_client_urls.iter().any(|url| url.host_port().is_some_and(|(_, port)| port == "0")) {
            return Err(Refusal::Invalid(
                "--advertise-client-urls is required when --listen-client-urls is set explicitly".to_owned(),
            ));
        }
        config.advertise_client_urls.clear();
    }
    notices.extend(config.validate().map_err(Refusal::Invalid)?);
    Ok(Invocation::Serve(Box::new(config), notices))
}

/// Returns the help, wrapped by hand like everything that must not depend on a terminal.
pub(crate) fn help() -> String {
    let mut text = String::from(
        "kvd is a persistent key-value store that serves the etcd v3 API.\n\n\
         Usage:\n  kvd [flags]\n\n\
         Every flag is also a variable: --data-dir is KVD_DATA_DIR or ETCD_DATA_DIR. To set a flag and its variable\n\
         is an error. Single and double dashes mean the same; `--flag=value` and `--flag value` too.\n",
    );
    for (group, title) in Group::ALL {
        let _ = write!(text, "\n{title}:\n");
        for flag in FLAGS.iter().filter(|flag| flag.group == group) {
            let _ = match flag.value {
                None => writeln!(text, "  --{}", flag.name),
                Some(value) if flag.default.is_empty() => writeln!(text, "  --{} {value}", flag.name),
                Some(value) => writeln!(text, "  --{} {value} (default {})", flag.name, flag.default),
            };
            let _ = writeln!(text, "      {}", flag.help);
            if let Some(why) = flag.not_honoured {
                let _ = writeln!(text, "      Not honoured: {why}.");
            }
        }
    }
    text.push_str(
        "\nExamples:\n\
         \x20 kvd\n\
         \x20     One member on http://localhost:2379, its data in default.kvd.\n\
         \x20 kvd --name a --data-dir /var/lib/kvd --listen-client-urls http://0.0.0.0:2379 \\\n\
         \x20     --advertise-client-urls http://10.0.0.1:2379\n\
         \x20     The same for other machines.\n\
         \x20 kvd --data-dir \"$(mktemp -d)\" --listen-client-urls http://127.0.0.1:0 --ready-file ready\n\
         \x20     A throwaway server on a free port; `ready` appears with its URL when it serves.\n",
    );
    text
}

/// Takes values from variables, and returns the flags they set.
fn read_environment(
    config: &mut Config,
    typed: &BTreeSet<&'static str>,
    environment: &[(String, String)],
    notices: &mut Vec<Notice>,
) -> Result<BTreeSet<&'static str>, Refusal> {
    let mut set = BTreeSet::new();
    // The stronger prefix is read first, whatever the order of the environment.
    for prefix in PREFIXES {
        for (variable, value) in environment {
            let Some(name) = variable.strip_prefix(prefix) else { continue };
            if let Some((_, why)) = REFUSED_VARIABLES.iter().find(|(refused, _)| refused == variable) {
                return Err(Refusal::Invalid(format!("{variable} is set: {why}")));
            }
            let name = name.to_ascii_lowercase().replace('_', "-");
            let flag = match find(&name, &mut Vec::new()) {
                Some(flag) if flag.name == "version" || flag.name == "help" => {
                    notices.push(Notice::warn("cannot set special environment variable").field("key", variable));
                    continue;
                }
                Some(flag) => flag,
                // Only the name: others' variables may hold secrets.
                None => {
                    notices.push(
                        Notice::warn("unrecognized environment variable").field("environment-variable", variable),
                    );
                    continue;
                }
            };
            if typed.contains(flag.name) {
                return Err(Refusal::Conflict { variable: variable.clone() });
            }
            if value.is_empty() {
                continue;
            }
            if !set.insert(flag.name) {
                notices.push(
                    Notice::info("environment variable is shadowed by another one")
                        .field("environment-variable", variable),
                );
                continue;
            }
            (flag.set)(config, value)
                .map_err(|error| Refusal::Invalid(format!("invalid value {value:?} for {variable}: {error}")))?;
            notices.push(
                Notice::info("recognized and used environment variable")
                    .field("variable-name", variable)
                    .field("variable-value", value),
            );
        }
    }
    Ok(set)
}

fn find(name: &str, notices: &mut Vec<Notice>) -> Option<&'static Flag> {
    let (name, alias) = match ALIASES.iter().find(|(alias, _)| *alias == name) {
        Some((alias, current)) => (*current, Some(alias)),
        None => (name, None),
    };
    let flag = FLAGS.iter().find(|flag| flag.name == name)?;
    if let Some(alias) = alias {
        notices.push(Notice::warn(format!("--{alias} is deprecated. Use --{name} instead.")));
    }
    Some(flag)
}

/// Names the flag a typing error probably meant.
fn similar(name: &str) -> String {
    let near = FLAGS.iter().map(|flag| flag.name).find(|known| edit_distance(known, name) <= 2);
    near.map(|known| format!(" (did you mean -{known}?)")).unwrap_or_default()
}

fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, right) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

fn urls(target: &mut Vec<Url>, text: &str) -> Result<(), String> {
    *target = Url::parse_list(text)?;
    Ok(())
}

fn u32_into(target: &mut u32, text: &str) -> Result<(), String> {
    *target = u32::try_from(parse_unsigned(text)?).map_err(|_| OUT_OF_RANGE.to_owned())?;
    Ok(())
}

fn choose<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("{PARSE_ERROR}, use one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_with(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Invocation, Refusal> {
        let arguments: Vec<_> = arguments.iter().map(|&text| text.to_owned()).collect();
        let environment: Vec<_> =
            environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        parse(&arguments, &environment)
    }

    fn served(arguments: &[&str], environment: &[(&str, &str)]) -> (Config, Vec<String>) {
        match parse_with(arguments, environment).unwrap() {
            Invocation::Serve(config, notices) => (*config, notices.into_iter().map(|notice| notice.message).collect()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_of_the_table_are_those_of_the_config() {
        for flag in FLAGS {
            let mut config = Config::default();
            (flag.set)(&mut config, flag.default).unwrap_or_else(|error| panic!("{}: {error}", flag.name));
            assert_eq!(config, Config::default(), "{}", flag.name);
            assert!(!flag.help.is_empty(), "{}", flag.name);
        }
    }

    #[test]
    fn every_spelling_of_a_flag_is_read() {
        for arguments in [
            &["--data-dir", "x"][..],
            &["-data-dir", "x"],
            &["--data-dir=x"],
            &["-data-dir=x"],
            &["--data-dir=y", "--data-dir=x"],
        ] {
            assert_eq!(served(arguments, &[]).0.data_dir, Some(PathBuf::from("x")), "{arguments:?}");
        }
        assert!(served(&["--unsafe-no-fsync"], &[]).0.unsafe_no_fsync);
        assert!(!served(&["--unsafe-no-fsync=false"], &[]).0.unsafe_no_fsync);
        assert_eq!(served(&["--name", "a", "--"], &[]).0.name, "a");
    }

    #[test]
    fn refusals_and_their_texts() {
        let syntax = |text: &str| Refusal::Syntax(text.to_owned());
        let invalid = |text: &str| Refusal::Invalid(text.to_owned());
        for (arguments, refusal) in [
            (&["--nonsense"][..], syntax("flag provided but not defined: -nonsense")),
            (&["--data-dri=x"], syntax("flag provided but not defined: -data-dri (did you mean -data-dir?)")),
            (&["--name"], syntax("flag needs an argument: -name")),
            (&["---name"], syntax("bad flag syntax: ---name")),
            (&["--max-txn-ops=x"], syntax("invalid value \"x\" for flag -max-txn-ops: parse error")),
            (&["--unsafe-no-fsync=x"], syntax("invalid boolean value \"x\" for -unsafe-no-fsync: parse error")),
            (
                &["--listen-client-urls=localhost:1"],
                syntax(
                    "invalid value \"localhost:1\" for flag -listen-client-urls: URL scheme must be http, https, unix, \
                     or unixs: localhost:1",
                ),
            ),
            (&["gateway"], invalid("\"gateway\" is not a valid flag")),
            (&["--unsafe-no-fsync", "true"], invalid("\"true\" is not a valid flag")),
            (&["--", "x"], invalid("\"x\" is not a valid flag")),
            (
                &["--listen-client-urls=http://127.0.0.1:1"],
                invalid("--advertise-client-urls is required when --listen-client-urls is set explicitly"),
            ),
            (
                &["--listen-client-urls=http://a:1", "--advertise-client-urls=http://a:1"],
                invalid("expected IP in URL for binding (http://a:1)"),
            ),
            (
                &["--advertise-client-urls=http://:1"],
                invalid(
                    "--advertise-client-urls \"http://:1\" must be in the format \"host:port\", \"unix:/path/to/socket\" \
                     or \"unixs:/path/to/socket\" (unexpected empty host (http://:1))",
                ),
            ),
        ] {
            assert_eq!(parse_with(arguments, &[]).unwrap_err(), refusal, "{arguments:?}");
        }
    }

    #[test]
    fn port_zero_advertises_what_it_becomes() {
        let (config, _) = served(&["--listen-client-urls=http://127.0.0.1:0"], &[]);
        assert!(config.advertise_client_urls.is_empty());
    }

    #[test]
    fn variables_stand_in_for_flags_and_ours_for_etcds() {
        let (config, notices) = served(&[], &[("ETCD_NAME", "e"), ("KVD_NAME", "k"), ("ETCD_MAX_TXN_OPS", "7")]);
        assert_eq!((config.name.as_str(), config.max_txn_ops), ("k", 7));
        assert!(notices.contains(&"recognized and used environment variable".to_owned()));
        assert!(notices.contains(&"environment variable is shadowed by another one".to_owned()));

        let (_, notices) = served(&["--name=a"], &[("ETCD_PORT_2379_TCP", "x"), ("ETCD_VERSION", "3")]);
        assert!(notices.contains(&"unrecognized environment variable".to_owned()));
        assert!(notices.contains(&"cannot set special environment variable".to_owned()));
    }

    #[test]
    fn a_flag_and_its_variable_conflict() {
        for variable in ["ETCD_NAME", "KVD_NAME"] {
            assert_eq!(
                parse_with(&["--name=a"], &[(variable, "b")]).unwrap_err(),
                Refusal::Conflict { variable: variable.to_owned() }
            );
        }
        assert_eq!(
            parse_with(&[], &[("ETCD_MAX_TXN_OPS", "x")]).unwrap_err(),
            Refusal::Invalid("invalid value \"x\" for ETCD_MAX_TXN_OPS: parse error".to_owned())
        );
        assert!(matches!(parse_with(&[], &[("ETCD_CONFIG_FILE", "x")]).unwrap_err(), Refusal::Invalid(_)));
    }

    #[test]
    fn what_cannot_be_honoured_is_said() {
        let (_, notices) = served(&["--snapshot-count=5", "--quota-backend-bytes=-1", "--name=a", "--data-dir=d"], &[]);
        assert_eq!(notices.len(), 2, "{notices:?}");
        assert!(notices.iter().all(|notice| notice.contains("has no effect")));
    }

    #[test]
    fn older_names_still_work() {
        let (config, notices) = served(&["--experimental-watch-progress-notify-interval=5s"], &[]);
        assert_eq!(config.watch_progress_notify_interval.as_secs(), 5);
        assert!(notices.iter().any(|notice| notice.contains("is deprecated")));
    }

    #[test]
    fn help_and_version_win() {
        assert!(matches!(parse_with(&["-h"], &[]), Ok(Invocation::Help)));
        assert!(matches!(parse_with(&["--name", "a", "--help"], &[]), Ok(Invocation::Help)));
        assert!(matches!(parse_with(&["--version", "x"], &[]), Ok(Invocation::Version)));
        assert!(FLAGS.iter().all(|flag| help().contains(&format!("--{}", flag.name))));
    }
}
