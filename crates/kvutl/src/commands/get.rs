//! `kvutl get`: read a key, or every key in a range.

use clap::Args;
use kv_cli::{CliError, RangePrinter, ReadArgs};

use crate::global::Context;
use crate::{directory, page};

/// Read a key or a range of keys from a data directory
///
/// Prints each key and its value on lines of their own, in key order, exactly as kvctl get does. Beside a running server
/// this shows whatever was answered before the command began.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    read: ReadArgs,
}

const EXAMPLES: &str = "\
Examples:
  Read a key, or all keys of a prefix without their values:
    $ kvutl get /config/name
    $ kvutl get /config/ --prefix --keys-only

  Read everything as it was at revision 1200, from a copy of a data directory, as JSON:
    $ kvutl get \"\" --prefix --rev 1200 -w json --data-dir /mnt/backup/default.kvd
";

pub(crate) fn run(args: &GetArgs, context: &mut Context<'_>) -> Result<(), CliError> {
    let request = args.read.request()?;
    let mut session = directory::read(context)?;
    let format = context.out.format;
    let style = args.read.style(context.out.style);
    let mut checked = false;
    let mut printer = RangePrinter::new(&mut context.out, format, style);
    let end = page::read(&mut session, &request, |page| {
        // What cannot be read is said before what cannot be printed, as by a server.
        if !checked {
            args.read.check_format(format)?;
            checked = true;
        }
        Ok(printer.page(page)?)
    })?;
    Ok(printer.finish(end.more, end.count)?)
}
