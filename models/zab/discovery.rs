//! Discovery: how a server comes to lead an epoch (Junqueira et al. 2011, phase 1).
//!
//! A prospective leader takes an epoch larger than any that a quorum accepted; once a quorum
//! accepted it, none of smaller epochs commits anything more. Of the histories of that quorum the
//! most recent one has all that was committed: it becomes the initial history of the epoch.

use super::bugs::Bug;
use super::epoch::{Epoch, Zxid};
use super::message::{Part, Peer};
use super::state::{Discovering, Leading, Role, Standing, Timer};
use super::storage::Record;
use super::turn::Turn;
use crate::kv::StateMachine;
use stateright::actor::Id;
use std::collections::BTreeMap;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// No leader was heard of, or the epoch was not established: asks who would follow.
    pub(super) fn on_look_timer(&mut self) {
        if let Role::Leading(_) = self.state.role {
            return;
        }
        self.look_again();
        if self.config.votes(self.id) || self.has(Bug::ObserverLooks) {
            self.solicit(false);
        }
    }

    /// Asks who would follow; `left`, if the leader of its epoch said that it stops.
    pub(super) fn solicit(&mut self, left: bool) {
        self.state.to_mut().role = Role::Soliciting(BTreeMap::new());
        let solicit = Peer::Solicit { accepted: self.epoch(), left };
        self.broadcast(solicit.clone());
        if self.has(Bug::ObserverElects) {
            self.tell_observers(&solicit);
        }
        self.take_epoch();
    }

    /// Another server would lead. A leader lets it join instead, unless it accepted a larger epoch.
    pub(super) fn on_solicit(&mut self, accepted: Epoch, left: bool) {
        if left && self.follows(accepted) {
            self.look_again();
        }
        match self.state.role {
            Role::Leading(_) | Role::Discovering(_) => self.on_cepoch(accepted),
            Role::Following { .. } if self.config.loyal => {}
            _ => self.answer(Peer::CEpoch { accepted: self.epoch() }),
        }
    }

    /// `CEPOCH`. To a leader: the sender does not follow it.
    pub(super) fn on_cepoch(&mut self, accepted: Epoch) {
        match self.state.role {
            Role::Soliciting(_) if !self.elects() => {}
            Role::Soliciting(_) => {
                let src = self.src;
                if let Role::Soliciting(answers) = &mut self.state.to_mut().role {
                    answers.insert(src, accepted);
                }
                self.take_epoch();
            }
            Role::Leading(_) | Role::Discovering(_) if accepted > self.epoch() => {
                self.look_again();
            }
            Role::Leading(_) | Role::Discovering(_) => {
                self.answer(Peer::NewEpoch { epoch: self.epoch() });
            }
            Role::Looking | Role::Following { .. } => {}
        }
    }

    /// Takes an epoch of its own, if a quorum said which they accepted.
    fn take_epoch(&mut self) {
        let Role::Soliciting(answers) = &self.state.role else { return };
        if answers.len() + 1 < self.config.quorum() {
            return;
        }
        let highest = answers.values().copied().max().unwrap_or_default().max(self.epoch());
        let mut epoch = highest.next(self.id);
        if self.has(Bug::AcceptEqualEpoch) {
            epoch.leader = Id::from(0);
        }
        self.change(Record::Accepted(epoch));
        self.state.to_mut().role = Role::Discovering(Discovering::default());
        self.await_establishment();
        self.await_resend();
        self.broadcast(Peer::NewEpoch { epoch });
        self.choose_history();
    }

    /// `NEWEPOCH`: accepts a larger epoch, and follows its leader; again, if it is the one that it
    /// accepted last.
    pub(super) fn on_new_epoch(&mut self, epoch: Epoch) {
        if epoch < self.epoch() {
            return self.answer(Peer::CEpoch { accepted: self.epoch() });
        }
        if epoch > self.epoch() {
            self.look_again();
            self.change(Record::Accepted(epoch));
        } else if matches!(self.state.role, Role::Leading(_) | Role::Discovering(_)) {
            return;
        }
        if !self.follows(epoch) {
            self.state.to_mut().role = Role::Following { up_to_date: false };
        } else if self.state.is_synchronized() {
            return;
        }
        self.await_establishment();
        self.answer(self.ack_epoch());
    }

    /// `ACK-E`.
    pub(super) fn ack_epoch(&self) -> Peer<M> {
        Peer::AckEpoch {
            epoch: self.epoch(),
            current: self.state.stable.current,
            last: self.last(),
        }
    }

    /// `ACK-E`: a server accepted the epoch.
    pub(super) fn on_ack_epoch(&mut self, epoch: Epoch, current: Epoch, last: Zxid) {
        if epoch != self.epoch() {
            return;
        }
        let src = self.src;
        match &self.state.role {
            Role::Discovering(_) if !self.elects() => {}
            Role::Discovering(discovering) if !discovering.accepted_by.contains_key(&src) => {
                if let Role::Discovering(discovering) = &mut self.state.to_mut().role {
                    discovering.accepted_by.insert(src, Standing { current, last });
                }
                self.choose_history();
            }
            // Of a follower that took over the history since, it is old.
            Role::Leading(leading) if current == epoch || !leading.followers.contains_key(&src) => {
                self.heard_of();
                self.serve(src, last, None);
            }
            _ => {}
        }
    }

    /// Whether the sender has a part in choosing a leader and its initial history. Of an observer it
    /// is not known that it has what a quorum has.
    fn elects(&self) -> bool {
        self.config.votes(self.src) || self.has(Bug::ObserverElects)
    }

    /// Chooses the most recent history of a quorum, its own if that is as recent.
    fn choose_history(&mut self) {
        let Role::Discovering(Discovering { accepted_by, source: None }) = &self.state.role else {
            return;
        };
        if accepted_by.len() + 1 < self.config.quorum() {
            return;
        }
        let stable = &self.state.stable;
        let own = Standing { current: stable.current, last: stable.last() };
        let by_zxid = self.has(Bug::MostEntriesWins);
        let rank =
            |it: &Standing| if by_zxid { (it.last.epoch, it.last) } else { (it.current, it.last) };
        let best = accepted_by.iter().max_by_key(|(_, standing)| rank(standing));
        let best = best.filter(|(_, standing)| rank(standing) > rank(&own));
        match best.map(|(source, _)| *source) {
            Some(source) if !self.has(Bug::OwnHistory) => {
                if let Role::Discovering(discovering) = &mut self.state.to_mut().role {
                    discovering.source = Some(source);
                }
                self.fetch_from(source, self.last());
            }
            _ => self.synchronize(),
        }
    }

    /// A part of the most recent history came.
    pub(super) fn on_history(&mut self, epoch: Epoch, part: &Part<M::Op>) {
        if epoch != self.epoch() || !self.fetches_from(self.src) {
            return;
        }
        if self.take(part) {
            self.synchronize();
        }
    }

    /// Whether it is a prospective leader that fetches the history of this server.
    pub(super) fn fetches_from(&self, server: Id) -> bool {
        matches!(&self.state.role, Role::Discovering(discovering) if discovering.source == Some(server))
    }

    /// Asks again who did not answer.
    pub(super) fn discover_again(&mut self) {
        let epoch = self.epoch();
        let Role::Discovering(Discovering { accepted_by, source }) = &self.state.role else {
            return;
        };
        let source = *source;
        for peer in self.peers() {
            if !accepted_by.contains_key(&peer) {
                self.out.send(peer, Peer::NewEpoch { epoch });
            }
        }
        if let Some(source) = source {
            self.fetch_from(source, self.last());
        }
    }

    /// Phase 2 begins: the history is durable, and now the epoch is current.
    fn synchronize(&mut self) {
        let epoch = self.epoch();
        self.change(Record::Current(epoch));
        let Role::Discovering(Discovering { accepted_by, .. }) = &self.state.role else { return };
        let accepted_by = accepted_by.clone();
        let state = self.state.to_mut();
        let leading = Leading { own: state.stable.end(), ..Leading::default() };
        (state.role, state.install) = (Role::Leading(leading), None);
        self.cancel_timer(Timer::Look);
        self.await_quorum();
        for (follower, standing) in accepted_by {
            self.serve(follower, standing.last, None);
        }
        self.tell_observers(&Peer::NewEpoch { epoch });
        self.commit();
    }
}
