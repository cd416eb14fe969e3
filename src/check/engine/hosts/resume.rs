//! Checkpoints of several processes: of one moment, or of none.
//!
//! A checkpoint is written beside the last one, and takes its place when all processes have theirs. A
//! process that ends in between leaves two; so when they begin again they say of which moments they have
//! whole checkpoints, and go on from the last one that all have.

use super::link::Hosts;
use crate::check::engine::checkpoint::{self, Identity, Moment};
use crate::check::engine::disk::Disk;
use crate::check::engine::outcome::CheckError;
use std::fs::File;

/// The result, if each process has one that is no error.
pub(in crate::check::engine) fn if_all_can<T>(
    hosts: Option<&Hosts>,
    mine: Result<T, CheckError>,
) -> Result<T, CheckError> {
    let Some(hosts) = hosts else { return mine };
    let mut kept = None;
    hosts.each(mine.map(|mine| kept = Some(mine)))?;
    kept.ok_or_else(|| hosts.nonsense(hosts.number()))
}

/// Prepares the directory. Where a search by several processes is to be resumed, the checkpoint that is
/// there is then the one to go on from.
pub(in crate::check::engine) fn prepare(
    disk: &Disk,
    identity: &Identity,
    hosts: Option<&Hosts>,
) -> Result<File, CheckError> {
    let Some(hosts) = hosts else { return checkpoint::prepare(disk) };
    let lock = if_all_can(Some(hosts), checkpoint::prepare(disk))?;
    if disk.resume {
        let all = hosts.each(checkpoint::held(disk, identity))?;
        let common = latest_of_all(&all).ok_or_else(|| CheckError::Disk(apart(&all)))?;
        let [in_place, _] = all[hosts.number()];
        let settled = if in_place == Some(common) {
            checkpoint::remove_unfinished(disk)
        } else {
            checkpoint::put_in_place(disk)
        };
        if_all_can(Some(hosts), settled)?;
    }
    Ok(lock)
}

/// The latest moment of which every process has a checkpoint.
fn latest_of_all(all: &[[Option<Moment>; 2]]) -> Option<Moment> {
    let (first, others) = all.split_first()?;
    let is_common = |moment: &Moment| others.iter().all(|other| other.contains(&Some(*moment)));
    first.iter().flatten().copied().filter(is_common).max()
}

/// What to say of checkpoints that do not belong together.
fn apart(all: &[[Option<Moment>; 2]]) -> String {
    let of_one = |(number, held): (usize, &[Option<Moment>; 2])| {
        let depths: Vec<_> = held.iter().flatten().map(|held| held.depth.to_string()).collect();
        format!("of process {number} after {} steps", depths.join(" and "))
    };
    let all: Vec<_> = all.iter().enumerate().map(of_one).collect();
    format!(
        "the checkpoints are not of one moment ({}); bring back those that belong together, or begin \
         anew without --resume and without checkpoints",
        all.join(", ")
    )
}
