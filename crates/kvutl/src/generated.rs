//! What is made from the description of the command line: man pages and completion scripts.

use kv_cli::{ExitStatus, Generated};

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
        lookup: None,
        see_also: &["kvd(1)", "kvctl(1)"],
    }
}
