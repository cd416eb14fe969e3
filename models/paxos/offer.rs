//! The side of a replica that serves lagging replicas: it gives the log, and where that is
//! truncated, a snapshot in pieces (Chandra et al. 2007, section 5.5).
//!
//! A replica answers a request with a few messages at once, and remembers of each asker only that
//! it is on its way through a snapshot: the asker says where its pieces end. Any replica may
//! answer: all that it applied is chosen, and a snapshot of the same slot has the same pieces
//! everywhere.
//!
//! The cost of a request does not depend on the size of the state. A snapshot is a copy of the
//! state, which shares with it whatever is not changed since, and only the pieces that are sent are
//! cut.
//!
//! # A transfer ends
//!
//! A snapshot stands still while the state goes on. As long as a replica is on its way through it,
//! the log behind it is kept, however short the log is kept otherwise: else a replica that has all
//! the pieces would lag behind the log again, and under steady load never be level. The cost is
//! bounded: the log behind may grow as large as the pieces that were given so far, each counted
//! once. If it grows larger, the writes outrun the transfer, or the asker is gone; the snapshot is
//! given up, and an asker learns so from the first piece of a newer one.

use super::ballot::Slot;
use super::bugs::Bug;
use super::message::{Command, Peer};
use super::state::ServedSnapshot;
use super::storage::Delta;
use super::turn::Turn;
use crate::kv::StateMachine;
use crate::kv::transfer::{Held, Piece, encoded_bytes};
use serde::Serialize;

/// The size of an entry of the log beside its encoding.
const ENTRY_BYTES: usize = 64;

/// How much a command counts in the bounds of the log.
pub(super) fn weight<O: Serialize>(command: &Command<O>) -> usize {
    encoded_bytes(command).saturating_add(ENTRY_BYTES)
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Another replica lags.
    pub(super) fn on_catch_up(&mut self, from: Slot, held: Option<Held>) {
        self.release(from);
        if from > self.state.applied() {
            return;
        }
        if self.state.stable.log.contains_key(&from) {
            return self.send_log(from);
        }
        // An older snapshot than the one that it has pieces of would be of no use to it.
        let held_slot = held.as_ref().map_or(0, |held| held.of);
        if self.has(Bug::NoSnapshot) || held_slot > self.state.applied() {
            return;
        }
        self.offer(from.max(held_slot));
        self.send_pieces(held);
    }

    /// A replica that asks for the log behind the snapshot has the snapshot.
    fn release(&mut self, from: Slot) {
        let src = self.src;
        let has_it = |offer: &ServedSnapshot<M>| offer.slot() < from && offer.to.contains(&src);
        if !self.state.offer.as_ref().is_some_and(has_it) || self.has(Bug::StaleOffer) {
            return;
        }
        let is_last = |offer: &mut ServedSnapshot<M>| offer.to.remove(&src) && offer.to.is_empty();
        if self.state.to_mut().offer.take_if(is_last).is_some() {
            self.truncate();
        }
    }

    /// Has a snapshot of this slot or a later one, after which the log goes on. Cuts one only if
    /// there is none.
    fn offer(&mut self, slot: Slot) {
        let src = self.src;
        let first = self.state.stable.log.keys().next();
        let first = first.map_or(self.state.applied() + 1, |slot| *slot);
        let for_ever = self.has(Bug::StaleOffer);
        let fits = |offer: &ServedSnapshot<M>| {
            offer.slot() >= slot && offer.slot() + 1 >= first || for_ever
        };
        let is_there = self.state.offer.as_ref().is_some_and(fits);
        if !is_there {
            let image = self.state.stable.image.clone();
            self.state.to_mut().offer = Some(ServedSnapshot::new(image));
        }
        if let Some(offer) = &self.state.offer
            && !offer.to.contains(&src)
            && let Some(offer) = &mut self.state.to_mut().offer
        {
            offer.to.insert(src);
        }
        if !is_there {
            // The log that was kept for an earlier one.
            self.truncate();
        }
    }

    /// As many pieces as are sent at once, after those that the asker has.
    fn send_pieces(&mut self, held: Option<Held>) {
        let Some(offer) = &self.state.offer else { return };
        let (image, ballot) = (offer.image.clone(), self.state.stable.promised);
        let held = held.filter(|held| held.of == image.slot);
        let first = held.as_ref().map_or(0, |held| held.count);
        let end = first.saturating_add(self.config.burst as u32);
        let pieces =
            image.pieces_after(held.as_ref().map(|held| &held.end), self.config.piece_bytes);
        for (index, (piece, next)) in (first..end).zip(pieces) {
            self.count_piece(index, &piece);
            let ask = next.is_none() || index + 1 == end;
            let slot = image.slot;
            self.out.send(self.src, Peer::Snapshot { ballot, slot, index, piece, next, ask });
        }
    }

    /// Counts a piece of the snapshot that is given for the first time.
    fn count_piece(&mut self, index: u32, piece: &Piece<M>) {
        let counts = |offer: &ServedSnapshot<M>| offer.given <= index;
        if self.state.offer.as_ref().is_some_and(counts) || self.has(Bug::CountAgain) {
            let bytes = encoded_bytes(piece);
            if let Some(offer) = &mut self.state.to_mut().offer {
                offer.given = offer.given.max(index + 1);
                offer.bytes = offer.bytes.saturating_add(bytes);
            }
        }
    }

    /// The log from slot `from` on, as much as is sent at once.
    fn send_log(&mut self, mut from: Slot) {
        let (ballot, chosen) = (self.state.stable.promised, self.state.applied());
        for left in (0..self.config.burst).rev() {
            let commands = self.batch(from);
            let next = from + commands.len() as u64;
            let ask = left == 0 || next > chosen;
            self.answer(Peer::Log { ballot, from, commands, chosen, ask });
            if next > chosen {
                return;
            }
            from = next;
        }
    }

    /// As much of the log from slot `from` on as fits a message.
    fn batch(&self, from: Slot) -> Vec<Command<M::Op>> {
        let (mut commands, mut bytes) = (Vec::new(), 0_usize);
        for command in self.state.stable.log.range(from..).map(|(_, command)| command) {
            bytes = bytes.saturating_add(encoded_bytes(command));
            if bytes > self.config.batch_bytes && !commands.is_empty() {
                break;
            }
            commands.push(command.clone());
        }
        commands
    }

    /// Keeps the log short. The forgotten commands were applied, so a replica that misses them can
    /// have the state instead.
    pub(super) fn truncate(&mut self) {
        if self.has(Bug::KeepLog) {
            return;
        }
        let holds = !self.has(Bug::CutAnew) && !self.has(Bug::StaleOffer);
        let held = self.state.offer.as_ref().filter(|_| holds).map(|offer| offer.slot() + 1);
        self.forget_log(held);
        // The log behind a snapshot that outgrows what was given is not kept any longer.
        let (bytes, keep_bytes) = (self.state.log_bytes, self.config.keep_bytes);
        let is_kept = held.is_none() || self.has(Bug::HoldForEver);
        let is_outrun =
            |offer: &mut ServedSnapshot<M>| !is_kept && bytes > keep_bytes.max(offer.bytes);
        if self.state.to_mut().offer.take_if(is_outrun).is_some() {
            self.forget_log(None);
        }
    }

    /// Forgets the surplus of the log, before slot `held` at most.
    fn forget_log(&mut self, held: Option<Slot>) {
        let (keep, keep_bytes) = (self.config.keep, self.config.keep_bytes);
        let mut start = None;
        let (mut len, mut bytes) = (self.state.stable.log.len(), self.state.log_bytes);
        for (slot, command) in &self.state.stable.log {
            if len <= keep && bytes <= keep_bytes || held.is_some_and(|held| *slot >= held) {
                break;
            }
            len -= 1;
            bytes -= weight(command);
            start = Some(slot + 1);
        }
        let Some(start) = start else { return };
        self.state.to_mut().log_bytes = bytes;
        self.change(Delta::Truncated { start });
        if self.has(Bug::CutAnew) {
            self.state.to_mut().offer.take_if(|offer| offer.slot() + 1 < start);
        }
    }
}
