//! The file of a log: records are appended, synced, and folded at start.

use super::disk::{Disk, DiskFile};
use super::error::{LogError, failed};
use super::layout::{self, Head, Header, Owner, RECORD_HEAD, RECORDS, Turn};
use quorate_models::Durable;
use serde::de::DeserializeOwned;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) const FILE: &str = "log";
pub(super) const NEW_FILE: &str = "log.new";

/// How much of a log is written again at a time, in bytes.
pub(super) const CHUNK: usize = 1 << 20;
/// How many zeros are written ahead of the records, in bytes: a sync of what is written over them
/// changes no length.
const ROOM: usize = 1 << 20;

/// A log that is open, and where its next record goes.
pub(super) struct Journal {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) owner: Owner,
    file: Box<dyn DiskFile>,
    /// Where the next record goes; all before is synced.
    pub(super) end: u64,
    turn: Turn,
    /// The length that the higher mark records.
    marked: u64,
    /// Up to where there are zeros.
    room: u64,
    zeros: Vec<u8>,
}

impl Journal {
    /// Opens the log in `dir`, which must be `owner`'s, and folds it.
    pub(super) fn open<S: Durable + DeserializeOwned>(
        disk: Arc<dyn Disk>,
        dir: &Path,
        owner: &Owner,
    ) -> Result<(Self, Option<S>), LogError> {
        let path = dir.join(FILE);
        let mut file = match disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LogError::Missing { path });
            }
            other => other.map_err(failed(&path, "open"))?,
        };
        let (turn, marked) = identify(&*file, &path, owner)?;
        let len = file.length().map_err(failed(&path, "read"))?;
        let Folded { end, mut synced, image } = fold(&*file, &path, owner, len)?;
        if end < len {
            let remains = layout::search(&*file, owner, end, len);
            let remains = remains.map_err(failed(&path, "read"))?;
            synced = synced.max(remains.synced);
            if remains.written {
                let path = path.display();
                tracing::warn!(%path, at = end, "the log ends in data that was never synced");
            }
        }
        synced = synced.max(marked);
        if end < synced {
            return Err(LogError::Lost { path, at: end, synced });
        }
        if end < len {
            file.set_length(end).map_err(failed(&path, "truncate"))?;
        }
        write_again(&mut *file, synced..end).map_err(failed(&path, "write to"))?;
        // A rewrite that was not finished has replaced nothing.
        match disk.remove(&dir.join(NEW_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&dir.join(NEW_FILE), "remove")(error));
            }
            _ => {}
        }
        // The records that the node starts from must be on the disk.
        file.sync().map_err(failed(&path, "sync"))?;
        let (dir, owner, zeros) = (dir.into(), *owner, vec![0; ROOM]);
        Ok((Self { disk, dir, owner, file, end, turn, marked, room: end, zeros }, image))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// Writes one record, whose first [`RECORD_HEAD`] bytes are left to be filled, and syncs it.
    /// After an error it is not known what is on the disk, and the log must be dropped (a second
    /// sync may report success for pages that were lost).
    pub(super) fn append(&mut self, mut record: Vec<u8>) -> Result<(), LogError> {
        let head = Head::of(&record[RECORD_HEAD..], self.end);
        record[..RECORD_HEAD].copy_from_slice(&head.bytes(&self.owner, self.end));
        let end = self.end + record.len() as u64;
        let written = self.file.write_all_at(&record, self.end);
        written.map_err(failed(&self.path(), "write to"))?;
        if end > self.room {
            self.make_room(end);
        }
        self.file.sync().map_err(failed(&self.path(), "sync"))?;
        self.end = end;
        Ok(())
    }

    /// Writes zeros from `from` on. A disk on which there is no room for them may have some for
    /// records.
    fn make_room(&mut self, from: u64) {
        let written = self.file.write_all_at(&self.zeros, from);
        self.room = from + if written.is_ok() { self.zeros.len() as u64 } else { 0 };
    }

    /// Whether the log is durable further than its mark says.
    pub(super) fn is_unmarked(&self) -> bool {
        self.marked < self.end
    }

    /// Marks up to where the log is durable.
    pub(super) fn mark(&mut self) -> Result<(), LogError> {
        let written = layout::write_mark(&mut *self.file, self.turn, self.end);
        self.turn = written.map_err(failed(&self.path(), "write to"))?;
        self.marked = self.end;
        Ok(())
    }

    pub(super) fn file(&self) -> &dyn DiskFile {
        &*self.file
    }

    /// Goes on with another file, which holds the same, is synced and marked up to `end`.
    pub(super) fn replace(&mut self, file: Box<dyn DiskFile>, end: u64) {
        let old = std::mem::replace(&mut self.file, file);
        (self.end, self.room, self.marked) = (end, end, end);
        self.turn = Turn::default();
        // To free a long file takes the system a while.
        std::thread::spawn(|| drop(old));
    }

    /// Leaves a file that ends with its records.
    pub(super) fn close(mut self) -> Result<(), LogError> {
        self.mark()?;
        let path = self.path();
        self.file.set_length(self.end).map_err(failed(&path, "truncate"))?;
        self.file.sync().map_err(failed(&path, "sync"))
    }
}

/// Whether a file is a log of `owner`; if so, its higher mark.
fn identify(file: &dyn DiskFile, path: &Path, owner: &Owner) -> Result<(Turn, u64), LogError> {
    let path = || path.to_owned();
    match layout::read_header(file).map_err(failed(&path(), "read"))? {
        Header::Good(found) if found == *owner => {}
        Header::Good(_) => return Err(LogError::Foreign { path: path() }),
        Header::Alien => return Err(LogError::Alien { path: path() }),
        Header::Version(found) => return Err(LogError::Version { path: path(), found }),
        Header::Damaged => return Err(LogError::Header { path: path() }),
    }
    let marks = layout::read_marks(file).map_err(failed(&path(), "read"))?;
    marks.ok_or_else(|| LogError::Header { path: path() })
}

/// The whole records from the first on.
struct Folded<S> {
    /// Where they end.
    end: u64,
    /// Up to where the last one says that the log was durable.
    synced: u64,
    image: Option<S>,
}

/// Folds the whole records of a file of length `len`.
fn fold<S: Durable + DeserializeOwned>(
    file: &dyn DiskFile,
    path: &Path,
    owner: &Owner,
    len: u64,
) -> Result<Folded<S>, LogError> {
    let mut folded = Folded { end: RECORDS.min(len), synced: 0, image: None };
    loop {
        let at = folded.end;
        let record = layout::read_record(file, owner, at, len).map_err(failed(path, "read"))?;
        let Some((head, payload)) = record else { return Ok(folded) };
        let mut rest = payload.as_slice();
        while !rest.is_empty() {
            let Ok((deltas, left)) = postcard::take_from_bytes::<Vec<S>>(rest) else {
                return Err(LogError::Undecodable { path: path.into(), at });
            };
            rest = left;
            deltas.into_iter().for_each(|delta| S::fold(&mut folded.image, delta));
        }
        folded.end += head.record_len();
        folded.synced = head.synced;
    }
}

/// Writes a part of a file once more, as it is read.
///
/// Bytes that are not known to be durable may have been read from the kernel's memory alone: where
/// a sync failed and the process ended, the kernel may hold the pages as clean though the disk
/// never got them, and a later sync of clean pages writes nothing and reports success.
pub(super) fn write_again(file: &mut dyn DiskFile, part: Range<u64>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut at = part.start;
    while at < part.end {
        let len = (part.end - at).min(CHUNK as u64);
        let chunk = &mut chunk[..len as usize];
        file.read_all_at(chunk, at)?;
        file.write_all_at(chunk, at)?;
        at += len;
    }
    Ok(())
}
