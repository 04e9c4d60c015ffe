//! `kvctl endpoint`: look at each server by itself.

mod hashkv;
mod health;
mod status;

use clap::Subcommand;
use kv_cli::{CliError, ExitStatus};
use kv_client::Options;
use kv_proto::etcdserverpb::MemberListRequest;

use crate::hints;
use crate::session::{Context, connect};

/// Look at each server by itself: health, status, hash
#[derive(Debug, clap::Args)]
pub(crate) struct EndpointArgs {
    /// Take the endpoints from the cluster's list of members
    #[arg(long, global = true)]
    cluster: bool,

    #[command(subcommand)]
    command: EndpointCommand,
}

#[derive(Debug, Subcommand)]
enum EndpointCommand {
    Health(health::HealthArgs),
    Status(status::StatusArgs),
    Hashkv(hashkv::HashKvArgs),
}

pub(crate) async fn run(context: &Context, args: &EndpointArgs) -> Result<(), CliError> {
    match &args.command {
        EndpointCommand::Health(_) => health::run(context, args.cluster).await,
        EndpointCommand::Status(_) => status::run(context, args.cluster).await,
        EndpointCommand::Hashkv(hashkv) => hashkv::run(context, args.cluster, hashkv).await,
    }
}

/// Returns the endpoints that were given, or those of all members.
pub(crate) async fn endpoints(context: &Context, options: &Options, cluster: bool) -> Result<Vec<String>, CliError> {
    let given = context.endpoints().await?;
    if !cluster {
        return Ok(given);
    }
    let client = connect(&given, options.clone()).await;
    let client = client.map_err(|error| CliError { status: ExitStatus::Failure, ..error })?;
    let request = MemberListRequest { linearizable: true };
    let members = client.member_list(request, context.deadline()).await.map_err(|error| {
        let message = format!("failed to fetch endpoints from etcd cluster member list: {error}");
        let mut failed = CliError::new(ExitStatus::Failure, message);
        failed.hints = hints::hints(&error);
        failed
    })?;
    Ok(members.members.into_iter().flat_map(|member| member.client_ur_ls).collect())
}

/// Prints a list of answers as JSON, each with the endpoint it is from.
fn json_list(out: &mut dyn std::io::Write, name: &str, answers: &[(String, String)]) -> std::io::Result<()> {
    if answers.is_empty() {
        // What Go makes of a list that nothing was added to.
        return writeln!(out, "null");
    }
    for (index, (endpoint, answer)) in answers.iter().enumerate() {
        let separator = if index == 0 { '[' } else { ',' };
        write!(out, "{separator}{{\"Endpoint\":{},\"{name}\":{answer}}}", kv_cli::JsonString(endpoint))?;
    }
    writeln!(out, "]")
}
