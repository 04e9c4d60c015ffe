//! How much history is kept without anybody asking: the values of `--auto-compaction-mode` and
//! `--auto-compaction-retention`.

use std::time::Duration;

use crate::values::{PARSE_ERROR, parse_duration};

/// How much history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retention {
    /// That of the last so much time.
    Period(Duration),
    /// That of the last so many revisions.
    Revisions(i64),
}

impl Retention {
    /// Reads `--auto-compaction-mode` and `--auto-compaction-retention`; nothing is given up without being asked where
    /// the latter is zero.
    pub(crate) fn parse(mode: &str, retention: &str) -> Result<Option<Self>, String> {
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0);
        // A duration where a number is expected counts its nanoseconds, as in etcd.
        let duration = || {
            parse_duration(retention).map_err(|error| {
                let error = if error == PARSE_ERROR { format!("invalid duration {retention:?}") } else { error };
                format!("error parsing CompactionRetention: {error}")
            })
        };
        let retention = match (mode, number(retention)) {
            ("periodic", Some(hours)) => {
                let seconds = u64::try_from(hours).unwrap_or_default().checked_mul(60 * 60);
                let seconds =
                    seconds.filter(|seconds| *seconds <= u64::try_from(i64::MAX / 1_000_000_000).unwrap_or(0));
                let seconds = seconds.ok_or_else(|| format!("--auto-compaction-retention {hours} is too long"))?;
                Self::Period(Duration::from_secs(seconds))
            }
            ("periodic", None) => Self::Period(duration()?),
            ("revision", Some(revisions)) => Self::Revisions(revisions),
            ("revision", None) => Self::Revisions(duration()?.as_nanos().try_into().unwrap_or(i64::MAX)),
            ("", _) => return Err("undefined auto-compaction-mode".to_owned()),
            (unknown, _) => return Err(format!("unknown auto-compaction-mode {unknown:?}")),
        };
        let nothing = matches!(retention, Self::Period(Duration::ZERO) | Self::Revisions(0));
        Ok((!nothing).then_some(retention))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn retentions_are_read_as_etcd_reads_them() {
        let period = |duration| Ok(Some(Retention::Period(duration)));
        for (mode, text, expected) in [
            ("periodic", "0", Ok(None)),
            ("periodic", "0s", Ok(None)),
            ("revision", "0", Ok(None)),
            ("periodic", "1", period(60 * MINUTE)),
            ("periodic", "+24", period(24 * 60 * MINUTE)),
            ("periodic", "10m", period(10 * MINUTE)),
            ("periodic", "1h30m", period(90 * MINUTE)),
            ("revision", "1000", Ok(Some(Retention::Revisions(1000)))),
            ("revision", "1us", Ok(Some(Retention::Revisions(1000)))),
            ("", "0", Err("undefined auto-compaction-mode")),
            ("monthly", "1", Err("unknown auto-compaction-mode \"monthly\"")),
            ("periodic", "", Err("error parsing CompactionRetention: invalid duration \"\"")),
            ("periodic", "1d", Err("error parsing CompactionRetention: invalid duration \"1d\"")),
            ("revision", "many", Err("error parsing CompactionRetention: invalid duration \"many\"")),
            ("periodic", "-5", Err("error parsing CompactionRetention: a negative duration makes no sense here")),
            ("periodic", "9223372036854775807", Err("--auto-compaction-retention 9223372036854775807 is too long")),
        ] {
            assert_eq!(Retention::parse(mode, text), expected.map_err(str::to_owned), "{mode} {text}");
        }
    }
}
