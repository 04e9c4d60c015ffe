//! The replies that are due for proposed commands.

use std::collections::VecDeque;

use crate::mailbox::Reply;

/// Consecutive request numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requests {
    pub(crate) first: u64,
    pub(crate) count: usize,
}

/// The replies that are due for proposed commands, by request number. The numbers are consecutive, so this is a
/// window that moves along them.
///
/// The first number is drawn at random when the process starts: an entry from an earlier life that is applied
/// only now must not be taken for one of this life.
pub(crate) struct Pending<O> {
    first: u64,
    replies: VecDeque<Option<(u32, Reply<O>)>>,
}

impl<O> Pending<O> {
    pub(crate) fn new(first: u64) -> Self {
        Self { first, replies: VecDeque::new() }
    }

    /// Returns the number that the next reply gets.
    pub(crate) fn next(&self) -> u64 {
        self.first.wrapping_add(self.replies.len() as u64)
    }

    /// Keeps a reply since period `since`; returns its number.
    pub(crate) fn push(&mut self, since: u32, reply: Reply<O>) -> u64 {
        let request = self.next();
        self.replies.push_back(Some((since, reply)));
        request
    }

    /// Takes the reply with a number, if it is due: not from an earlier life, not taken before.
    pub(crate) fn take(&mut self, request: u64) -> Option<Reply<O>> {
        let at = usize::try_from(request.wrapping_sub(self.first)).ok()?;
        let (_, reply) = self.replies.get_mut(at)?.take()?;
        self.advance();
        Some(reply)
    }

    /// Takes what is due of several numbers.
    pub(crate) fn take_all(&mut self, requests: Requests) -> Vec<Reply<O>> {
        (0..requests.count as u64).filter_map(|offset| self.take(requests.first.wrapping_add(offset))).collect()
    }

    /// Takes those that are due since a period that is chosen.
    pub(crate) fn take_if(&mut self, choose: impl Fn(u32) -> bool) -> Vec<Reply<O>> {
        let chosen = |slot: &mut Option<(u32, Reply<O>)>| slot.take_if(|(since, _)| choose(*since));
        let taken = self.replies.iter_mut().filter_map(chosen).map(|(_, reply)| reply).collect();
        self.advance();
        taken
    }

    /// Takes all of them. Their numbers are not used again.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Reply<O>> {
        self.first = self.next();
        self.replies.drain(..).flatten().map(|(_, reply)| reply)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Moves the window past those who were answered.
    fn advance(&mut self) {
        while self.replies.front().is_some_and(Option::is_none) {
            self.replies.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Mailboxes;

    fn pending(first: u64, count: u32) -> Pending<u32> {
        let mailboxes = Mailboxes::new();
        let mut pending = Pending::new(first);
        for since in 0..count {
            let (reply, _) = mailboxes.reply();
            assert_eq!(pending.push(since, reply), first.wrapping_add(since.into()));
        }
        pending
    }

    #[test]
    fn replies_are_found_by_number_once_and_in_any_order() {
        // The numbers run over the end.
        let first = u64::MAX - 1;
        let mut pending = pending(first, 5);
        for offset in [1, 0, 4, 2, 3] {
            assert!(pending.take(first.wrapping_add(offset)).is_some());
            assert!(pending.take(first.wrapping_add(offset)).is_none());
        }
        assert!(pending.is_empty());
        assert_eq!(pending.next(), first.wrapping_add(5));
    }

    #[test]
    fn numbers_that_were_never_given_are_nobodys() {
        let mut pending = pending(1000, 3);
        for number in [0, 999, 1003, u64::MAX] {
            assert!(pending.take(number).is_none());
        }
        assert_eq!(pending.take_all(Requests { first: 998, count: 4 }).len(), 2);
        assert_eq!(pending.take_all(Requests { first: 1000, count: 3 }).len(), 1);
    }

    #[test]
    fn overdue_replies_are_taken_and_the_others_stay() {
        let mut pending = pending(7, 6);
        assert_eq!(pending.take_if(|since| since % 2 == 0).len(), 3);
        assert!(pending.take(7).is_none());
        assert!(pending.take(8).is_some());
        assert_eq!(pending.drain().count(), 2);
        assert_eq!(pending.next(), 13);
    }
}
