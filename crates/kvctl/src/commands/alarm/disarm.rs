//! `kvctl alarm disarm`: end every alarm.

use kv_cli::CliError;
use kv_proto::etcdserverpb::alarm_request::AlarmAction;
use kv_proto::etcdserverpb::{AlarmRequest, AlarmResponse, AlarmType};

use super::AlarmList;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Make room in a store that has outgrown its quota, and let writing go on:
    $ kvctl compaction 1000 --physical
    $ kvctl defrag
    $ kvctl alarm disarm
";

/// End every alarm
///
/// Prints the alarms it ended. One whose cause lasts is raised again: by the next put if the store has no room yet.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl alarm disarm [OPTIONS]", after_long_help = EXAMPLES)]
pub(crate) struct DisarmArgs {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(context: &Context, args: &DisarmArgs) -> Result<(), CliError> {
    if !args.arguments.is_empty() {
        return Err(CliError::arguments("alarm disarm command accepts no arguments"));
    }
    let mut session = context.session().await?;
    let deadline = context.deadline();
    let list = AlarmRequest { action: AlarmAction::Get.into(), member_id: 0, alarm: AlarmType::None.into() };
    let raised = session.client.alarm(list, deadline).await.map_err(|error| failure(&error))?.alarms;
    // Several answers have no one header, as etcdctl sees it.
    let mut disarmed = AlarmResponse::default();
    for alarm in raised {
        let request =
            AlarmRequest { action: AlarmAction::Deactivate.into(), member_id: alarm.member_id, alarm: alarm.alarm };
        let response = session.client.alarm(request, deadline).await.map_err(|error| failure(&error))?;
        disarmed.alarms.extend(response.alarms);
    }
    session.output.print(&AlarmList(disarmed))
}
