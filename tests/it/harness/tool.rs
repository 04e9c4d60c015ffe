//! Runs etcdctl, etcdutl, kvctl and kvutl and captures everything they print.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Kind, Server};

/// How long one command may take before it counts as hanging.
const WITHIN: Duration = Duration::from_secs(60);

/// One tool with the arguments and environment that every command gets.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

/// What one command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// The exit status, or 128 and the signal's number as a shell reports it.
    pub(crate) status: i32,
    /// Everything on stdout. With `-w protobuf` it is no text.
    pub(crate) stdout: Bytes,
    /// Everything on stderr.
    pub(crate) stderr: String,
}

impl Output {
    /// Returns stdout as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap_or_else(|error| panic!("{error}: {:?}", self.stdout))
    }
}

impl Tool {
    /// Returns the client tool of `kind`, pointed at `server`.
    pub(crate) fn client(kind: Kind, server: &Server) -> Tool {
        Tool {
            program: kind.client_tool(),
            arguments: vec![format!("--endpoints={}", server.endpoint())],
            environment: Vec::new(),
        }
    }

    /// Returns kvctl under a name of its own, pointed at `server`.
    pub(crate) fn called(program: &str, server: &Server) -> Tool {
        Tool { program: program.into(), ..Tool::client(Kind::Kvd, server) }
    }

    /// Returns the client tool of `kind` with fixed arguments, its endpoint among them.
    pub(crate) fn with(kind: Kind, arguments: &[&str]) -> Tool {
        Tool {
            program: kind.client_tool(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            environment: Vec::new(),
        }
    }

    /// Returns the offline tool of `kind`.
    pub(crate) fn offline(kind: Kind) -> Tool {
        Tool::named(&kind.offline_tool())
    }

    /// Returns a program that is pointed at nothing.
    pub(crate) fn named(program: &Path) -> Tool {
        Tool { program: program.to_owned(), arguments: Vec::new(), environment: Vec::new() }
    }

    /// Adds an argument that every command gets.
    pub(crate) fn and(mut self, argument: String) -> Tool {
        self.arguments.push(argument);
        self
    }

    /// Sets a variable for every command.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Tool {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Runs a command without input.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        self.run_with_input(arguments, "")
    }

    /// Runs a command that reads `input` from stdin.
    pub(crate) fn run_with_input<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> Output {
        self.finish(arguments, input, |_| false)
    }

    /// Runs a command that does not end by itself, and interrupts it once stdout has `lines` lines.
    pub(crate) fn run_until_lines<S: AsRef<OsStr>>(&self, arguments: &[S], lines: usize) -> Output {
        // Text after the last newline is one more piece, empty or not.
        let enough = |stdout: &[u8]| stdout.split(|byte| *byte == b'\n').count() > lines;
        let mut output = self.finish(arguments, "", enough);
        // How many more it had printed when it was stopped is an accident.
        let length = output.stdout.split_inclusive(|byte| *byte == b'\n').take(lines).map(<[u8]>::len).sum();
        output.stdout.truncate(length);
        output
    }

    /// Runs a command that does not end by itself, and interrupts it once it has printed enough.
    pub(crate) fn run_until<S: AsRef<OsStr>>(&self, arguments: &[S], enough: impl Fn(&[u8]) -> bool) -> Output {
        self.finish(arguments, "", enough)
    }

    fn finish<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str, enough: impl Fn(&[u8]) -> bool) -> Output {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(arguments);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().into_owned();
            if ["ETCD", "KVCTL_", "KVUTL_", "KVD_"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        // 3.4 still spoke the API of version 2 on request; the others warn about the variable on stderr only.
        command.env("ETCDCTL_API", "3").envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_owned();
        // A tool may end without reading its input; then the pipe is closed and there is nobody to write to.
        let writer = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let mut stderr_pipe = child.stderr.take().expect("piped");
        let stderr_reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr_pipe.read_to_end(&mut bytes).expect("read stderr");
            bytes
        });
        let mut stdout_pipe = child.stdout.take().expect("piped");
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length @ 1..) = stdout_pipe.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });

        let deadline = Instant::now() + WITHIN;
        let mut stdout = Vec::new();
        loop {
            match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    stdout.extend_from_slice(&bytes);
                    if enough(&stdout) {
                        child.kill().expect("end the tool");
                    }
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    child.kill().expect("end the tool");
                    panic!(
                        "{command:?} still runs after {WITHIN:?}; stdout so far:\n{}",
                        String::from_utf8_lossy(&stdout)
                    );
                }
            }
        }
        let status = child.wait().expect("wait for the tool");
        writer.join().expect("the input's writer does not panic");
        let stderr = stderr_reader.join().expect("the reader of stderr does not panic");
        Output {
            status: status
                .code()
                .unwrap_or_else(|| 128 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0)),
            stdout: stdout.into(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}
