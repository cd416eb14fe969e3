//! A follower: fetches from the leader, and truncates where the logs part.

use super::bugs::Bug;
use super::log::Record;
use super::message::{Content, Fetch, Fetched, Peer};
use super::state::{BrokerState, Role};
use super::turn::Turn;

impl Turn<'_, '_> {
    /// Asks the leader for what follows.
    pub(super) fn fetch(&mut self) {
        let BrokerState { epoch, log, metadata, role, install, .. } = &**self.state;
        let Some(leader) = metadata.partition.leader.filter(|_| *role == Role::Follower) else {
            return;
        };
        let fetch = Fetch {
            leader_epoch: metadata.partition.leader_epoch,
            offset: log.end(),
            last_epoch: log.last_epoch(),
            broker_epoch: *epoch,
            held: install.as_ref().and_then(|install| install.pieces.held()),
        };
        self.send(leader, Peer::Fetch(fetch));
    }

    /// The leader answers. An answer of another leader epoch, or to another fetch than the last, is
    /// none: it says nothing of the log as it is. Two logs that end at one offset with one epoch are
    /// the same.
    pub(super) fn on_fetched(&mut self, fetched: Fetched) {
        let state = &**self.state;
        let is_current = fetched.leader_epoch == state.partition().leader_epoch
            || self.has(Bug::FetchWithoutEpoch);
        let is_leaders = state.follows(self.src) && is_current;
        let takes_any = self.has(Bug::TakeOldAnswer) && state.role == Role::Follower;
        let by_offset = self.has(Bug::AnswerByOffset) || takes_any;
        let is_end = fetched.offset == state.log.end()
            && (fetched.last_epoch == state.log.last_epoch() || by_offset);
        if !(is_leaders || takes_any) || !is_end {
            return;
        }
        match fetched.content {
            Content::Piece { slot, epoch, index, piece, next } => {
                self.on_piece((slot, epoch), index, piece, next);
            }
            Content::Records(records) => {
                let grows = !records.is_empty();
                // What it has forgotten was committed, whatever its leader knows yet.
                let end = state.log.end() + records.iter().map(Record::count).sum::<u64>();
                let hw = fetched.hw.clamp(state.log.start(), end);
                if grows || hw != state.hw {
                    let state = self.state.to_mut();
                    state.log.extend(records);
                    state.hw = hw;
                }
                if grows {
                    self.appended(fetched.offset);
                    self.fetch();
                }
            }
            Content::Diverging { epoch, end } => {
                let (_, own) = state.log.end_of(epoch);
                self.truncate(own.min(end));
                self.fetch();
            }
        }
    }
}
