//! `kvctl export`: keys and values as lines of JSON.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;

use kv_cli::{CliError, Record, key_range, parse_revision};
use kv_proto::etcdserverpb::RangeRequest;

use super::pages::Pages;
use super::reading::{explained, interrupted};
use crate::session::{Context, Session};

const EXAMPLES: &str = "\
Examples:
  Everything, into a file:
    $ kvctl export > keys.jsonl

  What begins with /app/, as it was at revision 12:
    $ kvctl export /app/ --rev 12

  Copy keys to another server:
    $ kvctl export /app/ | kvctl import --endpoints other:2379

  Change values with jq, but only those that nobody changes meanwhile:
    $ kvctl export /app/ | jq -c '.value |= ascii_upcase' | kvctl import --if-unchanged
";

/// Print keys and values as lines of JSON
///
/// Each line is an object with `key`, `value`, `create_revision`, `mod_revision` and `version`, and `lease` where there is
/// one. A key or value that is not UTF-8 is `{"base64":"…"}`. All lines are of one revision, however long it takes. `kvctl
/// import` reads them. This is no backup: revisions, leases and users are not in it; `kvctl snapshot save` makes one.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl export [OPTIONS] [PREFIX]", after_long_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// What the keys begin with [default: all keys]
    #[arg(value_name = "PREFIX")]
    prefix: Option<OsString>,

    /// Revision to read at [default: the newest]
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = parse_revision)]
    rev: i64,
}

pub(crate) async fn run(context: &Context, args: &ExportArgs) -> Result<(), CliError> {
    let prefix = args.prefix.as_deref().unwrap_or_default();
    let (key, range_end) = key_range(prefix.as_bytes(), None, true, false);
    let request =
        RangeRequest { key: key.into(), range_end: range_end.into(), revision: args.rev, ..RangeRequest::default() };
    let Session { client, mut output } = context.session().await?;
    let mut pages = Pages::new(request);
    let mut page = explained(&client, pages.next(&client, context.deadline()).await, args.rev).await?;
    loop {
        for kv in &page.kvs {
            writeln!(output, "{}", Record::key_value(kv))?;
        }
        if pages.are_done() {
            return Ok(output.flush()?);
        }
        page = pages
            .next(&client, context.deadline())
            .await
            .map_err(|error| interrupted(&error, pages.last_key(), pages.revision()))?;
    }
}
