//! The Rust crate `etcd-client`, as an application would use it. The same walk against etcd 3.7.1 shows that it is right.

use etcd_client::{
    Client, Compare, CompareOp, DeleteOptions, Error, EventType, GetOptions, LeaseGrantOptions, LeaseTimeToLiveOptions,
    PutOptions, SortOrder, SortTarget, Txn, TxnOp, TxnOpResponse, WatchOptions, WatchResponse, WatchStream,
};

use crate::harness::{Kind, Server};

#[tokio::test]
async fn etcd_client_finds_in_kvd_what_it_expects_of_etcd() {
    walk(Kind::Kvd).await.unwrap_or_else(|error| panic!("kvd: {error}"));
}

#[tokio::test]
async fn the_walk_itself_holds_for_etcd() {
    walk(Kind::Etcd37).await.unwrap_or_else(|error| panic!("etcd 3.7: {error}"));
}

async fn walk(kind: Kind) -> Result<(), Error> {
    let server = Server::start(kind);
    let mut client = Client::connect([server.endpoint()], None).await?;
    reads_and_writes(&mut client).await?;
    transactions(&mut client).await?;
    watches(&mut client).await?;
    compaction(&mut client).await?;
    maintenance(&mut client).await?;
    leases(&mut client).await
}

async fn reads_and_writes(client: &mut Client) -> Result<(), Error> {
    let first = client.put("user/ann", "1", None).await?;
    assert_eq!(first.header().map(etcd_client::ResponseHeader::revision), Some(2));
    assert!(first.prev_key().is_none());
    let second = client.put("user/ann", "2", Some(PutOptions::new().with_prev_key())).await?;
    assert_eq!(second.prev_key().map(etcd_client::KeyValue::value), Some(&b"1"[..]));
    client.put("user/bob", "3", None).await?;
    client.put("user/cid", "4", None).await?;

    let one = client.get("user/ann", None).await?;
    let ann = &one.kvs()[0];
    assert_eq!((ann.value_str()?, ann.version(), ann.create_revision(), ann.mod_revision()), ("2", 2, 2, 3));
    let old = client.get("user/ann", Some(GetOptions::new().with_revision(2))).await?;
    assert_eq!(old.kvs()[0].value_str()?, "1");

    let options = GetOptions::new().with_prefix().with_sort(SortTarget::Value, SortOrder::Descend).with_limit(2);
    let sorted = client.get("user/", Some(options)).await?;
    let values: Vec<&str> = sorted.kvs().iter().map(|kv| kv.value_str()).collect::<Result<_, _>>()?;
    assert_eq!((values, sorted.more(), sorted.count()), (vec!["4", "3"], true, 3));
    let counted = client.get("user/", Some(GetOptions::new().with_prefix().with_count_only())).await?;
    assert_eq!((counted.kvs().len(), counted.count()), (0, 3));
    let keys = client.get("user/b", Some(GetOptions::new().with_from_key().with_keys_only())).await?;
    assert!(keys.kvs().iter().all(|kv| kv.value().is_empty()) && keys.count() == 2);

    let deleted = client.delete("user/cid", Some(DeleteOptions::new().with_prev_key())).await?;
    assert_eq!((deleted.deleted(), deleted.prev_kvs()[0].value_str()?), (1, "4"));
    assert_eq!(client.delete("user/cid", None).await?.deleted(), 0);
    Ok(())
}

async fn transactions(client: &mut Client) -> Result<(), Error> {
    let create_once = || {
        Txn::new()
            .when([Compare::create_revision("once", CompareOp::Equal, 0)])
            .and_then([TxnOp::put("once", "mine", None), TxnOp::get("once", None)])
            .or_else([TxnOp::get("once", None)])
    };
    let won = client.txn(create_once()).await?;
    assert!(won.succeeded());
    assert_eq!(won.op_responses().len(), 2);
    let lost = client.txn(create_once()).await?;
    assert!(!lost.succeeded());
    let answers = lost.op_responses();
    let TxnOpResponse::Get(answer) = &answers[0] else { panic!("a get is answered with {:?}", answers[0]) };
    assert_eq!(answer.kvs()[0].value_str()?, "mine");

    let twice = Txn::new().and_then([TxnOp::put("twice", "1", None), TxnOp::put("twice", "2", None)]);
    let Err(Error::GRpcStatus(status)) = client.txn(twice).await else { panic!("a key can be put once only") };
    assert_eq!(status.message(), "etcdserver: duplicate key given in txn request");
    Ok(())
}

async fn watches(client: &mut Client) -> Result<(), Error> {
    let options = WatchOptions::new().with_prefix().with_start_revision(2).with_prev_key();
    let mut stream = client.watch("user/", Some(options)).await?;
    assert!(next(&mut stream).await?.created());
    client.put("user/dan", "5", None).await?;
    client.delete("user/dan", None).await?;
    let mut seen = Vec::new();
    while seen.len() < 7 {
        for event in next(&mut stream).await?.events() {
            let kv = event.kv().expect("an event has a key");
            let before = event.prev_kv().map(|kv| kv.value_str().map(str::to_owned)).transpose()?;
            seen.push((event.event_type(), kv.key_str()?.to_owned(), before));
        }
    }
    let expected = [
        (EventType::Put, "user/ann", None),
        (EventType::Put, "user/ann", Some("1")),
        (EventType::Put, "user/bob", None),
        (EventType::Put, "user/cid", None),
        (EventType::Delete, "user/cid", Some("4")),
        (EventType::Put, "user/dan", None),
        (EventType::Delete, "user/dan", Some("5")),
    ];
    let expected = expected.map(|(kind, key, before)| (kind, key.to_owned(), before.map(str::to_owned)));
    assert_eq!(seen, expected);
    stream.request_progress().await?;
    assert_eq!(next(&mut stream).await?.watch_id(), -1);
    stream.cancel(0).await?;
    assert!(next(&mut stream).await?.canceled());
    Ok(())
}

async fn compaction(client: &mut Client) -> Result<(), Error> {
    client.compact(4, None).await?;
    let Err(Error::GRpcStatus(status)) = client.get("user/ann", Some(GetOptions::new().with_revision(2))).await else {
        panic!("revision 2 is compacted");
    };
    assert_eq!(status.message(), "etcdserver: mvcc: required revision has been compacted");
    let mut stream = client.watch("user/", Some(WatchOptions::new().with_prefix().with_start_revision(2))).await?;
    assert!(next(&mut stream).await?.created());
    let canceled = next(&mut stream).await?;
    assert_eq!((canceled.canceled(), canceled.compact_revision()), (true, 4));
    Ok(())
}

async fn maintenance(client: &mut Client) -> Result<(), Error> {
    let status = client.status().await?;
    assert_eq!((status.version(), status.storage_version(), status.is_learner()), ("3.7.1", "3.7.0", false));
    assert!(status.db_size() > 0 && status.raft_used_db_size() <= status.db_size());
    assert_eq!(status.leader(), status.header().expect("a status has a header").member_id());
    let before = client.hash_kv(0).await?.hash();
    client.defragment().await?;
    assert_eq!(client.hash_kv(0).await?.hash(), before);
    assert_eq!(client.member_list().await?.members().len(), 1);
    Ok(())
}

async fn leases(client: &mut Client) -> Result<(), Error> {
    let chosen = client.lease_grant(60, None).await?;
    assert!(chosen.id() > 0 && chosen.ttl() == 60);
    let lease = client.lease_grant(30, Some(LeaseGrantOptions::new().with_id(77))).await?.id();
    for key in ["session/b", "session/a"] {
        client.put(key, "here", Some(PutOptions::new().with_lease(lease))).await?;
    }
    assert_eq!(client.get("session/a", None).await?.kvs()[0].lease(), 77);
    let left = client.lease_time_to_live(lease, Some(LeaseTimeToLiveOptions::new().with_keys())).await?;
    let mut keys = left.keys().to_vec();
    keys.sort_unstable();
    assert_eq!((keys, left.granted_ttl()), (vec![b"session/a".to_vec(), b"session/b".to_vec()], 30));
    assert!((25..=30).contains(&left.ttl()), "{left:?}");

    let (mut keeper, mut renewals) = client.lease_keep_alive(lease).await?;
    for _ in 0..3 {
        keeper.keep_alive().await?;
        let renewal = renewals.message().await?.expect("the stream goes on");
        assert_eq!((renewal.id(), renewal.ttl()), (77, 30));
    }
    let mut listed: Vec<i64> = client.leases().await?.leases().iter().map(etcd_client::LeaseStatus::id).collect();
    listed.sort_unstable();
    let mut expected = vec![77, chosen.id()];
    expected.sort_unstable();
    assert_eq!(listed, expected);

    client.lease_revoke(lease).await?;
    assert_eq!(client.get("session/", Some(GetOptions::new().with_prefix())).await?.count(), 0);
    keeper.keep_alive().await?;
    assert_eq!(renewals.message().await?.expect("the stream goes on").ttl(), 0);
    assert_eq!(client.lease_time_to_live(lease, None).await?.ttl(), -1);
    let Err(Error::GRpcStatus(status)) = client.lease_revoke(lease).await else { panic!("the lease is gone") };
    assert_eq!(status.message(), "etcdserver: requested lease not found");
    Ok(())
}

async fn next(stream: &mut WatchStream) -> Result<WatchResponse, Error> {
    Ok(stream.message().await?.expect("the stream goes on"))
}
