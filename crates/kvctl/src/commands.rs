//! The table of commands.

mod get;
mod put;

mod del;
mod edit;
mod txn;

mod wait;
mod watch;

mod lease;

mod elect;
mod lock;

mod alarm;
mod check;
mod compaction;
mod defrag;
mod downgrade;
mod endpoint;
mod make_mirror;
mod member;
mod move_leader;
mod snapshot;

mod acknowledged;
mod auth;
mod role;
mod user;

mod child;
mod confirmed;
mod held;
mod pages;
mod reading;

mod export;
mod import;

mod context;
mod doctor;

pub(crate) mod sandbox;

mod completion;
mod options;
mod version;

use clap::Subcommand;
use kv_cli::{CliError, Format, Shell};

use crate::session::Context;

/// etcdctl's commands, among which an abbreviation must be unambiguous, also while some do not exist here.
pub(crate) const ETCDCTL_COMMANDS: &[&str] = &[
    "get",
    "put",
    "del",
    "txn",
    "compaction",
    "alarm",
    "defrag",
    "endpoint",
    "move-leader",
    "watch",
    "version",
    "lease",
    "member",
    "snapshot",
    "make-mirror",
    "lock",
    "elect",
    "auth",
    "user",
    "role",
    "check",
    "completion",
    "downgrade",
    "options",
    "help",
];

/// The commands by what they are for, as the help lists them.
const GROUPS: &[(&str, &[&str])] = &[
    ("Keys and values", &["get", "put", "del", "edit", "txn", "watch", "wait", "lease", "compaction"]),
    ("Moving keys", &["export", "import"]),
    ("Locks and elections", &["lock", "elect"]),
    (
        "Servers",
        &[
            "endpoint",
            "member",
            "move-leader",
            "alarm",
            "defrag",
            "snapshot",
            "make-mirror",
            "downgrade",
            "check",
            "doctor",
        ],
    ),
    ("Users and roles", &["auth", "user", "role"]),
    ("Trials and tests", &["sandbox"]),
    ("This tool", &["context", "completion", "options", "version"]),
];

#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    Get(get::GetArgs),
    Put(put::PutArgs),
    Del(del::DelArgs),
    Edit(edit::EditArgs),
    Txn(txn::TxnArgs),
    Watch(watch::WatchArgs),
    Wait(wait::WaitArgs),
    Lease(lease::LeaseArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Lock(lock::LockArgs),
    Elect(elect::ElectArgs),
    Compaction(compaction::CompactionArgs),
    Endpoint(endpoint::EndpointArgs),
    Member(member::MemberArgs),
    MoveLeader(move_leader::MoveLeaderArgs),
    Alarm(alarm::AlarmArgs),
    Defrag(defrag::DefragArgs),
    Snapshot(snapshot::SnapshotArgs),
    MakeMirror(make_mirror::MakeMirrorArgs),
    Check(check::CheckArgs),
    Downgrade(downgrade::DowngradeArgs),
    Auth(auth::AuthArgs),
    User(user::UserArgs),
    Role(role::RoleArgs),
    Sandbox(sandbox::SandboxArgs),
    Doctor(doctor::DoctorArgs),
    Context(context::ContextArgs),
    Completion(completion::CompletionArgs),
    Options(options::OptionsArgs),
    Version(version::VersionArgs),
}

/// Carries out a command.
pub(crate) async fn run(context: &Context, command: Commands) -> Result<(), CliError> {
    match command {
        Commands::Get(args) => get::run(context, &args).await,
        Commands::Put(args) => put::run(context, &args).await,
        Commands::Del(args) => del::run(context, &args).await,
        Commands::Txn(args) => txn::run(context, &args).await,
        Commands::Watch(args) => watch::run(context, args).await,
        Commands::Wait(args) => wait::run(context, &args).await,
        Commands::Edit(args) => edit::run(context, &args).await,
        Commands::Lease(args) => lease::run(context, &args).await,
        Commands::Export(args) => export::run(context, &args).await,
        Commands::Import(args) => import::run(context, &args).await,
        Commands::Lock(args) => lock::run(context, &args).await,
        Commands::Elect(args) => elect::run(context, &args).await,
        Commands::Compaction(args) => compaction::run(context, &args).await,
        Commands::Endpoint(args) => endpoint::run(context, &args).await,
        Commands::Member(args) => member::run(context, &args).await,
        Commands::MoveLeader(args) => move_leader::run(context, &args).await,
        Commands::Alarm(args) => alarm::run(context, &args).await,
        Commands::Defrag(args) => defrag::run(context, &args).await,
        Commands::Snapshot(args) => snapshot::run(context, &args).await,
        Commands::Check(args) => check::run(context, &args).await,
        Commands::MakeMirror(args) => make_mirror::run(context, &args).await,
        Commands::Downgrade(args) => downgrade::run(context, &args).await,
        Commands::Auth(args) => auth::run(context, &args).await,
        Commands::User(args) => user::run(context, &args).await,
        Commands::Role(args) => role::run(context, &args).await,
        Commands::Sandbox(args) => sandbox::run(context, &args).await,
        Commands::Doctor(args) => doctor::run(context, &args).await,
        Commands::Context(args) => context::run(context, &args),
        Commands::Completion(args) => completion::run(context, &args),
        Commands::Options(_) => options::run(context),
        Commands::Version(_) => version::run(context),
    }
}

/// Commands that talk to no server, so that it does not matter which.
const UNCONNECTED: &[&str] = &["completion", "context", "options", "sandbox", "version"];

/// Commands that change nothing on the server. What is not listed is taken for a change.
const READING: &[&[&str]] = &[
    &["alarm", "list"],
    &["auth", "status"],
    &["doctor"],
    &["downgrade", "validate"],
    &["endpoint"],
    &["export"],
    &["get"],
    &["lease", "list"],
    &["lease", "timetolive"],
    &["make-mirror"],
    &["member", "list"],
    &["role", "get"],
    &["role", "list"],
    &["snapshot"],
    &["user", "get"],
    &["user", "list"],
    &["wait"],
    &["watch"],
];

/// Says whether a command talks to the server that the options name.
pub(crate) fn connects(path: &[&str]) -> bool {
    path.first().is_some_and(|name| !UNCONNECTED.contains(name))
}

/// Says whether a command may change something on the server.
pub(crate) fn changes(path: &[&str]) -> bool {
    !READING.iter().any(|reading| path.starts_with(reading))
}

/// Lists the commands for the help, group by group. What is said of each stays in its column, however narrow the terminal is.
pub(crate) fn listing(command: &clap::Command, width: Option<usize>) -> String {
    let mut text = String::new();
    for (title, names) in GROUPS {
        text.extend([title, ":\n"]);
        for name in *names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            text.push_str(&wrapped(&format!("  {name:<13}"), &about, width));
        }
        text.push('\n');
    }
    text
}

/// Returns a text behind what it is about, with every line as far in as the first.
pub(crate) fn wrapped(before: &str, text: &str, width: Option<usize>) -> String {
    let indent = before.chars().count();
    let (mut lines, mut column) = (before.trim_end().to_owned(), before.trim_end().chars().count());
    for word in text.split(' ') {
        let length = word.chars().count();
        let space = if column <= indent { indent - column } else { 1 };
        if column > indent && width.is_some_and(|width| column + space + length > width) {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            column = indent + length;
        } else {
            lines.extend(std::iter::repeat_n(' ', space));
            column += space + length;
        }
        lines.push_str(word);
    }
    lines.push('\n');
    lines
}

/// Lists the values of arguments that know few. Completion offers them; clap must not check them, because wrong ones have
/// the error texts and statuses of etcdctl.
pub(crate) fn with_values(command: clap::Command) -> clap::Command {
    const CONSISTENCIES: &[&str] = &["l", "s"];
    let formats = Format::ALL.map(Format::name);
    let shells = Shell::ALL.map(Shell::name);
    command
        .mut_arg("write_out", |arg| values(arg, &formats))
        .mut_subcommand("get", |get| {
            get.mut_arg("order", |arg| values(arg, &["ASCEND", "DESCEND"]))
                .mut_arg("sort_by", |arg| values(arg, &["CREATE", "KEY", "MODIFY", "VALUE", "VERSION"]))
                .mut_arg("consistency", |arg| values(arg, CONSISTENCIES))
        })
        .mut_subcommand("member", |member| {
            member.mut_subcommand("list", |list| list.mut_arg("consistency", |arg| values(arg, CONSISTENCIES)))
        })
        .mut_subcommand("check", |check| {
            let with_loads =
                |command: clap::Command| command.mut_arg("load", |arg| values(arg, &["s", "m", "l", "xl"]));
            check.mut_subcommand("perf", with_loads).mut_subcommand("datascale", with_loads)
        })
        .mut_subcommand("completion", |completion| completion.mut_arg("shell", |arg| values(arg, &shells)))
}

/// Sets an argument's values without repeating them in its description, which names them.
fn values(arg: clap::Arg, values: &[&'static str]) -> clap::Arg {
    arg.value_parser(values.to_vec()).hide_possible_values(true)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_lists_name_commands_that_exist() {
        let root = crate::Cli::command();
        for path in READING.iter().copied().chain(UNCONNECTED.iter().map(std::slice::from_ref)) {
            let found = path.iter().try_fold(&root, |command, name| command.find_subcommand(name));
            assert!(found.is_some(), "{path:?}");
        }
        assert!(changes(&["lease", "grant"]) && !changes(&["endpoint", "health"]) && !connects(&["context", "list"]));
    }

    #[test]
    fn what_is_said_of_a_command_stays_in_its_column() {
        let text = wrapped("  get  ", "Read a key or a range", Some(20));
        assert_eq!(text, "  get  Read a key or\n       a range\n");
        assert_eq!(wrapped("  get  ", "Read a key", None), "  get  Read a key\n");
        assert_eq!(wrapped("", "too-long-for-it at all", Some(5)), "too-long-for-it\nat\nall\n");
        let listing = listing(&crate::Cli::command(), Some(40));
        assert!(listing.lines().all(|line| line.chars().count() <= 40), "{listing}");
    }

    #[test]
    fn every_command_is_listed_once() {
        let command = crate::Cli::command();
        let mut listed: Vec<_> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut existing: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        listed.sort_unstable();
        existing.sort_unstable();
        assert_eq!(listed, existing);
    }
}
