//! `kvctl context list`: all contexts.

use std::io::{self, Write};

use kv_cli::{CliError, Record, Render, RenderError, Style};

use super::show::record;
use crate::contexts::Contexts;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  All contexts, the one in use with a star:
    $ kvctl context list

  Their names alone:
    $ kvctl context list -w jsonl | jq -r .context
";

/// List all contexts
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl context list", after_long_help = EXAMPLES)]
pub(crate) struct ListArgs {}

pub(crate) fn run(context: &Context, _args: &ListArgs) -> Result<(), CliError> {
    context.output()?.print(&List(Contexts::open()?))
}

struct List(Contexts);

impl Render for List {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        for (name, profile) in self.0.all() {
            let mark = if self.0.current() == Some(name) { '*' } else { ' ' };
            let place = profile.discovery_srv.clone().unwrap_or_else(|| profile.endpoints.join(","));
            let protected = if profile.protected { " (protected)" } else { "" };
            writeln!(out, "{mark} {name} {place}{protected}")?;
        }
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        self.0.all().map(|(name, profile)| record(name, profile, self.0.current())).collect()
    }

    fn fields(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        for record in self.records() {
            record.write_fields(out)?;
            writeln!(out)?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let contexts: Vec<String> = self.records().iter().map(ToString::to_string).collect();
        Ok(writeln!(out, "[{}]", contexts.join(","))?)
    }

    fn columns(&self) -> &'static [&'static str] {
        &["context", "in_use", "endpoints", "protected"]
    }
}
