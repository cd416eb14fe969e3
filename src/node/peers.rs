//! The other servers' incarnations: a server that comes back without its disk is refused.
//!
//! The model assumes that a node comes back with what was durable. A node whose data directory was
//! formatted again has forgotten what it promised, but answers to its old id. So every data
//! directory has an **incarnation**, a random number drawn when it is formatted, which each datagram
//! between servers carries. A server remembers, on its disk, the incarnation under which it first
//! heard each other server, and from then on drops what comes from that server under another one.
//!
//! An operator may say, at each of the servers, that a new incarnation is to be listened to
//! ([`readmit`]). Whether that is safe is the protocol's to say
//! ([`Deployable::readmission`](super::Deployable::readmission)).
//!
//! What this cannot tell: two servers that were both formatted again take each other for new, as a
//! directory that was just formatted remembers nobody; together they may be a majority. And an old copy of a data directory has the incarnation of the directory that
//! it was copied from, so whoever restores a backup of a data directory puts a node back in time
//! unnoticed.

use super::durable_file;
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

/// `peers.toml`. Numbers in full 64 bits do not fit TOML, so they are hexadecimal text.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default)]
    incarnations: BTreeMap<String, String>,
}

/// The other servers' incarnations.
pub(super) struct Peers {
    dir: PathBuf,
    known: BTreeMap<usize, u64>,
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
        let known = (stored.incarnations.iter())
            .map(|(id, incarnation)| {
                Some((id.parse().ok()?, u64::from_str_radix(incarnation, 16).ok()?))
            })
            .collect::<Option<_>>();
        let known = known.ok_or_else(|| {
            let reason = "an incarnation is not `id = \"hexadecimal number\"`".into();
            PeersError::Corrupt { path, reason }
        })?;
        Ok(Self {
            dir: dir.into(),
            known,
            looks: Rate::new(10, Duration::from_secs(1)),
            warnings: Rate::new(1, Duration::from_secs(30)),
        })
    }

    /// Whether to listen to `peer` under that incarnation. The first one is remembered, durably,
    /// before anything is taken from it.
    pub(super) fn admits(&mut self, peer: Id, incarnation: u64) -> bool {
        match self.known.get(&usize::from(peer)) {
            Some(known) if *known == incarnation => true,
            None => self.remember(peer, incarnation, "the server is heard for the first time"),
            Some(_) => {
                let is_readmitted =
                    self.looks.allow(Instant::now()).is_some() && take_readmission(&self.dir, peer);
                if is_readmitted {
                    return self.remember(peer, incarnation, "an operator readmitted the server");
                }
                self.warn(peer);
                false
            }
        }
    }

    fn remember(&mut self, peer: Id, incarnation: u64, why: &str) -> bool {
        let before = self.known.insert(usize::from(peer), incarnation);
        match self.store() {
            Ok(()) => {
                let (server, incarnation) = (usize::from(peer), format!("{incarnation:016x}"));
                tracing::info!(server, incarnation, "{why}");
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
        let incarnations = (self.known.iter())
            .map(|(id, incarnation)| (id.to_string(), format!("{incarnation:016x}")))
            .collect();
        let text = toml::to_string(&Stored { incarnations }).map_err(io::Error::other)?;
        durable_file::replace(&self.dir, FILE, &text)
    }

    fn warn(&mut self, peer: Id) {
        if let Some(left_out) = self.warnings.allow(Instant::now()) {
            let server = usize::from(peer);
            tracing::warn!(
                server,
                left_out,
                "server {server} has another data directory than before, so it has forgotten what \
                 it promised, and is refused: start it on the directory that it had, or, if that \
                 is lost, see `quorate readmit --help`"
            );
        }
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

    #[test]
    fn another_incarnation_is_refused_through_restarts_until_it_is_readmitted_once() {
        let dir = tempfile::tempdir().unwrap();
        let peer = Id::from(2);
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(peers.admits(peer, 7) && peers.admits(peer, 7) && !peers.admits(peer, 8));
        assert!(peers.admits(Id::from(1), 8), "another server is another matter");
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(!peers.admits(peer, 8) && peers.admits(peer, 7));
        readmit(dir.path(), peer).unwrap();
        assert!(peers.admits(peer, 8) && !peers.admits(peer, 7) && !peers.admits(peer, 9));
        let mut peers = Peers::open(dir.path()).unwrap();
        assert!(peers.admits(peer, 8) && !peers.admits(peer, 7));
    }

    #[test]
    fn a_damaged_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["incarnations = 3", "[incarnations]\n1 = \"x\"", "[incarnations]\nx = \"1\""] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            assert!(matches!(Peers::open(dir.path()), Err(PeersError::Corrupt { .. })), "{text}");
        }
    }
}
