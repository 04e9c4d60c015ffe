//! The real store behind a node.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use kv_raft::Node;
use kv_store::{Answer, Command, DirLock, KeyRange, Put, RangeQuery, Store, StoreOptions};

use crate::toy::Home;

fn put(number: i64) -> Bytes {
    let value = Bytes::from(number.to_string());
    Command::Put(Put { key: Bytes::from_static(b"key"), value, ..Put::default() }).encode()
}

fn open(home: &Home) -> Arc<Store> {
    let lock = DirLock::acquire(home.dir()).expect("nobody else uses the directory");
    Arc::new(Store::open_or_create(Arc::new(lock), StoreOptions::default()).expect("the store opens"))
}

async fn start(home: &Home, store: &Arc<Store>) -> Node<Store> {
    let node = Node::start(home.options(), Arc::clone(store)).await.expect("the node starts");
    node.wait_for_recovery().await.expect("the node recovers");
    node
}

/// Part of what was written is in a checkpoint and part of it only in the log when the store is closed. Both are
/// there when it is opened again, each at its revision.
#[tokio::test]
async fn a_store_comes_back_from_its_checkpoint_and_the_log() {
    let home = Home::new();
    let mut written = 0;
    for life in 1..=3 {
        let store = open(&home);
        let node = start(&home, &store).await;
        assert_eq!(node.term(), life);
        assert_eq!(store.revision(), 1 + written);
        for _ in 0..2 {
            store.checkpoint_all().expect("the checkpoint is written");
            let proposer = node.proposer();
            let puts = join_all((0..40).map(|number| proposer.propose(put(written + number)))).await;
            for put in puts {
                written += 1;
                match put.expect("the node runs") {
                    Ok(Answer::Put(answer)) => assert_eq!(answer.revision, 1 + written),
                    other => panic!("a put was answered with {other:?}"),
                }
            }
        }
        for revision in 2..=store.revision() {
            let range = KeyRange::Key(Bytes::from_static(b"key"));
            let found = store.range(&RangeQuery { revision, ..RangeQuery::new(range) }).expect("nothing is compacted");
            assert_eq!(found.kvs[0].value, (revision - 2).to_string());
        }
        node.shutdown().await;
    }
}
