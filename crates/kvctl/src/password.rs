//! Asking for passwords: the one that a user has, or one that it will have.

use std::io::{self, BufRead, IsTerminal as _};

use kv_cli::{CliError, parse_bool};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Asks on standard error and reads a line of standard input, which a terminal does not show meanwhile.
pub(crate) fn ask(prompt: &str) -> io::Result<String> {
    ask_on(&mut io::stderr(), prompt)
}

/// Where a new password comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct PasswordSource {
    /// Ask for the password twice; with `false`, read one word from standard input
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "true",
        action = clap::ArgAction::Set,
        value_parser = parse_bool
    )]
    pub(crate) interactive: bool,
}

/// Gets a new password for a user.
pub(crate) fn choose(name: &str, source: &PasswordSource) -> Result<String, CliError> {
    if !source.interactive {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // Nothing is an empty password, as in etcdctl; what cannot be read is none.
        read.map_err(|error| CliError::arguments(format_args!("failed to read password: {error}")))?;
        return Ok(line.split_whitespace().next().unwrap_or_default().to_owned());
    }
    // As in etcdctl, whose scripts may wait for the question on standard output.
    let ask = |prompt: String| {
        ask_on(&mut io::stdout(), &prompt)
            .map_err(|error| CliError::arguments(format_args!("failed to ask password: {error}")))
    };
    let password = ask(format!("Password of {name}: "))?;
    if password.is_empty() {
        return Err(CliError::arguments("empty password"));
    }
    if ask(format!("Type password of {name} again for confirmation: "))? != password {
        return Err(CliError::arguments("given passwords are different"));
    }
    Ok(password)
}

fn ask_on(out: &mut impl io::Write, prompt: &str) -> io::Result<String> {
    let stdin = io::stdin();
    // Before the question, because who is asked may answer at once.
    let silent = if stdin.is_terminal() { Some(Silent::begin()?) } else { None };
    out.write_all(prompt.as_bytes())?;
    out.flush()?;
    if silent.is_none() {
        let mut line = String::new();
        stdin.lock().read_line(&mut line)?;
        line.truncate(line.trim_end_matches(['\n', '\r']).len());
        out.write_all(b"\n")?;
        return Ok(line);
    }
    let line = read_typed(stdin.lock());
    drop(silent);
    // The line feed that was typed has not been shown either.
    out.write_all(b"\n")?;
    line
}

/// A terminal that shows nothing and hands every key over, until this is dropped. Interrupting the program must not leave
/// the terminal like that, so the key for it is handed over too.
struct Silent {
    before: Termios,
}

impl Silent {
    fn begin() -> io::Result<Silent> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Silent { before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that has gone shows nothing anyway.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

const INTERRUPT: u8 = 0x03;
const END_OF_FILE: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const ERASE_LINE: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// Reads a line key by key, with the keys that a terminal would otherwise understand itself.
fn read_typed(keys: impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    for key in keys.bytes() {
        match key? {
            b'\n' | b'\r' | END_OF_FILE => break,
            INTERRUPT => return Err(io::Error::from(io::ErrorKind::Interrupted)),
            ERASE_LINE => line.clear(),
            // A character may be several bytes.
            BACKSPACE | DELETE => while line.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {},
            byte => line.push(byte),
        }
    }
    String::from_utf8(line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the password is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_a_line() {
        let typed = |keys: &str| read_typed(keys.as_bytes());
        assert_eq!(typed("secret\nrest").unwrap(), "secret");
        assert_eq!(typed("sé\x7fecc\x08ret\r").unwrap(), "secret");
        assert_eq!(typed("wrong\x15right\x04").unwrap(), "right");
        assert_eq!(typed("\x7f\n").unwrap(), "");
        assert_eq!(typed("sec\x03").unwrap_err().kind(), io::ErrorKind::Interrupted);
    }
}
