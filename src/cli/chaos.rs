//! `quorate cluster --chaos`: a storm over a local cluster, and a verdict.

use super::duration::{duration, duration_or_none};
use super::own_cluster::{self, Place, START, Which, answering, stop_on_signals};
use super::{CliError, DONE, NO, UNKNOWN, at, out};
use crate::catalogue::Catalogue;
use crate::chaos::network::{Counts, Faults, Network};
use crate::chaos::{self, Aftermath, Judgement, Storm, Toll, schedule};
use crate::models::protocol::{Promise, Register};
use crate::node::{ClusterFile, Deployed};
use clap::ValueEnum;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a history is judged by.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// Each key is linearizable
    Linearizable,
    /// Transactions are strictly serializable
    StrictlySerializable,
}

/// What becomes of datagrams by chance.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Weather {
    /// Some are lost, some duplicated, some delayed
    Bad,
    /// All arrive at once; only cuts stop them, so that clients can ask at full speed
    Good,
}

impl Weather {
    fn faults(self) -> Faults {
        match self {
            Self::Bad => Faults::default(),
            Self::Good => Faults::NONE,
        }
    }
}

/// The arguments of a storm.
#[derive(clap::Args)]
#[command(next_help_heading = "Chaos")]
pub(crate) struct Chaos {
    /// Let a storm pass over the cluster: what is done, and when, follows from this number
    #[arg(long = "chaos", value_name = "SEED")]
    pub(super) seed: Option<u64>,
    /// How long the storm lasts, such as 30s or 10m
    #[arg(long = "for", default_value = "1m", value_name = "DURATION", value_parser = duration, requires = "seed")]
    length: Duration,
    /// How many clients ask meanwhile
    #[arg(long, default_value_t = 8, requires = "seed")]
    clients: usize,
    /// The longest that a client waits before it asks again
    #[arg(long, default_value = "10ms", value_name = "DURATION", value_parser = duration_or_none, requires = "seed")]
    pause: Duration,
    /// The storm ends after so many requests: each is kept to be judged, in about 700 bytes
    #[arg(long, default_value_t = 5_000_000, requires = "seed")]
    requests: usize,
    /// What the network does to datagrams beside cuts
    #[arg(long, value_name = "KIND", default_value = "bad", requires = "seed")]
    network: Weather,
    /// Let the clocks of servers differ by up to so much
    #[arg(long, default_value = "0s", value_name = "DURATION", value_parser = duration_or_none, requires = "seed")]
    skew: Duration,
    /// Judge the history by this, instead of what the protocol promises
    #[arg(long, value_name = "PROMISE", requires = "seed")]
    judge: Option<By>,
    /// Write the history to this file, whatever the verdict
    #[arg(long, value_name = "FILE", requires = "seed")]
    history: Option<PathBuf>,
    /// Print what would be done, and do nothing
    #[arg(long, requires = "seed")]
    plan: bool,
    /// Print one JSON object as the last line
    #[arg(long, requires = "seed")]
    pub(super) json: bool,
}

/// The last line.
#[derive(Serialize)]
struct Report<'a> {
    protocol: &'a str,
    mode: Option<&'a str>,
    seed: u64,
    seconds: f64,
    verdict: &'static str,
    why: Option<&'a str>,
    requests: usize,
    answered: u64,
    toll: &'a Toll,
    datagrams: &'a Datagrams,
    history: Option<&'a Path>,
}

/// The fates of datagrams.
#[derive(Serialize)]
struct Datagrams {
    passed: u64,
    dropped: u64,
    duplicated: u64,
    delayed: u64,
    cut: u64,
}

impl Datagrams {
    fn of(counts: &Counts) -> Self {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            passed: read(&counts.passed),
            dropped: read(&counts.dropped),
            duplicated: read(&counts.duplicated),
            delayed: read(&counts.delayed),
            cut: read(&counts.cut),
        }
    }
}

/// All that was given.
struct Args<'a> {
    which: &'a Which,
    chaos: &'a Chaos,
}

pub(super) fn execute(
    which: &Which,
    storm: &Chaos,
    seed: u64,
    catalogue: &Catalogue,
) -> Result<u8, CliError> {
    let args = &Args { which, chaos: storm };
    if !(1..=512).contains(&storm.clients) {
        let text = format!("--clients is 1 to 512 here, not {}", storm.clients);
        return Err(CliError::Usage(text));
    }
    if storm.plan {
        for planned in schedule(seed, args.which.servers, storm.length) {
            out::line(planned)?;
        }
        return Ok(DONE);
    }
    let stop = stop_on_signals()?;
    let mut place = Place::make(args.which.dir.as_deref())?;
    let faults = storm.network.faults();
    let Which { protocol, mode, topics, servers, .. } = args.which;
    let network = Network::open_wide(*servers, args.which.ports(), faults, seed);
    let network = network.map_err(|source| CliError::Io { action: "open a network", source })?;
    let mut plan = own_cluster::plan(protocol, mode.as_deref(), topics, network.doors())?;
    plan.listen = network.nodes();
    let mut nodes = own_cluster::make(catalogue, place.path(), &plan)?;
    let file = nodes.file().clone();
    let protocol = catalogue.of_cluster(&file)?;
    let promise = promise(storm.judge, protocol, &file)?;
    for (id, shift) in shifts(storm.skew, args.which.servers, seed).into_iter().enumerate() {
        nodes.shift_clock(id, shift);
    }
    nodes.start_all()?;
    let begin = Instant::now();
    while answering(protocol, &file).is_none() {
        if stop.is_stopped() || begin.elapsed() > START {
            return Err(CliError::NoStart(begin.elapsed(), nodes.log(0).into()));
        }
    }
    introduce(args, seed, promise, faults)?;
    let Chaos { clients, pause, skew, length, requests, .. } = *storm;
    let storm = Storm { promise, clients, pause, skew, seed, length, requests };
    let mut told = Ok(());
    let mut tell = |line: &str| told = out::line(line);
    let result = chaos::run(&storm, protocol, &mut nodes, &network, &stop, &mut tell);
    told?;
    if !matches!(&result, Ok(Aftermath { judgement: Judgement::Holds, .. })) {
        // The logs and the data may say why.
        place.keep();
    }
    conclude(args, seed, &file, &result?, &Datagrams::of(network.counts()), &place)
}

/// By how many milliseconds the clock of each server is ahead: at random, two of them as far apart as may be.
fn shifts(skew: Duration, servers: usize, seed: u64) -> Vec<i64> {
    let half = i64::try_from(skew.as_millis() / 2).unwrap_or(i64::MAX);
    let mut random = StdRng::seed_from_u64(seed ^ 3 << 56);
    let mut shifts: Vec<i64> = (0..servers).map(|_| random.random_range(-half..=half)).collect();
    if let [first, .., last] = shifts.as_mut_slice() {
        (*first, *last) = (half, -half);
    }
    shifts.shuffle(&mut random);
    shifts
}

fn promise(
    by: Option<By>,
    protocol: &dyn Deployed,
    file: &ClusterFile,
) -> Result<Promise, CliError> {
    let promised = protocol.promise(file);
    let promise = match by {
        // Where plain operations are not ordered with a compare-and-swap, none is asked for.
        Some(By::Linearizable) if matches!(promised, Promise::Register(_)) => {
            Promise::Register(Register::Atomic)
        }
        Some(By::Linearizable) => Promise::Linearizable,
        Some(By::StrictlySerializable) => Promise::StrictlySerializable,
        None => promised,
    };
    let needed: &[&str] = match promise {
        Promise::Nothing(why) => {
            let name = protocol.name();
            let text = format!("{name} promises nothing to judge it by ({why}); say --judge");
            return Err(CliError::Usage(text));
        }
        Promise::StrictlySerializable => &["txn"],
        Promise::LocalReads => &["get", "put", "delete", "get --local"],
        Promise::Sessions => &["get", "put", "delete", "get --local", "create --ephemeral"],
        Promise::Linearizable
        | Promise::Converges { .. }
        | Promise::Siblings { .. }
        | Promise::Register(_) => &["get", "put", "delete"],
    };
    match needed.iter().find(|needed| !protocol.commands().contains(needed)) {
        None => Ok(promise),
        Some(missing) => {
            let name = protocol.name();
            Err(CliError::Usage(format!("a storm asks for {missing}, which {name} does not offer")))
        }
    }
}

fn introduce(args: &Args<'_>, seed: u64, promise: Promise, faults: Faults) -> Result<(), CliError> {
    let Faults { drop, duplicate, delay, longest } = faults;
    let by = match promise {
        Promise::Linearizable => "that each key is linearizable",
        Promise::LocalReads => {
            "that each key is linearizable, and that reads at any server never go back in time"
        }
        Promise::Sessions => {
            "that each key is linearizable, that reads at any server never go back in time, and that \
             ephemeral nodes live as long as their sessions"
        }
        Promise::StrictlySerializable => "that transactions are strictly serializable",
        Promise::Converges { siblings: true } => "that servers converge, with siblings",
        Promise::Converges { siblings: false } => "that servers converge on a last write",
        Promise::Siblings { met: true } => {
            "that reads return every acknowledged write that no other replaced, with siblings, and \
             servers agree"
        }
        Promise::Siblings { met: false } => "that servers agree, with siblings",
        Promise::Register(Register::Atomic) => {
            "that each key is atomic (linearizable) at any server"
        }
        Promise::Register(Register::Regular) => {
            "that each key is regular (no read of what was overwritten before) and servers agree"
        }
        Promise::Register(Register::Monotonic) => {
            "that reads never go back in time, and servers agree on a last write"
        }
        Promise::Register(Register::Eventual) => {
            "that reads return what was written, and servers agree on a last write"
        }
        Promise::Nothing(_) => "nothing",
    };
    let mut text =
        format!("{}, {} servers, seed {seed}\n", args.which.protocol, args.which.servers);
    let _ = writeln!(
        text,
        "of 100 datagrams {:.0} are lost, {:.0} duplicated and {:.0} delayed by up to {longest:?}",
        drop * 100.0,
        duplicate * 100.0,
        delay * 100.0
    );
    if !args.chaos.skew.is_zero() {
        let _ = writeln!(text, "clocks differ by up to {:?}", args.chaos.skew);
    }
    let _ = writeln!(text, "{} clients; judged by: {by}", args.chaos.clients);
    out::print(text)
}

fn conclude(
    args: &Args<'_>,
    seed: u64,
    file: &ClusterFile,
    aftermath: &Aftermath,
    datagrams: &Datagrams,
    place: &Place,
) -> Result<u8, CliError> {
    let Aftermath { judgement, events, answered, toll } = aftermath;
    let (verdict, why, code) = match judgement {
        Judgement::Holds => ("holds", None, DONE),
        Judgement::Violated(why) => ("violated", Some(why.as_str()), NO),
        Judgement::Undecided(why) => ("undecided", Some(why.as_str()), UNKNOWN),
    };
    let name = format!("chaos-{}-{seed}.txt", args.which.protocol);
    let default = (code != DONE).then(|| PathBuf::from(name));
    let history = args.chaos.history.clone().or(default);
    if let Some(path) = &history {
        let mut text = format!("{} seed {seed}: {verdict}\n", args.which.protocol);
        text.extend(why.map(|why| format!("{why}\n")));
        for event in events {
            let _ = writeln!(text, "{event}");
        }
        std::fs::write(path, text).map_err(at("write the history to", path))?;
    }
    let Toll { kills, freezes, cuts, full_disks, failed_syncs, moves, most_memory, most_disk } =
        toll;
    out::line(format!(
        "{} requests, {answered} answered; {kills} kills, {freezes} freezes, {cuts} cuts, \
         {full_disks} full disks, {failed_syncs} failed syncs; {} datagrams lost, {} duplicated, \
         {} delayed, {} cut off",
        events.len(),
        datagrams.dropped,
        datagrams.duplicated,
        datagrams.delayed,
        datagrams.cut
    ))?;
    if *moves > 0 {
        out::line(format!("{moves} moves of the ring ended"))?;
    }
    let [memory, disk] = [most_memory, most_disk].map(|bytes| bytes >> 20);
    out::line(format!("a server held at most {memory} MiB of memory and {disk} MiB of disk"))?;
    out::line(format!("verdict: {verdict}"))?;
    if let Some(why) = why {
        out::line(why)?;
        out::line(format!("the servers' data and logs are in {}", place.path().display()))?;
    }
    if let Some(path) = &history {
        out::line(format!("the history is in {}", path.display()))?;
    }
    if args.chaos.json {
        out::json(&Report {
            protocol: &args.which.protocol,
            mode: file.mode.as_deref(),
            seed,
            seconds: args.chaos.length.as_secs_f64(),
            verdict,
            why,
            requests: events.len(),
            answered: *answered,
            toll,
            datagrams,
            history: history.as_deref(),
        })?;
    }
    Ok(code)
}
