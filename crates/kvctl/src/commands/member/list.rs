//! `kvctl member list`: the members and where they listen.

use std::io::{self, Write};

use kv_cli::{
    CliError, Dialect, Quoted, Record, Render, RenderError, Style, Value, draw_table, fields_header, json_message,
};
use kv_proto::etcdserverpb::{Member, MemberListRequest, MemberListResponse};
use prost::Message as _;

use crate::commands::get::is_serializable;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  As a table:
    $ kvctl member list -w table

  The ids in hexadecimal, as other commands want them:
    $ kvctl member list -w json --hex
";

/// List the members and where they listen
///
/// The columns are: id, status, name, addresses for members, addresses for clients, is learner.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ListArgs {
    /// `l` to ask the cluster, `s` for what the member that answers knows
    #[arg(long, value_name = "l|s", default_value = "l")]
    consistency: String,
}

struct MemberList(MemberListResponse);

pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<(), CliError> {
    let request = MemberListRequest { linearizable: !is_serializable(&args.consistency)? };
    let mut session = context.session().await?;
    let response = session.client.member_list(request, context.deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&MemberList(response))
}

const COLUMNS: &[&str] = &["ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner"];

impl MemberList {
    fn rows(&self) -> Vec<Vec<String>> {
        let members = self.0.members.iter();
        let row = |member: &Member| {
            // A member learns its name from itself when it first starts.
            let status = if member.name.is_empty() { "unstarted" } else { "started" };
            vec![
                format!("{:x}", member.id),
                status.to_owned(),
                member.name.clone(),
                member.peer_ur_ls.join(","),
                member.client_ur_ls.join(","),
                member.is_learner.to_string(),
            ]
        };
        members.map(row).collect()
    }
}

/// Returns what is known of a member.
pub(super) fn record(member: &Member) -> Record {
    Record::new()
        .with("id", Value::Id(member.id))
        .with("started", !member.name.is_empty())
        .with("name", member.name.as_str())
        .with("peer_urls", member.peer_ur_ls.iter().map(String::as_str).collect::<Value>())
        .with("client_urls", member.client_ur_ls.iter().map(String::as_str).collect::<Value>())
        .with("learner", member.is_learner)
}

impl Render for MemberList {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        self.rows().iter().try_for_each(|row| writeln!(out, "{}", row.join(", ")))
    }

    fn records(&self) -> Vec<Record> {
        self.0.members.iter().map(record).collect()
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.0.header.as_ref())?;
        for member in &self.0.members {
            if style.hex {
                writeln!(out, "\"ID\" : {:x}", member.id)?;
            } else {
                writeln!(out, "\"ID\" : {}", member.id)?;
            }
            writeln!(out, "\"Name\" : {}", Quoted(member.name.as_bytes()))?;
            for url in &member.peer_ur_ls {
                writeln!(out, "\"PeerURL\" : {}", Quoted(url.as_bytes()))?;
            }
            for url in &member.client_ur_ls {
                writeln!(out, "\"ClientURL\" : {}", Quoted(url.as_bytes()))?;
            }
            writeln!(out, "\"IsLearner\" : {}\n", member.is_learner)?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        let dialect = Dialect { hex_ids: style.hex };
        Ok(writeln!(out, "{}", json_message("etcdserverpb.MemberListResponse", &self.0, dialect))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.0.encode_to_vec())?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        write!(out, "{}", draw_table(COLUMNS, &self.rows(), style))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};
    use kv_proto::etcdserverpb::{Member, ResponseHeader};

    use super::*;

    #[test]
    fn a_member_without_a_name_is_not_started() {
        let started = Member {
            id: 0x8e9e_05c5_2164_694d,
            name: "default".into(),
            peer_ur_ls: vec!["http://localhost:2380".into()],
            client_ur_ls: vec!["http://localhost:2379".into(), "http://a:2379".into()],
            is_learner: false,
        };
        let unstarted = Member { id: 5, is_learner: true, ..Member::default() };
        let header = ResponseHeader { cluster_id: 10, member_id: 11, revision: 0, raft_term: 2 };
        let list = MemberList(MemberListResponse { header: Some(header), members: vec![started, unstarted] });
        let mut out = Vec::new();
        for format in [Format::Simple, Format::Fields, Format::Table] {
            render(&list, format, Style { hex: true, ..Style::default() }, &mut out).unwrap();
        }
        expect![[r#"
            8e9e05c52164694d, started, default, http://localhost:2380, http://localhost:2379,http://a:2379, false
            5, unstarted, , , , true
            "ClusterID" : a
            "MemberID" : b
            "RaftTerm" : 2
            "ID" : 8e9e05c52164694d
            "Name" : "default"
            "PeerURL" : "http://localhost:2380"
            "ClientURL" : "http://localhost:2379"
            "ClientURL" : "http://a:2379"
            "IsLearner" : false

            "ID" : 5
            "Name" : ""
            "IsLearner" : true

            ┌──────────────────┬───────────┬─────────┬───────────────────────┬─────────────────────────────────────┬────────────┐
            │        ID        │  STATUS   │  NAME   │      PEER ADDRS       │            CLIENT ADDRS             │ IS LEARNER │
            ├──────────────────┼───────────┼─────────┼───────────────────────┼─────────────────────────────────────┼────────────┤
            │ 8e9e05c52164694d │   started │ default │ http://localhost:2380 │ http://localhost:2379,http://a:2379 │      false │
            │                5 │ unstarted │         │                       │                                     │       true │
            └──────────────────┴───────────┴─────────┴───────────────────────┴─────────────────────────────────────┴────────────┘
        "#]].assert_eq(&String::from_utf8(out).unwrap());
    }
}
