//! Commands reach the machine once and in order, and every caller gets its own outcome, whatever others do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{FutureExt, join_all};
use kv_raft::{ENTRY_BYTES_MAX, ENTRY_COMMANDS_MAX, ProposeError};

use crate::toy::{Home, command};

#[tokio::test]
async fn every_caller_gets_the_outcome_of_its_own_command() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let caller = |caller: usize| {
        let proposer = node.proposer();
        tokio::spawn(async move {
            let mut outcomes = Vec::new();
            for number in 0..20 {
                let command = command(caller * 1000 + number);
                let outcome = proposer.propose(command.clone()).await.expect("the node runs");
                outcomes.push((outcome, command));
            }
            outcomes
        })
    };
    let callers: Vec<_> = (0..50).map(caller).collect();
    let outcomes: Vec<_> = join_all(callers).await.into_iter().flat_map(|joined| joined.expect("no panic")).collect();
    let applied = toy.commands();
    assert_eq!(applied.len(), 1000);
    for (outcome, command) in outcomes {
        assert_eq!(applied[outcome - 1], command);
    }
    assert!(toy.entries().len() < 1000, "commands travel together");
    node.shutdown().await;
}

#[tokio::test]
async fn what_gathers_while_an_entry_is_written_is_the_next_entry() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = node.proposer();
    home.disk.hold();
    let first = proposer.propose(command(0));
    let mut first = Box::pin(first);
    assert!(first.as_mut().now_or_never().is_none());
    home.disk.wait_until_held().await;
    let mut others: Vec<_> = (1..=10).map(|number| Box::pin(proposer.propose(command(number)))).collect();
    for other in &mut others {
        assert!(other.as_mut().now_or_never().is_none());
    }
    home.disk.release();
    assert_eq!(first.await.expect("the node runs"), 1);
    for (at, other) in others.into_iter().enumerate() {
        assert_eq!(other.await.expect("the node runs"), at + 2);
    }
    assert_eq!(toy.entries(), [1, 10]);
    node.shutdown().await;
}

#[tokio::test]
async fn entries_are_bounded_in_commands_and_bytes() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = node.proposer();
    home.disk.hold();
    let large = Bytes::from(vec![b'x'; ENTRY_BYTES_MAX + 1]);
    let half = Bytes::from(vec![b'y'; ENTRY_BYTES_MAX / 2]);
    let mut commands = vec![command(0), large, half.clone(), half, command(1)];
    commands.extend((0..ENTRY_COMMANDS_MAX).map(command));
    let proposals: Vec<_> = commands
        .iter()
        .map(|command| {
            let mut proposal = Box::pin(proposer.propose(command.clone()));
            assert!(proposal.as_mut().now_or_never().is_none());
            proposal
        })
        .collect();
    home.disk.release();
    for proposal in proposals {
        proposal.await.expect("the node runs");
    }
    assert_eq!(toy.commands(), commands);
    assert_eq!(toy.entries(), [1, 1, 2, ENTRY_COMMANDS_MAX, 1]);
    node.shutdown().await;
}

/// Drops proposals after every possible number of polls, among others that stay. A proposer whose state
/// depended on a caller coming back would stop at one of them.
#[tokio::test]
async fn callers_that_give_up_anywhere_leave_the_proposer_working() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = node.proposer();
    let mut kept = Vec::new();
    for round in 0..200 {
        let mut given_up = Box::pin(proposer.propose(command(10_000 + round)));
        let stays = tokio::spawn({
            let proposer = proposer.clone();
            async move { proposer.propose(command(round)).await }
        });
        for _ in 0..round % 5 {
            assert!(given_up.as_mut().now_or_never().is_none_or(|outcome| outcome.is_ok()));
            tokio::task::yield_now().await;
            if given_up.as_mut().now_or_never().is_some() {
                // It is a finished future now, which must not be polled again.
                given_up = Box::pin(proposer.propose(command(20_000 + round)));
            }
        }
        drop(given_up);
        if round % 3 == 0 {
            stays.abort();
            let _ = stays.await;
        } else {
            kept.push((round, stays));
        }
    }
    let mut seen = BTreeSet::new();
    for (round, proposal) in kept {
        let outcome = proposal.await.expect("it was not given up").expect("the node runs");
        assert_eq!(toy.commands()[outcome - 1], command(round));
        assert!(seen.insert(outcome));
    }
    node.shutdown().await;
}

#[tokio::test]
async fn a_command_given_up_while_it_waits_is_not_proposed() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = node.proposer();
    home.disk.hold();
    let mut proposals: Vec<_> = (0..4).map(|number| Box::pin(proposer.propose(command(number)))).collect();
    for proposal in &mut proposals {
        assert!(proposal.as_mut().now_or_never().is_none());
    }
    drop(proposals.remove(2));
    home.disk.release();
    for proposal in proposals {
        proposal.await.expect("the node runs");
    }
    assert_eq!(toy.commands(), [command(0), command(1), command(3)]);
    node.shutdown().await;
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_given_up_and_the_next_ones_work() {
    let home = Home { request_timeout: Duration::from_millis(1), ..Home::new() };
    let (node, _) = home.start_empty().await;
    let proposer = node.proposer();
    home.disk.hold();
    let (in_flight, waiting) = tokio::join!(proposer.propose(command(0)), proposer.propose(command(1)));
    assert!(matches!(in_flight, Err(ProposeError::Timeout)), "{in_flight:?}");
    assert!(matches!(waiting, Err(ProposeError::Timeout)), "{waiting:?}");
    home.disk.release();
    proposer.propose(command(2)).await.expect("the node goes on");
    node.shutdown().await;
}

#[tokio::test]
async fn commands_are_refused_while_too_much_waits_for_the_checkpoint() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = node.proposer();
    toy.set_backlog_full(true);
    let refused = proposer.propose(command(0)).await;
    assert!(matches!(refused, Err(ProposeError::TooManyRequests)), "{refused:?}");
    toy.set_backlog_full(false);
    assert_eq!(proposer.propose(command(1)).await.expect("there is room again"), 1);
    node.shutdown().await;
}

#[tokio::test]
async fn costly_commands_keep_their_place() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = Arc::new(node.proposer());
    let commands: Vec<_> = (0..100)
        .map(|number| if number % 7 == 0 { Bytes::from(format!("costly {number}")) } else { command(number) })
        .collect();
    let outcomes = join_all(commands.iter().map(|command| proposer.propose(command.clone()))).await;
    for (at, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome.expect("the node runs"), at + 1);
    }
    assert_eq!(toy.commands(), commands);
    node.shutdown().await;
}
