//! `kvctl compaction`: drop old revisions.

use kv_cli::{CliError, ExitStatus, Outcome, Record, parse_int};
use kv_proto::etcdserverpb::CompactionRequest;

use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Drop what was superseded before revision 1000:
    $ kvctl compaction 1000

  The same, and wait until the space is free:
    $ kvctl compaction 1000 --physical
";

/// Drop the history before a revision
///
/// Every key keeps its newest value. What was superseded before REVISION can no longer be read or watched, and its
/// space is used again.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl compaction [OPTIONS] <REVISION>", after_long_help = EXAMPLES)]
pub(crate) struct CompactionArgs {
    /// Oldest revision to keep
    #[arg(value_name = "REVISION")]
    arguments: Vec<String>,

    /// Wait until the old revisions are gone from the disk
    #[arg(long)]
    physical: bool,
}

impl CompactionArgs {
    fn request(&self) -> Result<CompactionRequest, CliError> {
        let [revision] = self.arguments.as_slice() else {
            return Err(CliError::arguments("compaction command needs 1 argument"));
        };
        let revision = parse_int(revision, 10).map_err(|error| CliError::new(ExitStatus::Failure, error))?;
        Ok(CompactionRequest { revision, physical: self.physical })
    }
}

pub(crate) async fn run(context: &Context, args: &CompactionArgs) -> Result<(), CliError> {
    let request = args.request()?;
    let mut session = context.session().await?;
    session.client.compact(request, context.deadline()).await.map_err(|error| failure(&error))?;
    let line = format!("compacted revision {}", request.revision);
    session.output.print(&Outcome { line, record: Record::new().with("compact_revision", request.revision) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_needed() {
        let request = |arguments: &[&str]| {
            let arguments = arguments.iter().map(ToString::to_string).collect();
            CompactionArgs { arguments, physical: true }.request()
        };
        assert_eq!(request(&["42"]), Ok(CompactionRequest { revision: 42, physical: true }));
        assert_eq!(request(&[]).unwrap_err().status, ExitStatus::BadArguments);
        assert_eq!(request(&["1", "2"]).unwrap_err().status, ExitStatus::BadArguments);
        let error = request(&["x"]).unwrap_err();
        assert_eq!(error.status, ExitStatus::Failure);
        assert_eq!(error.message.as_deref(), Some("strconv.ParseInt: parsing \"x\": invalid syntax"));
    }
}
