//! A bounded queue between a transport's thread and the ECS.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A queue of letters. Packets may be lost as on any network, so they are dropped when it is full, and counted; words
/// that must arrive always find room, and their senders bound their number.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    letters: Mutex<VecDeque<T>>,
    arrived: Condvar,
    room: usize,
}

impl<T> Mailbox<T> {
    pub(crate) fn new(room: usize) -> Self {
        Self {
            letters: Mutex::default(),
            arrived: Condvar::new(),
            room,
        }
    }

    /// Puts in letters that may be dropped, and tells how many were.
    pub(crate) fn offer(&self, letters: impl IntoIterator<Item = T>) -> u64 {
        let mut queue = self.lock();
        let mut dropped = 0;
        for letter in letters {
            if queue.len() < self.room {
                queue.push_back(letter);
            } else {
                dropped += 1;
            }
        }
        drop(queue);
        self.arrived.notify_one();
        dropped
    }

    /// Puts in a letter that must arrive.
    pub(crate) fn insist(&self, letter: T) {
        self.lock().push_back(letter);
        self.arrived.notify_one();
    }

    /// Swaps what is in the queue against `letters`, which must be empty. Never waits.
    pub(crate) fn take(&self, letters: &mut VecDeque<T>) {
        debug_assert!(letters.is_empty());
        std::mem::swap(&mut *self.lock(), letters);
    }

    /// As [`take`](Self::take), but waits up to `longest` for the first letter.
    pub(crate) fn wait(&self, longest: Duration, letters: &mut VecDeque<T>) {
        debug_assert!(letters.is_empty());
        let mut queue = self.lock();
        if queue.is_empty() {
            queue = self
                .arrived
                .wait_timeout(queue, longest)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        std::mem::swap(&mut *queue, letters);
    }

    /// Letters in the queue.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_mailbox_drops_and_counts_packets_but_takes_words() {
        let mailbox = Mailbox::new(2);
        assert_eq!(mailbox.offer([1, 2, 3, 4]), 2);
        mailbox.insist(5);
        let mut letters = VecDeque::new();
        mailbox.take(&mut letters);
        assert_eq!(letters, [1, 2, 5]);
    }

    #[test]
    fn who_waits_gets_a_letter_at_once() {
        let mailbox = Mailbox::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| mailbox.insist(7));
            let mut letters = VecDeque::new();
            while letters.is_empty() {
                mailbox.wait(Duration::from_mins(1), &mut letters);
            }
            assert_eq!(letters, [7]);
        });
    }
}
