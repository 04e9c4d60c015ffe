//! `kvctl check datascale`: how much memory a server needs for keys.

use std::time::Duration;

use kv_cli::{CliError, ExitStatus, Outcome, Progress, Record, Value};
use kv_client::{Client, Error};

use super::Size;
use super::load::{self, AfterArgs, Load};
use crate::commands::held::canceled;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  What 100000 keys need:
    $ kvctl check datascale --load m
";

/// Length of a key and of a value in bytes, as in etcdctl.
const KEY_BYTES: usize = 512;
const VALUE_BYTES: usize = 512;

/// The metric that says how much memory a server uses.
const MEMORY: &str = "process_resident_memory_bytes";

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Check how much memory a server needs for keys
///
/// Writes keys of 512 bytes with values of 512 bytes: 10000 (s), 100000 (m), 1000000 (l) or 3000000 (xl), and prints by how
/// much the memory of the server behind the first endpoint has grown, as its metrics have it. The keys are deleted at the end, also when the check is interrupted; then the number is that of
/// the keys written until then, and the exit status is 1.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DatascaleArgs {
    /// How much is written: s, m, l or xl
    #[arg(long, value_name = "LOAD", default_value = "s")]
    load: String,

    /// What the keys that are written begin with; there must be none yet
    #[arg(long, value_name = "PREFIX", default_value = "/etcdctl-check-datascale/")]
    prefix: String,

    #[command(flatten)]
    after: AfterArgs,
}

pub(crate) async fn run(context: &Context, args: &DatascaleArgs) -> Result<(), CliError> {
    let size = Size::parse(&args.load)?;
    let writes_max: u64 = match size {
        Size::Small => 10_000,
        Size::Medium => 100_000,
        Size::Large => 1_000_000,
        Size::ExtraLarge => 3_000_000,
    };
    let mut output = context.output()?;
    let clients = load::clients(context, size.clients(), &args.prefix).await?;
    let before = memory(context, &clients[0], "before").await?;
    load::say(
        &mut output,
        &format!(
            "Start data scale check for work load [{writes_max} key-value pairs, {} bytes per key-value, {} concurrent \
             clients].",
            KEY_BYTES + VALUE_BYTES,
            clients.len()
        ),
    )?;
    let load = Load {
        prefix: args.prefix.clone(),
        key_bytes: KEY_BYTES,
        value_bytes: VALUE_BYTES,
        rate: 0,
        writes_max,
        duration: Duration::from_secs(24 * 3600),
        patience: context.globals.command_timeout,
    };
    let measured = load::run(&clients, load, Progress::steps("writing", writes_max)).await?;
    let after = memory(context, &clients[0], "after").await;
    load::clean_up(context, &clients[0], &args.prefix, args.after, &mut output).await?;
    let used = after? - before;
    if !measured.errors.is_empty() {
        load::say(&mut output, measured.error_lines().trim_end())?;
        return Err(CliError::silent(ExitStatus::Failure));
    }
    let writes = measured.latencies.count();
    let used_text = format!("Approximate system memory used : {:.2} MB", used / MEBIBYTE);
    let line = if measured.interrupted {
        format!("{used_text} by {writes} writes. Interrupted, so there is no verdict")
    } else {
        format!("PASS: {used_text}.")
    };
    let record =
        Record::new().with("load", size.name()).with("interrupted", measured.interrupted).with("writes", writes);
    output.print(&Outcome { line, record: record.with("memory_grown", Value::Number(used as i128)) })?;
    if measured.interrupted { Err(canceled()) } else { Ok(()) }
}

/// Asks the server how much memory it uses.
async fn memory(context: &Context, client: &Client, when: &str) -> Result<f64, CliError> {
    let bytes = match client.page("/metrics", context.deadline()).await {
        Ok(page) => metric(&page, MEMORY).ok_or_else(|| format!("{MEMORY} is not there")),
        Err(Error::Status { message, .. }) => Err(message),
        Err(error) => Err(error.to_string()),
    };
    bytes.map_err(|reason| {
        let message = format!("Could not read {MEMORY} {when} the put operations.");
        CliError::new(ExitStatus::Failure, message).with_hint(reason)
    })
}

/// Finds a metric without labels in a page of metrics.
fn metric(page: &str, name: &str) -> Option<f64> {
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_its_whole_name() {
        let page = "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes_max 7\n\
                    process_resident_memory_bytes 2.5165824e+07\n";
        assert_eq!(metric(page, MEMORY), Some(25_165_824.0));
        assert_eq!(metric("process_resident_memory_bytes x\n", MEMORY), None);
    }
}
