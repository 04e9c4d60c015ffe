//! Simple tokens: random text that this process remembers, good for some time after its last use.
//!
//! A token counts as long as the password that it was given for: it is compared with the user it names whenever it
//! is used, so that whatever changes users needs to tell nobody here.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use kv_store::{AuthState, User};
use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use tonic::Status;

/// How long a token lives unless set otherwise.
const TTL: Duration = Duration::from_secs(300);

/// Letters before the dot.
const LETTERS: usize = 16;

/// How many tokens are remembered. A client that keeps asking for new ones loses its oldest, and is told to ask again.
const TOKENS_MAX: usize = 100_000;

/// What is known of a token.
#[derive(Debug)]
struct Known {
    user: String,
    /// What the user's password was, by [`User::password_since`].
    password_since: u64,
    /// When authentication was last turned off, by [`AuthState::disabled_at`].
    disabled_at: u64,
    expires: Instant,
}

impl Known {
    fn counts(&self, state: &AuthState, now: Instant) -> bool {
        now < self.expires
            && self.disabled_at == state.disabled_at()
            && state.user(&self.user).is_some_and(|user| user.password_since() == self.password_since)
    }
}

/// The tokens.
pub(super) struct SimpleTokens {
    ttl: Duration,
    tokens: Mutex<HashMap<String, Known>>,
}

impl std::fmt::Debug for SimpleTokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SimpleTokens").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl SimpleTokens {
    pub(super) fn new(ttl: Duration) -> Self {
        Self { ttl: if ttl.is_zero() { TTL } else { ttl }, tokens: Mutex::default() }
    }

    /// Makes a token for a user.
    pub(super) fn assign(&self, user: &User, state: &AuthState, index: u64, now: Instant) -> Result<String, Status> {
        let letters = random_letters().ok_or_else(|| Status::internal("the system gives no random numbers"))?;
        let token = format!("{letters}.{index}");
        let known = Known {
            user: user.name().to_owned(),
            password_since: user.password_since(),
            disabled_at: state.disabled_at(),
            expires: now + self.ttl,
        };
        let mut tokens = self.tokens.lock();
        if tokens.len() >= TOKENS_MAX {
            make_room(&mut tokens, state, now);
        }
        tokens.insert(token.clone(), known);
        Ok(token)
    }

    /// Returns whose a token is, and lets it live on.
    pub(super) fn find(&self, token: &str, state: &AuthState, now: Instant) -> Option<String> {
        let mut tokens = self.tokens.lock();
        let known = tokens.get_mut(token)?;
        if !known.counts(state, now) {
            tokens.remove(token);
            return None;
        }
        known.expires = now + self.ttl;
        Some(known.user.clone())
    }
}

/// Forgets what does not count any more, and where that is not enough the quarter that was not used for longest.
fn make_room(tokens: &mut HashMap<String, Known>, state: &AuthState, now: Instant) {
    tokens.retain(|_, known| known.counts(state, now));
    if tokens.len() > TOKENS_MAX * 3 / 4 {
        let mut ends: Vec<_> = tokens.values().map(|known| known.expires).collect();
        let (_, quarter, _) = ends.select_nth_unstable(TOKENS_MAX / 4);
        let quarter = *quarter;
        tokens.retain(|_, known| known.expires > quarter);
    }
}

/// Returns random letters, each as likely as any other.
fn random_letters() -> Option<String> {
    const ALPHABET: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let random = SystemRandom::new();
    let mut letters = String::with_capacity(LETTERS);
    let mut bytes = [0; 2 * LETTERS];
    while letters.len() < LETTERS {
        random.fill(&mut bytes).ok()?;
        // Six bits choose among 64; what lies beyond the alphabet is drawn again.
        let chosen = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        letters.extend(chosen.take(LETTERS - letters.len()).map(|letter| char::from(*letter)));
    }
    Some(letters)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kv_store::{AuthCommand, Caller, Command, DirLock, LogPosition, PasswordHash, Store, StoreOptions};

    use super::*;

    struct Subject {
        store: Store,
        tokens: SimpleTokens,
        now: Instant,
        _directory: tempfile::TempDir,
    }

    impl Subject {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let lock = Arc::new(DirLock::create(&directory.path().join("data")).unwrap());
            let store = Store::open_or_create(lock, StoreOptions::default()).unwrap();
            let tokens = SimpleTokens::new(Duration::from_secs(10));
            let subject = Self { store, tokens, now: Instant::now(), _directory: directory };
            subject.change(add("ann"));
            subject.change(add("ben"));
            subject
        }

        fn change(&self, change: AuthCommand) {
            let index = self.store.applied().map_or(0, |last| last.index + 1);
            let mut entry = self.store.begin_entry(LogPosition { term: 1, index }, 0);
            entry.apply(&Command::Auth(change).encode_for(&Caller::Server), true).unwrap().unwrap();
            entry.finish();
        }

        fn assign(&self, user: &str) -> String {
            let state = self.store.auth();
            self.tokens.assign(state.user(user).unwrap(), &state, 7, self.now).unwrap()
        }

        fn find(&self, token: &str) -> Option<String> {
            self.tokens.find(token, &self.store.auth(), self.now)
        }
    }

    fn add(name: &str) -> AuthCommand {
        AuthCommand::AddUser { name: name.to_owned(), password: PasswordHash::default(), no_password: false }
    }

    #[test]
    fn a_token_has_etcds_form_and_names_its_user() {
        let subject = Subject::new();
        let token = subject.assign("ann");
        let (letters, index) = token.split_once('.').unwrap();
        assert!(letters.len() == 16 && letters.bytes().all(|byte| byte.is_ascii_alphabetic()));
        assert_eq!(index, "7");
        assert_eq!(subject.find(&token).as_deref(), Some("ann"));
        assert_eq!(subject.find("aaaaaaaaaaaaaaaa.7"), None);
        assert_ne!(subject.assign("ann"), token);
    }

    #[test]
    fn a_token_lives_as_long_as_it_is_used() {
        let mut subject = Subject::new();
        let token = subject.assign("ann");
        for _ in 0..3 {
            subject.now += Duration::from_secs(9);
            assert!(subject.find(&token).is_some());
        }
        subject.now += Duration::from_secs(10);
        assert!(subject.find(&token).is_none());
    }

    #[test]
    fn a_token_ends_with_the_password_it_was_given_for() {
        let subject = Subject::new();
        let (ann, ben) = (subject.assign("ann"), subject.assign("ben"));
        subject.change(AuthCommand::ChangePassword { name: "ann".to_owned(), password: PasswordHash("x".into()) });
        assert_eq!((subject.find(&ann), subject.find(&ben)), (None, Some("ben".to_owned())));
        subject.change(AuthCommand::DeleteUser { name: "ben".to_owned() });
        subject.change(add("ben"));
        assert_eq!(subject.find(&ben), None);
    }

    #[test]
    fn turning_authentication_off_ends_every_token() {
        let subject = Subject::new();
        let root = || "root".to_owned();
        subject.change(add("root"));
        subject.change(AuthCommand::GrantRole { user: root(), role: root() });
        subject.change(AuthCommand::Enable);
        let token = subject.assign("ann");
        subject.change(AuthCommand::Disable);
        subject.change(AuthCommand::Enable);
        assert_eq!(subject.find(&token), None);
    }

    #[test]
    fn the_oldest_tokens_make_room() {
        let mut subject = Subject::new();
        let first = subject.assign("ann");
        subject.now += Duration::from_millis(1);
        for _ in 0..TOKENS_MAX {
            subject.assign("ben");
            subject.now += Duration::from_nanos(1);
        }
        assert!(subject.tokens.tokens.lock().len() <= TOKENS_MAX);
        assert_eq!(subject.find(&first), None);
    }
}
