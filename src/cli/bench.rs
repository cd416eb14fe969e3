//! `quorate bench`: load on a cluster, and what it measures.

use super::duration::{duration, duration_or_none};
use super::own_cluster::{
    self, Place, START, answering, check_protocol, check_servers, stop_on_signals,
};
use super::{CliError, DONE, JSON_ERRORS, NO, out, private};
use crate::bench::{self, Deed, Failover, Keys, Load, Pulse, Summary};
use crate::catalogue::Catalogue;
use crate::local::{self, LocalCluster};
use crate::models::kafka::{MAX_BATCH, MAX_BATCH_BYTES, batch_bytes};
use crate::models::kv::map::MAX_VALUE_BYTES;
use crate::node::{ClusterFile, Deployed, Stop};
use serde::Serialize;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// The most clients: each keeps a session at the servers.
const MAX_CLIENTS: usize = 4096;
/// So many clients are driven by one thread.
const CLIENTS_PER_THREAD: usize = 256;

/// Measure a cluster under load
///
/// Starts a cluster of its own (real processes, real UDP, real fsync), or takes the one of a
/// cluster file, and lets clients ask for a while. In a closed loop each client asks again when it
/// is answered. With --rate, requests are due at that rate, and latency counts from when a request
/// was due (no coordinated omission).
///
/// Every request that fails is counted. If more than 1 % do, or none is answered, this says so and
/// exits with code 1.
#[derive(clap::Args)]
#[command(after_help = format!("\
With --json, the last line is one JSON object: ops_per_second, p50_us, p90_us, p99_us, p999_us,
max_us, records_per_second (with --batch), reads and writes with the same, errors, errors_by_kind, per_second and others.
{JSON_ERRORS}

Exit codes: 0 measured, 1 many requests failed, or an error, 2 bad usage

Examples:
  quorate bench paxos --clients 64 --duration 10s
  quorate bench paxos --clients 64 --dir /dev/shm/bench --svg latency.svg
  quorate bench primary-backup --servers 4 --clients 16 --rate 2000 --reads 50
  quorate bench --cluster cluster.toml --clients 8 --keys new --json
  quorate bench paxos --clients 16 --failover kill
  quorate bench kafka --servers 4 --mode flush=lazy --batch 500"))]
pub(crate) struct Args {
    /// The protocol; with --cluster, it is the cluster's
    #[arg(required_unless_present = "cluster")]
    protocol: Option<String>,
    /// Put the load on the cluster of this file, instead of one of its own
    #[arg(long, value_name = "FILE", conflicts_with_all = ["servers", "mode", "dir", "no_keys", "failover"])]
    cluster: Option<PathBuf>,
    /// How many servers
    #[arg(long, default_value_t = 3)]
    servers: usize,
    /// A variant of the protocol, where it has any
    #[arg(long)]
    mode: Option<String>,
    /// Keep the cluster's files in this directory, which must not exist yet: it chooses the disk
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Datagrams are checksummed, not sealed
    #[arg(long)]
    no_keys: bool,
    /// How many clients, each with one request under way
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// The length of a value, in bytes
    #[arg(long, default_value_t = 100, value_name = "BYTES")]
    value_size: usize,
    /// How many of a hundred requests are gets; the others are puts
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    reads: u8,
    /// How many keys, all written before the run; or `new`: each put is of a new key
    #[arg(long, default_value = "1000", value_name = "N|new")]
    keys: Keys,
    /// Append records to a log instead: so many with each request (kafka)
    #[arg(long, value_name = "N", conflicts_with_all = ["keys", "failover"])]
    batch: Option<usize>,
    /// Open loop: so many requests are due in a second
    #[arg(long, value_name = "OPS")]
    rate: Option<f64>,
    /// How long it is measured, such as 10s or 1m
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = duration)]
    duration: Duration,
    /// How long the load lasts before that
    #[arg(long, default_value = "2s", value_name = "DURATION", value_parser = duration_or_none)]
    warm_up: Duration,
    /// How long a client waits for an answer, before that counts as an error
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = duration)]
    timeout: Duration,
    /// The threads that drive the clients
    #[arg(long)]
    threads: Option<usize>,
    /// Halfway, kill or freeze the server that answers, and report how long until another does
    #[arg(long, value_name = "DEED")]
    failover: Option<Deed>,
    /// Draw latency by percentile into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Repeat the choices of keys and requests
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object as the last line
    #[arg(long)]
    pub(crate) json: bool,
}

/// The last line.
#[derive(Serialize)]
struct Measured<'a> {
    protocol: &'a str,
    mode: Option<&'a str>,
    servers: usize,
    sealed: bool,
    failover: Option<Failover>,
    #[serde(flatten)]
    summary: &'a Summary,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let load = load(args)?;
    match &args.cluster {
        Some(path) => {
            let file = private::load_cluster(path)?;
            let protocol = catalogue.of_cluster(&file)?;
            if let Some(asked) = args.protocol.as_deref().filter(|asked| *asked != file.protocol) {
                let (path, is) = (path.display(), &file.protocol);
                let text = format!("the cluster of {path} runs {is}, not {asked}");
                return Err(CliError::Usage(text));
            }
            serves(args, protocol)?;
            let summary =
                bench::run(protocol, &file, &load, &Pulse::default(), &stop_on_signals()?)?;
            tell(args, &file, &summary, None)
        }
        None => on_its_own(args, catalogue, &load),
    }
}

fn load(args: &Args) -> Result<Load, CliError> {
    let usage = |text: String| Err(CliError::Usage(text));
    if !(1..=MAX_CLIENTS).contains(&args.clients) {
        return usage(format!("--clients is 1 to {MAX_CLIENTS}, not {}", args.clients));
    }
    if args.value_size > MAX_VALUE_BYTES {
        let size = args.value_size;
        return usage(format!("a value has at most {MAX_VALUE_BYTES} bytes, not {size}"));
    }
    if let Some(batch) = args.batch {
        check_batch(batch, args.value_size)?;
        if args.reads > 0 {
            return usage("with --batch there are no gets: leave out --reads".into());
        }
    }
    if let Some(rate) = args.rate.filter(|rate| !(0.1..=1e7).contains(rate)) {
        return usage(format!("--rate is 0.1 to 10000000 requests a second, not {rate}"));
    }
    if args.duration < Duration::from_secs(1) {
        return usage("--duration is at least 1s".into());
    }
    if args.threads == Some(0) {
        return usage("--threads is at least 1".into());
    }
    let cores = available_parallelism().map_or(1, usize::from);
    let threads = args.clients.div_ceil(CLIENTS_PER_THREAD).min(cores);
    Ok(Load {
        clients: args.clients,
        threads: args.threads.unwrap_or(threads).min(args.clients),
        value_bytes: args.value_size,
        reads: args.reads,
        keys: args.keys,
        batch: args.batch,
        rate: args.rate,
        warm_up: args.warm_up,
        duration: args.duration,
        timeout: args.timeout,
        seed: args.seed,
    })
}

/// Whether the protocol has what is to be measured.
fn serves(args: &Args, protocol: &dyn Deployed) -> Result<(), CliError> {
    let (wanted, said): (&[&str], _) = match args.batch {
        Some(_) => (&["produce"], "bench --batch asks for produce"),
        None => (&["get", "put"], "bench asks for get and put"),
    };
    let commands = protocol.commands();
    if wanted.iter().all(|command| commands.contains(command)) {
        return Ok(());
    }
    let name = protocol.name();
    Err(CliError::Usage(format!("{said}, which {name} does not offer")))
}

/// Whether such a batch may be asked for.
fn check_batch(batch: usize, bytes: usize) -> Result<(), CliError> {
    if !(1..=MAX_BATCH).contains(&batch) {
        return Err(CliError::Usage(format!("--batch is 1 to {MAX_BATCH} records, not {batch}")));
    }
    let size = batch.saturating_mul(batch_bytes([bytes]));
    if size > MAX_BATCH_BYTES {
        let most = MAX_BATCH_BYTES / batch_bytes([bytes]);
        let text = format!("{batch} records of {bytes} bytes are no batch; at most {most} are");
        return Err(CliError::Usage(text));
    }
    Ok(())
}

/// Measures a cluster that is started for that.
fn on_its_own(args: &Args, catalogue: &Catalogue, load: &Load) -> Result<u8, CliError> {
    check_servers(args.servers)?;
    let name = args.protocol.as_deref().unwrap_or_default();
    check_protocol(catalogue, name)?;
    let stop = stop_on_signals()?;
    let place = Place::make(args.dir.as_deref())?;
    let addresses = local::free_addresses(args.servers, 1)?;
    let mut plan = own_cluster::plan(name, args.mode.as_deref(), &[], addresses)?;
    plan.sealed = !args.no_keys;
    let mut nodes = own_cluster::make(catalogue, place.path(), &plan)?;
    let file = nodes.file().clone();
    let protocol = catalogue.of_cluster(&file)?;
    serves(args, protocol)?;
    nodes.start_all()?;
    let begin = Instant::now();
    while answering(protocol, &file).is_none() {
        if stop.is_stopped() || begin.elapsed() > START {
            return Err(CliError::NoStart(begin.elapsed(), nodes.log(0).into()));
        }
    }
    let (summary, failover) = under_load(args, load, protocol, &mut nodes, &stop)?;
    tell(args, &file, &summary, failover)
}

fn under_load(
    args: &Args,
    load: &Load,
    protocol: &dyn Deployed,
    nodes: &mut LocalCluster,
    stop: &Stop,
) -> Result<(Summary, Option<Failover>), CliError> {
    let (pulse, file) = (Pulse::default(), nodes.file().clone());
    let summary = std::thread::scope(|scope| {
        if let Some(deed) = args.failover {
            let after = load.warm_up + load.duration / 2;
            let pulse = &pulse;
            scope.spawn(move || deed.strike(after, nodes, pulse));
        }
        bench::run(protocol, &file, load, &pulse, stop)
    })?;
    let failover = args.failover.and_then(|deed| pulse.failover(deed));
    Ok((summary, failover))
}

fn tell(
    args: &Args,
    file: &ClusterFile,
    summary: &Summary,
    failover: Option<Failover>,
) -> Result<u8, CliError> {
    let (protocol, servers) = (file.protocol.as_str(), file.servers.len());
    let sealed = file.keys.client.is_some();
    let how = if sealed { "sealed" } else { "not sealed" };
    out::line(format!("{protocol}, {servers} servers, datagrams {how}"))?;
    out::print(summary.text())?;
    if let Some(Failover { deed, victim, next_ms, longest_pause_ms }) = failover {
        let deed = match deed {
            Deed::Kill => "killed",
            Deed::Freeze => "frozen",
        };
        let next = match next_ms {
            Some(ms) => format!("another acknowledged a put after {ms} ms"),
            None => "no other acknowledged a put".into(),
        };
        let pause = format!("the longest time without one was {longest_pause_ms} ms");
        out::line(format!("server {victim} was {deed}: {next}; {pause}"))?;
    }
    if let Some(path) = &args.svg {
        let title = format!("{protocol}: {} answers a second", summary.ops_per_second);
        let name = format!("{} clients", summary.clients);
        bench::draw(path, &title, &[(name, summary)])?;
    }
    let doubt = summary.doubt();
    if let Some(doubt) = &doubt {
        out::remark(format!("do not trust these numbers: {doubt}"));
    }
    if args.json {
        let mode = file.mode.as_deref();
        out::json(&Measured { protocol, mode, servers, sealed, failover, summary })?;
    }
    Ok(if doubt.is_some() { NO } else { DONE })
}
