//! What is wrong with a log.

use super::layout;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

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
    /// Its header or both its marks are damaged, so it is not known what it should hold.
    #[error("the header of the log {} is corrupt: {LOST}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
    },
    /// Not all of the synced part is there.
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
    /// Its writer has ended without a report.
    #[error("the writer of the log {} has panicked", path.display())]
    Panicked {
        /// The file.
        path: PathBuf,
    },
    /// A record has no encoding.
    #[error("a record of the log {} cannot be encoded", path.display())]
    Unencodable {
        /// The file.
        path: PathBuf,
    },
    /// A record would be longer than it may be.
    #[error(
        "a record of the log {} would take {len} bytes, and it holds {longest} at most; nothing \
         was written, and the log is as it was. The state has outgrown what one \
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

pub(super) fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> LogError {
    let path = path.to_owned();
    move |source| LogError::Io { path, action, source }
}
