//! Whether a person is looking, and asking that person.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, IsTerminal as _, Write};

use rustix::termios::tcgetwinsize;

/// Whether questions, colour, escaping and progress are wanted: all three streams are terminals, `TERM` is set and not
/// `dumb`, and `CI` is not set. Otherwise a tool behaves as in a pipe.
pub fn is_interactive() -> bool {
    let terminals = [io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal()];
    judge(terminals, env::var_os("TERM").as_deref(), env::var_os("CI").as_deref())
}

/// Whether what goes to standard output is read by a terminal, so that untrusted bytes must be escaped.
///
/// This asks less than [`is_interactive`]: a terminal obeys escape sequences also where standard input is a file.
pub fn is_terminal_output() -> bool {
    io::stdout().is_terminal()
}

/// Returns how many columns the terminal has that standard output goes to, if it does.
pub fn terminal_width() -> Option<usize> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    // A terminal that does not know says 0.
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Asks a person; anything but yes is no. Where nobody can answer ([`is_interactive`]) nobody must be asked.
///
/// # Errors
///
/// Fails if the question cannot be written or the answer not be read.
pub fn confirm(out: &mut dyn Write, question: &str) -> io::Result<bool> {
    write!(out, "{question} [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

fn judge(terminals: [bool; 3], term: Option<&OsStr>, ci: Option<&OsStr>) -> bool {
    terminals == [true; 3] && term.is_some_and(|term| !term.is_empty() && term != "dumb") && ci.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \r\n"));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("yesterday") && !is_yes("n"));
    }

    #[test]
    fn a_person_needs_a_terminal_on_every_side() {
        let xterm = Some(OsStr::new("xterm"));
        assert!(judge([true; 3], xterm, None));
        assert!(!judge([true, true, false], xterm, None));
        assert!(!judge([true; 3], xterm, Some(OsStr::new("true"))));
        assert!(!judge([true; 3], Some(OsStr::new("dumb")), None));
        assert!(!judge([true; 3], None, None));
    }
}
