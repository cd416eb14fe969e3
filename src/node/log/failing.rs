//! A file system of which a sync fails when it is told to, and loses what it was to make durable: for
//! storms.
//!
//! A sync that fails tells nothing of what reached the disk, and the next one may succeed without it
//! (Rebello et al. 2020, "Can Applications Recover from fsync Failures?"). Here all that was written
//! since the last sync is lost.

use super::disk::{Disk, DiskFile, FileSystem};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The system's file system, of which the next sync of a file fails whenever the flag is set.
pub(in crate::node) struct FailingSyncs(pub(in crate::node) Arc<AtomicBool>);

struct FailingFile {
    file: Box<dyn DiskFile>,
    fails: Arc<AtomicBool>,
    /// What the file held where it was written since the last sync, in the order of the writes.
    before: Vec<(u64, Vec<u8>)>,
    /// How long it was then.
    length: u64,
}

impl FailingSyncs {
    fn file(&self, file: Box<dyn DiskFile>) -> io::Result<Box<dyn DiskFile>> {
        let (fails, length) = (Arc::clone(&self.0), file.length()?);
        Ok(Box::new(FailingFile { file, fails, before: Vec::new(), length }))
    }
}

impl Disk for FailingSyncs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(FileSystem.open(path)?)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(FileSystem.create(path)?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        FileSystem.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        FileSystem.sync_dir(dir)
    }
}

impl DiskFile for FailingFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn set_length(&mut self, len: u64) -> io::Result<()> {
        // What is cut off is not brought back: a log that is cut is empty beyond that.
        self.length = self.length.min(len);
        self.file.set_length(len)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        self.file.read_at(bytes, at)
    }

    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let mut before = vec![0; bytes.len()];
        let mut read = 0;
        while let Some(rest) = before.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, at + read as u64)? {
                0 => break,
                some => read += some,
            }
        }
        let written = self.file.write_at(bytes, at)?;
        before.truncate(read.min(written));
        self.before.push((at, before));
        Ok(written)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.fails.swap(false, Ordering::Relaxed) {
            for (at, bytes) in self.before.drain(..).rev() {
                self.file.write_all_at(&bytes, at)?;
            }
            self.file.set_length(self.length)?;
            return Err(io::Error::other("a sync that a storm lets fail"));
        }
        self.file.sync()?;
        self.before.clear();
        self.length = self.file.length()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(file: &dyn DiskFile) -> Vec<u8> {
        let mut bytes = vec![0; file.length().unwrap() as usize];
        file.read_all_at(&mut bytes, 0).unwrap();
        bytes
    }

    #[test]
    fn a_sync_that_fails_loses_what_was_written_since_the_last_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let disk = FailingSyncs(Arc::default());
        let mut file = disk.create(&dir.path().join("file")).unwrap();
        file.write_all_at(b"durable", 0).unwrap();
        file.sync().unwrap();
        file.write_all_at(b"lost", 5).unwrap();
        file.write_all_at(b"LOS", 3).unwrap();
        disk.0.store(true, Ordering::Relaxed);
        file.sync().unwrap_err();
        assert_eq!(content(&*file), b"durable");
        file.write_all_at(b"kept", 7).unwrap();
        file.sync().unwrap();
        assert_eq!(content(&*file), b"durablekept");
    }
}
