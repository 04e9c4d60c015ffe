//! `kvctl lease keep-alive`: renew a lease, once or until it ends.

use std::io::{self, Write};

use kv_cli::{
    CliError, Dialect, ExitStatus, Format, Record, Render, RenderError, Style, Value, fields_header, json_message,
};
use kv_client::Error;
use kv_proto::ApiError;
use kv_proto::etcdserverpb::LeaseKeepAliveResponse;

use super::fields_id;
use crate::hints;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  Renew a lease as long as this runs:
    $ kvctl lease keep-alive 32695410dcc0ca06

  Renew it once:
    $ kvctl lease keep-alive 32695410dcc0ca06 --once
";

/// Renew a lease until it ends
///
/// A renewal gives the lease all its time again, and is printed. The next one follows when a third of that has passed.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl lease keep-alive [OPTIONS] <LEASE_ID>", after_long_help = EXAMPLES)]
pub(crate) struct KeepAliveArgs {
    /// Lease to renew, in hexadecimal
    #[arg(value_name = "LEASE_ID")]
    arguments: Vec<String>,

    /// Renew the lease once and end
    #[arg(long)]
    once: bool,
}

struct Renewed(LeaseKeepAliveResponse);

pub(crate) async fn run(context: &Context, args: &KeepAliveArgs) -> Result<(), CliError> {
    let id = super::id(&args.arguments, "lease keep-alive command needs lease ID as argument")?;
    let mut session = context.session().await?;
    let mut keep_alive = session.client.keep_alive(id);
    let failed = |error: Error| hints::cli_error(ExitStatus::BadConnection, &error);
    if args.once {
        let answer = keep_alive.renew().await.map_err(failed)?;
        if answer.ttl <= 0 {
            return Err(failed(Error::Api(ApiError::LeaseNotFound)));
        }
        return session.output.print(&Renewed(answer));
    }
    while let Some(answer) = keep_alive.next().await.map_err(failed)? {
        session.output.print(&Renewed(answer))?;
    }
    match session.output.format {
        Format::Simple => writeln!(session.output, "lease {id:016x} expired or revoked.")?,
        // A time to live of nothing, as a lease has it that is asked about later.
        Format::JsonLines => session.output.print(&Renewed(LeaseKeepAliveResponse { header: None, id, ttl: -1 }))?,
        _ => {}
    }
    Ok(session.output.flush()?)
}

impl Render for Renewed {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "lease {:016x} keepalived with TTL({})", self.0.id, self.0.ttl)
    }

    fn records(&self) -> Vec<Record> {
        vec![Record::new().with("lease", Value::Lease(self.0.id)).with("ttl", self.0.ttl)]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.0.header.as_ref())?;
        fields_id(out, style, self.0.id)?;
        Ok(writeln!(out, "\"TTL\" : {}", self.0.ttl)?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.LeaseKeepAliveResponse", &self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(super::protobuf_header(out, self.0.header.as_ref())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_names_the_lease_and_its_time() {
        let mut out = Vec::new();
        let answer = LeaseKeepAliveResponse { header: None, id: 0x77, ttl: 60 };
        Renewed(answer).simple(&mut out, Style::default()).unwrap();
        assert_eq!(out, b"lease 0000000000000077 keepalived with TTL(60)\n");
    }
}
