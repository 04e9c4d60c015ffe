//! `kvctl check perf`: whether a cluster keeps up with a load.

use std::fmt::Write as _;
use std::time::Duration;

use kv_cli::{CliError, ExitStatus, Outcome, Progress, Record, parse_duration};

use super::Size;
use super::load::{self, AfterArgs, Load, Measured};
use crate::commands::held::canceled;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  150 writes a second for a minute:
    $ kvctl check perf

  8000 writes a second for ten seconds, and no history left behind:
    $ kvctl check perf --load l --duration 10s --auto-compact
";

/// Length of a key and of a value in bytes, as in etcdctl.
const KEY_BYTES: usize = 256;
const VALUE_BYTES: usize = 1024;

/// The longest that one write may take to pass.
const SLOWEST_MAX: Duration = Duration::from_millis(500);

/// The greatest standard deviation to pass, in seconds.
const DEVIATION_MAX: f64 = 0.1;

/// The part of the wanted rate that must be reached.
const RATE_PART_MIN: f64 = 0.9;

/// Check whether a cluster keeps up with a load
///
/// Many clients write keys of 256 bytes with values of 1 KiB at a steady rate: 150 a second by 50 clients (s), 1000 by 200
/// (m), 8000 by 500 (l) or 15000 by 1000 (xl). Prints how long the writes took, and PASS if nine in ten writes of that rate
/// were done, the slowest took at most half a second, and the standard deviation is at most 0.1 seconds. Else it prints
/// FAIL, and the exit status is 1. The keys are deleted at the end, also when the check is interrupted; then it prints the
/// numbers only, and the exit status is 1.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct PerfArgs {
    /// How much is written: s, m, l or xl
    #[arg(long, value_name = "LOAD", default_value = "s")]
    load: String,

    /// What the keys that are written begin with; there must be none yet
    #[arg(long, value_name = "PREFIX", default_value = "/etcdctl-check-perf/")]
    prefix: String,

    /// How long the check writes
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    duration: Duration,

    #[command(flatten)]
    after: AfterArgs,
}

pub(crate) async fn run(context: &Context, args: &PerfArgs) -> Result<(), CliError> {
    let size = Size::parse(&args.load)?;
    let rate = match size {
        Size::Small => 150,
        Size::Medium => 1000,
        Size::Large => 8000,
        Size::ExtraLarge => 15_000,
    };
    let mut output = context.output()?;
    let clients = load::clients(context, size.clients(), &args.prefix).await?;
    let load = Load {
        prefix: args.prefix.clone(),
        key_bytes: KEY_BYTES,
        value_bytes: VALUE_BYTES,
        rate,
        writes_max: u64::MAX,
        duration: args.duration,
        patience: context.globals.command_timeout,
    };
    let writes = (args.duration.as_secs_f64() * f64::from(rate)) as u64;
    let measured = load::run(&clients, load, Progress::steps("writing", writes)).await?;
    load::clean_up(context, &clients[0], &args.prefix, args.after, &mut output).await?;
    let (outcome, passed) = judge(size, rate, &measured);
    output.print(&outcome)?;
    if measured.interrupted {
        return Err(canceled());
    }
    if passed { Ok(()) } else { Err(CliError::silent(ExitStatus::Failure)) }
}

/// Says whether the load was carried. A check that was interrupted has numbers and no verdict.
fn judge(size: Size, rate: u32, measured: &Measured) -> (Outcome, bool) {
    let latencies = &measured.latencies;
    let (slowest, deviation) = (latencies.slowest(), latencies.deviation());
    let reached = measured.rate();
    let mut line = format!("Latency of {} writes:\n{}", latencies.count(), latencies.histogram());
    line += &measured.error_lines();
    let mut passed = measured.errors.is_empty() && !measured.interrupted;
    // The texts are etcdctl's, which counts the write that was under way.
    let writes = reached as u64 + 1;
    let mut verdict = |holds: bool, good: String, bad: String| {
        passed &= holds;
        let good = if measured.interrupted { good.trim_start_matches("PASS: ") } else { &good };
        let _ = writeln!(line, "{}", if holds || measured.interrupted { good } else { &bad });
    };
    verdict(
        reached / f64::from(rate) > RATE_PART_MIN,
        format!("PASS: Throughput is {writes} writes/s"),
        format!("FAIL: Throughput too low: {writes} writes/s"),
    );
    let seconds = slowest.as_secs_f64();
    verdict(
        slowest <= SLOWEST_MAX,
        format!("PASS: Slowest request took {seconds:.6}s"),
        format!("Slowest request took too long: {seconds:.6}s"),
    );
    verdict(
        deviation <= DEVIATION_MAX,
        format!("PASS: Stddev is {deviation:.6}s"),
        format!("Stddev too high: {deviation:.6}s"),
    );
    line += match (measured.interrupted, passed) {
        (true, _) => "Interrupted, so there is no verdict",
        (false, true) => "PASS",
        (false, false) => "FAIL",
    };
    let record = Record::new()
        .with("load", size.name())
        .with("passed", passed)
        .with("interrupted", measured.interrupted)
        .with("writes", latencies.count())
        .with("errors", measured.errors.values().sum::<u64>())
        .with("rate_wanted", rate)
        .with("rate", reached as u64)
        .with("p50", latencies.percentile(50.0))
        .with("p90", latencies.percentile(90.0))
        .with("p99", latencies.percentile(99.0))
        .with("p999", latencies.percentile(99.9))
        .with("slowest", slowest)
        .with("standard_deviation", Duration::from_secs_f64(deviation));
    (Outcome { line, record }, passed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::latency::Latencies;
    use super::*;

    fn measured(latencies: &[u64], took: u64) -> Measured {
        let latencies = latencies.iter().copied().map(Duration::from_millis).collect();
        Measured {
            latencies: Latencies::new(latencies),
            errors: BTreeMap::new(),
            took: Duration::from_secs(took),
            interrupted: false,
        }
    }

    #[track_caller]
    fn check(measured: &Measured, passed: bool, end: &str) {
        let (outcome, judged) = judge(Size::Small, 2, measured);
        assert_eq!(judged, passed, "{}", outcome.line);
        assert!(outcome.line.ends_with(end), "{}", outcome.line);
    }

    #[test]
    fn each_bound_can_fail() {
        check(
            &measured(&[100; 4], 2),
            true,
            "PASS: Throughput is 3 writes/s\nPASS: Slowest request took 0.100000s\nPASS: Stddev is 0.000000s\nPASS",
        );
        check(
            &measured(&[100; 4], 4),
            false,
            "FAIL: Throughput too low: 2 writes/s\nPASS: Slowest request took 0.100000s\nPASS: Stddev is 0.000000s\nFAIL",
        );
        check(
            &measured(&[100, 501], 1),
            false,
            "Slowest request took too long: 0.501000s\nStddev too high: 0.200500s\nFAIL",
        );
        let failed = Measured { errors: BTreeMap::from([("no".to_owned(), 3)]), ..measured(&[100; 4], 2) };
        check(&failed, false, "FAIL");
        let interrupted = Measured { interrupted: true, ..measured(&[100; 4], 2) };
        check(
            &interrupted,
            false,
            "Throughput is 3 writes/s\nSlowest request took 0.100000s\nStddev is 0.000000s\nInterrupted, so there is no verdict",
        );
        assert!(!judge(Size::Small, 2, &interrupted).0.line.contains("PASS"));
        assert!(judge(Size::Small, 2, &failed).0.line.contains("FAIL: too many errors\nFAIL: ERROR(no) -> 3\n"));
    }
}
