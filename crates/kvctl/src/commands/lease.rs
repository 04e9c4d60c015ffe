//! `kvctl lease`: leases, and the keys that end with them.

mod grant;
mod keep_alive;
mod list;
mod revoke;
mod timetolive;

use clap::Subcommand;
use kv_cli::{CliError, parse_int};
use kv_proto::etcdserverpb::ResponseHeader;
use prost::Message as _;

use crate::session::Context;

/// Grant, renew, see and end leases
///
/// A key that is put with a lease is deleted when the lease ends, because nobody renews it or because it is revoked.
#[derive(Debug, clap::Args)]
pub(crate) struct LeaseArgs {
    #[command(subcommand)]
    command: LeaseCommand,
}

#[derive(Debug, Subcommand)]
enum LeaseCommand {
    Grant(grant::GrantArgs),
    KeepAlive(keep_alive::KeepAliveArgs),
    List(list::ListArgs),
    Revoke(revoke::RevokeArgs),
    Timetolive(timetolive::TimeToLiveArgs),
}

pub(crate) async fn run(context: &Context, args: &LeaseArgs) -> Result<(), CliError> {
    match &args.command {
        LeaseCommand::Grant(args) => grant::run(context, args).await,
        LeaseCommand::KeepAlive(args) => keep_alive::run(context, args).await,
        LeaseCommand::List(args) => list::run(context, args).await,
        LeaseCommand::Revoke(args) => revoke::run(context, args).await,
        LeaseCommand::Timetolive(args) => timetolive::run(context, args).await,
    }
}

/// Reads the id that is a command's only argument; without it `usage` is the error.
fn id(arguments: &[String], usage: &str) -> Result<i64, CliError> {
    let [id] = arguments else { return Err(CliError::arguments(usage)) };
    parse_int(id, 16)
        .map_err(|error| CliError::arguments(format_args!("bad lease ID arg ({error}), expecting ID in Hex")))
}

/// Writes the line of an id in `fields`.
fn fields_id(out: &mut dyn std::io::Write, style: kv_cli::Style, id: i64) -> std::io::Result<()> {
    if style.hex { writeln!(out, "\"ID\" : {id:016x}") } else { writeln!(out, "\"ID\" : {id}") }
}

/// Writes what etcdctl prints for `-w protobuf` of answers about leases: their header alone.
fn protobuf_header(out: &mut dyn std::io::Write, header: Option<&ResponseHeader>) -> std::io::Result<()> {
    out.write_all(&header.copied().unwrap_or_default().encode_to_vec())
}

#[cfg(test)]
mod tests {
    use kv_cli::ExitStatus;

    use super::*;

    #[test]
    fn ids_are_hexadecimal() {
        assert_eq!(id(&["ff".to_owned()], ""), Ok(255));
        assert_eq!(id(&["-1".to_owned()], ""), Ok(-1));
        let refused = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
            let error = id(&arguments, "needs 1 argument").unwrap_err();
            assert_eq!(error.status, ExitStatus::BadArguments);
            error.message.unwrap()
        };
        assert_eq!(refused(&[]), "needs 1 argument");
        assert_eq!(
            refused(&["zz"]),
            "bad lease ID arg (strconv.ParseInt: parsing \"zz\": invalid syntax), expecting ID in Hex"
        );
    }
}
