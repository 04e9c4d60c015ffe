//! `kvctl`: talks to a running server, be it kvd or etcd, with the commands, output and exit statuses of etcdctl.
//!
//! [`main`] is the whole program; the binary only calls it. A command is one file under `commands/`, listed in
//! `commands.rs`. [`generated`] describes the files that are made from the same definitions.

mod commands;
mod contexts;
mod global;
mod guard;
mod hints;
mod lookup;
mod password;
mod session;
mod statuses;
mod voice;
mod words;

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use kv_cli::arguments::{self, Source, Stop, Tool};
use kv_cli::{CliError, ExitStatus, Generated};

use crate::commands::Commands;
#[cfg(target_os = "linux")]
use crate::commands::sandbox::keeper;
use crate::contexts::Chosen;
use crate::global::GlobalArgs;
use crate::session::Context;

/// Prefixes of environment variables: ours win.
const ENVIRONMENT_PREFIXES: &[&str] = &["KVCTL", "ETCDCTL"];

const EXAMPLES: &str = "\
Examples:
  Write a key, and read it back:
    $ kvctl put /app/color green
    $ kvctl get /app/color

  See who changes what begins with /app/, from revision 12 on:
    $ kvctl watch /app/ --prefix --rev 12

  Ask whether several servers are well:
    $ kvctl endpoint health --endpoints a:2379,b:2379,c:2379

  Try something without a server:
    $ kvctl sandbox -- sh -c 'kvctl put a 1; kvctl get a'
";

/// A command-line client for kvd and etcd
///
/// Reads, writes and watches keys, and looks after the servers that hold them. Works with every server that speaks the
/// etcd v3 API.
#[derive(Debug, Parser)]
#[command(name = "kvctl", version, disable_help_subcommand = true, args_override_self = true, after_long_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    globals: GlobalArgs,
    #[command(subcommand)]
    command: Commands,
}

/// Runs the program. The first argument is the name it was called by: as `etcdctl` it uses etcd's words.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let program = program_name(arguments.next());
    let arguments: Vec<OsString> = arguments.collect();
    let result = match arguments.as_slice() {
        [word, line] if word == lookup::WORD => return look_up(program, &line.to_string_lossy()),
        #[cfg(target_os = "linux")]
        [word, kept @ ..] if word == keeper::WORD => keeper::run(kept),
        _ => run(program, &arguments),
    };
    let status = match result {
        Ok(()) => ExitStatus::Success.code(),
        Err(error) => {
            let json = arguments::wants_json_errors(&arguments, ENVIRONMENT_PREFIXES, &|name| env::var_os(name));
            let report = if json { kv_cli::report_json } else { kv_cli::report };
            let status = report(&error, &mut io::stderr()).code();
            error.child_status.unwrap_or(status)
        }
    };
    ExitCode::from(status)
}

/// Answers a completion script, which has no use for an error.
fn look_up(program: &'static str, line: &str) -> ExitCode {
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
        runtime.block_on(lookup::run(program, line));
        runtime.shutdown_background();
    }
    ExitCode::SUCCESS
}

/// What is generated for the tool: man pages and completion scripts.
pub fn generated() -> Generated<'static> {
    generated_for("kvctl")
}

fn generated_for(program: &'static str) -> Generated<'static> {
    Generated {
        command: commands::with_values(command(program)),
        environment_prefixes: ENVIRONMENT_PREFIXES,
        environment: &[
            ("KVCTL_CONFIG", "The file with contexts, instead of kvctl/config.toml in XDG_CONFIG_HOME or ~/.config."),
            ("VISUAL, EDITOR", "The editor for edit; it may have options."),
            ("KVCTL_WATCH_KEY, ETCDCTL_WATCH_KEY", "The key for watch where none is given."),
            ("KVCTL_WATCH_RANGE_END, ETCDCTL_WATCH_RANGE_END", "The end of the range that begins with that key."),
            (
                "ETCD_LOCK_KEY, ETCD_LOCK_REV",
                "Set by lock for its command: the key that holds the lock, and a revision at which it did.",
            ),
            ("TERM, CI", "Without a TERM, with TERM=dumb or with CI set, nothing is asked and no progress is shown."),
        ],
        exit_statuses: statuses::ALL,
        command_statuses: statuses::OF_COMMANDS,
        lookup: Some(lookup::LOOKUP),
        see_also: &["kvd(1)", "kvutl(1)"],
    }
}

fn program_name(called: Option<OsString>) -> &'static str {
    let called = called.unwrap_or_default();
    match Path::new(&called).file_name() {
        Some(name) if name == "etcdctl" => "etcdctl",
        _ => "kvctl",
    }
}

fn command(program: &'static str) -> clap::Command {
    let command = Cli::command().name(program).bin_name(program);
    let width = kv_cli::terminal_width();
    let hint = format!(
        "Use \"{program} <COMMAND> --help\" for more about a command, and \"{program} options\" for the options that every \
         command has."
    );
    let template = format!(
        "{{about-with-newline}}\n{}\n{}{}",
        commands::wrapped(&format!("Usage: {program} "), "<COMMAND> [OPTIONS] [ARGUMENTS]", width),
        commands::listing(&command, width),
        commands::wrapped("", &hint, width.or(Some(80))),
    );
    command.help_template(template)
}

fn run(program: &'static str, arguments: &[OsString]) -> Result<(), CliError> {
    let tool = Tool {
        command: command(program),
        abbreviable: commands::ETCDCTL_COMMANDS,
        environment_prefixes: ENVIRONMENT_PREFIXES,
    };
    let parsed = match arguments::parse_with_sources(tool, arguments, &|name| env::var_os(name)) {
        Ok(parsed) => parsed,
        Err(Stop::Help(text)) => {
            use io::Write as _;
            return Ok(io::stdout().write_all(text.as_bytes())?);
        }
        Err(Stop::Error(error)) => return Err(error),
    };
    let cli =
        Cli::from_arg_matches(&parsed.matches).expect("the arguments have been checked against the same definitions");
    let command_timeout_is_given = parsed.source("command-timeout") != Source::Default;
    let mut globals = cli.globals;
    let path = command_path(&parsed.matches);
    let mut chosen = None;
    if commands::connects(&path) {
        // Under the name of etcdctl, nothing but what etcdctl looks at decides where to connect.
        chosen = contexts::choose(&mut globals, &|flag| parsed.source(flag), program != "etcdctl")?;
        let is_trial = is_switched_on(&parsed.matches, "dry_run");
        protect(chosen.as_ref(), &path, globals.yes || is_trial)?;
    }
    let context = Context { globals, program, command_timeout_is_given, chosen };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::new(ExitStatus::Failure, format_args!("start: {error}")))?;
    let result = runtime.block_on(commands::run(&context, cli.command));
    // Reading a terminal cannot be cancelled, so a thread that does is left to the end of the process.
    runtime.shutdown_background();
    result
}

/// Returns the names of a command and its subcommand.
fn command_path(matches: &clap::ArgMatches) -> Vec<&str> {
    std::iter::successors(matches.subcommand(), |(_, inner)| inner.subcommand()).map(|(name, _)| name).collect()
}

/// Says whether the command that is to run has a switch of this name, which is on.
fn is_switched_on(matches: &clap::ArgMatches, switch: &str) -> bool {
    let leaf = std::iter::successors(Some(matches), |matches| Some(matches.subcommand()?.1)).last();
    leaf.is_some_and(|leaf| matches!(leaf.try_get_one(switch), Ok(Some(true))))
}

/// Asks before a command changes something in a protected context.
fn protect(chosen: Option<&Chosen>, path: &[&str], yes: bool) -> Result<(), CliError> {
    let Some(chosen) = chosen.filter(|chosen| chosen.profile.protected && !yes && commands::changes(path)) else {
        return Ok(());
    };
    let (name, command) = (&chosen.name, path.join(" "));
    if !kv_cli::is_interactive() {
        let message = format!("the context {name} is protected, so `{command}` was not run");
        return Err(CliError::new(ExitStatus::Failure, message).with_hint("--yes says that it is meant"));
    }
    let question = format!("The context {name} is protected. Run `{command}`?");
    if kv_cli::confirm(&mut io::stderr(), &question)? {
        return Ok(());
    }
    Err(CliError::new(ExitStatus::Failure, format_args!("`{command}` was not run")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        command("kvctl").debug_assert();
    }

    #[test]
    fn no_argument_shares_its_id_with_a_global_option() {
        let command = command("kvctl");
        let globals: Vec<_> = command.get_arguments().map(clap::Arg::get_id).collect();
        for subcommand in command.get_subcommands() {
            let own = subcommand.get_arguments().map(clap::Arg::get_id);
            let shared: Vec<_> = own.filter(|id| globals.contains(id)).collect();
            assert!(shared.is_empty(), "{shared:?} of {}", subcommand.get_name());
        }
    }

    #[test]
    fn every_command_has_examples() {
        let mut commands = vec![command("kvctl")];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            assert!(command.has_subcommands() || examples.contains("$ kvctl "), "{}", command.get_name());
        }
    }

    /// Every line of the help that begins with a prompt can be typed as it is.
    #[test]
    fn the_examples_are_understood() {
        let tool = Tool { command: command("kvctl"), abbreviable: &[], environment_prefixes: &[] };
        let mut count = 0;
        let mut groups = vec![tool.command.clone()];
        while let Some(command) = groups.pop() {
            groups.extend(command.get_subcommands().cloned());
            let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            for line in examples.lines().filter_map(|line| line.trim().strip_prefix("$ kvctl ")) {
                let line = line.split(['<', '>', '|']).next().unwrap();
                let words = words::split(line).unwrap();
                let result = arguments::parse(tool.clone(), &words, &|_| None);
                assert!(!matches!(result, Err(Stop::Error(_))), "{line}: {result:?}");
                count += 1;
            }
        }
        assert!(count > 20, "only {count} examples found");
    }

    #[test]
    fn the_name_decides_whose_words_are_used() {
        assert_eq!(program_name(Some("/usr/bin/etcdctl".into())), "etcdctl");
        assert_eq!(program_name(Some("./kvctl".into())), "kvctl");
        assert_eq!(program_name(None), "kvctl");
    }
}
