//! A directory for a check: for what need not be in memory, and for checkpoints.

use std::path::PathBuf;
use std::time::Duration;

/// Where a check keeps what need not be in memory, and from where it can be resumed.
///
/// The states that wait and the parents go to scratch files, which leave nothing behind. At the end of a
/// level, when so much time has passed since the last one, a checkpoint is written, in the place of
/// the last one and only once it is complete. A check that is over removes it. Of a check by several
/// processes each has a directory of its own; all write their checkpoints at the end of the same level,
/// and all must be resumed together, as many as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The directory, for this check alone. It is made if it does not exist.
    pub dir: PathBuf,
    /// By what the check is known: only one of the same name is resumed.
    pub name: String,
    /// Whether to go on from the checkpoint that is there.
    pub resume: bool,
    /// How much time passes between two checkpoints, at least.
    pub every: Duration,
}

impl Disk {
    pub(super) fn checkpoint(&self) -> PathBuf {
        self.dir.join("checkpoint")
    }

    /// Where a checkpoint is written, until it is complete.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.dir.join("checkpoint.new")
    }
}
