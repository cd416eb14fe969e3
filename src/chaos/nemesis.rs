//! Does the deeds of a schedule.

use super::error::ChaosError;
use super::network::{Cut, Network};
use super::schedule::{Deed, Planned};
use crate::local::LocalCluster;
use crate::node::Stop;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How long a server has to notice that its disk is full, or failed.
const NOTICING: Duration = Duration::from_secs(2);
const NAP: Duration = Duration::from_millis(20);
/// Between two looks at what the servers use.
const LOOK: Duration = Duration::from_millis(500);

/// How often what was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the names say what")]
pub struct Toll {
    pub kills: u64,
    pub freezes: u64,
    pub cuts: u64,
    /// Disks that were full, and noticed.
    pub full_disks: u64,
    /// Syncs that failed, and were noticed.
    pub failed_syncs: u64,
    /// Moves of the ring that ended.
    pub moves: u64,
    /// The most bytes of memory that a server was seen to hold.
    pub most_memory: u64,
    /// The most bytes that a server was seen to have on its disk.
    pub most_disk: u64,
}

impl Toll {
    fn look(&mut self, cluster: &LocalCluster) {
        for id in 0..cluster.file().servers.len() {
            self.most_memory = self.most_memory.max(cluster.memory(id).unwrap_or(0));
            self.most_disk = self.most_disk.max(cluster.disk(id));
        }
    }
}

pub(super) struct Nemesis<'a> {
    pub(super) cluster: &'a mut LocalCluster,
    pub(super) network: &'a Network,
    pub(super) begin: Instant,
    /// Either of them ends it.
    pub(super) stops: [&'a Stop; 2],
}

impl Nemesis<'_> {
    /// Does all that is planned until `end`, and announces each deed before it is done. A server
    /// that ends unexpectedly is an error: its disk neither was full nor failed.
    pub(super) fn rage(
        &mut self,
        deeds: &[Planned],
        end: Duration,
        say: &mut dyn FnMut(&str),
    ) -> Result<Toll, ChaosError> {
        let mut toll = Toll::default();
        for planned in deeds {
            if !self.wait_until(planned.at, &mut toll)? {
                return Ok(toll);
            }
            say(&planned.to_string());
            self.perform(planned, &mut toll)?;
        }
        self.wait_until(end, &mut toll)?;
        Ok(toll)
    }

    /// Waits until then; whether nobody asked to stop.
    fn wait_until(&mut self, then: Duration, toll: &mut Toll) -> Result<bool, ChaosError> {
        let mut look = Instant::now();
        while self.begin.elapsed() < then && !self.is_stopped() {
            self.all_run()?;
            if look <= Instant::now() {
                toll.look(self.cluster);
                look += LOOK;
            }
            std::thread::sleep(NAP.min(then.saturating_sub(self.begin.elapsed())));
        }
        Ok(!self.is_stopped())
    }

    fn is_stopped(&self) -> bool {
        self.stops.iter().any(|stop| stop.is_stopped())
    }

    fn all_run(&mut self) -> Result<(), ChaosError> {
        match self.cluster.ended().first() {
            None => Ok(()),
            Some((server, status)) => Err(self.ended(*server, *status)),
        }
    }

    fn ended(&self, server: usize, status: ExitStatus) -> ChaosError {
        ChaosError::Ended { server, status, log: self.cluster.log(server).into() }
    }

    fn perform(&mut self, planned: &Planned, toll: &mut Toll) -> Result<(), ChaosError> {
        let lasts = planned.lasts;
        match &planned.deed {
            Deed::Kill(victims) => self.kill(victims, lasts, toll),
            Deed::Freeze(victims) => {
                victims.iter().for_each(|id| self.cluster.freeze(*id));
                std::thread::sleep(lasts);
                victims.iter().for_each(|id| self.cluster.thaw(*id));
                toll.freezes += victims.len() as u64;
                Ok(())
            }
            Deed::Cut(cut, victim) => {
                self.network.cut(Some(*cut));
                // With nobody to kill, this waits.
                let done = self.kill(victim.as_slice(), lasts, toll);
                self.network.cut(None);
                toll.cuts += 1;
                done
            }
            Deed::Sever(a, b) => {
                self.network.sever(Cut::Link(*a, *b));
                toll.cuts += 1;
                Ok(())
            }
            Deed::FullDisk(server, room) => {
                self.cluster.limit_disk(*server, *room)?;
                toll.full_disks += u64::from(self.ends(*server, lasts)?);
                Ok(())
            }
            Deed::FailSync(server) => {
                self.cluster.fail_sync(*server);
                toll.failed_syncs += u64::from(self.ends(*server, lasts)?);
                Ok(())
            }
        }
    }

    fn kill(
        &mut self,
        victims: &[usize],
        lasts: Duration,
        toll: &mut Toll,
    ) -> Result<(), ChaosError> {
        // A server that has ended unexpectedly is not to be taken for one that was killed.
        self.all_run()?;
        victims.iter().for_each(|id| self.cluster.kill(*id));
        toll.kills += victims.len() as u64;
        std::thread::sleep(lasts);
        Ok(victims.iter().try_for_each(|id| self.cluster.start(*id))?)
    }

    /// Whether a server whose disk does not work notices and ends; it is started again after a while.
    fn ends(&mut self, server: usize, lasts: Duration) -> Result<bool, ChaosError> {
        let begin = Instant::now();
        let mut ended = self.cluster.ended();
        while ended.is_empty() && begin.elapsed() < NOTICING {
            std::thread::sleep(NAP);
            ended = self.cluster.ended();
        }
        if let Some((other, status)) = ended.iter().find(|(id, _)| *id != server) {
            return Err(self.ended(*other, *status));
        }
        if ended.is_empty() {
            // It wrote nothing, or less than there was room for.
            self.cluster.kill(server);
        }
        std::thread::sleep(lasts);
        self.cluster.start(server)?;
        Ok(!ended.is_empty())
    }
}
