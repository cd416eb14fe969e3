//! New ids for clients, made by the servers.
//!
//! A client's id is a position, 16 random bits, and the server that made it. Positions grow with
//! the log: a new one lies above all that the server made before, in this life or an earlier one,
//! and above the ids of all clients that its state knows of. That is what the session table rests
//! on (`models::kv::Sessions`): it refuses new clients below those that it has evicted, so the ids
//! of clients that come later must be greater, whatever any clock says. The random bits keep ids
//! apart where a server's disk was replaced and it has made ids that nobody used.

use super::address::number;
use super::data_dir::replace;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

const FILE: &str = "clients.toml";

/// Where the position begins in an id, and where the random bits.
const POSITION: u32 = 22;
const RANDOM: u32 = 6;
/// The first position: its ids are the first that are clients'.
const FIRST: u64 = 1 << (32 - POSITION);
/// The first position too many. (The last one is left out: see `ANONYMOUS`.)
const END: u64 = (1 << (64 - POSITION)) - 1;
/// So many positions are taken from the disk at a time.
const BLOCK: u64 = 1024;

/// What a node remembers of the ids that it made cannot be read.
#[derive(Debug, Error)]
pub enum MintError {
    /// The operating system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// It is damaged.
    #[error("{} is corrupt: {reason}; restore it from this very node", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// In what way.
        reason: String,
    },
}

/// `clients.toml`. Numbers in full 64 bits do not fit TOML, so it is hexadecimal text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// All positions below may have been used.
    reserved: String,
}

/// Makes ids.
pub(super) struct Mint {
    dir: PathBuf,
    server: u64,
    next: u64,
    reserved: u64,
}

impl Mint {
    /// That of the server whose data directory is `dir`.
    pub(super) fn open(dir: &Path, server: Id) -> Result<Self, MintError> {
        let path = dir.join(FILE);
        let reserved = match std::fs::read_to_string(&path) {
            // A server that has made no id yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => FIRST,
            Err(source) => return Err(MintError::Io { path, source }),
            Ok(text) => parse(&text).map_err(|reason| MintError::Corrupt { path, reason })?,
        };
        Ok(Self { dir: dir.into(), server: number(server), next: reserved, reserved })
    }

    /// A new id, above `newest`.
    pub(super) fn id(&mut self, newest: Option<Id>) -> io::Result<Id> {
        let above = newest.map_or(FIRST, |newest| (number(newest) >> POSITION) + 1);
        let position = self.next.max(above);
        if position >= END {
            return Err(io::Error::other("the ids of clients are used up"));
        }
        if position >= self.reserved {
            let reserved = (position + BLOCK).min(END);
            self.store(reserved)?;
            self.reserved = reserved;
        }
        self.next = position + 1;
        let random = u64::from(rand::random::<u16>());
        Ok(Id::from((position << POSITION | random << RANDOM | self.server) as usize))
    }

    fn store(&self, reserved: u64) -> io::Result<()> {
        let stored = Stored { reserved: format!("{reserved:016x}") };
        let text = toml::to_string(&stored).map_err(io::Error::other)?;
        replace(&self.dir, FILE, &text)
    }
}

fn parse(text: &str) -> Result<u64, String> {
    let stored: Stored = toml::from_str(text).map_err(|error| error.to_string())?;
    let reserved = u64::from_str_radix(&stored.reserved, 16).map_err(|error| error.to_string())?;
    if (FIRST..=END).contains(&reserved) {
        Ok(reserved)
    } else {
        Err(format!("{reserved:x} is no position"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::is_client;
    use super::*;

    fn mint(dir: &Path, server: usize) -> Mint {
        Mint::open(dir, Id::from(server)).unwrap()
    }

    #[test]
    fn ids_are_clients_and_grow_through_restarts_and_above_what_the_state_knows() {
        let dir = tempfile::tempdir().unwrap();
        let mut last = Id::from(0);
        let mut next = |mint: &mut Mint, newest| {
            let id = mint.id(newest).unwrap();
            assert!(is_client(id) && id > last, "{id:?} {last:?}");
            last = id;
            id
        };
        for _ in 0..3 {
            let mut mint = mint(dir.path(), 2);
            for _ in 0..BLOCK + 2 {
                next(&mut mint, None);
            }
        }
        let mut mint = mint(dir.path(), 2);
        let newest = Id::from(usize::from(next(&mut mint, None)) + (5000 << POSITION));
        assert!(next(&mut mint, Some(newest)) > newest);
        assert!(next(&mut mint, None) > newest, "it does not fall back");
    }

    #[test]
    fn servers_that_know_the_same_make_different_ids() {
        let dirs = [0, 1].map(|_| tempfile::tempdir().unwrap());
        let [mut a, mut b] = [mint(dirs[0].path(), 0), mint(dirs[1].path(), 63)];
        for _ in 0..1000 {
            assert_ne!(a.id(None).unwrap(), b.id(None).unwrap());
        }
    }

    #[test]
    fn ids_that_are_used_up_and_a_damaged_file_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let last = Id::from(((END - 1) << POSITION) as usize);
        assert!(mint(dir.path(), 0).id(Some(last)).is_err());
        for text in [
            "",
            "reserved = 3",
            "reserved = \"x\"",
            "reserved = \"0\"",
            "reserved = \"ffffffffffffffff\"",
        ] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            let error = Mint::open(dir.path(), Id::from(0)).err();
            assert!(matches!(error, Some(MintError::Corrupt { .. })), "{text}");
        }
    }
}
