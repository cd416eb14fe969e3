//! `quorate run`: runs a node until it is stopped.

use super::{CliError, DONE, private};
use crate::catalogue::Catalogue;
use crate::node::deploy::partitions::{Partition, partitions};
use crate::node::deploy::place::Place;
use crate::node::deploy::shift_clock;
use crate::node::{Board, Boards, ClusterFile, DataDir, Deployed, Label, Stop, serve};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use stateright::actor::Id;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, ScopedJoinHandle};

/// Run a node of a cluster
///
/// The node runs until SIGINT or SIGTERM, and then exits with code 0; a second signal ends it at
/// once. Both are safe, as is a crash: all that the node acknowledged is on disk. Its log goes to
/// standard error; `RUST_LOG` sets the level (error, warn, info, debug, trace).
///
/// Where the cluster file has topics, the process runs a node for each partition that has a replica or
/// a controller here, each with its own log, and its own port above the server's.
#[derive(clap::Args)]
#[command(after_help = "\
The cluster file, if it holds keys, and the data directory must be their
owner's alone: chmod 600 and chmod 700.

Examples:
  quorate run --cluster cluster.toml --data node-0
  quorate run --cluster cluster.toml --data node-0 --metrics 127.0.0.1:9100")]
pub(crate) struct Args {
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
    /// The node's data directory, made by `quorate format`
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Refuse a data directory that is not this server's
    #[arg(long)]
    id: Option<usize>,
    /// Listen on this address instead of the one in the cluster file
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Serve metrics (/metrics, for Prometheus) and status over HTTP on this address, instead of
    /// the one in the cluster file
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Stop when standard input ends, that is, when the program that started this node has ended
    #[arg(long, hide = true)]
    stop_with_parent: bool,
    /// Speak the previous release of the wire only, as a program of that release does
    #[arg(long, hide = true)]
    previous_wire: bool,
    /// At each SIGUSR1 let the next sync of the log fail, and lose what it was to make durable
    #[arg(long, hide = true)]
    fail_syncs: bool,
    /// Let the protocol see a clock that is so many milliseconds ahead
    #[arg(long, hide = true, default_value_t = 0, allow_negative_numbers = true)]
    shift_clock: i64,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let mut cluster = private::load_cluster(&args.cluster)?;
    if args.previous_wire {
        cluster = cluster.of_previous_release();
    }
    private::check_data(&args.data)?;
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, sets it, and the second ends all.
        signal_hook::flag::register_conditional_shutdown(signal, 1, stop.flag())
            .and_then(|_| signal_hook::flag::register(signal, stop.flag()))
            .map_err(|source| CliError::Io { action: "handle signals", source })?;
    }
    // A file that may not grow any more is an error like a full disk, and reported like one.
    signal_hook::flag::register(SIGXFSZ, Arc::default())
        .map_err(|source| CliError::Io { action: "handle signals", source })?;
    let fails = Arc::default();
    if args.fail_syncs {
        signal_hook::flag::register(SIGUSR1, Arc::clone(&fails))
            .map_err(|source| CliError::Io { action: "handle signals", source })?;
    }
    if args.stop_with_parent {
        let stop = stop.clone();
        thread::spawn(move || {
            // An error ends it too.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            stop.stop();
        });
    }
    let protocol = catalogue.of_cluster(&cluster)?;
    shift_clock(args.shift_clock);
    let fails = args.fail_syncs.then_some(&fails);
    let process =
        Process { args, cluster: &cluster, protocol, boards: Boards::default(), stop, fails };
    process.run(&partitions(protocol, &cluster)?)?;
    Ok(DONE)
}

/// The nodes of a server: one for its cluster, and one for each partition of a topic.
struct Process<'a> {
    args: &'a Args,
    cluster: &'a ClusterFile,
    protocol: &'a dyn Deployed,
    boards: Boards,
    stop: Stop,
    fails: Option<&'a Arc<AtomicBool>>,
}

impl Process<'_> {
    /// Runs all until it is asked to stop, or one of them ends: then all end, as they would be started
    /// again together.
    fn run(&self, partitions: &[Partition]) -> Result<(), CliError> {
        if partitions.is_empty() {
            return self.run_own();
        }
        let server = usize::from(DataDir::id_at(&self.args.data, self.cluster)?);
        let mine: Vec<_> = partitions.iter().filter(|it| it.id_of(server).is_some()).collect();
        for partition in &mine {
            let (data, dir) = (self.args.data.clone(), partition.dir(&self.args.data));
            if !dir.exists() {
                let (topic, number) = (partition.topic.clone(), partition.number);
                return Err(CliError::NoPartition { data, topic, number, dir });
            }
        }
        thread::scope(|scope| {
            let run = |partition| scope.spawn(move || self.run_partition(partition, server));
            let threads: Vec<_> = mine.into_iter().map(run).collect();
            let own = self.run_own();
            let ended = threads.into_iter().map(ScopedJoinHandle::join);
            let ended = ended.map(|ended| ended.unwrap_or_else(|panic| resume_unwind(panic)));
            // All are waited for, and the first error is told.
            let ended: Vec<_> = ended.collect();
            [own].into_iter().chain(ended).collect()
        })
    }

    /// The cluster's own node, which serves the metrics of all.
    fn run_own(&self) -> Result<(), CliError> {
        let _ends = StopOnDrop(&self.stop);
        let (args, cluster) = (self.args, self.cluster);
        let show = |id: Id| {
            let metrics = cluster.server(id).and_then(|server| server.metrics);
            let board = self.show(String::new(), cluster, id.into());
            if let Some(address) = args.metrics.or(metrics) {
                let address = serve(address, self.boards.clone(), self.stop.clone())?;
                tracing::info!(%address, "metrics are served");
            }
            Ok(board)
        };
        let (wanted, listen) = (args.id.map(Id::from), args.listen);
        let place =
            Place { data: &args.data, wanted, listen, fail_syncs: self.fails, show: Some(&show) };
        self.run_node(cluster, &place)
    }

    fn run_partition(&self, partition: &Partition, server: usize) -> Result<(), CliError> {
        let Partition { topic, number, servers, cluster, .. } = partition;
        let _span =
            tracing::info_span!("partition", name = %format_args!("{topic}-{number}")).entered();
        tracing::info!(
            "its servers 0 to {} are {servers:?} of the cluster file",
            servers.len() - 1
        );
        let _ends = StopOnDrop(&self.stop);
        let (args, dir) = (self.args, partition.dir(&self.args.data));
        let show = |_| Ok(self.show(format!("/{topic}/{number}"), cluster, server));
        let place = Place {
            data: &dir,
            wanted: partition.id_of(server),
            listen: args.listen.map(|address| partition.listen(address)),
            fail_syncs: self.fails,
            show: Some(&show),
        };
        self.run_node(cluster, &place)
    }

    /// A board for a node, among those of the process.
    fn show(&self, path: String, of: &ClusterFile, server: usize) -> Board {
        let (board, cluster, protocol) = (Board::new(), of.name.clone(), of.protocol.clone());
        self.boards.add(path, Label { cluster, protocol, server }, board.clone());
        board
    }

    fn run_node(&self, cluster: &ClusterFile, place: &Place<'_>) -> Result<(), CliError> {
        if let Some(survives) = self.protocol.survives(cluster) {
            tracing::info!("{survives}");
        }
        self.protocol.run(cluster, place, &self.stop)?;
        Ok(())
    }
}

/// However a node ended, the others and the metrics end too.
struct StopOnDrop<'a>(&'a Stop);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
