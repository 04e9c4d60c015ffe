//! What a doctor found: for people, for programs and for continuous integration, and how bad the worst of it is.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::{CliError, Escaped, ExitStatus, JsonString, Record, Render, RenderError, Style};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be, or it could not be found out where that does not matter.
    Fine,
    /// It will need attention.
    Concern,
    /// It needs attention now.
    Trouble,
}

impl Severity {
    /// Returns the name that is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Fine => "ok",
            Severity::Concern => "concern",
            Severity::Trouble => "trouble",
        }
    }
}

/// What one check of one thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, such as `quota`.
    pub check: &'static str,
    /// Where: an endpoint or a directory.
    pub place: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, in a line.
    pub summary: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    /// Adds what to do about it.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Finding {
        self.advice = Some(advice.into());
        self
    }
}

/// Everything that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Adds a finding; returns it, for advice.
    pub fn add(
        &mut self,
        check: &'static str,
        place: &str,
        severity: Severity,
        summary: impl Into<String>,
    ) -> &mut Finding {
        let finding = Finding { check, place: place.to_owned(), severity, summary: summary.into(), advice: None };
        self.0.push(finding);
        self.0.last_mut().expect("just added")
    }

    /// Adds what is as it should be.
    pub fn fine(&mut self, check: &'static str, place: &str, summary: impl Into<String>) {
        self.add(check, place, Severity::Fine, summary);
    }

    /// Returns how bad the worst of it is.
    pub fn worst(&self) -> Severity {
        self.0.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Fine)
    }

    /// Returns what a doctor ends with.
    ///
    /// # Errors
    ///
    /// Status 15 for a concern, 16 for trouble; everything has been printed by then.
    pub fn verdict(&self) -> Result<(), CliError> {
        match self.worst() {
            Severity::Fine => Ok(()),
            Severity::Concern => Err(CliError::silent(ExitStatus::Concern)),
            Severity::Trouble => Err(CliError::silent(ExitStatus::Trouble)),
        }
    }

    /// Returns a report as continuous integration reads it: a test case for each check, a failure for what is not fine.
    pub fn junit(&self, name: &str) -> String {
        let failures = self.0.iter().filter(|finding| finding.severity != Severity::Fine).count();
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let name = xml(name);
        let _ = writeln!(text, "<testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\">", self.0.len());
        for finding in &self.0 {
            let (check, place, summary) = (xml(finding.check), xml(&finding.place), xml(&finding.summary));
            let _ = write!(text, "  <testcase classname=\"{place}\" name=\"{check}\">");
            if finding.severity == Severity::Fine {
                let _ = write!(text, "<system-out>{summary}</system-out>");
            } else {
                let advice = xml(finding.advice.as_deref().unwrap_or_default());
                let kind = finding.severity.name();
                let _ = write!(text, "<failure type=\"{kind}\" message=\"{summary}\">{advice}</failure>");
            }
            text.push_str("</testcase>\n");
        }
        text.push_str("</testsuite>\n");
        text
    }
}

/// Escapes a text for XML, which has no control characters at all.
fn xml(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            letter if letter.is_control() => escaped.push('?'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

impl Render for Findings {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        let mut place = "";
        for finding in &self.0 {
            if finding.place != place {
                place = &finding.place;
                writeln!(out, "{}", Escaped(place.as_bytes()))?;
            }
            let (name, summary) = (finding.severity.name(), Escaped(finding.summary.as_bytes()));
            writeln!(out, "  {name:<8}{:<14}{summary}", finding.check)?;
            if let Some(advice) = &finding.advice {
                writeln!(out, "          {:<14}{}", "", Escaped(advice.as_bytes()))?;
            }
        }
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        let record = |finding: &Finding| {
            Record::new()
                .with("place", finding.place.as_str())
                .with("check", finding.check)
                .with("severity", finding.severity.name())
                .with("summary", finding.summary.as_str())
                .with_some("advice", finding.advice.clone())
        };
        self.0.iter().map(record).collect()
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let findings: Vec<String> = self.records().iter().map(ToString::to_string).collect();
        let worst = JsonString(self.worst().name());
        Ok(writeln!(out, "{{\"worst\":{worst},\"findings\":[{}]}}", findings.join(","))?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::{Format, render};

    fn findings() -> Findings {
        let mut findings = Findings::default();
        findings.add("quota", "a:1", Severity::Fine, "1 MB of 2 GB");
        findings.add("clock", "a:1", Severity::Concern, "3 s <ahead>\u{1b}").advice = Some("set the clocks".to_owned());
        findings
    }

    fn show(format: Format) -> String {
        let mut out = Vec::new();
        render(&findings(), format, Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn findings_in_every_format() {
        expect![[r#"
            a:1
              ok      quota         1 MB of 2 GB
              concern clock         3 s <ahead>\x1b
                                    set the clocks
        "#]]
        .assert_eq(&show(Format::Simple));
        expect![[r#"
            {"worst":"concern","findings":[{"place":"a:1","check":"quota","severity":"ok","summary":"1 MB of 2 GB"},{"place":"a:1","check":"clock","severity":"concern","summary":"3 s \u003cahead\u003e\u001b","advice":"set the clocks"}]}
        "#]]
        .assert_eq(&show(Format::Json));
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuite name="kvctl doctor" tests="2" failures="1">
              <testcase classname="a:1" name="quota"><system-out>1 MB of 2 GB</system-out></testcase>
              <testcase classname="a:1" name="clock"><failure type="concern" message="3 s &lt;ahead&gt;?">set the clocks</failure></testcase>
            </testsuite>
        "#]]
        .assert_eq(&findings().junit("kvctl doctor"));
    }

    #[test]
    fn the_worst_decides() {
        assert_eq!(Findings::default().verdict(), Ok(()));
        assert_eq!(findings().verdict().unwrap_err().status, ExitStatus::Concern);
        let mut worse = findings();
        worse.add("leader", "a:1", Severity::Trouble, "none");
        assert_eq!(worse.verdict().unwrap_err().status.code(), 16);
    }
}
