//! Passwords: bcrypt, away from the threads that serve connections, and a memory of what was right.
//!
//! bcrypt is slow on purpose, so a client that logs in once a second would cost a tenth of a core. What was found right is
//! remembered as a keyed digest of user, stored hash and password: it says nothing to who reads memory without the key, and
//! another password has another hash, which nothing remembered fits.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use kv_store::PasswordHash;
use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};
use tokio::sync::Semaphore;
use tonic::Status;

/// How many right passwords are remembered.
const REMEMBERED_MAX: usize = 1024;

/// bcrypt looks at no more; etcd refuses to store a longer password.
const PASSWORD_BYTES_MAX: usize = 72;

/// Go's words for that.
const TOO_LONG: &str = "bcrypt: password length exceeds 72 bytes";

type Digest = [u8; digest::SHA256_OUTPUT_LEN];

/// Hashes passwords and compares them.
pub(super) struct Passwords {
    cost: u32,
    key: hmac::Key,
    remembered: Mutex<Remembered>,
    /// How many threads may be busy with passwords: half of the cores, so that guessing them stops nobody else.
    threads: Arc<Semaphore>,
}

#[derive(Default)]
struct Remembered {
    right: HashSet<Digest>,
    /// The oldest first.
    order: VecDeque<Digest>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Passwords").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl Passwords {
    pub(super) fn new(cost: u32) -> Result<Self, String> {
        let mut key = [0; digest::SHA256_OUTPUT_LEN];
        SystemRandom::new().fill(&mut key).map_err(|_| "the system gives no random numbers".to_owned())?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            cost,
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            remembered: Mutex::default(),
            threads: Arc::new(Semaphore::new((cores / 2).max(1))),
        })
    }

    /// Returns what bcrypt makes of a password.
    pub(super) async fn hash(&self, password: String) -> Result<PasswordHash, Status> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(Status::unknown(TOO_LONG));
        }
        let cost = self.cost;
        let hashed = self.work(move || bcrypt::hash_with_result(password, cost)).await?;
        // The version that Go writes and reads.
        let hashed = hashed.map_err(|_| Status::internal("the password cannot be hashed"))?;
        Ok(PasswordHash(hashed.format_for_version(bcrypt::Version::TwoA).into()))
    }

    /// Says whether a password is the one that was stored.
    pub(super) async fn verify(&self, user: &str, password: &str, stored: &PasswordHash) -> Result<bool, Status> {
        let digest = self.digest(user, password, stored);
        if self.remembered.lock().right.contains(&digest) {
            return Ok(true);
        }
        let (password, stored) = (password.to_owned(), stored.clone());
        let right = self.work(move || match std::str::from_utf8(&stored.0) {
            // What is no hash fits no password.
            Ok(stored) => bcrypt::verify(password, stored).unwrap_or(false),
            Err(_) => false,
        });
        let right = right.await?;
        if right {
            self.remember(digest);
        }
        Ok(right)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
        let failed = || Status::internal("the password cannot be looked at");
        let permit = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| failed())?;
        let done = tokio::task::spawn_blocking(move || {
            // Held as long as the thread is busy, also where nobody waits any more.
            let _permit = permit;
            work()
        });
        done.await.map_err(|_| failed())
    }

    fn digest(&self, user: &str, password: &str, stored: &PasswordHash) -> Digest {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [user.as_bytes(), &stored.0, password.as_bytes()] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        context.sign().as_ref().try_into().expect("SHA-256 has this length")
    }

    fn remember(&self, digest: Digest) {
        let mut remembered = self.remembered.lock();
        if !remembered.right.insert(digest) {
            return;
        }
        remembered.order.push_back(digest);
        if remembered.order.len() > REMEMBERED_MAX
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.right.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least cost that bcrypt knows.
    fn passwords() -> Passwords {
        Passwords::new(4).unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = passwords();
        let hash = passwords.hash("secret".to_owned()).await.unwrap();
        assert!(hash.0.starts_with(b"$2a$04$"));
        for _ in 0..2 {
            assert!(passwords.verify("ann", "secret", &hash).await.unwrap());
            assert!(!passwords.verify("ann", "Secret", &hash).await.unwrap());
            assert!(!passwords.verify("ann", "", &hash).await.unwrap());
        }
        assert!(!passwords.verify("ann", "secret", &PasswordHash::default()).await.unwrap());
        let empty = passwords.hash(String::new()).await.unwrap();
        assert!(passwords.verify("ann", "", &empty).await.unwrap());
        let long = passwords.hash("x".repeat(73)).await.unwrap_err();
        assert_eq!(long.message(), "bcrypt: password length exceeds 72 bytes");
    }

    #[tokio::test]
    async fn a_hash_of_etcds_fits() {
        let hash = PasswordHash("$2a$10$8Xur.jiKoj2/resaJRZl1OSx7ni55ZzeuIKv0YHSCOXRm1mMcCyy2".into());
        assert!(passwords().verify("root", "r", &hash).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded_and_belongs_to_one_hash() {
        let passwords = passwords();
        let (first, second) =
            (passwords.hash("a".to_owned()).await.unwrap(), passwords.hash("b".to_owned()).await.unwrap());
        assert!(passwords.verify("ann", "a", &first).await.unwrap());
        assert!(!passwords.verify("ann", "a", &second).await.unwrap());
        assert!(!passwords.remembered.lock().right.contains(&passwords.digest("ben", "a", &first)));
        for number in 0..2 * REMEMBERED_MAX {
            passwords.remember(passwords.digest("x", &number.to_string(), &first));
        }
        let remembered = passwords.remembered.lock();
        assert_eq!((remembered.right.len(), remembered.order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
