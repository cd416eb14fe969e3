//! The thread that owns the log's file: it writes and syncs while the node goes on.

use super::error::LogError;
use super::journal::Journal;
use super::layout::RECORD_HEAD;
use super::rewrite::{GivenUp, Job, NewLog};
use crate::node::wake::Wake;
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// A record takes what waits to be written, up to so many bytes.
const GROUP: usize = 4 << 20;
/// When nothing was written for so long, it is marked up to where the log is durable.
const IDLE: Duration = Duration::from_millis(50);

/// What the writer is to do.
pub(super) enum Order<S> {
    /// To write a payload, before which there is room for a record's head.
    Write { ticket: u64, record: Vec<u8> },
    /// To write the log anew: to all that was ordered before it folds to this.
    Rewrite(S),
    /// To go on with a new log.
    GoOn(Result<NewLog, GivenUp>),
    /// To end, when all is done that was ordered before.
    Close,
}

/// What the writer did.
#[derive(Clone, Copy)]
pub(super) enum Report {
    /// All up to that ticket is durable, and the log is so long.
    Durable { ticket: u64, len: u64 },
    /// The log was rewritten: its length now, and the length of the state's record.
    Rewritten { len: u64, state_len: u64 },
    /// It was not, and is as it was.
    NotRewritten,
}

/// The writer.
pub(super) struct Writer<S> {
    pub(super) journal: Journal,
    pub(super) longest: u32,
    pub(super) orders: Receiver<Order<S>>,
    /// To order something of itself.
    pub(super) own: Sender<Order<S>>,
    pub(super) reports: Sender<Result<Report, LogError>>,
    pub(super) wake: Wake,
    /// An order that was taken too early.
    pub(super) next: Option<Order<S>>,
    pub(super) rewrite: Option<Rewrite>,
}

/// A rewrite on a thread of its own.
pub(super) struct Rewrite {
    cancelled: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl<S: Serialize + Send + 'static> Writer<S> {
    /// Works until it is asked to end, or something fails.
    pub(super) fn run(mut self) {
        let result = self.serve();
        if let Some(Rewrite { cancelled, thread }) = self.rewrite.take() {
            cancelled.store(true, Ordering::Relaxed);
            // Its panics are reported where they happen.
            let _ = thread.join();
        }
        let result = result.and_then(|()| self.journal.close());
        if let Err(error) = result {
            // Perhaps nobody is left that receives it.
            let _ = self.reports.send(Err(error));
        }
        self.wake.ring();
    }

    fn serve(&mut self) -> Result<(), LogError> {
        while let Some(order) = self.order()? {
            match order {
                Order::Write { ticket, record } => self.write(ticket, record)?,
                Order::Rewrite(state) => self.rewrite(state),
                Order::GoOn(new) => self.go_on(new)?,
                Order::Close => break,
            }
        }
        Ok(())
    }

    /// The next order; none, if there will be none. Meanwhile a mark is written.
    fn order(&mut self) -> Result<Option<Order<S>>, LogError> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        if self.journal.is_unmarked() {
            match self.orders.recv_timeout(IDLE) {
                Ok(order) => return Ok(Some(order)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => self.journal.mark()?,
            }
        }
        Ok(self.orders.recv().ok())
    }

    /// Writes one record with what waits to be written.
    fn write(&mut self, mut ticket: u64, mut record: Vec<u8>) -> Result<(), LogError> {
        while record.len() < GROUP
            && let Ok(order) = self.orders.try_recv()
        {
            match order {
                Order::Write { ticket: later, record: more } if more.len() < GROUP => {
                    record.extend_from_slice(&more[RECORD_HEAD..]);
                    ticket = later;
                }
                other => {
                    self.next = Some(other);
                    break;
                }
            }
        }
        self.journal.append(record)?;
        self.report(Report::Durable { ticket, len: self.journal.end });
        Ok(())
    }

    fn report(&self, report: Report) {
        // A receiver that is gone does not wait for it.
        let _ = self.reports.send(Ok(report));
        self.wake.ring();
    }

    fn rewrite(&mut self, state: S) {
        let cancelled = Arc::new(AtomicBool::new(false));
        let end = self.journal.end;
        self.beside(cancelled, move |job| job.write(&state, end));
    }

    /// Does a part of a rewrite on a thread of its own, which then orders to go on with it.
    fn beside(
        &mut self,
        cancelled: Arc<AtomicBool>,
        part: impl FnOnce(&Job) -> Result<NewLog, GivenUp> + Send + 'static,
    ) {
        let (job, own) = (self.job(Arc::clone(&cancelled)), self.own.clone());
        let thread = std::thread::spawn(move || {
            let new = catch_unwind(AssertUnwindSafe(|| part(&job)));
            // It ends before its writer.
            let _ = own.send(Order::GoOn(new.unwrap_or(Err(GivenUp::Panicked))));
        });
        self.rewrite = Some(Rewrite { cancelled, thread });
    }

    fn job(&self, cancelled: Arc<AtomicBool>) -> Job {
        let Journal { disk, dir, owner, .. } = &self.journal;
        let (disk, dir, longest) = (Arc::clone(disk), dir.clone(), self.longest);
        Job { disk, dir, owner: *owner, longest, cancelled }
    }

    fn go_on(&mut self, new: Result<NewLog, GivenUp>) -> Result<(), LogError> {
        let (before, end) = (self.journal.end, self.journal.end);
        let cancelled = self.rewrite.take().map(|rewrite| rewrite.cancelled).unwrap_or_default();
        let finished = match new {
            Ok(new) if new.is_close(end) => {
                let state_len = new.state_len;
                let job = self.job(cancelled);
                job.finish(new, &mut self.journal)?.map(|()| state_len)
            }
            Ok(new) => {
                self.beside(cancelled, move |job| job.follow(new, end));
                return Ok(());
            }
            Err(why) => Err(why),
        };
        let (path, after) = (self.journal.path(), self.journal.end);
        match finished {
            Ok(state_len) => {
                tracing::info!(path = %path.display(), before, after, "rewrote the log");
                self.report(Report::Rewritten { len: after, state_len });
            }
            Err(why) => {
                tracing::warn!(path = %path.display(), %why, "cannot rewrite the log: it grows on");
                self.report(Report::NotRewritten);
            }
        }
        Ok(())
    }
}
