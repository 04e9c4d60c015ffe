//! A node that cannot go on says so once, answers everybody, and does nothing more.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join_all;
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
