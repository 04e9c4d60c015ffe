//! `kvctl snapshot save`: store a server's snapshot in a file.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use kv_cli::{
    CliError, DigestCheck, ExitStatus, Outcome, Progress, Record, SaveError, SnapshotFile, is_terminal_output,
};
use kv_client::{Deadline, Error};
use kv_proto::etcdserverpb::SnapshotRequest;

use crate::commands::held::{EndSignals, canceled};
use crate::hints;
use crate::session::{Context, connect};

const EXAMPLES: &str = "\
Examples:
  Save a snapshot, and look whether it is whole:
    $ kvctl snapshot save backup.db
    $ kvutl snapshot verify backup.db

  The same, compressed:
    $ kvctl snapshot save backup.db.zst --zstd

  Straight to another machine:
    $ kvctl snapshot save - --zstd | ssh vault 'cat > backup.db.zst'
";

/// The name that stands for standard output.
const STDOUT: &str = "-";

/// Store a server's snapshot in a file
///
/// Fetches everything that the server holds: keys with their history, leases, users and roles. The file appears under its name
/// only when it is whole, compared with its digest and on disk; until then it is FILE.part. With - it goes to
/// standard output. From an etcd the file is etcd's own, for etcdutl; from a kvd it is for kvutl. There is no limit of time
/// unless --command-timeout is given.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl snapshot save [OPTIONS] <FILE>", after_long_help = EXAMPLES)]
pub(crate) struct SaveArgs {
    /// File to write, or - for standard output
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    arguments: Vec<String>,

    /// Compress the file as zstd does; kvutl reads it as it is, etcdutl after `zstd -d`
    #[arg(long)]
    zstd: bool,
}

pub(crate) async fn run(context: &Context, args: &SaveArgs) -> Result<(), CliError> {
    let [name] = args.arguments.as_slice() else {
        return Err(CliError::arguments("snapshot save expects one argument <filename>"));
    };
    if name == STDOUT && is_terminal_output() {
        return Err(CliError::arguments("a snapshot is not for a terminal").with_hint("name a file, or add a pipe"));
    }
    let options = context.options()?;
    let endpoints = context.endpoints().await?;
    let [endpoint] = endpoints.as_slice() else {
        let endpoints = endpoints.join(" ");
        let message = format!("snapshot must be requested to one selected node, not multiple [{endpoints}]");
        return Err(CliError::new(ExitStatus::Interrupted, message).with_hint("name one of them with --endpoints"));
    };
    let client = connect(std::slice::from_ref(endpoint), options).await?;
    let deadline = if context.command_timeout_is_given { context.deadline() } else { Deadline::NEVER };

    let mut signals = EndSignals::new()?;
    let mut file = match name.as_str() {
        STDOUT => SnapshotFile::stream(stdout()?, args.zstd),
        path => SnapshotFile::create(Path::new(path), args.zstd),
    }
    .map_err(|error| save_error(&error))?;
    let version = tokio::select! {
        fetched = fetch(&client, deadline, &mut file) => fetched?,
        // What has come so far goes away with the file.
        _ = signals.next() => return Err(canceled()),
    };
    file.finish().map_err(|error| save_error(&error))?;

    if name == STDOUT {
        return Ok(());
    }
    let mut output = context.output()?;
    let version = Some(version).filter(|version| !version.is_empty());
    let mut line = format!("Snapshot saved at {name}");
    line.extend(version.iter().flat_map(|version| ["\nServer version ", version]));
    let record = Record::new().with("file", name.as_str()).with_some("server_version", version);
    output.print(&Outcome { line, record })
}

/// Writes what the server sends, compares it with its digest, and returns what the server says its version is.
async fn fetch(client: &kv_client::Client, deadline: Deadline, file: &mut SnapshotFile) -> Result<String, CliError> {
    let mut stream = client.snapshot(SnapshotRequest {}, deadline).await.map_err(|error| client_error(&error))?;
    let mut digest = DigestCheck::default();
    let mut progress = None;
    let mut version = String::new();
    let mut total_bytes = 0;
    loop {
        let chunk = stream.next().await.map_err(|error| {
            let bytes = digest.length_bytes();
            client_error(&error).with_hint(format!("{bytes} of {total_bytes} bytes had come; nothing of them is kept"))
        })?;
        let Some(chunk) = chunk else { break };
        total_bytes = digest.length_bytes() + chunk.blob.len() as u64 + chunk.remaining_bytes;
        let progress = progress.get_or_insert_with(|| Progress::bytes("fetching", total_bytes));
        digest.update(&chunk.blob);
        file.write(&chunk.blob).map_err(|error| save_error(&error))?;
        progress.set(digest.length_bytes());
        version = chunk.version;
    }
    digest.finish().map_err(|error| CliError::new(ExitStatus::Interrupted, error))?;
    Ok(version)
}

/// Returns standard output without the buffer that looks for the ends of lines.
fn stdout() -> Result<Box<dyn io::Write>, CliError> {
    Ok(Box::new(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}

/// Whatever goes wrong here has one status, as in etcdctl.
fn client_error(error: &Error) -> CliError {
    hints::cli_error(ExitStatus::Interrupted, error)
}

fn save_error(error: &SaveError) -> CliError {
    CliError::new(ExitStatus::Interrupted, error)
}
