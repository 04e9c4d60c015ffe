//! Command lines read by etcdctl's rules, which are those of its Go libraries, on the way to clap.
//!
//! [`parse`] brings a command line into one canonical shape (`COMMAND… --flag=value… -- ARGUMENT…`) and hands that to
//! clap. On the way it does what clap does not: abbreviated commands, `--flag=true`, option values that begin with a
//! dash, environment variables under two names, and the error texts that scripts know.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::{CliError, ExitStatus, Quoted, parse_bool};

/// A command-line tool, as far as reading its arguments is concerned.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    /// Everything that clap knows about it.
    pub command: Command,
    /// The commands that may be abbreviated, and among which an abbreviation must be unambiguous. Some may not exist.
    pub abbreviable: &'a [&'a str],
    /// Prefixes of the environment variables that stand in for global flags; the first that is set wins.
    pub environment_prefixes: &'a [&'a str],
}

/// Why there is nothing to run.
#[derive(Debug)]
pub enum Stop {
    /// Help was asked for; it goes to standard output.
    Help(String),
    /// The command line is wrong.
    Error(CliError),
}

impl From<CliError> for Stop {
    fn from(error: CliError) -> Stop {
        Stop::Error(error)
    }
}

/// Reads a command line, without the program's name. `environment` looks up a variable.
///
/// # Errors
///
/// [`Stop`] where help was asked for or the line is wrong.
pub fn parse(
    tool: &Tool<'_>,
    arguments: &[OsString],
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Result<ArgMatches, Stop> {
    let mut root = tool.command.clone();
    root.build();
    let mut line = Line { tool, commands: vec![&root], flags: Vec::new(), positionals: Vec::new(), separated: None };
    line.read(arguments)?;
    let from_environment = line.add_environment(environment)?;
    let command = line.leaf().clone();
    let canonical = line.canonical();
    let matches = root.clone().try_get_matches_from(canonical);
    matches.map_err(|error| translate(&error, &command, &from_environment))
}

/// A flag as it was given.
struct Flag {
    name: String,
    value: Option<OsString>,
}

struct Line<'t> {
    tool: &'t Tool<'t>,
    /// The root and the subcommands below it.
    commands: Vec<&'t Command>,
    flags: Vec<Flag>,
    positionals: Vec<OsString>,
    /// What follows `--`, if it was given.
    separated: Option<Vec<OsString>>,
}

impl<'t> Line<'t> {
    fn leaf(&self) -> &'t Command {
        self.commands.last().expect("at least the root")
    }

    fn read(&mut self, arguments: &[OsString]) -> Result<(), Stop> {
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let bytes = argument.as_bytes();
            if bytes == b"--" {
                self.separated = Some(rest.cloned().collect());
                break;
            } else if let Some(flag) = bytes.strip_prefix(b"--") {
                self.long(flag, &mut rest)?;
            } else if bytes.len() > 1 && bytes[0] == b'-' {
                self.shorts(&bytes[1..], &mut rest)?;
            } else if self.positionals.is_empty() && self.leaf().has_subcommands() {
                self.subcommand(argument, rest.as_slice())?;
            } else {
                self.positionals.push(argument.clone());
            }
        }
        if self.leaf().has_subcommands() {
            // A group of commands explains itself, whatever else is on the line.
            return Err(Stop::Help(help(self.leaf(), false)));
        }
        let takes_command = self.leaf().get_positionals().any(Arg::is_last_set);
        if takes_command && self.separated.as_ref().is_some_and(Vec::is_empty) {
            let message = "bad number of arguments (found separator --, but no commands)";
            return Err(CliError::arguments(message).into());
        }
        Ok(())
    }

    fn subcommand(&mut self, typed: &OsStr, rest: &[OsString]) -> Result<(), Stop> {
        let name = typed.to_string_lossy();
        let parent = self.leaf();
        let at_root = self.commands.len() == 1;
        if at_root && (name == "help" || (name.len() > 2 && "help".starts_with(&*name))) {
            return Err(self.help_topic(rest));
        }
        if let Some(found) = self.find_subcommand(parent, &name) {
            self.commands.push(found);
            return Ok(());
        }
        if !at_root {
            return Err(Stop::Help(help(parent, false)));
        }
        let program = parent.get_name();
        let mut usage = String::new();
        let suggestions = suggestions(parent, &name);
        if !suggestions.is_empty() {
            usage.push_str("\nDid you mean this?\n");
            usage.extend(suggestions.iter().map(|name| format!("\t{name}\n")));
            usage.push('\n');
        }
        usage += "Run '";
        usage += program;
        usage += " --help' for usage.\n";
        let message = format!("unknown command {} for \"{program}\"", Quoted(typed.as_bytes()));
        Err(CliError::new(ExitStatus::Failure, message).with_usage(usage).into())
    }

    /// Finds a subcommand by its name or by an abbreviation that fits one command only.
    fn find_subcommand(&self, parent: &'t Command, name: &str) -> Option<&'t Command> {
        if let Some(found) = parent.find_subcommand(name) {
            return Some(found);
        }
        let names: Vec<&str> = match self.commands.len() {
            1 => self.tool.abbreviable.to_vec(),
            _ => parent.get_subcommands().map(Command::get_name).collect(),
        };
        let mut matching = names.into_iter().filter(|known| known.starts_with(name));
        let only = matching.next().filter(|_| matching.next().is_none())?;
        parent.find_subcommand(only)
    }

    fn help_topic(&self, topic: &[OsString]) -> Stop {
        let root = self.leaf();
        let mut command = root;
        for name in topic {
            let name = name.to_string_lossy();
            let Some(found) = self.find_subcommand(command, &name) else {
                let text = format!("Unknown help topic [`{name}`]\n");
                let error = CliError::silent(ExitStatus::Success).with_usage(text + &help(root, false));
                return Stop::Error(error);
            };
            command = found;
        }
        Stop::Help(help(command, true))
    }

    fn long(&mut self, flag: &[u8], rest: &mut std::slice::Iter<'_, OsString>) -> Result<(), Stop> {
        let (name, value) = match flag.iter().position(|&byte| byte == b'=') {
            Some(position) => (&flag[..position], Some(&flag[position + 1..])),
            None => (flag, None),
        };
        let name = String::from_utf8_lossy(name).into_owned();
        if name == "help" {
            return Err(Stop::Help(help(self.leaf(), true)));
        }
        let Some(arg) = self.find_flag(|arg| arg.get_long() == Some(&name)) else {
            return Err(self.usage_error(format!("unknown flag: --{name}")));
        };
        let value = match value {
            Some(value) => Some(OsStr::from_bytes(value).to_owned()),
            None if needs_value(arg) => {
                let next = rest.next().cloned();
                Some(next.ok_or_else(|| self.usage_error(format!("flag needs an argument: --{name}")))?)
            }
            None => None,
        };
        self.push_flag(arg, value)
    }

    /// Reads flags of one letter: several without a value may stand together, the last one may have its value attached.
    fn shorts(&mut self, letters: &[u8], rest: &mut std::slice::Iter<'_, OsString>) -> Result<(), Stop> {
        let shown = String::from_utf8_lossy(letters).into_owned();
        for (index, &letter) in letters.iter().enumerate() {
            let letter = char::from(letter);
            if letter == 'h' {
                return Err(Stop::Help(help(self.leaf(), false)));
            }
            let Some(arg) = self.find_flag(|arg| arg.get_short() == Some(letter)) else {
                return Err(self.usage_error(format!("unknown shorthand flag: '{letter}' in -{shown}")));
            };
            if let Some(value) = letters[index + 1..].strip_prefix(b"=") {
                return self.push_flag(arg, Some(OsStr::from_bytes(value).to_owned()));
            }
            if !needs_value(arg) {
                self.push_flag(arg, None)?;
                continue;
            }
            let attached = &letters[index + 1..];
            let value = if attached.is_empty() {
                let next = rest.next().cloned();
                next.ok_or_else(|| self.usage_error(format!("flag needs an argument: '{letter}' in -{shown}")))?
            } else {
                OsStr::from_bytes(attached).to_owned()
            };
            return self.push_flag(arg, Some(value));
        }
        Ok(())
    }

    fn find_flag(&self, is_it: impl Fn(&Arg) -> bool) -> Option<&'t Arg> {
        self.commands.iter().rev().flat_map(|command| command.get_arguments()).find(|arg| is_it(arg))
    }

    /// Adds a flag. A switch that is set several times keeps its last state, which may be off.
    fn push_flag(&mut self, arg: &'t Arg, value: Option<OsString>) -> Result<(), Stop> {
        let name = arg.get_long().expect("every flag has a long name").to_owned();
        match arg.get_action() {
            ArgAction::Version => return Err(Stop::Help(self.commands[0].render_version())),
            ArgAction::SetTrue => {}
            _ => {
                self.flags.push(Flag { name, value });
                return Ok(());
            }
        }
        let on = match &value {
            None => true,
            Some(value) => parse_bool(&value.to_string_lossy()).map_err(|reason| {
                let text = Quoted(value.as_bytes());
                self.usage_error(format!("invalid argument {text} for \"{}\" flag: {reason}", shown_name(arg)))
            })?,
        };
        self.flags.retain(|flag| flag.name != name);
        self.flags.push(Flag { name, value: (!on).then(|| "false".into()) });
        Ok(())
    }

    /// Adds the global flags that are not on the line but in the environment; returns the flags and their variables.
    fn add_environment(
        &mut self,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Vec<(String, String)>, Stop> {
        let mut used = Vec::new();
        let leaf = self.leaf();
        // The leaf's own flags are not looked up, only those it inherits.
        let inherited = self.commands.iter().filter(|command| !std::ptr::eq(**command, leaf));
        let mut globals: Vec<&Arg> = Vec::new();
        for arg in inherited.flat_map(|command| command.get_arguments()).filter(|arg| arg.is_global_set()) {
            if !globals.iter().any(|known| known.get_id() == arg.get_id()) {
                globals.push(arg);
            }
        }
        for arg in globals {
            let Some(name) = arg.get_long() else { continue };
            if self.flags.iter().any(|flag| flag.name == name) {
                continue;
            }
            for prefix in self.tool.environment_prefixes {
                let variable = variable_name(prefix, name);
                let Some(value) = environment(&variable).filter(|value| !value.is_empty()) else { continue };
                self.push_flag(arg, Some(value)).map_err(|stop| match stop {
                    Stop::Error(error) => Stop::Error(error.with_hint(comes_from(&variable))),
                    stop @ Stop::Help(_) => stop,
                })?;
                used.push((name.to_owned(), variable));
                break;
            }
        }
        Ok(used)
    }

    fn canonical(self) -> Vec<OsString> {
        let takes_command = self.leaf().get_positionals().any(Arg::is_last_set);
        let mut canonical: Vec<OsString> = self.commands.iter().map(|command| command.get_name().into()).collect();
        let leaf_flags = self.commands.iter().flat_map(|command| command.get_arguments());
        let switches: Vec<&str> =
            leaf_flags.filter(|arg| matches!(arg.get_action(), ArgAction::SetTrue)).filter_map(Arg::get_long).collect();
        for Flag { name, value } in self.flags {
            let mut flag = OsString::from(format!("--{name}"));
            match value {
                // A switch that is off.
                Some(_) if switches.contains(&name.as_str()) => continue,
                Some(value) => {
                    flag.push("=");
                    flag.push(value);
                }
                None => {}
            }
            canonical.push(flag);
        }
        if takes_command {
            canonical.extend(self.positionals);
            canonical.extend(self.separated.into_iter().flat_map(|command| [vec!["--".into()], command].concat()));
        } else {
            canonical.push("--".into());
            canonical.extend(self.positionals);
            canonical.extend(self.separated.into_iter().flatten());
        }
        canonical
    }

    fn usage_error(&self, message: String) -> Stop {
        usage_error(self.leaf(), message)
    }
}

fn usage_error(command: &Command, message: String) -> Stop {
    let usage = format!("{}\n\nFor more information, try '--help'.\n", command.clone().render_usage());
    Stop::Error(CliError::new(ExitStatus::Failure, message).with_usage(usage))
}

fn needs_value(arg: &Arg) -> bool {
    arg.get_action().takes_values() && arg.get_num_args().is_none_or(|count| count.min_values() > 0)
}

fn help(command: &Command, long: bool) -> String {
    let mut command = command.clone();
    let text = if long { command.render_long_help() } else { command.render_help() };
    text.to_string()
}

/// Returns the variable that stands in for a flag.
pub fn variable_name(prefix: &str, flag: &str) -> String {
    format!("{prefix}_{}", flag.to_uppercase().replace('-', "_"))
}

/// Says clap's errors in the words of etcdctl, whose scripts match on them.
fn translate(error: &clap::Error, command: &Command, from_environment: &[(String, String)]) -> Stop {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Stop::Help(error.to_string());
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let (Some(arg), Some(value)) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue)) else {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        return CliError::new(ExitStatus::Failure, text).into();
    };
    // clap shows the flag with the name of its value: `--rev <REVISION>`.
    let name = arg.trim_start_matches('-').split(['=', ' ', '[']).next().unwrap_or_default();
    let shown =
        command.get_arguments().find(|arg| arg.get_long() == Some(name)).map_or_else(|| arg.to_owned(), shown_name);
    let reason = std::error::Error::source(error).map_or_else(|| "invalid value".to_owned(), ToString::to_string);
    let message = format!("invalid argument {} for \"{shown}\" flag: {reason}", Quoted(value.as_bytes()));
    match (usage_error(command, message), from_environment.iter().find(|(flag, _)| flag == name)) {
        (Stop::Error(error), Some((_, variable))) => Stop::Error(error.with_hint(comes_from(variable))),
        (stop, _) => stop,
    }
}

fn comes_from(variable: &str) -> String {
    format!("the value comes from the environment variable {variable}")
}

fn shown_name(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    match arg.get_short() {
        Some(short) => format!("-{short}, --{long}"),
        None => format!("--{long}"),
    }
}

/// Returns the commands that were perhaps meant: those that begin like the word or are at most two edits away.
fn suggestions<'t>(parent: &'t Command, typed: &str) -> Vec<&'t str> {
    let typed = typed.to_lowercase();
    let names = parent.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name);
    names.filter(|name| name.starts_with(&typed) || edit_distance(name, &typed) <= 2).collect()
}

fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, &other) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(character != other);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use clap::value_parser;
    use expect_test::{Expect, expect};

    use super::*;

    fn tool() -> Tool<'static> {
        let number = |text: &str| crate::parse_int(text, 0);
        let global = |name: &'static str| Arg::new(name).long(name).global(true);
        let words = |name: &'static str| Arg::new(name).num_args(0..).value_parser(value_parser!(OsString));
        let command = Command::new("kvctl")
            .version("1.2.3")
            .args_override_self(true)
            .disable_help_subcommand(true)
            .subcommand_required(true)
            .arg(global("endpoints").default_value("here"))
            .arg(global("write-out").short('w').default_value("simple"))
            .arg(global("debug").action(ArgAction::SetTrue))
            .arg(global("insecure").num_args(0..=1).require_equals(true).default_value("true").value_parser(parse_bool))
            .subcommand(
                Command::new("get")
                    .arg(Arg::new("prefix").long("prefix").action(ArgAction::SetTrue))
                    .arg(Arg::new("rev").long("rev").default_value("0").value_parser(number))
                    .arg(words("words")),
            )
            .subcommand(
                Command::new("watch")
                    .arg(Arg::new("interactive").long("interactive").short('i').action(ArgAction::SetTrue))
                    .arg(words("words"))
                    .arg(words("command").last(true)),
            )
            .subcommand(
                Command::new("endpoint")
                    .arg(global("cluster").action(ArgAction::SetTrue))
                    .subcommand(Command::new("status").arg(words("words")))
                    .subcommand(Command::new("health").arg(words("words"))),
            )
            .subcommand(Command::new("compaction"))
            .subcommand(Command::new("completion"))
            .subcommand(Command::new("compare"));
        let abbreviable = &["get", "watch", "endpoint", "compaction", "completion", "lease", "lock"];
        Tool { command, abbreviable, environment_prefixes: &["KVCTL", "ETCDCTL"] }
    }

    fn parse_line(line: &str, environment: &[(&str, &str)]) -> Result<ArgMatches, Stop> {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let look_up = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        parse(&tool(), &arguments, &look_up)
    }

    fn show(matches: &ArgMatches) -> String {
        let mut text = String::new();
        for id in matches.ids() {
            let values: Vec<String> = matches
                .get_raw(id.as_str())
                .into_iter()
                .flatten()
                .map(|value| value.to_string_lossy().into_owned())
                .collect();
            text.extend([" ", id.as_str(), "=", &values.join(",")]);
        }
        match matches.subcommand() {
            Some((name, matches)) => format!(" {name}{}", show(matches)),
            None => text,
        }
    }

    #[track_caller]
    fn check(line: &str, expected: &Expect) {
        match parse_line(line, &[]) {
            Ok(matches) => expected.assert_eq(&show(&matches)),
            Err(stop) => panic!("{stop:?}"),
        }
    }

    #[track_caller]
    fn check_refused(line: &str, message: &str) {
        match parse_line(line, &[]) {
            Err(Stop::Error(error)) => {
                assert_eq!((error.status, error.message.as_deref()), (ExitStatus::Failure, Some(message)));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_may_stand_anywhere_and_the_last_one_wins() {
        check(
            "-w json get --rev 5 a --endpoints x b --rev=-1 --endpoints y",
            &expect![" get write-out=json rev=-1 endpoints=y words=a,b prefix=false debug=false insecure=true"],
        );
        check(
            "get --prefix --prefix=false a -wfields",
            &expect![" get write-out=fields words=a prefix=false rev=0 endpoints=here debug=false insecure=true"],
        );
        check(
            "get --prefix=false --prefix=T -w=json --insecure=false -- --rev",
            &expect![" get prefix=true write-out=json insecure=false words=--rev rev=0 endpoints=here debug=false"],
        );
    }

    #[test]
    fn commands_may_be_abbreviated() {
        for line in ["endpoint status", "end sta", "e --cluster s"] {
            let matches = parse_line(line, &[]).unwrap();
            assert_eq!(matches.subcommand().unwrap().1.subcommand_name(), Some("status"), "{line}");
        }
        check_refused("comp", "unknown command \"comp\" for \"kvctl\"");
        assert_eq!(parse_line("compac", &[]).unwrap().subcommand_name(), Some("compaction"));
        assert_eq!(parse_line("compare", &[]).unwrap().subcommand_name(), Some("compare"));
        check_refused("le", "unknown command \"le\" for \"kvctl\"");
        check_refused("compar", "unknown command \"compar\" for \"kvctl\"");
    }

    #[test]
    fn a_command_to_run_follows_the_separator() {
        check(
            "watch a -i -- echo -n --",
            &expect![
                " watch interactive=true words=a command=echo,-n,-- endpoints=here write-out=simple debug=false insecure=true"
            ],
        );
        match parse_line("watch a --", &[]) {
            Err(Stop::Error(error)) => assert_eq!(error.status, ExitStatus::BadArguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn errors_have_the_words_of_etcdctl() {
        check_refused("get --bogus", "unknown flag: --bogus");
        check_refused("get -ix", "unknown shorthand flag: 'i' in -ix");
        check_refused("watch -ix", "unknown shorthand flag: 'x' in -ix");
        check_refused("get --rev", "flag needs an argument: --rev");
        check_refused("get -w", "flag needs an argument: 'w' in -w");
        check_refused(
            "get --prefix=yes",
            "invalid argument \"yes\" for \"--prefix\" flag: strconv.ParseBool: parsing \"yes\": invalid syntax",
        );
        check_refused(
            "get --rev x",
            "invalid argument \"x\" for \"--rev\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
        );
        check_refused("gett", "unknown command \"gett\" for \"kvctl\"");
    }

    #[test]
    fn unknown_commands_come_with_suggestions() {
        let Err(Stop::Error(error)) = parse_line("wtch", &[]) else { panic!("refused") };
        expect![[r"

            Did you mean this?
            	watch

            Run 'kvctl --help' for usage.
        "]]
        .assert_eq(&error.usage.unwrap());
    }

    #[test]
    fn flags_win_over_the_environment_and_our_prefix_over_etcds() {
        let environment = [
            ("ETCDCTL_ENDPOINTS", "etcd"),
            ("KVCTL_WRITE_OUT", "json"),
            ("ETCDCTL_WRITE_OUT", "fields"),
            ("ETCDCTL_DEBUG", "true"),
            ("ETCDCTL_CLUSTER", "true"),
            ("ETCDCTL_PREFIX", "true"),
            ("KVCTL_INSECURE", ""),
        ];
        let matches = parse_line("get a --endpoints mine", &environment).unwrap();
        let get = matches.subcommand_matches("get").unwrap();
        assert_eq!(get.get_one::<String>("endpoints").unwrap(), "mine");
        assert_eq!(get.get_one::<String>("write-out").unwrap(), "json");
        assert!(get.get_flag("debug"));
        assert!(!get.get_flag("prefix"), "a command's own flags are not looked up");
        let matches = parse_line("endpoint status", &environment).unwrap();
        let endpoint = matches.subcommand_matches("endpoint").unwrap();
        assert!(endpoint.subcommand_matches("status").unwrap().get_flag("cluster"));
        assert_eq!(endpoint.subcommand_matches("status").unwrap().get_one::<String>("endpoints").unwrap(), "etcd");
    }

    #[test]
    fn a_bad_value_from_the_environment_names_the_variable() {
        for variable in ["ETCDCTL_INSECURE", "KVCTL_DEBUG"] {
            let Err(Stop::Error(error)) = parse_line("get a", &[(variable, "maybe")]) else { panic!("refused") };
            assert_eq!(error.hints, [comes_from(variable)]);
        }
    }

    #[test]
    fn help_is_no_error() {
        for line in [
            "",
            "--version",
            "get --version",
            "help",
            "help get",
            "endpoint",
            "endpoint foo",
            "get --help",
            "endpoint status -h",
        ] {
            assert!(matches!(parse_line(line, &[]), Err(Stop::Help(_))), "{line}");
        }
        let Err(Stop::Error(error)) = parse_line("help foo", &[]) else { panic!("no such topic") };
        assert_eq!(error.status, ExitStatus::Success);
        assert!(error.usage.unwrap().starts_with("Unknown help topic [`foo`]\n"));
    }
}
