//! The messages of handlers, until they may leave: some at once, some when the disk has all that
//! was saved before them.

use crate::node::endpoint::Route;
use crate::node::socket::Datagram;
use std::collections::VecDeque;

/// The most bytes that are held for the disk: a node that holds more waits for its disk before it
/// sends more.
const HELD_BYTES: usize = 32 << 20;
/// The same, by the number of messages.
const HELD_COUNT: usize = 1 << 16;

/// An encoded message, and its way.
pub(super) struct Letter {
    pub(super) route: Route,
    pub(super) bytes: Vec<u8>,
}

impl AsRef<[u8]> for Letter {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Messages that leave together.
pub(super) struct Mail<M> {
    pub(super) letters: Vec<Letter>,
    /// The datagrams that are sealed already.
    pub(super) datagrams: Vec<Datagram>,
    /// The messages of the node to itself.
    pub(super) own: Vec<M>,
    pub(super) bytes: usize,
}

impl<M> Mail<M> {
    pub(super) fn new() -> Self {
        Self { letters: Vec::new(), datagrams: Vec::new(), own: Vec::new(), bytes: 0 }
    }

    /// All of the other leaves with it.
    pub(super) fn append(&mut self, mut other: Self) {
        self.letters.append(&mut other.letters);
        self.datagrams.append(&mut other.datagrams);
        self.own.append(&mut other.own);
        self.bytes += other.bytes;
    }

    fn count(&self) -> usize {
        self.letters.len() + self.datagrams.len() + self.own.len()
    }
}

/// The messages that wait for the disk, in the order in which they were sent.
pub(super) struct Held<M> {
    mail: VecDeque<(u64, Mail<M>)>,
    bytes: usize,
    count: usize,
}

impl<M> Held<M> {
    pub(super) fn new() -> Self {
        Self { mail: VecDeque::new(), bytes: 0, count: 0 }
    }

    /// Keeps mail that may leave when that ticket is durable. Tickets do not decrease.
    pub(super) fn hold(&mut self, ticket: u64, mail: Mail<M>) {
        if mail.count() > 0 {
            self.bytes += mail.bytes;
            self.count += mail.count();
            self.mail.push_back((ticket, mail));
        }
    }

    /// The next that may leave.
    pub(super) fn release(&mut self, durable: u64) -> Option<Mail<M>> {
        let (_, mail) = self.mail.pop_front_if(|(ticket, _)| *ticket <= durable)?;
        self.bytes -= mail.bytes;
        self.count -= mail.count();
        Some(mail)
    }

    /// Whether the node must wait for its disk before it sends more.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > HELD_BYTES || self.count > HELD_COUNT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(own: &[u8]) -> Mail<u8> {
        Mail { own: own.to_vec(), bytes: own.len(), ..Mail::new() }
    }

    #[test]
    fn what_waits_leaves_in_order_and_not_before_its_ticket() {
        let mut held = Held::new();
        held.hold(1, mail(&[1, 2]));
        held.hold(2, mail(&[]));
        held.hold(2, mail(&[3]));
        held.hold(3, mail(&[4]));
        let mut leaves = |durable| -> Vec<u8> {
            std::iter::from_fn(|| held.release(durable)).flat_map(|mail| mail.own).collect()
        };
        assert_eq!(leaves(0), [0; 0]);
        assert_eq!(leaves(2), [1, 2, 3]);
        assert_eq!(leaves(3), [4]);
        assert!(held.mail.is_empty() && (held.bytes, held.count) == (0, 0));
    }

    #[test]
    fn it_is_full_of_many_messages_or_of_many_bytes() {
        let mut held = Held::new();
        held.hold(1, mail(&vec![0; HELD_COUNT]));
        assert!(!held.is_full());
        held.hold(1, mail(&[0]));
        assert!(held.is_full());
        let mut held = Held::new();
        held.hold(1, Mail { bytes: HELD_BYTES + 1, ..mail(&[0]) });
        assert!(held.is_full());
    }
}
