//! `kvctl endpoint health`: whether each server can serve.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use kv_cli::{CliError, ExitStatus, GoDuration, JsonString, Quoted, Record, Render, RenderError, Style, draw_table};
use kv_client::{Client, Deadline, Options};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::alarm_request::AlarmAction;
use kv_proto::etcdserverpb::{AlarmRequest, AlarmType, RangeRequest};

use crate::hints;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  Of the server at the default endpoint:
    $ kvctl endpoint health

  Of every member, as a table:
    $ kvctl endpoint health --cluster -w table
";

/// Check whether each server can serve
///
/// Reads a key from each server and asks it for alarms. The exit status is 1 if one of them is not healthy.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct HealthArgs {}

/// What one server's check found.
#[derive(Debug, Default)]
struct Health {
    endpoint: String,
    /// Nothing if there was not even a connection to try.
    took: Option<Duration>,
    /// Empty if the server is healthy.
    error: String,
    hints: Vec<String>,
}

struct HealthList(Vec<Health>);

pub(crate) async fn run(context: &Context, cluster: bool) -> Result<(), CliError> {
    let options = context.options()?;
    let mut output = context.output()?;
    let timeout = context.globals.command_timeout;
    let mut checks = Vec::new();
    for endpoint in super::endpoints(context, &options, cluster).await? {
        let options = options.clone();
        checks.push(tokio::spawn(async move { check(endpoint, options, timeout).await }));
    }
    let mut list = HealthList(Vec::new());
    for check in checks {
        list.0.push(check.await.expect("a check does not panic"));
    }
    if output.format == kv_cli::Format::Simple {
        for health in list.0.iter().filter(|health| !health.error.is_empty()) {
            let text = format!("{} is unhealthy: failed to commit proposal: {}", health.endpoint, health.error);
            context.voice().complain(&text, &[]);
        }
    }
    output.print(&list)?;
    if list.0.iter().all(|health| health.error.is_empty()) {
        return Ok(());
    }
    let mut failed = CliError::new(ExitStatus::Failure, "unhealthy cluster");
    failed.hints = list.0.into_iter().flat_map(|health| health.hints).collect();
    Err(failed)
}

async fn check(endpoint: String, options: Options, timeout: Duration) -> Health {
    let client = match Client::connect([&endpoint], options).await {
        Ok(client) => client,
        Err(error) => {
            return Health { endpoint, error: error.to_string(), hints: hints::hints(&error), ..Health::default() };
        }
    };
    let started = Instant::now();
    let deadline = Deadline::after(timeout);
    // Any key will do: it is the answer that counts, which also a server gives that does not allow it.
    let request = RangeRequest { key: "health".into(), ..RangeRequest::default() };
    let answer = client.range(request, deadline).await;
    let took = Some(started.elapsed());
    let health = Health { endpoint, took, ..Health::default() };
    match answer {
        Err(error) if error.api() != Some(ApiError::PermissionDenied) => {
            Health { error: error.to_string(), hints: hints::hints(&error), ..health }
        }
        _ => Health { error: alarms(&client, deadline).await, ..health },
    }
}

/// Returns the alarms that are raised, as text; empty if there are none.
async fn alarms(client: &Client, deadline: Deadline) -> String {
    let request = AlarmRequest { action: AlarmAction::Get.into(), member_id: 0, alarm: AlarmType::None.into() };
    match client.alarm(request, deadline).await {
        Err(_) => "Unable to fetch the alarm list".to_owned(),
        Ok(response) if response.alarms.is_empty() => String::new(),
        Ok(response) => {
            let mut text = "Active Alarm(s): ".to_owned();
            for member in &response.alarms {
                text.push_str(match member.alarm() {
                    AlarmType::Nospace => "NOSPACE ",
                    AlarmType::Corrupt => "CORRUPT ",
                    AlarmType::None => "UNKNOWN ",
                });
            }
            text
        }
    }
}

impl Health {
    fn took(&self) -> String {
        self.took.map(|took| GoDuration(took).to_string()).unwrap_or_default()
    }
}

impl Render for HealthList {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        let healthy = self.0.iter().filter(|health| health.error.is_empty());
        healthy.into_iter().try_for_each(|health| {
            let (endpoint, took) = (&health.endpoint, health.took());
            writeln!(out, "{endpoint} is healthy: successfully committed proposal: took = {took}")
        })
    }

    fn records(&self) -> Vec<Record> {
        let record = |health: &Health| {
            let Health { endpoint, took, error, .. } = health;
            let error = Some(error.as_str()).filter(|error| !error.is_empty());
            let record = Record::new().with("endpoint", endpoint.as_str()).with("health", error.is_none());
            record.with_some("took", *took).with_some("error", error)
        };
        self.0.iter().map(record).collect()
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        for health in &self.0 {
            let (Health { endpoint, error, .. }, took) = (health, health.took());
            writeln!(out, "\"Endpoint\" : {}", Quoted(endpoint.as_bytes()))?;
            writeln!(out, "\"Health\" : {}", error.is_empty())?;
            writeln!(out, "\"Took\" : {took}\n\"Error\" : {error}\n")?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let mut separator = '[';
        for health in &self.0 {
            let (Health { endpoint, error, .. }, took) = (health, health.took());
            let (endpoint, took) = (JsonString(endpoint), JsonString(&took));
            write!(out, "{separator}{{\"endpoint\":{endpoint},\"health\":{},\"took\":{took}", error.is_empty())?;
            if !error.is_empty() {
                write!(out, ",\"error\":{}", JsonString(error))?;
            }
            write!(out, "}}")?;
            separator = ',';
        }
        // Go prints a list that nothing was added to as null.
        Ok(writeln!(out, "{}", if self.0.is_empty() { "null" } else { "]" })?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let row = |health: &Health| {
            let Health { endpoint, error, .. } = health;
            vec![endpoint.clone(), error.is_empty().to_string(), health.took(), error.clone()]
        };
        let rows: Vec<_> = self.0.iter().map(row).collect();
        write!(out, "{}", draw_table(&["endpoint", "health", "took", "error"], &rows, style))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kv_cli::{Format, render};

    use super::*;

    #[track_caller]
    fn check_printed(format: Format, expected: &Expect) {
        let healthy = Health { endpoint: "a:1".into(), took: Some(Duration::from_micros(2100)), ..Health::default() };
        let unhealthy = Health {
            endpoint: "b:2".into(),
            took: Some(Duration::from_secs(5)),
            error: "context deadline exceeded".into(),
            hints: Vec::new(),
        };
        let mut out = Vec::new();
        render(&HealthList(vec![healthy, unhealthy]), format, Style::default(), &mut out).unwrap();
        expected.assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn the_healthy_are_listed_on_standard_output() {
        check_printed(
            Format::Simple,
            &expect![[r"
            a:1 is healthy: successfully committed proposal: took = 2.1ms
        "]],
        );
    }

    #[test]
    fn other_formats_have_both() {
        check_printed(
            Format::Json,
            &expect![[r#"
            [{"endpoint":"a:1","health":true,"took":"2.1ms"},{"endpoint":"b:2","health":false,"took":"5s","error":"context deadline exceeded"}]
        "#]],
        );
        check_printed(
            Format::Table,
            &expect![[r"
            ┌──────────┬────────┬───────┬───────────────────────────┐
            │ ENDPOINT │ HEALTH │ TOOK  │           ERROR           │
            ├──────────┼────────┼───────┼───────────────────────────┤
            │      a:1 │   true │ 2.1ms │                           │
            │      b:2 │  false │    5s │ context deadline exceeded │
            └──────────┴────────┴───────┴───────────────────────────┘
        "]],
        );
    }
}
