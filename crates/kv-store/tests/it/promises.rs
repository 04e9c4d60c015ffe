//! Random commands, compactions, checkpoints and kills, every answer compared with the model's.

use kv_store::{Answer, Command, EventQuery, RangeQuery};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::commands::{command, event_query, query};
use crate::harness::{Subject, check_events, check_everything, check_outcome, check_range};
use crate::model::Model;

#[derive(Debug, Clone)]
enum Step {
    Apply(Vec<Command>),
    Read(Box<RangeQuery>),
    Watch(EventQuery),
    Checkpoint,
    Compact(usize),
    Kill,
    ReadBeside,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => vec(command(), 1..4).prop_map(Step::Apply),
        6 => query().prop_map(Box::new).prop_map(Step::Read),
        3 => event_query().prop_map(Step::Watch),
        2 => Just(Step::Checkpoint),
        2 => (1..20usize).prop_map(Step::Compact),
        1 => Just(Step::Kill),
        1 => Just(Step::ReadBeside),
    ]
}

fn is_read_only(command: &Command) -> bool {
    matches!(command, Command::Txn(txn) if txn.is_read_only())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_the_models(steps in vec(step(), 1..60)) {
        let mut subject = Subject::new();
        let mut model = Model::new();
        for step in steps {
            match step {
                Step::Apply(commands) => {
                    let outcomes = subject.apply(&commands);
                    for (command, outcome) in commands.iter().zip(outcomes) {
                        check_outcome(command, &outcome, &model.run(command));
                    }
                    if let Some(Command::Txn(txn)) = commands.last().filter(|command| is_read_only(command)) {
                        let outcome = subject.store().read_txn(txn).map(Answer::Txn);
                        check_outcome(&commands[commands.len() - 1], &outcome, &model.run(&commands[commands.len() - 1]));
                    }
                }
                Step::Read(query) => check_range(subject.store(), &model, &query),
                Step::Watch(query) => check_events(subject.store(), &model, &query),
                Step::Checkpoint => subject.checkpoint(),
                Step::Compact(slices) => subject.compact(slices),
                Step::Kill => subject.kill_and_reopen(),
                Step::ReadBeside => check_everything(&subject.reader(), &model),
            }
        }
        check_everything(subject.store(), &model);
        subject.kill_and_reopen();
        check_everything(subject.store(), &model);
        subject.checkpoint();
        subject.compact(usize::MAX);
        check_everything(subject.store(), &model);
        subject.kill_and_reopen();
        check_everything(subject.store(), &model);
    }
}
