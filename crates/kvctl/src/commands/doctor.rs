//! `kvctl doctor`: what is wrong with servers, or soon will be.

mod checks;
mod exposition;

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::ValueHint;
use kv_cli::{CliError, Dialect, ExitStatus, Findings, Severity, json_message};
use kv_client::Options;
use kv_proto::etcdserverpb::StatusRequest;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::checks::Facts;
use super::reading::oldest_revision;
use crate::hints;
use crate::session::{Context, connect};

const EXAMPLES: &str = "\
Examples:
  Look at a server, or at several:
    $ kvctl doctor
    $ kvctl doctor --endpoints a:2379,b:2379,c:2379

  For a pipeline, and for whoever is to help:
    $ kvctl doctor --junit > doctor.xml
    $ kvctl doctor --bundle doctor.json
";

/// Find out what is wrong with servers, or soon will be
///
/// Looks at every endpoint: whether it answers and how fast, leader, alarms, how much of the quota is used and when it will be
/// full, how far history reaches, how long disk syncs take, open files, a reader that was forgotten, how long certificates are valid, whether clocks agree,
/// and whether all servers are of one version. Changes nothing. The exit status is 0 if all is well, 15 if something will need
/// attention and 16 if something needs it now.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl doctor [OPTIONS]", after_long_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Print a report in XML as `JUnit` writes it
    #[arg(long)]
    junit: bool,

    /// Also write what was found, the status of every server and its metrics into this file, as JSON. There are no keys,
    /// values or secrets in it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    bundle: Option<PathBuf>,
}

pub(crate) async fn run(context: &Context, args: &DoctorArgs) -> Result<(), CliError> {
    let mut output = context.output()?;
    let options = context.options()?;
    let mut findings = Findings::default();
    let mut servers = Vec::new();
    for endpoint in context.endpoints().await? {
        match examine(context, &endpoint, options.clone()).await {
            Ok(facts) => {
                checks::judge(&facts, &mut findings);
                servers.push(facts);
            }
            Err(error) => {
                let message = error.message.unwrap_or_default();
                let finding = findings.add("answer", &endpoint, Severity::Trouble, message);
                finding.advice = Some(error.hints.join("; ")).filter(|advice| !advice.is_empty());
            }
        }
    }
    let own = options.tls.as_ref().and_then(kv_client::TlsOptions::certificate_end);
    if let Some(end) = own {
        checks::certificate("this client", "certificate", end, SystemTime::now(), &mut findings);
    }
    checks::compare(&servers, &mut findings);
    if let Some(file) = &args.bundle {
        write_bundle(file, &bundle(&servers, &findings))?;
    }
    if args.junit {
        output.write_all(findings.junit("kvctl doctor").as_bytes())?;
        output.flush()?;
    } else {
        output.print(&findings)?;
    }
    findings.verdict()
}

/// Asks one server for everything.
async fn examine(context: &Context, endpoint: &str, options: Options) -> Result<Facts, CliError> {
    let client = connect(&[endpoint.to_owned()], options).await?;
    let failed = |error| hints::cli_error(ExitStatus::Failure, &error);
    // The first call makes the connection, the second one tells how long an answer takes.
    client.status(StatusRequest {}, context.deadline()).await.map_err(failed)?;
    let began = Instant::now();
    let status = client.status(StatusRequest {}, context.deadline()).await.map_err(failed)?;
    let took = began.elapsed();
    let page = client.dated_page("/metrics", context.deadline()).await;
    let now = SystemTime::now();
    let clocks = page.as_ref().ok().and_then(|(_, date)| Some(((*date)?, now)));
    Ok(Facts {
        endpoint: endpoint.to_owned(),
        status,
        took,
        metrics: page.map(|(page, _)| page).map_err(|error| error.to_string()),
        clocks,
        certificate_end: client.certificate_end(),
        oldest_revision: oldest_revision(&client).await,
        now,
    })
}

fn bundle(servers: &[Facts], findings: &Findings) -> Value {
    use kv_cli::Render as _;
    let parsed = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    let server = |facts: &Facts| {
        let status = json_message("etcdserverpb.StatusResponse", &facts.status, Dialect::default());
        json!({
            "endpoint": facts.endpoint,
            "status": parsed(&status),
            "metrics": facts.metrics.as_deref().unwrap_or_default(),
        })
    };
    let records: Vec<Value> = findings.records().iter().map(|record| parsed(&record.to_string())).collect();
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    json!({
        "kvctl": env!("CARGO_PKG_VERSION"),
        "time": time,
        "findings": records,
        "servers": servers.iter().map(server).collect::<Vec<_>>(),
    })
}

fn write_bundle(file: &Path, bundle: &Value) -> Result<(), CliError> {
    let written = File::options().write(true).create_new(true).mode(0o600).open(file);
    let written = written.and_then(|mut file| file.write_all(format!("{bundle:#}\n").as_bytes()));
    written.map_err(|error| CliError::new(ExitStatus::Io, format_args!("write {}: {error}", file.display())))
}
