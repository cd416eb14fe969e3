//! Writing a log anew, beside the one that goes on.
//!
//! A new file gets the state that the log folded to when it was asked for, and then, round after
//! round, the records that were appended meanwhile. The writer of the log adds the last few itself,
//! between two of its records, makes all of it durable, and only then gives the new file the name
//! of the old one. So whichever of the two is under that name after a crash, it holds all that was
//! reported durable. If anything fails before that, the rewrite is given up, and the log stays as
//! it is.

use super::disk::{Disk, DiskFile};
use super::error::{LogError, failed};
use super::journal::{CHUNK, Journal, NEW_FILE};
use super::layout::{self, Head, Owner, RECORD_HEAD, RECORDS};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// So much of a new file is written before it is synced, in bytes, so that a sync of the log never
/// waits for much of it.
const SYNC_EVERY: u64 = 8 << 20;
/// The writer of the log copies so much itself, in bytes.
const SHORT: u64 = 256 << 10;
/// So often records that were appended meanwhile are copied beside the log; then it waits.
const ROUNDS: u32 = 8;

/// What a rewrite works with.
pub(super) struct Job {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) owner: Owner,
    pub(super) longest: u32,
    /// Whether to give up.
    pub(super) cancelled: Arc<AtomicBool>,
}

/// A new log in the making.
pub(super) struct NewLog {
    file: Box<dyn DiskFile>,
    end: u64,
    /// Up to where the old log is in it.
    copied: u64,
    /// The length of the record with the state.
    pub(super) state_len: u64,
    rounds: u32,
}

/// Why there is no new log.
#[derive(Debug, thiserror::Error)]
pub(super) enum GivenUp {
    #[error("the node stops")]
    Cancelled,
    #[error("its state takes more than the {0} bytes that a record may hold")]
    TooLong(u32),
    #[error("its state cannot be encoded")]
    Unencodable,
    #[error("its writer has panicked")]
    Panicked,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Job {
    /// Writes `state`, to which the log folds up to the position `end`.
    pub(super) fn write<S: Serialize>(&self, state: &S, end: u64) -> Result<NewLog, GivenUp> {
        let mut file = self.disk.create(&self.dir.join(NEW_FILE))?;
        layout::write_header(&mut *file, &self.owner)?;
        let mut stream = Stream {
            job: self,
            file: &mut *file,
            at: RECORDS + RECORD_HEAD as u64,
            chunk: Vec::with_capacity(CHUNK),
            len: 0,
            crc: crc32fast::Hasher::new(),
            failed: None,
        };
        let written = postcard::to_io(std::slice::from_ref(state), &mut stream);
        let flushed = written.is_ok().then(|| stream.flush());
        let Stream { len, crc, failed, .. } = stream;
        match (failed, flushed) {
            (Some(why), _) => return Err(why),
            (None, None) => return Err(GivenUp::Unencodable),
            (None, Some(flushed)) => flushed?,
        }
        let head = Head { len: len as u32, synced: 0, crc: crc.finalize() };
        file.write_all_at(&head.bytes(&self.owner, RECORDS), RECORDS)?;
        file.sync()?;
        let state_len = head.record_len();
        Ok(NewLog { file, end: RECORDS + state_len, copied: end, state_len, rounds: 0 })
    }

    /// Copies what was appended to the log up to `end`.
    pub(super) fn follow(&self, mut new: NewLog, end: u64) -> Result<NewLog, GivenUp> {
        let old = self.disk.open(&self.dir.join(super::journal::FILE))?;
        self.copy(&*old, &mut new, end)?;
        new.file.sync()?;
        new.rounds += 1;
        Ok(new)
    }

    fn copy(&self, old: &dyn DiskFile, new: &mut NewLog, end: u64) -> Result<(), GivenUp> {
        while new.copied < end {
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(GivenUp::Cancelled);
            }
            let record = layout::read_record(old, &self.owner, new.copied, end)?;
            let lost = || io::Error::other("the log does not hold what was written to it");
            let (head, payload) = record.ok_or_else(lost)?;
            let moved = Head { synced: 0, ..head };
            let bytes = [&moved.bytes(&self.owner, new.end)[..], &payload].concat();
            new.file.write_all_at(&bytes, new.end)?;
            new.end += head.record_len();
            new.copied += head.record_len();
        }
        Ok(())
    }

    /// Ends a rewrite: copies the last records and puts the new log in the place of `journal`. A
    /// failure while the log is as it was ends the rewrite alone; a later one is the log's end.
    pub(super) fn finish(
        &self,
        mut new: NewLog,
        journal: &mut Journal,
    ) -> Result<Result<(), GivenUp>, LogError> {
        if let Err(why) = self.complete(&mut new, journal) {
            return Ok(Err(why));
        }
        let (path, new_path) = (journal.path(), self.dir.join(NEW_FILE));
        self.disk.rename(&new_path, &path).map_err(failed(&new_path, "rename"))?;
        self.disk.sync_dir(&self.dir).map_err(failed(&path, "sync the directory of"))?;
        journal.replace(new.file, new.end);
        Ok(Ok(()))
    }

    fn complete(&self, new: &mut NewLog, journal: &Journal) -> Result<(), GivenUp> {
        self.copy(journal.file(), new, journal.end)?;
        layout::write_marks(&mut *new.file, new.end)?;
        Ok(new.file.sync()?)
    }
}

impl NewLog {
    /// Whether the rest is short enough for the writer of the log.
    pub(super) fn is_close(&self, end: u64) -> bool {
        end - self.copied <= SHORT || self.rounds >= ROUNDS
    }
}

/// Where an encoded state goes: chunk by chunk to the file.
struct Stream<'a> {
    job: &'a Job,
    file: &'a mut dyn DiskFile,
    at: u64,
    chunk: Vec<u8>,
    len: u64,
    crc: crc32fast::Hasher,
    failed: Option<GivenUp>,
}

impl Stream<'_> {
    fn put(&mut self) -> Result<(), GivenUp> {
        if self.job.cancelled.load(Ordering::Relaxed) {
            return Err(GivenUp::Cancelled);
        }
        if self.len > u64::from(self.job.longest) {
            return Err(GivenUp::TooLong(self.job.longest));
        }
        self.file.write_all_at(&self.chunk, self.at)?;
        self.crc.update(&self.chunk);
        self.at += self.chunk.len() as u64;
        self.chunk.clear();
        if self.at / SYNC_EVERY != self.at.saturating_sub(CHUNK as u64) / SYNC_EVERY {
            self.file.sync()?;
        }
        Ok(())
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = &bytes[..bytes.len().min(CHUNK - self.chunk.len())];
        self.chunk.extend_from_slice(some);
        self.len += some.len() as u64;
        if self.chunk.len() == CHUNK {
            self.flush()?;
        }
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.put().map_err(|why| {
            self.failed = Some(why);
            io::ErrorKind::Other.into()
        })
    }
}
