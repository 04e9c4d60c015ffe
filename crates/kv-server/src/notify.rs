//! Tells whoever started the server that it serves: systemd's socket, and a file with the URL.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};

/// The other end of systemd's notification protocol, if there is one.
#[derive(Debug, Clone, Default)]
pub struct ServiceManager {
    socket: Option<std::ffi::OsString>,
}

impl ServiceManager {
    /// Takes the value of `NOTIFY_SOCKET`: a path, or `@` and a name.
    pub fn new(socket: Option<std::ffi::OsString>) -> Self {
        Self { socket: socket.filter(|socket| !socket.is_empty()) }
    }

    /// Sends a state such as `READY=1`. A manager that cannot be told is logged and otherwise passed over.
    pub(crate) fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = send(socket, state)
        {
            tracing::warn!(error = %error, state, "cannot tell the service manager");
        }
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

/// The file that appears when clients are served. It goes away when they no longer are.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
}

impl ReadyFile {
    /// Removes what an earlier process left, so that nobody takes it for this one's.
    pub(crate) fn prepare(path: &Path) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Self { path: path.to_owned() }),
        }
    }

    /// Writes the URLs, one a line; a reader sees all of it or no file.
    pub(crate) fn write(&self, urls: &[String]) -> io::Result<()> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let unfinished = self.path.with_file_name(name);
        let written = std::fs::File::create(&unfinished)
            .and_then(|mut file| urls.iter().try_for_each(|url| writeln!(file, "{url}")))
            .and_then(|()| std::fs::rename(&unfinished, &self.path));
        if written.is_err() {
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Gone already, or somebody else's directory by now: nothing to do about either.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_hears_the_state_on_a_path_and_on_an_abstract_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let abstract_name = format!("kvd-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        for (socket, name) in [
            (UnixDatagram::bind(&path).unwrap(), path.clone().into_os_string()),
            (UnixDatagram::bind_addr(&address).unwrap(), format!("@{abstract_name}").into()),
        ] {
            ServiceManager::new(Some(name)).tell("READY=1");
            let mut buffer = [0; 16];
            let length = socket.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"READY=1");
        }
        ServiceManager::new(None).tell("READY=1");
        ServiceManager::new(Some("/nowhere/at/all".into())).tell("READY=1");
    }

    #[test]
    fn a_ready_file_appears_whole_and_goes_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ready");
        std::fs::write(&path, "stale").unwrap();
        let ready = ReadyFile::prepare(&path).unwrap();
        assert!(!path.exists());
        ready.write(&["http://127.0.0.1:1".to_owned()]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "http://127.0.0.1:1\n");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        drop(ready);
        assert!(!path.exists());
    }
}
