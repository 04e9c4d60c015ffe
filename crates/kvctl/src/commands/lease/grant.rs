//! `kvctl lease grant`: a new lease.

use std::io::{self, Write};

use kv_cli::{
    CliError, Dialect, ExitStatus, Record, Render, RenderError, Style, Value, fields_header, json_message, parse_int,
};
use kv_proto::etcdserverpb::{LeaseGrantRequest, LeaseGrantResponse};

use super::fields_id;
use crate::hints;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  A lease of ten minutes, and a key that ends with it:
    $ kvctl lease grant 600
    $ kvctl put /workers/7 busy --lease 32695410dcc0ca06
";

/// Grant a lease
///
/// The server makes a time to live that is too short as long as its shortest.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl lease grant [OPTIONS] <TTL>", after_long_help = EXAMPLES)]
pub(crate) struct GrantArgs {
    /// Time to live in seconds
    #[arg(value_name = "TTL", allow_negative_numbers = true)]
    arguments: Vec<String>,
}

struct Granted(LeaseGrantResponse);

pub(crate) async fn run(context: &Context, args: &GrantArgs) -> Result<(), CliError> {
    let [ttl] = args.arguments.as_slice() else {
        return Err(CliError::arguments("lease grant command needs TTL argument"));
    };
    let ttl = parse_int(ttl, 10).map_err(|error| CliError::arguments(format_args!("bad TTL ({error})")))?;
    let mut session = context.session().await?;
    let answer = session.client.lease_grant(LeaseGrantRequest { id: 0, ttl }, context.deadline()).await;
    let answer = answer.map_err(|error| {
        let text = format!("failed to grant lease ({error})");
        CliError { hints: hints::hints(&error), ..CliError::new(ExitStatus::Failure, text) }
    })?;
    session.output.print(&Granted(answer))
}

impl Render for Granted {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "lease {:016x} granted with TTL({}s)", self.0.id, self.0.ttl)
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
        Ok(writeln!(out, "{}", json_message("etcdserverpb.LeaseGrantResponse", &self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(super::protobuf_header(out, self.0.header.as_ref())?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};
    use kv_proto::etcdserverpb::ResponseHeader;

    use super::*;

    #[test]
    fn a_grant_in_every_format() {
        let header = ResponseHeader { cluster_id: 10, member_id: 11, revision: 3, raft_term: 2 };
        let granted = Granted(LeaseGrantResponse {
            header: Some(header),
            id: 0x3269_5410_dcc0_ca06,
            ttl: 60,
            error: String::new(),
        });
        let mut out = Vec::new();
        for (format, hex) in
            [(Format::Simple, false), (Format::Fields, false), (Format::Fields, true), (Format::Json, false)]
        {
            render(&granted, format, Style { hex, ..Style::default() }, &mut out).unwrap();
        }
        expect![[r#"
            lease 32695410dcc0ca06 granted with TTL(60s)
            "ClusterID" : 10
            "MemberID" : 11
            "Revision" : 3
            "RaftTerm" : 2
            "ID" : 3632527005850847750
            "TTL" : 60
            "ClusterID" : a
            "MemberID" : b
            "Revision" : 3
            "RaftTerm" : 2
            "ID" : 32695410dcc0ca06
            "TTL" : 60
            {"cluster_id":10,"member_id":11,"revision":3,"raft_term":2,"ID":3632527005850847750,"TTL":60,"Error":""}
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
