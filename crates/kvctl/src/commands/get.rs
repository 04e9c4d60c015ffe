//! `kvctl get`: read a key, or every key of a range.

mod presence;
mod printing;
mod stream;

use std::ffi::OsString;

use kv_cli::{CliError, ExitStatus, Quoted, RangePrinter, ReadArgs};
use kv_proto::etcdserverpb::RangeRequest;

use self::printing::print_while;
use super::pages::Pages;
use super::reading::{explained, interrupted};
use crate::session::{Context, Session};

const EXAMPLES: &str = "\
Examples:
  Read a key, then only its value:
    $ kvctl get /app/color
    $ kvctl get /app/color --print-value-only

  Read all keys of a prefix, as JSON:
    $ kvctl get /app/ --prefix -w json

  Read what the key was at revision 12:
    $ kvctl get /app/color --rev 12

  Ask whether a key is there; take another value where it is not:
    $ kvctl get /app/color --exists || echo no color
    $ kvctl get /app/color --or green

  Count the keys:
    $ kvctl get \"\" --prefix --count-only -w fields

  The three keys that changed last:
    $ kvctl get /app/ --prefix --keys-only --sort-by MODIFY --order DESCEND --limit 3
";

/// Read a key or a range of keys
///
/// Prints each key and its value on lines of their own, in the order of the keys. Nothing is printed, and the exit
/// status is 0, where there is no key; --exists and --or tell scripts more.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl get [OPTIONS] <KEY> [RANGE_END]", after_long_help = EXAMPLES)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    operation: GetOperation,

    /// Print nothing; the exit status is 0 if there is a key, and 10 if there is none
    #[arg(long)]
    exists: bool,

    /// Print only the value, and this one where the key is not there
    #[arg(long, value_name = "DEFAULT")]
    or: Option<OsString>,
}

/// What of `get` a transaction understands too.
#[derive(Debug, clap::Args)]
pub(crate) struct GetOperation {
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// `l` to read the newest state of the cluster, `s` for what the member that answers knows
    #[arg(long, value_name = "l|s", default_value = "l")]
    pub(crate) consistency: String,

    /// Let the server send the answer in pieces instead of asking for pages; needs etcd 3.7 or kvd
    #[arg(long)]
    pub(crate) stream: bool,
}

impl GetOperation {
    /// Returns the request that asks for it.
    pub(crate) fn request(&self) -> Result<RangeRequest, CliError> {
        let request = self.read.request()?;
        Ok(RangeRequest { serializable: is_serializable(&self.consistency)?, ..request })
    }
}

/// Reads the value of `--consistency`.
pub(crate) fn is_serializable(consistency: &str) -> Result<bool, CliError> {
    match consistency {
        "l" => Ok(false),
        "s" => Ok(true),
        _ => {
            let message = format!("unknown consistency flag {}", Quoted(consistency.as_bytes()));
            Err(CliError::new(ExitStatus::BadFeature, message)
                .with_hint("it is `l` (linearizable) or `s` (serializable)"))
        }
    }
}

pub(crate) async fn run(context: &Context, args: &GetArgs) -> Result<(), CliError> {
    if args.exists || args.or.is_some() {
        return presence::run(context, args).await;
    }
    let args = &args.operation;
    let request = args.request()?;
    let Session { client, mut output } = context.session().await?;
    output.style = args.read.style(output.style);
    if args.stream {
        return stream::run(context, args, &client, output, request).await;
    }
    let mut pages = Pages::new(request);
    let mut page = explained(&client, pages.next(&client, context.deadline()).await, args.read.rev).await?;
    args.read.check_format(output.format)?;
    let (format, style) = (output.format, output.style);
    let mut printer = RangePrinter::new(output, format, style);
    while !pages.are_done() {
        let next;
        (printer, next) = print_while(printer, page, pages.next(&client, context.deadline())).await?;
        page = next.map_err(|error| interrupted(&error, pages.last_key(), pages.revision()))?;
    }
    printer.page(&page)?;
    Ok(printer.finish(pages.more, pages.count)?)
}
