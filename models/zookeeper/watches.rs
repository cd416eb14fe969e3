//! A client sees that a watch has fired before it sees the state that fired it (Hunt et al. 2010,
//! section 2.3).
//!
//! ZooKeeper has that from FIFO connections: an event is sent before any answer that shows the
//! change. Here messages overtake each other, so an answer carries the events of all the client's
//! watches that have fired in the tree that it is from, and the client takes them first. For that the server must
//! know the watches: they travel with each request. What a server has heard of them otherwise counts
//! for nothing, so a client may go from server to server. To a client that does not ask, events are
//! sent once, when they happen, and they may be lost; it hears of them with the next answer, or of a
//! ping. After each transaction a server looks at all its watches, so their number is bounded: it
//! forgets clients beyond, which costs them nothing but the events that come unasked.

use super::bugs::Bug;
use super::message::{Answer, What};
use super::op::Reply;
use super::state::Watcher;
use super::turn::Turn;
use super::watch::{MAX_WATCHES, Watch, WatchedEvent};
use crate::kv::Service;
use crate::kv::service::Refusal;
use stateright::actor::Id;

/// How many clients with watches a server knows; beyond, it forgets one, and does not send it events
/// unasked until it asks again.
pub const MAX_WATCHERS: usize = 1024;

impl Turn<'_, '_> {
    /// A request told of its client's watches. Those of an earlier request count no more.
    pub(super) fn note_watches(
        &mut self,
        seq: u64,
        watches: Vec<Watch>,
        what: &What,
    ) -> Result<(), Refusal> {
        let src = self.src;
        let known = self.state.watchers.get(&src).cloned();
        if known.as_ref().is_some_and(|known| known.seq > seq) {
            return Ok(());
        }
        let sets = match what {
            What::Read { op, watch: true, .. } => Some(op.request.clone()),
            _ => None,
        };
        let watches = if self.has(Bug::ForgetSetWatches) { Vec::new() } else { watches };
        if watches.len() + usize::from(sets.is_some()) > MAX_WATCHES {
            return Err(Refusal::TooLarge);
        }
        let has_none = watches.is_empty() && sets.is_none() && !self.has(Bug::ForgetSetWatches);
        if has_none {
            if known.is_some() {
                self.state.to_mut().watchers.remove(&src);
            }
            return Ok(());
        }
        if known.is_none() && self.state.watchers.len() >= MAX_WATCHERS {
            self.forget_watcher();
        }
        let watches = watches.into_iter().map(|watch| (watch, false)).collect();
        let noted = Watcher { seq, watches, sets };
        if known.as_ref() != Some(&noted) {
            self.state.to_mut().watchers.insert(src, noted);
        }
        Ok(())
    }

    /// Makes room for another client's watches, of which it hears. A client that is forgotten so is
    /// told nothing unasked any more, until it asks again: many have ended without a word. Those that
    /// were told all they wait for go first, then those that began first, whose ids are smaller.
    fn forget_watcher(&mut self) {
        let is_told = |watcher: &Watcher| watcher.watches.values().all(|sent| *sent);
        let watchers = &mut self.state.to_mut().watchers;
        let told = watchers.iter().find(|(_, watcher)| is_told(watcher));
        let first = told.or(watchers.first_key_value()).map(|(client, _)| *client);
        if let Some(first) = first {
            watchers.remove(&first);
        }
    }

    /// The events that a client is to see before the answer to its request: those of all watches
    /// that the request told of. A read may leave one more watch.
    pub(super) fn events_for(
        &mut self,
        client: Id,
        seq: u64,
        reply: Option<&Reply>,
    ) -> Option<Vec<WatchedEvent>> {
        let mut watcher = self.state.watchers.get(&client).filter(|it| it.seq == seq)?.clone();
        let tree = self.state.tree();
        let set = match (&watcher.sets, reply) {
            (Some(request), Some(reply)) => Watch::of(request, reply, tree.zxid()),
            _ => None,
        };
        watcher.watches.extend(set.map(|watch| (watch, false)));
        watcher.sets = None;
        let events = if self.has(Bug::WatchAfterRead) { Vec::new() } else { watcher.fired(tree) };
        for event in &events {
            watcher.watches.insert(event.watch.clone(), true);
        }
        self.keep(client, watcher);
        Some(events)
    }

    /// Sends the events that have not been sent: to all clients, after the tree has changed, else to
    /// the one that asks.
    pub(super) fn push_events(&mut self, to_all: bool) {
        if self.state.watchers.is_empty() || self.has(Bug::ForgetPush) {
            return;
        }
        let (tree, src) = (self.state.tree(), self.src);
        let news = |watcher: &Watcher| {
            let unsent = watcher.watches.iter().filter(|(_, sent)| !**sent);
            unsent.filter_map(|(watch, _)| tree.fired(watch)).collect::<Vec<_>>()
        };
        let watchers = self.state.watchers.iter().filter(|(client, _)| to_all || **client == src);
        let fired = watchers.map(|(client, watcher)| (*client, news(watcher)));
        for (client, events) in fired.filter(|(_, events)| !events.is_empty()).collect::<Vec<_>>() {
            if let Some(watcher) = self.state.to_mut().watchers.get_mut(&client) {
                watcher.watches.extend(events.iter().map(|it| (it.watch.clone(), true)));
            }
            self.send(client, Service::Reply { seq: 0, reply: Answer::Events(events) });
        }
    }

    /// Keeps a client's watches, if it has any.
    fn keep(&mut self, client: Id, watcher: Watcher) {
        if self.state.watchers.get(&client) == Some(&watcher) {
            return;
        }
        let watchers = &mut self.state.to_mut().watchers;
        if watcher.watches.is_empty() {
            watchers.remove(&client);
        } else {
            watchers.insert(client, watcher);
        }
    }
}
