//! The way of the saves and messages of handlers: to the log, to the disk's queue, to the network.

use super::outbox::{Letter, Mail};
use super::{Batch, Node, QUEUE_BYTES, Runnable, WRITING_BYTES};
use crate::node::address::{is_client, number};
use crate::node::endpoint::{Route, SendError};
use crate::node::error::NodeError;
use crate::node::frame::{FrameError, encode};
use stateright::actor::Id;
use std::time::Instant;

impl<A: Runnable> Node<A> {
    pub(super) fn enqueue(&mut self, dst: Id, msg: A::Msg, mail: &mut Mail<A::Msg>) {
        if dst == self.id {
            mail.own.push(msg);
        } else if self.endpoint.knows(dst) {
            match encode(&msg) {
                Ok(bytes) => self.queue(Letter { route: Route::To(dst), bytes }, mail),
                Err(error) => self.unsendable(dst, error),
            }
        } else if is_client(dst) {
            self.relay(dst, &msg, mail);
        } else {
            self.endpoint.stats().unroutable += 1;
            tracing::debug!(?dst, "lost a message: there is no such server");
        }
    }

    fn queue(&mut self, letter: Letter, mail: &mut Mail<A::Msg>) {
        if mail.bytes + letter.bytes.len() <= QUEUE_BYTES {
            mail.bytes += letter.bytes.len();
            mail.letters.push(letter);
        } else {
            self.endpoint.stats().overflowed += 1;
            tracing::warn!("lost a message: one batch sends too much");
        }
    }

    pub(super) fn unsendable(&mut self, dst: Id, error: FrameError) {
        self.endpoint.stats().unsendable += 1;
        tracing::error!(?dst, %error, "lost a message");
    }

    /// A message for a client that this server never heard from, or not for long: whichever other
    /// server has heard from it passes it on. In the model any server may answer any client.
    fn relay(&mut self, client: Id, msg: &A::Msg, mail: &mut Mail<A::Msg>) {
        if self.relays.allow(Instant::now()).is_none() {
            self.endpoint.stats().unroutable += 1;
            return;
        }
        match encode(&(number(client), msg)) {
            Ok(bytes) => {
                self.endpoint.stats().relayed += 1;
                let others: Vec<_> = self.endpoint.others().map(Route::Via).collect();
                for route in others {
                    self.queue(Letter { route, bytes: bytes.clone() }, mail);
                }
            }
            Err(error) => self.unsendable(client, error),
        }
    }

    /// Passes on what another server has for a client. If this one does not know the client
    /// either, another may: it goes no further from here.
    pub(super) fn pass_on(&mut self, client: Id, msg: &A::Msg, batch: &mut Batch<A>) {
        if is_client(client)
            && self.endpoint.knows(client)
            && let Ok(bytes) = encode(msg)
        {
            self.endpoint.stats().passed_on += 1;
            self.queue(Letter { route: Route::To(client), bytes }, &mut batch.free);
        }
    }

    /// Hands to the disk what a batch saves, and to the network what may leave by now.
    pub(super) fn commit(&mut self, batch: Batch<A>) -> Result<(), NodeError> {
        let Batch { saves, is_awaited, free, waiting } = batch;
        let now = Instant::now();
        if !saves.is_empty() {
            self.log.save(&saves, is_awaited, now)?;
            if is_awaited && self.board.is_some() {
                self.syncing.push_back((self.log.awaited(), now));
            }
        }
        self.log.tick(now);
        self.held.hold(self.log.awaited(), waiting);
        let durable = self.log.durable()?;
        self.release(durable, free);
        while self.held.is_full() || self.log.writing() > WRITING_BYTES {
            let durable = self.log.wait()?;
            self.release(durable, Mail::new());
        }
        Ok(())
    }

    /// Sends this, and what waited for what is durable now.
    pub(super) fn release(&mut self, durable: u64, mut mail: Mail<A::Msg>) {
        while let Some(more) = self.held.release(durable) {
            mail.append(more);
        }
        self.show_syncs(durable);
        let Mail { mut letters, datagrams, own, .. } = mail;
        // Those of one way in their order.
        letters.sort_by_key(|letter| letter.route);
        for letters in letters.chunk_by(|a, b| a.route == b.route) {
            self.post(letters);
        }
        for datagram in &datagrams {
            // The endpoint counts and logs a failure; to the protocol the message is lost.
            let _ = self.endpoint.transmit(datagram);
        }
        self.own.extend(own);
    }

    /// Shows how long what is durable now took to be.
    fn show_syncs(&mut self, durable: u64) {
        let Some((board, _)) = &self.board else { return };
        while let Some((_, since)) = self.syncing.pop_front_if(|(number, _)| *number <= durable) {
            board.synced(since.elapsed());
        }
    }

    /// Sends letters that go the same way, in as few datagrams as there may be.
    fn post(&mut self, mut letters: &[Letter]) {
        while let Some(Letter { route, .. }) = letters.first() {
            let (some, rest) = letters.split_at(self.endpoint.share(letters));
            letters = rest;
            let messages: Vec<_> = some.iter().map(AsRef::as_ref).collect();
            match self.endpoint.seal(*route, &messages) {
                // The endpoint counts and logs a failure.
                Ok((datagram, other)) => {
                    drop(self.endpoint.transmit(&datagram));
                    other.iter().for_each(|other| drop(self.endpoint.transmit(other)));
                    if let Some((board, _)) = &self.board {
                        board.sent(some.len());
                    }
                }
                // A client that was forgotten meanwhile.
                Err(SendError::Unroutable(_)) => {
                    self.endpoint.stats().unroutable += some.len() as u64;
                }
                Err(SendError::Frame(error)) => {
                    let (Route::To(dst) | Route::Via(dst)) = *route;
                    self.unsendable(dst, error);
                }
            }
        }
    }
}
