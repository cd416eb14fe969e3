//! `quorate consume` and `offsets`, and the client of `produce`: the records of a topic (kafka).

use super::answer::show;
use super::client::{Common, EXIT_CODES, bytes, explained};
use super::of_topic::{Chosen, OfTopic, Where};
use super::{CliError, DONE, JSON_ERRORS, out};
use crate::catalogue::Catalogue;
use crate::models::kv::offer::{Acks, Answered, Ask, LogAnswer, LogAsk, LogRecord};
use crate::models::kv::{Bytes, Op, Reply};
use crate::node::deploy::deployed::{CallError, OpenClient};
use crate::node::{AskError, ClientError};
use serde_json::Value;
use std::ops::Range;
use std::thread;
use std::time::Duration;

/// Between two looks whether there are more records: while nothing comes, twice as long each time.
const PAUSE: Range<Duration> = Duration::from_millis(1)..Duration::from_millis(100);

/// Read the records of a topic
///
/// Prints a line for each: its offset, a tab, the message. Writes to the map that the records make
/// (put, delete, cas) are shown too; reads, which are records as well, with --all. Only committed
/// records are read. What was read at an offset is read there for ever; but a leader that was
/// replaced, and does not know it yet, may show fewer records than there are.
///
/// A group goes on after the last record that it was shown, whichever servers died meanwhile, and begins
/// at the start of the log. Its offset is stored in the map, under `__consumer_offsets/GROUP`, after the
/// records were shown: after a failure some may be shown twice, and none is left out. Two that consume
/// for one group at a time notice it, and one ends in an error.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\nWith --json, each line is one JSON object.\n\nExamples:\n  \
    quorate consume --cluster cluster.toml\n  \
    quorate consume --from 100 --follow --json --cluster cluster.toml\n  \
    quorate consume --topic orders --partition 2 --cluster cluster.toml\n  \
    quorate consume --group billing --follow --cluster cluster.toml"))]
pub(crate) struct Consume {
    /// The offset of the first record; if the log begins later by now, it is that
    #[arg(long, default_value_t = 0, value_name = "OFFSET")]
    from: u64,
    /// Go on where this group stopped, and store where it is
    #[arg(long, value_name = "GROUP", conflicts_with = "from")]
    group: Option<String>,
    /// Wait for more records at the end, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// Stop after so many lines
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// Show reads of the map and offsets of groups as well
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Show where the log of a topic begins and ends
///
/// The offset of the first record that is kept, of the end of what is committed (the high
/// watermark), and of the end; of a topic with several partitions, a line for each, after its number.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExample:\n  quorate offsets --cluster cluster.toml"))]
pub(crate) struct Offsets {
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A client that asks for one thing after another.
pub(super) struct Asking<'a> {
    catalogue: &'a Catalogue,
    asked: Where,
    /// Whether what is printed says which partition it is about.
    is_one_of_several: bool,
    client: Box<dyn OpenClient>,
    timeout: Duration,
    json: bool,
    /// The number of the last batch.
    sequence: u64,
}

impl<'a> Asking<'a> {
    fn open(catalogue: &'a Catalogue, common: &Common, asked: Where) -> Result<Self, CliError> {
        let only = asked.only(common.server)?;
        let client = catalogue.of_cluster(&asked.cluster)?.client(&asked.cluster, only)?;
        let (timeout, json) = (common.timeout, common.json);
        Ok(Self { catalogue, asked, is_one_of_several: false, client, timeout, json, sequence: 0 })
    }

    /// One for each of the partitions.
    pub(super) fn open_all(
        catalogue: &'a Catalogue,
        common: &Common,
        chosen: Chosen,
    ) -> Result<Vec<Self>, CliError> {
        let is_one_of_several = chosen.all.len() > 1;
        let open = |asked| Ok(Self { is_one_of_several, ..Self::open(catalogue, common, asked)? });
        chosen.all.into_iter().map(open).collect()
    }

    fn explained(&self, error: AskError) -> CliError {
        explained(CallError::Ask(error), self.catalogue, &self.asked.cluster)
    }

    fn ask(&mut self, ask: LogAsk) -> Result<Answered, CliError> {
        let answered = self.client.ask(&Ask::Log(ask), self.timeout);
        answered.map_err(|error| self.explained(error))
    }

    /// An answer as a line.
    fn told(&self, answered: &Answered) -> Vec<u8> {
        let printed = show(answered, &[], self.json).0;
        let number = self.asked.number();
        match (self.is_one_of_several, self.json) {
            (false, _) => printed,
            (true, false) => [format!("{number}\t").as_bytes(), &printed].concat(),
            (true, true) => {
                // It was made of an object.
                let mut object: Value = serde_json::from_slice(&printed).unwrap_or_default();
                object["partition"] = number.into();
                format!("{object}\n").into_bytes()
            }
        }
    }

    /// Appends messages as one batch, and prints the offset of each.
    pub(super) fn produce(&mut self, messages: Vec<Bytes>, acks: Acks) -> Result<(), CliError> {
        if acks == Acks::None && self.sequence == 0 {
            // Who does not wait for answers learns from none who leads.
            self.ask(LogAsk::Offsets)?;
        }
        self.sequence += 1;
        let count = messages.len() as u64;
        let ask = LogAsk::Produce { sequence: self.sequence, messages, acks };
        if acks == Acks::None {
            return self.send(ask);
        }
        // Nothing else answers a batch.
        let Answered::Log(LogAnswer::Produced { offset: first }) = self.ask(ask)? else {
            return Ok(());
        };
        let offsets = (first..first + count).map(|offset| LogAnswer::Produced { offset });
        let lines = offsets.flat_map(|offset| self.told(&Answered::Log(offset)));
        out::print(lines.collect::<Vec<u8>>())
    }

    /// Sends it once, and waits for nothing.
    fn send(&mut self, ask: LogAsk) -> Result<(), CliError> {
        match self.client.ask(&Ask::Log(ask), Duration::ZERO) {
            Ok(_) | Err(AskError::Client(ClientError::NoAnswer { .. })) => Ok(()),
            Err(error) => Err(self.explained(error)),
        }
    }

    fn on_map(&mut self, op: Op) -> Result<Reply, CliError> {
        match self.client.ask(&op.into(), self.timeout) {
            Ok(Answered::Reply(reply)) => Ok(reply),
            Ok(_) => Err(CliError::Group("the map has no such answer".into())),
            Err(error) => Err(self.explained(error)),
        }
    }
}

/// A key of the map under this is where a group goes on.
const OFFSETS: &str = "__consumer_offsets/";

/// Where a group of consumers goes on.
struct Group {
    name: String,
    key: Bytes,
    /// What is stored.
    stored: Option<Bytes>,
}

impl Group {
    /// The group, and the offset of the first record that it was not shown.
    fn open(asking: &mut Asking<'_>, name: &str) -> Result<(Self, u64), CliError> {
        let key = bytes(&format!("{OFFSETS}{name}"));
        let Reply::Value(stored) = asking.on_map(Op::Get { key: key.clone() })? else {
            return Err(CliError::Group(format!("no offset of group {name} can be read")));
        };
        let number = |stored: &Bytes| std::str::from_utf8(stored.as_ref()).ok()?.parse().ok();
        let next = match &stored {
            None => 0,
            Some(stored) => number(stored).ok_or_else(|| {
                let why = format!("`{stored}` under `{key}` is no offset; delete that key");
                CliError::Group(why)
            })?,
        };
        Ok((Self { name: name.into(), key, stored }, next))
    }

    /// Goes on at this offset the next time.
    fn store(&mut self, asking: &mut Asking<'_>, next: u64) -> Result<(), CliError> {
        let new = bytes(&next.to_string());
        let (key, expected) = (self.key.clone(), self.stored.clone());
        let stored = asking.on_map(Op::Cas { key, expected, new: Some(new.clone()) })?;
        if !matches!(stored, Reply::Swapped { swapped: true, .. }) {
            let why = format!("another consumer of group {} went on meanwhile", self.name);
            return Err(CliError::Group(why));
        }
        self.stored = Some(new);
        Ok(())
    }
}

/// Whether it is there for the sake of other records: a read, or where a group goes on.
fn is_internal(record: &LogRecord) -> bool {
    let is_offset =
        record.key.as_ref().is_some_and(|key| key.as_ref().starts_with(OFFSETS.as_bytes()));
    is_offset || ["get", "range"].contains(&record.kind)
}

pub(crate) fn consume(args: &Consume, catalogue: &Catalogue) -> Result<u8, CliError> {
    let chosen = args.of.choose(catalogue, &args.common.cluster)?;
    let mut asking = Asking::open(catalogue, &args.common, chosen.of_key(None)?)?;
    let (mut next, mut left) = (args.from, args.max.unwrap_or(u64::MAX));
    let (mut group, mut pause) = (None, PAUSE.start);
    if let Some(name) = &args.group {
        let (opened, first) = Group::open(&mut asking, name)?;
        (group, next) = (Some(opened), first);
    }
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
        next = records.last().map_or(next.max(from), |last| last.offset + 1);
        let mut shown = records;
        shown.retain(|record| args.all || !is_internal(record));
        shown.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= shown.len() as u64;
        let last = shown.last().map(|record| record.offset);
        let shown = Answered::Log(LogAnswer::Records { from, records: shown });
        out::print(show(&shown, &[], args.common.json).0)?;
        if let (Some(group), Some(last)) = (&mut group, last) {
            group.store(&mut asking, last + 1)?;
        }
        match (at_end, args.follow) {
            (true, false) => break,
            (true, true) => {
                thread::sleep(pause);
                pause = PAUSE.end.min(pause * 2);
            }
            (false, _) => pause = PAUSE.start,
        }
    }
    Ok(DONE)
}

pub(crate) fn offsets(args: &Offsets, catalogue: &Catalogue) -> Result<u8, CliError> {
    let chosen = args.of.choose(catalogue, &args.common.cluster)?;
    for mut asking in Asking::open_all(catalogue, &args.common, chosen)? {
        let answered = asking.ask(LogAsk::Offsets)?;
        out::print(asking.told(&answered))?;
    }
    Ok(DONE)
}
