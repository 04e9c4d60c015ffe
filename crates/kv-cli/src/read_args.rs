//! The arguments of `get`, the same for a server and for a data directory.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use clap::Args;
use kv_proto::etcdserverpb::RangeRequest;
use kv_proto::etcdserverpb::range_request::{SortOrder, SortTarget};

use crate::{CliError, ExitStatus, Format, Style, parse_revision};

/// Which keys are read, at which revision, in which order.
#[derive(Debug, Clone, Default, Args)]
pub struct ReadArgs {
    /// Key to read, or the first key of a range
    #[arg(value_name = "KEY")]
    pub key: Option<OsString>,

    /// End of the range: the first key that is not read
    #[arg(value_name = "RANGE_END")]
    pub range_end: Option<OsString>,

    /// Read the keys that begin with KEY; with an empty KEY, all keys
    #[arg(long)]
    pub prefix: bool,

    /// Read the keys from KEY on, in byte order; with an empty KEY, all keys
    #[arg(long)]
    pub from_key: bool,

    /// Revision to read at [default: the newest]
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = parse_revision)]
    pub rev: i64,

    /// Greatest number of keys to return; 0 for all
    #[arg(long, value_name = "COUNT", default_value = "0", value_parser = parse_revision)]
    pub limit: i64,

    /// Order of the results: ASCEND or DESCEND [default: ASCEND]
    #[arg(long, value_name = "ORDER")]
    pub order: Option<String>,

    /// What results are sorted by: CREATE, KEY, MODIFY, VALUE or VERSION [default: KEY]
    #[arg(long, value_name = "TARGET")]
    pub sort_by: Option<String>,

    /// Return keys without their values
    #[arg(long)]
    pub keys_only: bool,

    /// Return only the number of keys; needs `--write-out=fields`, `jsonl` or `table`
    #[arg(long)]
    pub count_only: bool,

    /// Print values without their keys; needs `--write-out=simple`
    #[arg(long)]
    pub print_value_only: bool,

    /// Leave out keys created before this revision
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = parse_revision)]
    pub min_create_rev: i64,

    /// Leave out keys created after this revision
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = parse_revision)]
    pub max_create_rev: i64,

    /// Leave out keys last changed before this revision
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = parse_revision)]
    pub min_mod_rev: i64,

    /// Leave out keys last changed after this revision
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = parse_revision)]
    pub max_mod_rev: i64,
}

impl ReadArgs {
    /// Returns the request that asks for it.
    ///
    /// # Errors
    ///
    /// Fails where arguments are missing or contradict each other, or an order is unknown.
    pub fn request(&self) -> Result<RangeRequest, CliError> {
        let Some(key) = &self.key else {
            return Err(CliError::arguments(
                "get command needs one argument as key and an optional argument as range_end",
            ));
        };
        if self.prefix && self.from_key {
            return Err(CliError::arguments("`--prefix` and `--from-key` cannot be set at the same time, choose one"));
        }
        if self.keys_only && self.count_only {
            return Err(CliError::arguments(
                "`--keys-only` and `--count-only` cannot be set at the same time, choose one",
            ));
        }
        let range_end = self.range_end.as_deref().map(OsStrExt::as_bytes);
        if range_end.is_some() && (self.prefix || self.from_key) {
            return Err(CliError::arguments(
                "too many arguments, only accept one argument when `--prefix` or `--from-key` is set",
            ));
        }
        let (key, range_end) = key_range(key.as_bytes(), range_end, self.prefix, self.from_key);
        let (sort_order, sort_target) = self.sorting()?;
        check_bounds("CreateRev", self.min_create_rev, self.max_create_rev)?;
        check_bounds("ModRev", self.min_mod_rev, self.max_mod_rev)?;
        Ok(RangeRequest {
            key: key.into(),
            range_end: range_end.into(),
            limit: self.limit,
            revision: self.rev.max(0),
            sort_order: sort_order.into(),
            sort_target: sort_target.into(),
            serializable: false,
            keys_only: self.keys_only,
            count_only: self.count_only,
            min_mod_revision: self.min_mod_rev.max(0),
            max_mod_revision: self.max_mod_rev.max(0),
            min_create_revision: self.min_create_rev.max(0),
            max_create_revision: self.max_create_rev.max(0),
        })
    }

    /// Checks what only makes sense in one format. etcdctl does so after the request, and so do its callers' scripts
    /// see the server's error first.
    ///
    /// # Errors
    ///
    /// Fails where an option needs another format.
    pub fn check_format(&self, format: Format) -> Result<(), CliError> {
        if self.count_only && !matches!(format, Format::Fields | Format::JsonLines | Format::Table) {
            return Err(CliError::arguments("--count-only is only for `--write-out=fields`"));
        }
        if self.print_value_only && format != Format::Simple {
            return Err(CliError::arguments("print-value-only is only for `--write-out=simple`"));
        }
        Ok(())
    }

    /// Returns how results are to look that hold only what was asked for.
    pub fn style(&self, style: Style) -> Style {
        let (keys_only, count_only) = (self.keys_only, self.count_only);
        Style { value_only: self.print_value_only, keys_only, count_only, ..style }
    }

    fn sorting(&self) -> Result<(SortOrder, SortTarget), CliError> {
        let (order, sort_by) = (self.order.as_deref().unwrap_or(""), self.sort_by.as_deref().unwrap_or(""));
        let order = match order.to_uppercase().as_str() {
            "" => SortOrder::None,
            "ASCEND" => SortOrder::Ascend,
            "DESCEND" => SortOrder::Descend,
            _ => {
                return Err(CliError::new(ExitStatus::BadFeature, format_args!("bad sort order {order}"))
                    .with_hint("an order is ASCEND or DESCEND"));
            }
        };
        let target = match sort_by.to_uppercase().as_str() {
            "" | "KEY" => SortTarget::Key,
            "CREATE" => SortTarget::Create,
            "MODIFY" => SortTarget::Mod,
            "VALUE" => SortTarget::Value,
            "VERSION" => SortTarget::Version,
            _ => {
                return Err(CliError::new(ExitStatus::BadFeature, format_args!("bad sort target {sort_by}"))
                    .with_hint("results are sorted by CREATE, KEY, MODIFY, VALUE or VERSION"));
            }
        };
        // Keys come in this order anyway; asking for it would only make the server sort.
        let order = if (order, target) == (SortOrder::Ascend, SortTarget::Key) { SortOrder::None } else { order };
        Ok((order, target))
    }
}

fn check_bounds(what: &str, min: i64, max: i64) -> Result<(), CliError> {
    if max > 0 && min > max {
        let message = format_args!("getMin{what}(={min}) > getMax{what}(={max})");
        return Err(CliError::new(ExitStatus::BadFeature, message));
    }
    Ok(())
}

/// Returns the key and the range end of a request, whose rules are the same for reading, deleting and watching.
pub fn key_range(key: &[u8], range_end: Option<&[u8]>, prefix: bool, from_key: bool) -> (Vec<u8>, Vec<u8>) {
    const FIRST_KEY: &[u8] = &[0];
    const OPEN_END: &[u8] = &[0];
    if (prefix || from_key) && key.is_empty() {
        return (FIRST_KEY.to_vec(), OPEN_END.to_vec());
    }
    let range_end = if prefix {
        prefix_end(key)
    } else if from_key {
        OPEN_END.to_vec()
    } else {
        range_end.unwrap_or_default().to_vec()
    };
    (key.to_vec(), range_end)
}

/// Returns the first key behind all keys with a prefix, which has no end if the prefix is all `0xff`.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    match prefix.iter().rposition(|&byte| byte < 0xff) {
        Some(position) => {
            let mut end = prefix[..=position].to_vec();
            end[position] += 1;
            end
        }
        None => vec![0],
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _, Parser};

    use super::*;

    #[derive(Parser)]
    struct Get {
        #[command(flatten)]
        read: ReadArgs,
    }

    fn parse(line: &str) -> ReadArgs {
        let args = ["get"].into_iter().chain(line.split_whitespace()).map(|word| word.replace("''", ""));
        let matches = Get::command().get_matches_from(args);
        Get::from_arg_matches(&matches).unwrap().read
    }

    #[track_caller]
    fn check(line: &str, expected: RangeRequest) {
        assert_eq!(parse(line).request(), Ok(expected));
    }

    #[track_caller]
    fn check_refused(line: &str, status: ExitStatus, message: &str) {
        let error = parse(line).request().unwrap_err();
        assert_eq!((error.status, error.message.as_deref()), (status, Some(message)));
    }

    fn range(key: &[u8], range_end: &[u8]) -> RangeRequest {
        RangeRequest { key: key.to_vec().into(), range_end: range_end.to_vec().into(), ..RangeRequest::default() }
    }

    #[test]
    fn key_ranges() {
        check("foo", range(b"foo", b""));
        check("foo fop", range(b"foo", b"fop"));
        check("--prefix foo", range(b"foo", b"fop"));
        check("--prefix ''", range(b"\0", b"\0"));
        check("--from-key foo", range(b"foo", b"\0"));
        check("--from-key ''", range(b"\0", b"\0"));
        assert_eq!(prefix_end(b"a\xff"), b"b");
        assert_eq!(prefix_end(b"\xff\xff"), b"\0");
    }

    #[test]
    fn ascending_keys_are_not_asked_for() {
        check("a --order ascend", range(b"a", b""));
        check("a --sort-by KEY --order ASCEND", range(b"a", b""));
        check("a --order descend", RangeRequest { sort_order: SortOrder::Descend.into(), ..range(b"a", b"") });
        check("a --sort-by create", RangeRequest { sort_target: SortTarget::Create.into(), ..range(b"a", b"") });
        check_refused("a --order up", ExitStatus::BadFeature, "bad sort order up");
        check_refused("a --sort-by age", ExitStatus::BadFeature, "bad sort target age");
    }

    #[test]
    fn limits_and_bounds() {
        check(
            "a --limit 5 --rev 7 --min-create-rev 1 --max-create-rev 2 --min-mod-rev 3 --max-mod-rev 4 --keys-only",
            RangeRequest {
                limit: 5,
                revision: 7,
                min_create_revision: 1,
                max_create_revision: 2,
                min_mod_revision: 3,
                max_mod_revision: 4,
                keys_only: true,
                ..range(b"a", b"")
            },
        );
        check_refused(
            "a --min-create-rev 5 --max-create-rev 4",
            ExitStatus::BadFeature,
            "getMinCreateRev(=5) > getMaxCreateRev(=4)",
        );
        check_refused(
            "a --min-mod-rev 5 --max-mod-rev 4",
            ExitStatus::BadFeature,
            "getMinModRev(=5) > getMaxModRev(=4)",
        );
    }

    #[test]
    fn contradictions() {
        let bad = ExitStatus::BadArguments;
        check_refused("", bad, "get command needs one argument as key and an optional argument as range_end");
        check_refused(
            "a b --prefix",
            bad,
            "too many arguments, only accept one argument when `--prefix` or `--from-key` is set",
        );
        check_refused(
            "a --from-key --prefix",
            bad,
            "`--prefix` and `--from-key` cannot be set at the same time, choose one",
        );
        check_refused(
            "a --keys-only --count-only",
            bad,
            "`--keys-only` and `--count-only` cannot be set at the same time, choose one",
        );
        assert_eq!(parse("a --count-only").check_format(Format::Json).unwrap_err().status, bad);
        assert_eq!(parse("a --count-only").check_format(Format::Fields), Ok(()));
        assert_eq!(parse("a --print-value-only").check_format(Format::Fields).unwrap_err().status, bad);
    }
}
