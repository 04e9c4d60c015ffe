//! What a node says about itself and the cluster it is in.

use crate::toy::{Home, MEMBER, command};

#[tokio::test]
async fn a_node_alone_leads_and_reads_in_place() {
    let home = Home::new();
    let (node, _) = home.start_empty().await;
    assert!(node.sole_voter());
    node.linearize().await.expect("nobody has to be asked");
    let before = node.status();
    assert_eq!((before.term, before.leader, before.is_learner), (1, Some(MEMBER), false));
    assert_eq!((before.committed, before.applied), (1, 1), "the membership and the leader's first entry");
    node.proposer().propose(command(0)).await.expect("the node runs");
    let after = node.status();
    assert_eq!((after.committed, after.applied), (2, 2));
    node.shutdown().await;
}

#[tokio::test]
async fn a_node_runs_on_a_runtime_it_is_lent() {
    let home = Home { borrowed_runtime: true, ..Home::new() };
    for start in 1..3 {
        let (node, toy) = home.start_empty().await;
        assert_eq!(node.proposer().propose(command(start)).await.expect("the node runs"), start);
        assert_eq!(toy.commands().len(), start);
        node.shutdown().await;
    }
}
