//! What every command of kvctl is asked in every format.

/// One command line, and how it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// Words with a space between them. `$N` is the number of the round, `$LEASE` and `$MEMBER` what was made last, `$FILE` a file.
    pub(crate) line: &'static str,
    pub(crate) end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With status 0.
    Works,
    /// The same after reading this.
    Reads(&'static str),
    /// With another status.
    Fails,
    /// The same after reading this.
    FailsOn(&'static str),
    /// Never: it is stopped after so many lines of `simple`, `fields`, `json`, `table` and `jsonl`.
    GoesOn([usize; 5]),
}

use End::{Fails, FailsOn, GoesOn, Reads, Works};

pub(super) const fn case(line: &'static str, end: End) -> Case {
    Case { line, end }
}

/// Leaves everything as it was but for revisions, so that it can be gone through once in each format.
pub(crate) const ROUND: &[Case] = &[
    case("put k v$N --prev-kv", Works),
    case("put", Fails),
    case("get k", Works),
    case("get k --rev=100000", Fails),
    case("put gone x", Works),
    case("del gone --prev-kv", Works),
    case("del", Fails),
    case("txn", Reads("ver(\"k\") > \"0\"\n\nput k t\nget k\ndel gone\n\n\n")),
    case("txn", FailsOn("nonsense\n\n\n\n")),
    case("put watched$N x", Works),
    case("watch watched$N --rev=1$N", GoesOn([3, 11, 1, 5, 1])),
    case("watch", Fails),
    case("compaction $N", Works),
    case("compaction 100000", Fails),
    case("lease grant 100$N", Works),
    case("lease grant", Fails),
    case("lease timetolive $LEASE --keys", Works),
    case("lease timetolive", Fails),
    case("lease list", Works),
    case("lease list --no-such-flag", Fails),
    case("lease keep-alive $LEASE --once", Works),
    case("lease keep-alive 77 --once", Fails),
    case("lease keep-alive $LEASE", GoesOn([1, 6, 1, 5, 1])),
    case("lease revoke $LEASE", Works),
    case("lease revoke $LEASE", Fails),
    case("elect", Fails),
    case("endpoint health", Works),
    case("endpoint health --no-such-flag", Fails),
    case("endpoint status", Works),
    case("endpoint status --no-such-flag", Fails),
    case("endpoint hashkv --rev=1$N", Works),
    case("endpoint hashkv --rev=100000", Fails),
    case("member list", Works),
    case("member list --consistency=x", Fails),
    case("member add", Fails),
    case("member remove 77", Fails),
    case("member update 77 --peer-urls=http://10.1.2.3:4", Fails),
    case("member promote 77", Fails),
    case("move-leader 8e9e05c52164694d", Works),
    case("move-leader 77", Fails),
    case("alarm list", Works),
    case("alarm list all", Fails),
    case("alarm disarm", Works),
    case("alarm disarm all", Fails),
    case("defrag", Works),
    case("defrag --no-such-flag", Fails),
    case("snapshot save $FILE", Works),
    case("snapshot save", Fails),
    case("make-mirror", Fails),
    case("downgrade validate 3.6", Works),
    case("downgrade validate 3.1", Fails),
    case("downgrade enable", Fails),
    case("downgrade cancel", Works),
    case("downgrade cancel --no-such-flag", Fails),
    case("check perf --load=xxl", Fails),
    case("check datascale --load=xxl", Fails),
    case("auth status", Works),
    case("auth status now", Fails),
    case("user add ann:x", Works),
    case("user add ann:x", Fails),
    case("user list", Works),
    case("user list all", Fails),
    case("user passwd ann --interactive=false", Reads("y\n")),
    case("user passwd nobody --interactive=false", FailsOn("y\n")),
    case("role add reader", Works),
    case("role add reader", Fails),
    case("role list", Works),
    case("role list all", Fails),
    case("role grant-permission reader read k", Works),
    case("role grant-permission nobody read k", Fails),
    case("role get reader", Works),
    case("role get nobody", Fails),
    case("user grant-role ann reader", Works),
    case("user grant-role ann nobody", Fails),
    case("user get ann", Works),
    case("user get nobody", Fails),
    case("user revoke-role ann reader", Works),
    case("user revoke-role ann reader", Fails),
    case("role revoke-permission reader k", Works),
    case("role revoke-permission reader k", Fails),
    case("role delete reader", Works),
    case("role delete reader", Fails),
    case("user delete ann", Works),
    case("user delete ann", Fails),
    case("auth enable", Fails),
    case("user add root:r", Works),
    case("auth enable", Works),
    case("auth disable", Fails),
    case("auth disable --user=root:r", Works),
    case("user delete root", Works),
    case("role delete root", Works),
];

/// What leaves a lease behind, also etcdctl's when its command fails, so that it comes after all rounds. Names are not used twice.
pub(crate) const HOLDING: &[Case] = &[
    case("lock done$N true", Works),
    case("lock undone$N false", Fails),
    case("lock held$N", GoesOn([2, 12, 1, 5, 1])),
    case("elect office$N me", GoesOn([2, 12, 1, 5, 1])),
    case("elect -l office$N", GoesOn([2, 12, 1, 5, 1])),
];

/// What needs a server that lets others join it.
pub(crate) const JOINING: &[Case] = &[
    case("member add b$N --peer-urls=http://10.1.2.3:$N --learner", Works),
    case("member update $MEMBER --peer-urls=http://10.1.2.4:$N", Works),
    case("member promote $MEMBER", Fails),
    case("member remove $MEMBER", Works),
];

/// What comes last, and once: the cluster carries it out in its own time.
pub(crate) const LAST: &[Case] = &[case("downgrade enable 3.6", Works)];

/// What etcdctl does not have.
pub(crate) const OWN: &[Case] = &[
    case("wait k --exists", Works),
    case("wait", Fails),
    case("edit k", Works),
    case("edit", Fails),
    case("export k", Works),
    case("export --no-such-flag", Fails),
    case("import", Reads("{\"key\":\"imported$N\",\"value\":\"v\"}\n")),
    case("import", FailsOn("nonsense\n")),
    case("sandbox -- true", Works),
    case("sandbox", Fails),
    case("context add c --endpoints=x:1", Works),
    case("context add", Fails),
    case("context list", Works),
    case("context list --no-such-flag", Fails),
    case("context use c", Works),
    case("context use nobody", Fails),
    case("context show c", Works),
    case("context show nobody", Fails),
    case("context remove c", Works),
    case("context remove c", Fails),
    case("doctor --no-such-flag", Fails),
    case("options", Works),
    case("options --no-such-flag", Fails),
    case("version", Works),
    case("version --no-such-flag", Fails),
    case("completion --no-such-flag", Fails),
];

/// Commands that have no case that works, and where they are looked at instead.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[
    ("check perf", "etcdctl's takes a minute, and what it prints is measured: the suite `check`"),
    ("check datascale", "what it prints is measured: the suite `check`"),
    ("completion", "the script is a file of the repository: the suite `completion`"),
    ("doctor", "the machine decides what it finds: the suite `doctor`"),
    ("make-mirror", "it prints every half minute: the suite `mirror`"),
    ("member promote", "a learner must have caught up, which needs a second server: the suite `cluster_tools`"),
];
