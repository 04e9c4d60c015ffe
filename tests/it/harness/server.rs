//! A server process of any kind in a directory of its own: start, wait until it serves, kill, restart.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use super::{Authority, Kind};

/// How long a server may take to answer after its start. Generous: other suites run on the same cores.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a server may take to end after SIGTERM.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// What a server that serves answers with success, also while an alarm is raised.
const HEALTH: &str = "/health?exclude=NOSPACE&exclude=CORRUPT";
/// How often something not yet there is looked for.
const POLL_EVERY: Duration = Duration::from_millis(10);
/// How much of a server's log a failure shows.
const LOG_LINES_SHOWN: usize = 60;
/// Ports below those that Linux gives to connections.
const FIRST_LASTING_PORT: u32 = 20_000;
const LASTING_PORTS: u32 = 10_000;
/// A port found free can be taken before etcd binds it; how often another one is tried.
const PORT_ATTEMPTS: usize = 5;

/// One server and its directory, both gone when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    kind: Kind,
    directory: TempDir,
    data_directory: PathBuf,
    flags: Vec<String>,
    /// Lines of a configuration file, if it is told by one; flags are for nothing then.
    configuration: Option<String>,
    /// Whether the address serves TLS too.
    secure: bool,
    wrapper: Vec<String>,
    child: Option<Child>,
    address: SocketAddr,
    /// Whether every start is on the same address.
    steady: bool,
}

impl Server {
    /// Starts a server with default flags and waits until it serves.
    pub(crate) fn start(kind: Kind) -> Server {
        Server::start_with(kind, &[])
    }

    /// Starts a server with extra flags and waits until it serves.
    pub(crate) fn start_with(kind: Kind, flags: &[&str]) -> Server {
        Server::start_under(&[], kind, flags)
    }

    /// Starts a server with a certificate and extra flags and waits until it serves: with TLS and without, on one address.
    pub(crate) fn start_secure(kind: Kind, authority: &Authority, flags: &[&str]) -> Server {
        let (certificate, key) = (authority.argument("server.pem"), authority.argument("server.key"));
        let files = ["--cert-file", &certificate, "--key-file", &key];
        Server::start_with_tls(kind, &[&files, flags].concat())
    }

    /// Starts a server with TLS and without, as [`start_secure`](Self::start_secure), told so by a configuration file: where it
    /// is and where its data are is added to these lines.
    pub(crate) fn start_configured(kind: Kind, lines: &str) -> Server {
        let mut server = Server::new(kind, &[]);
        server.secure = true;
        server.configuration = Some(lines.to_owned());
        server.start_again();
        server
    }

    /// The same with a certificate of the server's own.
    pub(crate) fn start_with_tls(kind: Kind, flags: &[&str]) -> Server {
        let mut server = Server::new(kind, flags);
        server.secure = true;
        server.start_again();
        server
    }

    /// Starts a server as the last arguments of another command (a tracer), and waits until it serves.
    pub(crate) fn start_under(wrapper: &[String], kind: Kind, flags: &[&str]) -> Server {
        let mut server = Server::new(kind, flags);
        server.wrapper = wrapper.to_vec();
        server.start_again();
        server
    }

    /// Starts a server that keeps its address when it is started again, and waits until it serves.
    pub(crate) fn start_steady(kind: Kind) -> Server {
        let mut server = Server::new(kind, &[]);
        (server.address, server.steady) = (lasting_address(), true);
        server.start_again();
        server
    }

    /// Starts a server on data that is there already, and waits until it serves.
    ///
    /// # Errors
    ///
    /// What the server said when it does not start.
    pub(crate) fn start_on(kind: Kind, data_directory: &Path) -> Result<Server, String> {
        let mut server = Server::new(kind, &[]);
        data_directory.clone_into(&mut server.data_directory);
        server.try_start().map_err(|reason| format!("{kind}: {reason}\n{}", server.log_tail()))?;
        Ok(server)
    }

    fn new(kind: Kind, flags: &[&str]) -> Server {
        let directory = tempfile::Builder::new().prefix("interop-").tempdir().expect("make the server's directory");
        Server {
            kind,
            data_directory: directory.path().join("data"),
            directory,
            flags: flags.iter().map(ToString::to_string).collect(),
            configuration: None,
            secure: false,
            wrapper: Vec::new(),
            child: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            steady: false,
        }
    }

    /// Makes the next start one under another command.
    pub(crate) fn wrap_next_start(&mut self, wrapper: &[String]) {
        self.wrapper = wrapper.to_vec();
    }

    /// Starts the server on the directory it had, after a stop or a kill, and waits until it serves.
    pub(crate) fn start_again(&mut self) {
        for attempt in 1.. {
            match self.try_start() {
                Ok(()) => return,
                Err(reason) if attempt < PORT_ATTEMPTS && self.log().contains("address already in use") => {
                    eprintln!("{}: {reason}; trying another port", self.kind);
                }
                Err(reason) => panic!("{}: {reason}\n{}", self.kind, self.log_tail()),
            }
        }
    }

    fn try_start(&mut self) -> Result<(), String> {
        assert!(self.child.is_none(), "{} is running already", self.kind);
        let ready_file = self.directory.path().join("ready");
        let mut command = match self.wrapper.split_first() {
            None => Command::new(self.kind.server()),
            Some((wrapper, arguments)) => {
                let mut command = Command::new(wrapper);
                command.args(arguments).arg(self.kind.server());
                command
            }
        };
        command.arg("--data-dir").arg(self.data_directory());
        if self.kind == Kind::Kvd {
            let _ = fs::remove_file(&ready_file);
            if self.steady {
                command.args(["--advertise-client-urls", &self.client_urls()]);
            } else {
                self.address.set_port(0);
            }
            command.args(["--listen-client-urls", &self.client_urls()]).arg("--ready-file").arg(&ready_file);
        } else {
            if !self.steady {
                self.address = free_address();
            }
            let client_urls = self.client_urls();
            // The advertised peer URL stays etcd's default, so that every server has the same member and cluster id.
            command
                .args(["--listen-client-urls", &client_urls, "--advertise-client-urls", &client_urls])
                .args(["--listen-peer-urls", &format!("http://{}", free_address())]);
        }
        if let Some(lines) = &self.configuration {
            self.address = free_address();
            let (urls, data) = (self.client_urls(), self.data_directory().display().to_string());
            let file = self.directory.path().join("configuration.yaml");
            let text = format!(
                "data-dir: {data}\nlisten-client-urls: {urls}\nadvertise-client-urls: {urls}\n\
                 listen-peer-urls: http://{}\n{lines}",
                free_address()
            );
            fs::write(&file, text).map_err(|error| format!("write a configuration: {error}"))?;
            command = Command::new(self.kind.server());
            command.arg("--config-file").arg(file);
        }
        command.args(&self.flags).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            // Settings of whoever runs the tests are none of the server's business.
            if name.to_string_lossy().starts_with("ETCD_") || name.to_string_lossy().starts_with("KVD_") {
                command.env_remove(name);
            }
        }
        let log = File::create(self.log_path()).map_err(|error| format!("create log: {error}"))?;
        let log_too = log.try_clone().map_err(|error| format!("create log: {error}"))?;
        self.child =
            Some(command.stdout(log).stderr(log_too).spawn().map_err(|error| format!("start {command:?}: {error}"))?);

        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(status) = self.child.as_mut().expect("started above").try_wait().expect("wait for the server") {
                self.child = None;
                return Err(format!("ended before it served: {status}"));
            }
            if self.kind == Kind::Kvd
                && let Ok(text) = fs::read_to_string(&ready_file)
            {
                let first = text.lines().next().unwrap_or_default();
                let address = first.trim_start_matches("http://");
                self.address = address.parse().map_err(|error| format!("ready file says {text:?}: {error}"))?;
            }
            if self.address.port() != 0
                && http_get(self.address, HEALTH).is_ok_and(|answer| answer.contains("\"health\":\"true\""))
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                self.kill();
                return Err(format!("does not serve after {READY_WITHIN:?}"));
            }
            thread::sleep(POLL_EVERY);
        }
    }

    fn client_urls(&self) -> String {
        let plain = format!("http://{}", self.address);
        if self.secure { format!("{plain},https://{}", self.address) } else { plain }
    }

    /// Ends the server as SIGKILL does: at once, nothing flushed.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("kill the server");
            child.wait().expect("wait for the killed server");
        }
    }

    /// Asks the server to end and waits for it.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let child = self.child.as_mut().expect("the server runs");
        kill_process(Pid::from_child(child), Signal::TERM).expect("signal the server");
        let deadline = Instant::now() + STOP_WITHIN;
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait().expect("wait for the server") {
                self.child = None;
                assert!(
                    status.success() || status.signal() == Some(Signal::TERM.as_raw()),
                    "{} ended badly: {status}\n{}",
                    self.kind,
                    self.log_tail()
                );
                return status;
            }
            thread::sleep(POLL_EVERY);
        }
        panic!("{} does not end within {STOP_WITHIN:?} of SIGTERM\n{}", self.kind, self.log_tail());
    }

    /// Fails when the server has ended by itself.
    pub(crate) fn check_alive(&mut self) {
        let ended = self.child.as_mut().expect("the server was started").try_wait().expect("wait for the server");
        assert!(ended.is_none(), "{} has ended by itself: {ended:?}", self.kind);
    }

    /// Returns the client address in the form tools take as `--endpoints`.
    pub(crate) fn endpoint(&self) -> String {
        self.address.to_string()
    }

    /// Returns the client address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the directory the server keeps its data in.
    pub(crate) fn data_directory(&self) -> PathBuf {
        self.data_directory.clone()
    }

    /// Returns the running server's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// Returns a gRPC channel that connects when first used.
    pub(crate) fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("an address is a valid URI").connect_lazy()
    }

    /// Returns the answer of an HTTP GET, head and body.
    pub(crate) fn http_get(&self, path: &str) -> String {
        http_get(self.address, path).unwrap_or_else(|error| panic!("{} GET {path}: {error}", self.kind))
    }

    /// Sends an HTTP POST and returns its connection, with the answer to be read.
    pub(crate) fn http_post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("Host: {}\r\nConnection: close\r\n{headers}Content-Length: {}", self.address, body.len());
        http_send(self.address, &format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n{body}"))
            .unwrap_or_else(|error| panic!("{} POST {path}: {error}", self.kind))
    }

    /// Returns everything the server has printed since its last start.
    pub(crate) fn log(&self) -> String {
        fs::read(self.log_path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("server.log")
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        format!("last lines of the server's log:\n{}", lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}: {}", self.kind, self.log_tail());
        }
        self.kill();
    }
}

/// Returns a loopback address that stays free while nobody listens on it: the system gives its port to no connection, not even
/// to one that is made to this very address.
fn lasting_address() -> SocketAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Another run on this machine begins elsewhere; a port that is taken all the same is passed over.
    let port = || FIRST_LASTING_PORT + (std::process::id() + TAKEN.fetch_add(1, Ordering::Relaxed)) % LASTING_PORTS;
    let listener = (0..LASTING_PORTS).find_map(|_| TcpListener::bind(("127.0.0.1", port() as u16)).ok());
    listener.and_then(|listener| listener.local_addr().ok()).expect("one of many ports is free")
}

/// Returns a loopback address nobody listened on a moment ago.
fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("find a free port")
}

fn http_get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    http_send(address, &request)?.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn http_send(address: SocketAddr, request: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}
