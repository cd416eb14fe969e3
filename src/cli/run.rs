//! `quorate run`: runs a node until it is stopped.

use super::{CliError, DONE, private};
use crate::catalogue::Catalogue;
use crate::node::deploy::place::Place;
use crate::node::deploy::shift_clock;
use crate::node::{Board, Label, Stop, serve};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use stateright::actor::Id;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

/// Run a node of a cluster
///
/// The node runs until SIGINT or SIGTERM, and then exits with code 0; a second signal ends it at
/// once. Both are safe, as is a crash: all that the node acknowledged is on disk. Its log goes to
/// standard error; `RUST_LOG` sets the level (error, warn, info, debug, trace).
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
    let show = |id: Id| {
        let board = Board::new();
        let metrics = cluster.server(id).and_then(|server| server.metrics);
        if let Some(address) = args.metrics.or(metrics) {
            let (cluster, protocol) = (cluster.name.clone(), cluster.protocol.clone());
            let label = Label { cluster, protocol, server: id.into() };
            let address = serve(address, label, board.clone(), stop.clone())?;
            tracing::info!(%address, "metrics are served");
        }
        Ok(board)
    };
    let (wanted, listen) = (args.id.map(Id::from), args.listen);
    let fail_syncs = args.fail_syncs.then_some(&fails);
    let place = Place { data: &args.data, wanted, listen, fail_syncs, show: Some(&show) };
    let protocol = catalogue.of_cluster(&cluster)?;
    shift_clock(args.shift_clock);
    if let Some(survives) = protocol.survives(&cluster) {
        tracing::info!("{survives}");
    }
    let ended = protocol.run(&cluster, &place, &stop);
    // However it ended, the metrics end too.
    stop.stop();
    ended?;
    Ok(DONE)
}
