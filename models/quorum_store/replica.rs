//! A node as a replica: it keeps versions, and tells them to coordinators. How it starts, and which
//! handler takes which message.

use super::bugs::Bug;
use super::config::Purge;
use super::message::{Call, Cause, InEpoch, Msg, Peer};
use super::state::{Seen, Timer};
use super::storage::{Record, Row, Saved, Stable};
use super::turn::Turn;
use super::version::{Mark, Version};
use crate::kv::{Bytes, Service};
use crate::membership::Epoch;

impl Turn<'_, '_> {
    /// Starts with what was durable.
    pub(super) fn on_start(&mut self, saved: Option<&Saved>) {
        let stable = saved.map_or_else(|| Stable::new(self.config.sessions), Saved::state);
        if saved.is_none() {
            self.save(Saved::Complete(stable.clone()));
        }
        if !stable.hints.is_empty() {
            self.hint_later();
        }
        let rings = self.config.rings(&stable.view);
        let state = self.state.to_mut();
        (state.stable, state.rings) = (stable, rings);
        self.repair_later();
        if self.config.purge != Purge::Never || self.config.expires_serial {
            self.set_timer(Timer::Purge, &self.config.timing.purge);
        }
        self.resume_move();
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        match msg {
            Service::Request { seq, op } => self.on_request(seq, op),
            Service::Peer(InEpoch { epoch, msg }) if self.is_node() => self.in_epoch(epoch, msg),
            _ => {}
        }
    }

    /// Whether the sender is another node.
    fn is_node(&self) -> bool {
        self.src != self.id && usize::from(self.src) < self.config.nodes
    }

    /// Hears what another node says in its view: it counts if that is the one of this node.
    fn in_epoch(&mut self, epoch: Epoch, msg: Peer) {
        let is_answer = !matches!(
            msg,
            Peer::Write { .. }
                | Peer::Coordinate(_)
                | Peer::Read { .. }
                | Peer::Prepare { .. }
                | Peer::Propose { .. }
        );
        let bug = if is_answer { Bug::CountOldAnswers } else { Bug::ServeOldEpochs };
        let own = &self.state.stable.view;
        match msg {
            Peer::View(view) => self.on_view(view),
            msg if epoch == own.name() || self.has(bug) => self.on_peer(msg),
            msg if epoch.number == own.epoch && self.has(Bug::NumberAlone) => self.on_peer(msg),
            _ if epoch.number < own.epoch => {
                let own = own.clone();
                self.respond(Peer::View(own));
            }
            // The mover tells this node of the newer view, or the next node that it asks something. In
            // another view of the same number nobody has anything to say to this node.
            _ => {}
        }
    }

    fn on_peer(&mut self, msg: Peer) {
        match msg {
            Peer::Write { cause, key, version } => self.on_write_msg(cause, key, &version),
            Peer::Wrote { cause: Cause::Call(call), mark, .. } => self.on_acked(call, Some(&mark)),
            Peer::Wrote { cause: Cause::Hint, key, mark } => self.on_handed(key, &mark),
            Peer::Wrote { cause: Cause::Repair, key, mark: Mark::Stamp(stamp) } => {
                self.on_everywhere(key, stamp);
            }
            // Nothing is purged where writes stay side by side.
            Peer::Wrote { cause: Cause::Repair, mark: Mark::Known(_), .. } => {}
            Peer::Coordinate(write) => self.on_coordinate(write),
            Peer::Keep { call, target, key, version } => {
                self.keep(target, &key, &version);
                self.respond(Peer::Kept { call });
            }
            Peer::Kept { call } => self.on_acked(call, None),
            Peer::Read { call, key, full, round } => self.on_read(call, &key, full, round),
            Peer::Value { call, version, round } => {
                self.on_seen(call, Seen::Full(version), round);
            }
            Peer::Digest { call, digest, round } => {
                self.on_seen(call, Seen::Digest(digest), round);
            }
            Peer::Tree { path, sums, horizons } => self.on_tree(&path, &sums, horizons),
            Peer::Leaf { path, after, rows, next, wants, horizons } => {
                self.on_leaf(path, after, &rows, (next, wants), horizons);
            }
            Peer::More { path, after, wants, horizon } => {
                self.on_more(&path, after, wants, horizon);
            }
            Peer::Prepare { call, key, ballot } => self.on_prepare(call, &key, ballot),
            Peer::Promise { call, ballot, promised } => self.on_promise(call, ballot, promised),
            Peer::Propose { call, key, ballot, update } => {
                self.on_propose(call, &key, ballot, &update);
            }
            Peer::Accepted { call, ballot } => self.on_accepted(call, ballot, false),
            Peer::Nack { promised, .. } => self.on_nack(promised),
            Peer::Commit { call, key, version } => self.on_commit(call, &key, &version),
            Peer::Committed { call, ballot } => self.on_accepted(call, ballot, true),
            Peer::Repaired { key, stamp } => self.on_repaired(key, stamp),
            Peer::View(view) => self.on_view(view),
            Peer::Ready => self.on_ready(self.src),
            Peer::Copy { after } => self.on_copy(after),
            Peer::Copied { after, moved, next } => self.on_copied(after.as_ref(), moved, next),
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Resend => self.on_resend_timer(),
            Timer::Deadline(call) => self.on_deadline_timer(call),
            Timer::Hint => self.on_hint_timer(),
            Timer::Repair => self.on_repair_timer(),
            Timer::Purge => self.on_purge_timer(),
            Timer::Move => self.on_move_timer(),
            Timer::Retry(_) => {}
        }
    }

    /// Takes a version, and says so once it is durable.
    fn on_write_msg(&mut self, cause: Cause, key: Bytes, version: &Version) {
        if self.take(&key, version) {
            return self.respond(Peer::Wrote { cause, key, mark: version.mark() });
        }
        self.ask_replicas(&key);
        match cause {
            // Its timestamp was too old: the next one of its node will not be.
            Cause::Call(call) => {
                let promised = self.state.stable.horizon;
                self.respond(Peer::Nack { call, promised });
            }
            // What was acknowledged is at a replica too.
            Cause::Hint => self.respond(Peer::Wrote { cause, key, mark: version.mark() }),
            Cause::Repair => {}
        }
    }

    fn on_read(&mut self, call: Call, key: &Bytes, full: bool, round: u32) {
        let (version, round) = (self.version(key), (round, self.horizon()));
        let answer = if full {
            Peer::Value { call, version, round }
        } else {
            Peer::Digest { call, digest: version.as_ref().map(Version::digest), round }
        };
        self.respond(answer);
    }

    /// Lets tombstones go whose time has come.
    fn on_purge_timer(&mut self) {
        self.set_timer(Timer::Purge, &self.config.timing.purge);
        let now = self.config.physical.now();
        let is_old = |version: &Version| {
            version.stamp.time.physical.saturating_add(self.config.grace) <= now
        };
        let may_go = |row: &Row| match self.config.purge {
            Purge::Never => false,
            Purge::OnTimer => is_old(&row.version),
            Purge::AfterRepair => {
                (row.is_repaired || self.has(Bug::PurgeUnrepaired)) && is_old(&row.version)
            }
        };
        let rows = self.state.stable.rows.iter();
        let gone: Vec<Bytes> = rows
            .filter(|(_, row)| row.version.is_tombstone() && may_go(row))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.change(Record::Purged(key));
        }
        if self.config.expires_serial {
            let keys: Vec<Bytes> = self.state.stable.serial.keys().cloned().collect();
            keys.into_iter().for_each(|key| self.change(Record::Expired(key)));
        }
    }
}
