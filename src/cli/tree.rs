//! `quorate create`, `stat`, `children` and `watch`: nodes of a tree (zookeeper).

use super::answer::show;
use super::client::{Common, EXIT_CODES, bytes, explained, perform};
use super::duration::duration;
use super::own_cluster::stop_on_signals;
use super::{CliError, DONE, JSON_ERRORS, NO, out, private};
use crate::catalogue::Catalogue;
use crate::models::kv::offer::{Answered, Ask, OfferError};
use crate::models::kv::tree::{TreeAsk, TreeError};
use crate::models::kv::{Bytes, Op};
use crate::node::deploy::deployed::{CallError, OpenClient};
use crate::node::{AskError, ClusterFile, Fate, Stop};
use serde_json::json;
use stateright::actor::Id;
use std::time::{Duration, Instant};

/// The longest that a command waits before it looks whether it is to stop.
const NAP: Duration = Duration::from_millis(50);
/// A watching client asks again so often: an event that was lost comes with the answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Create a node of a tree
///
/// Prints its path. An ephemeral node is there while this command runs, which keeps its session open;
/// Ctrl-C closes the session. If the command is killed, the servers close the session when they have
/// not heard of it for as long as `session` in the [timing] of the cluster file says (4 s).
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
    quorate create /locks --cluster cluster.toml\n  \
    quorate create /locks/lock- --ephemeral --sequential --cluster cluster.toml"))]
pub(crate) struct Create {
    /// The path: names that each follow a `/`
    path: String,
    /// Its data
    #[arg(default_value = "")]
    data: String,
    /// Delete the node when this command ends
    #[arg(long)]
    ephemeral: bool,
    /// Append a number to the path, which no other node of the parent gets
    #[arg(long)]
    sequential: bool,
    /// End an ephemeral node after so long, such as 500ms, 5s or 1m
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, requires = "ephemeral")]
    lasts: Option<Duration>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Read what a tree knows of a node: its version, its children, and whether it is ephemeral
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExample:\n  quorate stat /locks --cluster cluster.toml"))]
pub(crate) struct Stat {
    /// The path
    path: String,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// List the children of a node, in order
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExample:\n  quorate children /locks --cluster cluster.toml"))]
pub(crate) struct Children {
    /// The path
    path: String,
    /// Only those behind this name
    #[arg(long, default_value = "", value_name = "NAME")]
    after: String,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Wait until a node is created, changed or deleted
///
/// Prints what happened, and ends: a watch fires once. The node need not be there yet. What a read
/// shows afterwards is at least as new as the event.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
    quorate watch /config --cluster cluster.toml\n  \
    quorate watch /locks --children --for 30s --cluster cluster.toml"))]
pub(crate) struct Watch {
    /// The path
    path: String,
    /// Wait until a child of the node is created or deleted
    #[arg(long)]
    children: bool,
    /// Wait no longer than this; then the answer is no
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    lasts: Option<Duration>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A client that asks for one thing after another.
struct Asking<'a> {
    catalogue: &'a Catalogue,
    cluster: ClusterFile,
    client: Box<dyn OpenClient>,
    common: &'a Common,
}

impl<'a> Asking<'a> {
    fn open(catalogue: &'a Catalogue, common: &'a Common) -> Result<Self, CliError> {
        let cluster = private::load_cluster(&common.cluster)?;
        let only = common.server.map(Id::from);
        let client = catalogue.of_cluster(&cluster)?.client(&cluster, only)?;
        Ok(Self { catalogue, cluster, client, common })
    }

    fn explained(&self, error: AskError) -> CliError {
        explained(CallError::Ask(error), self.catalogue, &self.cluster)
    }

    fn ask(&mut self, ask: TreeAsk) -> Result<Answered, CliError> {
        let answered = self.client.ask(&Ask::Tree(ask), self.common.timeout);
        answered.map_err(|error| self.explained(error))
    }

    /// Keeps the session open until it is to stop. A server that does not answer in time may yet be
    /// succeeded by another, which gives the session its full time.
    fn keep_open(&mut self, stop: &Stop, lasts: Option<Duration>) -> Result<(), CliError> {
        let begin = Instant::now();
        let is_over = || stop.is_stopped() || lasts.is_some_and(|lasts| begin.elapsed() >= lasts);
        let every = self.catalogue.of_cluster(&self.cluster)?.keepalive(&self.cluster);
        let every = every.unwrap_or(AGAIN);
        let mut pinged = begin;
        while !is_over() {
            if pinged.elapsed() < every {
                std::thread::sleep(NAP.min(every));
                continue;
            }
            pinged = Instant::now();
            let pinged = self.client.ask(&Ask::Tree(TreeAsk::Ping), every);
            if let Err(error) = pinged
                && error.fate() == Fate::NotDone
            {
                return Err(self.explained(error));
            }
        }
        Ok(())
    }
}

pub(crate) fn create(args: &Create, catalogue: &Catalogue) -> Result<u8, CliError> {
    let Create { ephemeral, sequential, lasts, common, .. } = args;
    let (path, data) = (bytes(&args.path), bytes(&args.data));
    let (ephemeral, sequential) = (*ephemeral, *sequential);
    let create = TreeAsk::Create { path, data, ephemeral, sequential };
    if !ephemeral {
        return perform(catalogue, common, &Ask::Tree(create));
    }
    let stop = stop_on_signals()?;
    let mut asking = Asking::open(catalogue, common)?;
    asking.ask(TreeAsk::OpenSession)?;
    let created = match asking.ask(create) {
        Ok(created) => created,
        Err(error) => {
            // Without an answer the servers close it in a while.
            let _ = asking.ask(TreeAsk::CloseSession);
            return Err(error);
        }
    };
    out::print(show(&created, &[], common.json).0)?;
    asking.keep_open(&stop, *lasts)?;
    match asking.ask(TreeAsk::CloseSession) {
        // It is closed, whoever did it.
        Err(CliError::Ask(AskError::Offer(OfferError::Tree(TreeError::SessionExpired)))) => {
            Ok(DONE)
        }
        closed => closed.map(|_| DONE),
    }
}

pub(crate) fn stat(args: &Stat, catalogue: &Catalogue) -> Result<u8, CliError> {
    let ask = TreeAsk::Stat { path: bytes(&args.path), watch: false };
    perform(catalogue, &args.common, &Ask::Tree(ask))
}

pub(crate) fn children(args: &Children, catalogue: &Catalogue) -> Result<u8, CliError> {
    let (path, after) = (bytes(&args.path), bytes(&args.after));
    let ask = TreeAsk::Children { path, after, watch: false };
    perform(catalogue, &args.common, &Ask::Tree(ask))
}

pub(crate) fn watch(args: &Watch, catalogue: &Catalogue) -> Result<u8, CliError> {
    let Watch { children, lasts, common, .. } = args;
    let (path, begin) = (bytes(&args.path), Instant::now());
    let mut asking = Asking::open(catalogue, common)?;
    asking.ask(if *children {
        TreeAsk::Children { path: path.clone(), after: Bytes::default(), watch: true }
    } else {
        TreeAsk::Stat { path: path.clone(), watch: true }
    })?;
    loop {
        let left = lasts.map_or(AGAIN, |lasts| lasts.saturating_sub(begin.elapsed()));
        let events = asking.client.events(left.min(AGAIN));
        for event in &events {
            let (path, what) = (event.path.to_string(), event.what);
            if common.json {
                out::json(&json!({ "path": path, "event": what }))?;
            } else {
                out::line(format!("{path}: {what}"))?;
            }
        }
        if !events.is_empty() {
            return Ok(DONE);
        }
        if left.is_zero() {
            out::remark("nothing happened to the node");
            return Ok(NO);
        }
        // The servers may be down for a while: they are asked until the watch has fired.
        let again = Ask::Local(Op::Get { key: path.clone() });
        if let Err(error) = asking.client.ask(&again, common.timeout)
            && error.fate() == Fate::NotDone
        {
            return Err(asking.explained(error));
        }
    }
}
