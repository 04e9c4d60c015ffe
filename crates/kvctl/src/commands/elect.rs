//! `kvctl elect`: stand for an election, or watch who is elected.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use kv_cli::{CliError, ExitStatus};

use super::held::{EndSignals, HeldLease, canceled};
use crate::session::{Context, Session, failure};

const EXAMPLES: &str = "\
Examples:
  Stand for an election, and lead until interrupted:
    $ kvctl elect scheduler host-7

  See who leads, and who follows:
    $ kvctl elect -l scheduler
";

/// The time to live of a candidate's lease, in seconds.
const TTL: i64 = 60;

/// Stand for an election, or watch who is elected
///
/// With a proposal, waits until nobody else leads, prints the key and the proposal, and leads until interrupted or
/// terminated. If this process dies, the next one leads a minute later.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl elect [OPTIONS] <NAME> [PROPOSAL]", after_long_help = EXAMPLES)]
pub(crate) struct ElectArgs {
    /// Name of the election, and what to say as its leader
    #[arg(value_names = ["NAME", "PROPOSAL"])]
    words: Vec<OsString>,

    /// Print every leader and what it says, without standing for election
    #[arg(long, short)]
    listen: bool,
}

pub(crate) async fn run(context: &Context, args: &ElectArgs) -> Result<(), CliError> {
    match args.words.as_slice() {
        [name] if args.listen => {
            let mut session = context.session().await?;
            listen(&mut session, name).await
        }
        [_] => Err(CliError::arguments("no proposal argument but -l not set")),
        [_, _] if args.listen => Err(CliError::arguments("proposal given but -l is set")),
        [name, proposal] => {
            let mut session = context.session().await?;
            let mut signals = EndSignals::new()?;
            let mut lease = HeldLease::grant(&session.client, TTL, &mut signals).await?;
            let result = lead(&mut session, &mut lease, &mut signals, name, proposal).await;
            let released = lease.release(context.deadline(), &mut signals).await;
            result.and(released)
        }
        _ => Err(CliError::arguments("elect takes one election name argument and an optional proposal argument")),
    }
}

async fn listen(session: &mut Session, name: &OsStr) -> Result<(), CliError> {
    let mut signals = EndSignals::new()?;
    let mut observer = session.client.contest(name.as_bytes()).observe();
    loop {
        tokio::select! {
            leader = observer.next() => session.output.print(&leader.map_err(|error| failure(&error))?)?,
            _ = signals.next() => return Ok(()),
        }
    }
}

async fn lead(
    session: &mut Session,
    lease: &mut HeldLease,
    signals: &mut EndSignals,
    name: &OsStr,
    proposal: &OsStr,
) -> Result<(), CliError> {
    let contest = session.client.contest(name.as_bytes());
    let id = lease.id;
    let elected = async {
        let candidate = contest.enter(id, proposal.as_bytes()).await?;
        match contest.wait_for_turn(&candidate).await? {
            Some(_) => contest.get(&candidate.key).await.map(Some),
            None => Ok(None),
        }
    };
    let leader = tokio::select! {
        elected = elected => elected.map_err(|error| failure(&error))?,
        () = lease.lost() => None,
        _ = signals.next() => return Err(canceled()),
    };
    let Some(leader) = leader else { return Err(expired()) };
    session.output.print(&leader)?;
    tokio::select! {
        () = lease.lost() => Err(expired()),
        _ = signals.next() => Ok(()),
    }
}

fn expired() -> CliError {
    CliError::new(ExitStatus::Failure, "elect: session expired")
        .with_hint("the lease could not be renewed in time, so somebody else may lead now")
}
