//! `kvctl put`: write one key.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;

use kv_cli::{CliError, parse_int};
use kv_proto::etcdserverpb::PutRequest;

use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Write a key:
    $ kvctl put /app/color green

  A value that begins with a dash stands behind two:
    $ kvctl put /app/offset -- -5

  Write a file's content, byte for byte:
    $ kvctl put /app/logo < logo.png

  Let the key end with a lease, and see what it was before:
    $ kvctl put /app/color red --lease 32695410dcc0ca06 --prev-kv
";

/// Write a key
///
/// Without VALUE, the value is what standard input holds, up to its end and byte for byte.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl put [OPTIONS] <KEY> [VALUE]", after_long_help = EXAMPLES)]
pub(crate) struct PutArgs {
    /// Key to write
    #[arg(value_name = "KEY")]
    key: Option<OsString>,

    /// Value to write [default: standard input]
    #[arg(value_name = "VALUE")]
    value: Option<OsString>,

    /// Lease to attach to the key, in hexadecimal; the key is deleted when the lease ends
    #[arg(long, value_name = "LEASE_ID", default_value = "0", hide_default_value = true)]
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

impl PutArgs {
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
    let request = args.request(read_stdin)?;
    let mut session = context.session().await?;
    let response = session.client.put(request, context.deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&response)
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut value = Vec::new();
    io::stdin().lock().read_to_end(&mut value)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};
    use kv_cli::ExitStatus;

    use super::*;

    fn parse(arguments: &[&str]) -> PutArgs {
        let command = PutArgs::augment_args(clap::Command::new("put").no_binary_name(true));
        PutArgs::from_arg_matches(&command.get_matches_from(arguments)).unwrap()
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
