//! `kvctl downgrade`: the way back to an older release.

use clap::Subcommand;
use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::DowngradeRequest;
use kv_proto::etcdserverpb::downgrade_request::DowngradeAction;

use crate::commands::confirmed::Confirmed;
use crate::session::{Context, failure};

const VALIDATE_EXAMPLES: &str = "\
Examples:
  Whether the cluster could go back to 3.6:
    $ kvctl downgrade validate 3.6
";

const ENABLE_EXAMPLES: &str = "\
Examples:
  Then the members can be replaced one by one:
    $ kvctl downgrade enable 3.6
";

const CANCEL_EXAMPLES: &str = "\
Examples:
  Stay with the release there is:
    $ kvctl downgrade cancel
";

/// Prepare a cluster for an older release
///
/// An etcd can go back by one minor release. This release of kvd has no older one to go back to, and says so.
#[derive(Debug, clap::Args)]
pub(crate) struct DowngradeArgs {
    #[command(subcommand)]
    command: DowngradeCommand,
}

#[derive(Debug, Subcommand)]
enum DowngradeCommand {
    /// Give up a downgrade that was begun
    #[command(override_usage = "kvctl downgrade cancel", after_long_help = CANCEL_EXAMPLES)]
    Cancel {
        #[arg(hide = true)]
        ignored: Vec<String>,
    },
    /// Begin a downgrade
    #[command(override_usage = "kvctl downgrade enable <VERSION>", after_long_help = ENABLE_EXAMPLES)]
    Enable {
        /// Release to go back to, such as 3.6
        #[arg(value_name = "VERSION")]
        arguments: Vec<String>,
    },
    /// Say whether a downgrade could begin
    #[command(override_usage = "kvctl downgrade validate <VERSION>", after_long_help = VALIDATE_EXAMPLES)]
    Validate {
        /// Release to go back to, such as 3.6
        #[arg(value_name = "VERSION")]
        arguments: Vec<String>,
    },
}

impl DowngradeCommand {
    /// Returns the action, its name, and the version that it is about.
    fn action(&self) -> Result<(DowngradeAction, &'static str, String), CliError> {
        match self {
            DowngradeCommand::Cancel { .. } => Ok((DowngradeAction::Cancel, "cancel", String::new())),
            DowngradeCommand::Enable { arguments } => Ok((DowngradeAction::Enable, "enable", version(arguments)?)),
            DowngradeCommand::Validate { arguments } => {
                Ok((DowngradeAction::Validate, "validate", version(arguments)?))
            }
        }
    }
}

fn version(arguments: &[String]) -> Result<String, CliError> {
    match arguments {
        [] => Err(CliError::arguments("TARGET_VERSION not provided")),
        [version] if version.is_empty() => Err(CliError::arguments("target version not provided")),
        [version] => Ok(version.clone()),
        _ => Err(CliError::arguments("too many arguments")),
    }
}

pub(crate) async fn run(context: &Context, args: &DowngradeArgs) -> Result<(), CliError> {
    let (action, name, version) = args.command.action()?;
    let mut session = context.session().await?;
    let request = DowngradeRequest { action: action.into(), version };
    let response = session.client.downgrade(request, context.deadline()).await.map_err(|error| failure(&error))?;
    let version = &response.version;
    session.output.print(&Confirmed {
        line: format!("Downgrade {name} success, cluster version {version}"),
        record: Record::new().with("downgrade", name).with("cluster_version", version.as_str()),
        name: "etcdserverpb.DowngradeResponse",
        response,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_is_needed() {
        let read = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(ToString::to_string).collect();
            version(&words).map_err(|error| error.message.unwrap())
        };
        assert_eq!(read(&["3.6"]), Ok("3.6".to_owned()));
        assert_eq!(read(&[]), Err("TARGET_VERSION not provided".to_owned()));
        assert_eq!(read(&[""]), Err("target version not provided".to_owned()));
        assert_eq!(read(&["3.6", "3.5"]), Err("too many arguments".to_owned()));
    }
}
