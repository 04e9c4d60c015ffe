//! Completion in real shells: what is offered comes from the server, and nothing that a shell would obey.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::clients;
use crate::harness::{Kind, Server, Tool};

/// kvctl under its own name, its scripts, and a server with something in it.
struct Place {
    directory: TempDir,
    server: Server,
    lease: String,
}

impl Place {
    fn new() -> Place {
        let server = Server::start(Kind::Kvd);
        let granted = Tool::client(Kind::Kvd, &server).run(&["lease", "grant", "1000"]);
        let lease = granted.text().split(' ').nth(1).expect("an id").to_owned();
        let place = Place { directory: TempDir::new().expect("a temporary directory"), server, lease };
        symlink(Kind::Kvd.client_tool(), place.path().join("kvctl")).expect("a link to the tool");
        let tool = Tool::client(Kind::Kvd, &place.server);
        for key in ["/app/color", "/app/config", "/app/$(touch hostile)", "/app/with space", "b:1"] {
            assert_eq!(tool.run(&["put", key, "x"]).status, 0);
        }
        for line in ["user add ann --no-password", "role add reader", "role add writer"] {
            assert_eq!(tool.run(&line.split(' ').collect::<Vec<_>>()).status, 0, "{line}");
        }
        for name in ["prod", "test"] {
            let added = place.shell("kvctl").args(["context", "add", name, "--endpoints=127.0.0.1:1"]).output();
            assert!(added.expect("kvctl runs").status.success());
        }
        place
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Puts the lease's id in its place.
    fn filled_in<'a>(&'a self, offered: &[&'a str]) -> Vec<&'a str> {
        offered.iter().map(|name| if *name == "$LEASE" { self.lease.as_str() } else { name }).collect()
    }

    /// Returns a shell that finds kvctl and its server.
    fn shell(&self, program: &str) -> Command {
        let own = self.path().join(program);
        let mut command = Command::new(if own.exists() { own.as_os_str() } else { program.as_ref() });
        let path = format!("{}:{}", self.path().display(), std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).env("HOME", self.path()).env("XDG_CONFIG_HOME", self.path().join("xdg"));
        command.env("KVCTL_ENDPOINTS", self.server.endpoint()).current_dir(self.path()).stdin(Stdio::null());
        command
    }
}

/// Returns a shell's completion script.
fn script(shell: &str) -> String {
    let output = Command::new(Kind::Kvd.client_tool()).args(["completion", shell]).output().expect("kvctl runs");
    String::from_utf8(output.stdout).expect("text")
}

/// Lines and what is offered at their ends, in the order in which shells show them: each kind of name that is looked up, as an
/// argument and, where there is such an option, as its value.
const LINES: &[(&str, &[&str])] = &[
    ("kvctl user get ", &["ann"]),
    ("kvctl role get w", &["writer"]),
    ("kvctl role grant-permission reader re", &["read", "readwrite"]),
    ("kvctl role grant-permission reader read /app/co", &["/app/color", "/app/config"]),
    ("kvctl lease revoke ", &["$LEASE"]),
    ("kvctl put k v --lease ", &["$LEASE"]),
    ("kvctl member remove 8e", &["8e9e05c52164694d"]),
    ("kvctl move-leader ", &["8e9e05c52164694d"]),
    ("kvctl context use ", &["prod", "test"]),
    ("kvctl get --context p", &["prod"]),
    ("kvctl get /app/co", &["/app/color", "/app/config"]),
    ("kvctl get /app/", &["/app/color", "/app/config"]),
    ("kvctl user grant-role a", &["ann"]),
    ("kvctl user grant-role ann ", &["reader", "writer"]),
];

fn run(mut command: Command) -> String {
    let output = command.output().expect("the shell is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn bash_completes_names_from_the_server() {
    let place = Place::new();
    fs::write(place.path().join("script"), script("bash")).expect("a file");
    // As readline calls it: the words, where the cursor is, and the word before.
    let driver = r#"
        source ./script
        offer() {
            COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
            read -ra COMP_WORDS <<<"$1"
            [[ $1 == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            [[ $(complete -p kvctl) =~ -F\ ([^ ]+) ]]
            "${BASH_REMATCH[1]}" kvctl "${2-${COMP_WORDS[COMP_CWORD]}}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}"
        }
        offer "$@"
    "#;
    let offer = |arguments: &[&str]| {
        let mut command = place.shell("bash");
        command.args(["--norc", "-c", driver, "driver"]).args(arguments);
        run(command)
    };
    for (line, offered) in LINES {
        assert_eq!(offer(&[line]).lines().collect::<Vec<_>>(), place.filled_in(offered), "{line}");
    }
    // Readline's word begins behind the colon.
    assert_eq!(offer(&["kvctl get b:", ""]), "1\n");
    assert!(offer(&["kvctl get --pre"]).contains("--prefix\n"));
    assert!(offer(&["kvctl un"]).lines().all(|line| !line.starts_with('/')));
    assert!(!place.path().join("hostile").exists());
}

#[test]
fn fish_completes_names_from_the_server() {
    let place = Place::new();
    fs::write(place.path().join("script"), script("fish")).expect("a file");
    let offer = |line: &str| {
        let mut command = place.shell("fish");
        command.args(["--no-config", "-c", "source ./script; complete -C $argv[1]", "--", line]);
        run(command)
    };
    for (line, offered) in LINES {
        let shown = offer(line);
        let mut names: Vec<&str> = shown.lines().filter_map(|line| line.split('\t').next()).collect();
        names.sort_unstable();
        assert_eq!(names, place.filled_in(offered), "{line}");
    }
    assert!(offer("kvctl get --pre").contains("--prefix"));
}

/// zsh completes only where somebody types, so a second zsh types into a first one, on a pseudo-terminal.
#[test]
fn zsh_completes_names_from_the_server() {
    let place = Place::new();
    let functions = place.path().join("functions");
    fs::create_dir(&functions).expect("a directory");
    fs::write(functions.join("_kvctl"), script("zsh")).expect("a file");
    // What is offered goes into a file, because what a terminal shows is hard to read.
    let setup = r#"
        fpath=($PWD/functions $fpath)
        autoload -Uz compinit && compinit -u -D
        compadd() {
            builtin compadd -O matches "$@"
            print -l -- $matches >> $PWD/offered
            builtin compadd "$@"
        }
        PS1=READY
    "#;
    fs::write(place.path().join("setup"), setup).expect("a file");
    let driver = r#"
        zmodload zsh/zpty
        zpty -b typist zsh -f -i
        wait_for() {
            local text seen=
            repeat 3000; do
                if zpty -rt typist text; then seen+=$text; else sleep 0.01; fi
                [[ $seen == *$~1* ]] && return 0
            done
            print -u2 "never seen: $1 in $seen"
            return 1
        }
        zpty -w typist "source $PWD/setup"
        wait_for 'READY' || exit 1
        : > $PWD/offered
        zpty -wn typist "$1"$'\t'
        repeat 1000; do [[ -s $PWD/offered ]] && break; sleep 0.01; done
        sort -u $PWD/offered
        zpty -d typist
    "#;
    for (line, offered) in LINES {
        let mut command = place.shell("zsh");
        command.args(["-f", "-c", driver, "driver", line]);
        assert_eq!(run(command).lines().collect::<Vec<_>>(), place.filled_in(offered), "{line}");
    }
}

/// PowerShell itself comes from no registry, so its scripts are read by a grammar of the language.
#[test]
fn scripts_for_powershell_are_well_formed() {
    let directory = TempDir::new().expect("a temporary directory");
    let file = directory.path().join("script.ps1");
    let read = |script: &str| {
        fs::write(&file, script).expect("a file");
        let mut command = Command::new(clients::program("powershell"));
        command.arg(&file);
        run(command)
    };
    assert_eq!(read(&script("powershell")), "done\n");
    let offline = Tool::offline(Kind::Kvd).run(&["completion", "powershell"]);
    assert_eq!(read(offline.text()), "done\n");
    assert_eq!(read("function f { if (1 { }\n"), "line 1: if (1 {\ndone\n");
}

/// A server that does not answer, or no server, costs no more than the look-up's 300 ms and says nothing.
#[test]
fn nothing_is_said_where_nothing_is_known() {
    let place = Place::new();
    let ask = |line: &str, endpoint: &str| {
        let mut command = place.shell("kvctl");
        command.args(["__complete", line]).env("KVCTL_ENDPOINTS", endpoint).env("KVCTL_DEBUG", "true");
        let output = command.output().expect("kvctl runs");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let silent = silent.local_addr().expect("an address").to_string();
    assert_eq!(ask("kvctl get /app/co", &place.server.endpoint()), "/app/color\n/app/config\n");
    assert_eq!(ask("kvctl get /app/co", &silent), "");
    assert_eq!(ask("kvctl get /app/co", "127.0.0.1:1"), "");
    assert_eq!(ask("kvctl get 'not closed", &place.server.endpoint()), "");
}
