//! `kvctl move-leader`: let another member lead.

use kv_cli::{CliError, Record, Value, parse_id};
use kv_client::Client;
use kv_proto::etcdserverpb::{MoveLeaderRequest, StatusRequest};

use crate::commands::confirmed::Confirmed;
use crate::session::{Context, connect, failure};

const EXAMPLES: &str = "\
Examples:
  Before the machine of the leader is restarted:
    $ kvctl move-leader c89feb932daef420 --endpoints=10.0.0.1:2379,10.0.0.2:2379
";

/// Let another member lead
///
/// Asks each endpoint whether it is the leader, and that one to hand over. So the leader must be among the endpoints.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl move-leader <MEMBER_ID>", after_long_help = EXAMPLES)]
pub(crate) struct MoveLeaderArgs {
    /// Member that is to lead, in hexadecimal
    #[arg(value_name = "MEMBER_ID")]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &MoveLeaderArgs) -> Result<(), CliError> {
    let [target] = args.arguments.as_slice() else {
        return Err(CliError::arguments("move-leader command needs 1 argument"));
    };
    let target = parse_id(target).map_err(CliError::arguments)?;
    let (client, leader) = find_leader(context).await?;
    let request = MoveLeaderRequest { target_id: target };
    let response = client.move_leader(request, context.deadline()).await.map_err(|error| failure(&error))?;
    context.output()?.print(&Confirmed {
        line: format!("Leadership transferred from {leader:x} to {target:x}"),
        record: Record::new().with("from", Value::Id(leader)).with("to", Value::Id(target)),
        name: "etcdserverpb.MoveLeaderResponse",
        response,
    })
}

/// Returns a client of the leader alone, and the leader's id.
async fn find_leader(context: &Context) -> Result<(Client, u64), CliError> {
    let options = context.options()?;
    let endpoints = context.endpoints().await?;
    for endpoint in &endpoints {
        let client = connect(std::slice::from_ref(endpoint), options.clone()).await?;
        let status = client.status(StatusRequest {}, context.deadline()).await.map_err(|error| failure(&error))?;
        if status.header.unwrap_or_default().member_id == status.leader {
            return Ok((client, status.leader));
        }
    }
    let endpoints = endpoints.join(" ");
    Err(CliError::arguments(format_args!("no leader endpoint given at [{endpoints}]"))
        .with_hint("name all members with --endpoints; `kvctl endpoint status --cluster` shows who leads"))
}
