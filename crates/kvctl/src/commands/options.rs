//! `kvctl options`: the options that every command has.

use std::io::{self, Write};

use clap::{Arg, Args as _, Command};
use kv_cli::{CliError, Record, Render, RenderError, Style, Value};

use crate::ENVIRONMENT_PREFIXES;
use crate::global::GlobalArgs;
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  What can be given to every command:
    $ kvctl options

  The variables that set them:
    $ kvctl options -w jsonl | jq -r '.variables[0]'
";

/// List the options that every command has
///
/// They may stand anywhere on the command line, and each has an environment variable.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct OptionsArgs {}

pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    context.output()?.print(&Options(GlobalArgs::augment_args(Command::new("options")).disable_help_flag(true)))
}

/// The options, in the same words in every format in which etcdctl has them so.
struct Options(Command);

impl Render for Options {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        out.write_all(text(&self.0).as_bytes())
    }

    fn records(&self) -> Vec<Record> {
        self.0.get_arguments().map(record).collect()
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        Ok(self.simple(out, style)?)
    }

    fn json(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        Ok(self.simple(out, style)?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(self.simple(out, Style::default())?)
    }
}

fn record(arg: &Arg) -> Record {
    let name = arg.get_long().expect("every global option has a name");
    let takes_value = arg.get_action().takes_values();
    let value = arg.get_value_names().filter(|_| takes_value).and_then(|names| names.first());
    let default = arg.get_default_values().first().filter(|_| takes_value);
    let variable = |prefix: &&str| format!("{prefix}_{}", name.replace('-', "_").to_uppercase());
    Record::new()
        .with("option", format!("--{name}"))
        .with_some("value", value.map(ToString::to_string))
        .with_some("default", default.map(|value| value.to_string_lossy().into_owned()))
        .with("variables", ENVIRONMENT_PREFIXES.iter().map(variable).collect::<Value>())
        .with("meaning", arg.get_help().map(ToString::to_string).unwrap_or_default())
        .with_some("short", arg.get_short().map(|letter| format!("-{letter}")))
}

fn text(options: &Command) -> String {
    let [ours, etcds] = ENVIRONMENT_PREFIXES else { unreachable!("there are two") };
    let mut command = options.clone().mut_args(|arg| arg.hide(false)).help_template("{options}");
    format!(
        "These options can be given to every command:\n\n{}\n\
         Each can be given by the environment too: --write-out is {ours}_WRITE_OUT or {etcds}_WRITE_OUT.\n\
         The command line wins, then {ours}_….\n",
        command.render_help()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_global_option_is_listed() {
        let options = Options(GlobalArgs::augment_args(Command::new("options")).disable_help_flag(true));
        let text = text(&options.0);
        for name in ["--endpoints", "--write-out", "--command-timeout", "--discovery-srv-name", "KVCTL_WRITE_OUT"] {
            assert!(text.contains(name), "{name} in {text}");
        }
        let lines: Vec<String> = options.records().iter().map(ToString::to_string).collect();
        let format = lines.iter().find(|line| line.contains("--write-out")).unwrap();
        let expected = "{\"option\":\"--write-out\",\"value\":\"FORMAT\",\"default\":\"simple\",\
                        \"variables\":[\"KVCTL_WRITE_OUT\",\"ETCDCTL_WRITE_OUT\"],\"meaning\":\"Output format";
        assert!(format.starts_with(expected), "{format}");
        assert!(lines.iter().any(|line| line.starts_with("{\"option\":\"--hex\",\"variables\"")), "{lines:?}");
    }
}
