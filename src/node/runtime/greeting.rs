//! Greetings: servers say to each other whether they listen to each other.
//!
//! A server greets the others when it starts. A server that does not listen to it, because it knows
//! another life of it, says so, and the refused server stops rather than do harm among those that
//! know no better. On a directory that was never started on, it waits for the others' answers
//! first: if it was formatted where a directory was lost, one of them remembers. So several servers
//! that lost their directories at once do not take each other for a new cluster, as long as one of
//! the others can be heard within [`GRACE`]. On any other directory it waits a moment ([`MOMENT`]),
//! which is long enough for a server that is up to say that the directory is an old copy.

use super::{Node, Runnable, Stop};
use crate::node::endpoint::Incoming;
use crate::node::error::NodeError;
use crate::node::frame::Greeting;
use stateright::actor::Id;
use std::time::{Duration, Instant};

/// How long a server waits for the others on a directory that was never started on.
const GRACE: Duration = Duration::from_secs(2);
/// How long a server waits for the others at any other start.
const MOMENT: Duration = Duration::from_millis(100);
/// How often it greets those that did not answer yet.
const AGAIN: Duration = Duration::from_millis(100);

impl<A: Runnable> Node<A> {
    /// Greets the others, and waits for their answers, on a new directory for long.
    pub(super) fn get_acquainted(&mut self, stop: &Stop, is_new: bool) -> Result<(), NodeError> {
        let begin = Instant::now();
        let patience = if is_new { GRACE } else { MOMENT };
        let mut greeted = None;
        loop {
            let strangers = self.strangers();
            if greeted.is_none_or(|at: Instant| at.elapsed() >= AGAIN) {
                strangers.iter().for_each(|other| self.endpoint.greet(*other, Greeting::Hello));
                greeted = Some(Instant::now());
            }
            let late = begin.elapsed() >= patience;
            if strangers.is_empty() || late || stop.is_stopped() {
                if late && is_new {
                    let silent: Vec<_> = strangers.into_iter().map(usize::from).collect();
                    tracing::warn!(
                        ?silent,
                        "the node starts for the first time, and some servers did not answer \
                         whether they know another data directory of it"
                    );
                }
                return self.stop_if_refused();
            }
            if let Incoming::Greeting(src, life, greeting) =
                self.endpoint.receive::<A::Msg>(MOMENT / 4)
            {
                self.on_greeting(src, life, greeting);
                self.stop_if_refused()?;
            }
        }
    }

    /// The others that did not say yet that they listen to this server.
    fn strangers(&self) -> Vec<Id> {
        let servers = self.endpoint.book.servers().map(|(id, _)| id);
        servers.filter(|id| *id != self.id && !self.listening.contains(id)).collect()
    }

    pub(super) fn on_greeting(&mut self, src: Id, life: u64, greeting: Greeting) {
        let own = self.data.life().word();
        match greeting {
            Greeting::Hello => self.endpoint.greet(src, Greeting::Known(life)),
            Greeting::Known(word) if word == own => {
                self.listening.insert(src);
            }
            Greeting::Refused(word) if word == own => self.refused_by = Some(src),
            // It was said to an earlier life.
            Greeting::Known(_) | Greeting::Refused(_) => {}
        }
    }

    /// A newcomer waits to be readmitted; any other server has no business where it is refused.
    pub(super) fn stop_if_refused(&mut self) -> Result<(), NodeError> {
        let Some(by) = self.refused_by.take().map(usize::from) else { return Ok(()) };
        if !self.data.is_newcomers() {
            return Err(NodeError::Refused { by, data: self.data.path().into() });
        }
        if self.complaints.allow(Instant::now()).is_some() {
            let me = usize::from(self.id);
            tracing::warn!("server {by} does not listen yet: run `quorate readmit {me}` there");
        }
        Ok(())
    }
}
