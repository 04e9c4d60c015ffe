//! A store that is killed after any log entry comes back as one that never was.

use kv_store::Command;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::commands::command;
use crate::harness::{Subject, check_everything};
use crate::model::Model;

const ENTRIES: usize = 60;

/// A fixed mixed batch: the same on every run.
fn batch() -> Vec<Vec<Command>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    vec(vec(command(), 1..4), ENTRIES).new_tree(&mut runner).expect("a strategy without filters").current()
}

/// For each entry a store is killed right after it, with a checkpoint some entries before, and then fed the rest.
#[test]
fn a_kill_after_any_entry_changes_nothing() {
    let batch = batch();
    let mut model = Model::new();
    for commands in &batch {
        for command in commands {
            // An error is part of the history too: it changes nothing.
            let _ = model.run(command);
        }
    }
    for killed_after in 0..batch.len() {
        let mut subject = Subject::new();
        for (number, commands) in batch.iter().enumerate() {
            subject.apply(commands);
            if number + number % 5 == killed_after {
                subject.checkpoint();
                subject.compact(number % 7);
            }
            if number == killed_after {
                subject.kill_and_reopen();
            }
        }
        assert_eq!(subject.entries(), ENTRIES);
        check_everything(subject.store(), &model);
    }
}
