//! How commands can end, for the man pages.

use kv_cli::{CommandStatuses, ExitStatus};

/// Every status but what only `kvutl` finds out.
pub(crate) const ALL: &[ExitStatus] = &[
    ExitStatus::Success,
    ExitStatus::Failure,
    ExitStatus::BadConnection,
    ExitStatus::BadInput,
    ExitStatus::BadFeature,
    ExitStatus::Interrupted,
    ExitStatus::Io,
    ExitStatus::NotThere,
    ExitStatus::CompareFailed,
    ExitStatus::TimedOut,
    ExitStatus::Concern,
    ExitStatus::Trouble,
    ExitStatus::BadArguments,
];

/// etcdctl has one status for both.
const NO_SUCH_LEASE: &str =
    "The server refused, for example because the lease is not there; or the connection could not be set up.";

/// What scripts can tell apart after single commands.
pub(crate) const OF_COMMANDS: &[CommandStatuses<'static>] = &[
    of("get", &[(Some(ExitStatus::NotThere), "With --exists: there is no such key.")]),
    of(
        "put",
        &[
            (Some(ExitStatus::Io), "With --from-file: the file could not be read."),
            (
                Some(ExitStatus::CompareFailed),
                "With --if-absent, --if-rev or --if-value: the key is not as expected, and nothing was written.",
            ),
        ],
    ),
    of(
        "del",
        &[(
            Some(ExitStatus::CompareFailed),
            "With --expect: there are not so many keys. Nothing was deleted, unless the message says how many keys were.",
        )],
    ),
    of(
        "edit",
        &[
            (Some(ExitStatus::Failure), "The editor failed, or the server did; nothing was written."),
            (Some(ExitStatus::Io), "The file for the editor could not be written or read."),
            (
                Some(ExitStatus::CompareFailed),
                "The key was changed meanwhile, and nothing was written. What was typed is in a file that the message names.",
            ),
        ],
    ),
    of(
        "txn",
        &[
            (Some(ExitStatus::Success), "The transaction was carried out, also where its comparisons did not hold."),
            (Some(ExitStatus::BadInput), "The input is malformed, or ended early; nothing was changed."),
        ],
    ),
    of(
        "watch",
        &[
            (Some(ExitStatus::Failure), "The command behind -- failed, and --keep-going was not given."),
            (Some(ExitStatus::BadInput), "With --interactive: the input ended."),
            (
                Some(ExitStatus::Interrupted),
                "The server ended the watch, for example because the revision is compacted.",
            ),
        ],
    ),
    of(
        "wait",
        &[
            (Some(ExitStatus::Interrupted), "The server ended the watch."),
            (Some(ExitStatus::TimedOut), "What was waited for did not happen within --timeout."),
        ],
    ),
    of("lease timetolive", &[(Some(ExitStatus::BadConnection), NO_SUCH_LEASE)]),
    of("lease list", &[(Some(ExitStatus::BadConnection), NO_SUCH_LEASE)]),
    of("lease keep-alive", &[(Some(ExitStatus::BadConnection), NO_SUCH_LEASE)]),
    of(
        "import",
        &[
            (Some(ExitStatus::BadInput), "A line is malformed."),
            (Some(ExitStatus::Io), "The file could not be read."),
            (
                Some(ExitStatus::CompareFailed),
                "With --if-absent or --if-unchanged: a key is not as expected. Or others keep changing the same keys.",
            ),
        ],
    ),
    of(
        "lock",
        &[
            (Some(ExitStatus::Failure), "The lock could not be had, or was lost."),
            (None, "That of the command; 255 where a signal ended it, as with etcdctl."),
        ],
    ),
    of(
        "endpoint health",
        &[(
            Some(ExitStatus::Failure),
            "At least one server is not well. What was found out about the others is printed.",
        )],
    ),
    of(
        "endpoint status",
        &[(Some(ExitStatus::Failure), "At least one server did not answer. What the others said is printed.")],
    ),
    of(
        "endpoint hashkv",
        &[(Some(ExitStatus::Failure), "At least one server did not answer. What the others said is printed.")],
    ),
    of("defrag", &[(Some(ExitStatus::Failure), "At least one server did not do it. The others did.")]),
    of("snapshot save", &[(Some(ExitStatus::Interrupted), "The snapshot could not be saved; there is no file.")]),
    of(
        "check perf",
        &[
            (Some(ExitStatus::Success), "The cluster keeps up: PASS."),
            (Some(ExitStatus::Failure), "It does not: FAIL. Or the check was interrupted, or a request failed."),
            (Some(ExitStatus::BadInput), "There are keys with the prefix already."),
        ],
    ),
    of("check datascale", &[(Some(ExitStatus::BadInput), "There are keys with the prefix already.")]),
    of(
        "doctor",
        &[
            (Some(ExitStatus::Success), "Nothing needs attention."),
            (Some(ExitStatus::Io), "With --bundle: the file could not be written."),
            (Some(ExitStatus::Concern), "Something will need attention."),
            (Some(ExitStatus::Trouble), "Something needs attention now."),
        ],
    ),
    of(
        "sandbox",
        &[
            (Some(ExitStatus::BadConnection), "The server did not start."),
            (
                None,
                "That of the command; 128 and the number of the signal that ended it, 126 where it cannot be run, and 127 \
                 where there is none.",
            ),
        ],
    ),
];

const fn of(
    command: &'static str,
    meanings: &'static [(Option<ExitStatus>, &'static str)],
) -> CommandStatuses<'static> {
    CommandStatuses { command, meanings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_in_known_ways() {
        let pages = crate::generated().man_pages();
        for CommandStatuses { command, meanings } in OF_COMMANDS {
            let page = format!("kvctl-{}.1", command.replace(' ', "-"));
            assert!(pages.iter().any(|(name, _)| *name == page), "there is no `{command}`");
            assert!(meanings.iter().flat_map(|(status, _)| status).all(|status| ALL.contains(status)), "{command}");
            assert!(
                meanings.iter().flat_map(|(status, _)| status).is_sorted_by_key(|status| status.code()),
                "{command}"
            );
        }
    }
}
