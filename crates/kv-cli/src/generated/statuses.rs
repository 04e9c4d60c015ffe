//! The section of a man page about exit statuses.

use clap_mangen::roff::{Roff, bold, roman};

use crate::ExitStatus;

/// What exit statuses say after one command, where they say more than after every command.
#[derive(Debug, Clone, Copy)]
pub struct CommandStatuses<'a> {
    /// The command's names, such as `lease keep-alive`.
    pub command: &'a str,
    /// Each status with its meaning, in numerical order; none stands for all others.
    pub meanings: &'a [(Option<ExitStatus>, &'a str)],
}

impl CommandStatuses<'_> {
    /// Says whether these are the statuses of the command with this page.
    fn is_of(&self, page: &str, tool: &str) -> bool {
        let command = page.strip_prefix(tool).and_then(|rest| rest.strip_prefix('-'));
        command.is_some_and(|command| self.command.replace(' ', "-") == command)
    }
}

/// Writes the section for the tool's own page: every status.
pub(super) fn section_of_tool(roff: &mut Roff, statuses: &[ExitStatus]) {
    roff.control("SH", ["EXIT STATUS"]);
    for status in statuses {
        entry(roff, &status.code().to_string(), status.meaning());
    }
}

/// Writes the section for a command's page: the statuses that say something of their own.
pub(super) fn section_of_command(roff: &mut Roff, statuses: &[CommandStatuses<'_>], page: &str, tool: &str) {
    roff.control("SH", ["EXIT STATUS"]);
    let Some(own) = statuses.iter().find(|statuses| statuses.is_of(page, tool)) else {
        roff.text([roman("0 on success. All exit statuses are listed in "), bold(tool), roman("(1).")]);
        return;
    };
    if own.meanings.iter().all(|(status, _)| *status != Some(ExitStatus::Success)) {
        entry(roff, "0", ExitStatus::Success.meaning());
    }
    for (status, meaning) in own.meanings {
        let label = status.map_or_else(|| "other".to_owned(), |status| status.code().to_string());
        entry(roff, &label, meaning);
    }
    roff.control("PP", []);
    roff.text([roman("All exit statuses are listed in "), bold(tool), roman("(1).")]);
}

fn entry(roff: &mut Roff, label: &str, meaning: &str) {
    roff.control("TP", []).text([bold(label)]).text([roman(meaning)]);
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(page: &str, expected: &Expect) {
        let statuses = [
            CommandStatuses { command: "get", meanings: &[(Some(ExitStatus::NotThere), "There is no key.")] },
            CommandStatuses {
                command: "lock held",
                meanings: &[(Some(ExitStatus::Success), "It was held."), (None, "The command's.")],
            },
        ];
        let mut roff = Roff::new();
        section_of_command(&mut roff, &statuses, page, "demo");
        expected.assert_eq(&roff.render());
    }

    #[test]
    fn a_command_names_the_statuses_that_are_its_own() {
        check(
            "demo-get",
            &expect![[r#"
            .ie \n(.g .ds Aq \(aq
            .el .ds Aq '
            .SH "EXIT STATUS"
            .TP
            \fB0\fR
            The command did what was asked.
            .TP
            \fB10\fR
            There is no key.
            .PP
            All exit statuses are listed in \fBdemo\fR(1).
        "#]],
        );
        check(
            "demo-lock-held",
            &expect![[r#"
            .ie \n(.g .ds Aq \(aq
            .el .ds Aq '
            .SH "EXIT STATUS"
            .TP
            \fB0\fR
            It was held.
            .TP
            \fBother\fR
            The command\*(Aqs.
            .PP
            All exit statuses are listed in \fBdemo\fR(1).
        "#]],
        );
        check(
            "demo-put",
            &expect![[r#"
            .ie \n(.g .ds Aq \(aq
            .el .ds Aq '
            .SH "EXIT STATUS"
            0 on success. All exit statuses are listed in \fBdemo\fR(1).
        "#]],
        );
    }
}
