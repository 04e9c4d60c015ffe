//! `kvctl member promote`: a vote for a learner.

use kv_cli::{CliError, Record, Value};
use kv_proto::etcdserverpb::MemberPromoteRequest;

use super::{cluster_id, id};
use crate::commands::confirmed::Confirmed;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  A learner that has caught up:
    $ kvctl member promote ae1b3d4c5f607182
";

/// Give a learner a vote
///
/// The cluster refuses as long as the learner has not caught up.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl member promote <MEMBER_ID>", after_long_help = EXAMPLES)]
pub(crate) struct PromoteArgs {
    /// Member to promote, in hexadecimal
    #[arg(value_name = "MEMBER_ID")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &PromoteArgs) -> Result<(), CliError> {
    let id = id(&args.arguments)?;
    let mut session = context.session().await?;
    let response = session.client.member_promote(MemberPromoteRequest { id }, context.deadline()).await;
    let response = response.map_err(|error| failure(&error))?;
    let cluster = cluster_id(response.header.as_ref());
    session.output.print(&Confirmed {
        line: format!("Member {id:16x} promoted in cluster {cluster:16x}"),
        record: Record::new().with("id", Value::Id(id)).with("promoted", true),
        name: "etcdserverpb.MemberPromoteResponse",
        response,
    })
}
