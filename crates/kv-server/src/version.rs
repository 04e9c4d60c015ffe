//! Version numbers: those of the API we speak, and our own.

use std::path::Path;

/// The release of etcd whose API this server speaks.
pub(crate) const API_SERVER_VERSION: &str = "3.7.1";

/// What a cluster of such servers agrees on.
pub(crate) const API_CLUSTER_VERSION: &str = "3.7.0";

/// What such a cluster's storage calls itself.
pub(crate) const API_STORAGE_VERSION: &str = "3.7.0";

/// Our own release.
pub(crate) const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The name a binary was called by. A link named `etcd` must drop into scripts that expect etcd's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persona {
    Kvd,
    Etcd,
}

impl Persona {
    /// Tells from the first argument.
    pub(crate) fn of(program: &str) -> Self {
        match Path::new(program).file_stem().and_then(|stem| stem.to_str()) {
            Some("etcd") => Self::Etcd,
            _ => Self::Kvd,
        }
    }

    /// Returns what ends the name of a data directory that nobody named.
    pub(crate) fn directory_suffix(self) -> &'static str {
        match self {
            Self::Kvd => "kvd",
            Self::Etcd => "etcd",
        }
    }

    /// Returns the four lines of `--version`.
    pub(crate) fn version_text(self) -> String {
        let revision = option_env!("KVD_GIT_SHA").unwrap_or("unknown");
        let platform = format!("{}/{}", std::env::consts::OS, architecture());
        match self {
            Self::Kvd => format!(
                "kvd Version: {RELEASE}\nGit SHA: {revision}\nAPI Version: etcd {API_SERVER_VERSION}\nOS/Arch: {platform}\n"
            ),
            Self::Etcd => format!(
                "etcd Version: {API_SERVER_VERSION}\nGit SHA: {revision}\nGo Version: none (kvd {RELEASE})\nGo OS/Arch: \
                 {platform}\n"
            ),
        }
    }
}

/// Returns the architecture as Go names it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_named_etcd_uses_etcds_words() {
        assert_eq!(Persona::of("/usr/bin/kvd"), Persona::Kvd);
        assert_eq!(Persona::of("etcd"), Persona::Etcd);
        let text = Persona::of("./etcd").version_text();
        assert!(text.starts_with("etcd Version: 3.7.1\n"));
        for text in [text, Persona::Kvd.version_text()] {
            assert_eq!(text.lines().count(), 4);
        }
    }
}
