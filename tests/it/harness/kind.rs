//! The kinds of software under test, and where their executables are.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

/// One kind of server with its tools: a release of etcd, or ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// etcd 3.4, as Debian ships it.
    Etcd34,
    /// etcd 3.5.1.
    Etcd35,
    /// etcd 3.7.1, the release whose contract we keep.
    Etcd37,
    /// kvd, kvctl and kvutl of this checkout.
    Kvd,
}

impl Kind {
    /// Returns the server's executable.
    pub(crate) fn server(self) -> PathBuf {
        match self {
            Kind::Etcd34 => peer("etcd-3.4"),
            Kind::Etcd35 => peer("etcd-3.5"),
            Kind::Etcd37 => peer("etcd-3.7"),
            Kind::Kvd => PathBuf::from(env!("CARGO_BIN_EXE_kvd-under-test")),
        }
    }

    /// Returns the client tool's executable: etcdctl or kvctl.
    pub(crate) fn client_tool(self) -> PathBuf {
        match self {
            Kind::Etcd34 => peer("etcdctl-3.4"),
            Kind::Etcd35 => peer("etcdctl-3.5"),
            Kind::Etcd37 => peer("etcdctl-3.7"),
            Kind::Kvd => PathBuf::from(env!("CARGO_BIN_EXE_kvctl-under-test")),
        }
    }

    /// Returns the offline tool's executable: etcdutl or kvutl.
    ///
    /// # Panics
    ///
    /// For 3.4, which had none.
    pub(crate) fn offline_tool(self) -> PathBuf {
        match self {
            Kind::Etcd34 => panic!("etcd 3.4 has no offline tool"),
            Kind::Etcd35 => peer("etcdutl-3.5"),
            Kind::Etcd37 => peer("etcdutl-3.7"),
            Kind::Kvd => PathBuf::from(env!("CARGO_BIN_EXE_kvutl-under-test")),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Etcd34 => "etcd 3.4",
            Kind::Etcd35 => "etcd 3.5",
            Kind::Etcd37 => "etcd 3.7",
            Kind::Kvd => "kvd",
        })
    }
}

/// Returns the executable of Prometheus' tool for pages of metrics.
pub(crate) fn promtool() -> PathBuf {
    peer("promtool")
}

/// Returns the path of an installed peer: in `$KVD_PEERS`, else in `target/peers` of this checkout.
fn peer(name: &str) -> PathBuf {
    let directory = env::var_os("KVD_PEERS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers"), PathBuf::from);
    let path = directory.join(name);
    assert!(path.is_file(), "{} is missing: run tests/peers/install", path.display());
    path
}
