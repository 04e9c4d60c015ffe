//! The keys that a permission is about, as they are typed, and as programs read them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use bytes::Bytes;
use kv_cli::{CliError, Record, prefix_end};

/// A key, perhaps the end of a range, and what makes a range of the key alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyArgs<'a> {
    /// At least one.
    pub(super) keys: &'a [OsString],
    pub(super) prefix: bool,
    pub(super) from_key: bool,
}

impl KeyArgs<'_> {
    /// Returns the key and the end of the range as the API has them. Further words are passed over, as etcdctl does.
    pub(super) fn range(self) -> Result<(Vec<u8>, Vec<u8>), CliError> {
        let exclusive = || CliError::arguments("--from-key and --prefix flags are mutually exclusive");
        let key = self.keys.first().map(|key| key.as_bytes()).unwrap_or_default();
        if key.is_empty() {
            // There is no empty key: the least one stands for it, alone or as the first of all.
            return match (self.prefix, self.from_key) {
                (true, true) => Err(exclusive()),
                (false, false) => Ok((b"\0".to_vec(), Vec::new())),
                _ => Ok((b"\0".to_vec(), b"\0".to_vec())),
            };
        }
        let end = match (self.keys.get(1), self.prefix, self.from_key) {
            (None, true, true) => return Err(exclusive()),
            (None, true, false) => prefix_end(key),
            (None, false, true) => b"\0".to_vec(),
            (None, false, false) => Vec::new(),
            (Some(_), true, _) => return Err(CliError::arguments("unexpected endkey argument with --prefix flag")),
            (Some(_), _, true) => return Err(CliError::arguments("unexpected endkey argument with --from-key flag")),
            (Some(end), false, false) => end.as_bytes().to_vec(),
        };
        Ok((key.to_vec(), end))
    }
}

/// Adds the keys that a permission is about to what programs want to know of it.
pub(super) fn with_range(record: Record, key: &Bytes, end: &Bytes) -> Record {
    record.with("key", key.clone()).with_some("range_end", Some(end.clone()).filter(|end| !end.is_empty()))
}

/// Returns a name, which the API wants as text.
pub(super) fn text(word: &OsString) -> Result<String, CliError> {
    word.to_str().map(str::to_owned).ok_or_else(|| CliError::arguments("the name of a role is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(keys: &[&str], prefix: bool, from_key: bool) -> Result<(Vec<u8>, Vec<u8>), CliError> {
        let keys: Vec<_> = keys.iter().map(OsString::from).collect();
        KeyArgs { keys: &keys, prefix, from_key }.range()
    }

    #[test]
    fn ranges_of_every_shape() {
        let bytes = |key: &str, end: &str| Ok((key.as_bytes().to_vec(), end.as_bytes().to_vec()));
        assert_eq!(range(&["a"], false, false), bytes("a", ""));
        assert_eq!(range(&["a", "c"], false, false), bytes("a", "c"));
        assert_eq!(range(&["a"], true, false), bytes("a", "b"));
        assert_eq!(range(&["a"], false, true), bytes("a", "\0"));
        assert_eq!(range(&[""], false, false), bytes("\0", ""));
        assert_eq!(range(&[""], true, false), bytes("\0", "\0"));
        assert_eq!(range(&["", "z"], false, true), bytes("\0", "\0"));
        for (keys, prefix, from_key) in
            [(&["a"][..], true, true), (&[""], true, true), (&["a", "b"], true, false), (&["a", "b"], false, true)]
        {
            assert!(range(keys, prefix, from_key).is_err(), "{keys:?}");
        }
    }
}
