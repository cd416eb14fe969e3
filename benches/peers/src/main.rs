//! Quorate beside its peers, in one window on one machine: see README.md.

mod etcd;
mod load;
mod omni;
mod ours;
mod processes;
mod raw;
mod records;
mod redis;
mod streams;
mod zookeeper;

use clap::{Parser, ValueEnum};
use load::{Failure, Measured, Run};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Measures Quorate beside etcd, Redis and OmniPaxos, and prints ratios
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    node: Option<Node>,
    /// The program that is measured
    #[arg(long, default_value = "target/release/quorate")]
    quorate: PathBuf,
    /// A directory on the disk for what is durable
    #[arg(long, default_value = ".")]
    disk: PathBuf,
    /// A directory of a memory file system, for the comparison with OmniPaxos
    #[arg(long, default_value = "/dev/shm")]
    memory: PathBuf,
    /// How many clients
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    clients: Vec<usize>,
    /// How often each is measured, in turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each time, after two seconds of warm-up
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only these comparisons
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(clap::Subcommand)]
enum Node {
    /// A node of OmniPaxos, until it is killed
    #[command(hide = true)]
    OmnipaxosNode { pid: u64, addresses: Vec<SocketAddr> },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Etcd,
    Gets,
    Redis,
    Omnipaxos,
    Zookeeper,
    Store,
    Raw,
    Failover,
    Records,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args = Args::parse();
    if let Some(Node::OmnipaxosNode { pid, addresses }) = &args.node {
        return omni::node(*pid, addresses);
    }
    println!("medians of {} rounds of {} s, in turn", args.rounds, args.seconds);
    let runs_part = |part| args.only.is_empty() || args.only.contains(&part);
    if runs_part(Part::Raw) {
        raw_yardsticks(&args)?;
    }
    for (part, name) in [
        (Part::Etcd, "puts, disk: paxos against etcd"),
        (Part::Gets, "linearizable gets, disk: paxos against etcd"),
        (Part::Redis, "puts, disk: primary-backup against Redis, appendfsync always and WAIT 2"),
        (
            Part::Omnipaxos,
            "puts, memory file system: paxos, sealed and synced, against OmniPaxos with neither",
        ),
        (Part::Zookeeper, "puts, disk: zab against ZooKeeper"),
    ] {
        if runs_part(part) {
            println!("\n{name}");
            for clients in args.clients.clone() {
                compare(&args, part, clients).await?;
            }
        }
    }
    if runs_part(Part::Records) {
        records::compare(&args).await?;
    }
    if runs_part(Part::Store) {
        stores(&args)?;
    }
    if runs_part(Part::Failover) {
        failovers(&args).await?;
    }
    Ok(())
}

fn run(args: &Args, clients: usize, is_read: bool) -> Run {
    let (warm_up, length) = (Duration::from_secs(2), Duration::from_secs(args.seconds));
    Run { clients, is_read, value_bytes: 100, warm_up, length }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn fresh(place: &Path) -> Result<tempfile::TempDir, Failure> {
    Ok(tempfile::Builder::new().prefix("peers-").tempdir_in(place)?)
}

async fn compare(args: &Args, part: Part, clients: usize) -> Result<(), Failure> {
    let run = run(args, clients, part == Part::Gets);
    let place = if part == Part::Omnipaxos { &args.memory } else { &args.disk };
    let protocol = match part {
        Part::Redis => "primary-backup",
        Part::Zookeeper => "zab",
        _ => "paxos",
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let dir = fresh(place)?;
        ours.push(ours::measure(&args.quorate, protocol, dir.path(), run)?);
        let dir = fresh(place)?;
        theirs.push(match part {
            Part::Redis => redis::measure(dir.path(), run).await?,
            Part::Omnipaxos => omni::measure(run).await?,
            Part::Zookeeper => zookeeper::measure(dir.path(), run).await?,
            _ => etcd::measure(dir.path(), run).await?,
        });
    }
    tell(clients, &ours, &theirs);
    Ok(())
}

/// The medians of one side against those of another.
fn tell(clients: usize, ours: &[Measured], theirs: &[Measured]) {
    let of = |all: &[Measured], what: fn(&Measured) -> f64| median(all.iter().map(what).collect());
    let ops = |all: &[Measured]| of(all, |one| one.ops_per_second);
    println!(
        "  {clients:>4} clients: {:>8.0} a second against {:>8.0}, ratio {:.2}; p50 {:.0} against {:.0} us, p99 {:.0} against {:.0} us",
        ops(ours),
        ops(theirs),
        ops(ours) / ops(theirs),
        of(ours, |one| one.p50_us),
        of(theirs, |one| one.p50_us),
        of(ours, |one| one.p99_us),
        of(theirs, |one| one.p99_us),
    );
}

/// The quorum store beside Multi-Paxos, and ten of its nodes beside three.
fn stores(args: &Args) -> Result<(), Failure> {
    let (store, ring, paxos) = (("quorum-store", 3), ("quorum-store", 10), ("paxos", 3));
    for (name, is_read, one, other) in [
        ("puts, disk: quorum-store at level quorum against paxos", false, store, paxos),
        ("linearizable gets, disk: quorum-store at level quorum against paxos", true, store, paxos),
        ("puts, disk: quorum-store, 10 nodes against 3", false, ring, store),
        ("gets, disk: quorum-store, 10 nodes against 3", true, ring, store),
    ] {
        println!("\n{name}");
        for clients in args.clients.clone() {
            let (mut ones, mut others) = (Vec::new(), Vec::new());
            for _ in 0..args.rounds {
                for (cluster, all) in [(one, &mut ones), (other, &mut others)] {
                    let dir = fresh(&args.disk)?;
                    let run = run(args, clients, is_read);
                    all.push(ours::measure_as(&args.quorate, cluster, "", dir.path(), run)?);
                }
            }
            tell(clients, &ones, &others);
        }
    }
    Ok(())
}

/// A put by one client against what it cannot do without.
fn raw_yardsticks(args: &Args) -> Result<(), Failure> {
    let (mut syncs, mut threes, mut pings, mut puts) = (vec![], vec![], vec![], vec![]);
    let (mut ratios, mut shared) = (vec![], vec![]);
    for _ in 0..args.rounds {
        let dir = fresh(&args.disk)?;
        let (sync, ping) = (raw::fdatasync(dir.path())?, raw::ping_pong()?);
        let three = raw::second_of_three(dir.path())?;
        let put = ours::measure(&args.quorate, "paxos", dir.path(), run(args, 1, false))?.p50_us;
        ratios.push(put / (sync + 2.0 * ping));
        shared.push(put / (three + 2.0 * ping));
        syncs.push(sync);
        threes.push(three);
        pings.push(ping);
        puts.push(put);
    }
    println!(
        "\none fdatasync of 128 bytes {:.0} us, the second of three at once {:.0} us, one UDP ping-pong {:.0} us, a put by one client of paxos {:.0} us (all p50)",
        median(syncs),
        median(threes),
        median(pings),
        median(puts)
    );
    println!("  put / (fdatasync + 2 ping-pongs): {:.2}", median(ratios));
    println!("  put / (second of three + 2 ping-pongs): {:.2}", median(shared));
    Ok(())
}

async fn failovers(args: &Args) -> Result<(), Failure> {
    println!(
        "\nfrom the failure of the leader, under 16 clients, to the next acknowledged put, ms"
    );
    for protocol in ["paxos", "primary-backup", "zab", "ZooKeeper"] {
        for deed in ["kill", "freeze"] {
            let mut times = Vec::new();
            for _ in 0..args.rounds {
                let dir = fresh(&args.disk)?;
                let run = run(args, 16, false);
                let time = match protocol {
                    "ZooKeeper" => zookeeper::failover(dir.path(), run, deed).await,
                    ours => ours::failover(&args.quorate, ours, dir.path(), run, deed),
                };
                match time {
                    Ok(time) => times.push(time),
                    Err(error) => println!("  {protocol}, {deed}: not measured: {error}"),
                }
            }
            times.sort_by(f64::total_cmp);
            if !times.is_empty() {
                println!("  {protocol}, {deed}: {times:.0?}, median {:.0}", median(times.clone()));
            }
        }
    }
    Ok(())
}
