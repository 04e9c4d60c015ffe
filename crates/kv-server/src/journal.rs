//! The journal of systemd as a place for log lines, by its own protocol: a datagram of fields for each line.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing::Level;

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";

/// A way to the journal.
#[derive(Debug)]
pub(crate) struct Journal {
    socket: UnixDatagram,
    /// The name this program was called by.
    identifier: String,
}

impl Journal {
    /// Finds the journal.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub(crate) fn open() -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{SOCKET}: {error}"));
        Self::at(Path::new(SOCKET)).map_err(named)
    }

    fn at(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        let called = std::env::args_os().next().unwrap_or_default();
        let identifier = Path::new(&called).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { socket, identifier })
    }

    /// Hands a line over.
    ///
    /// # Errors
    ///
    /// Where the journal does not take it: it may be too long, or the journal gone.
    pub(crate) fn send(&self, level: Level, caller: &str, line: &str) -> io::Result<()> {
        let priority = match level {
            Level::ERROR => "3",
            Level::WARN => "4",
            Level::INFO => "6",
            _ => "7",
        };
        let package = caller.rsplit_once('/').map_or(".", |(package, _)| package);
        let mut datagram = Vec::new();
        for (name, value) in
            [("PRIORITY", priority), ("MESSAGE", line), ("PACKAGE", package), ("SYSLOG_IDENTIFIER", &self.identifier)]
        {
            field(&mut datagram, name, value);
        }
        self.socket.send(&datagram).map(drop)
    }
}

/// Adds a field; one of several lines goes behind its length.
fn field(datagram: &mut Vec<u8>, name: &str, value: &str) {
    datagram.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        datagram.push(b'\n');
        datagram.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        datagram.push(b'=');
    }
    datagram.extend_from_slice(value.as_bytes());
    datagram.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_datagram_of_fields() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        assert_eq!(Journal::at(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        let listener = UnixDatagram::bind(&path).unwrap();
        let journal = Journal { identifier: "kvd".to_owned(), ..Journal::at(&path).unwrap() };
        journal.send(Level::WARN, "kv-server/tls/files.rs:9", "{}").unwrap();
        let mut datagram = [0; 200];
        let length = listener.recv(&mut datagram).unwrap();
        let expected = "PRIORITY=4\nMESSAGE={}\nPACKAGE=kv-server/tls\nSYSLOG_IDENTIFIER=kvd\n";
        assert_eq!(std::str::from_utf8(&datagram[..length]).unwrap(), expected);
    }

    #[test]
    fn a_field_of_several_lines_says_how_long_it_is() {
        let mut datagram = Vec::new();
        field(&mut datagram, "MESSAGE", "a\nb");
        assert_eq!(datagram, b"MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n");
    }
}
