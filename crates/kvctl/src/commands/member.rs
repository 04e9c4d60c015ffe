//! `kvctl member`: the members of a cluster.

mod add;
mod list;
mod promote;
mod remove;
mod update;

use clap::Subcommand;
use kv_cli::{CliError, ExitStatus, parse_id};
use kv_proto::etcdserverpb::ResponseHeader;
use kv_proto::url::Url;

use crate::session::Context;

/// See and change the members of a cluster
#[derive(Debug, clap::Args)]
pub(crate) struct MemberArgs {
    #[command(subcommand)]
    command: MemberCommand,
}

#[derive(Debug, Subcommand)]
enum MemberCommand {
    Add(add::AddArgs),
    List(list::ListArgs),
    Promote(promote::PromoteArgs),
    Remove(remove::RemoveArgs),
    Update(update::UpdateArgs),
}

pub(crate) async fn run(context: &Context, args: &MemberArgs) -> Result<(), CliError> {
    match &args.command {
        MemberCommand::Add(args) => add::run(context, args).await,
        MemberCommand::List(args) => list::run(context, args).await,
        MemberCommand::Promote(args) => promote::run(context, args).await,
        MemberCommand::Remove(args) => remove::run(context, args).await,
        MemberCommand::Update(args) => update::run(context, args).await,
    }
}

/// Reads the id that is a command's only argument.
fn id(arguments: &[String]) -> Result<u64, CliError> {
    let [id] = arguments else {
        return Err(CliError::arguments("member ID is not provided").with_hint("`kvctl member list` shows the ids"));
    };
    parse_id(id).map_err(|error| CliError::arguments(format_args!("bad member ID arg ({error}), expecting ID in Hex")))
}

/// Reads the value of `--peer-urls`.
fn peer_urls(urls: &str) -> Result<Vec<String>, CliError> {
    if urls.is_empty() {
        return Err(CliError::arguments("member peer urls not provided").with_hint("name them with --peer-urls"));
    }
    Ok(urls.split(',').map(str::to_owned).collect())
}

/// Refuses what a server would refuse, with the reason, which the server's answer would lack.
fn check_urls(urls: &[String]) -> Result<(), CliError> {
    for url in urls {
        Url::parse(url).map_err(|reason| {
            CliError::new(ExitStatus::Failure, reason).with_hint("an address looks like http://10.0.0.4:2380")
        })?;
    }
    Ok(())
}

fn cluster_id(header: Option<&ResponseHeader>) -> u64 {
    header.map_or(0, |header| header.cluster_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hexadecimal_id_is_needed() {
        let read = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(ToString::to_string).collect();
            id(&words).map_err(|error| error.message.unwrap())
        };
        assert_eq!(read(&["ff"]), Ok(255));
        assert_eq!(read(&[]), Err("member ID is not provided".to_owned()));
        let message = "bad member ID arg (strconv.ParseUint: parsing \"x\": invalid syntax), expecting ID in Hex";
        assert_eq!(read(&["x"]), Err(message.to_owned()));
        assert_eq!(peer_urls("a,b"), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }
}
