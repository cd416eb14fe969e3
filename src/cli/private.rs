//! Keys and data are for their owner alone: made so, and refused otherwise.

use super::{CliError, at};
use crate::ClusterFile;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// What the group and all others may do.
const OTHERS: u32 = 0o077;

/// Reads a cluster file; one with keys must be its owner's alone.
pub(crate) fn load_cluster(path: &Path) -> Result<ClusterFile, CliError> {
    let cluster = ClusterFile::load(path)?;
    if cluster.keys.server.is_some() || cluster.keys.client.is_some() {
        check("the cluster file holds keys and", path, "600")?;
    }
    Ok(cluster)
}

/// A data directory that is there must be its owner's alone.
pub(crate) fn check_data(path: &Path) -> Result<(), CliError> {
    // What is not there, whoever needs it refuses.
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

/// Makes a directory that does not exist yet.
pub(crate) fn create_dir(path: &Path) -> Result<(), CliError> {
    DirBuilder::new().mode(0o700).create(path).map_err(at("make the directory", path))
}

/// Makes a file that does not exist yet.
pub(crate) fn create_file(path: &Path, text: &str) -> Result<std::fs::File, CliError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).map_err(at("make", path))?;
    file.write_all(text.as_bytes()).map_err(at("write", path))?;
    Ok(file)
}
