//! Long random sequences in lock step: kvd and etcd 3.7.1 are asked the same and must answer the same.
//!
//! Every response is compared field by field, every error by code and text, every watcher by all it received, and
//! the whole history by `HashKV`. A sequence follows from its seed alone.
//!
//! - `INTEROP_SEED=N` runs one sequence, the one a failure names.
//! - `INTEROP_SECONDS=N` goes on with further seeds for that long.

pub(crate) mod operations;
pub(crate) mod side;

use std::env;
use std::fmt;
use std::time::{Duration, Instant};

use tokio::runtime;

use crate::harness::Kind;
use operations::{Generator, Operation};
use side::{Answer, Side};

/// Operations in one sequence.
const STEPS: usize = 4000;
/// Sequences in an ordinary run.
const SEEDS: u64 = 8;
/// Operations shown of what led to a difference.
const STEPS_SHOWN: usize = 6;

/// The first place where two servers disagreed.
#[derive(Debug)]
struct Disagreement {
    seed: u64,
    step: usize,
    before: Vec<Operation>,
    operation: Operation,
    left: (Kind, Answer),
    right: (Kind, Answer),
}

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "INTEROP_SEED={} disagrees at step {}", self.seed, self.step)?;
        for operation in &self.before {
            writeln!(formatter, "before: {operation:?}")?;
        }
        writeln!(formatter, "asked: {:?}", self.operation)?;
        let (left, right) = (&self.left.1, &self.right.1);
        for (kind, answer, other) in [(self.left.0, left, right), (self.right.0, right, left)] {
            match (answer, other) {
                // The other watchers only hide the one that differs.
                (Answer::Watches(answer), Answer::Watches(other)) => {
                    for (watch_id, responses) in
                        answer.iter().filter(|(id, responses)| other.get(id) != Some(responses))
                    {
                        writeln!(formatter, "{kind}, watcher {watch_id}:")?;
                        for response in responses {
                            writeln!(formatter, "  {response:?}")?;
                        }
                    }
                }
                _ => writeln!(formatter, "{kind}: {answer:#?}")?,
            }
        }
        Ok(())
    }
}

#[test]
fn kvd_answers_as_etcd_does() {
    if let Some(seed) = number("INTEROP_SEED") {
        agree(Kind::Etcd37, Kind::Kvd, seed, STEPS).unwrap_or_else(|difference| panic!("{difference}"));
        return;
    }
    let until = Instant::now() + Duration::from_secs(number("INTEROP_SECONDS").unwrap_or(0));
    let mut seed = 0;
    while seed < SEEDS || Instant::now() < until {
        seed += 1;
        agree(Kind::Etcd37, Kind::Kvd, seed, STEPS).unwrap_or_else(|difference| panic!("{difference}"));
    }
    println!("{seed} sequences of {STEPS} operations, no difference");
}

/// The comparison itself is sound: two equal servers never differ, whatever the timing.
#[test]
fn etcd_agrees_with_itself() {
    agree(Kind::Etcd37, Kind::Etcd37, 1, STEPS / 4).unwrap_or_else(|difference| panic!("{difference}"));
}

/// The comparison is not blind: 3.5 accepts an unknown sort order, reports no hash revision and has no `RangeStream`.
#[test]
fn a_difference_between_releases_is_found() {
    agree(Kind::Etcd37, Kind::Etcd35, 1, STEPS / 4).expect_err("3.5 and 3.7 answer differently");
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}")))
}

/// Runs one sequence against two empty servers.
fn agree(left: Kind, right: Kind, seed: u64, steps: usize) -> Result<(), Box<Disagreement>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("start a runtime");
    runtime.block_on(async {
        let (mut left_side, mut right_side) = (Side::start(left).await, Side::start(right).await);
        let mut generator = Generator::new(seed);
        let mut before: Vec<Operation> = Vec::new();
        for step in 0..=steps {
            let operation = if step < steps { generator.next() } else { generator.last() };
            let (left_answer, right_answer) =
                tokio::join!(left_side.perform(&operation), right_side.perform(&operation));
            if left_answer != right_answer {
                return Err(Box::new(Disagreement {
                    seed,
                    step,
                    before: before.split_off(before.len().saturating_sub(STEPS_SHOWN)),
                    operation,
                    left: (left, left_answer),
                    right: (right, right_answer),
                }));
            }
            generator.saw_revision(left_answer.revision().unwrap_or(0));
            if let (Operation::Compact(request), Answer::Compact(_)) = (&operation, &left_answer) {
                generator.saw_compaction(request);
            }
            before.push(operation);
        }
        Ok(())
    })
}
