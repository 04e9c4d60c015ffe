//! Lines of standard input cut into words, for `txn` and `watch -i`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use kv_cli::{CliError, ExitStatus, unquote};

/// Cuts a line into words. `'…'` is taken as it is, `"…"` is a Go string literal, anything else ends at a space, quotes
/// within it included. A quote that is never closed is passed over.
pub(crate) fn split(line: &str) -> Result<Vec<OsString>, CliError> {
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        match first {
            '\'' => match after.find('\'') {
                Some(end) => {
                    words.push(after[..end].into());
                    rest = &after[end + 1..];
                }
                None => rest = after,
            },
            '"' => match literal_length(after) {
                Some(length) => {
                    let literal = unquote(rest).map_err(|error| CliError::new(ExitStatus::BadInput, error))?;
                    words.push(OsString::from_vec(literal.bytes));
                    rest = &after[length..];
                }
                None => rest = after,
            },
            _ if first.is_whitespace() => rest = after,
            _ => {
                let (word, tail) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
                words.push(word.into());
                rest = tail;
            }
        }
    }
    Ok(words)
}

/// Returns the length of a literal behind its opening quote, the closing one included.
fn literal_length(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return Some(position + 1),
            '\\' => {
                characters.next();
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let expected: Vec<OsString> = expected.iter().map(OsString::from).collect();
        assert_eq!(split(line), Ok(expected));
    }

    #[test]
    fn words_and_quotes() {
        check("put k v", &["put", "k", "v"]);
        check("  put\tk   \"a b\\n\\\"c\\\"\" ", &["put", "k", "a b\n\"c\""]);
        check(r"put 'a \n b' ''", &["put", r"a \n b", ""]);
        check("a\"b c\"d", &["a\"b", "c\"d"]);
        check("\"a\"b", &["a", "b"]);
        check("'open a", &["open", "a"]);
        check("", &[]);
    }

    #[test]
    fn a_literal_must_be_gos() {
        let error = split(r#"put k "\q""#).unwrap_err();
        assert_eq!((error.status, error.message.as_deref()), (ExitStatus::BadInput, Some("invalid syntax")));
    }
}
