//! `kvctl context add`: name a way to connect.

use std::ffi::OsString;
use std::path::absolute;

use kv_cli::{CliError, ExitStatus, Outcome, OwnOutcome, Quoted, Record};
use kv_client::Endpoint;

use super::one_name;
use crate::contexts::{Contexts, Profile};
use crate::session::Context;

const EXAMPLES: &str = "\
Examples:
  A server for tests:
    $ kvctl context add test --endpoints 127.0.0.1:2379

  A cluster with TLS and a user, whose password a command prints; writing to it asks first:
    $ kvctl context add prod --endpoints https://a.example:2379,https://b.example:2379 --cacert ca.pem \\
        --user ann --password-command 'pass show kvd/prod' --protected
";

/// Name a way to connect
///
/// Takes the options that say how to connect, which every command has: --endpoints or --discovery-srv, --cacert, --cert, --key,
/// --insecure-skip-tls-verify and --user. Nothing is connected to. Where a password or a token comes from is noted, not what
/// it is: a command, run by the shell each time, or a variable. Names of files become absolute.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl context add [OPTIONS] <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct AddArgs {
    /// Name of the context
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Command that prints the user's password
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,

    /// Variable that has the user's password
    #[arg(long, value_name = "VARIABLE")]
    password_env: Option<String>,

    /// Command that prints a token to authenticate with
    #[arg(long, value_name = "COMMAND")]
    token_command: Option<String>,

    /// Variable that has a token to authenticate with
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,

    /// Ask before every command that changes something
    #[arg(long)]
    protected: bool,

    /// Replace a context of this name
    #[arg(long)]
    replace: bool,
}

pub(crate) fn run(context: &Context, args: &AddArgs) -> Result<(), CliError> {
    let name = one_name(&args.names, "add")?;
    if name.contains(is_unprintable) {
        return Err(CliError::arguments("the name of a context has neither spaces nor control characters"));
    }
    let profile = profile(context, args)?;
    let mut output = context.output()?;
    let mut contexts = Contexts::open_to_change()?;
    if !args.replace && contexts.find(name).is_ok() {
        let name = Quoted(name.as_bytes());
        return Err(CliError::arguments(format_args!("there is a context {name} already"))
            .with_hint("--replace takes its place"));
    }
    contexts.set(name, profile)?;
    let line = format!("Context {name} added; `{} context use {name}` puts it in use", context.program);
    output.print(&OwnOutcome(Outcome { line, record: Record::new().with("context", name) }))
}

fn profile(context: &Context, args: &AddArgs) -> Result<Profile, CliError> {
    let globals = &context.globals;
    if globals.user.contains(':') || !globals.password.is_empty() || !globals.auth_jwt_token.is_empty() {
        return Err(CliError::arguments("a context holds no secrets").with_hint(
            "give --user without a password, and --password-command or --password-env, --token-command or --token-env",
        ));
    }
    if args.password_command.is_some() && args.password_env.is_some()
        || args.token_command.is_some() && args.token_env.is_some()
    {
        return Err(CliError::arguments("a secret comes from a command or from a variable, not from both"));
    }
    if globals.user.is_empty() && (args.password_command.is_some() || args.password_env.is_some()) {
        return Err(CliError::arguments("a password is of no use without --user"));
    }
    for endpoint in &globals.endpoints {
        endpoint.parse::<Endpoint>().map_err(CliError::arguments)?;
        if endpoint.trim().contains(is_unprintable) {
            let endpoint = Quoted(endpoint.as_bytes());
            return Err(CliError::arguments(format_args!(
                "the endpoint {endpoint} has a space or a control character"
            ))
            .with_hint("endpoints are separated by commas"));
        }
    }
    let file = |file: &Option<OsString>| file.as_ref().filter(|file| !file.is_empty()).map(absolute_path).transpose();
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Ok(Profile {
        endpoints: globals.endpoints.iter().map(|endpoint| endpoint.trim().to_owned()).collect(),
        discovery_srv: text(&globals.discovery_srv),
        cacert: file(&globals.cacert)?,
        cert: file(&globals.cert)?,
        key: file(&globals.key_file)?,
        insecure_skip_tls_verify: globals.insecure_skip_tls_verify,
        user: text(&globals.user),
        password_command: args.password_command.clone(),
        password_env: args.password_env.clone(),
        token_command: args.token_command.clone(),
        token_env: args.token_env.clone(),
        protected: args.protected,
    })
}

fn is_unprintable(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control()
}

fn absolute_path(file: &OsString) -> Result<String, CliError> {
    let path = absolute(file).map_err(|error| CliError::new(ExitStatus::Io, error))?;
    path.into_os_string().into_string().map_err(|_| CliError::arguments("names of files in contexts are UTF-8"))
}
