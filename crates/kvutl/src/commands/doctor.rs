//! `kvutl doctor`: what is wrong with a data directory and its disk, or soon will be.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use kv_cli::{CliError, Findings, GoDuration, HumanSize, Severity, parse_int};
use kv_store::{DirLock, OpenError};

use crate::directory;
use crate::global::Context;

/// Find out what is wrong with a data directory and its disk, or soon will be
///
/// Opens the directory, and looks at how much of the quota is used, how far history reaches, how much of the file is free, how
/// long disk syncs take, how much room the disk has, and the limit of open files. Works beside a running server. To measure
/// syncs, it writes to a file that it removes at once; nothing else is changed. `kvutl check` looks for damage. The exit status
/// is 0 if all is well, 15 if something will need attention and 16 if something needs it now.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Print a report in XML as `JUnit` writes it
    #[arg(long)]
    junit: bool,

    /// The quota that the server has
    #[arg(long, value_name = "BYTES", default_value = "2147483648", value_parser = |text: &str| parse_int(text, 10))]
    quota_backend_bytes: i64,
}

const EXAMPLES: &str = "\
Examples:
  Look at a directory:
    $ kvutl doctor --data-dir default.kvd
";

/// Syncs that are measured, enough to see a slow one in fifty.
const SYNCS: u64 = 50;

/// What a write to the log takes at least.
const BLOCK_BYTES: usize = 4096;

/// Where room on a disk becomes little, and where it is next to none.
const ROOM_CONCERN_BYTES: u64 = 1 << 30;
const ROOM_TROUBLE_BYTES: u64 = 128 << 20;

/// A history so long that was never compacted is most of the store.
const UNCOMPACTED_REVISIONS_MAX: i64 = 1_000_000;

/// Free bytes in the file from which on giving them back is worth a defragmentation.
const FREE_CONCERN_BYTES: u64 = 256 << 20;

pub(crate) fn run(args: &DoctorArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let directory = context.directory();
    let place = directory.display().to_string();
    let mut findings = Findings::default();
    server(&directory, &place, &mut findings);
    if let Err(error) = store(args, context, &place, &mut findings) {
        let finding = findings.add("store", &place, Severity::Trouble, error.message.unwrap_or_default());
        // What to do about a directory that is none differs from what to do about damage.
        finding.advice = error.hints.into_iter().next();
    }
    sync(&directory, &place, &mut findings);
    room(&directory, &place, &mut findings);
    files(&place, &mut findings);
    if args.junit {
        context.out.write_all(findings.junit("kvutl doctor").as_bytes())?;
        context.out.flush()?;
    } else {
        context.out.print(&findings)?;
    }
    findings.verdict()
}

fn server(directory: &Path, place: &str, findings: &mut Findings) {
    match DirLock::hold(directory) {
        Ok(_) => findings.fine("server", place, "none runs on it"),
        Err(OpenError::Locked { holder, .. }) => {
            findings.fine("server", place, format!("process {holder} uses it"));
        }
        Err(error) => {
            findings.add("server", place, Severity::Concern, error.to_string());
        }
    }
}

fn store(args: &DoctorArgs, context: &mut Context<'_>, place: &str, findings: &mut Findings) -> Result<(), CliError> {
    let mut session = directory::read(context)?;
    let (revision, oldest, sizes) = session.read(|offline| {
        let store = offline.store();
        Ok((store.revision(), store.compact_revision(), store.sizes()?))
    })?;
    let quota = u64::try_from(args.quota_backend_bytes).ok().filter(|quota| *quota > 0);
    match quota {
        Some(quota) => {
            let share = sizes.used_bytes as f64 / quota as f64;
            let severity = grade(share, 0.8, 0.95);
            let (used, quota) = (HumanSize(sizes.used_bytes), HumanSize(quota));
            let finding =
                findings.add("quota", place, severity, format!("{used} of {quota} in use ({:.0} %)", share * 100.0));
            finding.advice =
                (severity != Severity::Fine).then(|| "compact old revisions, or raise the quota".to_owned());
        }
        None => findings.fine("quota", place, format!("{} in use, no quota", HumanSize(sizes.used_bytes))),
    }
    let (severity, summary) = match oldest {
        ..=0 if revision > UNCOMPACTED_REVISIONS_MAX => {
            (Severity::Concern, format!("all {revision} revisions are kept"))
        }
        ..=0 => (Severity::Fine, format!("all {revision} revisions are kept")),
        oldest => (Severity::Fine, format!("reaches from revision {oldest} to {revision}")),
    };
    let finding = findings.add("history", place, severity, summary);
    finding.advice = (severity != Severity::Fine).then(|| "`kvutl compact` drops old ones".to_owned());
    let lag = sizes.oldest_reader_lag;
    let severity = grade(lag as f64, 10_000.0, 1_000_000.0);
    let finding = findings.add("oldest reader", place, severity, format!("{lag} transactions behind"));
    finding.advice = (severity != Severity::Fine)
        .then(|| "pages it can still see are not used again: look for a process that keeps the file open".to_owned());
    let free = sizes.allocated_bytes.saturating_sub(sizes.used_bytes);
    let severity =
        if free > FREE_CONCERN_BYTES && free > sizes.used_bytes { Severity::Concern } else { Severity::Fine };
    let finding = findings.add(
        "file",
        place,
        severity,
        format!("{} of {} are free", HumanSize(free), HumanSize(sizes.allocated_bytes)),
    );
    finding.advice =
        (severity != Severity::Fine).then(|| "`kvctl defrag` or `kvutl defrag` gives them back".to_owned());
    Ok(())
}

fn sync(directory: &Path, place: &str, findings: &mut Findings) {
    let slowest = match measure(directory) {
        Ok(slowest) => slowest,
        Err(error) => {
            findings.fine("disk sync", place, format!("not measured: {error}"));
            return;
        }
    };
    let severity = grade(slowest.as_secs_f64(), 0.05, 0.5);
    let finding =
        findings.add("disk sync", place, severity, format!("{SYNCS} took at most {} each", GoDuration(slowest)));
    finding.advice =
        (severity != Severity::Fine).then(|| "every write waits for it: a faster disk, or one of its own".to_owned());
}

/// Returns how long the slowest of some synced writes took.
fn measure(directory: &Path) -> std::io::Result<Duration> {
    let name = directory.join(format!("doctor-{}", std::process::id()));
    let file = File::options().write(true).create_new(true).open(&name)?;
    // Whatever happens from here on, nothing is left.
    std::fs::remove_file(&name)?;
    let block = [0; BLOCK_BYTES];
    let mut slowest = Duration::ZERO;
    for index in 0..SYNCS {
        let began = Instant::now();
        file.write_all_at(&block, index * BLOCK_BYTES as u64)?;
        file.sync_data()?;
        slowest = slowest.max(began.elapsed());
    }
    Ok(Duration::from_micros(slowest.as_micros() as u64))
}

fn room(directory: &Path, place: &str, findings: &mut Findings) {
    let Ok(disk) = rustix::fs::statvfs(directory) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let severity = if free < ROOM_TROUBLE_BYTES {
        Severity::Trouble
    } else if free < ROOM_CONCERN_BYTES {
        Severity::Concern
    } else {
        Severity::Fine
    };
    let finding = findings.add("disk", place, severity, format!("{} free", HumanSize(free)));
    finding.advice = (severity != Severity::Fine).then(|| "a full disk refuses writes; make room".to_owned());
}

fn files(place: &str, findings: &mut Findings) {
    /// A connection takes one, and the store and its log some.
    const ENOUGH: u64 = 4096;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let severity = if limit.is_some_and(|limit| limit < ENOUGH) { Severity::Concern } else { Severity::Fine };
    let shown = limit.map_or_else(|| "without limit".to_owned(), |limit| format!("up to {limit}"));
    let finding = findings.add("files", place, severity, format!("a server started here opens {shown}"));
    finding.advice = (severity != Severity::Fine).then(|| "raise the limit of open files".to_owned());
}

fn grade(value: f64, concern: f64, trouble: f64) -> Severity {
    match value {
        _ if value >= trouble => Severity::Trouble,
        _ if value >= concern => Severity::Concern,
        _ => Severity::Fine,
    }
}
