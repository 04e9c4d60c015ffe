//! `kvctl lease revoke`: the end of a lease and its keys.

use std::io::{self, Write};

use kv_cli::{CliError, Dialect, ExitStatus, Record, Render, RenderError, Style, Value, fields_header, json_message};
use kv_proto::etcdserverpb::{LeaseRevokeRequest, LeaseRevokeResponse};
use prost::Message as _;

use crate::hints;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  End a lease and delete its keys:
    $ kvctl lease revoke 32695410dcc0ca06
";

/// End a lease and delete its keys
///
/// All keys that are attached to the lease are deleted in one revision.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl lease revoke [OPTIONS] <LEASE_ID>", after_long_help = EXAMPLES)]
pub(crate) struct RevokeArgs {
    /// Lease to end, in hexadecimal
    #[arg(value_name = "LEASE_ID")]
    arguments: Vec<String>,
}

struct Revoked {
    id: i64,
    answer: LeaseRevokeResponse,
}

pub(crate) async fn run(context: &Context, args: &RevokeArgs) -> Result<(), CliError> {
    let id = super::id(&args.arguments, "lease revoke command needs 1 argument")?;
    let mut session = context.session().await?;
    let answer = session.client.lease_revoke(LeaseRevokeRequest { id }, context.deadline()).await;
    let answer = answer.map_err(|error| {
        let text = format!("failed to revoke lease ({error})");
        CliError { hints: hints::hints(&error), ..CliError::new(ExitStatus::Failure, text) }
    })?;
    session.output.print(&Revoked { id, answer })
}

impl Render for Revoked {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "lease {:016x} revoked", self.id)
    }

    fn records(&self) -> Vec<Record> {
        vec![Record::new().with("lease", Value::Lease(self.id)).with("revoked", true)]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        Ok(fields_header(out, style, self.answer.header.as_ref())?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.LeaseRevokeResponse", &self.answer, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.answer.encode_to_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_sixteen_digits() {
        let mut out = Vec::new();
        let revoked = Revoked { id: 0x77, answer: LeaseRevokeResponse::default() };
        revoked.simple(&mut out, Style::default()).unwrap();
        assert_eq!(out, b"lease 0000000000000077 revoked\n");
    }
}
