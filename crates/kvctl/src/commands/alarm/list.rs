//! `kvctl alarm list`: the alarms that are raised.

use kv_cli::CliError;
use kv_proto::etcdserverpb::alarm_request::AlarmAction;
use kv_proto::etcdserverpb::{AlarmRequest, AlarmType};

use super::AlarmList;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Nothing is printed where no alarm is raised:
    $ kvctl alarm list
    memberID:10276657743932975437 alarm:NOSPACE
";

/// List the alarms that are raised
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl alarm list [OPTIONS]", after_long_help = EXAMPLES)]
pub(crate) struct ListArgs {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<(), CliError> {
    if !args.arguments.is_empty() {
        return Err(CliError::arguments("alarm list command accepts no arguments"));
    }
    let mut session = context.session().await?;
    let request = AlarmRequest { action: AlarmAction::Get.into(), member_id: 0, alarm: AlarmType::None.into() };
    let response = session.client.alarm(request, context.deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&AlarmList(response))
}
