//! `kvctl alarm`: what stops a cluster from writing.

mod disarm;
mod list;

use std::io::{self, Write};

use clap::Subcommand;
use kv_cli::{CliError, Dialect, Record, Render, RenderError, Style, Value, fields_header, json_message};
use kv_proto::etcdserverpb::{AlarmMember, AlarmResponse, AlarmType};
use prost::Message as _;

use crate::session::Context;

/// See and clear what stops a cluster from writing
///
/// A member raises the alarm NOSPACE when its store has outgrown its quota: puts and leases are refused then, until
/// there is room and the alarm is disarmed. CORRUPT says that what a member holds is damaged, and stops every change.
#[derive(Debug, clap::Args)]
pub(crate) struct AlarmArgs {
    #[command(subcommand)]
    command: AlarmCommand,
}

#[derive(Debug, Subcommand)]
enum AlarmCommand {
    List(list::ListArgs),
    Disarm(disarm::DisarmArgs),
}

pub(crate) async fn run(context: &Context, args: &AlarmArgs) -> Result<(), CliError> {
    match &args.command {
        AlarmCommand::List(args) => list::run(context, args).await,
        AlarmCommand::Disarm(args) => disarm::run(context, args).await,
    }
}

/// Alarms that were listed or disarmed.
struct AlarmList(AlarmResponse);

/// Returns an alarm's name; one that this release does not know is a number.
fn name(alarm: AlarmMember) -> String {
    AlarmType::try_from(alarm.alarm).map_or_else(|_| alarm.alarm.to_string(), |kind| kind.as_str_name().to_owned())
}

impl Render for AlarmList {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        self.0.alarms.iter().try_for_each(|alarm| {
            // As a message's text: what is zero is left out.
            let member = if alarm.member_id == 0 { String::new() } else { format!("memberID:{} ", alarm.member_id) };
            writeln!(out, "{member}alarm:{}", name(*alarm))
        })
    }

    fn records(&self) -> Vec<Record> {
        let record = |alarm: &AlarmMember| {
            Record::new().with("member_id", Value::Id(alarm.member_id)).with("alarm", name(*alarm))
        };
        self.0.alarms.iter().map(record).collect()
    }

    fn columns(&self) -> &'static [&'static str] {
        &["member_id", "alarm"]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.0.header.as_ref())?;
        for alarm in &self.0.alarms {
            if style.hex {
                writeln!(out, "\"MemberID\" : {:x}", alarm.member_id)?;
            } else {
                writeln!(out, "\"MemberID\" : {}", alarm.member_id)?;
            }
            writeln!(out, "\"AlarmType\" : {}\n", name(*alarm))?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.AlarmResponse", &self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.0.encode_to_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};
    use kv_proto::etcdserverpb::ResponseHeader;

    use super::*;

    #[test]
    fn alarms_are_printed_as_etcdctl_prints_them() {
        let header = ResponseHeader { cluster_id: 10, member_id: 11, revision: 9, raft_term: 2 };
        let alarm = |member_id, alarm| AlarmMember { member_id, alarm };
        let alarms = vec![alarm(0x8e9e_05c5_2164_694d, 1), alarm(0, 2), alarm(7, 9)];
        let list = AlarmList(AlarmResponse { header: Some(header), alarms });
        let mut out = Vec::new();
        for (format, hex) in
            [(Format::Simple, true), (Format::Json, true), (Format::Fields, true), (Format::Fields, false)]
        {
            render(&list, format, Style { hex, ..Style::default() }, &mut out).unwrap();
        }
        expect![[r#"
            memberID:10276657743932975437 alarm:NOSPACE
            alarm:CORRUPT
            memberID:7 alarm:9
            {"header":{"cluster_id":10,"member_id":11,"revision":9,"raft_term":2},"alarms":[{"memberID":10276657743932975437,"alarm":1},{"alarm":2},{"memberID":7,"alarm":9}]}
            "ClusterID" : a
            "MemberID" : b
            "Revision" : 9
            "RaftTerm" : 2
            "MemberID" : 8e9e05c52164694d
            "AlarmType" : NOSPACE

            "MemberID" : 0
            "AlarmType" : CORRUPT

            "MemberID" : 7
            "AlarmType" : 9

            "ClusterID" : 10
            "MemberID" : 11
            "Revision" : 9
            "RaftTerm" : 2
            "MemberID" : 10276657743932975437
            "AlarmType" : NOSPACE

            "MemberID" : 0
            "AlarmType" : CORRUPT

            "MemberID" : 7
            "AlarmType" : 9

        "#]].assert_eq(&String::from_utf8(out).unwrap());
        // Several answers have no one header.
        let mut out = Vec::new();
        render(&AlarmList(AlarmResponse::default()), Format::Fields, Style::default(), &mut out).unwrap();
        assert_eq!(out, b"\"ClusterID\" : 0\n\"MemberID\" : 0\n\"RaftTerm\" : 0\n");
        let mut out = Vec::new();
        render(&list, Format::JsonLines, Style::default(), &mut out).unwrap();
        expect![[r#"
            {"member_id":"8e9e05c52164694d","alarm":"NOSPACE"}
            {"member_id":"0","alarm":"CORRUPT"}
            {"member_id":"7","alarm":"9"}
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
