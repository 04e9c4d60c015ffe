//! Reads the command line and the environment with etcd's rules.

use std::fmt::Write as _;
use std::path::PathBuf;

use kv_proto::url::Url;

use crate::config::Config;
use crate::config_file;
use crate::flag::{Flag, Given, Group};
use crate::flag_table;
use crate::logging::Notice;
use crate::values::parse_bool;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Invocation {
    Help,
    Version,
    /// Say whether the configuration makes sense.
    Check(Box<Config>, Vec<Notice>),
    Serve(Box<Config>, Vec<Notice>),
}

/// Why the command line cannot be followed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It cannot be read: exit status 2.
    Syntax(String),
    /// It can be read and makes no sense: exit status 1.
    Invalid(String),
    /// A flag and its variable are both given, and nobody can tell which is meant: exit status 1.
    Conflict { variable: String },
}

/// What older releases of etcd put before the name of a flag that has none of it today.
const EXPERIMENTAL: &str = "experimental-";

/// Flags that had it. Some are feature gates today, and have their old names still (see `compatible_flags`).
const ONCE_EXPERIMENTAL: [&str; 21] = [
    "bootstrap-defrag-threshold-megabytes",
    "compact-hash-check-enabled",
    "compact-hash-check-time",
    "compaction-batch-limit",
    "compaction-sleep-interval",
    "corrupt-check-time",
    "distributed-tracing-address",
    "distributed-tracing-instance-id",
    "distributed-tracing-sampling-rate",
    "distributed-tracing-service-name",
    "downgrade-check-time",
    "enable-distributed-tracing",
    "initial-corrupt-check",
    "max-learners",
    "memory-mlock",
    "peer-skip-client-san-verification",
    "self-signed-cert-validity",
    "snapshot-catchup-entries",
    "warning-apply-duration",
    "warning-unary-request-duration",
    "watch-progress-notify-interval",
];

/// What asks for the configuration to be checked and nothing else.
pub(crate) const CHECK: &str = "check-config";

/// Where a throwaway server listens unless told otherwise: a free port that other machines cannot reach.
const THROWAWAY_URL: &str = "http://127.0.0.1:0";

/// The prefixes of variables, the stronger first.
const PREFIXES: [&str; 2] = ["KVD_", "ETCD_"];

/// Reads arguments (without the program's name) and the environment.
pub(crate) fn parse(arguments: &[String], environment: &[(String, String)]) -> Result<Invocation, Refusal> {
    let mut config = Config::default();
    let mut notices = Vec::new();
    let mut typed = Given::new();

    let (checking, arguments) = match arguments.split_first() {
        Some((first, rest)) if first == CHECK => (true, rest),
        _ => (false, arguments),
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(word) = argument.strip_prefix('-').filter(|word| !word.is_empty()) else {
            return Err(Refusal::Invalid(format!("{argument:?} is not a valid flag")));
        };
        let word = word.strip_prefix('-').unwrap_or(word);
        if word.is_empty() {
            // `--` ends the flags, and kvd takes nothing after them.
            match rest.next() {
                Some(positional) => return Err(Refusal::Invalid(format!("{positional:?} is not a valid flag"))),
                None => break,
            }
        }
        if word.starts_with(['-', '=']) {
            return Err(Refusal::Syntax(format!("bad flag syntax: {argument}")));
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        if matches!(name, "help" | "h") && value.is_none_or(|value| parse_bool(value) == Ok(true)) {
            return Ok(Invocation::Help);
        }
        let flag = find(name, &mut notices)
            .ok_or_else(|| Refusal::Syntax(format!("flag provided but not defined: -{name}{}", similar(name))))?;
        let value = match (value, flag.value) {
            (Some(value), _) => value,
            (None, None) => "true",
            (None, Some(_)) => {
                rest.next().ok_or_else(|| Refusal::Syntax(format!("flag needs an argument: -{name}")))?.as_str()
            }
        };
        (flag.set)(&mut config, value).map_err(|error| {
            Refusal::Syntax(match flag.value {
                None => format!("invalid boolean value {value:?} for -{name}: {error}"),
                Some(_) => format!("invalid value {value:?} for flag -{name}: {error}"),
            })
        })?;
        if flag.name == "version" && parse_bool(value) == Ok(true) {
            return Ok(Invocation::Version);
        }
        typed.insert(flag.name, value.to_owned());
    }

    let given = if let Some(path) = config_file(&config, environment) {
        // As in etcd, a file is the whole configuration.
        config = Config { config_file: Some(path.clone()), ..Config::default() };
        let given = config_file::read(&path, &mut config, &mut notices).map_err(Refusal::Invalid)?;
        notices.push(
            Notice::info(
                "loaded server configuration, other configuration command line flags and environment variables will be \
                 ignored if provided",
            )
            .field("path", path.display().to_string()),
        );
        let ignored = typed.keys().filter(|name| **name != "config-file").map(|name| format!("--{name}"));
        let ignored: Vec<String> = ignored.collect();
        if !ignored.is_empty() {
            let notice = Notice::warn("flags beside a configuration file are ignored");
            notices.push(notice.field("flags", ignored.as_slice()));
        }
        given
    } else {
        let mut given = read_environment(&mut config, &typed, environment, &mut notices)?;
        given.extend(typed);
        given
    };
    for flag in flag_table::all() {
        // What asks for the default asks for nothing.
        if let Some(why) = flag.not_honoured
            && given.get(flag.name).is_some_and(|value| value != flag.default)
        {
            notices.push(Notice::warn(format!("--{} has no effect: {why}", flag.name)));
        }
    }
    let given = |name: &str| given.contains_key(name);
    if config.throwaway {
        if given("data-dir") {
            return Err(Refusal::Invalid("--throwaway makes a directory of its own; leave out --data-dir".to_owned()));
        }
        config.unsafe_no_fsync = true;
        if !given("listen-client-urls") {
            config.listen_client_urls = vec![Url::parse(THROWAWAY_URL).expect("a constant")];
            config.advertise_client_urls.clear();
        }
    } else if config.from_snapshot.is_some() {
        return Err(Refusal::Invalid(
            "--from-snapshot needs --throwaway; `kvutl snapshot restore` makes a directory that lasts".to_owned(),
        ));
    }
    if given("listen-client-urls") && !given("advertise-client-urls") {
        if !config.listen_client_urls.iter().any(Url::has_port_zero) {
            return Err(Refusal::Invalid(
                "--advertise-client-urls is required when --listen-client-urls is set explicitly".to_owned(),
            ));
        }
        config.advertise_client_urls.clear();
    }
    notices.extend(config.validate().map_err(Refusal::Invalid)?);
    let config = Box::new(config);
    Ok(if checking { Invocation::Check(config, notices) } else { Invocation::Serve(config, notices) })
}

/// Command lines that work, and what they do.
pub(crate) const EXAMPLES: [(&str, &str); 5] = [
    ("kvd", "One member on http://localhost:2379, its data in default.kvd."),
    (
        "kvd --name a --data-dir /var/lib/kvd --listen-client-urls http://0.0.0.0:2379 \\\n\
         --advertise-client-urls http://10.0.0.1:2379",
        "The same for other machines.",
    ),
    (
        "kvd --data-dir \"$(mktemp -d)\" --listen-client-urls http://127.0.0.1:0 --ready-file ready",
        "On a free port; `ready` appears with its URL when it serves.",
    ),
    (
        "kvd check-config --config-file /etc/kvd.yaml",
        "Exit status 0 if kvd would start with this file, as far as that can be known without starting.",
    ),
    (
        "kvctl sandbox -- sh -c 'kvctl put a 1; kvctl get a'",
        "A throwaway server for one command, by way of --throwaway.",
    ),
];

/// Returns the help, wrapped by hand like everything that must not depend on a terminal.
pub(crate) fn help() -> String {
    let mut text = String::from(
        "kvd is a persistent key-value store that serves the etcd v3 API.\n\n\
         Usage:\n  kvd [flags]               serve\n  kvd check-config [flags]  say whether the configuration makes sense\n\n\
         Every flag is also a variable: --data-dir is KVD_DATA_DIR or ETCD_DATA_DIR. To set a flag and its variable\n\
         is an error. Single and double dashes mean the same; `--flag=value` and `--flag value` too.\n",
    );
    for (group, title) in Group::ALL {
        let _ = write!(text, "\n{title}:\n");
        for flag in flag_table::all().filter(|flag| flag.group == group) {
            let _ = match flag.value {
                None => writeln!(text, "  --{}", flag.name),
                Some(value) if flag.default.is_empty() => writeln!(text, "  --{} {value}", flag.name),
                Some(value) => writeln!(text, "  --{} {value} (default {})", flag.name, flag.default),
            };
            let _ = writeln!(text, "      {}", flag.help);
            if let Some(why) = flag.not_honoured {
                let _ = writeln!(text, "      Not honoured: {why}.");
            }
        }
    }
    text.push_str("\nExamples:\n");
    for (command, effect) in EXAMPLES {
        let _ = writeln!(text, "  {}\n      {effect}", command.replace('\n', "\n      "));
    }
    text
}

/// Returns the configuration file to read instead of everything else.
fn config_file(config: &Config, environment: &[(String, String)]) -> Option<PathBuf> {
    let variable = |prefix: &str| {
        let name = format!("{prefix}CONFIG_FILE");
        environment
            .iter()
            .find(|(variable, value)| *variable == name && !value.is_empty())
            .map(|(_, value)| value.into())
    };
    config.config_file.clone().or_else(|| PREFIXES.iter().find_map(|prefix| variable(prefix)))
}

/// Takes values from variables, and returns the flags they set.
fn read_environment(
    config: &mut Config,
    typed: &Given,
    environment: &[(String, String)],
    notices: &mut Vec<Notice>,
) -> Result<Given, Refusal> {
    let mut set = Given::new();
    // The stronger prefix is read first, whatever the order of the environment.
    for prefix in PREFIXES {
        for (variable, value) in environment {
            let Some(name) = variable.strip_prefix(prefix) else { continue };
            let name = name.to_ascii_lowercase().replace('_', "-");
            let flag = match find(&name, &mut Vec::new()) {
                Some(flag) if flag.name == "version" || flag.name == "help" => {
                    notices.push(Notice::warn("cannot set special environment variable").field("key", variable));
                    continue;
                }
                Some(flag) => flag,
                // Only the name: others' variables may hold secrets.
                None => {
                    notices.push(
                        Notice::warn("unrecognized environment variable").field("environment-variable", variable),
                    );
                    continue;
                }
            };
            if typed.contains_key(flag.name) {
                return Err(Refusal::Conflict { variable: variable.clone() });
            }
            if value.is_empty() {
                continue;
            }
            if set.contains_key(flag.name) {
                notices.push(
                    Notice::info("environment variable is shadowed by another one")
                        .field("environment-variable", variable),
                );
                continue;
            }
            set.insert(flag.name, value.clone());
            (flag.set)(config, value)
                .map_err(|error| Refusal::Invalid(format!("invalid value {value:?} for {variable}: {error}")))?;
            notices.push(
                Notice::info("recognized and used environment variable")
                    .field("variable-name", variable)
                    .field("variable-value", if flag.name.ends_with("password") { "***" } else { value.as_str() }),
            );
        }
    }
    Ok(set)
}

fn find(name: &str, notices: &mut Vec<Notice>) -> Option<&'static Flag> {
    let once = name.strip_prefix(EXPERIMENTAL).filter(|rest| ONCE_EXPERIMENTAL.contains(rest));
    let flag = flag_table::all().find(|flag| flag.name == once.unwrap_or(name))?;
    if once.is_some() {
        notices.push(Notice::warn(format!("--{name} is deprecated. Use --{} instead.", flag.name)));
    }
    Some(flag)
}

/// Names the flag a typing error probably meant.
fn similar(name: &str) -> String {
    let near = flag_table::all().map(|flag| flag.name).find(|known| edit_distance(known, name) <= 2);
    near.map(|known| format!(" (did you mean -{known}?)")).unwrap_or_default()
}

fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, right) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_with(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Invocation, Refusal> {
        let arguments: Vec<_> = arguments.iter().map(|&text| text.to_owned()).collect();
        let environment: Vec<_> =
            environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        parse(&arguments, &environment)
    }

    fn served(arguments: &[&str], environment: &[(&str, &str)]) -> (Config, Vec<String>) {
        match parse_with(arguments, environment).unwrap() {
            Invocation::Serve(config, notices) => (*config, notices.into_iter().map(|notice| notice.message).collect()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_spelling_of_a_flag_is_read() {
        for arguments in [
            &["--data-dir", "x"][..],
            &["-data-dir", "x"],
            &["--data-dir=x"],
            &["-data-dir=x"],
            &["--data-dir=y", "--data-dir=x"],
        ] {
            assert_eq!(served(arguments, &[]).0.data_dir, Some(PathBuf::from("x")), "{arguments:?}");
        }
        assert!(served(&["--unsafe-no-fsync"], &[]).0.unsafe_no_fsync);
        assert!(!served(&["--unsafe-no-fsync=false"], &[]).0.unsafe_no_fsync);
        assert_eq!(served(&["--name", "a", "--"], &[]).0.name, "a");
    }

    #[test]
    fn refusals_and_their_texts() {
        let syntax = |text: &str| Refusal::Syntax(text.to_owned());
        let invalid = |text: &str| Refusal::Invalid(text.to_owned());
        for (arguments, refusal) in [
            (&["--nonsense"][..], syntax("flag provided but not defined: -nonsense")),
            (&["--data-dri=x"], syntax("flag provided but not defined: -data-dri (did you mean -data-dir?)")),
            (&["--name"], syntax("flag needs an argument: -name")),
            (&["---name"], syntax("bad flag syntax: ---name")),
            (&["--max-txn-ops=x"], syntax("invalid value \"x\" for flag -max-txn-ops: parse error")),
            (&["--unsafe-no-fsync=x"], syntax("invalid boolean value \"x\" for -unsafe-no-fsync: parse error")),
            (
                &["--listen-client-urls=localhost:1"],
                syntax(
                    "invalid value \"localhost:1\" for flag -listen-client-urls: URL scheme must be http, https, unix, \
                     or unixs: localhost:1",
                ),
            ),
            (&["gateway"], invalid("\"gateway\" is not a valid flag")),
            (&["--unsafe-no-fsync", "true"], invalid("\"true\" is not a valid flag")),
            (&["--", "x"], invalid("\"x\" is not a valid flag")),
            (
                &["--listen-client-urls=http://127.0.0.1:1"],
                invalid("--advertise-client-urls is required when --listen-client-urls is set explicitly"),
            ),
            (
                &["--listen-client-urls=http://a:1", "--advertise-client-urls=http://a:1"],
                invalid("expected IP in URL for binding (http://a:1)"),
            ),
            (
                &["--advertise-client-urls=http://:1"],
                invalid(
                    "--advertise-client-urls \"http://:1\" must be in the format \"host:port\", \"unix:/path/to/socket\" \
                     or \"unixs:/path/to/socket\" (unexpected empty host (http://:1))",
                ),
            ),
        ] {
            assert_eq!(parse_with(arguments, &[]).unwrap_err(), refusal, "{arguments:?}");
        }
    }

    #[test]
    fn a_throwaway_server_has_a_port_and_a_directory_of_its_own() {
        let (config, _) = served(&["--throwaway", "--from-snapshot", "x.db"], &[]);
        assert_eq!(kv_proto::url::join(&config.listen_client_urls), THROWAWAY_URL);
        assert!(config.advertise_client_urls.is_empty() && config.unsafe_no_fsync);
        for arguments in [&["--throwaway", "--data-dir", "precious.kvd"][..], &["--from-snapshot", "x.db"]] {
            assert!(matches!(parse_with(arguments, &[]), Err(Refusal::Invalid(_))), "{arguments:?}");
        }
    }

    #[test]
    fn port_zero_advertises_what_it_becomes() {
        let (config, _) = served(&["--listen-client-urls=http://127.0.0.1:0"], &[]);
        assert!(config.advertise_client_urls.is_empty());
    }

    #[test]
    fn variables_stand_in_for_flags_and_ours_for_etcds() {
        let (config, notices) = served(&[], &[("ETCD_NAME", "e"), ("KVD_NAME", "k"), ("ETCD_MAX_TXN_OPS", "7")]);
        assert_eq!((config.name.as_str(), config.max_txn_ops), ("k", 7));
        assert!(notices.contains(&"recognized and used environment variable".to_owned()));
        assert!(notices.contains(&"environment variable is shadowed by another one".to_owned()));

        let (_, notices) = served(&["--name=a"], &[("ETCD_PORT_2379_TCP", "x"), ("ETCD_VERSION", "3")]);
        assert!(notices.contains(&"unrecognized environment variable".to_owned()));
        assert!(notices.contains(&"cannot set special environment variable".to_owned()));
    }

    #[test]
    fn a_flag_and_its_variable_conflict() {
        for variable in ["ETCD_NAME", "KVD_NAME"] {
            assert_eq!(
                parse_with(&["--name=a"], &[(variable, "b")]).unwrap_err(),
                Refusal::Conflict { variable: variable.to_owned() }
            );
        }
        assert_eq!(
            parse_with(&[], &[("ETCD_MAX_TXN_OPS", "x")]).unwrap_err(),
            Refusal::Invalid("invalid value \"x\" for ETCD_MAX_TXN_OPS: parse error".to_owned())
        );
        assert!(matches!(parse_with(&[], &[("ETCD_CONFIG_FILE", "absent")]).unwrap_err(), Refusal::Invalid(_)));
    }

    #[test]
    fn a_file_is_the_whole_configuration() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "name: from-file\nmax-txn-ops: 9\npre-vote: false\n").unwrap();
        let path = file.path().to_str().unwrap();
        let checked = |config: &Config, notices: &[String]| {
            assert_eq!(
                (config.name.as_str(), config.max_txn_ops, config.max_request_bytes),
                ("from-file", 9, 1_572_864)
            );
            assert!(notices.iter().any(|notice| notice.starts_with("loaded server configuration")), "{notices:?}");
            assert!(notices.iter().any(|notice| notice.starts_with("--pre-vote has no effect")), "{notices:?}");
        };
        let (config, notices) = served(&["--name=flag", "--config-file", path], &[("ETCD_MAX_REQUEST_BYTES", "7")]);
        checked(&config, &notices);
        assert!(notices.contains(&"flags beside a configuration file are ignored".to_owned()));
        let (config, notices) = served(&[], &[("ETCD_CONFIG_FILE", path), ("ETCD_NAME", "variable")]);
        checked(&config, &notices);
        assert!(matches!(parse_with(&["check-config", "--config-file", path], &[]), Ok(Invocation::Check(..))));
    }

    #[test]
    fn elections_have_time_and_not_too_much() {
        let (config, _) = served(&["--heartbeat-interval=300", "--election-timeout=3500"], &[]);
        assert_eq!(config.lease_ttl_min(), 5);
        assert_eq!(Config::default().lease_ttl_min(), 2);
        let refusal = |arguments: &[&str]| match parse_with(arguments, &[]) {
            Err(Refusal::Invalid(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            refusal(&["--election-timeout=499"]),
            "--election-timeout[499ms] should be at least as 5 times as --heartbeat-interval[100ms]"
        );
        assert_eq!(
            refusal(&["--election-timeout=50001"]),
            "--election-timeout[50001ms] is too long, and should be set less than 50000ms"
        );
    }

    #[test]
    fn what_cannot_be_honoured_is_said() {
        let (_, notices) =
            served(&["--snapshot-count=5", "--listen-peer-urls=http://127.0.0.1:1", "--name=a", "--data-dir=d"], &[]);
        let said = notices.iter().filter(|notice| notice.contains("has no effect"));
        assert_eq!(said.count(), 2, "{notices:?}");
    }

    #[test]
    fn older_names_still_work() {
        let (config, notices) = served(&["--experimental-watch-progress-notify-interval=5s"], &[]);
        assert_eq!(config.watch_progress_notify_interval.as_secs(), 5);
        assert!(notices.iter().any(|notice| notice.contains("is deprecated")));
        for name in ONCE_EXPERIMENTAL {
            assert!(find(&format!("{EXPERIMENTAL}{name}"), &mut Vec::new()).is_some(), "{name}");
        }
        let (config, _) = served(&["--experimental-enable-lease-checkpoint", "--enable-v2=false"], &[]);
        assert_eq!(config.feature_gates.to_string(), "LeaseCheckpoint=true");
    }

    #[test]
    fn help_and_version_win() {
        assert!(matches!(parse_with(&["-h"], &[]), Ok(Invocation::Help)));
        assert!(matches!(parse_with(&["--name", "a", "--help"], &[]), Ok(Invocation::Help)));
        assert!(matches!(parse_with(&["--version", "x"], &[]), Ok(Invocation::Version)));
        assert!(flag_table::all().all(|flag| help().contains(&format!("--{}", flag.name))));
    }
}
