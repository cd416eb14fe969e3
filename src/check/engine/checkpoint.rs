//! Checkpoints: all that a search knows at the end of a level, in one file.
//!
//! ```text
//! magic | header, with its length | segments: homes, used, words | tags | bits | runs | records | CRC-32
//! ```
//!
//! The header has what the search is of and how far it was; the segments are the visited set; tags and
//! bits are the lineage; runs and records the states that wait. Numbers of parts differ between runs,
//! so a [recipe](Recipe) says how the parts are made again. The checksum is looked at before anything
//! else.

use super::disk::Disk;
use super::frontier::Chunk;
use super::lineage::{Lineage, Target};
use super::outcome::CheckError;
use super::queue::Queue;
use super::segment::{Segment, Shape};
use super::visited::{SEGMENTS, VisitedSet};
use crate::check::space::Recipes;
use crate::models::world::{Fingerprint, Recipe};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

const MAGIC: &[u8] = b"quorate checkpoint 4\n";

/// What a search is of: only the same is resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) version: String,
    pub(super) name: String,
    pub(super) properties: Vec<String>,
    pub(super) initial: Fingerprint,
    pub(super) images: u64,
}

/// How far a search is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) depth: u32,
    pub(super) unique: u64,
    pub(super) generated: u64,
    pub(super) expanded: u64,
    pub(super) handed_out: u64,
    pub(super) cut: u64,
    /// The conditions that are not decided yet: always, sometimes.
    pub(super) open: (u64, u64),
    /// Per property that is decided, by position, its state: key and number.
    pub(super) deciding: Vec<(u8, Fingerprint, u64)>,
}

/// What a process of a check by several knows beside its part of the search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Together {
    /// Whether each process has states of its own, rather than all the same.
    pub(super) is_parted: bool,
    /// How many states wait with all.
    pub(super) waiting: u64,
    /// The numbers of those that wait here: the first of some, and how many they are.
    pub(super) segments: Vec<(u64, u64)>,
    /// Per property that is decided, by position, the process that has the state.
    pub(super) owners: BTreeMap<usize, usize>,
}

/// Of which moment of a search a checkpoint is. The search follows from what is checked and by how many
/// processes, so checkpoints of one moment belong together, whichever run wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Moment {
    pub(super) depth: u32,
    unique: u64,
    generated: u64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    identity: Identity,
    counts: Counts,
    /// Of a check by several processes.
    together: Option<Together>,
    recipe: Recipe,
    /// The lineage: tags, bits, and where levels begin among both.
    tags: u64,
    bits: u64,
    levels: Vec<(u64, u64)>,
    segments: u32,
    runs: u64,
}

/// What a search is made from again.
pub(super) struct Loaded {
    pub(super) counts: Counts,
    pub(super) together: Option<Together>,
    pub(super) visited: VisitedSet,
    pub(super) lineage: Lineage,
    pub(super) waiting: Queue,
}

/// Writes a checkpoint beside the last one; see [`put_in_place`].
pub(super) fn write(
    disk: &Disk,
    recipes: &dyn Recipes,
    (identity, counts, together): (Identity, Counts, Option<Together>),
    (visited, lineage, waiting): (&VisitedSet, &Lineage, &Queue),
) -> Result<(), CheckError> {
    let path = disk.unfinished();
    let (tags, bits) = lineage.lengths();
    let recipe = recipes.recipe();
    let levels = lineage.levels();
    let (segments, runs) = (SEGMENTS as u32, waiting.runs() as u64);
    let header = Header { identity, counts, together, recipe, tags, bits, levels, segments, runs };
    let write = || -> io::Result<()> {
        let mut out = Writer::new(&path)?;
        let header = postcard::to_stdvec(&header).map_err(io::Error::other)?;
        out.put(&(header.len() as u64).to_le_bytes())?;
        out.put(&header)?;
        visited.each_segment(&mut |segment| {
            let Shape { homes, used } = segment.shape();
            out.put(&homes.to_le_bytes())?;
            out.put(&used.to_le_bytes())?;
            segment.save(&mut |bytes| out.put(bytes))
        })?;
        lineage.save(&mut |bytes| out.put(bytes))?;
        waiting.save(&mut |bytes| out.put(bytes))?;
        out.end()
    };
    write().map_err(|error| {
        // Half of one is of no use, and takes room that others may need.
        let _ = fs::remove_file(&path);
        let is_kept = disk.checkpoint().exists();
        match failed("write the checkpoint", &path, &error) {
            CheckError::Disk(said) if is_kept => CheckError::Disk(format!(
                "{said}; --resume goes on from the last one, which is kept"
            )),
            other => other,
        }
    })
}

/// Puts the checkpoint that was written in the place of the last one.
pub(super) fn put_in_place(disk: &Disk) -> Result<(), CheckError> {
    let path = disk.unfinished();
    let done = fs::rename(&path, disk.checkpoint());
    let done = done.and_then(|()| File::open(&disk.dir)?.sync_all());
    done.map_err(|error| failed("put in its place the checkpoint", &path, &error))
}

/// The moments of which there are whole checkpoints: of the one in its place, and of one beside it, at
/// least one of the two.
pub(super) fn held(disk: &Disk, identity: &Identity) -> Result<[Option<Moment>; 2], CheckError> {
    let moment = |path: &Path| {
        let header = open(disk, path, identity)?.1;
        let Counts { depth, unique, generated, .. } = header.counts;
        Ok(Moment { depth, unique, generated })
    };
    // The process may have ended while it wrote that one.
    let beside = moment(&disk.unfinished()).ok();
    match (moment(&disk.checkpoint()), beside) {
        (Err(error), None) => Err(error),
        (in_place, beside) => Ok([in_place.ok(), beside]),
    }
}

/// Reads the checkpoint, for a search with so many threads.
pub(super) fn load(
    disk: &Disk,
    recipes: &dyn Recipes,
    identity: &Identity,
    shards: usize,
    new: impl FnOnce() -> Result<(Lineage, Queue), CheckError>,
) -> Result<Loaded, CheckError> {
    let path = disk.checkpoint();
    let (mut from, header) = open(disk, &path, identity)?;
    let (mut lineage, mut waiting) = new()?;
    let renamed = recipes.remake(&header.recipe);
    let mut read = || -> Result<VisitedSet, Problem> {
        let mut segments = Vec::new();
        for _ in 0..header.segments {
            let shape = Shape { homes: from.u32()?, used: from.u32()? };
            segments.push(Segment::load(shape, &from.take(shape.bytes() as u64)?));
        }
        let visited = VisitedSet::of(segments, shards).ok_or(Problem::Damaged)?;
        lineage.load(&header.levels, (header.tags, header.bits), &mut |count| from.take(count))?;
        let mut runs = Vec::new();
        for _ in 0..header.runs {
            runs.push((from.u32()?, from.u32()?));
        }
        let (mut old, mut new, mut state) = (Chunk::default(), Chunk::default(), Vec::new());
        for (length, states) in runs {
            old.clear();
            let bytes = from.take(length.into())?;
            old.fill(states).extend_from_slice(&bytes);
            let mut at = 0;
            new.clear();
            while let Some(record) = old.read(at, &mut state) {
                if !recipes.rename(&renamed, &mut state) {
                    return Err(Problem::Changed);
                }
                new.push(record.fingerprint, record.note, &state);
                state.clear();
                at = record.next;
            }
            waiting.push(&new);
        }
        Ok(visited)
    };
    let visited = read().map_err(|problem| problem.at(&path))?;
    let Header { counts, together, .. } = header;
    Ok(Loaded { counts, together, visited, lineage, waiting })
}

/// Opens a whole checkpoint of the same search.
fn open(disk: &Disk, path: &Path, identity: &Identity) -> Result<(Reader, Header), CheckError> {
    let mut from = Reader::open(path).map_err(|problem| match problem {
        Problem::Io(error) if error.kind() == io::ErrorKind::NotFound => CheckError::Disk(format!(
            "there is no checkpoint in {}; leave --resume out to begin anew",
            disk.dir.display()
        )),
        problem => problem.at(path),
    })?;
    let header = from.header().map_err(|problem| problem.at(path))?;
    compare(&header.identity, identity, path)?;
    Ok((from, header))
}

/// Removes the checkpoint of a check that is over.
pub(super) fn remove(disk: &Disk) -> Result<(), CheckError> {
    remove_file(&disk.checkpoint())
}

/// Removes what was written beside the checkpoint, if anything was.
pub(super) fn remove_unfinished(disk: &Disk) -> Result<(), CheckError> {
    remove_file(&disk.unfinished())
}

fn remove_file(path: &Path) -> Result<(), CheckError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove the checkpoint", path, &error))
        }
        _ => Ok(()),
    }
}

/// Makes the directory, and sees that no checkpoint would be lost. While the file is open no other check
/// uses the directory.
pub(super) fn prepare(disk: &Disk) -> Result<File, CheckError> {
    let made = fs::create_dir_all(&disk.dir);
    made.map_err(|error| failed("make the directory", &disk.dir, &error))?;
    let path = disk.dir.join("lock");
    let lock = File::create(&path).map_err(|error| failed("open", &path, &error))?;
    lock.try_lock()
        .map_err(|_| CheckError::Disk(format!("another check uses {}", disk.dir.display())))?;
    if !disk.resume && disk.checkpoint().exists() {
        return Err(CheckError::Disk(format!(
            "{} holds a checkpoint; go on from it with --resume, or remove it",
            disk.dir.display()
        )));
    }
    Ok(lock)
}

pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> CheckError {
    CheckError::Disk(format!("cannot {what} {}: {error}", path.display()))
}

/// Refuses a checkpoint of something else.
fn compare(found: &Identity, wanted: &Identity, path: &Path) -> Result<(), CheckError> {
    let what = if found.version != wanted.version {
        format!("was written by version {}, and this is {}", found.version, wanted.version)
    } else if found.name != wanted.name {
        format!("is of {}, not of {}", found.name, wanted.name)
    } else if found != wanted {
        "is of another state of this protocol: its properties or its initial state changed".into()
    } else {
        return Ok(());
    };
    Err(CheckError::Disk(format!("the checkpoint {} {what}", path.display())))
}

/// Why a checkpoint is of no use.
#[derive(Debug)]
enum Problem {
    Io(io::Error),
    Foreign,
    Damaged,
    Changed,
}

impl Problem {
    fn at(self, path: &Path) -> CheckError {
        let what = match self {
            Self::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return failed("read the checkpoint", path, &error);
            }
            Self::Foreign => "is no checkpoint of this version",
            Self::Io(_) | Self::Damaged => "is damaged",
            Self::Changed => "does not fit this protocol any more: its handlers changed",
        };
        CheckError::Disk(format!("the checkpoint {} {what}", path.display()))
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

struct Writer {
    out: BufWriter<File>,
    crc: crc32fast::Hasher,
}

impl Writer {
    fn new(path: &Path) -> io::Result<Self> {
        let out = BufWriter::with_capacity(1 << 18, File::create(path)?);
        let mut writer = Self { out, crc: crc32fast::Hasher::new() };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.out.write_all(bytes)
    }

    fn end(mut self) -> io::Result<()> {
        let crc = self.crc.clone().finalize();
        self.out.write_all(&crc.to_le_bytes())?;
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}

struct Reader {
    from: BufReader<File>,
    /// The bytes before the checksum that were not read yet.
    left: u64,
}

impl Reader {
    /// A file whose checksum is right.
    fn open(path: &Path) -> Result<Self, Problem> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let (mut left, mut crc) =
            (size.checked_sub(4).ok_or(Problem::Damaged)?, crc32fast::Hasher::new());
        let mut bytes = vec![0; 1 << 18];
        while left > 0 {
            let some = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            file.read_exact(&mut bytes[..some])?;
            crc.update(&bytes[..some]);
            left -= some as u64;
        }
        let mut stored = [0; 4];
        file.read_exact(&mut stored)?;
        if stored != crc.finalize().to_le_bytes() {
            return Err(Problem::Damaged);
        }
        file.rewind()?;
        Ok(Self { from: BufReader::with_capacity(1 << 18, file), left: size - 4 })
    }

    /// So many bytes. No more are made room for than there are.
    fn take(&mut self, count: u64) -> Result<Vec<u8>, Problem> {
        self.left = self.left.checked_sub(count).ok_or(Problem::Damaged)?;
        let mut bytes = vec![0; count as usize];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Problem> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes(*bytes.first_chunk().ok_or(Problem::Damaged)?))
    }

    fn header(&mut self) -> Result<Header, Problem> {
        if self.take(MAGIC.len() as u64).map_err(|_| Problem::Foreign)? != MAGIC {
            return Err(Problem::Foreign);
        }
        let length = self.take(8)?;
        let length = u64::from_le_bytes(*length.first_chunk().ok_or(Problem::Damaged)?);
        postcard::from_bytes(&self.take(length)?).map_err(|_| Problem::Damaged)
    }
}

impl Counts {
    pub(super) fn note_deciding(&mut self, deciding: &[Option<Target>; 64]) {
        let decided = (0_u8..).zip(deciding);
        self.deciding.extend(decided.filter_map(|(at, state)| {
            let Target { key, index } = (*state)?;
            Some((at, key, index))
        }));
    }

    pub(super) fn deciding(&self) -> [Option<Target>; 64] {
        let mut deciding = [None; 64];
        for (at, key, index) in &self.deciding {
            if let Some(place) = deciding.get_mut(usize::from(*at)) {
                *place = Some(Target { key: *key, index: *index });
            }
        }
        deciding
    }
}
