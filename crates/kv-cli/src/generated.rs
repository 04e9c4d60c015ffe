//! Files made from the description of a tool's arguments: man pages and completion scripts.

mod lookup;
mod statuses;

use std::io;
use std::str::FromStr;

use clap::Command;
use clap_complete::Shell as Generator;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

pub use self::statuses::CommandStatuses;
use crate::{ExitStatus, Format};

/// A shell with completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell.
    PowerShell,
}

impl Shell {
    /// Every shell, in the order in which the tools list them.
    pub const ALL: [Shell; 4] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell];

    /// Returns the name by which the shell is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::PowerShell => "powershell",
        }
    }

    const fn generator(self) -> Generator {
        match self {
            Shell::Bash => Generator::Bash,
            Shell::Zsh => Generator::Zsh,
            Shell::Fish => Generator::Fish,
            Shell::PowerShell => Generator::PowerShell,
        }
    }

    fn file_name(self, program: &str) -> String {
        match self {
            Shell::Bash => format!("{program}.bash"),
            Shell::Zsh => format!("_{program}"),
            Shell::Fish => format!("{program}.fish"),
            Shell::PowerShell => format!("_{program}.ps1"),
        }
    }
}

impl FromStr for Shell {
    type Err = ();

    fn from_str(name: &str) -> Result<Shell, ()> {
        Shell::ALL.into_iter().find(|shell| shell.name() == name).ok_or(())
    }
}

/// Defines the apostrophe, which formatters treat in different ways.
const APOSTROPHE: [&str; 2] = [r".ie \n(.g .ds Aq \(aq", ".el .ds Aq '"];

/// How completion scripts ask a tool for names that only a server knows.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// The word that has the tool print, for the line behind it, the names that may stand at the line's end.
    pub word: &'a str,
    /// The options whose values are such names, with their dashes.
    pub options: &'a [&'a str],
}

/// What is generated for one tool.
#[derive(Debug)]
pub struct Generated<'a> {
    /// Everything that clap knows about the tool.
    pub command: Command,
    /// Prefixes of the environment variables for global options, by precedence.
    pub environment_prefixes: &'a [&'a str],
    /// Other environment variables, and what they do.
    pub environment: &'a [(&'a str, &'a str)],
    /// The exit statuses that the tool's commands end with.
    pub exit_statuses: &'a [ExitStatus],
    /// What they say after single commands.
    pub command_statuses: &'a [CommandStatuses<'a>],
    /// Pages worth reading next, such as `kvutl(1)`.
    pub see_also: &'a [&'a str],
    /// How the tool is asked for names, where it can be.
    pub lookup: Option<Lookup<'a>>,
}

impl Generated<'_> {
    /// Returns a completion script.
    pub fn completion(&self, shell: Shell) -> String {
        let mut command = self.shown();
        let program = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(shell.generator(), &mut command, &program, &mut script);
        let mut script = String::from_utf8(script).expect("scripts are text");
        if shell == Shell::PowerShell {
            // The same in the words that grammars of the language know too.
            script = script.replace("$completions.Where{", "$completions | Where-Object {");
        }
        tidy(&match self.lookup {
            Some(lookup) => lookup::add(&script, shell, &program, lookup),
            None => script,
        })
    }

    /// Returns every completion script with its file's name.
    pub fn completions(&self) -> Vec<(String, String)> {
        let program = self.command.get_name();
        Shell::ALL.into_iter().map(|shell| (shell.file_name(program), self.completion(shell))).collect()
    }

    /// Returns every man page with its file's name: one for the tool and one for each command.
    pub fn man_pages(&self) -> Vec<(String, String)> {
        let mut command = self.shown().disable_help_flag(true);
        command.build();
        let mut pages = Vec::new();
        self.add_pages(&command, &command, &mut pages);
        pages
    }

    /// The global options are hidden in a command's help, where they would drown its own, but not here.
    fn shown(&self) -> Command {
        self.command.clone().mut_args(|arg| {
            let global = arg.is_global_set();
            if global { arg.hide(false) } else { arg }
        })
    }

    fn add_pages(&self, root: &Command, command: &Command, pages: &mut Vec<(String, String)>) {
        let is_root = command.get_name() == root.get_name();
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let page = self.page(root, command, &name, is_root).expect("writing to memory");
        pages.push((format!("{name}.1"), page));
        for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            self.add_pages(root, subcommand, pages);
        }
    }

    fn page(&self, root: &Command, command: &Command, name: &str, is_root: bool) -> io::Result<String> {
        let mut described = command.clone();
        if !is_root {
            // The tool's page describes them once.
            described = described.mut_args(|arg| {
                let global = arg.is_global_set();
                if global { arg.hide(true) } else { arg }
            });
        }
        let has_options = described.get_arguments().any(|arg| !arg.is_hide_set());
        let summarised = described.clone().mut_args(|arg| {
            let global = arg.is_global_set();
            if global { arg.hide(true) } else { arg }
        });
        let mut sections = Vec::new();
        Man::new(summarised.clone()).render_name_section(&mut sections)?;
        Man::new(summarised).render_synopsis_section(&mut sections)?;
        let man = Man::new(described);
        man.render_description_section(&mut sections)?;
        if has_options {
            man.render_options_section(&mut sections)?;
        }
        let mut roff = Roff::new();
        commands_section(&mut roff, command);
        examples_section(&mut roff, &examples(command));
        if is_root {
            formats_section(&mut roff);
        }
        if is_root {
            statuses::section_of_tool(&mut roff, self.exit_statuses);
        } else {
            statuses::section_of_command(&mut roff, self.command_statuses, name, root.get_name());
        }
        self.environment_section(&mut roff, root, is_root);
        self.see_also_section(&mut roff, root, command, is_root);
        roff.to_writer(&mut sections)?;

        // Every section comes with these two lines, which a page needs once.
        let sections = String::from_utf8(sections).expect("pages are text");
        let sections = sections.lines().filter(|line| !APOSTROPHE.contains(line));
        let version = root.get_version().unwrap_or_default();
        let title = format!(".TH {} 1 \"\" \"{} {version}\" \"kvd manual\"", name.to_uppercase(), root.get_name());
        let lines: Vec<&str> = APOSTROPHE.into_iter().chain([title.as_str()]).chain(sections).collect();
        Ok(escape_letters(&tidy(&lines.join("\n"))))
    }

    fn environment_section(&self, roff: &mut Roff, root: &Command, is_root: bool) {
        let Some(first) = self.environment_prefixes.first() else { return };
        roff.control("SH", ["ENVIRONMENT"]);
        let forms: Vec<String> = self.environment_prefixes.iter().map(|prefix| format!("{prefix}_OPTION")).collect();
        roff.text([
            roman("Every global option can be given as "),
            bold(forms.join(" or ")),
            roman(format!(", for example {first}_WRITE_OUT=json for --write-out. ")),
            roman("An option on the command line wins, then the first of these names."),
        ]);
        if !is_root {
            roff.text([roman("The global options are described in "), bold(root.get_name()), roman("(1).")]);
            return;
        }
        for (name, meaning) in self.environment {
            roff.control("TP", []).text([bold(*name)]).text([roman(*meaning)]);
        }
    }

    fn see_also_section(&self, roff: &mut Roff, root: &Command, command: &Command, is_root: bool) {
        let mut pages: Vec<String> = Vec::new();
        if !is_root {
            pages.push(format!("{}(1)", root.get_name()));
        }
        let below = command.get_subcommands().filter(|command| !command.is_hide_set());
        pages.extend(below.map(|command| format!("{}(1)", command.get_display_name().unwrap_or(command.get_name()))));
        pages.extend(self.see_also.iter().map(ToString::to_string));
        if !pages.is_empty() {
            roff.control("SH", ["SEE ALSO"]).text([roman(pages.join(", "))]);
        }
    }
}

fn commands_section(roff: &mut Roff, command: &Command) {
    let mut commands = command.get_subcommands().filter(|command| !command.is_hide_set()).peekable();
    if commands.peek().is_none() {
        return;
    }
    roff.control("SH", ["COMMANDS"]);
    for command in commands {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        roff.control("TP", []).text([bold(command.get_name())]).text([roman(about)]);
    }
}

fn formats_section(roff: &mut Roff) {
    roff.control("SH", ["OUTPUT FORMATS"]);
    for format in Format::ALL {
        roff.control("TP", []).text([bold(format.name())]).text([roman(format.meaning())]);
    }
}

fn examples_section(roff: &mut Roff, examples: &str) {
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    let lines = examples.lines().skip_while(|line| line.trim_end() == "Examples:" || line.is_empty());
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// Returns a command's examples. A group that has none of its own shows the first ones of each of its commands.
fn examples(command: &Command) -> String {
    if let Some(examples) = command.get_after_long_help() {
        return examples.to_string();
    }
    let below = command.get_subcommands().filter(|command| !command.is_hide_set()).map(examples);
    let first = |examples: String| {
        let lines = examples.lines().filter(|line| line.trim_end() != "Examples:");
        lines.take_while(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect::<String>()
    };
    below.map(first).collect::<Vec<_>>().join("\n")
}

/// Writes what is not ASCII as formatters want it, which otherwise take its bytes for letters of another alphabet.
fn escape_letters(text: &str) -> String {
    let escape = |letter: char| {
        if letter.is_ascii() { letter.to_string() } else { format!("\\[u{:04X}]", u32::from(letter)) }
    };
    text.chars().map(escape).collect()
}

/// Takes away the spaces that generators leave at the ends of lines, where editors and reviews trip over them.
fn tidy(text: &str) -> String {
    let mut tidied: String = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    tidied.truncate(tidied.trim_end().len());
    tidied.push('\n');
    tidied
}

#[cfg(test)]
mod tests {
    use clap::Arg;
    use expect_test::expect;

    use super::*;

    fn generated() -> Generated<'static> {
        let get = Command::new("get")
            .about("Read a key")
            .arg(Arg::new("rev").long("rev").value_name("REVISION").help("Revision to read at"))
            .after_long_help("Examples:\n  $ demo get foo\n  bar\n");
        let command = Command::new("demo")
            .version("1.2.3")
            .about("A tool")
            .arg(Arg::new("hex").long("hex").global(true).hide(true).help("In hexadecimal"))
            .disable_help_subcommand(true)
            .subcommand(get);
        Generated {
            command,
            environment_prefixes: &["DEMO", "OLD"],
            environment: &[("DEMO_KEY", "A key.")],
            exit_statuses: &[ExitStatus::Success, ExitStatus::BadArguments],
            command_statuses: &[],
            see_also: &["other(1)"],
            lookup: Some(Lookup { word: "__ask", options: &["--rev"] }),
        }
    }

    #[test]
    fn each_command_has_a_page() {
        let pages = generated().man_pages();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["demo.1", "demo-get.1"]);
        expect![[r#"
            .ie \n(.g .ds Aq \(aq
            .el .ds Aq '
            .TH DEMO-GET 1 "" "demo 1.2.3" "kvd manual"
            .SH NAME
            demo\-get \- Read a key
            .SH SYNOPSIS
            \fBdemo get\fR [\fB\-\-rev\fR]
            .SH DESCRIPTION
            Read a key
            .SH OPTIONS
            .TP
            \fB\-\-rev\fR \fI<REVISION>\fR
            Revision to read at
            .SH EXAMPLES
            .nf
              $ demo get foo
              bar
            .fi
            .SH "EXIT STATUS"
            0 on success. All exit statuses are listed in \fBdemo\fR(1).
            .SH ENVIRONMENT
            Every global option can be given as \fBDEMO_OPTION or OLD_OPTION\fR, for example DEMO_WRITE_OUT=json for \-\-write\-out. An option on the command line wins, then the first of these names.
            The global options are described in \fBdemo\fR(1).
            .SH "SEE ALSO"
            demo(1), other(1)
        "#]].assert_eq(&pages[1].1);
    }

    #[test]
    fn a_group_has_every_section_and_the_first_examples_of_its_commands() {
        let mut generated = generated();
        let list = Command::new("list")
            .about("List …")
            .after_long_help("Examples:\n  All:\n    $ demo all list\n\n  One:\n    $ x\n");
        generated.command = generated.command.subcommand(Command::new("all").about("All").subcommand(list));
        let pages = generated.man_pages();
        let (_, page) = pages.iter().find(|(name, _)| name == "demo-all.1").unwrap();
        for section in ["EXAMPLES", "\"EXIT STATUS\"", "ENVIRONMENT", "\"SEE ALSO\""] {
            assert!(page.contains(&format!(".SH {section}\n")), "{section} in {page}");
        }
        assert!(page.contains("$ demo all list\n") && !page.contains("$ x"), "{page}");
        assert!(page.contains("List \\[u2026]") && page.is_ascii(), "{page}");
    }

    #[test]
    fn the_tools_page_describes_global_options_statuses_and_variables() {
        let page = &generated().man_pages()[0].1;
        for text in ["hex", "EXIT STATUS", "\\fB128\\fR", "DEMO_KEY", "OLD_OPTION", "demo\\-get(1), other(1)"] {
            assert!(page.contains(text), "{text} in {page}");
        }
    }

    #[test]
    fn every_shell_has_a_script_with_the_global_options() {
        for (name, script) in generated().completions() {
            assert!(script.contains("hex") && script.contains("rev"), "{name}");
            assert!(script.contains("demo __ask") || script.contains("\"$1\" __ask"), "{name}");
        }
    }

    /// fish looks only at what is said of an option for its value, and offers files where nothing is.
    #[test]
    fn fish_asks_for_an_options_value_too() {
        let script = generated().completion(Shell::Fish);
        let line = script.lines().find(|line| line.contains(" -l rev ")).unwrap();
        assert!(line.contains(" -r -f -a ") && line.contains("demo __ask"), "{line}");
        let line = script.lines().find(|line| line.contains(" -l hex ")).unwrap();
        assert!(!line.contains("__ask"), "{line}");
    }
}
