//! The data directory: what makes a node the same node after a restart.
//!
//! Formatted once, then only opened. It holds `identity.toml`, which says whose it is, and the
//! log. A node never starts on a directory that is missing, foreign or incomplete: it would have
//! forgotten what it promised to others. A lock keeps two processes from being one node. A
//! directory grows **older** by each start on it and by running, so that an old copy differs from
//! the original.
//!
//! A directory may be formatted for a **newcomer**: a server that ran before and lost its
//! directory. Where the protocol takes such a server back, it starts as one.

use super::address::number;
use super::cluster_file::ClusterFile;
use super::life::Life;
use super::log::{self, LogError, Owner, sync_dir};
use super::released::once_released;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

const IDENTITY: &str = "identity.toml";
const AGE: &str = "age";
const VERSION: u32 = 1;

/// An open, locked data directory.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    id: Id,
    owner: Owner,
    newcomer: bool,
    life: Life,
    /// Holds the lock until it is dropped.
    _lock: File,
}

/// `identity.toml`. Numbers in full 64 bits do not fit TOML, so they are hexadecimal text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    version: u32,
    cluster: String,
    fingerprint: String,
    id: usize,
    directory: String,
    /// Whether the server ran before and lost its directory.
    #[serde(default)]
    newcomer: bool,
}

/// What is wrong with a data directory.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The cluster has no such server.
    #[error("the cluster file {} has no server {id}; its servers are 0 to {}", file.display(), count - 1)]
    NoSuchServer {
        /// The cluster file.
        file: PathBuf,
        /// The id asked for.
        id: usize,
        /// How many servers there are.
        count: usize,
    },
    /// There is something in it already.
    #[error(
        "{} is not empty; format a new directory (one that holds a node's data must not be \
         formatted again, for the node would forget what it promised)", path.display()
    )]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// It is not there.
    #[error(
        "the data directory {} does not exist; if this node is new, make it with `quorate format`; \
         if it ran before, mount or restore its directory", path.display()
    )]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// It was never formatted, or not to the end.
    #[error(
        "{} is not a formatted data directory: it has no {IDENTITY}; if `quorate format` was \
         interrupted, remove the directory and format again; if this node ran before, restore \
         the file", path.display()
    )]
    NotFormatted {
        /// The directory.
        path: PathBuf,
    },
    /// Its identity does not say what it should.
    #[error("{} is corrupt: {reason}; restore it from this very node", path.display())]
    CorruptIdentity {
        /// The file.
        path: PathBuf,
        /// In what way.
        reason: String,
    },
    /// It was formatted by another version.
    #[error("{} has format version {found}, this program knows {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It is of another cluster.
    #[error(
        "the data directory {} was formatted for the cluster `{found}`, which differs from the \
         cluster file {} in name, protocol, mode, or its servers' number or roles, or in the partitions \
         or replicas of its topic: use the cluster file that it was formatted with", path.display(), file.display()
    )]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// The cluster's name in it.
        found: String,
        /// The cluster file.
        file: PathBuf,
    },
    /// It is of another node.
    #[error("the data directory {} is server {found}'s, not server {wanted}'s", path.display())]
    WrongId {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        found: usize,
        /// Whose it should be.
        wanted: usize,
    },
    /// Another process uses it.
    #[error("the data directory {} is in use by another process; stop that first", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// Its log cannot be made.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl DataDir {
    /// Makes the data directory of server `id` at `path`, which must be empty or not exist.
    pub fn format(path: &Path, cluster: &ClusterFile, id: Id) -> Result<(), DataDirError> {
        Self::make(path, cluster, id, false)
    }

    /// The same for a server that ran before and lost its data directory: it starts as a newcomer.
    pub fn format_newcomer(path: &Path, cluster: &ClusterFile, id: Id) -> Result<(), DataDirError> {
        Self::make(path, cluster, id, true)
    }

    fn make(
        path: &Path,
        cluster: &ClusterFile,
        id: Id,
        newcomer: bool,
    ) -> Result<(), DataDirError> {
        if cluster.server(id).is_none() {
            return Err(DataDirError::NoSuchServer {
                file: cluster.path().into(),
                id: usize::from(id),
                count: cluster.servers.len(),
            });
        }
        let made = create_dirs(path).map_err(failed(path, "create"))?;
        if std::fs::read_dir(path).map_err(failed(path, "read"))?.next().is_some() {
            return Err(DataDirError::NotEmpty { path: path.into() });
        }
        let directory = rand::random::<u64>().max(1);
        let owner = Owner { cluster: cluster.fingerprint(), node: number(id), directory };
        log::create(path, &owner)?;
        let identity = Identity {
            version: VERSION,
            cluster: cluster.name.clone(),
            fingerprint: format!("{:016x}", owner.cluster),
            id: usize::from(id),
            directory: format!("{directory:016x}"),
            newcomer,
        };
        let text = toml::to_string(&identity).map_err(io::Error::other);
        // Last and at once, so that a directory is formatted or is not.
        text.and_then(|text| replace(path, IDENTITY, &text))
            .map_err(failed(&path.join(IDENTITY), "write"))?;
        made.iter().try_for_each(|parent| sync_dir(parent).map_err(failed(parent, "sync")))
    }

    /// Opens and locks the data directory at `path`, which must be of this cluster and, where
    /// one is `wanted`, of that server. Waits up to a second for a process that ends just now.
    pub fn open(
        path: &Path,
        cluster: &ClusterFile,
        wanted: Option<Id>,
    ) -> Result<Self, DataDirError> {
        let (file, mut lock) = open_identity(path)?;
        let held = |error: &TryLockError| matches!(error, TryLockError::WouldBlock);
        match once_released(held, || lock.try_lock()) {
            Err(TryLockError::WouldBlock) => {
                return Err(DataDirError::Locked { path: path.into() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(&file, "lock")(source)),
            Ok(()) => {}
        }
        let (identity, owner) = identify(path, &file, &mut lock, cluster)?;
        let id = identity.id;
        if let Some(wanted) = wanted.map(usize::from).filter(|wanted| *wanted != id) {
            return Err(DataDirError::WrongId { path: path.into(), found: id, wanted });
        }
        let (age, newcomer) = (read_age(path)?, identity.newcomer);
        let life = Life::new(owner.directory, newcomer, age, rand::random());
        let (path, id) = (path.into(), Id::from(id));
        let mut data = Self { path, id, owner, newcomer, life, _lock: lock };
        data.grow_older()?;
        Ok(data)
    }

    /// Whose the data directory at `path` is, which must be of this cluster; whether it is in use does
    /// not matter.
    pub fn id_at(path: &Path, cluster: &ClusterFile) -> Result<Id, DataDirError> {
        let (file, mut opened) = open_identity(path)?;
        Ok(identify(path, &file, &mut opened, cluster)?.0.id.into())
    }

    /// Whose it is.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Drawn when it was formatted, and not 0: another directory of the same server has another
    /// one.
    pub fn incarnation(&self) -> u64 {
        self.owner.directory
    }

    /// Whether it was formatted for a server that had lost another one.
    pub fn is_newcomers(&self) -> bool {
        self.newcomer
    }

    /// Which life of its server this is.
    pub(super) fn life(&self) -> Life {
        self.life
    }

    /// Makes it older than any copy of it that there is.
    pub(super) fn grow_older(&mut self) -> Result<(), DataDirError> {
        let life = self.life.at(self.life.age + 1, self.life.run);
        let written = replace(&self.path, AGE, &format!("{}\n", life.age));
        written.map_err(failed(&self.path.join(AGE), "write"))?;
        self.life = life;
        Ok(())
    }

    /// What its log must say that it belongs to.
    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }
}

/// The file that says whose the data directory at `path` is.
fn open_identity(path: &Path) -> Result<(PathBuf, File), DataDirError> {
    if !path.try_exists().map_err(failed(path, "open"))? {
        return Err(DataDirError::Missing { path: path.into() });
    }
    let file = path.join(IDENTITY);
    match OpenOptions::new().read(true).write(true).open(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(DataDirError::NotFormatted { path: path.into() })
        }
        Err(source) => Err(failed(&file, "open")(source)),
        Ok(opened) => Ok((file, opened)),
    }
}

/// What it says, if that is a server of this cluster.
fn identify(
    path: &Path,
    file: &Path,
    opened: &mut File,
    cluster: &ClusterFile,
) -> Result<(Identity, Owner), DataDirError> {
    let mut text = String::new();
    opened.read_to_string(&mut text).map_err(failed(file, "read"))?;
    let (identity, owner) = parse_identity(file, &text)?;
    if owner.cluster != cluster.fingerprint() || identity.id >= cluster.servers.len() {
        let (found, file) = (identity.cluster, cluster.path().into());
        return Err(DataDirError::Foreign { path: path.into(), found, file });
    }
    Ok((identity, owner))
}

/// Makes the directory `path` and those above it that are missing. Returns the directories that got
/// an entry, or may have got it before a crash: the entries are durable when these are synced.
fn create_dirs(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut parents = Vec::new();
    for level in path.ancestors().filter(|level| !level.as_os_str().is_empty()) {
        let is_new = !level.try_exists()?;
        if is_new || level == path {
            let parent = level.parent().filter(|parent| !parent.as_os_str().is_empty());
            parents.push(parent.unwrap_or(Path::new(".")).to_owned());
        }
        if !is_new {
            break;
        }
    }
    // The data of a node are its owner's alone.
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    Ok(parents)
}

/// Makes this the text of a file, durably, or leaves the file as it was.
pub(super) fn replace(dir: &Path, file: &str, text: &str) -> io::Result<()> {
    let new = dir.join(format!("{file}.new"));
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    std::fs::rename(new, dir.join(file))?;
    sync_dir(dir)
}

/// The age of a directory: 0 if it has no such file, since no node was started on it yet, or only
/// before ages were counted.
fn read_age(dir: &Path) -> Result<u32, DataDirError> {
    let path = dir.join(AGE);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(failed(&path, "read")(source)),
        Ok(text) => text.trim().parse().map_err(|_| {
            let reason = "it is not a number".into();
            DataDirError::CorruptIdentity { path, reason }
        }),
    }
}

fn parse_identity(path: &Path, text: &str) -> Result<(Identity, Owner), DataDirError> {
    let corrupt = |reason: String| DataDirError::CorruptIdentity { path: path.into(), reason };
    let identity: Identity = toml::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    if identity.version != VERSION {
        return Err(DataDirError::Version { path: path.into(), found: identity.version });
    }
    let hex = |field: &str, text: &str| {
        u64::from_str_radix(text, 16)
            .map_err(|_| corrupt(format!("`{field}` is not a hexadecimal number")))
    };
    let owner = Owner {
        cluster: hex("fingerprint", &identity.fingerprint)?,
        node: identity.id as u64,
        directory: hex("directory", &identity.directory)?,
    };
    Ok((identity, owner))
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> DataDirError {
    let path = path.to_owned();
    move |source| DataDirError::Io { path, action, source }
}

#[cfg(test)]
mod tests;
