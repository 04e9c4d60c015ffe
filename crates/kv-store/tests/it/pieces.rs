//! Ranges that are read in pieces of a limited size.

use bytes::Bytes;
use kv_store::{Command, KeyRange, Put, RangeQuery};

use crate::harness::Subject;

#[test]
fn a_piece_ends_soon_after_its_limit_and_the_next_goes_on_behind_it() {
    let mut subject = Subject::new();
    let names: Vec<Bytes> = (0..1500).map(|number| Bytes::from(format!("key {number:04}"))).collect();
    // Small pairs first, then large ones.
    let puts = names.iter().enumerate().map(|(number, name)| {
        let value = vec![7; if number < 1000 { 10 } else { 20_000 }].into();
        Command::Put(Put { key: name.clone(), value, ..Put::default() })
    });
    subject.apply(&puts.collect::<Vec<_>>());
    subject.checkpoint();

    let mut query = RangeQuery::new(KeyRange::all());
    let mut found = Vec::new();
    let mut pieces = 0;
    loop {
        let piece = subject.store().range_piece(&query, 100_000).unwrap();
        let bytes: usize = piece.kvs.iter().map(|pair| pair.key.len() + pair.value.len()).sum();
        assert!(bytes < 100_000 + 128 * 20_100, "{bytes} bytes");
        found.extend(piece.kvs.into_iter().map(|pair| pair.key));
        pieces += 1;
        if !piece.more {
            break;
        }
        query.range = query.range.after(found.last().unwrap());
    }
    assert_eq!(found, names);
    assert!((4..=6).contains(&pieces), "{pieces} pieces");
    assert!(!subject.store().range_piece(&RangeQuery::new(KeyRange::all()), usize::MAX).unwrap().more);
    let limited = RangeQuery { limit: 1000, ..RangeQuery::new(KeyRange::all()) };
    let piece = subject.store().range_piece(&limited, 100_000).unwrap();
    assert_eq!((piece.kvs.len(), piece.more, piece.count), (1000, true, 1500));
}
