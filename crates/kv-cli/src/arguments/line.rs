//! A command line, word by word: which command it is, its flags, and the rest.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use clap::{Arg, ArgAction, Command};

use super::suggestions::suggestions;
use super::{Stop, Tool, comes_from, commands_of, help, shown_name, usage_error, variable_name};
use crate::{CliError, ExitStatus, Quoted, parse_bool};

/// A flag as it was given.
struct Flag {
    name: String,
    value: Option<OsString>,
}

/// What was read of a line. The commands are as they were described; clap completes what it must know of one (what it inherits,
/// say) only where that is needed, because that takes longer than most commands.
pub(super) struct Line<'t> {
    tool: &'t Tool<'t>,
    /// The root and the subcommands below it.
    commands: Vec<&'t Command>,
    flags: Vec<Flag>,
    positionals: Vec<OsString>,
    /// What follows `--`, if it was given.
    separated: Option<Vec<OsString>>,
}

impl<'t> Line<'t> {
    pub(super) fn new(tool: &'t Tool<'t>, root: &'t Command) -> Line<'t> {
        Line { tool, commands: vec![root], flags: Vec::new(), positionals: Vec::new(), separated: None }
    }

    pub(super) fn leaf(&self) -> &'t Command {
        self.commands.last().expect("at least the root")
    }

    /// Returns the names of the commands below the root that lead to the one that is to run.
    pub(super) fn path(&self) -> Vec<String> {
        self.commands[1..].iter().map(|command| command.get_name().to_owned()).collect()
    }

    pub(super) fn read(&mut self, arguments: &[OsString]) -> Result<(), Stop> {
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
            return Err(self.help(&self.path(), false));
        }
        let takes_command = self.leaf().get_positionals().any(Arg::is_last_set);
        if takes_command && self.separated.as_ref().is_some_and(Vec::is_empty) {
            let message = "bad number of arguments (found separator --, but no commands)";
            return Err(CliError::arguments(message).into());
        }
        self.refuse_surplus()
    }

    /// Refuses arguments that a command of our own does not look at. etcdctl ignores those of its commands.
    fn refuse_surplus(&self) -> Result<(), Stop> {
        let Some(command) = self.commands.get(1) else { return Ok(()) };
        let leaf = self.leaf();
        if self.tool.abbreviable.is_empty() || self.tool.abbreviable.contains(&command.get_name()) {
            return Ok(());
        }
        let runs_command = leaf.get_positionals().any(Arg::is_last_set);
        let separated = self.separated.iter().flatten().filter(|_| !runs_command);
        match self.positionals.iter().chain(separated).nth(positionals_max(leaf)) {
            None => Ok(()),
            Some(surplus) => {
                let message =
                    format!("unexpected argument {} for \"{}\"", Quoted(surplus.as_bytes()), self.path().join(" "));
                Err(CliError::arguments(message).into())
            }
        }
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
            return Err(self.help(&self.path(), false));
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
        let mut command = self.leaf();
        let mut path = Vec::new();
        for name in topic {
            let name = name.to_string_lossy();
            let Some(found) = self.find_subcommand(command, &name) else {
                let text = format!("Unknown help topic [`{name}`]\n");
                let error = CliError::silent(ExitStatus::Success).with_usage(text + &self.help_text(&[], false));
                return Stop::Error(error);
            };
            path.push(found.get_name().to_owned());
            command = found;
        }
        self.help(&path, true)
    }

    fn long(&mut self, flag: &[u8], rest: &mut std::slice::Iter<'_, OsString>) -> Result<(), Stop> {
        let (name, value) = match flag.iter().position(|&byte| byte == b'=') {
            Some(position) => (&flag[..position], Some(&flag[position + 1..])),
            None => (flag, None),
        };
        let name = String::from_utf8_lossy(name).into_owned();
        match name.as_str() {
            "help" => return Err(self.help(&self.path(), true)),
            "version" if self.has_version() => return Err(self.version()),
            _ => {}
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
            match letter {
                'h' => return Err(self.help(&self.path(), false)),
                'V' if self.has_version() => return Err(self.version()),
                _ => {}
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
        if !matches!(arg.get_action(), ArgAction::SetTrue) {
            self.flags.push(Flag { name, value });
            return Ok(());
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

    /// Returns the long names of the flags that were read so far.
    pub(super) fn flag_names(&self) -> Vec<String> {
        self.flags.iter().map(|flag| flag.name.clone()).collect()
    }

    /// Adds the global flags that are not on the line but in the environment; returns the flags and their variables.
    pub(super) fn add_environment(
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

    pub(super) fn canonical(self) -> Vec<OsString> {
        let takes_command = self.leaf().get_positionals().any(Arg::is_last_set);
        let positionals_max = positionals_max(self.leaf());
        let mut flags = self.flags;
        let mut levels = Vec::new();
        // A flag that two commands have is the inner one's.
        for command in self.commands.iter().rev() {
            let find = |name: &str| command.get_arguments().find(|arg| arg.get_long() == Some(name));
            let (own, others): (Vec<Flag>, Vec<Flag>) = flags.into_iter().partition(|flag| find(&flag.name).is_some());
            flags = others;
            let is_switch =
                |flag: &Flag| find(&flag.name).is_some_and(|arg| matches!(arg.get_action(), ArgAction::SetTrue));
            let words = own.into_iter().filter_map(|flag| {
                let is_switch = is_switch(&flag);
                let mut word = OsString::from(format!("--{}", flag.name));
                match flag.value {
                    // A switch that is off.
                    Some(_) if is_switch => return None,
                    Some(value) => {
                        word.push("=");
                        word.push(value);
                    }
                    None => {}
                }
                Some(word)
            });
            levels.push(std::iter::once(OsString::from(command.get_name())).chain(words).collect::<Vec<_>>());
        }
        let mut canonical: Vec<OsString> = levels.into_iter().rev().flatten().collect();
        let mut positionals = self.positionals;
        let mut command = self.separated;
        if !takes_command {
            positionals.extend(command.take().into_iter().flatten());
            canonical.push("--".into());
        }
        positionals.truncate(positionals_max);
        canonical.extend(positionals);
        canonical.extend(command.into_iter().flat_map(|command| [vec!["--".into()], command].concat()));
        canonical
    }

    fn usage_error(&self, message: String) -> Stop {
        let mut root = self.commands[0].clone();
        root.build();
        usage_error(commands_of(&root, &self.path()).last().expect("the root at least"), message)
    }

    fn help(&self, path: &[String], long: bool) -> Stop {
        Stop::Help(self.help_text(path, long))
    }

    fn help_text(&self, path: &[String], long: bool) -> String {
        let mut root = self.commands[0].clone();
        root.build();
        help(commands_of(&root, path).last().expect("the root at least"), long)
    }

    fn has_version(&self) -> bool {
        self.commands[0].get_version().is_some() && !self.commands[0].is_disable_version_flag_set()
    }

    fn version(&self) -> Stop {
        Stop::Help(self.commands[0].render_version())
    }
}

fn needs_value(arg: &Arg) -> bool {
    arg.get_action().takes_values() && arg.get_num_args().is_none_or(|count| count.min_values() > 0)
}

/// Returns how many arguments a command looks at. etcdctl ignores those behind them.
fn positionals_max(command: &Command) -> usize {
    let arguments = command.get_positionals().filter(|arg| !arg.is_last_set());
    let counts = arguments.map(|arg| arg.get_num_args().map_or(1, |count| count.max_values()));
    counts.fold(0, usize::saturating_add)
}
