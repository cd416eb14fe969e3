//! The log: what a node saved, on disk before anything that depends on it is sent.
//!
//! The node hands over what it saves and goes on; a [writer](writer) on a thread of its own appends
//! it, one checksummed record for all that waits, syncs it, and reports what is durable. A message
//! waits for that where it must. At start the records are folded into the state from which the node
//! goes on.
//!
//! # A damaged end
//!
//! Behind the synced part of the log lies what was being written when the node died. Nobody has
//! heard of it: it is cut off. The synced part has been promised to others, and if any of it is
//! gone the node must not start, for it would break its promises. Each record says up to where the
//! log was durable when it was written, so that one record attests all before it, without another
//! write; a record is found even where those before it are damaged. The last record is attested by
//! a **mark**, which is written when nothing else is for a moment and when the node stops. (The
//! mark reaches the disk with the next sync, or when the system sees to it.) So damage is told
//! apart from a torn write, except in the last record of a node that was killed under load: if that
//! record is damaged on the disk, it passes for one that was never synced.
//!
//! # Growth
//!
//! When the log has outgrown the state that it folds to, it is [rewritten](rewrite) as that state
//! alone, beside the log, which goes on.

mod disk;
mod error;
mod failing;
mod journal;
mod layout;
mod rewrite;
#[cfg(test)]
pub(super) mod tests;
mod writer;

pub(super) use disk::{Disk, FileSystem, sync_dir};
pub use error::LogError;
pub(super) use failing::FailingSyncs;
pub(super) use layout::Owner;

use error::failed;
use journal::{FILE, Journal};
use layout::{RECORD_HEAD, RECORDS};
use quorate_models::Durable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use writer::{Order, Report, Writer};

use super::wake::Wake;

/// A log is not rewritten before it has this size.
const SMALL: u64 = 4 << 20;
/// A save for which nothing waits is written with one for which something waits, or when it is so
/// old.
const LAZY_AGE: Duration = Duration::from_millis(100);
/// The same, or when it is so much, in bytes.
const LAZY_BYTES: usize = 1 << 20;

/// The node's end of its log.
pub(super) struct Log<S> {
    path: PathBuf,
    orders: Sender<Order<S>>,
    reports: Receiver<Result<Report, LogError>>,
    thread: Option<JoinHandle<()>>,
    /// The bytes that are to be written, behind room for a record's head, and since when.
    pending: Vec<u8>,
    pending_since: Option<Instant>,
    /// The last thing that was handed over, and the last of it for which something waits.
    handed: u64,
    awaited: u64,
    durable: u64,
    /// The records that were handed over and are not durable yet: tickets and bytes.
    writing: Vec<(u64, usize)>,
    written: u64,
    rewritten: u64,
    len: u64,
    /// The size at which to rewrite it; none while it is rewritten.
    rewrite_at: Option<u64>,
    /// The least size at which a rewrite is worth its cost.
    small: u64,
    /// The most bytes that a record may hold.
    longest: u32,
}

/// Makes an empty log in `dir`.
pub(super) fn create(dir: &Path, owner: &Owner) -> Result<(), LogError> {
    let path = dir.join(FILE);
    let made = FileSystem.create(&path).and_then(|mut file| {
        layout::write_header(&mut *file, owner)?;
        layout::write_marks(&mut *file, RECORDS)?;
        file.sync()
    });
    made.map_err(failed(&path, "create"))
}

impl<S: Durable + Serialize + DeserializeOwned + Send + 'static> Log<S> {
    /// Opens the log in `dir`, which must be `owner`'s; also returns all that was saved, folded.
    /// The node is woken by `wake` when something is durable.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        owner: &Owner,
        wake: Wake,
    ) -> Result<(Self, Option<S>), LogError> {
        let (journal, image) = Journal::open(disk, dir, owner)?;
        Ok((Self::start(journal, wake, SMALL, layout::LONGEST), image))
    }

    fn start(journal: Journal, wake: Wake, small: u64, longest: u32) -> Self {
        let (path, len) = (journal.path(), journal.end);
        let ((own, orders), (reported, reports)) = (channel(), channel());
        let (next, rewrite, reports_to) = (None, None, reported);
        let to_writer = own.clone();
        let writer =
            Writer { journal, longest, orders, own, reports: reports_to, wake, next, rewrite };
        Self {
            path,
            orders: to_writer,
            reports,
            thread: Some(std::thread::spawn(move || writer.run())),
            pending: Vec::new(),
            pending_since: None,
            handed: 0,
            awaited: 0,
            durable: 0,
            writing: Vec::new(),
            written: 0,
            rewritten: 0,
            len,
            rewrite_at: Some(small),
            small,
            longest,
        }
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// How many records were written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Saves these, after all that was saved before; if something `waits` for them, at once. A
    /// record that is too long is refused before anything of it is written.
    pub(super) fn save(&mut self, deltas: &[S], waits: bool, now: Instant) -> Result<(), LogError> {
        let mut pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            pending.resize(RECORD_HEAD, 0);
        }
        let encoded = postcard::to_extend(deltas, pending);
        self.pending = encoded.map_err(|_| LogError::Unencodable { path: self.path.clone() })?;
        let (len, longest) = (self.pending.len() - RECORD_HEAD, self.longest);
        if len > longest as usize {
            return Err(LogError::TooLong { path: self.path.clone(), len, longest });
        }
        self.pending_since.get_or_insert(now);
        if waits || len > LAZY_BYTES {
            self.hand_over();
        }
        if waits {
            self.awaited = self.handed;
        }
        Ok(())
    }

    /// The ticket that must be durable before a message may leave that waits for all that was saved
    /// until now.
    pub(super) fn awaited(&self) -> u64 {
        self.awaited
    }

    /// When something is to be written on which nothing depends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pending_since.map(|since| since + LAZY_AGE)
    }

    /// Writes what is old enough.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.handed += 1;
        self.pending_since = None;
        let (ticket, record) = (self.handed, std::mem::take(&mut self.pending));
        self.writing.push((ticket, record.len()));
        // A writer that has ended has reported why.
        let _ = self.orders.send(Order::Write { ticket, record });
    }

    /// How many bytes were handed over that are not known to be durable.
    pub(super) fn writing(&self) -> usize {
        self.writing.iter().map(|(_, bytes)| bytes).sum()
    }

    /// The ticket up to which all is durable by now.
    pub(super) fn durable(&mut self) -> Result<u64, LogError> {
        loop {
            match self.reports.try_recv() {
                Ok(report) => self.hear(report?),
                Err(TryRecvError::Empty) => return Ok(self.durable),
                Err(TryRecvError::Disconnected) => return Err(self.panicked()),
            }
        }
    }

    /// Waits for more to be durable.
    pub(super) fn wait(&mut self) -> Result<u64, LogError> {
        if self.writing.is_empty() {
            return self.durable();
        }
        let report = self.reports.recv().map_err(|_| self.panicked())?;
        self.hear(report?);
        self.durable()
    }

    fn panicked(&self) -> LogError {
        LogError::Panicked { path: self.path.clone() }
    }

    fn hear(&mut self, report: Report) {
        match report {
            Report::Durable { ticket, len } => {
                (self.durable, self.len) = (ticket, len);
                self.written += 1;
                self.writing.retain(|(writing, _)| *writing > ticket);
            }
            Report::Rewritten { len, state_len } => {
                self.rewritten += 1;
                self.len = len;
                self.rewrite_at = Some(self.small.max(2 * state_len).max(len + self.small / 2));
            }
            Report::NotRewritten => self.rewrite_at = Some(2 * self.len),
        }
    }

    /// Whether it has outgrown the state, as far as is known.
    pub(super) fn is_long(&self) -> bool {
        self.rewrite_at.is_some_and(|size| self.len > size)
    }

    /// Rewrites it as `state`, to which all folds that was saved until now.
    pub(super) fn rewrite(&mut self, state: Option<S>) {
        let Some(state) = state else {
            // Nothing needs to be durable, yet something was saved: keep that.
            self.rewrite_at = Some(2 * self.len);
            return;
        };
        self.hand_over();
        self.rewrite_at = None;
        let _ = self.orders.send(Order::Rewrite(state));
    }

    /// Makes all durable that was saved. How many records were written, and how often all of it was
    /// written anew.
    pub(super) fn close(mut self) -> Result<(u64, u64), LogError> {
        self.end()?;
        while let Ok(report) = self.reports.try_recv() {
            self.hear(report?);
        }
        Ok((self.written, self.rewritten))
    }
}

impl<S> Log<S> {
    fn end(&mut self) -> Result<(), LogError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        if !self.pending.is_empty() {
            let (ticket, record) = (self.handed + 1, std::mem::take(&mut self.pending));
            let _ = self.orders.send(Order::Write { ticket, record });
        }
        let _ = self.orders.send(Order::Close);
        thread.join().map_err(|_| LogError::Panicked { path: self.path.clone() })
    }
}

/// Its file is free when it is gone.
impl<S> Drop for Log<S> {
    fn drop(&mut self) {
        // A caller that wants to know of an error closes it.
        let _ = self.end();
    }
}
