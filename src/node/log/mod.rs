//! The log: what a node saved, on disk before anything that depends on it is sent.
//!
//! A node appends one checksummed record per batch of handlers and syncs it; at start it folds the
//! records. After each sync a **mark** of the synced length is written, which tells the two kinds
//! of a damaged end apart: behind the mark lies what was being written when the node died, of which
//! nobody has heard, and it is cut off; before the mark lies what the node has promised to others,
//! and if any of that is gone the node must not start, for it would break its promises.
//!
//! The mark is written after the sync that it attests and reaches the disk with the next one: it is
//! never ahead of the data, and after a power failure at most one record behind it.
//!
//! When the log has outgrown the state that it folds to, it is rewritten as that state alone, into
//! a new file that then replaces it.

mod layout;
#[cfg(test)]
mod tests;

pub(super) use layout::Owner;

use layout::{Header, RECORD_HEAD, RECORDS, Turn};
use quorate_models::Durable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

const FILE: &str = "log";
const NEW_FILE: &str = "log.new";

/// A log is not rewritten before it has this size.
const SMALL: u64 = 4 << 20;

/// How much of a log is written again at a time, in bytes.
const CHUNK: usize = 1 << 20;

/// What is wrong with a log.
#[derive(Debug, Error)]
pub enum LogError {
    /// The operating system refused.
    #[error("cannot {action} the log {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// There is none.
    #[error("the log {} is missing: {LOST}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{} is not a log of this program: {LOST}", path.display())]
    Alien {
        /// The file.
        path: PathBuf,
    },
    /// It was written by another version.
    #[error(
        "the log {} has format version {found}, this program reads version {}: \
         run the version that wrote it", path.display(), layout::VERSION
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It was written by another node, or in another data directory.
    #[error("the log {} belongs to another data directory: put the right one back", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Its header or both its marks are damaged, so nothing tells what it should hold.
    #[error("the header of the log {} is corrupt: {LOST}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
    },
    /// What was synced is not all there.
    #[error(
        "the log {} is corrupt at byte {at}, within the {synced} bytes that were synced: {LOST}",
        path.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
        /// Up to where it is good.
        at: u64,
        /// Up to where it was synced.
        synced: u64,
    },
    /// A whole record does not decode.
    #[error(
        "the record at byte {at} of the log {} is whole but of another shape: \
         run the version that wrote it", path.display()
    )]
    Undecodable {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
    /// What is to be saved has no encoding.
    #[error("what is to be saved in the log {} cannot be encoded", path.display())]
    Unencodable {
        /// The file.
        path: PathBuf,
    },
    /// What is to be saved is longer than a record may be.
    #[error(
        "what is to be saved at once in the log {} takes {len} bytes, and a record holds {longest} \
         at most; nothing was written, and the log is as it was. The state has outgrown what one \
         node can take over: delete keys, or share them among several clusters", path.display()
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        len: usize,
        /// The most.
        longest: u32,
    },
}

/// What to do when a log has lost something.
const LOST: &str = "this node has promised to others what it no longer knows, so it must not \
                    start; recover the data directory from this very disk, or treat the node as \
                    failed for ever (a newly formatted directory under its id, or an old copy, \
                    would break the protocol)";

/// An open log, and the fold of all that is in it.
pub(super) struct Log<S> {
    dir: PathBuf,
    file: File,
    owner: Owner,
    /// Where the next record goes; all before is synced.
    end: u64,
    turn: Turn,
    image: Option<S>,
    /// The least size at which a rewrite is worth its cost.
    small: u64,
    /// The size at which to consider one.
    rewrite_at: u64,
    /// The most bytes that a record may hold.
    longest: u32,
}

/// Makes an empty log in `dir`.
pub(super) fn create(dir: &Path, owner: &Owner) -> Result<(), LogError> {
    let path = dir.join(FILE);
    write_new(&path, owner, None).map(drop).map_err(failed(&path, "create"))
}

impl<S: Durable + Serialize + DeserializeOwned> Log<S> {
    /// Opens the log in `dir`, which must be `owner`'s, and folds it.
    pub(super) fn open(dir: &Path, owner: &Owner) -> Result<Self, LogError> {
        let path = dir.join(FILE);
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LogError::Missing { path });
            }
            other => other.map_err(failed(&path, "open"))?,
        };
        match layout::read_header(&mut file).map_err(failed(&path, "read"))? {
            Header::Good(found) if found == *owner => {}
            Header::Good(_) => return Err(LogError::Foreign { path }),
            Header::Alien => return Err(LogError::Alien { path }),
            Header::Version(found) => return Err(LogError::Version { path, found }),
            Header::Damaged => return Err(LogError::Header { path }),
        }
        let Some((turn, synced)) = layout::read_marks(&mut file).map_err(failed(&path, "read"))?
        else {
            return Err(LogError::Header { path });
        };
        let len = file.metadata().map_err(failed(&path, "read"))?.len();
        let (end, image) = fold(&mut file, &path, len)?;
        if end < synced {
            return Err(LogError::Lost { path, at: end, synced });
        }
        if end < len {
            let lost = len - end;
            tracing::warn!(path = %path.display(), bytes = lost, "cut off what was never synced");
            file.set_len(end).map_err(failed(&path, "truncate"))?;
        }
        write_again(&mut file, synced..end).map_err(failed(&path, "write to"))?;
        // A rewrite that was not finished has replaced nothing.
        match std::fs::remove_file(dir.join(NEW_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&dir.join(NEW_FILE), "remove")(error));
            }
            _ => {}
        }
        let small = SMALL;
        let mut log = Self {
            dir: dir.into(),
            file,
            owner: *owner,
            end,
            turn,
            image,
            small,
            rewrite_at: small,
            longest: layout::LONGEST,
        };
        // What the node starts from must be on the disk.
        log.sync().map_err(failed(&path, "sync"))?;
        Ok(log)
    }

    /// All that was saved, folded.
    #[expect(clippy::ref_option, reason = "what `Actor::on_start` takes")]
    pub(super) fn image(&self) -> &Option<S> {
        &self.image
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.end
    }

    /// Appends one record and syncs it. One that is too long is refused before anything is written.
    /// After any other error it is not known what is on the disk, and the log must be dropped (a
    /// second sync may report success for pages that were lost).
    pub(super) fn append(&mut self, deltas: Vec<S>) -> Result<(), LogError> {
        let path = self.dir.join(FILE);
        let payload = self.encode(&deltas)?;
        let head = layout::record_head(self.end, &payload);
        let written = (self.file.seek(SeekFrom::Start(self.end)))
            .and_then(|_| self.file.write_all(&[head.as_slice(), &payload].concat()));
        written.map_err(failed(&path, "write to"))?;
        self.end += RECORD_HEAD + payload.len() as u64;
        self.sync().map_err(failed(&path, "sync"))?;
        for delta in deltas {
            S::fold(&mut self.image, delta);
        }
        if self.end > self.rewrite_at { self.rewrite() } else { Ok(()) }
    }

    /// The payload of a record.
    fn encode(&self, deltas: &[S]) -> Result<Vec<u8>, LogError> {
        let path = || self.dir.join(FILE);
        let payload =
            postcard::to_stdvec(deltas).map_err(|_| LogError::Unencodable { path: path() })?;
        let (len, longest) = (payload.len(), self.longest);
        if len > longest as usize {
            return Err(LogError::TooLong { path: path(), len, longest });
        }
        Ok(payload)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.turn = layout::write_mark(&mut self.file, self.turn, self.end)?;
        Ok(())
    }

    /// Replaces the log by its fold, if that is half as long at most. A fold that is too long for a
    /// record does no harm: all is in the log as it is.
    fn rewrite(&mut self) -> Result<(), LogError> {
        let path = self.dir.join(FILE);
        let Some(image) = &self.image else { return Ok(()) };
        let payload = match self.encode(std::slice::from_ref(image)) {
            Err(LogError::TooLong { len, longest, .. }) => {
                let path = path.display();
                tracing::warn!(%path, len, longest, "cannot rewrite the log: its state is too long");
                self.rewrite_at = self.end.saturating_mul(2);
                return Ok(());
            }
            other => other?,
        };
        self.rewrite_at = self.small.max(2 * payload.len() as u64);
        if self.end <= self.rewrite_at {
            return Ok(());
        }
        let new = self.dir.join(NEW_FILE);
        let before = self.end;
        let (file, turn, end) =
            write_new(&new, &self.owner, Some(&payload)).map_err(failed(&new, "write"))?;
        std::fs::rename(&new, &path).map_err(failed(&new, "rename"))?;
        sync_dir(&self.dir).map_err(failed(&path, "sync the directory of"))?;
        (self.file, self.turn, self.end) = (file, turn, end);
        tracing::info!(path = %path.display(), before, after = end, "rewrote the log");
        Ok(())
    }
}

/// Folds the whole records of a file of length `len`; returns where they end.
fn fold<S: Durable + DeserializeOwned>(
    file: &mut File,
    path: &Path,
    len: u64,
) -> Result<(u64, Option<S>), LogError> {
    let (mut at, mut image) = (RECORDS, None);
    file.seek(SeekFrom::Start(at)).map_err(failed(path, "read"))?;
    let mut reader = BufReader::new(file);
    while at < len
        && let Some(payload) =
            layout::read_record(&mut reader, at, len).map_err(failed(path, "read"))?
    {
        let Ok((deltas, [])) = postcard::take_from_bytes::<Vec<S>>(&payload) else {
            return Err(LogError::Undecodable { path: path.into(), at });
        };
        for delta in deltas {
            S::fold(&mut image, delta);
        }
        at += RECORD_HEAD + payload.len() as u64;
    }
    Ok((at.min(len), image))
}

/// Writes a part of a file once more, as it is read.
///
/// What lies behind the mark may have been read from the kernel's memory alone: where a sync failed
/// and the process ended, the kernel may hold the pages as clean though the disk never got them, and
/// a later sync of clean pages writes nothing and reports success.
fn write_again(file: &mut (impl Read + Write + Seek), part: Range<u64>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut at = part.start;
    while at < part.end {
        let len = (part.end - at).min(CHUNK as u64);
        let chunk = &mut chunk[..len as usize];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(chunk)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(chunk)?;
        at += len;
    }
    Ok(())
}

/// Writes and syncs a new log with at most one record; returns it, its mark and its length.
fn write_new(path: &Path, owner: &Owner, payload: Option<&[u8]>) -> io::Result<(File, Turn, u64)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    layout::write_header(&mut file, owner)?;
    let mut end = RECORDS;
    if let Some(payload) = payload {
        file.write_all(&layout::record_head(end, payload))?;
        file.write_all(payload)?;
        end += RECORD_HEAD + payload.len() as u64;
    }
    let turn = layout::write_marks(&mut file, end)?;
    file.sync_all()?;
    Ok((file, turn, end))
}

/// Makes a rename or a creation in `dir` durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> LogError {
    let path = path.to_owned();
    move |source| LogError::Io { path, action, source }
}
