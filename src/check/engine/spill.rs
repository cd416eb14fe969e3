//! Scratch files: pieces of one size that are not needed for a while, on disk instead of in memory.
//!
//! A file is removed as soon as it is open, so nothing is left of it whatever ends the program. What
//! fails is kept in mind, and ends the search at the end of the level ([`Spill::failure`]).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes in a piece.
pub(super) const PIECE: usize = 1 << 16;

/// A scratch file of pieces.
pub(super) struct Spill {
    path: PathBuf,
    file: File,
    /// How many pieces the file has, and which of them are free.
    pieces: u64,
    free: Vec<u64>,
    failure: Option<String>,
}

impl Spill {
    /// A scratch file in a directory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(dir: &Path, name: &str) -> io::Result<Self> {
        let path = dir.join(name);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Self { path, file, pieces: 0, free: Vec::new(), failure: None })
    }

    /// Writes a piece; where it is, or nothing if that fails.
    pub(super) fn write(&mut self, piece: &[u8]) -> Option<u64> {
        let at = self.free.pop().unwrap_or(self.pieces);
        if let Err(error) = self.file.write_all_at(piece, at * PIECE as u64) {
            self.fail("write", &error);
            return None;
        }
        self.pieces = self.pieces.max(at + 1);
        Some(at)
    }

    /// Reads a piece into `piece`, as many bytes as it has.
    pub(super) fn read(&self, at: u64, piece: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(piece, at * PIECE as u64)
    }

    /// Says that a piece is not needed any more.
    pub(super) fn release(&mut self, at: u64) {
        self.free.push(at);
    }

    pub(super) fn fail(&mut self, what: &str, error: &io::Error) {
        let place = self.path.display();
        self.failure
            .get_or_insert_with(|| format!("cannot {what} the scratch file {place}: {error}"));
    }

    /// What failed first, if anything did.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// How many pieces the file has.
    #[cfg(test)]
    pub(super) fn pieces(&self) -> u64 {
        self.pieces
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.free.capacity() * size_of::<u64>()) as u64
    }
}
