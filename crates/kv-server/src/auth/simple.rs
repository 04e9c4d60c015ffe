//! Simple tokens: random text that this process remembers, good for some time after its last use.
//!
//! A token counts as long as the password that it was given for: it is compared with the user it names whenever it
//! is used, so that whatever changes users needs to tell nobody here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use kv_store::{AuthState, User};
use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use tonic::Status;

/// How long a token lives unless set otherwise.
const TTL: Duration = Duration::from_secs(300);

/// Letters before the dot.
const LETTERS: usize = 16;

/// No token lives longer than a century: a clock has an end.
const TTL_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How many tokens are remembered. Who keeps asking for new ones loses the oldest, and is told to ask again.
const LIMITS: Limits = Limits { all: 100_000, of_a_user: 10_000 };

#[derive(Debug, Clone, Copy)]
struct Limits {
    all: usize,
    /// So that one user pushes out nobody else.
    of_a_user: usize,
}

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
    limits: Limits,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    tokens: HashMap<String, Known>,
    /// How many of them each user has.
    counts: HashMap<String, usize>,
}

impl std::fmt::Debug for SimpleTokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SimpleTokens").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl SimpleTokens {
    pub(super) fn new(ttl: Duration) -> Self {
        let ttl = if ttl.is_zero() { TTL } else { ttl.min(TTL_MAX) };
        Self { ttl, limits: LIMITS, remembered: Mutex::default() }
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
        let mut remembered = self.remembered.lock();
        if remembered.count(user.name()) >= self.limits.of_a_user {
            remembered.make_room(self.limits.of_a_user, |known| known.user == user.name(), state, now);
        }
        if remembered.tokens.len() >= self.limits.all {
            remembered.make_room(self.limits.all, |_| true, state, now);
        }
        remembered.insert(token.clone(), known);
        Ok(token)
    }

    /// Returns whose a token is, and lets it live on.
    pub(super) fn find(&self, token: &str, state: &AuthState, now: Instant) -> Option<String> {
        let mut remembered = self.remembered.lock();
        let known = remembered.tokens.get_mut(token)?;
        if !known.counts(state, now) {
            remembered.remove(token);
            return None;
        }
        known.expires = now + self.ttl;
        Some(known.user.clone())
    }
}

impl Remembered {
    fn count(&self, user: &str) -> usize {
        self.counts.get(user).copied().unwrap_or_default()
    }

    fn insert(&mut self, token: String, known: Known) {
        *self.counts.entry(known.user.clone()).or_default() += 1;
        self.tokens.insert(token, known);
    }

    fn remove(&mut self, token: &str) {
        let Some(known) = self.tokens.remove(token) else { return };
        if let Entry::Occupied(mut count) = self.counts.entry(known.user) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    /// Forgets what does not count any more, and where that is not enough the quarter of `whose` tokens that was not used
    /// for longest, of which there may be `max`.
    fn make_room(&mut self, max: usize, whose: impl Fn(&Known) -> bool, state: &AuthState, now: Instant) {
        self.tokens.retain(|_, known| known.counts(state, now));
        let mut ends: Vec<_> = self.tokens.values().filter(|known| whose(known)).map(|known| known.expires).collect();
        if ends.len() > max * 3 / 4 {
            let (_, quarter, _) = ends.select_nth_unstable(max / 4);
            let quarter = *quarter;
            self.tokens.retain(|_, known| known.expires > quarter || !whose(known));
        }
        self.counts.clear();
        for known in self.tokens.values() {
            *self.counts.entry(known.user.clone()).or_default() += 1;
        }
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
        subject.tokens.limits = Limits { all: 100, of_a_user: 100 };
        let first = subject.assign("ann");
        for _ in 0..100 {
            subject.now += Duration::from_nanos(1);
            subject.assign("ben");
        }
        assert!(subject.tokens.remembered.lock().tokens.len() <= 100);
        assert_eq!(subject.find(&first), None);
    }

    #[test]
    fn a_user_pushes_out_no_tokens_but_its_own() {
        let mut subject = Subject::new();
        subject.tokens.limits = Limits { all: 100, of_a_user: 20 };
        let (ann, first) = (subject.assign("ann"), subject.assign("ben"));
        let mut newest = String::new();
        for _ in 0..200 {
            subject.now += Duration::from_nanos(1);
            newest = subject.assign("ben");
        }
        assert_eq!((subject.find(&ann), subject.find(&newest)), (Some("ann".to_owned()), Some("ben".to_owned())));
        assert_eq!(subject.find(&first), None);
        let counts = subject.tokens.remembered.lock().counts.clone();
        assert!(counts["ann"] == 1 && (1..=20).contains(&counts["ben"]), "{counts:?}");
        // The count follows what is forgotten for another reason.
        subject.now += Duration::from_secs(10);
        assert_eq!((subject.find(&ann), subject.find(&newest)), (None, None));
        assert_eq!(subject.tokens.remembered.lock().counts.get("ann"), None);
    }

    #[test]
    fn no_time_to_live_is_too_long() {
        let subject = Subject { tokens: SimpleTokens::new(Duration::MAX), ..Subject::new() };
        let token = subject.assign("ann");
        assert!(subject.find(&token).is_some());
    }
}
