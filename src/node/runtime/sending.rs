//! What becomes of what the handlers save and send.

use super::outbox::Mail;
use super::{Batch, Node, OWN_MESSAGES, QUEUE_BYTES, Runnable, WRITING_BYTES};
use crate::node::address::is_client;
use crate::node::endpoint::SendError;
use crate::node::error::NodeError;
use crate::node::frame::FrameError;
use crate::node::socket::Datagram;
use stateright::actor::Id;
use std::time::Instant;

impl<A: Runnable> Node<A> {
    pub(super) fn enqueue(&mut self, dst: Id, msg: A::Msg, mail: &mut Mail<A::Msg>) {
        if dst == self.id {
            mail.own.push(msg);
            return;
        }
        match self.endpoint.seal(dst, &msg) {
            Ok(datagram) => self.queue(datagram, mail),
            Err(SendError::Unroutable(_)) if is_client(dst) => self.relay(dst, &msg, mail),
            Err(SendError::Unroutable(_)) => {
                self.endpoint.stats().unroutable += 1;
                tracing::debug!(?dst, "lost a message: there is no such server");
            }
            Err(SendError::Frame(error)) => self.unsendable(dst, error),
        }
    }

    pub(super) fn queue(&mut self, datagram: Datagram, mail: &mut Mail<A::Msg>) {
        if mail.bytes + datagram.bytes.len() <= QUEUE_BYTES {
            mail.bytes += datagram.bytes.len();
            mail.datagrams.push(datagram);
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
        match self.endpoint.seal_relays(client, msg) {
            Ok(datagrams) => {
                self.endpoint.stats().relayed += 1;
                datagrams.into_iter().for_each(|datagram| self.queue(datagram, mail));
            }
            Err(SendError::Frame(error)) => self.unsendable(client, error),
            Err(SendError::Unroutable(_)) => {}
        }
    }

    /// Passes on what another server has for a client. If this one does not know the client
    /// either, another may: it goes no further from here.
    pub(super) fn pass_on(&mut self, client: Id, msg: &A::Msg, batch: &mut Batch<A>) {
        if is_client(client)
            && let Ok(datagram) = self.endpoint.seal(client, msg)
        {
            self.endpoint.stats().passed_on += 1;
            self.queue(datagram, &mut batch.free);
        }
    }

    /// Hands to the disk what a batch saves, and to the network what may leave by now.
    pub(super) fn commit(&mut self, batch: Batch<A>) -> Result<(), NodeError> {
        let Batch { saves, is_awaited, free, waiting } = batch;
        let now = Instant::now();
        if !saves.is_empty() {
            self.log.save(&saves, is_awaited, now)?;
        }
        self.log.tick(now);
        self.held.hold(self.log.awaited(), waiting);
        self.post(free);
        let durable = self.log.durable()?;
        self.release(durable);
        while self.held.is_full() || self.log.writing() > WRITING_BYTES {
            let durable = self.log.wait()?;
            self.release(durable);
        }
        Ok(())
    }

    pub(super) fn release(&mut self, durable: u64) {
        while let Some(mail) = self.held.release(durable) {
            self.post(mail);
        }
    }

    fn post(&mut self, mail: Mail<A::Msg>) {
        for datagram in &mail.datagrams {
            // A failure is counted and told of there; to the protocol the message is lost.
            let _ = self.endpoint.transmit(datagram);
        }
        let room = OWN_MESSAGES.saturating_sub(self.own.len());
        self.endpoint.stats().overflowed += mail.own.len().saturating_sub(room) as u64;
        self.own.extend(mail.own.into_iter().take(room));
    }
}
