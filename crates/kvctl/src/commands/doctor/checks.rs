//! What is judged about a server, and from when on it matters.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use kv_cli::{Findings, GoDuration, HumanSize, Severity};
use kv_proto::etcdserverpb::StatusResponse;

use super::exposition::Exposition;

/// What one server told.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) endpoint: String,
    pub(super) status: StatusResponse,
    /// How long it took to tell its status over a connection that was open.
    pub(super) took: Duration,
    /// Its page of metrics, or why there is none.
    pub(super) metrics: Result<String, String>,
    /// Its clock and ours at the same time.
    pub(super) clocks: Option<(SystemTime, SystemTime)>,
    pub(super) certificate_end: Option<SystemTime>,
    /// The oldest readable revision, where history was compacted.
    pub(super) oldest_revision: Option<i64>,
    pub(super) now: SystemTime,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A history so long that was never compacted is most of the store.
const UNCOMPACTED_REVISIONS_MAX: i64 = 1_000_000;

/// Judges one server.
pub(super) fn judge(facts: &Facts, findings: &mut Findings) {
    let page = facts.metrics.as_deref().ok().map(Exposition);
    answer(facts, findings);
    alarms(facts, findings);
    quota(facts, page, findings);
    history(facts, findings);
    match (page, &facts.metrics) {
        (Some(page), _) => {
            disk(facts, page, findings);
            limits(facts, page, findings);
            readers(facts, page, findings);
        }
        (None, reason) => {
            let reason = reason.as_ref().err().map(String::as_str).unwrap_or_default();
            let finding =
                findings.add("metrics", &facts.endpoint, Severity::Concern, format!("cannot be read: {reason}"));
            finding.advice = Some("disk sync, limits and the clock are not known without them".to_owned());
        }
    }
    if let Some(end) = facts.certificate_end {
        certificate(&facts.endpoint, "certificate", end, facts.now, findings);
    }
    clock(facts, findings);
}

/// Judges what only shows when servers are compared.
pub(super) fn compare(all: &[Facts], findings: &mut Findings) {
    let mut versions: Vec<&str> = all.iter().map(|facts| facts.status.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    match versions.as_slice() {
        [] => {}
        [version] => findings.fine("versions", "all servers", format!("{version} everywhere")),
        versions => {
            let finding = findings.add("versions", "all servers", Severity::Concern, versions.join(" and "));
            finding.advice = Some("an upgrade that is under way should be brought to its end".to_owned());
        }
    }
}

/// Judges until when a certificate is valid.
pub(super) fn certificate(place: &str, check: &'static str, end: SystemTime, now: SystemTime, findings: &mut Findings) {
    let Ok(left) = end.duration_since(now) else {
        findings.add(check, place, Severity::Trouble, "has expired").advice = Some("renew it".to_owned());
        return;
    };
    let days = left.as_secs() / DAY.as_secs();
    let severity = match days {
        0..7 => Severity::Trouble,
        7..30 => Severity::Concern,
        _ => Severity::Fine,
    };
    let finding = findings.add(check, place, severity, format!("{days} days left"));
    finding.advice = (severity != Severity::Fine).then(|| "renew it".to_owned());
}

fn answer(facts: &Facts, findings: &mut Findings) {
    let status = &facts.status;
    let place = &facts.endpoint;
    let severity = grade(facts.took.as_secs_f64(), 0.1, 1.0);
    let summary = format!("version {}, answered in {}", status.version, GoDuration(round(facts.took)));
    let finding = findings.add("answer", place, severity, summary);
    finding.advice = (severity != Severity::Fine).then(|| "the server or the network is slow".to_owned());
    if status.leader == 0 {
        findings.add("leader", place, Severity::Trouble, "there is none").advice =
            Some("writing waits until most members can reach each other".to_owned());
    } else {
        let role = match (status.header.unwrap_or_default().member_id == status.leader, status.is_learner) {
            (true, _) => "this member leads",
            (false, true) => "this member learns",
            (false, false) => "another member leads",
        };
        findings.fine("leader", place, role);
    }
    let behind = status.raft_index.saturating_sub(status.raft_applied_index);
    let severity = grade(behind as f64, 1000.0, 100_000.0);
    findings.add("applied", place, severity, format!("{behind} entries behind its log"));
}

fn alarms(facts: &Facts, findings: &mut Findings) {
    let errors = &facts.status.errors;
    if errors.is_empty() {
        findings.fine("alarms", &facts.endpoint, "none");
    } else {
        findings.add("alarms", &facts.endpoint, Severity::Trouble, errors.join("; ")).advice =
            Some("`kvctl alarm list` names them; NOSPACE ends with compaction, defrag and `alarm disarm`".to_owned());
    }
}

fn quota(facts: &Facts, page: Option<Exposition<'_>>, findings: &mut Findings) {
    let in_use = facts.status.db_size_in_use.max(0) as u64;
    let told = facts.status.db_size_quota;
    let quota =
        if told > 0 { Some(told as f64) } else { page.and_then(|page| page.value("etcd_server_quota_backend_bytes")) };
    let Some(quota) = quota.filter(|quota| *quota > 0.0) else {
        findings.fine("quota", &facts.endpoint, format!("{} in use, no quota known", HumanSize(in_use)));
        return;
    };
    let share = in_use as f64 / quota;
    let mut severity = grade(share, 0.8, 0.95);
    let mut summary = format!("{} of {} in use ({:.0} %)", HumanSize(in_use), HumanSize(quota as u64), share * 100.0);
    if let Some(days) = page.and_then(|page| days_left(page, facts.now, quota - in_use as f64)) {
        let _ = write!(summary, "; written as since the start, full in {days:.0} days if nothing is compacted");
        if days < 7.0 && facts.oldest_revision.is_none() {
            severity = severity.max(Severity::Concern);
        }
    }
    let finding = findings.add("quota", &facts.endpoint, severity, summary);
    finding.advice = (severity != Severity::Fine).then(|| {
        "compact old revisions, perhaps by --auto-compaction-retention, or raise --quota-backend-bytes".to_owned()
    });
}

/// Says in how many days so many bytes are written, if it goes on as it did since the server's start.
fn days_left(page: Exposition<'_>, now: SystemTime, bytes: f64) -> Option<f64> {
    let written = page.value("etcd_debugging_mvcc_total_put_size_in_bytes")?;
    let start = page.value("process_start_time_seconds")?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64();
    // What an hour tells is little; less tells nothing.
    let days = Some((now - start) / DAY.as_secs_f64()).filter(|days| *days > 1.0 / 24.0)?;
    (written > 0.0).then(|| bytes.max(0.0) / (written / days))
}

fn history(facts: &Facts, findings: &mut Findings) {
    let revision = facts.status.header.unwrap_or_default().revision;
    match facts.oldest_revision {
        Some(oldest) => {
            let summary = format!("reaches from revision {oldest} to {revision}");
            findings.fine("history", &facts.endpoint, summary);
        }
        None if revision > UNCOMPACTED_REVISIONS_MAX => {
            findings
                .add("history", &facts.endpoint, Severity::Concern, format!("all {revision} revisions are kept"))
                .advice = Some("compact old ones, perhaps by --auto-compaction-retention".to_owned());
        }
        None => findings.fine("history", &facts.endpoint, format!("all {revision} revisions are kept")),
    }
}

fn disk(facts: &Facts, page: Exposition<'_>, findings: &mut Findings) {
    let Some(bound) = page.quantile("etcd_disk_wal_fsync_duration_seconds", 0.99) else {
        findings.fine("disk sync", &facts.endpoint, "nothing written since the start");
        return;
    };
    let severity = grade(bound, 0.0161, 0.13);
    let summary = if bound.is_finite() {
        format!("99 % within {}", GoDuration(Duration::from_secs_f64(bound)))
    } else {
        "1 % takes longer than seconds".to_owned()
    };
    let finding = findings.add("disk sync", &facts.endpoint, severity, summary);
    finding.advice =
        (severity != Severity::Fine).then(|| "every write waits for it: a faster disk, or one of its own".to_owned());
}

fn limits(facts: &Facts, page: Exposition<'_>, findings: &mut Findings) {
    if let (Some(open), Some(most)) = (page.value("process_open_fds"), page.value("process_max_fds")) {
        let severity = grade(open / most.max(1.0), 0.8, 0.95);
        let finding = findings.add("files", &facts.endpoint, severity, format!("{open:.0} of {most:.0} open"));
        finding.advice = (severity != Severity::Fine).then(|| "raise the limit of open files".to_owned());
    }
}

fn readers(facts: &Facts, page: Exposition<'_>, findings: &mut Findings) {
    // etcd's store does not tell.
    let Some(lag) = page.value("kvd_oldest_reader_lag") else { return };
    let severity = grade(lag, 10_000.0, 1_000_000.0);
    let finding = findings.add("oldest reader", &facts.endpoint, severity, format!("{lag:.0} transactions behind"));
    finding.advice = (severity != Severity::Fine)
        .then(|| "pages it can still see are not used again: look for a process that keeps the file open".to_owned());
}

fn clock(facts: &Facts, findings: &mut Findings) {
    let Some((theirs, ours)) = facts.clocks else { return };
    let (difference, word) = match theirs.duration_since(ours) {
        Ok(ahead) => (ahead, "ahead"),
        Err(error) => (error.duration(), "behind"),
    };
    let seconds = difference.as_secs();
    // The date of a page has whole seconds.
    let severity = grade(seconds as f64, 3.0, 60.0);
    let summary = if seconds < 2 { "as here".to_owned() } else { format!("{seconds} s {word}") };
    let finding = findings.add("clock", &facts.endpoint, severity, summary);
    finding.advice = (severity != Severity::Fine)
        .then(|| "keep the clocks by NTP: certificates and compaction by time go by them".to_owned());
}

fn grade(value: f64, concern: f64, trouble: f64) -> Severity {
    if value >= trouble {
        Severity::Trouble
    } else if value >= concern {
        Severity::Concern
    } else {
        Severity::Fine
    }
}

fn round(duration: Duration) -> Duration {
    Duration::from_micros(duration.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::ResponseHeader;

    use super::*;

    const NOW: u64 = 2_000_000_000;

    fn facts() -> Facts {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let header = Some(ResponseHeader { member_id: 7, revision: 100, ..ResponseHeader::default() });
        let status = StatusResponse {
            header,
            version: "3.7.1".to_owned(),
            leader: 7,
            db_size_in_use: 10 << 20,
            db_size_quota: 100 << 20,
            ..StatusResponse::default()
        };
        let metrics = format!(
            "process_start_time_seconds {}\nprocess_open_fds 10\nprocess_max_fds 100\nkvd_oldest_reader_lag 7\n\
             etcd_debugging_mvcc_total_put_size_in_bytes 1048576\n\
             etcd_disk_wal_fsync_duration_seconds_bucket{{le=\"0.002\"}} 5\n\
             etcd_disk_wal_fsync_duration_seconds_bucket{{le=\"+Inf\"}} 5\n",
            NOW - 86_400
        );
        Facts {
            endpoint: "a:1".to_owned(),
            status,
            took: Duration::from_millis(1),
            metrics: Ok(metrics),
            clocks: Some((now, now)),
            certificate_end: Some(now + 90 * DAY),
            oldest_revision: Some(50),
            now,
        }
    }

    fn judged(facts: &Facts) -> Findings {
        let mut findings = Findings::default();
        judge(facts, &mut findings);
        findings
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Facts), name: &str, severity: Severity, text: &str) {
        let mut facts = facts();
        change(&mut facts);
        let findings = judged(&facts);
        let found = findings.0.iter().find(|finding| finding.check == name).expect("the check was made");
        assert_eq!(found.severity, severity, "{found:?}");
        assert!(found.summary.contains(text), "{found:?}");
        assert_eq!(findings.worst(), severity, "{findings:?}");
        assert_eq!(found.advice.is_some(), severity != Severity::Fine, "{found:?}");
    }

    #[test]
    fn every_check_has_its_thresholds() {
        use Severity::{Concern, Fine, Trouble};
        let now = facts().now;
        check(|_| (), "quota", Fine, "(10 %); written as since the start, full in 90 days");
        check(|facts| facts.status.db_size_in_use = 80 << 20, "quota", Concern, "80 %");
        check(|facts| facts.status.db_size_in_use = 95 << 20, "quota", Trouble, "95 %");
        check(|facts| facts.status.leader = 0, "leader", Trouble, "none");
        check(|facts| facts.status.errors = vec!["NOSPACE".into()], "alarms", Trouble, "NOSPACE");
        check(|facts| facts.took = Duration::from_millis(150), "answer", Concern, "150ms");
        check(|_| (), "history", Fine, "from revision 50 to 100");
        check(
            |facts| {
                facts.oldest_revision = None;
                facts.status.header.as_mut().unwrap().revision = 1_000_001;
            },
            "history",
            Concern,
            "all 1000001 revisions",
        );
        check(|_| (), "disk sync", Fine, "99 % within 2ms");
        for (before, after, name, severity, text) in [
            ("0.002", "0.032", "disk sync", Concern, "32ms"),
            ("fds 10\n", "fds 96\n", "files", Trouble, "96 of 100"),
            ("lag 7\n", "lag 20000\n", "oldest reader", Concern, "20000"),
        ] {
            let change =
                |facts: &mut Facts| facts.metrics = facts.metrics.clone().map(|page| page.replace(before, after));
            check(change, name, severity, text);
        }
        check(|_| (), "oldest reader", Fine, "7 transactions");
        check(|facts| facts.metrics = Err("refused".to_owned()), "metrics", Concern, "refused");
        check(|facts| facts.certificate_end = Some(now + 8 * DAY), "certificate", Concern, "8 days");
        check(|facts| facts.certificate_end = Some(now - DAY), "certificate", Trouble, "expired");
        check(|facts| facts.clocks = Some((now + Duration::from_secs(5), now)), "clock", Concern, "5 s ahead");
        check(|facts| facts.clocks = Some((now - Duration::from_secs(70), now)), "clock", Trouble, "70 s behind");
    }

    #[test]
    fn versions_are_compared() {
        let other = StatusResponse { version: "3.5.1".to_owned(), ..facts().status };
        let mut findings = Findings::default();
        compare(&[facts(), Facts { status: other, ..facts() }], &mut findings);
        assert_eq!((findings.worst(), findings.0[0].summary.as_str()), (Severity::Concern, "3.5.1 and 3.7.1"));
    }
}
