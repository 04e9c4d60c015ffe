//! Cases gone through in every format, and what came of them in one file for each command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Command;
use expect_test::expect_file;

use super::cases::{Case, End};
use crate::harness::Output;

/// The formats that etcdctl has, then the one that it has not. The index of one is that of the lines that are waited for.
pub(super) const FORMATS: &[&str] = &["simple", "fields", "json", "table", "jsonl", "protobuf"];

/// Goes through cases once in each format.
pub(super) fn rounds(
    formats: &'static [&'static str],
    cases: &'static [Case],
) -> impl Iterator<Item = (usize, &'static str, &'static Case)> {
    (1..).zip(formats).flat_map(move |(round, format)| cases.iter().map(move |case| (round, *format, case)))
}

/// What one tool has printed, by the first word of the command.
pub(super) struct Kept {
    tool: &'static str,
    files: BTreeMap<&'static str, String>,
}

impl Kept {
    pub(super) fn new(tool: &'static str) -> Kept {
        Kept { tool, files: BTreeMap::new() }
    }

    /// Keeps what came of a case, which must have ended as it says.
    pub(super) fn add(&mut self, case: &'static Case, format: &str, output: &Output) {
        assert!(has_ended_well(case, output), "{} -w {format}: {output:?}", case.line);
        let (name, _) = case.line.split_once(' ').unwrap_or((case.line, ""));
        self.files.entry(name).or_default().push_str(&shown(self.tool, case, format, output));
    }

    /// Compares everything with the files of the repository.
    pub(super) fn compare(self) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/every_format").join(self.tool);
        for (name, text) in self.files {
            expect_file![directory.join(format!("{name}.txt"))].assert_eq(&text);
        }
    }
}

fn has_ended_well(case: &Case, output: &Output) -> bool {
    if output.status == 4 && output.stderr.contains("not supported as output format") {
        // As with etcdctl, after it was done.
        return !matches!(case.end, End::GoesOn(_));
    }
    match case.end {
        End::Works | End::Reads(_) => output.status == 0,
        End::Fails | End::FailsOn(_) => output.status != 0,
        End::GoesOn(_) => !output.stdout.is_empty(),
    }
}

fn shown(tool: &str, case: &Case, format: &str, output: &Output) -> String {
    let stdout = match std::str::from_utf8(&output.stdout) {
        Ok(text) if format != "protobuf" || !text.contains(|c: char| c.is_control() && c != '\n') => text.to_owned(),
        _ => format!("{}\n", output.stdout.escape_ascii()),
    };
    let input = match case.end {
        End::Reads(input) | End::FailsOn(input) => format!(" <<< {input:?}"),
        _ => String::new(),
    };
    let mut text = format!("$ {tool} {} -w {format}{input}\n{stdout}", case.line);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.extend(output.stderr.lines().map(|line| format!("stderr: {line}\n")));
    if output.status != 0 && !matches!(case.end, End::GoesOn(_)) {
        text.extend(["exit status ", &output.status.to_string(), "\n"]);
    }
    text.push('\n');
    text
}

/// Fails where a command has no case that works or none that fails, or an exception that is none.
pub(super) fn assert_complete(root: &Command, cases: &[&[Case]], elsewhere: &[(&str, &str)]) {
    let mut commands = BTreeSet::new();
    let mut groups = vec![(String::new(), root)];
    while let Some((path, command)) = groups.pop() {
        let below: Vec<_> =
            command.get_subcommands().map(|inner| (format!("{path} {}", inner.get_name()), inner)).collect();
        if below.is_empty() {
            commands.insert(path.trim_start().to_owned());
        }
        groups.extend(below);
    }
    assert!(commands.len() > 10, "{commands:?}");
    let cases = || cases.iter().copied().flatten();
    let of = |command: &str, case: &Case| case.line == command || case.line.starts_with(&format!("{command} "));
    for command in &commands {
        let fails = cases().any(|case| matches!(case.end, End::Fails | End::FailsOn(_)) && of(command, case));
        assert!(fails, "`{command}` has no case that fails");
        let works = cases().any(|case| !matches!(case.end, End::Fails | End::FailsOn(_)) && of(command, case));
        let excepted = elsewhere.iter().any(|(excepted, _)| *excepted == *command);
        assert!(works != excepted, "`{command}` needs a case that works, or else a place where it is tried");
    }
    for (excepted, reason) in elsewhere {
        assert!(commands.contains(*excepted), "there is no `{excepted}`, of which is said: {reason}");
    }
}
