//! The Rust crate `etcd-client` in a soak, as an application would use it. It connects again by itself, but leaves it to its
//! users to repeat a request and to watch again.

use std::time::Duration;

use etcd_client::{Client, Error, GetOptions, LockOptions, WatchOptions};
use tokio::time::{sleep, timeout};

use super::account::prefix;
use super::clients::Voice;

const KEYS: u64 = 20;
/// Between two requests of one kind.
const PAUSE: Duration = Duration::from_millis(20);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
const LEASE_SECONDS: i64 = 20;
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(2);
/// Of the contenders for the lock; nobody keeps them alive.
const LONG_LEASE_SECONDS: i64 = 3600;

/// Runs until the voice has ended.
pub(crate) fn run(endpoint: &str, voice: &Voice) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("start a runtime");
    runtime.block_on(async {
        let client = Client::connect([endpoint], None).await.expect("the server runs");
        tokio::join!(
            put(client.clone(), voice),
            watch(client.clone(), voice),
            keep(client.clone(), voice),
            lock(client.clone(), voice, "a"),
            lock(client.clone(), voice, "b"),
        );
    });
}

/// Returns the answer of a request, if there is one in time.
async fn answer<T>(voice: &Voice, request: impl Future<Output = Result<T, Error>>) -> Option<T> {
    let answer = timeout(PATIENCE, request).await;
    if let Ok(Ok(answer)) = answer {
        return Some(answer);
    }
    voice.say("trouble");
    sleep(PAUSE).await;
    None
}

/// Grants a lease, however often it takes.
async fn grant(client: &mut Client, voice: &Voice, seconds: i64) -> Option<i64> {
    while !voice.ended() {
        if let Some(lease) = answer(voice, client.lease_grant(seconds, None)).await {
            return Some(lease.id());
        }
    }
    None
}

async fn put(mut client: Client, voice: &Voice) {
    for number in 0_u64.. {
        if voice.ended() {
            return;
        }
        let key = format!("{}{}", prefix("etcd-client"), number % KEYS);
        if let Some(put) = answer(voice, client.put(key.as_str(), number.to_string(), None)).await {
            voice.say(&format!("put {key} {number} {}", put.header().expect("every answer has one").revision()));
        }
        sleep(PAUSE).await;
    }
}

async fn watch(mut client: Client, voice: &Voice) {
    let mut next = 1;
    while !voice.ended() {
        let options = WatchOptions::new().with_prefix().with_start_revision(next);
        let Some(mut events) = answer(voice, client.watch(prefix("etcd-client"), Some(options))).await else {
            continue;
        };
        while let Ok(Some(response)) = events.message().await {
            for event in response.events() {
                let kv = event.kv().expect("an event has a key");
                let (key, value) = (kv.key_str().expect("text"), kv.value_str().expect("text"));
                voice.say(&format!("saw {key} {value} {}", kv.mod_revision()));
                next = kv.mod_revision() + 1;
            }
        }
    }
}

async fn keep(mut client: Client, voice: &Voice) {
    let Some(lease) = grant(&mut client, voice, LEASE_SECONDS).await else { return };
    while !voice.ended() {
        let Some((mut keeper, mut answers)) = answer(voice, client.lease_keep_alive(lease)).await else { continue };
        while keeper.keep_alive().await.is_ok() {
            match timeout(PATIENCE, answers.message()).await {
                Ok(Ok(Some(kept))) if kept.ttl() > 0 => voice.say("kept"),
                Ok(Ok(Some(_))) => return voice.say("lost"),
                _ => break,
            }
            sleep(KEEP_ALIVE_EVERY).await;
        }
    }
}

async fn lock(mut client: Client, voice: &Voice, who: &str) {
    let Some(lease) = grant(&mut client, voice, LONG_LEASE_SECONDS).await else { return };
    while !voice.ended() {
        // Asked for again with the same lease, the lock is the same, too.
        let options = LockOptions::new().with_lease(lease);
        let Some(held) = answer(voice, client.lock("soak-lock/etcd-client", Some(options))).await else { continue };
        voice.say(&format!("locked {who}"));
        answer(voice, client.get(held.key(), Some(GetOptions::new().with_serializable()))).await;
        voice.say(&format!("unlocking {who}"));
        while answer(voice, client.unlock(held.key())).await.is_none() && !voice.ended() {}
        sleep(PAUSE).await;
    }
}
