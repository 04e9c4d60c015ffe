//! What was acknowledged is there after any restart, once, and the log forgets only what a checkpoint holds.

use std::sync::Arc;

use bytes::Bytes;
use kv_raft::{Node, PURGE_BYTES, StartError};

use crate::toy::{Checkpoint, Home, Toy, command};

#[tokio::test]
async fn a_restart_replays_the_log() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = node.proposer();
    for number in 0..10 {
        proposer.propose(command(number)).await.expect("the node runs");
    }
    let checkpoint = toy.checkpoint();
    for number in 10..25 {
        proposer.propose(command(number)).await.expect("the node runs");
    }
    node.shutdown().await;

    let expected: Vec<_> = (0..25).map(command).collect();
    let (node, toy) = home.start(&checkpoint).await;
    assert_eq!(toy.commands(), expected);
    node.shutdown().await;
    let (node, toy) = home.start_empty().await;
    assert_eq!(toy.commands(), expected, "without a checkpoint the log is enough");
    node.shutdown().await;
}

#[tokio::test]
async fn every_start_has_a_term_of_its_own() {
    let home = Home::new();
    let mut checkpoint = Checkpoint::default();
    for start in 1..=4 {
        let (node, toy) = home.start(&checkpoint).await;
        assert_eq!(node.term(), start);
        node.proposer().propose(command(0)).await.expect("the node runs");
        checkpoint = toy.checkpoint();
        assert_eq!(checkpoint.applied.map(|applied| applied.term), Some(start));
    }
}

/// The node is dropped in the middle of writing, again and again. What its callers were told must be there
/// the next time; what they were not told may be.
#[tokio::test]
async fn nothing_acknowledged_is_lost_when_a_node_is_dropped() {
    let home = Home::new();
    let mut checkpoint = Checkpoint::default();
    let mut acknowledged = Vec::new();
    for round in 0..10 {
        let (node, toy) = home.start(&checkpoint).await;
        let applied = toy.commands();
        for command in &acknowledged {
            assert_eq!(applied.iter().filter(|applied| *applied == command).count(), 1, "{command:?} in {round}");
        }
        let proposer = node.proposer();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        for caller in 0..8 {
            let (proposer, sender) = (proposer.clone(), sender.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let command = Bytes::from(format!("{round} {caller} {number}"));
                    if proposer.propose(command.clone()).await.is_err() || sender.send(command).is_err() {
                        break;
                    }
                }
            });
        }
        for _ in 0..30 {
            acknowledged.extend(receiver.recv().await);
        }
        if round % 2 == 0 {
            checkpoint = toy.checkpoint();
        }
        tokio::task::spawn_blocking(move || drop(node)).await.expect("a node can be dropped");
        drop(sender);
        while let Some(command) = receiver.recv().await {
            acknowledged.push(command);
        }
    }
}

#[tokio::test]
async fn the_log_forgets_what_a_checkpoint_holds() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    let proposer = node.proposer();
    let large = Bytes::from(vec![b'x'; 256 << 10]);
    let mut purges = 0;
    for _ in 0..4 * PURGE_BYTES as usize / large.len() {
        proposer.propose(large.clone()).await.expect("the node runs");
        let durable = toy.checkpoint().applied;
        let before = node.log().state().purged;
        node.checkpointed();
        // The purge is made in the background; the next commands come after it.
        for _ in 0..3 {
            proposer.propose(command(0)).await.expect("the node runs");
        }
        let purged = node.log().state().purged;
        assert!(purged.map(|purged| purged.index) <= durable.map(|durable| durable.index));
        purges += usize::from(purged != before);
    }
    assert!((3..=6).contains(&purges), "purged {purges} times");
    let checkpoint = toy.checkpoint();
    node.shutdown().await;
    drop(node);

    let (node, toy) = home.start(&checkpoint).await;
    assert_eq!(toy.commands(), checkpoint.commands);
    node.shutdown().await;
    drop(node);
    let error = Node::start(home.options(), Arc::new(Toy::default())).await.expect_err("entries are missing");
    assert!(matches!(error, StartError::LogPurged { applied: None, .. }), "{error}");
}

#[tokio::test]
async fn a_lost_log_is_refused() {
    let home = Home::new();
    let (node, toy) = home.start_empty().await;
    node.proposer().propose(command(0)).await.expect("the node runs");
    let checkpoint = toy.checkpoint();
    node.shutdown().await;
    drop(node);
    std::fs::remove_dir_all(home.log_dir()).expect("the log can be deleted");
    let error = Node::start(home.options(), Arc::new(Toy::restored(&checkpoint))).await.expect_err("the log is lost");
    assert_eq!(error.to_string(), "the store has applied log entry 1-2 and the log ends at nothing");
}
