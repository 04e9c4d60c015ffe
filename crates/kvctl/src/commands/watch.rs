//! `kvctl watch`: changes as they happen, or as they happened since a revision.

mod event;
mod handler;
mod interactive;
mod print;

use std::env;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use kv_cli::{CliError, Quoted, key_range, parse_revision};
use kv_proto::etcdserverpb::WatchCreateRequest;

use self::handler::Handler;
use crate::session::{Context, Session};

const EXAMPLES: &str = "\
Examples:
  Watch a key, then all keys of a prefix with their former values:
    $ kvctl watch /app/color
    $ kvctl watch /app/ --prefix --prev-kv

  Everything that happened since revision 12:
    $ kvctl watch \"\" --prefix --rev 12

  Run a command at each change:
    $ kvctl watch /app/color -- sh -c 'echo $ETCD_WATCH_KEY is now $ETCD_WATCH_VALUE'

  Hand each change to a program as JSON, and go on when that fails:
    $ kvctl watch /app/ --prefix --keep-going -- jq -r .key
";

const LONG_ABOUT: &str = "\
Watch keys change

Prints PUT or DELETE, the key and the new value of every change, each on a line of its own, until it is interrupted. A \
connection that breaks is made again without losing a change.

With COMMAND, runs it for each change. It finds the change in ETCD_WATCH_REVISION, ETCD_WATCH_EVENT_TYPE, ETCD_WATCH_KEY \
and ETCD_WATCH_VALUE, the last three as Go string literals, and as a line of JSON, as --write-out=jsonl prints it, on standard \
input. What is too large for a variable, 128 KiB, is only there. The watch ends with status 1 when a command fails, unless \
--keep-going is given.

With --interactive, reads lines from standard input: `watch [OPTIONS] KEY [RANGE_END]` adds a watch, `progress` asks the \
server up to which revision all changes have been seen.";

/// Watch keys change
#[derive(Debug, Clone, clap::Args)]
#[command(override_usage = "kvctl watch [OPTIONS] <KEY> [RANGE_END] [-- COMMAND...]", after_long_help = EXAMPLES, long_about = LONG_ABOUT)]
pub(crate) struct WatchArgs {
    /// Key to watch, or the first key of a range
    #[arg(value_name = "KEY")]
    key: Option<OsString>,

    /// End of the range: the first key that is not watched
    #[arg(value_name = "RANGE_END")]
    range_end: Option<OsString>,

    /// Command to run at each change, with its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    /// Watch the keys that begin with KEY; with an empty KEY, all keys
    #[arg(long)]
    prefix: bool,

    /// First revision to show changes of; 0 for the next one
    #[arg(long, value_name = "REVISION", default_value = "0", value_parser = parse_revision)]
    rev: i64,

    /// Print what the key was before each change
    #[arg(long)]
    prev_kv: bool,

    /// Let the server say now and then up to which revision all changes have been seen
    #[arg(long)]
    progress_notify: bool,

    /// Go on with the next change when COMMAND fails
    #[arg(long)]
    keep_going: bool,

    /// Read what to watch from standard input
    #[arg(long, short)]
    interactive: bool,
}

/// The key and the end of its range from the environment.
#[derive(Debug, Default)]
struct FromEnvironment {
    key: Option<OsString>,
    range_end: Option<OsString>,
}

pub(crate) async fn run(context: &Context, args: WatchArgs) -> Result<(), CliError> {
    let environment = FromEnvironment::read(&|name| env::var_os(name))?;
    if args.interactive {
        let Session { client, output } = context.session().await?;
        return interactive::run(client, output, &environment).await;
    }
    let args = args.completed(&environment)?;
    let Session { client, mut output } = context.session().await?;
    let mut session = client.watch();
    session.create(args.request()?);
    print::until_the_end(&mut session, &mut output, &args.handler()).await
}

impl FromEnvironment {
    fn read(look_up: &dyn Fn(&str) -> Option<OsString>) -> Result<FromEnvironment, CliError> {
        let find = |name: &str| {
            let mut names = crate::ENVIRONMENT_PREFIXES.iter().map(|prefix| format!("{prefix}_{name}"));
            names.find_map(|name| look_up(&name).filter(|value| !value.is_empty()))
        };
        let (key, range_end) = (find("WATCH_KEY"), find("WATCH_RANGE_END"));
        if let (None, Some(range_end)) = (&key, &range_end) {
            let range_end = Quoted(range_end.as_bytes());
            return Err(CliError::arguments(format_args!(
                "ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END={range_end}"
            )));
        }
        Ok(FromEnvironment { key, range_end })
    }
}

impl WatchArgs {
    /// Takes the key from the environment if it is there and not here.
    fn completed(mut self, environment: &FromEnvironment) -> Result<WatchArgs, CliError> {
        match (&self.key, &environment.key) {
            (Some(_), Some(_)) => {
                Err(CliError::arguments("bad number of arguments (found conflicting environment key)"))
            }
            (None, None) => Err(CliError::arguments("bad number of arguments")
                .with_hint("name a key, or watch all keys with `watch \"\" --prefix`")),
            (Some(_), None) => Ok(self),
            (None, Some(key)) => {
                self.key = Some(key.clone());
                self.range_end.clone_from(&environment.range_end);
                Ok(self)
            }
        }
    }

    fn handler(&self) -> Handler {
        Handler { command: self.command.clone(), keep_going: self.keep_going }
    }

    fn request(&self) -> Result<WatchCreateRequest, CliError> {
        let range_end = match &self.range_end {
            Some(_) if self.prefix => {
                return Err(CliError::arguments("`range_end` and `--prefix` are mutually exclusive"));
            }
            Some(range_end) => Some(range_end.as_bytes()),
            None => None,
        };
        let key = self.key.clone().unwrap_or_default().into_vec();
        let (key, range_end) = key_range(&key, range_end, self.prefix, false);
        Ok(WatchCreateRequest {
            key: key.into(),
            range_end: range_end.into(),
            start_revision: self.rev,
            progress_notify: self.progress_notify,
            prev_kv: self.prev_kv,
            ..WatchCreateRequest::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};
    use kv_cli::ExitStatus;

    use super::*;

    fn parse(line: &str) -> WatchArgs {
        let command = WatchArgs::augment_args(clap::Command::new("watch").no_binary_name(true));
        let words = line.split_whitespace().map(|word| word.replace("''", ""));
        WatchArgs::from_arg_matches(&command.get_matches_from(words)).unwrap()
    }

    fn environment(variables: &[(&str, &str)]) -> Result<FromEnvironment, CliError> {
        FromEnvironment::read(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[track_caller]
    fn check(line: &str, variables: &[(&str, &str)], key: &'static [u8], range_end: &'static [u8]) {
        let request = parse(line).completed(&environment(variables).unwrap()).unwrap().request().unwrap();
        assert_eq!((&request.key[..], &request.range_end[..]), (key, range_end));
    }

    #[track_caller]
    fn check_refused(line: &str, variables: &[(&str, &str)], message: &str) {
        let request = environment(variables)
            .and_then(|environment| parse(line).completed(&environment))
            .and_then(|args| args.request());
        let error = request.unwrap_err();
        assert_eq!((error.status, error.message.as_deref()), (ExitStatus::BadArguments, Some(message)));
    }

    #[test]
    fn what_is_watched() {
        check("a", &[], b"a", b"");
        check("a c", &[], b"a", b"c");
        check("a --prefix", &[], b"a", b"b");
        check("'' --prefix", &[], b"\0", b"\0");
        check("", &[("ETCDCTL_WATCH_KEY", "e")], b"e", b"");
        check("-- echo", &[("KVCTL_WATCH_KEY", "k"), ("ETCDCTL_WATCH_KEY", "e")], b"k", b"");
        check("", &[("ETCDCTL_WATCH_KEY", "e"), ("ETCDCTL_WATCH_RANGE_END", "f")], b"e", b"f");
    }

    #[test]
    fn contradictions() {
        check_refused("", &[], "bad number of arguments");
        check_refused("a b --prefix", &[], "`range_end` and `--prefix` are mutually exclusive");
        check_refused(
            "a -- echo",
            &[("ETCDCTL_WATCH_KEY", "e")],
            "bad number of arguments (found conflicting environment key)",
        );
        check_refused(
            "",
            &[("ETCDCTL_WATCH_RANGE_END", "f")],
            "ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END=\"f\"",
        );
    }
}
