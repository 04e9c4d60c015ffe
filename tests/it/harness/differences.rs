//! The known differences between kvd and the etcds, and the bookkeeping that keeps the list true.
//!
//! A difference that is not listed fails a suite, and so does a listed one that no longer occurs.

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::Kind;

/// One place where an answer differs for a reason.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The suite that meets it.
    pub(crate) suite: &'static str,
    /// The releases it is met with.
    pub(crate) peers: &'static [Kind],
    /// What is compared, in the suite's words. All of these must differ.
    pub(crate) fields: &'static [&'static str],
    /// Why it differs.
    pub(crate) reason: &'static str,
    /// Where the contract or a decision says so.
    pub(crate) contract: &'static str,
}

/// Every difference we know of.
pub(crate) const KNOWN: &[Difference] = &[
    Difference {
        suite: "quirks",
        peers: &[Kind::Etcd37],
        fields: &["hash of a negative revision"],
        reason: "there is no such history: etcd hashes nothing, kvd says that it is compacted",
        contract: "api.md section 13: requests are for 0 or a revision from the compact one on",
    },
    Difference {
        suite: "quirks",
        peers: &[Kind::Etcd37],
        fields: &["newest hash after a compaction to 0"],
        reason: "etcd remembers the hash of that compaction under 0, which also asks for the newest",
        contract: "api.md section 13: R = 0 is the current revision",
    },
    Difference {
        suite: "quirks",
        peers: &[Kind::Etcd37],
        fields: &["stream with a sort target and no order"],
        reason: "etcd sorts each message by itself, so that the order depends on where it cuts; kvd sends in key order",
        contract: "api.md section 5, RangeStream: no custom order",
    },
    Difference {
        suite: "permissions",
        peers: &[Kind::Etcd37],
        fields: &[
            "UserAdd with a long password as nobody known",
            "UserAdd with a long password as a wrong token",
            "UserAdd with a long password as an unknown token",
            "UserAdd with a long password as nothing",
            "UserAdd with a long password as part",
            "UserAdd with a long password as enough",
        ],
        reason: "etcd hashes a password before it looks at who asks; kvd lets only administrators keep its cores busy",
        contract: "api.md section 4: a token is looked at before anything is proposed",
    },
    Difference {
        suite: "one member",
        peers: &[Kind::Etcd37],
        fields: &["Downgrade(Enable, \"3.6\")"],
        reason: "there is no older kvd to go back to",
        contract: "api.md section 8, Downgrade",
    },
    Difference {
        suite: "one member",
        peers: &[Kind::Etcd37],
        fields: &["AddLearner([\"http://localhost:9\"])"],
        reason: "this release runs one member",
        contract: "decisions.md, Server: MemberAdd",
    },
    Difference {
        suite: "certificates",
        peers: &[Kind::Etcd37],
        fields: &[
            "UserAdd with a long password with a certificate without a name",
            "UserAdd with a long password with a stranger's certificate",
            "UserAdd with a long password with the certificate of nothing",
            "UserAdd with a long password with the certificate of part",
            "UserAdd with a long password with the certificate of enough",
            "UserAdd with a long password with the certificate of root, through a gateway",
            "UserAdd with a long password with the certificate of root and a wrong token",
            "UserAdd with a long password with the certificate of root and the token of part",
        ],
        reason: "etcd hashes a password before it looks at who asks; kvd lets only administrators keep its cores busy",
        contract: "api.md section 4: a token is looked at before anything is proposed",
    },
    Difference {
        suite: "kvctl",
        peers: &[Kind::Etcd34, Kind::Etcd35],
        fields: &[
            "endpoint status",
            "endpoint status -w table",
            "endpoint status -w json",
            "endpoint status -w fields",
            "endpoint hashkv",
            "endpoint hashkv -w json",
            "endpoint hashkv -w fields",
            "endpoint hashkv -w table",
            "endpoint hashkv --rev=20",
        ],
        reason: "releases before 3.6 do not tell storage version, quota and downgrade, nor the revision they hashed",
        contract: "api.md section 12",
    },
    Difference {
        suite: "etcdctl",
        peers: &[Kind::Etcd34],
        fields: &["alarm list -w json", "alarm list -w fields", "alarm list -w protobuf"],
        reason: "3.4 sends no header with alarms, and its etcdctl misses it",
        contract: "api.md section 4: the header is set on every answer of Maintenance",
    },
    Difference {
        suite: "kvctl",
        peers: &[Kind::Etcd34],
        fields: &["alarm list -w json", "alarm list -w fields", "alarm list -w protobuf"],
        reason: "3.4 sends no header with alarms",
        contract: "api.md section 4: the header is set on every answer of Maintenance",
    },
    Difference {
        suite: "kvctl for etcdctl",
        peers: &[Kind::Etcd37],
        fields: &["fly: first line of stderr"],
        reason: "a tool calls itself by its own name",
        contract: "decisions.md, Names and versions",
    },
    Difference {
        suite: "kvctl for etcdctl",
        peers: &[Kind::Etcd37],
        fields: &[
            "put demo 108 -w table: stdout",
            "put demo 108 -w table: status",
            "put demo 108 -w table: first line of stderr",
            "get dir/ --prefix -w table: stdout",
            "get dir/ --prefix -w table: status",
            "get dir/ --prefix -w table: first line of stderr",
            "alarm list -w table: stdout",
            "alarm list -w table: status",
            "alarm list -w table: first line of stderr",
            "lease timetolive $LEASE -w table: stdout",
            "lease timetolive $LEASE -w table: status",
            "lease timetolive $LEASE -w table: first line of stderr",
            "lease list -w table: stdout",
            "lease list -w table: status",
            "lease list -w table: first line of stderr",
        ],
        reason: "kvctl has a table for every command",
        contract: "cli.md section 2; etcdctl has tables of members and endpoints only",
    },
    Difference {
        suite: "every format",
        peers: &[Kind::Etcd37],
        fields: &[
            "compaction $N -w table: stdout",
            "defrag -w table: stdout",
            "snapshot save $FILE -w table: stdout",
            "auth enable -w table: stdout",
            "auth disable --user=root:r -w table: stdout",
        ],
        reason: "kvctl has a table for every command",
        contract: "cli.md section 2; etcdctl has tables of members and endpoints only",
    },
    Difference {
        suite: "every format",
        peers: &[Kind::Etcd37],
        fields: &[
            "lease revoke $LEASE -w protobuf: stdout",
            "lease revoke $LEASE -w protobuf: status",
            "lease revoke $LEASE -w protobuf: first line of stderr",
        ],
        reason: "etcdctl revokes, and then cannot encode the answer; kvctl can",
        contract: "cli.md section 2: protobuf is the marshalled response",
    },
    Difference {
        suite: "every format",
        peers: &[Kind::Etcd37],
        fields: &[
            "member list --consistency=x -w simple: first line of stderr",
            "member list --consistency=x -w fields: first line of stderr",
            "member list --consistency=x -w json: first line of stderr",
            "member list --consistency=x -w table: first line of stderr",
            "member list --consistency=x -w protobuf: first line of stderr",
        ],
        reason: "etcdctl names what `get` would have been asked with instead of what is wrong",
        contract: "cli.md section 1: unknown consistency flag \"x\"",
    },
    Difference {
        suite: "every format, offline",
        peers: &[Kind::Etcd37],
        fields: &[
            "hashkv -w simple: error",
            "hashkv -w fields: error",
            "hashkv -w json: error",
            "hashkv -w table: error",
            "hashkv -w protobuf: error",
        ],
        reason: "kvutl works on default.kvd where no directory is named, which is not there either",
        contract: "decisions.md, Names and versions: default directories",
    },
    Difference {
        suite: "every format, offline",
        peers: &[Kind::Etcd37],
        fields: &[
            "defrag --data-dir=$DIR -w table: stdout",
            "migrate --data-dir=$DIR --target-version=3.7 -w table: stdout",
            "snapshot restore $SNAPSHOT --data-dir=$NEW --bump-revision=100 --mark-compacted -w table: stdout",
        ],
        reason: "kvutl has a table for every command",
        contract: "cli.md section 4; etcdutl has tables of snapshots and hashes only",
    },
    Difference {
        suite: "users, kvctl for etcdctl",
        peers: &[Kind::Etcd37],
        fields: &[
            "user add eve:x -w table: stdout",
            "user add eve:x -w table: status",
            "user add eve:x -w table: first line of stderr",
        ],
        reason: "kvctl has a table for every command",
        contract: "cli.md section 2; etcdctl has tables of members and endpoints only",
    },
];

/// What one suite has compared with one peer.
#[derive(Debug)]
pub(crate) struct Ledger {
    suite: &'static str,
    peer: Kind,
    met: BTreeSet<&'static str>,
    unlisted: Vec<String>,
}

impl Ledger {
    /// Starts the comparison of one suite with one peer.
    pub(crate) fn new(suite: &'static str, peer: Kind) -> Ledger {
        Ledger { suite, peer, met: BTreeSet::new(), unlisted: Vec::new() }
    }

    fn listed(&self) -> impl Iterator<Item = &'static Difference> + use<> {
        let (suite, peer) = (self.suite, self.peer);
        KNOWN.iter().filter(move |known| known.suite == suite && known.peers.contains(&peer))
    }

    /// Notes whether two answers agree.
    pub(crate) fn compare<T: PartialEq + Debug>(&mut self, field: &str, theirs: &T, ours: &T) {
        if theirs == ours {
            return;
        }
        match self.listed().flat_map(|known| known.fields).find(|known| **known == field) {
            Some(known) => {
                self.met.insert(known);
            }
            None => self.unlisted.push(format!("{field}\n  {}: {theirs:?}\n  ours: {ours:?}", self.peer)),
        }
    }

    /// Ends the comparison.
    ///
    /// # Panics
    ///
    /// When an unlisted difference was met, or a listed one was not.
    pub(crate) fn finish(self) {
        let stale: Vec<String> = self
            .listed()
            .flat_map(|known| known.fields.iter().map(move |field| (known, field)))
            .filter(|(_, field)| !self.met.contains(*field))
            .map(|(known, field)| format!("{field} ({}, {})", known.reason, known.contract))
            .collect();
        assert!(
            self.unlisted.is_empty() && stale.is_empty(),
            "{} against {}: {} unlisted differences\n{}\n{} listed differences that no longer occur\n{}",
            self.suite,
            self.peer,
            self.unlisted.len(),
            self.unlisted.join("\n"),
            stale.len(),
            stale.join("\n"),
        );
    }
}
