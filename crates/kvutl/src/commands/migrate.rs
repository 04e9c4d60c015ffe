//! `kvutl migrate`: what etcdutl does to change the version of a data directory, and why there is nothing to do here.

use clap::Args;
use kv_cli::{CliError, ExitStatus, Quoted, Record};

use crate::directory;
use crate::done::Done;
use crate::global::{Context, required_flag};

/// Say whether a data directory is of a version
///
/// etcd marks its files with the release that wrote them, and etcdutl changes the mark. A kvd keeps no such mark: its format has
/// a version of its own, which `kvutl status` shows, and every release reads those before it. So a directory always is
/// of the release of etcd whose API kvd has, and cannot be made one of another.
#[derive(Debug, Args)]
#[command(override_usage = "kvutl migrate --data-dir <DIRECTORY> --target-version <VERSION>", after_long_help = EXAMPLES)]
pub(crate) struct MigrateArgs {
    /// Release of etcd to be ready for, such as 3.7
    #[arg(long, value_name = "VERSION")]
    target_version: Option<String>,

    /// Accepted for the sake of etcdutl; what has no meaning cannot be forced
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  In a script that was written for etcd:
    $ kvutl migrate --data-dir default.kvd --target-version 3.7
";

pub(crate) fn run(args: &MigrateArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let target = match (&context.data_dir, &args.target_version) {
        (None, None) => return Err(required_flag("data-dir\", \"target-version")),
        (None, _) => return Err(required_flag("data-dir")),
        (_, None) => return Err(required_flag("target-version")),
        (_, Some(target)) => target.clone(),
    };
    check_version(&target)?;
    // What is no data directory, or a damaged one, is named first.
    directory::read(context)?.read(|_| Ok(()))?;
    if target == kv_cli::API_VERSION {
        context.note(&format!("storage version up-to-date: {target}"));
        return context.out.print(&Done(Record::new().with("storage_version", target)));
    }
    if args.force {
        context.note("note: --force changes nothing: there is no mark to overwrite");
    }
    let message = format!("a data directory of kvd cannot be migrated to {target}: it keeps no version of etcd's");
    let error = CliError::new(ExitStatus::Failure, message);
    Err(error.with_hint("to leave for an etcd, copy the keys with `kvctl make-mirror` from a running kvd"))
}

/// Checks the form of a version, with etcdutl's errors.
fn check_version(text: &str) -> Result<(), CliError> {
    let Some((major, minor)) = text.split_once('.').filter(|(_, minor)| !minor.contains('.')) else {
        let quoted = Quoted(text.as_bytes());
        return Err(CliError::arguments(format_args!("wrong target version format, expected \"X.Y\", got {quoted}")));
    };
    let version = (major.parse::<u64>(), minor.parse::<u64>());
    let (Ok(major), Ok(minor)) = version else {
        return Err(CliError::arguments(format_args!("failed to parse target version: {text}.0 is not a version")));
    };
    if (major, minor) < (3, 5) {
        return Err(CliError::arguments(format_args!("target version \"{text}\" not supported. Minimal \"3.5\"")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_two_numbers() {
        assert_eq!(check_version("3.7"), Ok(()));
        assert_eq!(check_version("3.10"), Ok(()));
        for (text, message) in [
            ("3", "wrong target version format, expected \"X.Y\", got \"3\""),
            ("3.7.1", "wrong target version format, expected \"X.Y\", got \"3.7.1\""),
            ("3.x", "failed to parse target version: 3.x.0 is not a version"),
            ("3.4", "target version \"3.4\" not supported. Minimal \"3.5\""),
        ] {
            let error = check_version(text).unwrap_err();
            assert_eq!((error.status, error.message.as_deref()), (ExitStatus::BadArguments, Some(message)));
        }
    }
}
