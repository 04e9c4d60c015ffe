//! `kvctl lease list`: which leases there are.

use std::io::{self, Write};

use kv_cli::{CliError, Dialect, ExitStatus, Record, Render, RenderError, Style, Value, fields_header, json_message};
use kv_client::Deadline;
use kv_proto::etcdserverpb::{LeaseLeasesRequest, LeaseLeasesResponse};

use super::fields_id;
use crate::hints;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  The ids of all leases:
    $ kvctl lease list
";

/// List the leases, those first that end first
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ListArgs {
    /// Accepted for the sake of etcdctl, which ignores them too
    #[arg(hide = true)]
    ignored: Vec<String>,
}

struct Leases(LeaseLeasesResponse);

pub(crate) async fn run(context: &Context, _args: &ListArgs) -> Result<(), CliError> {
    let mut session = context.session().await?;
    let answer = session.client.lease_leases(LeaseLeasesRequest {}, Deadline::NEVER).await;
    let answer = answer.map_err(|error| hints::cli_error(ExitStatus::BadConnection, &error))?;
    session.output.print(&Leases(answer))
}

impl Render for Leases {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "found {} leases", self.0.leases.len())?;
        self.0.leases.iter().try_for_each(|lease| writeln!(out, "{:016x}", lease.id))
    }

    fn records(&self) -> Vec<Record> {
        let leases = self.0.leases.iter();
        leases.map(|lease| Record::new().with("lease", Value::Lease(lease.id))).collect()
    }

    fn columns(&self) -> &'static [&'static str] {
        &["lease"]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.0.header.as_ref())?;
        Ok(self.0.leases.iter().try_for_each(|lease| fields_id(out, style, lease.id))?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.LeaseLeasesResponse", &self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(super::protobuf_header(out, self.0.header.as_ref())?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_proto::etcdserverpb::LeaseStatus;

    use super::*;

    #[test]
    fn leases_are_counted_and_named() {
        let mut out = Vec::new();
        let leases = vec![LeaseStatus { id: 0x77 }, LeaseStatus { id: -1 }];
        Leases(LeaseLeasesResponse { header: None, leases }).simple(&mut out, Style::default()).unwrap();
        expect![[r#"
            found 2 leases
            0000000000000077
            ffffffffffffffff
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
