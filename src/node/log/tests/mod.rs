//! A damaged log recovers all that was synced, or nothing at all.

mod damage;
mod faults;
mod growth;
pub(in crate::node) mod sim;

use super::*;
use crate::node::wake::Sleeper;
use serde::Deserialize;
use sim::SimDisk;

/// A list of numbers, saved by appending, or as a complete image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Numbers {
    complete: bool,
    list: Vec<u32>,
}

impl Durable for Numbers {
    fn absorb(&mut self, delta: Self) {
        if delta.complete {
            *self = delta;
        } else {
            self.list.extend(delta.list);
        }
    }
}

fn delta(number: u32) -> Numbers {
    Numbers { complete: number == 0, list: vec![number] }
}

const OWNER: Owner = Owner { cluster: 1, node: 2, directory: 3 };

type Opened<S> = Result<(Log<S>, Option<S>), LogError>;

fn open_on<S>(disk: impl Disk + 'static, dir: &Path) -> Opened<S>
where
    S: Durable + Serialize + DeserializeOwned + Send + 'static,
{
    Log::open(Arc::new(disk), dir, &OWNER, Sleeper::new().unwrap().wake())
}

/// With bounds of its own: the least size at which it is rewritten, and the longest record.
fn open_small(disk: impl Disk + 'static, dir: &Path, small: u64, longest: u32) -> Log<Numbers> {
    let (journal, _) = Journal::open::<Numbers>(Arc::new(disk), dir, &OWNER).unwrap();
    Log::start(journal, Sleeper::new().unwrap().wake(), small, longest)
}

fn open(dir: &Path) -> Opened<Numbers> {
    open_on(FileSystem, dir)
}

/// The numbers in a log.
fn list(dir: &Path) -> Result<Vec<u32>, LogError> {
    open(dir).map(|(_, image)| numbers(image))
}

fn numbers(image: Option<Numbers>) -> Vec<u32> {
    image.map_or(vec![], |numbers| numbers.list)
}

/// Saves in one record, and waits for it.
fn append(log: &mut Log<Numbers>, deltas: &[Numbers]) -> Result<(), LogError> {
    log.save(deltas, true, Instant::now())?;
    while log.durable()? < log.awaited() {
        log.wait()?;
    }
    Ok(())
}

fn append_batch(log: &mut Log<Numbers>, batch: u32) {
    append(log, &[delta(2 * batch), delta(2 * batch + 1)]).unwrap();
}

/// A log of the numbers from 0, in batches of two; with the length of each synced prefix.
fn written(dir: &Path, batches: u32) -> Vec<u64> {
    create(dir, &OWNER).unwrap();
    let (mut log, _) = open(dir).unwrap();
    let mut ends = vec![log.len()];
    for batch in 0..batches {
        append_batch(&mut log, batch);
        ends.push(log.len());
    }
    log.close().unwrap();
    ends
}

fn expected(batches: usize) -> Vec<u32> {
    (0..2 * batches as u32).collect()
}

/// A simulated disk with an empty log.
fn simulated() -> (SimDisk, PathBuf) {
    let (disk, dir) = (SimDisk::default(), tempfile::tempdir().unwrap());
    create(dir.path(), &OWNER).unwrap();
    let content = std::fs::read(dir.path().join(FILE)).unwrap();
    disk.set_content(&Path::new("/data").join(FILE), content);
    (disk, "/data".into())
}
