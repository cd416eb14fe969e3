//! Keys and data are for their owner alone, and refused otherwise.

use super::{CliError, at};
use crate::ClusterFile;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The permissions of the group and all others.
const OTHERS: u32 = 0o077;

/// Reads a cluster file; one with keys must be its owner's alone.
pub(crate) fn load_cluster(path: &Path) -> Result<ClusterFile, CliError> {
    let cluster = ClusterFile::load(path)?;
    if cluster.keys.are_inline() {
        check("the cluster file holds keys and", path, "600")?;
    }
    for file in cluster.keys.files() {
        check("a key file", file, "600")?;
    }
    Ok(cluster)
}

/// A data directory that is there must be its owner's alone.
pub(crate) fn check_data(path: &Path) -> Result<(), CliError> {
    // If it is not there, the command that needs it refuses.
    if path.exists() { check("the data directory", path, "700") } else { Ok(()) }
}

fn check(what: &'static str, path: &Path, wanted: &'static str) -> Result<(), CliError> {
    let metadata = std::fs::metadata(path).map_err(at("read the permissions of", path))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(CliError::NotPrivate { what, path: path.into(), mode, wanted })
}
