//! When leases end: a plain structure that is told the time.
//!
//! Every lease is looked at once in a while: when it may have expired, or when the time it has left should be recorded.
//! A renewal only moves the lease's own deadline; its place in the schedule stays, and is found to be out of date when
//! it comes up. So a renewal costs one look-up, however many leases there are; and looks come in rounds of [`ROUND`], so
//! that nobody wakes up for each place that is out of date.
//!
//! What is left of a long lease is recorded in the log every [`CHECKPOINT_INTERVAL`] since it was last renewed, so that
//! a restart gives it back at most that much. A lease that is renewed more often never is. Once it was recorded, a renewal
//! must take that back first: else a restart would end the lease too soon.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use kv_store::{Lease, LeaseRemaining};

/// How often the time that a lease has left is recorded. Shorter leases never are: a restart begins them anew.
pub(crate) const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(300);

/// When an expired lease that is still there is handed out again.
const RETRY: Duration = Duration::from_secs(3);

/// How long a round takes.
pub(crate) const ROUND: Duration = Duration::from_millis(100);

/// How many leases are looked at in one go, a millisecond's work.
const LOOKS_MAX: usize = 2000;

/// The leases and when they end.
#[derive(Debug, Default)]
pub(crate) struct Expiry {
    leases: HashMap<i64, Term>,
    /// When each lease is looked at next; at its deadline or before.
    schedule: BTreeSet<(Instant, i64)>,
    /// None before the first one.
    round: Option<Round>,
}

/// What may be done before the next round begins.
#[derive(Debug)]
struct Round {
    ends: Instant,
    left: Limits,
    /// Something may be left to look at.
    goes_on: bool,
}

/// One lease.
#[derive(Debug)]
struct Term {
    granted_ttl: i64,
    deadline: Instant,
    /// When the time left is recorded next, if it is to be.
    checkpoint_at: Option<Instant>,
    recorded: Recorded,
    /// Its place in the schedule.
    look_at: Instant,
}

/// Whether the log knows of less time than the lease may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recorded {
    No,
    /// Handed out; whether and when it comes into the log is not known yet.
    UnderWay,
    Yes,
}

/// What became of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// The lease has all its time again: so many seconds.
    Renewed(i64),
    /// There is no such lease.
    Unknown,
    /// It has expired, and is there until it is revoked.
    Expired,
    /// The time it has left is being recorded; the renewal must wait for the end of that.
    Recording,
    /// Less time was recorded than it would have; that must be taken back first.
    Recorded,
}

/// What there is to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// Leases to revoke.
    pub(crate) expired: Vec<i64>,
    /// Times to record.
    pub(crate) checkpoints: Vec<LeaseRemaining>,
}

impl Due {
    pub(crate) fn is_empty(&self) -> bool {
        self.expired.is_empty() && self.checkpoints.is_empty()
    }
}

/// How much may be handed out in a round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) expired: usize,
    pub(crate) checkpoints: usize,
}

impl Expiry {
    /// Begins the time of a lease: what was recorded of it, else all of it, and `extend` more.
    pub(crate) fn insert(&mut self, lease: Lease, extend: Duration, now: Instant) {
        self.remove(lease.id);
        let recorded = lease.remaining_ttl > 0;
        let left = seconds(if recorded { lease.remaining_ttl } else { lease.granted_ttl }) + extend;
        let deadline = now + left;
        let checkpoint_at = next_checkpoint(now, deadline);
        let look_at = checkpoint_at.unwrap_or(deadline);
        self.schedule.insert((look_at, lease.id));
        let recorded = if recorded { Recorded::Yes } else { Recorded::No };
        let term = Term { granted_ttl: lease.granted_ttl, deadline, checkpoint_at, recorded, look_at };
        self.leases.insert(lease.id, term);
    }

    /// Forgets a lease.
    pub(crate) fn remove(&mut self, id: i64) {
        if let Some(term) = self.leases.remove(&id) {
            self.schedule.remove(&(term.look_at, id));
        }
    }

    /// Gives a lease all its time again.
    pub(crate) fn renew(&mut self, id: i64, now: Instant) -> Renewal {
        let Some(term) = self.leases.get_mut(&id) else { return Renewal::Unknown };
        if term.deadline <= now {
            return Renewal::Expired;
        }
        match term.recorded {
            Recorded::UnderWay => return Renewal::Recording,
            Recorded::Yes => return Renewal::Recorded,
            Recorded::No => {}
        }
        term.deadline = now + seconds(term.granted_ttl);
        term.checkpoint_at = next_checkpoint(now, term.deadline);
        // After a restart the lease may have had more time than it was granted; its place must not be behind its deadline.
        let look_at = term.checkpoint_at.unwrap_or(term.deadline);
        if look_at < term.look_at {
            self.schedule.remove(&(term.look_at, id));
            self.schedule.insert((look_at, id));
            term.look_at = look_at;
        }
        Renewal::Renewed(term.granted_ttl)
    }

    /// Notes that the time a lease has left was recorded; zero takes back what was recorded before.
    pub(crate) fn checkpointed(&mut self, id: i64, remaining_ttl: i64) {
        let Some(term) = self.leases.get_mut(&id) else { return };
        match (term.recorded, remaining_ttl) {
            (Recorded::Yes, 0) => term.recorded = Recorded::No,
            (Recorded::No, 1..) => term.recorded = Recorded::Yes,
            _ => {}
        }
    }

    /// Notes that what was handed out to be recorded is, or that whoever did it gave up. It may be in the log all the same.
    pub(crate) fn settle(&mut self, id: i64) {
        if let Some(term) = self.leases.get_mut(&id)
            && term.recorded == Recorded::UnderWay
        {
            term.recorded = Recorded::Yes;
        }
    }

    /// Returns how much time a lease has left, and the seconds it was granted for.
    pub(crate) fn remaining(&self, id: i64, now: Instant) -> Option<(Duration, i64)> {
        let term = self.leases.get(&id)?;
        Some((term.deadline.saturating_duration_since(now), term.granted_ttl))
    }

    /// Returns all leases with their deadlines, in no order.
    pub(crate) fn deadlines(&self) -> Vec<(Instant, i64)> {
        self.leases.iter().map(|(id, term)| (term.deadline, *id)).collect()
    }

    /// Returns when there may be something to do next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let (at, _) = self.schedule.first()?;
        let resting = self.round.as_ref().filter(|round| !round.goes_on);
        Some(resting.map_or(*at, |round| round.ends.max(*at)))
    }

    /// Takes what there is to do. Where a limit is reached, the rest is for the next round.
    pub(crate) fn due(&mut self, now: Instant, limits: Limits) -> Due {
        let (ends, left) = match self.round.take() {
            Some(round) if now < round.ends => (round.ends, round.left),
            _ => (now + ROUND, limits),
        };
        let mut due = Due::default();
        let mut looks = 0;
        while looks < LOOKS_MAX {
            let Some(&(at, id)) = self.schedule.first() else { break };
            if at > now || due.expired.len() == left.expired || due.checkpoints.len() == left.checkpoints {
                break;
            }
            looks += 1;
            self.schedule.pop_first();
            let term = self.leases.get_mut(&id).expect("what is scheduled exists");
            if term.deadline <= now {
                due.expired.push(id);
                term.look_at = now + RETRY;
            } else {
                if term.checkpoint_at.is_some_and(|at| at <= now) {
                    let ttl = (term.deadline - now).as_secs_f64().ceil() as i64;
                    due.checkpoints.push(LeaseRemaining { id, ttl: ttl.min(term.granted_ttl) });
                    term.recorded = Recorded::UnderWay;
                    term.checkpoint_at = next_checkpoint(now, term.deadline);
                }
                term.look_at = term.checkpoint_at.unwrap_or(term.deadline);
            }
            self.schedule.insert((term.look_at, id));
        }
        let left =
            Limits { expired: left.expired - due.expired.len(), checkpoints: left.checkpoints - due.checkpoints.len() };
        self.round = Some(Round { ends, left, goes_on: looks == LOOKS_MAX });
        due
    }
}

/// Returns when the time left should be recorded: not if the lease ends before.
fn next_checkpoint(now: Instant, deadline: Instant) -> Option<Instant> {
    let at = now + CHECKPOINT_INTERVAL;
    (at < deadline).then_some(at)
}

fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { expired: 3, checkpoints: 2 };

    struct Clock(Instant);

    impl Clock {
        fn at(&self, seconds: f64) -> Instant {
            self.0 + Duration::from_secs_f64(seconds)
        }
    }

    fn lease(id: i64, granted_ttl: i64) -> Lease {
        Lease { id, granted_ttl, remaining_ttl: 0 }
    }

    fn start() -> (Expiry, Clock) {
        (Expiry::default(), Clock(Instant::now()))
    }

    #[test]
    fn a_lease_ends_at_its_deadline_unless_it_is_renewed() {
        let (mut expiry, clock) = start();
        expiry.insert(lease(1, 10), Duration::ZERO, clock.at(0.0));
        assert_eq!(expiry.next(), Some(clock.at(10.0)));
        assert_eq!(expiry.renew(1, clock.at(9.0)), Renewal::Renewed(10));
        assert!(expiry.due(clock.at(10.0), LIMITS).is_empty(), "the schedule is out of date");
        assert_eq!(expiry.next(), Some(clock.at(19.0)));
        assert_eq!(expiry.remaining(1, clock.at(18.5)), Some((Duration::from_millis(500), 10)));
        assert_eq!(expiry.due(clock.at(19.0), LIMITS).expired, [1]);
        assert_eq!(expiry.renew(1, clock.at(19.0)), Renewal::Expired);
        assert_eq!(expiry.remaining(1, clock.at(30.0)), Some((Duration::ZERO, 10)));
        assert_eq!(expiry.next(), Some(clock.at(22.0)), "it is handed out again if it is not revoked");
        expiry.remove(1);
        assert_eq!((expiry.next(), expiry.renew(1, clock.at(19.0))), (None, Renewal::Unknown));
    }

    #[test]
    fn no_more_is_handed_out_than_asked_for() {
        let (mut expiry, clock) = start();
        for id in 0..8 {
            expiry.insert(lease(id, 5), Duration::ZERO, clock.at(0.0));
        }
        assert_eq!(expiry.due(clock.at(5.0), LIMITS).expired, [0, 1, 2]);
        assert!(expiry.due(clock.at(5.05), LIMITS).is_empty(), "the round is used up");
        assert_eq!(expiry.next(), Some(clock.at(5.1)));
        assert_eq!(expiry.due(clock.at(5.1), LIMITS).expired, [3, 4, 5]);
        assert_eq!(expiry.due(clock.at(5.2), LIMITS).expired, [6, 7]);
        assert!(expiry.due(clock.at(5.3), LIMITS).is_empty());
    }

    /// A thousand leases are renewed again and again, each at another moment: that wakes nobody up more often than rounds
    /// begin.
    #[test]
    fn places_that_are_out_of_date_share_a_look() {
        let (mut expiry, clock) = start();
        for id in 0..1000 {
            let at = clock.at(id as f64 / 500.0);
            expiry.insert(lease(id, 2), Duration::ZERO, at);
        }
        let (mut looks, mut now) = (0, clock.at(1.999));
        let end = clock.at(12.0);
        while now < end {
            for id in 0..1000 {
                assert_eq!(expiry.renew(id, now), Renewal::Renewed(2));
            }
            now = expiry.next().unwrap();
            assert!(expiry.due(now, LIMITS).is_empty());
            looks += 1;
        }
        assert!(looks <= 101, "{looks} looks in 10 s");
    }

    #[test]
    fn a_round_goes_on_while_there_is_much_to_look_at() {
        let (mut expiry, clock) = start();
        let count = 2 * LOOKS_MAX as i64 + 1;
        for id in 0..count {
            expiry.insert(lease(id, 2), Duration::ZERO, clock.at(0.0));
            assert_eq!(expiry.renew(id, clock.at(1.0)), Renewal::Renewed(2));
        }
        let now = clock.at(2.0);
        for _ in 0..2 {
            assert!(expiry.due(now, LIMITS).is_empty());
            assert_eq!(expiry.next(), Some(now));
        }
        assert!(expiry.due(now, LIMITS).is_empty());
        assert_eq!(expiry.next(), Some(clock.at(3.0)));
    }

    #[test]
    fn what_is_left_is_recorded_while_nobody_renews() {
        let (mut expiry, clock) = start();
        expiry.insert(lease(1, 1000), Duration::ZERO, clock.at(0.0));
        assert_eq!(expiry.renew(1, clock.at(200.0)), Renewal::Renewed(1000));
        assert!(expiry.due(clock.at(300.0), LIMITS).is_empty(), "it was renewed since");
        let due = expiry.due(clock.at(500.5), LIMITS);
        assert_eq!(due.checkpoints, [LeaseRemaining { id: 1, ttl: 700 }]);
        assert_eq!(expiry.renew(1, clock.at(501.0)), Renewal::Recording);
        expiry.checkpointed(1, 700);
        assert_eq!(expiry.renew(1, clock.at(501.0)), Renewal::Recording);
        expiry.settle(1);
        assert_eq!(expiry.renew(1, clock.at(502.0)), Renewal::Recorded);
        expiry.checkpointed(1, 0);
        assert_eq!(expiry.renew(1, clock.at(502.0)), Renewal::Renewed(1000));
        assert_eq!(expiry.due(clock.at(802.0), LIMITS).checkpoints, [LeaseRemaining { id: 1, ttl: 700 }]);
        assert_eq!(expiry.due(clock.at(1102.0), LIMITS).checkpoints, [LeaseRemaining { id: 1, ttl: 400 }]);
        assert_eq!(expiry.due(clock.at(1402.0), LIMITS).checkpoints, [LeaseRemaining { id: 1, ttl: 100 }]);
        assert_eq!(expiry.next(), Some(clock.at(1502.0)), "nothing more is recorded");
        assert_eq!(expiry.due(clock.at(1502.0), LIMITS).expired, [1]);
    }

    #[test]
    fn short_leases_are_never_recorded() {
        let (mut expiry, clock) = start();
        expiry.insert(lease(1, 300), Duration::ZERO, clock.at(0.0));
        assert_eq!(expiry.next(), Some(clock.at(300.0)));
    }

    #[test]
    fn a_restart_goes_on_where_the_record_was() {
        let (mut expiry, clock) = start();
        let grace = Duration::from_secs(1);
        expiry.insert(Lease { remaining_ttl: 50, ..lease(1, 1000) }, grace, clock.at(0.0));
        expiry.insert(lease(2, 60), grace, clock.at(0.0));
        assert_eq!(expiry.remaining(1, clock.at(0.0)), Some((Duration::from_secs(51), 1000)));
        assert_eq!(expiry.renew(1, clock.at(1.0)), Renewal::Recorded);
        expiry.checkpointed(1, 0);
        assert_eq!(expiry.renew(1, clock.at(1.0)), Renewal::Renewed(1000));
        assert_eq!(expiry.renew(2, clock.at(0.5)), Renewal::Renewed(60));
        assert_eq!(expiry.due(clock.at(60.5), LIMITS).expired, [2], "the grace ends with the first renewal");
        assert!(expiry.due(clock.at(61.0), LIMITS).is_empty());
    }

    #[test]
    fn an_id_that_is_granted_again_begins_anew() {
        let (mut expiry, clock) = start();
        expiry.insert(lease(1, 5), Duration::ZERO, clock.at(0.0));
        expiry.remove(1);
        expiry.insert(lease(1, 50), Duration::ZERO, clock.at(1.0));
        assert!(expiry.due(clock.at(5.0), LIMITS).is_empty());
        assert_eq!(expiry.deadlines(), [(clock.at(51.0), 1)]);
    }
}
