//! The clients of a soak: programs that are told to end by the end of their input, and those that run inside the test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::account::Accounts;
use super::{crate_client, gateway};
use crate::clients::program;
use crate::harness::Server;

const PROGRAMS: [&str; 5] = ["go-client", "python-etcd3", "python-aetcd", "node", "java"];

/// Whoever says something of one client.
#[derive(Debug, Clone)]
pub(crate) struct Voice {
    client: &'static str,
    accounts: Accounts,
    ended: Arc<AtomicBool>,
}

impl Voice {
    pub(crate) fn say(&self, line: &str) {
        self.accounts.with(self.client, |account| account.hear(line));
    }

    /// Says whether the client is to end.
    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// All clients of a server, gone when dropped.
#[derive(Debug)]
pub(crate) struct Clients {
    ended: Arc<AtomicBool>,
    programs: Vec<Program>,
    inside: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Program {
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: Option<JoinHandle<bool>>,
}

impl Clients {
    /// Starts all clients.
    pub(crate) fn start(server: &Server, accounts: &Accounts) -> Clients {
        let ended = Arc::<AtomicBool>::default();
        let voice = |client| {
            accounts.open(client);
            Voice { client, accounts: accounts.clone(), ended: Arc::clone(&ended) }
        };
        let (crate_voice, gateway_voice) = (voice("etcd-client"), voice("curl"));
        let (crate_endpoint, gateway_endpoint) = (server.endpoint(), server.endpoint());
        let mut inside = vec![thread::spawn(move || crate_client::run(&crate_endpoint, &crate_voice))];
        inside.extend(gateway::start(&gateway_endpoint, &gateway_voice));
        let programs = PROGRAMS.map(|name| Program::start(name, server, voice(name))).into();
        Clients { ended, programs, inside }
    }

    /// Has all clients end, and fails if one of the programs does not end well.
    pub(crate) fn end(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        for program in &mut self.programs {
            drop(program.input.take());
            let done = program.output.take().expect("ended once").join().expect("reading does not panic");
            let status = program.child.wait().expect("the program was started");
            assert!(done && status.success(), "{} ended with {status}", program.name);
        }
    }

    /// Waits for those inside the test, whose streams end with the server.
    pub(crate) fn join(&mut self) {
        for inside in self.inside.drain(..) {
            inside.join().expect("a client does not panic");
        }
    }
}

impl Program {
    fn start(name: &'static str, server: &Server, voice: Voice) -> Program {
        let mut command = Command::new(program(name));
        command.arg("soak").env("ENDPOINT", format!("localhost:{}", server.address().port()));
        for variable in ["CA", "CERT", "KEY"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("start {command:?}: {error}"));
        let (stdout, mut stderr) =
            (child.stdout.take().expect("piped above"), child.stderr.take().expect("piped above"));
        let errors = thread::spawn(move || {
            let mut text = Vec::new();
            // What cannot be read is not shown.
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let output = thread::spawn(move || {
            let mut done = false;
            for line in BufReader::new(stdout).lines() {
                match line.expect("a program prints text").as_str() {
                    "done" => done = true,
                    line => voice.say(line),
                }
            }
            let errors = errors.join().expect("reading does not panic");
            if !done {
                voice.accounts.with(name, |account| account.fail(format!("it has ended: {errors}")));
            }
            done
        });
        Program { name, input: child.stdin.take(), child, output: Some(output) }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        for program in &mut self.programs {
            // One that has ended needs nothing.
            let _ = program.child.kill();
            let _ = program.child.wait();
        }
    }
}
