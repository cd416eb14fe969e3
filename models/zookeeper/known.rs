//! What a client carries from server to server: its session, the last transaction that it was told
//! of, and its watches. The client that is checked and the one that users have carry the same.

use super::message::{Answer, Ask, What};
use super::op::{Error, Response, SessionId};
use super::watch::{Watch, WatchedEvent};
use crate::zab::Zxid;
use std::collections::BTreeSet;

/// What a client knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known {
    /// The last transaction that a server told of.
    pub seen: Zxid,
    /// Its session, as long as it believes that this is open.
    pub session: Option<SessionId>,
    /// The watches of which it has seen no event.
    pub watches: BTreeSet<Watch>,
    /// The last transaction of a tree that it was shown, as the tree counts.
    pub shown: u64,
}

impl Known {
    /// Sees events: each watch fires once. Those that it had not seen.
    pub(super) fn see(&mut self, events: &[WatchedEvent]) -> Vec<WatchedEvent> {
        let is_new = |event: &&WatchedEvent| self.watches.remove(&event.watch);
        events.iter().filter(is_new).cloned().collect()
    }

    /// Learns from the answer to a request, and sees the events in it before all else. Those that it
    /// had not seen.
    pub(super) fn learn(&mut self, what: &What, answer: &Answer) -> Vec<WatchedEvent> {
        let Answer::Done { zxid, tree, reply, events } = answer else { return Vec::new() };
        let seen = self.see(events.as_deref().unwrap_or_default());
        (self.seen, self.shown) = (self.seen.max(*zxid), self.shown.max(*tree));
        let Some(reply) = reply else { return seen };
        if let What::Read { op, watch: true, .. } = what {
            self.watches.extend(Watch::of(&op.request, reply, *tree));
        }
        match reply {
            Ok(Response::Opened(session)) => self.session = Some(*session),
            Ok(Response::Closed) | Err(Error::SessionExpired) => self.session = None,
            _ => {}
        }
        seen
    }

    /// Adds to a request what the server is to know.
    pub(super) fn stamp(&self, ask: &mut Ask) {
        match &mut ask.what {
            What::Read { op, seen, .. } => (op.session, *seen) = (self.session, self.seen),
            What::Write(op) | What::Ping(op) => op.session = self.session,
            What::Sync | What::Use(_) => {}
        }
        ask.watches = self.watches.iter().cloned().collect();
    }
}

/// Whether an answer is by a server that does not know its client's watches: it may have left an
/// event out. It does not when it is asked again.
pub(super) fn leaves_out(has_watches: bool, answer: &Answer) -> bool {
    has_watches && matches!(answer, Answer::Done { events: None, .. })
}
