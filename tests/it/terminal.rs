//! kvctl on a pseudo-terminal: what is typed, what is shown, and how it ends when it is told to.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::harness::{Kind, Server, Tool};

/// How long something may take to be shown.
const WITHIN: Duration = Duration::from_secs(60);

/// A command on a terminal of its own.
struct Typed {
    child: Child,
    /// The other side of the terminal.
    keyboard: File,
    terminal: OwnedFd,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Typed {
    /// Starts kvctl with the terminal as its controlling one.
    fn start(server: &Server, arguments: &[&str]) -> Typed {
        Typed::start_on(server, arguments, 80)
    }

    /// Starts kvctl on a terminal of so many columns.
    fn start_on(server: &Server, arguments: &[&str], columns: u16) -> Typed {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("open a terminal");
        grantpt(&ours).expect("grant the terminal");
        unlockpt(&ours).expect("unlock the terminal");
        let name = ptsname(&ours, Vec::new()).expect("the terminal's name");
        let terminal = File::options().read(true).write(true).open(name.to_str().expect("a path")).expect("open it");
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("set the size");
        let stdio = || Stdio::from(terminal.try_clone().expect("clone"));
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(Kind::Kvd.client_tool());
        command.arg(format!("--endpoints={}", server.endpoint())).args(arguments);
        command.env("TERM", "xterm").env_remove("CI").env_remove("NO_COLOR");
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().expect("start kvctl");
        let keyboard = File::from(ours);
        let mut reader = keyboard.try_clone().expect("clone");
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Typed { child, keyboard, terminal: terminal.into(), screen, seen: String::new() }
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + WITHIN;
        while !self.seen.contains(text) {
            let bytes = self.screen.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let bytes = bytes.unwrap_or_else(|_| panic!("`{text}` is not in {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("type");
    }

    fn shows_what_is_typed(&self) -> bool {
        tcgetattr(self.terminal.as_fd()).expect("a terminal").local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end and returns the status and everything that was shown.
    fn end(mut self) -> (i32, String) {
        let status = self.child.wait().expect("wait for kvctl").code().expect("setsid passes a status on");
        // What was shown before the end is there, or on its way.
        while let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(100)) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status, self.seen)
    }
}

fn run(server: &Server, arguments: &[&str]) -> String {
    Tool::client(Kind::Kvd, server).run(arguments).text().to_owned()
}

#[test]
fn passwords_are_not_shown() {
    let server = Server::start(Kind::Kvd);
    let mut typed = Typed::start(&server, &["user", "add", "ann"]);
    typed.wait_for("Password of ann: ");
    assert!(!typed.shows_what_is_typed());
    typed.type_in("secret\n");
    typed.wait_for("Type password of ann again for confirmation: ");
    typed.type_in("secret\n");
    typed.wait_for("User ann created");
    assert!(typed.shows_what_is_typed(), "the terminal is left as it was");
    let (status, shown) = typed.end();
    assert_eq!(status, 0);
    assert!(!shown.contains("secret"), "{shown}");

    // The password is the one that was typed.
    run(&server, &["user", "add", "root:root"]);
    run(&server, &["auth", "enable"]);
    let mut typed = Typed::start(&server, &["--user=ann", "get", "k"]);
    typed.wait_for("Password: ");
    typed.type_in("secret\n");
    let (status, shown) = typed.end();
    assert!(status == 1 && shown.contains("permission denied") && !shown.contains("secret"), "{shown}");
}

#[test]
fn an_interrupted_question_leaves_the_terminal_as_it_was() {
    let server = Server::start(Kind::Kvd);
    let mut typed = Typed::start(&server, &["user", "add", "ann"]);
    typed.wait_for("Password of ann: ");
    typed.type_in("\x03");
    let (_, terminal) = (typed.child.wait(), &typed);
    assert!(terminal.shows_what_is_typed());
}

#[test]
fn a_terminal_gets_no_control_bytes_and_no_colour() {
    let server = Server::start(Kind::Kvd);
    run(&server, &["put", "k\u{7}", "\u{1b}[31mred\u{1b}[0m"]);
    let (status, shown) = Typed::start(&server, &["get", "", "--prefix"]).end();
    assert_eq!(status, 0);
    assert_eq!(shown.replace("\r\n", "\n"), "k\\a\n\\x1b[31mred\\x1b[0m\n");
    assert_eq!(run(&server, &["get", "", "--prefix"]), "k\u{7}\n\u{1b}[31mred\u{1b}[0m\n");
    let (_, help) = Typed::start(&server, &["--help"]).end();
    assert!(!help.contains('\u{1b}'), "{help}");
}

/// A table that the terminal would break has a line for each cell; one that it shows whole is the one in a pipe.
#[test]
fn a_table_fits_its_terminal() {
    let server = Server::start(Kind::Kvd);
    run(&server, &["put", "k", "v"]);
    let lines = ["get k -w table", "member list -w table"].map(|line| line.split(' ').collect::<Vec<_>>());
    for line in &lines {
        let piped = run(&server, line);
        let (status, shown) = Typed::start_on(&server, line, 200).end();
        assert_eq!((status, shown.replace("\r\n", "\n")), (0, piped));
        let (status, shown) = Typed::start_on(&server, line, 40).end();
        assert!(status == 0 && !shown.contains('│'), "{shown}");
    }
    let (_, shown) = Typed::start_on(&server, &lines[0], 40).end();
    assert!(shown.starts_with("            KEY  k\r\n          VALUE  v\r\nCREATE REVISION  2\r\n"), "{shown}");
    let (_, help) = Typed::start_on(&server, &["--help"], 40).end();
    // Examples are to be copied, so they are as long as they are.
    let (help, _) = help.split_once("Examples:").expect("there are examples");
    assert!(help.lines().all(|line| line.chars().count() <= 40), "{help}");
}

#[test]
fn progress_is_shown_on_a_terminal_and_goes_away() {
    let server = Server::start(Kind::Kvd);
    let mut typed = Typed::start(&server, &["check", "perf", "--duration=2s"]);
    typed.wait_for("writing [");
    typed.wait_for("/s, ");
    let (_, shown) = typed.end();
    let (_, after) = shown.rsplit_once("Latency of ").expect("the result");
    assert!(!after.contains("writing ["), "{after}");
    // In a pipe there is none.
    let piped = Tool::client(Kind::Kvd, &server).run(&["check", "perf", "--duration=100ms"]);
    assert!(piped.stderr.is_empty(), "{}", piped.stderr);
}

#[test]
fn a_lock_is_released_when_its_holder_is_told_to_end() {
    let server = Server::start(Kind::Kvd);
    for name in ["lock", "elect"] {
        let mut typed = Typed::start(&server, if name == "lock" { &["lock", "job"] } else { &["elect", "job", "me"] });
        typed.wait_for("job/");
        assert_ne!(run(&server, &["get", "job", "--prefix"]), "");
        typed.type_in("\x03");
        assert_eq!(typed.end().0, 0);
        assert_eq!(run(&server, &["get", "job", "--prefix"]), "", "{name} on Ctrl-C");

        let tool = Kind::Kvd.client_tool();
        let arguments: &[&str] = if name == "lock" { &["lock", "job"] } else { &["elect", "job", "me"] };
        let endpoints = format!("--endpoints={}", server.endpoint());
        let mut holder =
            Command::new(tool).arg(endpoints).args(arguments).stdout(Stdio::piped()).spawn().expect("start");
        let mut first = [0];
        holder.stdout.as_mut().expect("piped").read_exact(&mut first).expect("the key is printed");
        kill_process(Pid::from_child(&holder), Signal::TERM).expect("signal kvctl");
        assert_eq!(holder.wait().expect("kvctl ends").code(), Some(0));
        assert_eq!(run(&server, &["get", "job", "--prefix"]), "", "{name} on SIGTERM");
    }
}

#[test]
fn the_loss_of_a_lock_is_said() {
    let server = Server::start(Kind::Kvd);
    let mut typed = Typed::start(&server, &["lock", "job", "--ttl=2"]);
    typed.wait_for("job/");
    let key = run(&server, &["get", "job", "--prefix", "--keys-only"]);
    let lease = key.trim().rsplit('/').next().expect("a key").to_owned();
    run(&server, &["lease", "revoke", &lease]);
    let (status, shown) = typed.end();
    assert!(status == 1 && shown.contains("Error: session expired"), "{shown}");

    // A command goes on, and its status counts; it is told.
    let mut typed =
        Typed::start(&server, &["lock", "job", "--ttl=2", "--", "sh", "-c", "echo held; read line; exit 7"]);
    typed.wait_for("held");
    let key = run(&server, &["get", "job", "--prefix", "--keys-only"]);
    let lease = key.trim().rsplit('/').next().expect("a key").to_owned();
    run(&server, &["lease", "revoke", &lease]);
    typed.wait_for("is lost");
    typed.type_in("\n");
    assert_eq!(typed.end().0, 7);
}

#[test]
fn a_closed_pipe_ends_a_long_answer_quietly() {
    let server = Server::start(Kind::Kvd);
    let value = "x".repeat(100_000);
    for key in ["a", "b", "c", "d"] {
        run(&server, &["put", key, &value]);
    }
    for format in ["simple", "json", "jsonl", "fields", "table"] {
        let mut reading = Command::new(Kind::Kvd.client_tool())
            .args([&format!("--endpoints={}", server.endpoint()), "get", "", "--prefix", "-w", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start kvctl");
        let mut first = [0];
        reading.stdout.take().expect("piped").read_exact(&mut first).expect("a byte");
        let output = reading.wait_with_output().expect("kvctl ends");
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]), "{format}");
    }
}
