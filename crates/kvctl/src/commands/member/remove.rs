//! `kvctl member remove`: one member less.

use kv_cli::{CliError, Record, Value};
use kv_proto::etcdserverpb::MemberRemoveRequest;

use super::{cluster_id, id};
use crate::commands::confirmed::Confirmed;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  A machine that will not come back:
    $ kvctl member remove ae1b3d4c5f607182
";

/// Remove a member from the cluster
///
/// What it holds stays on its disk, but it can never come back: to add it again, start it on an empty directory.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl member remove <MEMBER_ID>", after_long_help = EXAMPLES)]
pub(crate) struct RemoveArgs {
    /// Member to remove, in hexadecimal
    #[arg(value_name = "MEMBER_ID")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &RemoveArgs) -> Result<(), CliError> {
    let id = id(&args.arguments)?;
    let mut session = context.session().await?;
    let response = session.client.member_remove(MemberRemoveRequest { id }, context.deadline()).await;
    let response = response.map_err(|error| failure(&error))?;
    let cluster = cluster_id(response.header.as_ref());
    session.output.print(&Confirmed {
        line: format!("Member {id:16x} removed from cluster {cluster:16x}"),
        record: Record::new().with("id", Value::Id(id)).with("removed", true),
        name: "etcdserverpb.MemberRemoveResponse",
        response,
    })
}
