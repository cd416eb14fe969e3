//! A file system in memory that fails, and of which a crash leaves what it may leave.

use super::super::disk::{Disk, DiskFile};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// The unit that a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// Something that changes a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Call {
    Create,
    Write,
    SetLength,
    Sync,
    Rename,
    Remove,
    SyncDir,
}

/// What goes wrong, at the call with that number, counted from 0, of its kind or of all.
#[derive(Clone, Copy, Debug)]
pub(in crate::node) enum Fault {
    /// The process is killed: of this call some is done, and nothing after it.
    Crash(usize),
    /// It fails.
    Fails(Call, usize, ErrorKind),
    /// From that byte of a file on, nothing can be written.
    Full(u64),
    /// No write writes more than so many bytes.
    Short(usize),
}

#[derive(Clone, Default)]
struct Stored {
    content: Vec<u8>,
    /// The content at the last sync.
    synced: Vec<u8>,
    /// What was done since.
    since: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Bytes(at, bytes) => {
                content.resize(content.len().max(at + bytes.len()), 0);
                content[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::Length(len) => content.resize(*len, 0),
        }
    }
}

#[derive(Clone, Default)]
struct World {
    files: Vec<Stored>,
    names: BTreeMap<PathBuf, usize>,
    /// The names at the last sync of the directory, and after each change since.
    past_names: Vec<BTreeMap<PathBuf, usize>>,
    calls: Vec<Call>,
    fault: Option<Fault>,
    is_dead: bool,
}

impl World {
    /// Whether a call is done.
    fn call(&mut self, call: Call) -> io::Result<()> {
        let number = self.calls.len();
        let of_kind = self.calls.iter().filter(|earlier| **earlier == call).count();
        self.calls.push(call);
        match self.fault {
            Some(Fault::Crash(at)) if number >= at => self.is_dead = true,
            Some(Fault::Fails(kind, at, error)) if kind == call && at == of_kind => {
                return Err(error.into());
            }
            _ => {}
        }
        if self.is_dead { Err(io::Error::other("killed")) } else { Ok(()) }
    }

    fn change(&mut self, file: usize, change: Change) {
        change.apply(&mut self.files[file].content);
        self.files[file].since.push(change);
    }

    fn rename(&mut self, change: impl FnOnce(&mut BTreeMap<PathBuf, usize>)) {
        self.past_names.push(self.names.clone());
        change(&mut self.names);
    }
}

/// Where others wait as long as it is closed.
#[derive(Default)]
pub(in crate::node) struct Gate {
    is_closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(in crate::node) const fn new() -> Self {
        Self { is_closed: Mutex::new(false), opened: Condvar::new() }
    }

    pub(in crate::node) fn close(&self, is_closed: bool) {
        *self.is_closed.lock().unwrap() = is_closed;
        self.opened.notify_all();
    }

    pub(in crate::node) fn pass(&self) {
        let is_closed = self.is_closed.lock().unwrap();
        drop(self.opened.wait_while(is_closed, |is_closed| *is_closed).unwrap());
    }
}

/// The file system. Its clones are one.
#[derive(Clone, Default)]
pub(in crate::node) struct SimDisk {
    world: Arc<Mutex<World>>,
    /// Whether a sync goes on.
    pub(in crate::node) syncs: Arc<Gate>,
}

impl SimDisk {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// From now on, with the calls counted from here.
    pub(in crate::node) fn set_fault(&self, fault: Option<Fault>) {
        let mut world = self.world();
        (world.fault, world.calls) = (fault, Vec::new());
    }

    pub(in crate::node) fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// The disk as the next process finds it where this one was killed.
    pub(in crate::node) fn after_kill(&self) -> Self {
        let mut world = self.world().clone();
        (world.fault, world.is_dead, world.calls) = (None, false, Vec::new());
        Self { world: Arc::new(Mutex::new(world)), syncs: Arc::default() }
    }

    /// What it finds where the power failed: of what was not synced, anything.
    pub(in crate::node) fn after_power_failure(&self, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let disk = self.after_kill();
        let mut world = disk.world();
        for file in &mut world.files {
            let mut content = std::mem::take(&mut file.synced);
            for change in file.since.drain(..) {
                match change {
                    Change::Bytes(at, bytes) => {
                        for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                            if random.random_bool(0.5) {
                                let at = at + number * SECTOR;
                                Change::Bytes(at, sector.into()).apply(&mut content);
                            }
                        }
                    }
                    length @ Change::Length(_) => {
                        if random.random_bool(0.5) {
                            length.apply(&mut content);
                        }
                    }
                }
            }
            (file.content, file.synced) = (content.clone(), content);
        }
        let mut past = std::mem::take(&mut world.past_names);
        past.push(world.names.clone());
        world.names = past.swap_remove(random.random_range(0..past.len()));
        drop(world);
        disk
    }

    pub(in crate::node) fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let world = self.world();
        world.names.get(path).map(|file| world.files[*file].content.clone())
    }

    pub(in crate::node) fn set_content(&self, path: &Path, content: Vec<u8>) {
        let mut world = self.world();
        let file = world.files.len();
        let (synced, since) = (content.clone(), Vec::new());
        world.files.push(Stored { content, synced, since });
        world.names.insert(path.into(), file);
    }

    fn handle(&self, file: usize) -> Box<dyn DiskFile> {
        Box::new(Handle { disk: self.clone(), file })
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.world().names.get(path).copied();
        file.map(|file| self.handle(file)).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        world.call(Call::Create)?;
        let file = world.files.len();
        world.files.push(Stored::default());
        world.rename(|names| {
            names.insert(path.into(), file);
        });
        drop(world);
        Ok(self.handle(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.call(Call::Rename)?;
        world.rename(|names| {
            let file = names.remove(from).unwrap();
            names.insert(to.into(), file);
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        if !world.names.contains_key(path) {
            return Err(ErrorKind::NotFound.into());
        }
        world.call(Call::Remove)?;
        world.rename(|names| {
            names.remove(path);
        });
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.call(Call::SyncDir)?;
        world.past_names.clear();
        Ok(())
    }
}

struct Handle {
    disk: SimDisk,
    file: usize,
}

impl DiskFile for Handle {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.world().files[self.file].content.len() as u64)
    }

    fn set_length(&mut self, len: u64) -> io::Result<()> {
        let mut world = self.disk.world();
        world.call(Call::SetLength)?;
        world.change(self.file, Change::Length(len as usize));
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let world = self.disk.world();
        let content = world.files[self.file].content.get(at as usize..).unwrap_or_default();
        let len = content.len().min(bytes.len());
        bytes[..len].copy_from_slice(&content[..len]);
        Ok(len)
    }

    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let mut world = self.disk.world();
        let was_dead = world.is_dead;
        let done = world.call(Call::Write);
        let len = match world.fault {
            // Of the call at which the process was killed, some is done.
            Some(Fault::Crash(_)) if world.is_dead && !was_dead => bytes.len() / 2,
            Some(Fault::Full(end)) if at >= end => return Err(ErrorKind::StorageFull.into()),
            Some(Fault::Full(end)) => bytes.len().min((end - at) as usize),
            Some(Fault::Short(most)) => bytes.len().min(most),
            _ => bytes.len(),
        };
        if done.is_ok() || world.is_dead && !was_dead {
            world.change(self.file, Change::Bytes(at as usize, bytes[..len].into()));
        }
        done.map(|()| len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.syncs.pass();
        let mut world = self.disk.world();
        world.call(Call::Sync)?;
        let file = &mut world.files[self.file];
        (file.synced, file.since) = (file.content.clone(), Vec::new());
        Ok(())
    }
}
