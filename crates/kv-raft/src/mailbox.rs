//! Delivers outcomes to the callers of one runtime, many with one wake-up.
//!
//! To wake a task of another single-threaded runtime costs a system call, and with many callers one call for
//! each would be most of what a command costs here. So outcomes are put into a mailbox, and one task on the
//! callers' runtime hands them out there, where waking a neighbour is cheap.
//!
//! Invariant: what is in a mailbox is delivered. The task delivers what is left when it ends, also when its
//! runtime is dropped; after that the mailbox is closed, and whoever sends delivers directly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::{Mutex, RwLock};
use tokio::runtime::{self, Handle};
use tokio::sync::{Notify, oneshot};

use crate::propose_error::ProposeError;

/// Where the outcome of one command goes.
pub(crate) struct Reply<O> {
    caller: oneshot::Sender<Result<O, ProposeError>>,
    mailbox: Arc<Mailbox<O>>,
}

impl<O> Reply<O> {
    /// Says whether the caller still waits.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.caller.is_closed()
    }

    /// Answers the caller directly.
    pub(crate) fn send(self, outcome: Result<O, ProposeError>) {
        // The caller may have gone.
        drop(self.caller.send(outcome));
    }
}

/// Answers the callers whose commands have an outcome, and wakes each of their runtimes once.
pub(crate) fn answer<O>(replies: Vec<Option<Reply<O>>>, outcomes: Vec<Option<O>>) {
    // As many as there are runtimes with callers, so a handful.
    let mut mail: Vec<(Arc<Mailbox<O>>, Letters<O>)> = Vec::new();
    for (reply, outcome) in replies.into_iter().zip(outcomes) {
        let (Some(Reply { caller, mailbox }), Some(outcome)) = (reply, outcome) else { continue };
        let letter = Letter { caller, outcome };
        match mail.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &mailbox)) {
            Some((_, letters)) => letters.push(letter),
            None => mail.push((mailbox, vec![letter])),
        }
    }
    for (mailbox, letters) in mail {
        mailbox.put(letters);
    }
}

/// The mailboxes of all runtimes with callers. Each is made when the first caller comes.
pub(crate) struct Mailboxes<O> {
    state: RwLock<MailboxesState<O>>,
    /// For callers on no runtime. Always closed.
    direct: Arc<Mailbox<O>>,
}

struct MailboxesState<O> {
    /// Searched from the front: there are as many as there are runtimes.
    open: Vec<(runtime::Id, Arc<Mailbox<O>>)>,
    closed: bool,
}

impl<O: Send + 'static> Mailboxes<O> {
    pub(crate) fn new() -> Self {
        let state = MailboxesState { open: Vec::new(), closed: false };
        Self { state: RwLock::new(state), direct: Arc::new(Mailbox::new(true)) }
    }

    /// Returns the two ends for one command of a caller on this runtime.
    pub(crate) fn reply(&self) -> (Reply<O>, oneshot::Receiver<Result<O, ProposeError>>) {
        let (caller, receiver) = oneshot::channel();
        (Reply { caller, mailbox: self.mailbox_here() }, receiver)
    }

    fn mailbox_here(&self) -> Arc<Mailbox<O>> {
        let Ok(runtime) = Handle::try_current() else { return Arc::clone(&self.direct) };
        let id = runtime.id();
        // The id of a runtime that has gone is used again, but its mailbox is closed.
        let open = |(known, mailbox): &&(_, Arc<Mailbox<O>>)| *known == id && !mailbox.is_closed();
        if let Some((_, mailbox)) = self.state.read().open.iter().find(open) {
            return Arc::clone(mailbox);
        }
        let mut state = self.state.write();
        if state.closed {
            return Arc::clone(&self.direct);
        }
        if let Some((_, mailbox)) = state.open.iter().find(open) {
            return Arc::clone(mailbox);
        }
        state.open.retain(|(_, mailbox)| !mailbox.is_closed());
        let mailbox = Arc::new(Mailbox::new(false));
        // Made here, so that the mailbox is closed even if the task never runs.
        let carrier = Carrier { mailbox: Arc::clone(&mailbox) };
        runtime.spawn(carrier.deliver());
        state.open.push((id, Arc::clone(&mailbox)));
        mailbox
    }
}

impl<O> Mailboxes<O> {
    /// Ends the tasks, when they have delivered what there is. What comes later is delivered directly.
    pub(crate) fn close(&self) {
        let open = {
            let mut state = self.state.write();
            state.closed = true;
            std::mem::take(&mut state.open)
        };
        for (_, mailbox) in open {
            mailbox.close();
        }
    }
}

impl<O> Drop for Mailboxes<O> {
    fn drop(&mut self) {
        self.close();
    }
}

struct Mailbox<O> {
    letters: Mutex<Letters<O>>,
    came: Notify,
    /// Changed under the lock of `letters` only.
    closed: AtomicBool,
}

type Letters<O> = Vec<Letter<O>>;

struct Letter<O> {
    caller: oneshot::Sender<Result<O, ProposeError>>,
    outcome: O,
}

impl<O> Letter<O> {
    fn deliver(self) {
        // The caller may have gone.
        drop(self.caller.send(Ok(self.outcome)));
    }
}

impl<O> Mailbox<O> {
    fn new(closed: bool) -> Self {
        Self { letters: Mutex::default(), came: Notify::new(), closed: AtomicBool::new(closed) }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Has the task take what there is, and end.
    fn close(&self) {
        {
            let _letters = self.letters.lock();
            self.closed.store(true, Relaxed);
        }
        self.came.notify_one();
    }

    fn put(&self, mut letters: Letters<O>) {
        {
            let mut waiting = self.letters.lock();
            if !self.is_closed() {
                waiting.append(&mut letters);
            }
        }
        if letters.is_empty() {
            self.came.notify_one();
        }
        letters.into_iter().for_each(Letter::deliver);
    }

    fn take(&self) -> Letters<O> {
        std::mem::take(&mut self.letters.lock())
    }
}

/// The task of a mailbox.
struct Carrier<O> {
    mailbox: Arc<Mailbox<O>>,
}

impl<O> Carrier<O> {
    async fn deliver(self) {
        while !self.mailbox.is_closed() {
            self.mailbox.came.notified().await;
            self.mailbox.take().into_iter().for_each(Letter::deliver);
        }
    }
}

impl<O> Drop for Carrier<O> {
    fn drop(&mut self) {
        self.mailbox.close();
        self.mailbox.take().into_iter().for_each(Letter::deliver);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    type Receiver = oneshot::Receiver<Result<u32, ProposeError>>;

    fn pairs(mailboxes: &Mailboxes<u32>, count: u32) -> (Vec<Option<Reply<u32>>>, Vec<Receiver>) {
        (0..count).map(|_| mailboxes.reply()).map(|(reply, receiver)| (Some(reply), receiver)).unzip()
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().expect("a runtime can be built")
    }

    /// Checks that the outcomes are `expected`, in this order and without waiting.
    fn check(receivers: Vec<Receiver>, expected: &[u32]) {
        let outcomes: Vec<_> = receivers
            .into_iter()
            .map(|mut receiver| receiver.try_recv().expect("the outcome is there").expect("it is no error"))
            .collect();
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn outcomes_reach_the_callers_of_several_runtimes() {
        let runtimes = [runtime(), runtime()];
        let mailboxes = Mailboxes::new();
        for round in [0, 10] {
            let pairs = runtimes.each_ref().map(|runtime| runtime.block_on(async { pairs(&mailboxes, 2) }));
            let [(mut replies, here), (more, there)] = pairs;
            replies.extend(more);
            answer(replies, (round..round + 4).map(Some).collect());
            for (runtime, (receivers, first)) in runtimes.iter().zip([(here, round), (there, round + 2)]) {
                let outcomes = runtime.block_on(join_all(receivers));
                for (outcome, expected) in outcomes.into_iter().zip(first..) {
                    assert!(matches!(outcome, Ok(Ok(found)) if found == expected));
                }
            }
            assert_eq!(mailboxes.state.read().open.len(), 2);
        }
    }

    #[tokio::test]
    async fn who_gets_no_outcome_is_told_that_there_is_none() {
        let mailboxes = Mailboxes::new();
        let (replies, mut receivers) = pairs(&mailboxes, 2);
        answer(replies, vec![None, Some(1)]);
        assert!(matches!(receivers.remove(1).await, Ok(Ok(1))));
        assert!(receivers.remove(0).await.is_err());
    }

    #[test]
    fn without_a_runtime_outcomes_are_delivered_directly() {
        let mailboxes = Mailboxes::new();
        let (replies, receivers) = pairs(&mailboxes, 2);
        answer(replies, vec![Some(7), Some(8)]);
        check(receivers, &[7, 8]);
    }

    /// A runtime goes while outcomes are in its mailbox, and more come after that. Then there is another runtime,
    /// which may have the same id.
    #[test]
    fn outcomes_survive_the_runtime_of_the_mailbox() {
        let mailboxes = Mailboxes::new();
        for _ in 0..3 {
            let runtime = runtime();
            let (early, early_receivers) = runtime.block_on(async { pairs(&mailboxes, 2) });
            let (late, late_receivers) = runtime.block_on(async { pairs(&mailboxes, 2) });
            answer(early, vec![Some(0), Some(1)]);
            drop(runtime);
            answer(late, vec![Some(2), Some(3)]);
            check(early_receivers, &[0, 1]);
            check(late_receivers, &[2, 3]);
        }
        assert_eq!(mailboxes.state.read().open.len(), 1, "mailboxes of runtimes that have gone are forgotten");
    }

    #[test]
    fn outcomes_under_way_survive_the_end() {
        let runtime = runtime();
        let mailboxes = Mailboxes::new();
        let (early, early_receivers) = runtime.block_on(async { pairs(&mailboxes, 2) });
        let (late, late_receivers) = runtime.block_on(async { pairs(&mailboxes, 2) });
        answer(early, vec![Some(0), Some(1)]);
        mailboxes.close();
        answer(late, vec![Some(2), Some(3)]);
        runtime.block_on(tokio::task::yield_now());
        check(early_receivers, &[0, 1]);
        check(late_receivers, &[2, 3]);
    }
}
