//! What scripts ask of one read: whether there is a key, or its value with another one in its place.

use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;

use kv_cli::{CliError, ExitStatus, Format, simple_key_value};
use kv_proto::etcdserverpb::RangeRequest;
use kv_proto::mvccpb::KeyValue;

use super::GetArgs;
use crate::commands::reading::explained;
use crate::session::{Context, Session};

/// Carries out `get --exists` or `get --or`.
pub(super) async fn run(context: &Context, args: &GetArgs) -> Result<(), CliError> {
    let request = request(args)?;
    let Session { client, mut output } = context.session().await?;
    if args.or.is_some() && output.format != Format::Simple {
        return Err(CliError::arguments("--or is only for `--write-out=simple`"));
    }
    let revision = request.revision;
    let found = explained(&client, client.range(request, context.deadline()).await, revision).await?;
    let found = found.kvs.into_iter().next();
    match (&args.or, found) {
        (None, Some(_)) => Ok(()),
        (None, None) => Err(CliError::silent(ExitStatus::NotThere)),
        (Some(default), found) => {
            let instead = || KeyValue { value: default.as_bytes().to_vec().into(), ..KeyValue::default() };
            let mut style = output.style;
            style.value_only = true;
            simple_key_value(&mut output, style, &found.unwrap_or_else(instead))?;
            Ok(output.flush()?)
        }
    }
}

fn request(args: &GetArgs) -> Result<RangeRequest, CliError> {
    let request = args.operation.request()?;
    let read = &args.operation.read;
    if args.exists && args.or.is_some() {
        return Err(CliError::arguments("`--exists` and `--or` cannot be set at the same time, choose one"));
    }
    if args.or.is_some() && (!request.range_end.is_empty() || read.keys_only || read.count_only) {
        return Err(CliError::arguments("--or is for the value of a single key"));
    }
    // One key is enough to know, and a count would be the whole range's.
    let keys_only = args.exists || request.keys_only;
    Ok(RangeRequest { limit: 1, keys_only, count_only: false, ..request })
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn parse(line: &str) -> Result<RangeRequest, CliError> {
        let command = GetArgs::augment_args(clap::Command::new("get").no_binary_name(true));
        request(&GetArgs::from_arg_matches(&command.get_matches_from(line.split_whitespace())).unwrap())
    }

    #[test]
    fn one_key_is_asked_for() {
        let request = parse("a --prefix --exists --count-only").unwrap();
        assert_eq!((request.limit, request.keys_only, request.count_only), (1, true, false));
        assert!(!parse("a --or x --rev 3").unwrap().keys_only);
    }

    #[test]
    fn a_default_is_for_one_key() {
        for line in ["a --or x --prefix", "a b --or x", "a --or x --keys-only", "a --or x --exists"] {
            assert_eq!(parse(line).unwrap_err().status, ExitStatus::BadArguments, "{line}");
        }
    }
}
