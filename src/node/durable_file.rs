//! Small files that are replaced as a whole: after a crash there is the old one or the new one.

use super::log::sync_dir;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes `text` the content of the file `name` in `dir`, its owner's alone, durably.
pub(super) fn replace(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    let new = dir.join(format!("{name}.new"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, dir.join(name))?;
    sync_dir(dir)
}
