//! `kvctl check`: what a cluster can carry.

mod datascale;
mod latency;
mod load;
mod perf;

use clap::Subcommand;
use kv_cli::{CliError, ExitStatus};

use crate::session::Context;

/// Find out what a cluster can carry
///
/// Both checks write keys of their own and delete them at the end.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(subcommand)]
    command: CheckCommand,
}

#[derive(Debug, Subcommand)]
enum CheckCommand {
    Datascale(datascale::DatascaleArgs),
    Perf(perf::PerfArgs),
}

pub(crate) async fn run(context: &Context, args: &CheckArgs) -> Result<(), CliError> {
    match &args.command {
        CheckCommand::Datascale(args) => datascale::run(context, args).await,
        CheckCommand::Perf(args) => perf::run(context, args).await,
    }
}

/// How much a check does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Small,
    Medium,
    Large,
    ExtraLarge,
}

impl Size {
    fn parse(name: &str) -> Result<Size, CliError> {
        match name {
            "s" | "small" => Ok(Size::Small),
            "m" | "medium" => Ok(Size::Medium),
            "l" | "large" => Ok(Size::Large),
            "xl" | "xLarge" => Ok(Size::ExtraLarge),
            _ => Err(CliError::new(ExitStatus::BadFeature, format_args!("unknown load option {name}"))
                .with_hint("there are s, m, l and xl")),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Size::Small => "s",
            Size::Medium => "m",
            Size::Large => "l",
            Size::ExtraLarge => "xl",
        }
    }

    /// Clients that write at the same time.
    fn clients(self) -> usize {
        match self {
            Size::Small => 50,
            Size::Medium => 200,
            Size::Large => 500,
            Size::ExtraLarge => 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_names() {
        assert_eq!(Size::parse("xLarge"), Ok(Size::ExtraLarge));
        assert_eq!(Size::parse("m").map(Size::name), Ok("m"));
        let error = Size::parse("huge").unwrap_err();
        assert_eq!(error.message.as_deref(), Some("unknown load option huge"));
        assert_eq!(error.status, ExitStatus::BadFeature);
    }
}
