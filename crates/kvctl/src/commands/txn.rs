//! `kvctl txn`: several operations as one, under conditions.

mod compare;
mod operation;

use std::ffi::OsString;
use std::io::{self, BufRead, Write as _};

use kv_cli::{CliError, ExitStatus};
use kv_client::Deadline;
use kv_proto::etcdserverpb::TxnRequest;

use crate::session::{Context, Session, failure};

const EXAMPLES: &str = "\
Examples:
  Write a key only if it does not exist; an empty line ends each part:
    $ kvctl txn <<'END'
    create(\"/lock\") = \"0\"

    put /lock mine

    get /lock

    END

  Take a value only if nobody changed it since revision 12:
    $ kvctl txn <<'END'
    mod(\"/app/color\") = \"12\"

    put /app/color blue


    END
";

const LONG_ABOUT: &str = "\
Run several operations as one, under conditions

Reads three parts from standard input, each ended by an empty line: conditions, the operations for when all of them hold, \
and the operations for when one does not.

A condition is TARGET(\"KEY\") OPERATOR \"VALUE\". The target is `version` (or `ver`), `create` (`c`), `mod` (`m`), \
`value` (`val`) or `lease`; the operator is =, !=, < or >. Key and value are always quoted, with escapes like \\n and \
\\x00. The version of a key that does not exist is 0.

An operation is a get, put or del command with its options. Words may be quoted: '…' is taken as it is, \"…\" knows \
escapes.

Prints SUCCESS or FAILURE, and the result of each operation after an empty line.";

/// Run several operations as one, under conditions
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl txn [OPTIONS]", after_long_help = EXAMPLES, long_about = LONG_ABOUT)]
pub(crate) struct TxnArgs {
    /// Say what is expected before each part
    #[arg(long, short)]
    interactive: bool,

    /// Too many.
    #[arg(hide = true)]
    surplus: Vec<OsString>,
}

pub(crate) async fn run(context: &Context, args: &TxnArgs) -> Result<(), CliError> {
    if !args.surplus.is_empty() {
        return Err(CliError::arguments("txn command does not accept argument"));
    }
    let Session { client, mut output } = context.session().await?;
    let mut prompt = |text: &str| -> Result<(), CliError> {
        if args.interactive {
            writeln!(output, "{text}")?;
            output.flush()?;
        }
        Ok(())
    };
    let mut input = io::stdin().lock();
    let mut request = TxnRequest::default();
    prompt("compares:")?;
    while let Some(line) = next_line(&mut input)? {
        request.compare.push(compare::parse(&line)?);
    }
    prompt("success requests (get, put, del):")?;
    while let Some(line) = next_line(&mut input)? {
        request.success.push(operation::parse(&line, context.voice()).await?);
    }
    prompt("failure requests (get, put, del):")?;
    while let Some(line) = next_line(&mut input)? {
        request.failure.push(operation::parse(&line, context.voice()).await?);
    }
    drop(input);
    let response = client.txn(request, Deadline::NEVER).await.map_err(|error| failure(&error))?;
    output.print(&response)
}

/// Reads a line of a part, without the space around it; nothing at the empty line that ends the part.
fn next_line(input: &mut impl BufRead) -> Result<Option<String>, CliError> {
    let mut line = Vec::new();
    let read = input.read_until(b'\n', &mut line);
    read.map_err(|error| CliError::new(ExitStatus::BadInput, error))?;
    if !line.ends_with(b"\n") {
        return Err(CliError::new(ExitStatus::BadInput, "EOF")
            .with_hint("each of the three parts of a transaction ends with an empty line, also an empty part"));
    }
    let Ok(line) = String::from_utf8(line) else {
        return Err(
            CliError::new(ExitStatus::BadInput, "a line is not UTF-8").with_hint("write such bytes as \"\\xff\"")
        );
    };
    Ok(Some(line.trim().to_owned()).filter(|line| !line.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_line_ends_a_part() {
        let mut input = &b"  a b \nc\n\t\nd"[..];
        assert_eq!(next_line(&mut input), Ok(Some("a b".to_owned())));
        assert_eq!(next_line(&mut input), Ok(Some("c".to_owned())));
        assert_eq!(next_line(&mut input), Ok(None));
        let error = next_line(&mut input).unwrap_err();
        assert_eq!((error.status, error.message.as_deref()), (ExitStatus::BadInput, Some("EOF")));
    }
}
