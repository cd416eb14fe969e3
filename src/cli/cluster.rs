//! `quorate cluster`: a local cluster for trying things, each node a process of its own.

use super::own_cluster::{
    Place, START, Which, answering, check_protocol, check_servers, make, plan, stop_on_signals,
};
use super::{CliError, DONE, chaos, out, private, program, quoted};
use crate::catalogue::Catalogue;
use crate::local::{self, LocalCluster};
use crate::node::Deployed;
use clap::Parser;
use stateright::actor::Id;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Start a local cluster: real processes, real UDP, in a temporary directory
///
/// Prints commands to try once the cluster answers, and stops it on Ctrl-C or SIGTERM. However this
/// command ends, its nodes end too.
///
/// With --chaos, a storm passes over it instead, while clients ask: datagrams are lost, duplicated,
/// delayed and reordered; servers are killed, frozen, cut off from each other, and left without
/// room on their disk. The history of the clients is judged by what the protocol promises.
#[derive(Parser)]
#[command(after_help = "\
Exit codes with --chaos: 0 the history is as promised, 1 it is not (it is
written to a file), or an error, 2 bad usage, 3 that could not be decided

Examples:
  quorate cluster primary-backup
  quorate cluster primary-backup --servers 4 --mode asynchronous
  quorate cluster multi-primary --servers 3 --mode multi-value
  quorate cluster two-phase-commit --servers 3
  quorate cluster two-phase-commit --servers 3 --mode 'ranges m'
  quorate cluster kafka --servers 4 --topic orders=3
  quorate cluster paxos --chaos 7 --for 10m
  quorate cluster paxos --chaos 7 --for 10m --plan
  quorate cluster multi-primary --chaos 7 --for 20s --judge linearizable")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    pub(super) chaos: chaos::Chaos,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    check_servers(args.which.servers)?;
    check_protocol(catalogue, &args.which.protocol)?;
    if let Some(seed) = args.chaos.seed {
        return chaos::execute(&args.which, &args.chaos, seed, catalogue);
    }
    let stop = stop_on_signals()?;
    let place = Place::make(args.which.dir.as_deref())?;
    let Which { protocol, mode, topics, servers, .. } = &args.which;
    let addresses = local::free_addresses(*servers, args.which.ports())?;
    let mut plan = plan(protocol, mode.as_deref(), topics, addresses)?;
    plan.metrics = local::free_tcp_addresses(args.which.servers)?;
    let mut nodes = make(catalogue, place.path(), &plan)?;
    let file = private::load_cluster(nodes.file().path())?;
    let protocol = catalogue.of_cluster(&file)?;
    nodes.start_all()?;
    let count = args.which.servers;
    out::line(format!("starting {count} server{}", if count == 1 { "" } else { "s" }))?;
    let begin = Instant::now();
    let mut first = None;
    while first.is_none() && !stop.is_stopped() && begin.elapsed() < START {
        report(&mut nodes)?;
        first = answering(protocol, &file);
    }
    if !stop.is_stopped() {
        out::print(introduction(&nodes, protocol, first))?;
    }
    while !stop.is_stopped() {
        report(&mut nodes)?;
        std::thread::sleep(Duration::from_millis(100));
    }
    out::line("stopping")?;
    nodes.stop();
    Ok(DONE)
}

/// Commands to try, as they can be typed into another terminal. `first` is the server that answers
/// now.
fn introduction(nodes: &LocalCluster, protocol: &dyn Deployed, first: Option<Id>) -> String {
    let (quorate, file) = (program(), quoted(nodes.file().path()));
    let servers = &nodes.file().servers;
    let pid = |id: usize| nodes.process(id).map_or_else(|| "ended".into(), |pid| pid.to_string());
    let mut text = match first {
        Some(first) => format!("server {} answers; the servers:\n", usize::from(first)),
        None => "no server answers yet; the servers:\n".to_owned(),
    };
    for server in servers {
        let (id, data, log) = (server.id, nodes.data(server.id), nodes.log(server.id));
        let _ = writeln!(text, "  server {id}: {}, process {}", server.address, pid(id));
        let _ = writeln!(text, "    data {}, log {}", data.display(), log.display());
    }
    if let Some(survives) = protocol.survives(nodes.file()) {
        let _ = writeln!(text, "{survives}");
    }
    let _ = writeln!(text, "talk to the cluster from another terminal:");
    let examples: &[&str] = if protocol.commands().contains(&"put") {
        &["put color green", "get color"]
    } else {
        &["call WORDS"]
    };
    for example in examples {
        let _ = writeln!(text, "  {quorate} {example} --cluster {file}");
    }
    let _ = writeln!(text, "  {quorate} status --cluster {file}");
    let victim = first.map_or(0, usize::from);
    let hope = if protocol.survives_one(nodes.file()) {
        "another takes over"
    } else {
        "the cluster answers again when it is back"
    };
    let _ = writeln!(text, "kill the server that answers, and ask again: {hope}");
    let _ = writeln!(text, "  kill -9 {}", pid(victim));
    let _ = writeln!(text, "start it again:");
    let data = quoted(nodes.data(victim));
    let _ = writeln!(text, "  {quorate} run --cluster {file} --data {data}");
    let _ = writeln!(text, "Ctrl-C stops the cluster");
    text
}

/// Reports the processes that have ended.
fn report(nodes: &mut LocalCluster) -> Result<(), CliError> {
    for (id, status) in nodes.ended() {
        let log = nodes.log(id).display();
        out::line(format!("server {id} ended: {status}; its log is {log}"))?;
    }
    Ok(())
}
