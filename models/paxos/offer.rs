//! What a replica gives to those who are behind: the log, and where that is truncated, a snapshot
//! in pieces (Chandra et al. 2007, section 5.5).
//!
//! Who is asked answers with a few messages at once, and remembers of each asker only that it is
//! on its way through a snapshot. Any replica may answer: what it applied is chosen.
//!
//! # A transfer ends
//!
//! A snapshot is cut once, and stands still while the state goes on. As long as somebody is on its
//! way through it, the log behind it is kept, however short the log is kept otherwise: else whoever
//! has all the pieces would be behind the log again, and under steady load never be level. What
//! that costs is bounded: the log behind may grow as large as the snapshot. If it does, the writes
//! outrun the transfer, or the asker is gone; the snapshot is given up, and whoever asks again is
//! told so by the first piece of a newer one.

use super::ballot::Slot;
use super::message::{Command, Peer};
use super::replica::{Replica, ReplicaState};
use super::stable::Delta;
use super::{Bug, Outbox};
use crate::kv::transfer::{Piece, encoded_bytes, pieces};
use crate::kv::{Service, StateMachine};
use serde::Serialize;
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a command in the log takes beside its encoding.
const ENTRY_BYTES: usize = 64;

/// A snapshot cut up for those who are behind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServedSnapshot<M: StateMachine> {
    /// The last slot that is in it.
    pub slot: Slot,
    /// Its pieces.
    pub pieces: Vec<Piece<M>>,
    /// Their size.
    pub bytes: usize,
    /// Who is on its way through them.
    pub to: BTreeSet<Id>,
}

/// What a command counts for in the bounds of the log.
pub(super) fn weight<O: Serialize>(command: &Command<O>) -> usize {
    encoded_bytes(command).saturating_add(ENTRY_BYTES)
}

impl Replica {
    /// Somebody is behind.
    pub(super) fn on_catch_up<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        from: Slot,
        held: Option<(Slot, u32)>,
        o: &mut Outbox<M>,
    ) {
        self.release(state, src, from, o);
        if from > state.applied() {
            return;
        }
        if state.stable.log.contains_key(&from) {
            self.send_log(state, src, from, o);
            return;
        }
        // An older snapshot than the one that it has pieces of would be of no use to it.
        let held_slot = held.map_or(0, |(slot, _)| slot);
        if self.has(Bug::NoSnapshot) || held_slot > state.applied() {
            return;
        }
        self.offer(state, src, from.max(held_slot), o);
        self.send_pieces(state, src, held, o);
    }

    /// Whoever asks for what comes after the snapshot has it.
    fn release<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        from: Slot,
        o: &mut Outbox<M>,
    ) {
        let has_it = |offer: &ServedSnapshot<M>| offer.slot < from && offer.to.contains(&src);
        if !state.offer.as_ref().is_some_and(has_it) || self.has(Bug::StaleOffer) {
            return;
        }
        let state = state.to_mut();
        let is_last = |offer: &mut ServedSnapshot<M>| offer.to.remove(&src) && offer.to.is_empty();
        if state.offer.take_if(is_last).is_some() {
            self.truncate(state, o);
        }
    }

    /// Has a snapshot of this slot or a later one, after which the log goes on. Cuts one only if
    /// there is none.
    fn offer<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        slot: Slot,
        o: &mut Outbox<M>,
    ) {
        let first = state.stable.log.keys().next().map_or(state.applied() + 1, |slot| *slot);
        let for_ever = self.has(Bug::StaleOffer);
        let fits =
            |offer: &ServedSnapshot<M>| offer.slot >= slot && offer.slot + 1 >= first || for_ever;
        match &state.offer {
            Some(offer) if fits(offer) => {
                if !offer.to.contains(&src)
                    && let Some(offer) = &mut state.to_mut().offer
                {
                    offer.to.insert(src);
                }
            }
            _ => {
                let image = &state.stable.image;
                let pieces = pieces(&image.machine, &image.sessions, self.config.piece_bytes);
                let bytes = pieces.iter().map(encoded_bytes).fold(0, usize::saturating_add);
                let offer =
                    ServedSnapshot { slot: image.slot, pieces, bytes, to: BTreeSet::from([src]) };
                let state = state.to_mut();
                state.offer = Some(offer);
                // The log that was kept for an earlier one.
                self.truncate(state, o);
            }
        }
    }

    /// As many pieces at once as are sent, after those that are there.
    fn send_pieces<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        dst: Id,
        held: Option<(Slot, u32)>,
        o: &mut Outbox<M>,
    ) {
        let Some(offer) = &state.offer else { return };
        let held = held.filter(|(slot, _)| *slot == offer.slot).map_or(0, |(_, held)| held);
        let (ballot, slot, count) = (state.stable.promised, offer.slot, offer.pieces.len());
        let end = count.min((held as usize).saturating_add(self.config.burst));
        for (at, index) in (held as usize..end).zip(held..) {
            let (last, ask) = (at + 1 == count, at + 1 == end);
            let piece = offer.pieces[at].clone();
            let msg = Peer::Snapshot { ballot, slot, index, last, ask, piece };
            o.send(dst, Service::Peer(msg));
        }
    }

    /// The log from slot `from` on, as much as is sent at once.
    fn send_log<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        dst: Id,
        from: Slot,
        o: &mut Outbox<M>,
    ) {
        let (ballot, chosen, mut from) = (state.stable.promised, state.applied(), from);
        for left in (0..self.config.burst).rev() {
            let commands = self.batch(state, from);
            let next = from + commands.len() as u64;
            let ask = left == 0 || next > chosen;
            o.send(dst, Service::Peer(Peer::Log { ballot, from, commands, chosen, ask }));
            if next > chosen {
                return;
            }
            from = next;
        }
    }

    /// What fits a message of the log from slot `from` on.
    fn batch<M: StateMachine>(&self, state: &ReplicaState<M>, from: Slot) -> Vec<Command<M::Op>> {
        let (mut commands, mut bytes) = (Vec::new(), 0_usize);
        for command in state.stable.log.range(from..).map(|(_, command)| command) {
            bytes = bytes.saturating_add(encoded_bytes(command));
            if bytes > self.config.batch_bytes && !commands.is_empty() {
                break;
            }
            commands.push(command.clone());
        }
        commands
    }

    /// Keeps the log short. What it forgets is in the state, and was applied, so nobody needs it
    /// who cannot have the state instead.
    pub(super) fn truncate<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        if self.has(Bug::KeepLog) {
            return;
        }
        let holds = !self.has(Bug::CutAnew) && !self.has(Bug::StaleOffer);
        let held = state.offer.as_ref().filter(|_| holds).map(|offer| offer.slot + 1);
        self.forget_log(state, held, o);
        // The log behind a snapshot that outgrows it is not kept any longer.
        let bytes = state.log_bytes;
        let limit = |offer: &ServedSnapshot<M>| self.config.keep_bytes.max(offer.bytes);
        let is_outrun = held.is_some() && !self.has(Bug::HoldForEver);
        if state.offer.take_if(|offer| is_outrun && bytes > limit(offer)).is_some() {
            self.forget_log(state, None, o);
        }
    }

    /// Forgets of the log what is too much, before slot `held` at most.
    fn forget_log<M: StateMachine>(
        &self,
        state: &mut ReplicaState<M>,
        held: Option<Slot>,
        o: &mut Outbox<M>,
    ) {
        let (keep, keep_bytes) = (self.config.keep, self.config.keep_bytes);
        let mut start = None;
        let (mut len, mut bytes) = (state.stable.log.len(), state.log_bytes);
        for (slot, command) in &state.stable.log {
            if len <= keep && bytes <= keep_bytes || held.is_some_and(|held| *slot >= held) {
                break;
            }
            len -= 1;
            bytes -= weight(command);
            start = Some(slot + 1);
        }
        state.log_bytes = bytes;
        if let Some(start) = start {
            state.change(Delta::Truncated { start }, o);
            if self.has(Bug::CutAnew) {
                state.offer.take_if(|offer| offer.slot + 1 < start);
            }
        }
    }
}
