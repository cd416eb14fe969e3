//! Files and directories that are their owner's alone from the start.

use super::error::{LocalError, at, system};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes a directory that does not exist yet, with mode 700.
///
/// # Errors
/// When it exists, or cannot be made.
pub fn create_dir(path: &Path) -> Result<(), LocalError> {
    DirBuilder::new().mode(0o700).create(path).map_err(at("make the directory", path))
}

/// Makes a file that does not exist yet, with mode 600.
///
/// # Errors
/// When it exists, or cannot be written.
pub fn create_file(path: &Path, text: &str) -> Result<File, LocalError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).map_err(at("make", path))?;
    file.write_all(text.as_bytes()).map_err(at("write", path))?;
    Ok(file)
}

/// Makes a temporary directory, which is removed with this value, with mode 700.
///
/// # Errors
/// When it cannot be made.
pub fn temporary_dir() -> Result<tempfile::TempDir, LocalError> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("quorate-").permissions(Permissions::from_mode(0o700)).tempdir();
    builder.map_err(system("make a temporary directory"))
}
