//! Puts under load on real nodes: does the throughput hold, with a follower that is killed and
//! started again meanwhile?
//!
//! ```sh
//! cargo bench --bench load -- paxos
//! cargo bench --bench load -- primary-backup
//! ```
//!
//! Three replicas on loopback, as processes; 100 MB of state first, then 64 clients, each put of a
//! new key with a value of 100 bytes, for 60 seconds (`SECONDS` sets another length). A replica
//! that is not the leader is killed after a third of that and started again 5 seconds later. It
//! prints when that replica says that it is level with the others, puts a second in the first and
//! in the last ten seconds and their ratio, and the longest time in which no client was answered.

use quorate::models::Deploy;
use quorate::models::kv::offer::MapOffer;
use quorate::models::kv::{Bytes, Map};
use quorate::models::paxos::Paxos;
use quorate::models::primary_backup::PrimaryBackup;
use quorate::node::ClusterFile;
use quorate::node::deploy::open_client;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

type Failure = Box<dyn Error + Send + Sync>;

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");
const CLIENTS: usize = 64;
const LARGE: usize = 32 * 1024;
const PATIENCE: Duration = Duration::from_mins(1);

fn main() -> Result<(), Failure> {
    // Cargo adds an argument of its own.
    match std::env::args().skip(1).find(|argument| argument != "--bench").as_deref() {
        Some("paxos") => measure::<Paxos<Map>>(0),
        // Server 0 is the view service.
        Some("primary-backup") => measure::<PrimaryBackup<Map>>(1),
        _ => Err("which protocol: paxos or primary-backup?".into()),
    }
}

/// `first` is the first server that is a replica.
fn measure<D>(first: usize) -> Result<(), Failure>
where
    D: Deploy<Offer = MapOffer>,
{
    let seconds = std::env::var("SECONDS").map_or(Ok(60), |text| text.parse())?;
    let dir = tempfile::tempdir()?;
    let mut cluster = Cluster::start(D::NAME, first + 3, &dir.path().join("cluster"))?;
    let file = ClusterFile::load(&dir.path().join("cluster/cluster.toml"))?;
    fill::<D>(&file)?;
    let mut client = open_client::<D>(&file, None)?;
    client.put("leader".into(), "?".into(), PATIENCE)?;
    let leader = usize::from(client.last_server());
    let follower = (first..first + 3).find(|id| *id != leader).ok_or("no follower")?;
    let (begin, length) = (Instant::now(), Duration::from_secs(seconds));
    let answers = Mutex::new(Vec::new());
    std::thread::scope(|scope| -> Result<(), Failure> {
        let workers: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (file, answers) = (&file, &answers);
                scope.spawn(move || work::<D>(file, number, begin, length, answers))
            })
            .collect();
        std::thread::sleep(length / 3);
        cluster.kill(follower)?;
        println!("killed server {follower}; server {leader} leads");
        std::thread::sleep(Duration::from_secs(5));
        let restarted = Instant::now();
        let statuses = cluster.restart(follower, &dir.path().join("cluster"))?;
        let told = scope.spawn(move || last_status(statuses, restarted));
        for worker in workers {
            worker.join().map_err(|_| "a client panicked")??;
        }
        cluster.stop_restarted();
        let (after, status) = told.join().map_err(|_| "a panic")?.ok_or("it logged no status")?;
        println!("{after:.2?} after it was started again: {status}");
        Ok(())
    })?;
    let mut answers = answers.into_inner()?;
    answers.sort_unstable();
    report(&answers, length);
    Ok(())
}

/// 100 MB, in values as large as they may be.
fn fill<D>(file: &ClusterFile) -> Result<(), Failure>
where
    D: Deploy<Offer = MapOffer>,
{
    let value = Bytes::from("v".repeat(LARGE).as_str());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|number| {
                let value = value.clone();
                scope.spawn(move || -> Result<(), Failure> {
                    let mut client = open_client::<D>(file, None)?;
                    for n in 0..100_000_000 / LARGE / 8 {
                        let key = format!("large {number}.{n}");
                        client.put(key.as_str().into(), value.clone(), PATIENCE)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a panic")?)
    })
}

fn work<D>(
    file: &ClusterFile,
    number: usize,
    begin: Instant,
    length: Duration,
    answers: &Mutex<Vec<Duration>>,
) -> Result<(), Failure>
where
    D: Deploy<Offer = MapOffer>,
{
    let mut client = open_client::<D>(file, None)?;
    let value = Bytes::from("v".repeat(100).as_str());
    let mut mine = Vec::new();
    while begin.elapsed() < length {
        let key = format!("{number}.{}", mine.len());
        client.put(key.as_str().into(), value.clone(), PATIENCE)?;
        mine.push(begin.elapsed());
    }
    answers.lock().map_err(|_| "a client panicked")?.append(&mut mine);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "rates for a person")]
fn report(answers: &[Duration], length: Duration) {
    let ten = Duration::from_secs(10).min(length / 2);
    let in_range = |from: Duration, to: Duration| {
        answers.iter().filter(|at| (from..to).contains(at)).count() as f64 / ten.as_secs_f64()
    };
    let (early, late) =
        (in_range(Duration::ZERO, ten), in_range(length.saturating_sub(ten), length));
    let pause =
        answers.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap_or(length);
    println!("{} puts; first ten seconds {early:.0} a second, last ten {late:.0}", answers.len());
    println!("ratio {:.2}; longest time without an answer {pause:.2?}", late / early);
}

/// What a node last said that it is, and how long after it was started.
fn last_status(log: ChildStderr, started: Instant) -> Option<(Duration, String)> {
    let lines = BufReader::new(log).lines().map_while(Result::ok);
    let statuses = lines.filter_map(|line| {
        let (_, status) = line.split_once("the node is now ")?;
        Some((started.elapsed(), status.into()))
    });
    statuses.last()
}

/// `quorate cluster` and the nodes that it started.
struct Cluster {
    command: Child,
    pids: Vec<u32>,
    restarted: Vec<Child>,
}

impl Cluster {
    fn start(protocol: &str, servers: usize, dir: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(QUORATE)
            .args(["cluster", protocol, "--servers", &servers.to_string(), "--dir"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = command.stdout.take().ok_or("no output")?;
        let mut pids = Vec::new();
        let mut lines = BufReader::new(out).lines();
        for line in lines.by_ref() {
            let line = line?;
            pids.extend(line.split_once(", process ").and_then(|(_, pid)| pid.parse::<u32>().ok()));
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        // It ends when nobody listens.
        std::thread::spawn(move || lines.count());
        Ok(Self { command, pids, restarted: Vec::new() })
    }

    fn kill(&self, id: usize) -> Result<(), Failure> {
        let pid = self.pids.get(id).ok_or("no such server")?.to_string();
        Command::new("kill").args(["-9", &pid]).status()?;
        Ok(())
    }

    /// Starts a server again. Its log is returned.
    fn restart(&mut self, id: usize, dir: &Path) -> Result<ChildStderr, Failure> {
        let mut child = Command::new(QUORATE)
            .args(["run", "--cluster"])
            .arg(dir.join("cluster.toml"))
            .arg("--data")
            .arg(dir.join(format!("node-{id}")))
            .stderr(Stdio::piped())
            .spawn()?;
        let log = child.stderr.take().ok_or("no log")?;
        self.restarted.push(child);
        Ok(log)
    }

    fn stop_restarted(&mut self) {
        self.restarted.drain(..).for_each(stop);
    }
}

fn stop(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop_restarted();
        let _ = self.command.kill();
        let _ = self.command.wait();
    }
}
