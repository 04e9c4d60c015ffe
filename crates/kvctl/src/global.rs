//! The options that every command has.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgAction, Args, ValueHint, value_parser};
use kv_cli::{parse_bool, parse_duration, parse_int};

/// Where a server is looked for unless it is said.
pub(crate) const DEFAULT_ENDPOINT: &str = "127.0.0.1:2379";

/// The options that every command has. They are hidden in the help of commands and listed by `kvctl options`.
#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Servers to talk to, separated by commas; the next one is tried when one fails
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "ENDPOINTS",
        value_delimiter = ',',
        default_value = DEFAULT_ENDPOINT
    )]
    pub(crate) endpoints: Vec<String>,

    /// Named way to connect, see `kvctl context`
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// Output format: fields, json, jsonl, protobuf, simple or table
    #[arg(long, short = 'w', global = true, hide = true, value_name = "FORMAT", default_value = "simple")]
    pub(crate) write_out: String,

    /// Print byte strings and ids in hexadecimal
    #[arg(long, global = true, hide = true)]
    pub(crate) hex: bool,

    /// Say on standard error which options are in force and what the client does
    #[arg(long, global = true, hide = true)]
    pub(crate) debug: bool,

    /// Answer every question with yes
    #[arg(long, global = true, hide = true)]
    pub(crate) yes: bool,

    /// Longest time for making a connection
    #[arg(long, global = true, hide = true, value_name = "DURATION", default_value = "2s", value_parser = parse_duration)]
    pub(crate) dial_timeout: Duration,

    /// Longest time for a short command, without making the connection
    #[arg(long, global = true, hide = true, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub(crate) command_timeout: Duration,

    /// How long a busy connection may be silent before it is probed; less than 10s means 10s
    #[arg(long, global = true, hide = true, value_name = "DURATION", default_value = "2s", value_parser = parse_duration)]
    pub(crate) keepalive_time: Duration,

    /// How long the answer to a probe may take before the connection is given up
    #[arg(long, global = true, hide = true, value_name = "DURATION", default_value = "6s", value_parser = parse_duration)]
    pub(crate) keepalive_timeout: Duration,

    /// Greatest size of a request in bytes; 0 for 2 MiB
    #[arg(long, global = true, hide = true, value_name = "BYTES", default_value = "0", value_parser = size)]
    pub(crate) max_request_bytes: i64,

    /// Greatest size of an answer in bytes; 0 for 2 GiB
    #[arg(long, global = true, hide = true, value_name = "BYTES", default_value = "0", value_parser = size)]
    pub(crate) max_recv_bytes: i64,

    /// Do without TLS where the endpoint does not ask for it
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "true",
        value_parser = parse_bool
    )]
    pub(crate) insecure_transport: bool,

    /// Accept any certificate of the server; for testing only
    #[arg(long, global = true, hide = true)]
    pub(crate) insecure_skip_tls_verify: bool,

    /// Accept endpoints without TLS from `--discovery-srv`
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "true",
        value_parser = parse_bool
    )]
    pub(crate) insecure_discovery: bool,

    /// Certificate that the client shows to the server
    #[arg(long, global = true, hide = true, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = value_parser!(OsString))]
    pub(crate) cert: Option<OsString>,

    /// Private key of that certificate
    // Not `key`, which is the name of an argument of many commands.
    #[arg(long = "key", global = true, hide = true, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = value_parser!(OsString))]
    pub(crate) key_file: Option<OsString>,

    /// Certificates of the authorities to trust, instead of the system's
    #[arg(long, global = true, hide = true, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = value_parser!(OsString))]
    pub(crate) cacert: Option<OsString>,

    /// User to authenticate as; the password is asked for if it is not given
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "NAME[:PASSWORD]",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) user: String,

    /// Password of the user, who is then given without one
    #[arg(long, global = true, hide = true, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    pub(crate) password: String,

    /// Token to authenticate with, instead of a user and a password
    #[arg(long, global = true, hide = true, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    pub(crate) auth_jwt_token: String,

    /// Domain whose SRV records say where the servers are
    #[arg(
        long,
        short = 'd',
        global = true,
        hide = true,
        value_name = "DOMAIN",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) discovery_srv: String,

    /// Suffix of the service's name in those records
    #[arg(long, global = true, hide = true, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) discovery_srv_name: String,
}

fn size(text: &str) -> Result<i64, String> {
    parse_int(text, 0).and_then(|size| if size < 0 { Err("a size is not negative".to_owned()) } else { Ok(size) })
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches as _};

    use super::*;

    #[test]
    fn what_is_on_can_be_switched_off() {
        let parse = |arguments: &[&str]| {
            let command = GlobalArgs::augment_args(Command::new("kvctl").no_binary_name(true));
            let matches = command.get_matches_from(arguments);
            let globals = GlobalArgs::from_arg_matches(&matches).unwrap();
            (globals.insecure_transport, globals.insecure_discovery)
        };
        assert_eq!(parse(&[]), (true, true));
        assert_eq!(parse(&["--insecure-transport=false", "--insecure-discovery=F"]), (false, false));
        assert_eq!(parse(&["--insecure-transport", "--insecure-discovery=true"]), (true, true));
    }
}
