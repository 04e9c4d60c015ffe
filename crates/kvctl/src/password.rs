//! Asking for a password.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Asks on standard error and reads a line of standard input, which a terminal does not show meanwhile.
pub(crate) fn ask(prompt: &str) -> io::Result<String> {
    let mut stderr = io::stderr();
    stderr.write_all(prompt.as_bytes())?;
    stderr.flush()?;
    let stdin = io::stdin();
    let hidden = if stdin.is_terminal() { Some(Hidden::begin()?) } else { None };
    let mut line = String::new();
    let result = stdin.lock().read_line(&mut line);
    if hidden.is_some() {
        drop(hidden);
        // The line feed that was typed has not been shown either.
        stderr.write_all(b"\n")?;
    }
    result?;
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(line)
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn begin() -> io::Result<Hidden> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Hidden { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that has gone shows nothing anyway.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
