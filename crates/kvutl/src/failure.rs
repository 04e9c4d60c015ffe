//! What went wrong with a data directory, in the words of etcd's tools, and what to do about it.
//!
//! The first line is one that scripts may know: etcd's own text where it has one. The hints are chosen by the error's
//! type.

use std::path::Path;

use kv_cli::{CliError, ExitStatus};
use kv_proto::ApiError;
use kv_store::{OpenError, ReadError, StorageError, StorageErrorKind};

use crate::offline::OfflineError;

impl From<OfflineError> for CliError {
    fn from(error: OfflineError) -> CliError {
        match error {
            OfflineError::Open(error) => of_open(&error),
            OfflineError::Read(error) => of_read(&error),
            OfflineError::Storage(error) => of_storage(&error),
            error @ (OfflineError::OpenLog(_) | OfflineError::ReadLog(_) | OfflineError::Entry { .. }) => {
                failed(&error).with_hint(CHECK)
            }
            error @ OfflineError::Gap { .. } => failed(&error).with_hint(
                "the directory was put together from copies made at different times; copy it whole, with no server running",
            ),
            error @ OfflineError::Moving => failed(&error).with_hint("try again when the server is less busy, or ask it with kvctl"),
        }
    }
}

const CHECK: &str = "`kvutl check` names everything that is damaged, without changing it; `kvutl rescue` brings the rest into a new directory";

fn failed(message: &dyn std::fmt::Display) -> CliError {
    CliError::new(ExitStatus::Failure, message)
}

fn of_open(error: &OpenError) -> CliError {
    match error {
        OpenError::Missing { path } => {
            // As etcd's tools say it.
            failed(&format_args!("stat {}: no such file or directory", path.display())).with_hint(where_looked(path))
        }
        OpenError::NotADirectory { .. } => {
            failed(error).with_hint("name the data directory, which holds the file CURRENT and the directory log")
        }
        OpenError::Etcd { path, found } => {
            let (path, found) = (path.display(), found.display());
            failed(&format_args!("{path} is the data directory of an etcd: it holds {found}")).with_hint(
                "etcd's own etcdutl works on it; `kvctl make-mirror` copies keys from a running etcd to a kvd",
            )
        }
        OpenError::Foreign { path, entry } => {
            failed(&format_args!("{} is not a data directory of kvd: it holds `{entry}`", path.display()))
                .with_hint("name the directory that `kvd --data-dir` names")
        }
        OpenError::Empty { path } => failed(&format_args!("{} holds no store yet", path.display()))
            .with_hint("a server that starts on the directory makes one"),
        OpenError::Locked { .. } => failed(error).with_hint(
            "stop that process, or do the same with kvctl; only reading works beside it, where the directory can be written to",
        ),
        OpenError::CurrentMissing { path, store } => {
            let name = store.file_name().unwrap_or_default().to_string_lossy();
            failed(&format_args!("{} is gone, but {} holds data", path.display(), store.display()))
                .with_hint(format!("write `{name}` into {} to use that file again", path.display()))
        }
        OpenError::FutureFormat { .. } => failed(error).with_hint("use the kvutl of the release that wrote it"),
        OpenError::Damaged { .. } | OpenError::BadCurrent { .. } => failed(error).with_hint(CHECK),
        OpenError::Storage(error) => of_storage(error),
        error => failed(error),
    }
}

/// A name without a place is looked for where the tool was started, which is not where everybody expects it.
fn where_looked(path: &Path) -> String {
    let hint = "name the data directory with --data-dir";
    match std::env::current_dir() {
        Ok(here) if path.is_relative() => format!("{hint}; it was looked for in {}", here.display()),
        _ => hint.to_owned(),
    }
}

fn of_read(error: &ReadError) -> CliError {
    match error {
        ReadError::Compacted { requested, oldest } => failed(&ApiError::Compacted).with_hint(format!(
            "revision {requested} was asked for and the oldest readable one is {oldest}; use `--rev {oldest}`, or leave `--rev` out"
        )),
        ReadError::Future { requested, newest } => failed(&ApiError::FutureRevision).with_hint(format!(
            "revision {requested} was asked for and the newest one is {newest}"
        )),
        ReadError::Storage(error) => of_storage(error),
        error => failed(error),
    }
}

fn of_storage(error: &StorageError) -> CliError {
    match error.kind() {
        StorageErrorKind::Corrupted => failed(error).with_hint(CHECK),
        StorageErrorKind::NoSpace | StorageErrorKind::MapFull => {
            failed(error).with_hint("make room on the file system; nothing was changed")
        }
        StorageErrorKind::ReadersFull => {
            failed(error).with_hint("too many processes read the directory at once; try again when some have ended")
        }
        _ => failed(error),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kv_cli::report;
    use kv_store::LogPosition;

    use super::*;

    #[track_caller]
    fn check(error: impl Into<OfflineError>, expected: &Expect) {
        let mut stderr = Vec::new();
        let status = report(&CliError::from(error.into()), &mut stderr);
        assert_eq!(status, ExitStatus::Failure);
        expected.assert_eq(&String::from_utf8(stderr).unwrap());
    }

    #[test]
    fn directories_that_are_none() {
        check(
            OpenError::Missing { path: "/a".into() },
            &expect![[r#"
            Error: stat /a: no such file or directory
            hint: name the data directory with --data-dir
        "#]],
        );
        check(
            OpenError::NotADirectory { path: "a".into() },
            &expect![[r#"
            Error: data directory a is not a directory
            hint: name the data directory, which holds the file CURRENT and the directory log
        "#]],
        );
        check(
            OpenError::Etcd { path: "a".into(), found: "member/snap/db".into() },
            &expect![[r#"
            Error: a is the data directory of an etcd: it holds member/snap/db
            hint: etcd's own etcdutl works on it; `kvctl make-mirror` copies keys from a running etcd to a kvd
        "#]],
        );
        check(
            OpenError::Foreign { path: "a".into(), entry: "notes".into() },
            &expect![[r#"
            Error: a is not a data directory of kvd: it holds `notes`
            hint: name the directory that `kvd --data-dir` names
        "#]],
        );
        check(
            OpenError::Empty { path: "a".into() },
            &expect![[r#"
            Error: a holds no store yet
            hint: a server that starts on the directory makes one
        "#]],
        );
    }

    #[test]
    fn directories_in_use_or_damaged() {
        check(
            OpenError::Locked { path: "a".into(), holder: "42".into() },
            &expect![[r#"
                Error: a is in use by process 42
                hint: stop that process, or do the same with kvctl; only reading works beside it, where the directory can be written to
            "#]],
        );
        check(
            OpenError::CurrentMissing { path: "a/CURRENT".into(), store: "a/store-0000000001.mdb".into() },
            &expect![[r#"
                Error: a/CURRENT is gone, but a/store-0000000001.mdb holds data
                hint: write `store-0000000001.mdb` into a/CURRENT to use that file again
            "#]],
        );
        check(
            OpenError::Damaged { path: "a".into(), detail: "bad".into() },
            &expect![[r#"
                Error: store file a is damaged: bad
                hint: `kvutl check` names everything that is damaged, without changing it; `kvutl rescue` brings the rest into a new directory
            "#]],
        );
        check(
            OpenError::FutureFormat { path: "a".into(), found: 9, supported: 1 },
            &expect![[r#"
            Error: a has format version 9, and this release reads up to 1
            hint: use the kvutl of the release that wrote it
        "#]],
        );
        check(
            OfflineError::Gap { applied: None, begin: LogPosition { term: 2, index: 7 } },
            &expect![[r#"
                Error: the store ends at log entry none, and the log begins behind entry 2-7: entries between them are gone
                hint: the directory was put together from copies made at different times; copy it whole, with no server running
            "#]],
        );
        check(
            OfflineError::Moving,
            &expect![[r#"
            Error: the running server compacted or purged faster than the directory could be read, 20 times
            hint: try again when the server is less busy, or ask it with kvctl
        "#]],
        );
        check(
            StorageError::new(StorageErrorKind::Corrupted, "read revision 5.0", "bad"),
            &expect![[r#"
                Error: read revision 5.0: bad
                hint: `kvutl check` names everything that is damaged, without changing it; `kvutl rescue` brings the rest into a new directory
            "#]],
        );
        check(
            StorageError::new(StorageErrorKind::NoSpace, "commit", "full"),
            &expect![[r#"
            Error: commit: full
            hint: make room on the file system; nothing was changed
        "#]],
        );
    }

    #[test]
    fn revisions_that_cannot_be_read() {
        check(
            ReadError::Compacted { requested: 12, oldest: 40 },
            &expect![[r#"
            Error: etcdserver: mvcc: required revision has been compacted
            hint: revision 12 was asked for and the oldest readable one is 40; use `--rev 40`, or leave `--rev` out
        "#]],
        );
        check(
            ReadError::Future { requested: 12, newest: 7 },
            &expect![[r#"
            Error: etcdserver: mvcc: required revision is a future revision
            hint: revision 12 was asked for and the newest one is 7
        "#]],
        );
    }
}
