//! Delivers outcomes to the callers of one runtime, many with one wake-up.
//!
//! To wake a task of another single-threaded runtime costs a system call, and with many callers one call for
//! each would be most of what a command costs here. So outcomes are put into a mailbox, and one task on the
//! callers' runtime hands them out there, where waking a neighbour is cheap.
//!
//! Invariant: what is in a mailbox is delivered. The task delivers what is left when it ends, also when its
//! runtime is dropped; after that the mailbox is closed, and whoever sends delivers directly.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use crate::proposer::ProposeError;

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

/// The mailbox of one runtime, and the life of its task.
pub(crate) struct Address<O> {
    mailbox: Arc<Mailbox<O>>,
}

impl<O: Send + 'static> Address<O> {
    /// Opens a mailbox for the runtime this is called on. Elsewhere it is closed from the start.
    pub(crate) fn here() -> Self {
        let runtime = Handle::try_current();
        let state = MailboxState { letters: Vec::new(), closed: runtime.is_err() };
        let mailbox = Arc::new(Mailbox { state: Mutex::new(state), came: Notify::new() });
        if let Ok(runtime) = runtime {
            // Made here, so that the mailbox is closed even if the task never runs.
            let carrier = Carrier { mailbox: Arc::clone(&mailbox) };
            runtime.spawn(carrier.deliver());
        }
        Self { mailbox }
    }
}

impl<O> Address<O> {
    /// Returns the two ends for one command.
    pub(crate) fn reply(&self) -> (Reply<O>, oneshot::Receiver<Result<O, ProposeError>>) {
        let (caller, receiver) = oneshot::channel();
        (Reply { caller, mailbox: Arc::clone(&self.mailbox) }, receiver)
    }
}

impl<O> Drop for Address<O> {
    fn drop(&mut self) {
        self.mailbox.state.lock().closed = true;
        self.mailbox.came.notify_one();
    }
}

struct Mailbox<O> {
    state: Mutex<MailboxState<O>>,
    came: Notify,
}

type Letters<O> = Vec<Letter<O>>;

struct MailboxState<O> {
    letters: Letters<O>,
    closed: bool,
}

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
    fn put(&self, mut letters: Letters<O>) {
        {
            let mut state = self.state.lock();
            if !state.closed {
                if state.letters.is_empty() {
                    state.letters = letters;
                } else {
                    state.letters.append(&mut letters);
                }
                letters = Vec::new();
            }
        }
        if letters.is_empty() {
            self.came.notify_one();
        }
        letters.into_iter().for_each(Letter::deliver);
    }
}

/// The task of a mailbox.
struct Carrier<O> {
    mailbox: Arc<Mailbox<O>>,
}

impl<O> Carrier<O> {
    async fn deliver(self) {
        loop {
            self.mailbox.came.notified().await;
            let (letters, closed) = {
                let mut state = self.mailbox.state.lock();
                (std::mem::take(&mut state.letters), state.closed)
            };
            letters.into_iter().for_each(Letter::deliver);
            if closed {
                return;
            }
        }
    }
}

impl<O> Drop for Carrier<O> {
    fn drop(&mut self) {
        let letters = {
            let mut state = self.mailbox.state.lock();
            state.closed = true;
            std::mem::take(&mut state.letters)
        };
        letters.into_iter().for_each(Letter::deliver);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Receiver = oneshot::Receiver<Result<u32, ProposeError>>;

    fn pairs(address: &Address<u32>, count: u32) -> (Vec<Option<Reply<u32>>>, Vec<Receiver>) {
        (0..count).map(|_| address.reply()).map(|(reply, receiver)| (Some(reply), receiver)).unzip()
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be built")
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
        let addresses = runtimes.each_ref().map(|runtime| runtime.block_on(async { Address::here() }));
        for round in [0, 10] {
            let pairs = addresses.each_ref().map(|address| pairs(address, 2));
            let [(mut replies, receivers_here), (more, receivers_there)] = pairs;
            replies.extend(more);
            answer(replies, (round..round + 4).map(Some).collect());
            for (runtime, (receivers, first)) in
                runtimes.iter().zip([(receivers_here, round), (receivers_there, round + 2)])
            {
                let outcomes = runtime.block_on(futures_util::future::join_all(receivers));
                for (outcome, expected) in outcomes.into_iter().zip(first..) {
                    assert!(matches!(outcome, Ok(Ok(found)) if found == expected));
                }
            }
        }
    }

    #[tokio::test]
    async fn who_gets_no_outcome_is_told_that_there_is_none() {
        let address = Address::here();
        let (replies, mut receivers) = pairs(&address, 2);
        answer(replies, vec![None, Some(1)]);
        assert!(matches!(receivers.remove(1).await, Ok(Ok(1))));
        assert!(receivers.remove(0).await.is_err());
    }

    #[test]
    fn without_a_runtime_outcomes_are_delivered_directly() {
        let address = Address::here();
        let (replies, receivers) = pairs(&address, 2);
        answer(replies, vec![Some(7), Some(8)]);
        check(receivers, &[7, 8]);
    }

    /// The runtime goes while outcomes are in the mailbox, and more come after that.
    #[test]
    fn outcomes_survive_the_runtime_of_the_mailbox() {
        let runtime = runtime();
        let address = runtime.block_on(async { Address::here() });
        let (early, early_receivers) = pairs(&address, 2);
        let (late, late_receivers) = pairs(&address, 2);
        answer(early, vec![Some(0), Some(1)]);
        drop(runtime);
        answer(late, vec![Some(2), Some(3)]);
        check(early_receivers, &[0, 1]);
        check(late_receivers, &[2, 3]);
    }

    #[test]
    fn outcomes_under_way_survive_the_address() {
        let runtime = runtime();
        let address = runtime.block_on(async { Address::here() });
        let (replies, receivers) = pairs(&address, 2);
        answer(replies, vec![Some(0), Some(1)]);
        drop(address);
        runtime.block_on(tokio::task::yield_now());
        check(receivers, &[0, 1]);
    }
}
