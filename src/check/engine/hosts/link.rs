//! What connects the processes of a check: in steps that all take together each sends bytes to each.

use super::channels::{Channels, Link};
use super::file::{self, HostsError};
use crate::check::engine::outcome::CheckError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

/// The processes that check together, as one of them sees them.
pub struct Hosts {
    number: usize,
    processes: usize,
    pub(super) grain: Grain,
    /// Nothing once the processes are no longer together.
    link: Mutex<Option<Box<dyn Link>>>,
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, processes, .. } = self;
        write!(f, "process {number} of {processes}")
    }
}

/// How finely the work is shared out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grain {
    /// Each process goes on with its share of the first level that has so many states for each.
    pub(super) part_at: u64,
    /// How many states a round has, for each process.
    pub(super) a_round: u64,
}

impl Grain {
    /// Few enough states that it is no loss that all processes search the same until then, and enough to
    /// be shared evenly. Rounds so large that processes seldom wait for each other, and so small that what
    /// is under way takes some megabytes.
    const COARSE: Self = Self { part_at: 2048, a_round: 1024 };
    /// So that small instances have all of it.
    const FINE: Self = Self { part_at: 2, a_round: 7 };
}

impl Hosts {
    /// Meets the processes of a file of hosts (one `address:port` a line), as the one with this number,
    /// counted from 0. The others must come within a minute.
    ///
    /// # Errors
    /// When the program was built without the feature `hosts`, when the file is no file of hosts, when
    /// there is no such process, and when they do not come together.
    pub fn meet(path: &Path, number: usize, stop: &AtomicBool) -> Result<Self, HostsError> {
        let hosts = file::read(path)?;
        let processes = hosts.len();
        if number >= processes {
            return Err(HostsError::Number { number, processes });
        }
        let link = connected(&hosts, number, stop)?;
        Ok(Self::of(number, processes, Grain::COARSE, link))
    }

    /// Processes that are threads of this one, and share even a few states: for tests.
    pub fn rehearsal(processes: usize) -> Vec<Self> {
        let ends = Channels::of(processes).into_iter().enumerate();
        let link = |(number, link)| Self::of(number, processes, Grain::FINE, Box::new(link));
        ends.map(link).collect()
    }

    fn of(number: usize, processes: usize, grain: Grain, link: Box<dyn Link>) -> Self {
        Self { number, processes, grain, link: Mutex::new(Some(link)) }
    }

    /// The number of this process, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// How many processes there are.
    pub fn processes(&self) -> usize {
        self.processes
    }

    /// Makes sure that all processes are about to do the same.
    ///
    /// # Errors
    /// When one is about to do something else, and when one is lost.
    pub fn agree(&self, what: &str) -> Result<(), CheckError> {
        let all: Vec<String> = self.all(&what)?;
        let other = (0..).zip(&all).find(|(_, other)| *other != what);
        other.map_or(Ok(()), |(number, other)| {
            self.leave();
            Err(CheckError::Hosts(format!(
                "process {number} is about to check {other}, and this one {what}: all processes \
                 must have the same version and the same arguments, but for --process"
            )))
        })
    }

    /// Sends to each process its bytes; what each has sent.
    pub(super) fn swap(&self, out: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, CheckError> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = &mut *link else {
            let gone = "the processes that checked together are no longer together";
            return Err(CheckError::Hosts(gone.into()));
        };
        open.swap(out).map_err(|said| {
            // It tells the others.
            if let Some(mut link) = link.take() {
                link.leave();
            }
            CheckError::Hosts(said)
        })
    }

    /// What each process says, in their order.
    pub(super) fn all<T: DeserializeOwned>(
        &self,
        mine: &impl Serialize,
    ) -> Result<Vec<T>, CheckError> {
        let mine = postcard::to_stdvec(mine).map_err(|_| self.nonsense(self.number))?;
        let all = self.swap(vec![mine; self.processes])?.into_iter().enumerate();
        let read = |(from, bytes): (usize, Vec<u8>)| {
            postcard::from_bytes(&bytes).map_err(|_| self.nonsense(from))
        };
        all.map(read).collect()
    }

    /// What each process says, if none has an error: else all have one.
    pub(super) fn each<T: Serialize + DeserializeOwned>(
        &self,
        mine: Result<T, CheckError>,
    ) -> Result<Vec<T>, CheckError> {
        let said = mine.as_ref().map_err(ToString::to_string);
        let all = self.all::<Result<T, String>>(&said);
        mine?;
        let cannot = |(number, said): (usize, Result<T, String>)| {
            said.map_err(|why| CheckError::Hosts(format!("process {number} cannot go on: {why}")))
        };
        all?.into_iter().enumerate().map(cannot).collect()
    }

    /// A process sent what none of this version sends.
    pub(super) fn nonsense(&self, from: usize) -> CheckError {
        self.leave();
        CheckError::Hosts(format!(
            "process {from} sent what makes no sense; is it of this version?"
        ))
    }

    /// Leaves the others, who will know.
    pub(in crate::check::engine) fn leave(&self) {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut link) = link {
            link.leave();
        }
    }
}

#[cfg(feature = "hosts")]
fn connected(
    hosts: &[String],
    number: usize,
    stop: &AtomicBool,
) -> Result<Box<dyn Link>, HostsError> {
    let sockets = super::connect::connect(hosts, number, stop)?;
    Ok(Box::new(super::dataflow::Dataflow::new(sockets, number).map_err(HostsError::Meet)?))
}

#[cfg(not(feature = "hosts"))]
fn connected(_: &[String], _: usize, _: &AtomicBool) -> Result<Box<dyn Link>, HostsError> {
    Err(HostsError::NotBuilt)
}
