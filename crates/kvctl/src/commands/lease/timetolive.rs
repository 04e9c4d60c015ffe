//! `kvctl lease timetolive`: what is left of a lease, and its keys.

use std::io::{self, Write};

use kv_cli::{
    CliError, Dialect, ExitStatus, Quoted, Record, Render, RenderError, Style, TerminalSafe, Value, fields_header,
    json_message,
};
use kv_client::Deadline;
use kv_proto::etcdserverpb::{LeaseTimeToLiveRequest, LeaseTimeToLiveResponse};

use super::fields_id;
use crate::hints;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  How much time is left, and which keys end with it:
    $ kvctl lease timetolive 32695410dcc0ca06 --keys
";

/// Say how much time a lease has left
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl lease timetolive [OPTIONS] <LEASE_ID>", after_long_help = EXAMPLES)]
pub(crate) struct TimeToLiveArgs {
    /// Lease to ask about, in hexadecimal
    #[arg(value_name = "LEASE_ID")]
    arguments: Vec<String>,

    /// Name the keys that are attached to it
    #[arg(long)]
    keys: bool,
}

struct TimeToLive {
    answer: LeaseTimeToLiveResponse,
    with_keys: bool,
}

pub(crate) async fn run(context: &Context, args: &TimeToLiveArgs) -> Result<(), CliError> {
    let id = super::id(&args.arguments, "lease timetolive command needs lease ID as argument")?;
    let mut session = context.session().await?;
    let request = LeaseTimeToLiveRequest { id, keys: args.keys };
    let answer = session.client.lease_time_to_live(request, Deadline::NEVER).await;
    let answer = answer.map_err(|error| hints::cli_error(ExitStatus::BadConnection, &error))?;
    session.output.print(&TimeToLive { answer, with_keys: args.keys })
}

impl Render for TimeToLive {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let LeaseTimeToLiveResponse { id, ttl, granted_ttl, keys, .. } = &self.answer;
        if *granted_ttl == 0 && *ttl == -1 {
            return writeln!(out, "lease {id:016x} already expired");
        }
        write!(out, "lease {id:016x} granted with TTL({granted_ttl}s), remaining({ttl}s)")?;
        if self.with_keys {
            out.write_all(b", attached keys([")?;
            for (index, key) in keys.iter().enumerate() {
                out.write_all(if index > 0 { b" " } else { b"" })?;
                if style.terminal {
                    write!(out, "{}", TerminalSafe(key))?;
                } else {
                    out.write_all(key)?;
                }
            }
            out.write_all(b"])")?;
        }
        writeln!(out)
    }

    fn records(&self) -> Vec<Record> {
        let LeaseTimeToLiveResponse { id, ttl, granted_ttl, keys, .. } = &self.answer;
        let lease = Record::new()
            .with("lease", Value::Lease(*id))
            .with("granted_ttl", *granted_ttl)
            .with("ttl", *ttl)
            .with_some("keys", self.with_keys.then(|| keys.iter().cloned().collect::<Value>()));
        vec![lease]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        let LeaseTimeToLiveResponse { header, id, ttl, granted_ttl, keys } = &self.answer;
        fields_header(out, style, header.as_ref())?;
        fields_id(out, style, *id)?;
        writeln!(out, "\"TTL\" : {ttl}\n\"GrantedTTL\" : {granted_ttl}")?;
        Ok(keys.iter().try_for_each(|key| writeln!(out, "\"Key\" : {}", Quoted(key)))?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let text = json_message("etcdserverpb.LeaseTimeToLiveResponse", &self.answer, Dialect::default());
        Ok(writeln!(out, "{text}")?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(super::protobuf_header(out, self.answer.header.as_ref())?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_lease_with_and_without_keys() {
        let answer = LeaseTimeToLiveResponse {
            id: 0x77,
            ttl: 57,
            granted_ttl: 60,
            keys: vec!["a".into(), "b\n".into()],
            header: None,
        };
        let gone = LeaseTimeToLiveResponse { id: 0x78, ttl: -1, ..LeaseTimeToLiveResponse::default() };
        let mut out = Vec::new();
        let mut print = |answer: &LeaseTimeToLiveResponse, with_keys, terminal| {
            let style = Style { terminal, ..Style::default() };
            TimeToLive { answer: answer.clone(), with_keys }.simple(&mut out, style).unwrap();
        };
        print(&answer, false, false);
        print(&answer, true, true);
        print(&LeaseTimeToLiveResponse { keys: Vec::new(), ..answer.clone() }, true, false);
        print(&gone, true, false);
        expect![[r#"
            lease 0000000000000077 granted with TTL(60s), remaining(57s)
            lease 0000000000000077 granted with TTL(60s), remaining(57s), attached keys([a b
            ])
            lease 0000000000000077 granted with TTL(60s), remaining(57s), attached keys([])
            lease 0000000000000078 already expired
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
