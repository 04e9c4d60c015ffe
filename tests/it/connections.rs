//! How kvctl finds its server: contexts, several endpoints, and what it says about a step that fails.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::{fs, thread};

use tempfile::TempDir;

use crate::harness::{Kind, Server};

/// kvctl with a file of contexts of its own, and the variables given.
struct Kvctl {
    directory: TempDir,
}

impl Kvctl {
    fn new() -> Kvctl {
        Kvctl { directory: TempDir::new().expect("a temporary directory") }
    }

    fn config(&self) -> std::path::PathBuf {
        self.directory.path().join("made/config.toml")
    }

    fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(Kind::Kvd.client_tool());
        for (name, _) in std::env::vars_os() {
            if ["ETCDCTL_", "KVCTL_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.args(line.split(' ').filter(|word| !word.is_empty())).env("KVCTL_CONFIG", self.config());
        command.envs(variables.iter().copied()).output().expect("kvctl runs")
    }

    /// The file that shows that a password was asked for.
    fn asked(&self) -> std::path::PathBuf {
        self.directory.path().join("asked")
    }

    #[track_caller]
    fn prints(&self, line: &str, variables: &[(&str, &str)], expected: &str) {
        let output = self.run_with(line, variables);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{line}: {said}");
        assert!(output.status.success(), "{line}: {said}");
    }

    #[track_caller]
    fn ends(&self, line: &str, variables: &[(&str, &str)], status: i32, text: &str) {
        let output = self.run_with(line, variables);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}: {said}");
        assert!(said.contains(text), "{line}: {said}");
    }
}

#[test]
fn a_context_says_where_to_connect() {
    let [one, two] = [Server::start(Kind::Kvd), Server::start(Kind::Kvd)];
    let kvctl = Kvctl::new();
    kvctl.prints(&format!("put name one --endpoints {}", one.endpoint()), &[], "OK\n");
    kvctl.prints(&format!("put name two --endpoints {}", two.endpoint()), &[], "OK\n");
    kvctl.ends("get name --context one", &[], 128, "there is no context \"one\"\nhint: there are none");

    let added = "added; `kvctl context use one` puts it in use\n";
    kvctl.prints(&format!("context add one --endpoints {}", one.endpoint()), &[], &format!("Context one {added}"));
    kvctl.ends(
        &format!("context add one --endpoints {}", two.endpoint()),
        &[],
        128,
        "there is a context \"one\" already",
    );
    let mode = fs::metadata(kvctl.config()).expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    kvctl.prints("context use one", &[], "Context one is in use\n");
    let get = "get name --print-value-only";
    kvctl.prints(get, &[], "one\n");
    kvctl.prints("context list", &[], &format!("* one {}\n", one.endpoint()));

    // What names a server leaves the context out; another context goes before it.
    kvctl.prints(get, &[("ETCDCTL_ENDPOINTS", &two.endpoint())], "two\n");
    kvctl.prints(&format!("context add two --endpoints {} -w jsonl", two.endpoint()), &[], "{\"context\":\"two\"}\n");
    kvctl.prints(get, &[("KVCTL_CONTEXT", "two")], "two\n");
    kvctl.prints(&format!("{get} --context one"), &[("KVCTL_CONTEXT", "two")], "one\n");
    kvctl.ends(&format!("{get} --context= --command-timeout 100ms"), &[], 1, "127.0.0.1:2379");
    kvctl.prints("context show", &[], &format!("one (in use)\n  endpoints = [\"{}\"]\n", one.endpoint()));

    kvctl.prints("context remove one", &[], "Context one removed\n");
    kvctl.ends("context show", &[], 128, "no context is in use");
    kvctl.ends("context use one", &[], 128, "there is no context \"one\"\nhint: there are two\n");
}

/// What a shell was set up for does not redirect a command that names a context, and no secret of a context goes to a server
/// that is not its own.
#[test]
fn a_context_on_the_line_wins_over_the_environment() {
    let [one, two] = [Server::start(Kind::Kvd), Server::start(Kind::Kvd)];
    let kvctl = Kvctl::new();
    for (name, server) in [("one", &one), ("two", &two)] {
        kvctl.prints(&format!("put name {name} --endpoints {}", server.endpoint()), &[], "OK\n");
    }
    let password =
        "--password-command touch${IFS}asked;echo${IFS}x".replace("asked", &kvctl.asked().display().to_string());
    kvctl.run_with(&format!("context add one --endpoints {} --user ann {password}", one.endpoint()), &[]);
    let get = "get name --print-value-only";
    let elsewhere = [
        ("ETCDCTL_ENDPOINTS", two.endpoint()),
        ("ETCDCTL_DISCOVERY_SRV", "nowhere.invalid".to_owned()),
        ("KVCTL_CACERT", "/nowhere".to_owned()),
        ("ETCDCTL_USER", "bob:y".to_owned()),
        ("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "true".to_owned()),
    ];
    let elsewhere = elsewhere.each_ref().map(|(name, value)| (*name, value.as_str()));
    kvctl.prints(&format!("{get} --context one"), &elsewhere, "one\n");
    assert!(kvctl.asked().exists());
    fs::remove_file(kvctl.asked()).expect("the file is there");

    kvctl.prints(&format!("{get} --context one --endpoints {}", two.endpoint()), &[], "two\n");
    kvctl.prints(get, &[("KVCTL_CONTEXT", "one"), ("ETCDCTL_ENDPOINTS", &two.endpoint())], "two\n");
    assert!(!kvctl.asked().exists(), "the password was asked for on behalf of another server");
    kvctl.prints(&format!("{get} --context one --endpoints {}", one.endpoint()), &[], "one\n");
    assert!(kvctl.asked().exists());
}

#[test]
fn a_context_knows_where_the_password_is_and_not_what_it_is() {
    let server = Server::start(Kind::Kvd);
    let kvctl = Kvctl::new();
    let endpoint = format!("--endpoints {}", server.endpoint());
    kvctl.prints(&format!("user add root:secret {endpoint}"), &[], "User root created\n");
    kvctl.prints(&format!("auth enable {endpoint}"), &[], "Authentication Enabled\n");
    kvctl.ends(&format!("context add a {endpoint} --user root:secret"), &[], 128, "a context holds no secrets");
    kvctl.ends(&format!("context add a\tb {endpoint}"), &[], 128, "neither spaces nor control characters");
    kvctl.ends("context add a --endpoints h\u{a0}i:2", &[], 128, "has a space or a control character");
    let add = format!("context add a {endpoint} --user root --replace");
    kvctl.run_with(&format!("{add} --password-env ROOT_PASSWORD"), &[]);
    kvctl.prints("put k v --context a", &[("ROOT_PASSWORD", "secret")], "OK\n");
    kvctl.ends("put k v --context a", &[], 2, "the variable ROOT_PASSWORD is not set");
    let script = kvctl.directory.path().join("password");
    fs::write(&script, "echo secret\n").expect("a script");
    let command = format!("sh${{IFS}}{}", script.display());
    kvctl.run_with(&format!("{add} --password-command {command}"), &[]);
    kvctl.prints("get k --print-value-only --context a", &[], "v\n");
    assert!(!fs::read_to_string(kvctl.config()).expect("the file is there").contains("secret"));
    // Another user is not given that password.
    kvctl.ends("get k --context a --user ann:wrong", &[], 2, "authentication failed");
}

#[test]
fn a_protected_context_is_changed_only_on_purpose() {
    let server = Server::start(Kind::Kvd);
    let kvctl = Kvctl::new();
    kvctl.run_with(&format!("context add prod --protected --endpoints {}", server.endpoint()), &[]);
    kvctl.run_with("context use prod", &[]);
    for (line, command) in [
        ("put k v", "put"),
        ("del k", "del"),
        ("lease grant 5", "lease grant"),
        ("defrag", "defrag"),
        ("import", "import"),
    ] {
        kvctl.ends(line, &[], 1, &format!("the context prod is protected, so `{command}` was not run\nhint: --yes"));
    }
    kvctl.prints("put k v --yes", &[], "OK\n");
    kvctl.prints("put k v", &[("KVCTL_YES", "true")], "OK\n");
    kvctl.prints("import --dry-run", &[], "would have created 0, would have changed 0, unchanged 0\n");
    for line in ["get k", "wait k --exists", "export", "lease list", "endpoint health"] {
        assert!(kvctl.run_with(line, &[]).status.success(), "{line}");
    }
}

#[test]
fn a_wait_without_a_server_says_nothing_about_the_key() {
    let kvctl = Kvctl::new();
    for condition in ["--exists", "--absent", "--equals 2"] {
        let line = format!("wait k {condition} --timeout 1ms --command-timeout 200ms --endpoints 127.0.0.1:1");
        kvctl.ends(&line, &[], 1, "Error: context deadline exceeded\nhint: 127.0.0.1:1: cannot connect");
    }
}

#[test]
fn another_endpoint_takes_the_place_of_one_that_fails() {
    let server = Server::start(Kind::Kvd);
    let kvctl = Kvctl::new();
    let endpoints = format!("127.0.0.1:1,{}", server.endpoint());
    kvctl.prints(&format!("put k v --endpoints {endpoints}"), &[], "OK\n");
}

/// Listens, and answers whatever is said with these bytes.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 16];
            let _ = stream.read(&mut request).and_then(|_| stream.write_all(answer));
        }
    });
    address
}

/// Name, connection, TLS, HTTP/2, authentication: the hint names the step and what to do.
#[test]
fn a_failure_names_its_step() {
    let server = Server::start(Kind::Kvd);
    let kvctl = Kvctl::new();
    let ends = |endpoint: &str, step: &str, advice: &str| {
        let line = format!("get k --command-timeout 3s --endpoints {endpoint}");
        let output = kvctl.run_with(&line, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        let mut lines = said.lines();
        assert_eq!(lines.next(), Some("Error: context deadline exceeded"), "{said}");
        let hint = lines.next().unwrap_or_default();
        assert!(hint.starts_with(&format!("hint: {endpoint}: {step}")) && hint.contains(advice), "{said}");
    };
    ends("no..such:2379", "cannot find the host's address", "check the name");
    ends("127.0.0.1:1", "cannot connect: connection refused", "check that the server runs there");
    let plain = format!("https://{}", server.endpoint());
    ends(&plain, "TLS failed: the server does not use TLS", "use http://");
    ends(&answering(&[0x15, 3, 1, 0, 2, 2, 70]), "connected, but", "use https://");
    ends(&answering(b"SSH-2.0-OpenSSH_9.2\r\n"), "connected, but the answer is not HTTP/2", "the port for clients");

    let speaking = answering(b"SSH-2.0-OpenSSH_9.2\r\n");
    ends(&format!("https://{speaking}"), "TLS failed: the server does not use TLS", "use http://");

    // The system takes connections for a process that does not.
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = silent.local_addr().expect("an address");
    ends(&address.to_string(), "connected, but there was no answer within 2s", "the server hangs");
    ends(&format!("https://{address}"), "TLS failed: no answer within 2s", "the server hangs");

    let endpoint = format!("--endpoints {}", server.endpoint());
    kvctl.prints(&format!("user add root:secret {endpoint}"), &[], "User root created\n");
    kvctl.prints(&format!("auth enable {endpoint}"), &[], "Authentication Enabled\n");
    kvctl.ends(
        &format!("get k {endpoint}"),
        &[],
        1,
        "user name is empty\nhint: the server wants to know who is asking",
    );
    kvctl.ends(&format!("get k {endpoint} --user root:no"), &[], 2, "hint: check --user and --password");
}
