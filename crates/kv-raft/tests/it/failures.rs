//! A node that cannot go on says so once, answers everybody, and does nothing more.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join_all;
use kv_log::Event;
use kv_raft::{Failure, Node, ProposeError};

use crate::toy::{Home, Toy, command};

/// Checks that `node` has failed with `reason` and that nobody is left waiting.
async fn check_failed(home: &Home, node: &Node<Toy>, reason: &str) {
    let later = node.proposer().propose(command(99)).await;
    assert!(matches!(&later, Err(ProposeError::Fatal(_))), "{later:?}");
    assert_eq!(*home.failures.lock(), [reason]);
    assert_eq!(node.failure().map(ToString::to_string).as_deref(), Some(reason));
    node.shutdown().await;
    assert_eq!(home.failures.lock().len(), 1, "stopping a failed node is no second failure");
}

#[tokio::test]
async fn a_failed_write_of_the_log_ends_the_node() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    node.proposer().propose(command(0)).await.expect("the node runs");
    home.disk.fail();
    let outcomes = join_all((1..5).map(|number| {
        let proposer = node.proposer();
        async move { proposer.propose(command(number)).await }
    }));
    for outcome in outcomes.await {
        assert!(matches!(&outcome, Err(ProposeError::Fatal(_))), "{outcome:?}");
    }
    assert!(matches!(node.failure(), Some(Failure::Log(_))));
    let reason = home.failures.lock()[0].clone();
    assert!(reason.starts_with("write log: "), "{reason}");
    check_failed(&home, &node, &reason).await;
    assert_eq!(toy.commands(), [command(0)]);
}

#[tokio::test]
async fn a_panic_in_the_machine_ends_the_node() {
    let home = Home::new();
    let (node, _) = home.start_empty().await;
    let outcome = node.proposer().propose(Bytes::from_static(b"panic")).await;
    assert!(matches!(&outcome, Err(ProposeError::Fatal(_))), "{outcome:?}");
    check_failed(&home, &node, "apply log entry 1-2: panic: as the test wanted").await;
}

#[tokio::test]
async fn a_command_that_cannot_be_understood_ends_the_node() {
    let home = Home::new();
    let (node, _) = home.start_empty().await;
    let outcome = node.proposer().propose(Bytes::from_static(b"fail")).await;
    assert!(matches!(&outcome, Err(ProposeError::Fatal(_))), "{outcome:?}");
    check_failed(&home, &node, "apply log entry 1-2: as the test wanted").await;
}

/// The log says early that there is no room for its next segment, so commands are refused before one is stuck.
#[tokio::test]
async fn a_full_disk_refuses_commands_until_there_is_room() {
    let home = Home::new();
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let mut options = home.options();
    options.log.notify = Arc::new(move |event: Event| drop(sender.send(event)));
    let node = Node::start(options, Arc::new(Toy::default())).await.expect("the node starts");
    node.wait_for_recovery().await.expect("the node recovers");
    let proposer = node.proposer();
    let large = Bytes::from(vec![b'x'; 16 << 10]);
    home.disk.set_full(true);
    let refused = loop {
        if let Err(error) = proposer.propose(large.clone()).await {
            break error;
        }
    };
    assert!(matches!(refused, ProposeError::NoSpace), "{refused:?}");
    assert!(node.log_full());
    assert!(matches!(events.recv().await, Some(Event::NoSpace)));
    home.disk.set_full(false);
    assert!(matches!(events.recv().await, Some(Event::SpaceAgain)));
    assert!(!node.log_full());
    proposer.propose(large).await.expect("there is room again");
    assert!(node.failure().is_none());
    node.shutdown().await;
}

#[tokio::test]
async fn a_stopped_node_answers_everybody() {
    let home = Home::new();
    let (node, _) = home.start_empty().await;
    let proposer = node.proposer();
    home.disk.hold();
    let mut under_way: Vec<_> = (0..5).map(|number| Box::pin(proposer.propose(command(number)))).collect();
    for proposal in &mut under_way {
        assert!(proposal.as_mut().now_or_never().is_none());
    }
    let stop = tokio::join!(node.shutdown(), async {
        for proposal in under_way {
            let outcome = proposal.await;
            assert!(matches!(outcome, Err(ProposeError::Stopped)), "{outcome:?}");
        }
        home.disk.release();
    });
    let ((), ()) = stop;
    let outcome = proposer.propose(command(9)).await;
    assert!(matches!(outcome, Err(ProposeError::Stopped)), "{outcome:?}");
    assert!(node.failure().is_none());
    assert!(home.failures.lock().is_empty());
}
