//! What is made from the description of the command line: man pages and completion scripts.

use kv_cli::{CommandStatuses, ExitStatus, Generated};

use crate::{ENVIRONMENT_PREFIXES, Words, commands};

/// Returns the maker of the man pages and completion scripts.
pub fn generated(words: Words) -> Generated<'static> {
    Generated {
        command: commands::command(words),
        environment_prefixes: ENVIRONMENT_PREFIXES,
        environment: &[],
        exit_statuses: &[
            ExitStatus::Success,
            ExitStatus::Failure,
            ExitStatus::BadFeature,
            ExitStatus::Io,
            ExitStatus::Damaged,
            ExitStatus::Concern,
            ExitStatus::Trouble,
            ExitStatus::BadArguments,
        ],
        command_statuses: OF_COMMANDS,
        lookup: None,
        see_also: &["kvd(1)", "kvctl(1)"],
    }
}

/// What scripts can tell apart after single commands.
const OF_COMMANDS: &[CommandStatuses<'static>] = &[
    CommandStatuses {
        command: "check",
        meanings: &[
            (Some(ExitStatus::Success), "Nothing is damaged."),
            (Some(ExitStatus::Damaged), "Something is; every damage has been named."),
        ],
    },
    CommandStatuses {
        command: "rescue",
        meanings: &[(
            Some(ExitStatus::Damaged),
            "Something is missing, and it was not wanted so; nothing was written.",
        )],
    },
    CommandStatuses { command: "snapshot save", meanings: &[(Some(ExitStatus::Io), "The file could not be written.")] },
    CommandStatuses {
        command: "snapshot restore",
        meanings: &[(Some(ExitStatus::Damaged), "With --skip-hash-check: a record of the snapshot is damaged.")],
    },
    CommandStatuses {
        command: "snapshot verify",
        meanings: &[
            (Some(ExitStatus::Success), "The snapshot is whole."),
            (Some(ExitStatus::Io), "The file is not there."),
            (Some(ExitStatus::Damaged), "It is damaged, or no snapshot."),
        ],
    },
    CommandStatuses {
        command: "doctor",
        meanings: &[
            (Some(ExitStatus::Success), "Nothing needs attention."),
            (Some(ExitStatus::Concern), "Something will need attention."),
            (Some(ExitStatus::Trouble), "Something needs attention now."),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_in_known_ways() {
        let generated = generated(Words::KVUTL);
        let pages = generated.man_pages();
        for CommandStatuses { command, meanings } in OF_COMMANDS {
            let page = format!("kvutl-{}.1", command.replace(' ', "-"));
            assert!(pages.iter().any(|(name, _)| *name == page), "there is no `{command}`");
            let mut statuses = meanings.iter().flat_map(|(status, _)| status);
            assert!(statuses.all(|status| generated.exit_statuses.contains(status)), "{command}");
        }
    }
}
