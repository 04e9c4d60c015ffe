//! Command lines read by etcdctl's rules, which are those of its Go libraries, on the way to clap.
//!
//! [`parse`] brings a command line into one canonical shape (`COMMAND… --flag=value… -- ARGUMENT…`) and hands that to
//! clap. On the way it does what clap does not: abbreviated commands, `--flag=true`, option values that begin with a
//! dash, environment variables under two names, surplus arguments, and the error texts that scripts know.

mod line;
mod suggestions;

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command};

use self::line::Line;
use crate::{CliError, ExitStatus, Format, Quoted};

/// A command-line tool, as far as reading its arguments is concerned.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    /// Everything that clap knows about it.
    pub command: Command,
    /// The commands of etcd's tool, which may be abbreviated and ignore arguments they have no use for. An abbreviation must be
    /// unambiguous among them. Some may not exist. Where there are none, every command is taken for one.
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

/// Where a flag's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The command line, also where it switches something off.
    Line,
    /// An environment variable.
    Environment,
    /// Neither names the flag.
    Default,
}

/// A command line that makes sense.
#[derive(Debug)]
pub struct Parsed {
    /// What clap made of it.
    pub matches: ArgMatches,
    on_line: Vec<String>,
    from_environment: Vec<(String, String)>,
}

impl Parsed {
    /// Says where the value of a flag comes from; `flag` is its long name.
    pub fn source(&self, flag: &str) -> Source {
        if self.on_line.iter().any(|name| name == flag) {
            Source::Line
        } else if self.from_environment.iter().any(|(name, _)| name == flag) {
            Source::Environment
        } else {
            Source::Default
        }
    }
}

/// Reads a command line, without the program's name. `environment` looks up a variable.
///
/// # Errors
///
/// [`Stop`] where help was asked for or the line is wrong.
pub fn parse(
    tool: Tool<'_>,
    arguments: &[OsString],
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Result<ArgMatches, Stop> {
    parse_with_sources(tool, arguments, environment).map(|parsed| parsed.matches)
}

/// Reads a command line as [`parse`] does, and keeps where each global flag comes from.
///
/// # Errors
///
/// [`Stop`] where help was asked for or the line is wrong.
pub fn parse_with_sources(
    mut tool: Tool<'_>,
    arguments: &[OsString],
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed, Stop> {
    let mut line = Line::new(&tool, &tool.command);
    line.read(arguments)?;
    let on_line = line.flag_names();
    let from_environment = line.add_environment(environment)?;
    let path = line.path();
    let canonical = line.canonical();
    tool.command = without_inheritance(tool.command, &path);
    match tool.command.try_get_matches_from_mut(canonical) {
        Ok(matches) => Ok(Parsed { matches, on_line, from_environment }),
        Err(error) => {
            tool.command.build();
            Err(translate(&error, &commands_of(&tool.command, &path), &from_environment))
        }
    }
}

/// Takes it back that commands inherit flags. clap would copy each flag into each command, which is most of the time and the memory
/// of a short command; the canonical line has every flag behind the command that it belongs to.
fn without_inheritance(command: Command, path: &[String]) -> Command {
    let command = command.mut_args(|arg| arg.global(false));
    match path.split_first() {
        Some((name, path)) => command.mut_subcommand(name, |command| without_inheritance(command, path)),
        None => command,
    }
}

/// Returns the root and the commands below it that a path names.
fn commands_of<'t>(root: &'t Command, path: &[String]) -> Vec<&'t Command> {
    let mut commands = vec![root];
    for name in path {
        let parent = commands.last().expect("the root at least");
        commands.push(parent.find_subcommand(name).expect("it was found before"));
    }
    commands
}

/// Says whether failures are to be printed as JSON, also that of a line that cannot be read: whether `jsonl` is asked for.
pub fn wants_json_errors(
    arguments: &[OsString],
    environment_prefixes: &[&str],
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> bool {
    let mut words = arguments.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    let mut format = None;
    while let Some(word) = words.next() {
        match word {
            "-w" | "--write-out" => format = words.next().map(str::to_owned),
            _ => {
                let joined = word.strip_prefix("--write-out=").or_else(|| word.strip_prefix("-w"));
                format = joined.map(|value| value.trim_start_matches('=').to_owned()).or(format);
            }
        }
    }
    let variable = |prefix: &&str| environment(&variable_name(prefix, "write-out")).filter(|value| !value.is_empty());
    let format = format.map(OsString::from).or_else(|| environment_prefixes.iter().find_map(variable));
    format.is_some_and(|format| format == Format::JsonLines.name())
}

/// Returns the variable that stands in for a flag.
pub fn variable_name(prefix: &str, flag: &str) -> String {
    format!("{prefix}_{}", flag.to_uppercase().replace('-', "_"))
}

/// Says clap's errors in the words of etcdctl, whose scripts match on them.
///
/// `commands` are those of the line, from the root on.
fn translate(error: &clap::Error, commands: &[&Command], from_environment: &[(String, String)]) -> Stop {
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
    let mut known = commands.iter().rev().flat_map(|command| command.get_arguments());
    let shown = known.find(|arg| arg.get_long() == Some(name)).map_or_else(|| arg.to_owned(), shown_name);
    let reason = error.source().map_or_else(|| "invalid value".to_owned(), ToString::to_string);
    let message = format!("invalid argument {} for \"{shown}\" flag: {reason}", Quoted(value.as_bytes()));
    let leaf = commands.last().expect("the root at least");
    match (usage_error(leaf, message), from_environment.iter().find(|(flag, _)| flag == name)) {
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

/// Says how a command is used, of which everything is known.
fn usage_error(command: &Command, message: String) -> Stop {
    let usage = format!("{}\n\nFor more information, try '--help'.\n", command.clone().render_usage());
    Stop::Error(CliError::new(ExitStatus::Failure, message).with_usage(usage))
}

/// Examples are to be copied, so they are not wrapped as the rest is.
fn help(command: &Command, long: bool) -> String {
    let examples = command.get_after_long_help().filter(|_| long).map(ToString::to_string);
    let mut command = command.clone().after_long_help(None);
    let text = if long { command.render_long_help() } else { command.render_help() };
    match examples {
        Some(examples) => format!("{text}\n{examples}"),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{ArgAction, value_parser};
    use expect_test::{Expect, expect};

    use super::*;
    use crate::parse_bool;

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
            .subcommand(Command::new("move-leader").arg(Arg::new("member")))
            .subcommand(Command::new("compaction"))
            .subcommand(Command::new("completion"))
            .subcommand(Command::new("compare"));
        let abbreviable = &["get", "watch", "endpoint", "compaction", "completion", "lease", "lock", "move-leader"];
        Tool { command, abbreviable, environment_prefixes: &["KVCTL", "ETCDCTL"] }
    }

    #[test]
    fn examples_are_not_wrapped() {
        let examples = format!("Examples:\n    $ kvctl get {}\n", "key ".repeat(50));
        let command = Command::new("get").about("Read").term_width(40).after_long_help(examples.clone());
        assert!(help(&command, true).ends_with(&format!("\n\n{examples}")));
        assert!(!help(&command, false).contains("Examples"));
    }

    fn parse_line(line: &str, environment: &[(&str, &str)]) -> Result<ArgMatches, Stop> {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let look_up = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        parse(tool(), &arguments, &look_up)
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
            Some((name, matches)) => format!("{text} {name}{}", show(matches)),
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
            &expect![" write-out=json endpoints=y debug=false insecure=true get rev=-1 words=a,b prefix=false"],
        );
        check(
            "get --prefix --prefix=false a -wfields",
            &expect![" write-out=fields endpoints=here debug=false insecure=true get words=a prefix=false rev=0"],
        );
        check(
            "get --prefix=false --prefix=T -w=json --insecure=false -- --rev",
            &expect![" write-out=json insecure=false endpoints=here debug=false get prefix=true words=--rev rev=0"],
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
    fn surplus_arguments_are_ignored_by_commands_that_etcdctl_has() {
        let matches = parse_line("move-leader a b -- c", &[]).unwrap();
        let matches = matches.subcommand_matches("move-leader").unwrap();
        assert_eq!(matches.get_many::<String>("member").unwrap().collect::<Vec<_>>(), ["a"]);
        assert!(parse_line("compaction a b", &[]).is_ok());
        for line in ["compare a", "compare -- a"] {
            let Err(Stop::Error(error)) = parse_line(line, &[]) else { panic!("{line}") };
            assert_eq!(error.message.as_deref(), Some("unexpected argument \"a\" for \"compare\""));
            assert_eq!(error.status, ExitStatus::BadArguments);
        }
    }

    #[test]
    fn a_command_to_run_follows_the_separator() {
        check(
            "watch a -i -- echo -n --",
            &expect![
                " endpoints=here write-out=simple debug=false insecure=true watch interactive=true words=a command=echo,-n,--"
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
        assert_eq!(matches.get_one::<String>("endpoints").unwrap(), "mine");
        assert_eq!(matches.get_one::<String>("write-out").unwrap(), "json");
        assert!(matches.get_flag("debug"));
        assert!(!get.get_flag("prefix"), "a command's own flags are not looked up");
        let matches = parse_line("endpoint status", &environment).unwrap();
        let endpoint = matches.subcommand_matches("endpoint").unwrap();
        assert!(endpoint.get_flag("cluster"));
        assert_eq!(matches.get_one::<String>("endpoints").unwrap(), "etcd");
    }

    #[test]
    fn where_a_flag_comes_from_is_known_wherever_it_stands() {
        let source = |line: &str, flag: &str| {
            let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let look_up = |name: &str| (name == "ETCDCTL_DEBUG").then(|| "true".into());
            parse_with_sources(tool(), &arguments, &look_up).unwrap().source(flag)
        };
        assert_eq!(source("get a", "debug"), Source::Environment);
        for line in ["--debug get a", "get a --debug", "get --debug=false a"] {
            assert_eq!(source(line, "debug"), Source::Line, "{line}");
        }
        assert_eq!(source("get a", "endpoints"), Source::Default);
        assert_eq!(source("get a -w json", "write-out"), Source::Line);
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

    #[test]
    fn errors_are_json_where_json_lines_are_asked_for() {
        let wants = |line: &str, variable: Option<&str>| {
            let arguments: Vec<_> = line.split_whitespace().map(OsString::from).collect();
            wants_json_errors(&arguments, &["KVCTL", "ETCDCTL"], &|name| {
                (name == "ETCDCTL_WRITE_OUT").then_some(variable?.into())
            })
        };
        for line in ["get -w jsonl", "-wjsonl get", "get k --write-out=jsonl --fly", "get -w json -w=jsonl"] {
            assert!(wants(line, None) && wants(line, Some("json")), "{line}");
        }
        for line in ["get -w json", "-wjsonl get -w json", "get", "put -- -w jsonl", "get -w"] {
            assert!(!wants(line, None), "{line}");
        }
        assert!(wants("get", Some("jsonl")) && !wants("get -w json", Some("jsonl")));
    }
}
