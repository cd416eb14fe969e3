//! `quorate produce`, `consume` and `offsets`: the records of a topic (kafka).

use super::answer::show;
use super::client::{Common, EXIT_CODES, bytes, explained, perform};
use super::{CliError, DONE, JSON_ERRORS, at, out, private};
use crate::catalogue::Catalogue;
use crate::models::kv::Bytes;
use crate::models::kv::offer::{Answered, Ask, LogAnswer, LogAsk, LogRecord};
use crate::node::ClusterFile;
use crate::node::deploy::deployed::{CallError, OpenClient};
use stateright::actor::Id;
use std::io::BufRead;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Between two looks whether there are more records.
const PAUSE: Duration = Duration::from_millis(100);

/// Append messages to a topic
///
/// Prints the offset of each when all in-sync replicas have it (acks=all). Messages are numbered: one
/// that is sent again, because an answer was lost, is appended once. Without a message, each line of
/// standard input is one.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
    quorate produce hello --cluster cluster.toml\n  \
    seq 1000 | quorate produce --cluster cluster.toml"))]
pub(crate) struct Produce {
    /// The messages
    messages: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Read the records of a topic
///
/// Prints a line for each: its offset, a tab, the message. Writes to the map that the records make
/// (put, delete, cas) are shown too; reads, which are records as well, with --all. Only committed
/// records are read. What was read at an offset is read there for ever; but a leader that was
/// replaced, and does not know it yet, may show fewer records than there are.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\nWith --json, each line is one JSON object.\n\nExamples:\n  \
    quorate consume --cluster cluster.toml\n  \
    quorate consume --from 100 --follow --json --cluster cluster.toml"))]
pub(crate) struct Consume {
    /// The offset of the first record; if the log begins later by now, it is that
    #[arg(long, default_value_t = 0, value_name = "OFFSET")]
    from: u64,
    /// Wait for more records at the end, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// Stop after so many lines
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// Show reads of the map as well
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Show where the log of a topic begins and ends
///
/// The offset of the first record that is kept, of the end of what is committed (the high
/// watermark), and of the end.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExample:\n  quorate offsets --cluster cluster.toml"))]
pub(crate) struct Offsets {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A client that asks for one thing after another.
struct Asking<'a> {
    catalogue: &'a Catalogue,
    cluster: ClusterFile,
    client: Box<dyn OpenClient>,
    timeout: Duration,
    json: bool,
}

impl<'a> Asking<'a> {
    fn open(catalogue: &'a Catalogue, common: &Common) -> Result<Self, CliError> {
        let cluster = private::load_cluster(&common.cluster)?;
        let only = common.server.map(Id::from);
        let client = catalogue.of_cluster(&cluster)?.client(&cluster, only)?;
        Ok(Self { catalogue, cluster, client, timeout: common.timeout, json: common.json })
    }

    fn ask(&mut self, ask: LogAsk) -> Result<Answered, CliError> {
        let answered = self.client.ask(&Ask::Log(ask), self.timeout);
        answered.map_err(|error| explained(CallError::Ask(error), self.catalogue, &self.cluster))
    }

    fn produce(&mut self, sequence: u64, value: Bytes) -> Result<(), CliError> {
        let answered = self.ask(LogAsk::Produce { sequence, value })?;
        out::print(show(&answered, &[], self.json).0)
    }
}

pub(crate) fn produce(args: &Produce, catalogue: &Catalogue) -> Result<u8, CliError> {
    let mut asking = Asking::open(catalogue, &args.common)?;
    for (sequence, message) in (1..).zip(&args.messages) {
        asking.produce(sequence, bytes(message))?;
    }
    if args.messages.is_empty() {
        let lines = std::io::stdin().lock().split(b'\n');
        for (sequence, line) in (1..).zip(lines) {
            let line = line.map_err(at("read messages", Path::new("standard input")))?;
            asking.produce(sequence, line.into())?;
        }
    }
    Ok(DONE)
}

pub(crate) fn consume(args: &Consume, catalogue: &Catalogue) -> Result<u8, CliError> {
    let mut asking = Asking::open(catalogue, &args.common)?;
    let (mut next, mut left) = (args.from, args.max.unwrap_or(u64::MAX));
    while left > 0 {
        let Answered::Log(LogAnswer::Records { from, records }) =
            asking.ask(LogAsk::Consume { from: next })?
        else {
            return Ok(DONE);
        };
        if from > next && !args.common.json {
            out::remark(format!("the log begins at offset {from}: older records are gone"));
        }
        let at_end = records.is_empty();
        next = from + records.len() as u64;
        let is_read = |record: &LogRecord| ["get", "range"].contains(&record.kind);
        let mut shown: Vec<_> = records.into_iter().filter(|it| args.all || !is_read(it)).collect();
        shown.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= shown.len() as u64;
        let shown = Answered::Log(LogAnswer::Records { from, records: shown });
        out::print(show(&shown, &[], args.common.json).0)?;
        match (at_end, args.follow) {
            (true, false) => break,
            (true, true) => thread::sleep(PAUSE),
            (false, _) => {}
        }
    }
    Ok(DONE)
}

pub(crate) fn offsets(args: &Offsets, catalogue: &Catalogue) -> Result<u8, CliError> {
    perform(catalogue, &args.common, &Ask::Log(LogAsk::Offsets))
}
