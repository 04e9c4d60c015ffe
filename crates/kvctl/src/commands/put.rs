//! `kvctl put`: write one key, perhaps only if it is as expected.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueHint;
use kv_cli::{CliError, ExitStatus, parse_duration, parse_int};
use kv_client::Client;
use kv_proto::etcdserverpb::{LeaseGrantRequest, LeaseRevokeRequest, PutRequest, PutResponse};

use crate::guard::{Guard, GuardArgs, NotWritten};
use crate::session::{Context, failure};

/// What `--lease` is unless it is given.
const NO_LEASE: &str = "0";

const EXAMPLES: &str = "\
Examples:
  Write a key:
    $ kvctl put /app/color green

  A value that begins with a dash stands behind two:
    $ kvctl put /app/offset -- -5

  Write a file's content, byte for byte:
    $ kvctl put /app/logo < logo.png

  Write a key that is deleted after half a minute:
    $ kvctl put /app/color red --ttl 30s

  Write it only if nobody else has, or only if nobody has changed it since revision 12:
    $ kvctl put /app/leader me --if-absent
    $ kvctl put /app/color blue --if-rev 12

  Let the key end with a lease, and see what it was before:
    $ kvctl put /app/color red --lease 32695410dcc0ca06 --prev-kv
";

/// Write a key
///
/// Without VALUE, the value is what standard input holds, up to its end and byte for byte. With --if-absent, --if-rev or
/// --if-value the key is written only if all of them hold at that moment; else nothing changes and the exit status is 11.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl put [OPTIONS] <KEY> [VALUE]", after_long_help = EXAMPLES)]
pub(crate) struct PutArgs {
    #[command(flatten)]
    operation: PutOperation,

    /// Write the content of this file, byte for byte; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    from_file: Option<PathBuf>,

    /// Delete the key after this time, in whole seconds; a lease is granted for it
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    ttl: Option<Duration>,

    #[command(flatten)]
    guard: GuardArgs,
}

/// What of `put` a transaction understands too.
#[derive(Debug, clap::Args)]
pub(crate) struct PutOperation {
    /// Key to write
    #[arg(value_name = "KEY")]
    key: Option<OsString>,

    /// Value to write [default: standard input]
    #[arg(value_name = "VALUE")]
    value: Option<OsString>,

    /// Lease to attach to the key, in hexadecimal; the key is deleted when the lease ends
    #[arg(long, value_name = "LEASE_ID", default_value = NO_LEASE, hide_default_value = true)]
    lease: String,

    /// Print the key and value as they were before
    #[arg(long)]
    prev_kv: bool,

    /// Keep the key's value and change only its lease
    #[arg(long)]
    ignore_value: bool,

    /// Keep the key's lease
    #[arg(long)]
    ignore_lease: bool,
}

impl PutOperation {
    /// Returns the request that asks for it. `input` gives the value if there is none here.
    pub(crate) fn request(&self, input: impl FnOnce() -> io::Result<Vec<u8>>) -> Result<PutRequest, CliError> {
        let usage = "put command needs 1 argument and input from stdin or 2 arguments";
        let Some(key) = self.key.clone() else {
            return Err(CliError::arguments(usage));
        };
        let value = match &self.value {
            Some(_) if self.ignore_value => {
                return Err(CliError::arguments("put command needs only 1 argument when 'ignore-value' is set"));
            }
            Some(value) => value.clone().into_vec(),
            None if self.ignore_value => Vec::new(),
            None => {
                let value = input().unwrap_or_default();
                if value.is_empty() {
                    return Err(CliError::arguments(usage).with_hint("an empty value is written as \"\""));
                }
                value
            }
        };
        let lease = parse_int(&self.lease, 16)
            .map_err(|error| CliError::arguments(format_args!("bad lease ID ({error}), expecting ID in Hex")))?;
        Ok(PutRequest {
            key: key.into_vec().into(),
            value: value.into(),
            lease,
            prev_kv: self.prev_kv,
            ignore_value: self.ignore_value,
            ignore_lease: self.ignore_lease,
        })
    }
}

pub(crate) async fn run(context: &Context, args: &PutArgs) -> Result<(), CliError> {
    let mut request = args.request()?;
    let guard = args.guard.guard()?;
    let mut session = context.session().await?;
    let client = &session.client;
    if let Some(ttl) = args.ttl {
        let grant = LeaseGrantRequest { id: 0, ttl: whole_seconds(ttl) };
        request.lease = client.lease_grant(grant, context.deadline()).await.map_err(|error| failure(&error))?.id;
    }
    let lease = request.lease;
    let written = write(client, context, guard, request).await;
    if args.ttl.is_some() && written.as_ref().is_err_and(NotWritten::is_certain) {
        // Nothing is attached to it; if it cannot be ended now, it ends by itself. Where the key may have been written, ending
        // the lease would delete it.
        let _ = client.lease_revoke(LeaseRevokeRequest { id: lease }, context.deadline()).await;
    }
    session.output.print(&written.map_err(CliError::from)?)
}

async fn write(
    client: &Client,
    context: &Context,
    guard: Option<Guard>,
    request: PutRequest,
) -> Result<PutResponse, NotWritten> {
    match guard {
        None => client.put(request, context.deadline()).await.map_err(NotWritten::Failed),
        Some(guard) => guard.put(client, request, context.deadline()).await,
    }
}

impl PutArgs {
    fn request(&self) -> Result<PutRequest, CliError> {
        if self.ttl.is_some() && (self.operation.lease != NO_LEASE || self.operation.ignore_lease) {
            return Err(CliError::arguments(
                "--ttl gives the key a lease, so --lease and --ignore-lease contradict it",
            ));
        }
        let Some(file) = &self.from_file else { return self.operation.request(read_stdin) };
        if self.operation.value.is_some() || self.operation.ignore_value {
            return Err(CliError::arguments("--from-file gives the value, so VALUE and --ignore-value contradict it"));
        }
        let value = if file.as_os_str() == "-" { read_stdin() } else { fs::read(file) };
        let value =
            value.map_err(|error| CliError::new(ExitStatus::Io, format_args!("read {}: {error}", file.display())))?;
        // An empty file is an empty value, where empty input is none.
        let request = self.operation.request(|| Ok(vec![0]))?;
        Ok(PutRequest { value: value.into(), ..request })
    }
}

/// Leases live for whole seconds; a key must not go early.
fn whole_seconds(ttl: Duration) -> i64 {
    let seconds = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
    i64::try_from(seconds.max(1)).unwrap_or(i64::MAX)
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut value = Vec::new();
    io::stdin().lock().read_to_end(&mut value)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches as _};

    fn parse(arguments: &[&str]) -> PutOperation {
        parse_command(arguments).operation
    }

    fn parse_command(arguments: &[&str]) -> PutArgs {
        let command = PutArgs::augment_args(clap::Command::new("put").no_binary_name(true));
        PutArgs::from_arg_matches(&command.get_matches_from(arguments)).unwrap()
    }

    #[test]
    fn a_file_is_a_value_also_when_it_is_empty() {
        assert_eq!(parse_command(&["k", "--from-file", "/dev/null"]).request().unwrap().value, "");
        let error = parse_command(&["k", "--from-file", "/nowhere"]).request().unwrap_err();
        assert_eq!(error.status, ExitStatus::Io);
        for arguments in [
            &["k", "v", "--from-file", "/dev/null"][..],
            &["k", "v", "--ttl", "5s", "--lease", "ff"],
            &["k", "v", "--ttl", "5s", "--ignore-lease"],
        ] {
            let error = parse_command(arguments).request().unwrap_err();
            assert_eq!(error.status, ExitStatus::BadArguments, "{arguments:?}");
        }
    }

    #[test]
    fn a_time_to_live_is_rounded_up() {
        for (ttl, seconds) in [("30s", 30), ("1500ms", 2), ("1ms", 1), ("0s", 1), ("1h", 3600)] {
            assert_eq!(whole_seconds(parse_duration(ttl).unwrap()), seconds, "{ttl}");
        }
    }

    #[test]
    fn every_option_arrives_in_the_request() {
        let args = parse(&["k", "v", "--lease", "ff", "--prev-kv", "--ignore-lease"]);
        let expected = PutRequest {
            key: "k".into(),
            value: "v".into(),
            lease: 255,
            prev_kv: true,
            ignore_value: false,
            ignore_lease: true,
        };
        assert_eq!(args.request(|| Ok(Vec::new())), Ok(expected));
        assert_eq!(parse(&["k", ""]).request(|| Ok(Vec::new())).unwrap().value, "");
        assert!(parse(&["k", "--ignore-value"]).request(|| Ok(Vec::new())).unwrap().ignore_value);
    }

    #[test]
    fn a_missing_value_comes_from_the_input() {
        let request = parse(&["k"]).request(|| Ok(b"a\n".to_vec())).unwrap();
        assert_eq!(request.value, "a\n");
    }

    #[test]
    fn wrong_arguments() {
        for (arguments, message) in [
            (&[][..], "put command needs 1 argument and input from stdin or 2 arguments"),
            (&["k", "v", "--ignore-value"], "put command needs only 1 argument when 'ignore-value' is set"),
            (
                &["k", "v", "--lease", "xyz"],
                "bad lease ID (strconv.ParseInt: parsing \"xyz\": invalid syntax), expecting ID in Hex",
            ),
        ] {
            let error = parse(arguments).request(|| Ok(Vec::new())).unwrap_err();
            assert_eq!((error.status, error.message.as_deref()), (ExitStatus::BadArguments, Some(message)));
        }
    }
}
