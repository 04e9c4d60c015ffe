//! A server process under measurement: started in a fresh directory on cores of its own, observed through `/proc`.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tempfile::TempDir;

use crate::BenchError;

/// How many lines of a failed server's output are shown.
const LOG_LINES_SHOWN: usize = 20;

/// A running server. It is killed and its directory removed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    words: Vec<String>,
    cores: Vec<usize>,
    child: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Process {
    /// Starts `command` on `cores`, with its data in a fresh directory under `parent`.
    ///
    /// In the command, `{dir}` is the data directory, `{client_url}` and `{peer_url}` are free loopback URLs and `{port}`
    /// is the client port.
    pub(crate) fn start(name: &str, command: &str, parent: &Path, cores: &[usize]) -> Result<Process, BenchError> {
        let directory = tempfile::Builder::new()
            .prefix("kv-bench-")
            .tempdir_in(parent)
            .map_err(BenchError::io(format!("make a directory in {}", parent.display())))?;
        let address = free_address()?;
        let peer_address = free_address()?;
        let words: Vec<String> = command
            .split_whitespace()
            .map(|word| {
                word.replace("{dir}", &directory.path().join("data").to_string_lossy())
                    .replace("{client_url}", &format!("http://{address}"))
                    .replace("{peer_url}", &format!("http://{peer_address}"))
                    .replace("{port}", &address.port().to_string())
            })
            .collect();
        let child = spawn(name, &words, cores, directory.path())?;
        Ok(Process { name: name.to_owned(), words, cores: cores.to_vec(), child, address, directory })
    }

    /// Kills the server without a warning and starts the same command on the same directory.
    pub(crate) fn kill_and_restart(&mut self) -> Result<(), BenchError> {
        self.child.kill().and_then(|()| self.child.wait()).map_err(BenchError::io("kill the server"))?;
        self.child = spawn(&self.name, &self.words, &self.cores, self.directory.path())?;
        Ok(())
    }

    /// Returns what the report calls this server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URL that clients connect to.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Fails when the process has ended.
    pub(crate) fn check_alive(&mut self) -> Result<(), BenchError> {
        match self.child.try_wait().map_err(BenchError::io("look after the server"))? {
            None => Ok(()),
            Some(status) => Err(BenchError::Ended { server: self.name.clone(), status, log: self.log_tail() }),
        }
    }

    /// Returns the last lines the server printed.
    pub(crate) fn log_tail(&self) -> String {
        let log = fs::read(self.directory.path().join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }

    /// Returns the processor time all its threads have used so far.
    pub(crate) fn cpu_time(&self) -> Result<Duration, BenchError> {
        let stat = self.proc_file("stat")?;
        let ticks = ticks_of_stat(&stat).ok_or_else(|| self.malformed("stat"))?;
        Ok(Duration::from_nanos(ticks * 1_000_000_000 / rustix::param::clock_ticks_per_second()))
    }

    /// Returns its resident memory in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, BenchError> {
        self.memory_bytes("VmRSS")
    }

    /// Returns its resident memory that is not a copy of a file, in bytes.
    pub(crate) fn anonymous_bytes(&self) -> Result<u64, BenchError> {
        self.memory_bytes("RssAnon")
    }

    /// Returns how many bytes it has had written to disks so far, or will have once they are written back.
    pub(crate) fn written_bytes(&self) -> Result<u64, BenchError> {
        let io = self.proc_file("io")?;
        written_of_io(&io).ok_or_else(|| self.malformed("io"))
    }

    /// Returns the bytes of disk its data directory takes: blocks, not lengths, because files have holes.
    pub(crate) fn disk_bytes(&self) -> Result<u64, BenchError> {
        allocated_bytes(&self.directory.path().join("data")).map_err(BenchError::io("measure the data directory"))
    }

    fn memory_bytes(&self, field: &str) -> Result<u64, BenchError> {
        let status = self.proc_file("status")?;
        bytes_of_status(&status, field).ok_or_else(|| self.malformed("status"))
    }

    fn proc_file(&self, file: &str) -> Result<String, BenchError> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).map_err(BenchError::io(format!("read {path}")))
    }

    fn malformed(&self, file: &str) -> BenchError {
        let source = io::Error::new(io::ErrorKind::InvalidData, "not in the form Linux documents");
        BenchError::Io { action: format!("read /proc/{}/{file}", self.child.id()), source }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nobody to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the command; what it prints is added to the file `log` in `directory`.
fn spawn(name: &str, words: &[String], cores: &[usize], directory: &Path) -> Result<Child, BenchError> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| BenchError::EmptyCommand { server: name.to_owned() })?;
    let log = File::options().create(true).append(true).open(directory.join("log"));
    let log = log.map_err(BenchError::io("create the server's log"))?;
    let log_too = log.try_clone().map_err(BenchError::io("create the server's log"))?;
    // A child inherits the cores of the thread that starts it.
    on_cores(cores, || Command::new(program).args(arguments).stdin(Stdio::null()).stdout(log).stderr(log_too).spawn())?
        .map_err(BenchError::io(format!("start {program}")))
}

/// Pins the calling thread to `cores`.
pub(crate) fn pin_to(cores: &[usize]) -> Result<(), BenchError> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    sched_setaffinity(None, &set).map_err(|errno| BenchError::io(format!("use cores {cores:?}"))(errno.into()))
}

/// Runs `action` while the calling thread may only use `cores`.
fn on_cores<T>(cores: &[usize], action: impl FnOnce() -> T) -> Result<T, BenchError> {
    let before = sched_getaffinity(None).map_err(|errno| BenchError::io("ask for the cores in use")(errno.into()))?;
    pin_to(cores)?;
    let result = action();
    sched_setaffinity(None, &before).map_err(|errno| BenchError::io("return to the cores in use")(errno.into()))?;
    Ok(result)
}

/// Returns a loopback address nobody listened on a moment ago.
fn free_address() -> Result<SocketAddr, BenchError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map_err(BenchError::io("find a free port"))
}

/// User and system time of `/proc/PID/stat`, in clock ticks. The name before it is in parentheses and may hold anything.
fn ticks_of_stat(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// A field of `/proc/PID/status`, in bytes.
fn bytes_of_status(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// `write_bytes` of `/proc/PID/io`.
fn written_of_io(io: &str) -> Option<u64> {
    io.lines().find_map(|line| line.strip_prefix("write_bytes:"))?.trim().parse().ok()
}

/// What a file or a directory with all below it takes on the disk.
fn allocated_bytes(path: &Path) -> io::Result<u64> {
    let metadata = match fs::symlink_metadata(path) {
        // Servers remove files while they are counted.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        metadata => metadata?,
    };
    // Linux counts in units of 512 B whatever the file system's blocks are.
    let mut bytes = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            bytes += allocated_bytes(&entry?.path())?;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 9 0 100 0 0";
        assert_eq!(ticks_of_stat(stat), Some(300));
        assert_eq!(ticks_of_stat("7 (name"), None);
    }

    #[test]
    fn memory_and_writes_are_in_bytes() {
        let status = "Name:\tx\nVmRSS:\t    12 kB\nRssAnon:\t 8 kB\nThreads:\t1\n";
        assert_eq!(bytes_of_status(status, "VmRSS"), Some(12 * 1024));
        assert_eq!(bytes_of_status(status, "RssAnon"), Some(8 * 1024));
        assert_eq!(bytes_of_status(status, "Threads"), None);
        assert_eq!(written_of_io("read_bytes: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 2\n"), Some(4096));
    }

    #[test]
    fn placeholders_are_filled_in_and_the_process_is_observed() {
        let directory = tempfile::tempdir().expect("make a directory");
        let mut process = Process::start("shell", "sleep 60", directory.path(), &[0]).expect("start");
        process.check_alive().expect("it runs");
        assert!(process.cpu_time().expect("read its time") < Duration::from_secs(1));
        process.resident_bytes().expect("read its memory");
        process.anonymous_bytes().expect("read its memory");
        assert_eq!(process.written_bytes().expect("read what it wrote"), 0);
        let first = process.child.id();
        process.kill_and_restart().expect("start again");
        process.check_alive().expect("it runs again");
        assert_ne!(process.child.id(), first);

        let echo = Process::start("echo", "echo {port} {client_url}", directory.path(), &[0]).expect("start");
        let (port, url) = (echo.address.port(), echo.url());
        let mut echo = echo;
        echo.child.wait().expect("it ends");
        assert_eq!(echo.log_tail(), format!("{port} {url}"));
        assert!(matches!(echo.check_alive(), Err(BenchError::Ended { .. })));
    }
}
