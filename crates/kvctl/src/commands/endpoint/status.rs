//! `kvctl endpoint status`: size, version and position of each server.

use std::io::{self, Write};

use kv_cli::{
    CliError, Dialect, HumanSize, Quoted, Record, Render, RenderError, Style, Value, draw_table, fields_header,
    json_message,
};
use kv_proto::etcdserverpb::{StatusRequest, StatusResponse};

use super::json_list;
use crate::hints;
use crate::session::{Context, connect};
use crate::voice::Failures;

const EXAMPLES: &str = "\
Examples:
  Of every member, as a table:
    $ kvctl endpoint status --cluster -w table
";

/// Print size, version and position of each server
///
/// The columns are: endpoint, id, version, storage version, size of the database, size in use, percentage not in use,
/// quota, is leader, is learner, raft term, raft index, raft applied index, errors, downgrade target version, downgrade
/// enabled.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct StatusArgs {}

struct StatusList(Vec<(String, StatusResponse)>);

pub(crate) async fn run(context: &Context, cluster: bool) -> Result<(), CliError> {
    let options = context.options()?;
    let mut output = context.output()?;
    let mut list = StatusList(Vec::new());
    let mut failures = Failures::new(context.voice());
    for endpoint in super::endpoints(context, &options, cluster).await? {
        let client = connect(std::slice::from_ref(&endpoint), options.clone()).await?;
        match client.status(StatusRequest {}, context.deadline()).await {
            Ok(response) => list.0.push((endpoint, response)),
            Err(error) => {
                let text = format!("Failed to get the status of endpoint {endpoint} ({error})");
                failures.add(&text, hints::hints(&error));
            }
        }
    }
    output.print(&list)?;
    failures.end()
}

const COLUMNS: &[&str] = &[
    "endpoint",
    "ID",
    "version",
    "storage version",
    "db size",
    "in use",
    "percentage not in use",
    "quota",
    "is leader",
    "is learner",
    "raft term",
    "raft index",
    "raft applied index",
    "errors",
    "downgrade target version",
    "downgrade enabled",
];

impl StatusList {
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |(endpoint, status): &(String, StatusResponse)| {
            let header = status.header.unwrap_or_default();
            let downgrade = status.downgrade_info.clone().unwrap_or_default();
            let used_percent = (status.db_size_in_use * 100).checked_div(status.db_size).unwrap_or(100);
            vec![
                endpoint.clone(),
                format!("{:x}", header.member_id),
                status.version.clone(),
                status.storage_version.clone(),
                HumanSize(status.db_size as u64).to_string(),
                HumanSize(status.db_size_in_use as u64).to_string(),
                format!("{}%", 100 - used_percent),
                HumanSize(status.db_size_quota as u64).to_string(),
                (status.leader == header.member_id).to_string(),
                status.is_learner.to_string(),
                status.raft_term.to_string(),
                status.raft_index.to_string(),
                status.raft_applied_index.to_string(),
                status.errors.join(", "),
                downgrade.target_version,
                downgrade.enabled.to_string(),
            ]
        };
        self.0.iter().map(row).collect()
    }
}

impl Render for StatusList {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        self.rows().iter().try_for_each(|row| writeln!(out, "{}", row.join(", ")))
    }

    fn records(&self) -> Vec<Record> {
        let record = |(endpoint, status): &(String, StatusResponse)| {
            let header = status.header.unwrap_or_default();
            let downgrade = status.downgrade_info.clone().unwrap_or_default();
            Record::new()
                .with("endpoint", endpoint.as_str())
                .with("cluster_id", Value::Id(header.cluster_id))
                .with("member_id", Value::Id(header.member_id))
                .with("revision", header.revision)
                .with("version", status.version.as_str())
                .with("storage_version", status.storage_version.as_str())
                .with("db_size", Value::Size(status.db_size as u64))
                .with("db_size_in_use", Value::Size(status.db_size_in_use as u64))
                .with("quota", Value::Size(status.db_size_quota as u64))
                .with("leader", Value::Id(status.leader))
                .with("learner", status.is_learner)
                .with("raft_term", status.raft_term)
                .with("raft_index", status.raft_index)
                .with("raft_applied_index", status.raft_applied_index)
                .with("errors", status.errors.iter().map(String::as_str).collect::<Value>())
                .with("downgrade_target_version", downgrade.target_version)
                .with("downgrade_enabled", downgrade.enabled)
        };
        self.0.iter().map(record).collect()
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        for (endpoint, status) in &self.0 {
            let downgrade = status.downgrade_info.clone().unwrap_or_default();
            fields_header(out, style, status.header.as_ref())?;
            writeln!(out, "\"Version\" : {}", Quoted(status.version.as_bytes()))?;
            writeln!(out, "\"StorageVersion\" : {}", Quoted(status.storage_version.as_bytes()))?;
            writeln!(out, "\"DBSize\" : {}", status.db_size)?;
            writeln!(out, "\"DBSizeInUse\" : {}", status.db_size_in_use)?;
            writeln!(out, "\"DBSizeQuota\" : {}", status.db_size_quota)?;
            writeln!(out, "\"Leader\" : {}", status.leader)?;
            writeln!(out, "\"IsLearner\" : {}", status.is_learner)?;
            writeln!(out, "\"RaftIndex\" : {}", status.raft_index)?;
            writeln!(out, "\"RaftTerm\" : {}", status.raft_term)?;
            writeln!(out, "\"RaftAppliedIndex\" : {}", status.raft_applied_index)?;
            writeln!(out, "\"Errors\" : [{}]", status.errors.join(" "))?;
            writeln!(out, "\"Endpoint\" : {}", Quoted(endpoint.as_bytes()))?;
            writeln!(out, "\"DowngradeTargetVersion\" : {}", Quoted(downgrade.target_version.as_bytes()))?;
            writeln!(out, "\"DowngradeEnabled\" : {}\n", downgrade.enabled)?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let answer = |(endpoint, status): &(String, StatusResponse)| {
            (endpoint.clone(), json_message("etcdserverpb.StatusResponse", status, Dialect::default()))
        };
        let answers: Vec<_> = self.0.iter().map(answer).collect();
        Ok(json_list(out, "Status", &answers)?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        write!(out, "{}", draw_table(COLUMNS, &self.rows(), style))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kv_cli::{Format, render};
    use kv_proto::etcdserverpb::{DowngradeInfo, ResponseHeader};

    use super::*;

    #[track_caller]
    fn check(list: &StatusList, format: Format, expected: &Expect) {
        let mut out = Vec::new();
        render(list, format, Style::default(), &mut out).unwrap();
        expected.assert_eq(&String::from_utf8(out).unwrap());
    }

    fn status() -> StatusResponse {
        StatusResponse {
            header: Some(ResponseHeader { cluster_id: 1, member_id: 255, revision: 3, raft_term: 2 }),
            version: "3.7.1".into(),
            db_size: 20_480,
            leader: 255,
            raft_index: 8,
            raft_term: 2,
            raft_applied_index: 8,
            errors: vec!["one".into(), "two".into()],
            db_size_in_use: 16_384,
            is_learner: false,
            storage_version: "3.7.0".into(),
            db_size_quota: 2_147_483_648,
            downgrade_info: Some(DowngradeInfo::default()),
        }
    }

    #[test]
    fn every_format() {
        let list = StatusList(vec![("a:1".to_owned(), status())]);
        check(
            &list,
            Format::Simple,
            &expect![[r"
            a:1, ff, 3.7.1, 3.7.0, 20 kB, 16 kB, 20%, 2.1 GB, true, false, 2, 8, 8, one, two, , false
        "]],
        );
        check(
            &list,
            Format::Json,
            &expect![[r#"
            [{"Endpoint":"a:1","Status":{"header":{"cluster_id":1,"member_id":255,"revision":3,"raft_term":2},"version":"3.7.1","dbSize":20480,"leader":255,"raftIndex":8,"raftTerm":2,"raftAppliedIndex":8,"errors":["one","two"],"dbSizeInUse":16384,"storageVersion":"3.7.0","dbSizeQuota":2147483648,"downgradeInfo":{}}}]
        "#]],
        );
        check(
            &list,
            Format::Fields,
            &expect![[r#"
            "ClusterID" : 1
            "MemberID" : 255
            "Revision" : 3
            "RaftTerm" : 2
            "Version" : "3.7.1"
            "StorageVersion" : "3.7.0"
            "DBSize" : 20480
            "DBSizeInUse" : 16384
            "DBSizeQuota" : 2147483648
            "Leader" : 255
            "IsLearner" : false
            "RaftIndex" : 8
            "RaftTerm" : 2
            "RaftAppliedIndex" : 8
            "Errors" : [one two]
            "Endpoint" : "a:1"
            "DowngradeTargetVersion" : ""
            "DowngradeEnabled" : false

        "#]],
        );
    }

    #[test]
    fn without_an_answer_there_is_an_empty_table_and_no_list() {
        check(
            &StatusList(Vec::new()),
            Format::Json,
            &expect![[r"
            null
        "]],
        );
        check(&StatusList(Vec::new()), Format::Simple, &expect![[""]]);
    }

    #[test]
    fn a_server_that_reports_no_size_does_not_break_the_list() {
        let list = StatusList(vec![("a:1".to_owned(), StatusResponse::default())]);
        assert_eq!(list.rows()[0][6], "0%");
    }
}
