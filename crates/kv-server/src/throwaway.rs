//! A server for a test or a trial: it serves as long as standard input is open, and its directory goes with it.
//!
//! Whoever starts it holds the other end of a pipe and keeps it to itself. That end closes when the holder dies, however
//! it dies, so nothing is left behind by a holder that was killed.

use std::fs::{self, DirBuilder};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::random::random_number;

/// What restores snapshots; it is found beside this program, else in PATH.
const RESTORER: &str = "kvutl";

/// Threads of a server that is cut short may still make files while the directory is removed.
const REMOVAL_ATTEMPTS: usize = 20;

/// The pause before the next attempt.
const REMOVAL_PAUSE: Duration = Duration::from_millis(5);

/// The directory of such a server, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Throwaway {
    path: PathBuf,
}

impl Throwaway {
    /// Makes a directory that only this user can enter, and has the data directory in it.
    pub(crate) fn create(config: &mut Config) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("kvd-throwaway-{:016x}", random_number()?));
        DirBuilder::new().mode(0o700).create(&path)?;
        config.data_dir = Some(path.join(format!("{}.kvd", config.name)));
        Ok(Self { path })
    }

    /// Makes the data directory of a snapshot.
    pub(crate) async fn restore(&self, snapshot: &Path, data_dir: &Path) -> Result<(), String> {
        let beside = std::env::current_exe().ok().map(|program| program.with_file_name(RESTORER));
        let restorer = beside.filter(|program| program.exists()).unwrap_or_else(|| PathBuf::from(RESTORER));
        let mut command = Command::new(&restorer);
        command.args(["snapshot", "restore", "--keep-revision", "--data-dir"]).arg(data_dir);
        command.arg("--").arg(snapshot).kill_on_drop(true);
        let ended = command.output().await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("{RESTORER} restores snapshots, and is neither beside kvd nor in PATH"),
            _ => format!("run {}: {error}", restorer.display()),
        })?;
        if ended.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        let reason = said.lines().find_map(|line| line.strip_prefix("Error: ")).unwrap_or_else(|| said.trim());
        Err(format!("restore {}: {reason}", snapshot.display()))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        for _ in 0..REMOVAL_ATTEMPTS {
            match fs::remove_dir_all(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => thread::sleep(REMOVAL_PAUSE),
                _ => return,
            }
        }
        tracing::error!(directory = %self.path.display(), "cannot remove the directory of a throwaway server");
    }
}

/// Tells whoever started the server that it serves: where, and which directory it will take with it.
pub(crate) fn announce(urls: &[String], data_dir: &Path) {
    let url = urls.first().map(String::as_str).unwrap_or_default();
    let directory = data_dir.parent().unwrap_or(data_dir);
    // Where nobody reads, nobody wants to know.
    let _ = writeln!(io::stdout(), "{url}\n{}", directory.display());
}

/// Resolves when standard input ends. Reading it cannot be cancelled, so a thread is left to it.
pub(crate) fn input_ends() -> oneshot::Receiver<()> {
    let (held, ended) = oneshot::channel();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut ignored = [0; 256];
        while matches!(input.read(&mut ignored), Ok(1..)) {}
        drop(held);
    });
    ended
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_directory_is_private_and_goes_with_its_owner() {
        let mut config = Config::default();
        let throwaway = Throwaway::create(&mut config).unwrap();
        let path = throwaway.path.clone();
        assert!(config.data_dir().starts_with(&path));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::create_dir(config.data_dir()).unwrap();
        fs::write(config.data_dir().join("CURRENT"), "x").unwrap();
        drop(throwaway);
        assert!(!path.exists());
    }
}
