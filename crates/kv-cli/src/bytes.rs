//! Byte strings as text: Go's quoting and its reverse, `\x` escapes, and what is safe on a terminal.

use std::fmt::{self, Write as _};

/// Shows bytes as a Go string literal in double quotes, as `%q` and `-w fields` do.
///
/// Printable characters stay, bytes that are not UTF-8 become `\xNN`, other characters `\uNNNN` or `\UNNNNNNNN`.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a>(pub &'a [u8]);

/// Shows every byte as `\xNN`, as `--hex` does.
#[derive(Debug, Clone, Copy)]
pub struct HexEscaped<'a>(pub &'a [u8]);

/// Shows bytes without anything a terminal would obey: printable characters, line feeds and tabs stay, the rest is
/// escaped as in [`Quoted`].
#[derive(Debug, Clone, Copy)]
pub struct TerminalSafe<'a>(pub &'a [u8]);

/// Shows bytes on one line without anything a terminal would obey: like [`Quoted`], without the quotes.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            write_in_runs(formatter, chunk.valid(), |formatter, character| match character {
                '"' => formatter.write_str("\\\""),
                '\\' => formatter.write_str("\\\\"),
                _ => write_escaped(formatter, character),
            })?;
            write!(formatter, "{}", HexEscaped(chunk.invalid()))?;
        }
        formatter.write_char('"')
    }
}

impl fmt::Display for HexEscaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "\\x{byte:02x}"))
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write_in_runs(formatter, chunk.valid(), write_escaped)?;
            write!(formatter, "{}", HexEscaped(chunk.invalid()))?;
        }
        Ok(())
    }
}

impl fmt::Display for TerminalSafe<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write_in_runs(formatter, chunk.valid(), |formatter, character| match character {
                '\n' | '\t' => formatter.write_char(character),
                _ => write_escaped(formatter, character),
            })?;
            write!(formatter, "{}", HexEscaped(chunk.invalid()))?;
        }
        Ok(())
    }
}

/// Writes text whose letters, digits and most signs no format escapes: these as they are, in runs, and `other` the rest.
pub(crate) fn write_in_runs(
    formatter: &mut fmt::Formatter<'_>,
    text: &str,
    other: impl Fn(&mut fmt::Formatter<'_>, char) -> fmt::Result,
) -> fmt::Result {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&');
    let mut rest = text;
    loop {
        let run = rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        formatter.write_str(&rest[..run])?;
        let mut characters = rest[run..].chars();
        let Some(character) = characters.next() else { return Ok(()) };
        other(formatter, character)?;
        rest = characters.as_str();
    }
}

fn write_escaped(formatter: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\u{7}' => formatter.write_str("\\a"),
        '\u{8}' => formatter.write_str("\\b"),
        '\u{c}' => formatter.write_str("\\f"),
        '\n' => formatter.write_str("\\n"),
        '\r' => formatter.write_str("\\r"),
        '\t' => formatter.write_str("\\t"),
        '\u{b}' => formatter.write_str("\\v"),
        _ if is_printable(character) => formatter.write_char(character),
        '\0'..='\x7f' => write!(formatter, "\\x{:02x}", u32::from(character)),
        '\u{80}'..='\u{ffff}' => write!(formatter, "\\u{:04x}", u32::from(character)),
        _ => write!(formatter, "\\U{:08x}", u32::from(character)),
    }
}

/// Whether a character is a letter, mark, number, punctuation, symbol or the ASCII space.
///
/// The standard library knows the same classes but keeps them to itself; its escaping shows them. A combining mark
/// is only escaped at the start of a string, hence the character before it.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    let mut buffer = [b'a'; 5];
    let length = 1 + character.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..length]).expect("a letter and a character");
    text.escape_debug().eq(text.chars())
}

/// A Go string literal and what follows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Unquoted<'a> {
    /// The bytes that the literal stands for.
    pub bytes: Vec<u8>,
    /// The text after the closing quote.
    pub rest: &'a str,
}

/// Why a text does not start with a Go string literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnquoteError {
    /// The text ends before it begins.
    Empty,
    /// It does not start with a quote.
    NotQuoted,
    /// The closing quote is missing.
    Unterminated,
    /// An escape is not one of Go's.
    BadEscape,
}

impl fmt::Display for UnquoteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            UnquoteError::Empty | UnquoteError::Unterminated => "unexpected EOF",
            UnquoteError::NotQuoted => "expected quoted string",
            UnquoteError::BadEscape => "invalid syntax",
        })
    }
}

impl std::error::Error for UnquoteError {}

/// Reads the Go string literal at the start of a text: `"…"` with escapes, or raw between back quotes.
///
/// # Errors
///
/// [`UnquoteError`] says what is wrong with it.
pub fn unquote(text: &str) -> Result<Unquoted<'_>, UnquoteError> {
    let mut characters = text.char_indices();
    match characters.next() {
        None => Err(UnquoteError::Empty),
        Some((_, '`')) => {
            let end = text[1..].find('`').ok_or(UnquoteError::Unterminated)?;
            Ok(Unquoted { bytes: text.as_bytes()[1..=end].to_vec(), rest: &text[end + 2..] })
        }
        Some((_, '"')) => {
            let mut bytes = Vec::new();
            loop {
                match characters.next().ok_or(UnquoteError::Unterminated)?.1 {
                    '"' => return Ok(Unquoted { bytes, rest: characters.as_str() }),
                    '\\' => characters = unescape(characters.as_str(), &mut bytes)?.char_indices(),
                    '\n' => return Err(UnquoteError::BadEscape),
                    character => push_char(&mut bytes, character),
                }
            }
        }
        Some(_) => Err(UnquoteError::NotQuoted),
    }
}

/// Reads the escape after a backslash and returns the text behind it.
fn unescape<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Result<&'a str, UnquoteError> {
    let kind = text.chars().next().ok_or(UnquoteError::Unterminated)?;
    let rest = &text[kind.len_utf8()..];
    let simple = match kind {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        '"' => b'"',
        'x' => return number(rest, 2, 16).map(|(value, rest)| (bytes.push(value as u8), rest).1),
        '0'..='7' => {
            let (value, rest) = number(text, 3, 8)?;
            bytes.push(u8::try_from(value).map_err(|_| UnquoteError::BadEscape)?);
            return Ok(rest);
        }
        'u' | 'U' => {
            let (value, rest) = number(rest, if kind == 'u' { 4 } else { 8 }, 16)?;
            push_char(bytes, char::from_u32(value).ok_or(UnquoteError::BadEscape)?);
            return Ok(rest);
        }
        _ => return Err(UnquoteError::BadEscape),
    };
    bytes.push(simple);
    Ok(rest)
}

fn number(text: &str, digits: usize, radix: u32) -> Result<(u32, &str), UnquoteError> {
    let head = text.get(..digits).ok_or(UnquoteError::BadEscape)?;
    // `from_str_radix` alone would accept a sign.
    if !head.chars().all(|character| character.is_digit(radix)) {
        return Err(UnquoteError::BadEscape);
    }
    let value = u32::from_str_radix(head, radix).map_err(|_| UnquoteError::BadEscape)?;
    Ok((value, &text[digits..]))
}

fn push_char(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_quoted(bytes: &[u8], expected: &str) {
        let quoted = Quoted(bytes).to_string();
        assert_eq!(quoted, expected);
        assert_eq!(unquote(&quoted), Ok(Unquoted { bytes: bytes.to_vec(), rest: "" }));
    }

    #[test]
    fn quoting_keeps_what_is_printable_and_can_be_undone() {
        check_quoted(b"foo bar", r#""foo bar""#);
        check_quoted(b"a\"b\\c", r#""a\"b\\c""#);
        check_quoted(b"\x07\x08\x0c\n\r\t\x0b\0\x1b\x7f", r#""\a\b\f\n\r\t\v\x00\x1b\x7f""#);
        check_quoted("é日本🦀<".as_bytes(), "\"é日本🦀<\"");
        check_quoted(b"\xff\xc3(", r#""\xff\xc3(""#);
        // A no-break space, a zero-width space, a noncharacter, a private use character, a language tag.
        check_quoted("\u{a0}\u{200b}\u{ffff}\u{e000}\u{e0001}".as_bytes(), r#""\u00a0\u200b\uffff\ue000\U000e0001""#);
        check_quoted("e\u{301}\u{fffd}".as_bytes(), "\"e\u{301}\u{fffd}\"");
        check_quoted("\u{301}".as_bytes(), "\"\u{301}\"");
    }

    #[test]
    fn unquoting_knows_every_escape_of_go() {
        let unquoted = unquote(r#""\101\x42\u0043\U0001F980\'" tail"#);
        assert_eq!(unquoted, Err(UnquoteError::BadEscape), "a single quote is only escaped in character literals");
        let unquoted = unquote(r#""\101\x42\u0043\U0001F980" tail"#).unwrap();
        assert_eq!((unquoted.bytes.as_slice(), unquoted.rest), ("ABC🦀".as_bytes(), " tail"));
        assert_eq!(unquote("`a\\n`)").unwrap(), Unquoted { bytes: b"a\\n".to_vec(), rest: ")" });
    }

    #[test]
    fn malformed_literals_are_refused() {
        for (text, error) in [
            ("", UnquoteError::Empty),
            ("foo", UnquoteError::NotQuoted),
            ("\"foo", UnquoteError::Unterminated),
            ("`foo", UnquoteError::Unterminated),
            ("\"\\", UnquoteError::Unterminated),
            (r#""\q""#, UnquoteError::BadEscape),
            (r#""\xg0""#, UnquoteError::BadEscape),
            (r#""\x+1""#, UnquoteError::BadEscape),
            (r#""\777""#, UnquoteError::BadEscape),
            (r#""\ud800""#, UnquoteError::BadEscape),
        ] {
            assert_eq!(unquote(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_terminal_gets_no_control_sequence() {
        let hostile = b"a\x1b[2J\r\n\tb\xff\xe2\x80\xae";
        assert_eq!(TerminalSafe(hostile).to_string(), "a\\x1b[2J\\r\n\tb\\xff\\u202e");
        assert_eq!(Escaped(hostile).to_string(), "a\\x1b[2J\\r\\n\\tb\\xff\\u202e");
        assert_eq!(HexEscaped(b"foo").to_string(), "\\x66\\x6f\\x6f");
    }
}
