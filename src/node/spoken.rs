//! Which release of the wire to speak to each server.
//!
//! To a server that was not heard yet everything is sent in both releases: what both arrive is a
//! duplicate, which the model allows. From then on it is spoken to in the newest release that it was
//! heard in, since it started. A server that was heard in the previous release only may have taken
//! this end for an older one, if the datagrams in the newer one were lost: now and then it is spoken to
//! in both once more.

use super::frame::Release;
use super::notices::Rate;
use stateright::actor::Id;
use std::time::{Duration, Instant};

/// How often a server that seems to be of the previous release is tried in the newer one.
const TRY: Duration = Duration::from_secs(5);
/// After more requests than these to a server and for so long without a word from it a client no longer
/// relies on what it heard: the server may have been started again as one of the previous release.
const UNHEARD: (u32, Duration) = (2, Duration::from_secs(1));

/// What was heard from a server.
#[derive(Clone, Copy)]
struct Heard {
    /// Since when it runs, in whatever way the caller tells that.
    run: u64,
    release: Release,
    /// How often it was asked since it was heard last, and when the first of these times was.
    unheard: Option<(u32, Instant)>,
}

/// The releases that servers speak.
pub(super) struct Spoken {
    newest: Release,
    heard: Vec<Option<Heard>>,
    tries: Rate,
}

impl Spoken {
    /// Of so many servers, at an end that speaks releases up to `newest`.
    pub(super) fn new(newest: Release, servers: usize) -> Self {
        let tries = Rate::new(servers.max(1) as u32, TRY);
        Self { newest, heard: vec![None; servers], tries }
    }

    /// The release to speak to a server.
    pub(super) fn to(&self, server: Id) -> Release {
        let heard = self.heard.get(usize::from(server)).copied().flatten();
        heard.map_or(self.newest, |heard| heard.release.min(self.newest))
    }

    /// The other release, where it must be spoken as well.
    pub(super) fn also(&mut self, server: Id) -> Option<Release> {
        if self.newest == Release::Previous {
            return None;
        }
        match self.heard.get(usize::from(server)).copied().flatten() {
            None => Some(Release::Previous),
            Some(Heard { release: Release::Current, .. }) => None,
            Some(_) => self.tries.allow(Instant::now()).map(|_| Release::Current),
        }
    }

    /// A server was heard, which runs since then.
    pub(super) fn hear(&mut self, server: Id, run: u64, release: Release) {
        if let Some(heard) = self.heard.get_mut(usize::from(server)) {
            let before = heard.filter(|before| before.run == run).map(|before| before.release);
            let release = before.map_or(release, |before| before.max(release));
            *heard = Some(Heard { run, release, unheard: None });
        }
    }

    /// A client asks a server.
    pub(super) fn ask(&mut self, server: Id, now: Instant) {
        let Some(known) = self.heard.get_mut(usize::from(server)) else { return };
        let Some(heard) = known else { return };
        let (asked, since) = heard.unheard.unwrap_or((0, now));
        heard.unheard = Some((asked.saturating_add(1), since));
        if asked >= UNHEARD.0 && now.saturating_duration_since(since) > UNHEARD.1 {
            *known = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Release::{Current, Previous};

    const SERVER: usize = 1;

    fn to(spoken: &mut Spoken) -> (Release, Option<Release>) {
        (spoken.to(Id::from(SERVER)), spoken.also(Id::from(SERVER)))
    }

    #[test]
    fn a_server_is_spoken_to_in_both_until_it_is_heard_and_then_in_the_newest_that_it_speaks() {
        let mut spoken = Spoken::new(Current, 2);
        assert_eq!(to(&mut spoken), (Current, Some(Previous)));
        spoken.hear(Id::from(0), 7, Previous);
        assert_eq!(to(&mut spoken), (Current, Some(Previous)), "that was another server");
        spoken.hear(Id::from(SERVER), 7, Current);
        spoken.hear(Id::from(SERVER), 7, Previous);
        assert_eq!(to(&mut spoken), (Current, None), "a late datagram changes nothing");
        spoken.hear(Id::from(SERVER), 8, Previous);
        assert_eq!(spoken.to(Id::from(SERVER)), Previous, "it was started again as an older one");
        spoken.hear(Id::from(9), 7, Previous);
    }

    #[test]
    fn a_server_that_seems_older_is_tried_now_and_then() {
        let mut spoken = Spoken::new(Current, 2);
        spoken.hear(Id::from(SERVER), 7, Previous);
        let tries = (0..100).filter(|_| to(&mut spoken) == (Previous, Some(Current))).count();
        assert_eq!(tries, 2, "as many as there are servers");
    }

    #[test]
    fn a_client_that_is_not_answered_speaks_both_again() {
        let mut spoken = Spoken::new(Current, 2);
        let (now, later) = (Instant::now(), Instant::now() + UNHEARD.1 * 2);
        spoken.hear(Id::from(SERVER), 0, Current);
        let ask = |spoken: &mut Spoken, at| spoken.ask(Id::from(SERVER), at);
        (0..100).for_each(|_| ask(&mut spoken, now));
        assert_eq!(to(&mut spoken), (Current, None), "much is under way");
        spoken.hear(Id::from(SERVER), 0, Current);
        [now, later].into_iter().for_each(|at| ask(&mut spoken, at));
        assert_eq!(to(&mut spoken), (Current, None), "it asks seldom");
        // Another server's answers say nothing of this one.
        spoken.hear(Id::from(0), 0, Current);
        ask(&mut spoken, later);
        assert_eq!(to(&mut spoken), (Current, Some(Previous)));
    }

    #[test]
    fn the_previous_release_alone_is_spoken_to_everybody() {
        let mut spoken = Spoken::new(Previous, 2);
        assert_eq!(to(&mut spoken), (Previous, None));
        spoken.hear(Id::from(SERVER), 0, Current);
        assert_eq!(to(&mut spoken), (Previous, None));
    }
}
