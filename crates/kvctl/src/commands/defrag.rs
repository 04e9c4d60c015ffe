//! `kvctl defrag`: give the servers' free space back to their file systems.

use std::time::Instant;

use kv_cli::{CliError, GoDuration, Outcome, Record};
use kv_proto::etcdserverpb::DefragmentRequest;

use crate::commands::endpoint;
use crate::hints;
use crate::session::{Context, connect};
use crate::voice::Failures;

const EXAMPLES: &str = "\
Examples:
  Defragment every member, one after the other:
    $ kvctl defrag --cluster
";

/// Give the servers' free space back to their file systems
///
/// Defragments the server behind each endpoint, one after the other.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DefragArgs {
    /// Take the endpoints from the cluster's list of members
    #[arg(long)]
    cluster: bool,
}

pub(crate) async fn run(context: &Context, args: &DefragArgs) -> Result<(), CliError> {
    let options = context.options()?;
    let mut output = context.output()?;
    let mut failures = Failures::new(context.voice());
    for endpoint in endpoint::endpoints(context, &options, args.cluster).await? {
        let client = connect(std::slice::from_ref(&endpoint), options.clone()).await?;
        let started = Instant::now();
        let result = client.defragment(DefragmentRequest {}, context.deadline()).await;
        let took = started.elapsed();
        match result {
            Ok(_) => {
                let line = format!("Finished defragmenting etcd member[{endpoint}]. took {}", GoDuration(took));
                let record = Record::new().with("endpoint", endpoint).with("took", took);
                output.print(&Outcome { line, record })?;
            }
            Err(error) => {
                let took = GoDuration(took);
                let text = format!("Failed to defragment etcd member[{endpoint}]. took {took}. ({error})");
                failures.add(&text, hints::hints(&error));
            }
        }
    }
    failures.end()
}
