//! What completion scripts ask: the names on the server that may stand where the cursor is.
//!
//! Whoever presses a key waits for the answer, so it takes 300 ms at most, is short, and is nothing at all where anything goes wrong.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches as _};
use kv_cli::arguments::{self, Parsed, Tool};
use kv_cli::{Lookup, key_range};
use kv_client::{Client, Deadline};
use kv_proto::etcdserverpb::{
    AuthRoleListRequest, AuthUserListRequest, LeaseLeasesRequest, MemberListRequest, RangeRequest,
};

use crate::contexts::{self, Contexts};
use crate::global::GlobalArgs;
use crate::session::Context;
use crate::{ENVIRONMENT_PREFIXES, command, command_path, commands, words};

/// The word that has the tool answer, with the line up to the cursor behind it.
pub(crate) const WORD: &str = "__complete";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(300);

/// The greatest number of names.
const NAMES_MAX: i64 = 100;

/// What may stand in one place of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Lease,
    Member,
    User,
    Role,
    Permission,
    Context,
}

/// The arguments of commands, by their place.
const ARGUMENTS: &[(&[&str], &[Kind])] = &[
    (&["get"], &[Kind::Key, Kind::Key]),
    (&["put"], &[Kind::Key]),
    (&["del"], &[Kind::Key, Kind::Key]),
    (&["edit"], &[Kind::Key]),
    (&["export"], &[Kind::Key]),
    (&["wait"], &[Kind::Key]),
    (&["watch"], &[Kind::Key, Kind::Key]),
    (&["lease", "revoke"], &[Kind::Lease]),
    (&["lease", "timetolive"], &[Kind::Lease]),
    (&["lease", "keep-alive"], &[Kind::Lease]),
    (&["member", "remove"], &[Kind::Member]),
    (&["member", "update"], &[Kind::Member]),
    (&["member", "promote"], &[Kind::Member]),
    (&["move-leader"], &[Kind::Member]),
    (&["user", "get"], &[Kind::User]),
    (&["user", "delete"], &[Kind::User]),
    (&["user", "passwd"], &[Kind::User]),
    (&["user", "grant-role"], &[Kind::User, Kind::Role]),
    (&["user", "revoke-role"], &[Kind::User, Kind::Role]),
    (&["role", "get"], &[Kind::Role]),
    (&["role", "delete"], &[Kind::Role]),
    (&["role", "grant-permission"], &[Kind::Role, Kind::Permission, Kind::Key, Kind::Key]),
    (&["role", "revoke-permission"], &[Kind::Role, Kind::Key, Kind::Key]),
    (&["context", "use"], &[Kind::Context]),
    (&["context", "show"], &[Kind::Context]),
    (&["context", "remove"], &[Kind::Context]),
];

/// Options with a value to look up.
const OPTIONS: &[(&str, Kind)] = &[("--context", Kind::Context), ("--lease", Kind::Lease)];

/// How scripts ask.
pub(crate) const LOOKUP: Lookup<'_> = Lookup { word: WORD, options: &[OPTIONS[0].0, OPTIONS[1].0] };

/// Prints the names that may stand at the end of a line.
pub(crate) async fn run(program: &'static str, line: &str) {
    let Some(question) = Question::read(program, line) else { return };
    let Ok(Some(names)) = tokio::time::timeout(PATIENCE, question.answer()).await else { return };
    let fits = |name: &&String| name.starts_with(&question.begun) && name.chars().all(is_plain);
    let text: String = names.iter().filter(fits).flat_map(|name| [name, "\n"]).collect();
    // Nobody reads any more what nobody waits for.
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Says whether a shell takes a character for itself. A name with others would be run, cut or changed by it.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || "/._-:@%+,=".contains(letter)
}

/// What is asked.
#[derive(Debug)]
struct Question {
    program: &'static str,
    kind: Kind,
    /// How the name begins.
    begun: String,
    /// What else is on the line; contexts are known whatever it is.
    parsed: Option<Parsed>,
}

impl Question {
    fn read(program: &'static str, line: &str) -> Option<Question> {
        let mut typed = words::split(line).ok()?;
        if typed.is_empty() {
            return None;
        }
        typed.remove(0);
        let begun = if line.ends_with(char::is_whitespace) { OsString::new() } else { typed.pop()? };
        let begun = begun.into_string().ok()?;
        let of_option = typed.last().and_then(|last| OPTIONS.iter().find(|(option, _)| last == option));
        if of_option.is_some() {
            typed.pop();
        }
        let root = command(program);
        let tool = Tool {
            command: root.clone(),
            abbreviable: commands::ETCDCTL_COMMANDS,
            environment_prefixes: ENVIRONMENT_PREFIXES,
        };
        let parsed = arguments::parse_with_sources(tool, &typed, &|name| env::var_os(name)).ok();
        if let Some((_, kind @ Kind::Context)) = of_option {
            return Some(Question { program, kind: *kind, begun, parsed });
        }
        let parsed = parsed?;
        let kind = if let Some((_, kind)) = of_option {
            *kind
        } else {
            let path = command_path(&parsed.matches);
            let (_, kinds) = ARGUMENTS.iter().find(|(known, _)| *known == path)?;
            *kinds.get(typed_arguments(&root, &parsed.matches)?)?
        };
        Some(Question { program, kind, begun, parsed: Some(parsed) })
    }

    async fn answer(&self) -> Option<Vec<String>> {
        match self.kind {
            Kind::Permission => return Some(["read", "write", "readwrite"].map(str::to_owned).into()),
            Kind::Context => {
                return Some(Contexts::open().ok()?.all().map(|(name, _)| name.to_owned()).collect());
            }
            _ => {}
        }
        let client = self.client().await?;
        let never = Deadline::NEVER;
        let names = match self.kind {
            Kind::Key => {
                let (key, range_end) = key_range(self.begun.as_bytes(), None, true, false);
                let request = RangeRequest {
                    key: key.into(),
                    range_end: range_end.into(),
                    limit: NAMES_MAX,
                    keys_only: true,
                    serializable: true,
                    ..RangeRequest::default()
                };
                let found = client.range(request, never).await.ok()?.kvs;
                found.iter().filter_map(|kv| String::from_utf8(kv.key.to_vec()).ok()).collect()
            }
            Kind::Lease => {
                let leases = client.lease_leases(LeaseLeasesRequest {}, never).await.ok()?.leases;
                leases.iter().map(|lease| format!("{:016x}", lease.id)).collect()
            }
            Kind::Member => {
                let members = client.member_list(MemberListRequest { linearizable: false }, never).await.ok()?.members;
                members.iter().map(|member| format!("{:x}", member.id)).collect()
            }
            Kind::User => client.user_list(AuthUserListRequest {}, never).await.ok()?.users,
            Kind::Role => client.role_list(AuthRoleListRequest {}, never).await.ok()?.roles,
            Kind::Permission | Kind::Context => Vec::new(),
        };
        Some(names.into_iter().take(NAMES_MAX as usize).collect())
    }

    /// Connects as the command on the line would, unless it would ask for a password or run a command for one.
    async fn client(&self) -> Option<Client> {
        let parsed = self.parsed.as_ref()?;
        let mut globals = GlobalArgs::from_arg_matches(&parsed.matches).ok()?;
        let chosen = contexts::choose(&mut globals, &|flag| parsed.source(flag), self.program != "etcdctl").ok()?;
        let runs_command = chosen
            .as_ref()
            .is_some_and(|chosen| chosen.profile.password_command.is_some() || chosen.profile.token_command.is_some());
        let variable =
            chosen.as_ref().is_some_and(|chosen| !chosen.is_elsewhere && chosen.profile.password_env.is_some());
        let asks = !globals.user.is_empty() && !globals.user.contains(':') && globals.password.is_empty() && !variable;
        if runs_command || (asks && globals.auth_jwt_token.is_empty()) {
            return None;
        }
        globals.debug = false;
        globals.dial_timeout = PATIENCE;
        let context = Context { globals, program: self.program, command_timeout_is_given: false, chosen };
        let mut options = context.options().ok()?;
        options.notice = None;
        Client::connect(context.endpoints().await.ok()?, options).await.ok()
    }
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    let mut innermost = matches;
    while let Some((_, of_command)) = innermost.subcommand() {
        innermost = of_command;
    }
    innermost
}

/// Counts the arguments on a line that are no options.
fn typed_arguments(root: &clap::Command, matches: &ArgMatches) -> Option<usize> {
    let leaf = command_path(matches).into_iter().try_fold(root, |command, name| command.find_subcommand(name))?;
    let matches = innermost(matches);
    let typed = |arg: &clap::Arg| match matches.value_source(arg.get_id().as_str()) {
        Some(ValueSource::CommandLine) => matches.get_raw(arg.get_id().as_str()).map_or(0, Iterator::count),
        _ => 0,
    };
    Some(leaf.get_positionals().map(typed).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(Kind, &str)>) {
        let question = Question::read("kvctl", line);
        let read = question.as_ref().map(|question| (question.kind, question.begun.as_str()));
        assert_eq!(read, expected, "{line}");
    }

    #[test]
    fn a_line_asks_for_what_may_stand_at_its_end() {
        check("kvctl get ", Some((Kind::Key, "")));
        check("kvctl get /app/co", Some((Kind::Key, "/app/co")));
        check("kvctl --endpoints x:1 get -w json /a /b", Some((Kind::Key, "/b")));
        check("kvctl get a b ", None);
        check("kvctl put k ", None);
        check("kvctl put k v --lease ", Some((Kind::Lease, "")));
        check("kvctl lease revoke 3", Some((Kind::Lease, "3")));
        check("kvctl user grant-role ann ", Some((Kind::Role, "")));
        check("kvctl role grant-permission r re", Some((Kind::Permission, "re")));
        check("kvctl --context p", Some((Kind::Context, "p")));
        check("kvctl get --context ", Some((Kind::Context, "")));
        check("kvctl context use ", Some((Kind::Context, "")));
        for line in ["", "kvctl", "kvctl ", "kvctl ge", "kvctl lease ", "kvctl nonsense a", "kvctl get --rev x "] {
            check(line, None);
        }
    }

    #[test]
    fn every_option_with_names_is_asked_for_in_every_shell() {
        assert_eq!(LOOKUP.options.len(), OPTIONS.len());
    }

    #[test]
    fn every_command_exists() {
        let root = command("kvctl");
        for (path, _) in ARGUMENTS {
            assert!(path.iter().try_fold(&root, |command, name| command.find_subcommand(name)).is_some(), "{path:?}");
        }
    }

    #[test]
    fn what_a_shell_would_obey_is_no_candidate() {
        assert!("/app/config.d/a-b_c:1@x%2F+,=é".chars().all(is_plain));
        for hostile in ["$(reboot)", "`x`", "a b", "a;b", "a\u{1b}[2J", "a'b", "a\\b", "~x", "a*"] {
            assert!(!hostile.chars().all(is_plain), "{hostile}");
        }
    }
}
