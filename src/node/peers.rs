//! The other servers' lives: a server that comes back without its disk, or with an old copy of it,
//! is refused.
//!
//! The model assumes that a node comes back with what was durable. A node whose data directory was
//! formatted again has forgotten what it promised, but answers to its old id. So every data
//! directory has an **incarnation**, a random number drawn when it is formatted, and an **age**,
//! raised at each start and now and then while it is used; each datagram between servers carries
//! both ([`Life`]). A server remembers, on its disk, the incarnation under which it first heard
//! each other server and how old it was last, and from then on drops what comes from that server
//! under another one, or from a younger one: an old copy of the directory, or a late datagram.
//!
//! An operator may say, at each of the servers, that a new incarnation is to be listened to
//! ([`readmit`]), which must have been formatted for a newcomer. Whether that is safe is the
//! protocol's to say ([`Deploy::readmission`](quorate_models::Deploy::readmission)).
//!
//! A refused server receives the refusal, and stops, or waits to be readmitted if it is a newcomer;
//! servers that lost their disks at once and remember nobody wait for the word of one that does
//! (`runtime/greeting.rs`). If none can be heard in time, they take each other for a new cluster,
//! and together they may be a majority.
//!
//! One case is not detected: a copy of a data directory that was made after the others last heard
//! that it grew older, which it does every ten minutes while it is written to.

use super::data_dir::replace;
use super::life::Life;
use super::notices::Rate;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use thiserror::Error;

const FILE: &str = "peers.toml";
/// How long a server must have been heard from an old copy only before an operator is informed: a
/// late datagram is no copy.
const LATE: Duration = Duration::from_secs(1);

/// What a node remembers of the other servers cannot be read or written.
#[derive(Debug, Error)]
pub enum PeersError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// It is damaged.
    #[error(
        "{} is corrupt: {reason}; restore it from this very node, or remove it if no server of \
         the cluster was ever formatted again", path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// In what way.
        reason: String,
    },
}

/// `peers.toml`. Numbers in full 64 bits do not fit TOML, so a life is text: the incarnation,
/// hexadecimal, the age and the run, if those were known then.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default)]
    incarnations: BTreeMap<String, String>,
}

impl Stored {
    fn lives(&self) -> Option<BTreeMap<usize, Life>> {
        let parse = |(id, text): (&String, &String)| {
            let mut words = text.split(' ');
            let life = Life::of_word(u64::from_str_radix(words.next()?, 16).ok()?);
            let age = words.next().map_or(Some(0), |age| age.parse().ok())?;
            let run = words.next().map_or(Some(0), |run| run.parse().ok())?;
            Some((id.parse().ok()?, life.at(age, run)))
        };
        self.incarnations.iter().map(parse).collect()
    }

    fn of(lives: &BTreeMap<usize, Life>) -> Self {
        let text = |life: &Life| format!("{} {} {}", life.incarnation(), life.age, life.run);
        Self { incarnations: lives.iter().map(|(id, life)| (id.to_string(), text(life))).collect() }
    }
}

/// The other servers' lives.
pub(super) struct Peers {
    dir: PathBuf,
    known: BTreeMap<usize, Life>,
    /// Since when a server is heard from an old copy of its directory only.
    old: BTreeMap<usize, Instant>,
    /// How often to look whether an operator readmitted a server that is refused.
    looks: Rate,
    warnings: Rate,
}

impl Peers {
    /// Those that the node whose data directory is `dir` remembers.
    pub(super) fn open(dir: &Path) -> Result<Self, PeersError> {
        let path = dir.join(FILE);
        let stored = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stored::default(),
            Err(source) => return Err(PeersError::Io { path, action: "read", source }),
            Ok(text) => toml::from_str(&text).map_err(|error| PeersError::Corrupt {
                path: path.clone(),
                reason: error.to_string(),
            })?,
        };
        let known = stored.lives().ok_or_else(|| {
            let reason = "an incarnation is not `id = \"hexadecimal number, age, run\"`".into();
            PeersError::Corrupt { path, reason }
        })?;
        Ok(Self {
            dir: dir.into(),
            known,
            old: BTreeMap::new(),
            looks: Rate::new(10, Duration::from_secs(1)),
            warnings: Rate::new(1, Duration::from_secs(30)),
        })
    }

    /// Whether to listen to `peer` in the life that this word encodes. A new life is remembered,
    /// durably, before anything is taken from it.
    pub(super) fn admits(&mut self, peer: Id, word: u64) -> bool {
        let life = Life::of_word(word);
        let Some(known) = self.known.get(&usize::from(peer)).copied() else {
            return self.remember(peer, life, "the server is heard for the first time");
        };
        if !known.same_directory(life) {
            return self.admits_another(peer, life);
        }
        if life.age < known.age || life.age == known.age && life.run != known.run {
            self.suspect_copy(peer);
            return false;
        }
        if !self.old.is_empty() {
            self.old.remove(&usize::from(peer));
        }
        life == known || self.remember(peer, life, "the server is older")
    }

    /// A server has another directory than before: only if it is a newcomer's, and an operator said
    /// that it may return.
    fn admits_another(&mut self, peer: Id, life: Life) -> bool {
        let is_readmitted = life.newcomer
            && self.looks.allow(Instant::now()).is_some()
            && take_readmission(&self.dir, peer);
        if is_readmitted {
            return self.remember(peer, life, "an operator readmitted the server");
        }
        if let Some(left_out) = self.warnings.allow(Instant::now()) {
            let server = usize::from(peer);
            let advice = if life.newcomer {
                "run `quorate readmit` here to let it return as a newcomer"
            } else {
                "start it on the directory that it had, or, if that is lost, see `quorate readmit \
                 --help`"
            };
            tracing::warn!(
                server,
                left_out,
                "server {server} has another data directory than before, so it has forgotten what \
                 it promised, and is refused: {advice}"
            );
        }
        false
    }

    /// A server speaks as it did when it was younger.
    fn suspect_copy(&mut self, peer: Id) {
        let (server, now) = (usize::from(peer), Instant::now());
        let since = *self.old.entry(server).or_insert(now);
        if now.saturating_duration_since(since) > LATE
            && let Some(left_out) = self.warnings.allow(now)
        {
            tracing::warn!(
                server,
                left_out,
                "server {server} runs on an old copy of its data directory, so it has forgotten \
                 what it promised since, and is refused: start it on the directory that it had, \
                 or, if that is lost, see `quorate readmit --help`"
            );
        }
    }

    fn remember(&mut self, peer: Id, life: Life, why: &str) -> bool {
        let before = self.known.insert(usize::from(peer), life);
        match self.store() {
            Ok(()) => {
                let (server, incarnation) = (usize::from(peer), life.incarnation());
                tracing::info!(server, incarnation, age = life.age, "{why}");
                true
            }
            Err(error) => {
                // Not remembered, so not heard: the next datagram tries again.
                match before {
                    Some(before) => self.known.insert(usize::from(peer), before),
                    None => self.known.remove(&usize::from(peer)),
                };
                if self.warnings.allow(Instant::now()).is_some() {
                    tracing::error!(%error, "cannot remember the incarnation of a server");
                }
                false
            }
        }
    }

    fn store(&self) -> io::Result<()> {
        let text = toml::to_string(&Stored::of(&self.known)).map_err(io::Error::other)?;
        replace(&self.dir, FILE, &text)
    }
}

fn readmission(dir: &Path, peer: Id) -> PathBuf {
    dir.join(format!("readmit-{}", usize::from(peer)))
}

/// Whether an operator said that `peer` may return, once.
fn take_readmission(dir: &Path, peer: Id) -> bool {
    std::fs::remove_file(readmission(dir, peer)).is_ok()
}

/// Says to the node whose data directory is `dir`, which may be running, that the server `peer` may
/// return under a new incarnation, once.
pub fn readmit(dir: &Path, peer: Id) -> Result<(), PeersError> {
    let path = readmission(dir, peer);
    File::create(&path).and_then(|file| file.sync_all()).map_err(|source| PeersError::Io {
        path,
        action: "create",
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: usize = 2;

    /// Of the run that is numbered as the age.
    fn word(directory: u64, newcomer: bool, age: u32) -> u64 {
        Life::new(directory << 40, newcomer, age, age as u16).word()
    }

    fn admits(peers: &mut Peers, word: u64) -> bool {
        peers.admits(Id::from(PEER), word)
    }

    #[test]
    fn another_incarnation_is_refused_through_restarts_until_it_is_readmitted_once() {
        let dir = tempfile::tempdir().unwrap();
        let [first, new, newer] = [word(7, false, 1), word(8, true, 1), word(9, true, 1)];
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(admits(&mut peers, first) && admits(&mut peers, first) && !admits(&mut peers, new));
        assert!(peers.admits(Id::from(1), new), "another server is another matter");
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(!admits(&mut peers, new) && admits(&mut peers, first));
        readmit(dir.path(), Id::from(PEER)).unwrap();
        assert!(!admits(&mut peers, word(8, false, 1)), "it would start as for the first time");
        assert!(admits(&mut peers, new));
        assert!(!admits(&mut peers, first) && !admits(&mut peers, newer));
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(admits(&mut peers, new) && !admits(&mut peers, first));
    }

    #[test]
    fn an_old_copy_is_refused_through_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!([1, 2, 5, 5].iter().all(|age| admits(&mut peers, word(7, false, *age))));
        let copy = Life::new(7 << 40, false, 5, 4).word();
        assert!(!admits(&mut peers, copy), "it came to this age in another run");
        assert!(!admits(&mut peers, word(7, false, 4)));
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(!admits(&mut peers, word(7, false, 4)) && admits(&mut peers, word(7, false, 5)));
        readmit(dir.path(), Id::from(PEER)).unwrap();
        assert!(!admits(&mut peers, word(7, false, 4)), "a copy is no newcomer");
    }

    #[test]
    fn an_incarnation_that_was_remembered_without_its_age_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let directory = 0x0123_4567_89ab_cdef;
        let text = format!("[incarnations]\n{PEER} = \"{directory:016x}\"");
        std::fs::write(dir.path().join(FILE), text).unwrap();
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(admits(&mut peers, Life::new(directory, false, 1, 3).word()));
    }

    #[test]
    fn a_damaged_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        for text in [
            "incarnations = 3",
            "[incarnations]\n1 = \"x\"",
            "[incarnations]\nx = \"1\"",
            "[incarnations]\n1 = \"1 x\"",
        ] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            assert!(matches!(Peers::open(dir.path()), Err(PeersError::Corrupt { .. })), "{text}");
        }
    }
}
