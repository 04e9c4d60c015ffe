//! `kvctl member update`: where a member listens.

use kv_cli::{CliError, Record, Value};
use kv_proto::etcdserverpb::MemberUpdateRequest;

use super::{check_urls, cluster_id, id, peer_urls};
use crate::commands::confirmed::Confirmed;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  A member that moved:
    $ kvctl member update ae1b3d4c5f607182 --peer-urls=http://10.0.0.5:2380
";

/// Change where a member listens for others
///
/// The other members use the new addresses from then on.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl member update <MEMBER_ID> --peer-urls <URLS>", after_long_help = EXAMPLES)]
pub(crate) struct UpdateArgs {
    /// Member to update, in hexadecimal
    #[arg(value_name = "MEMBER_ID")]
    arguments: Vec<String>,

    /// Where it listens for other members, separated by commas
    #[arg(long, value_name = "URLS", default_value = "", hide_default_value = true)]
    peer_urls: String,
}

pub(crate) async fn run(context: &Context, args: &UpdateArgs) -> Result<(), CliError> {
    let id = id(&args.arguments)?;
    let peer_ur_ls = peer_urls(&args.peer_urls)?;
    let mut session = context.session().await?;
    check_urls(&peer_ur_ls)?;
    let response = session.client.member_update(MemberUpdateRequest { id, peer_ur_ls }, context.deadline()).await;
    let response = response.map_err(|error| failure(&error))?;
    let cluster = cluster_id(response.header.as_ref());
    session.output.print(&Confirmed {
        line: format!("Member {id:16x} updated in cluster {cluster:16x}"),
        record: Record::new().with("id", Value::Id(id)).with("updated", true),
        name: "etcdserverpb.MemberUpdateResponse",
        response,
    })
}
