//! `quorate produce`: appends messages to a topic, in batches (kafka).

use super::client::{Common, EXIT_CODES, bytes};
use super::duration::duration_or_none;
use super::of_topic::OfTopic;
use super::topic::Asking;
use super::{CliError, DONE, JSON_ERRORS};
use crate::catalogue::Catalogue;
use crate::models::kafka::{MAX_BATCH, MAX_BATCH_BYTES, batch_bytes};
use crate::models::kv::Bytes;
use crate::models::kv::map::MAX_VALUE_BYTES;
use crate::models::kv::offer::Acks;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How many lines of standard input wait for a batch.
const QUEUE: usize = 1024;
/// The longest that a batch waits for more messages.
const LONGEST_LINGER: Duration = Duration::from_mins(1);

/// Append messages to a topic
///
/// Of a topic with several partitions, those with a --key go to one that follows from it, and others
/// to all in turn; each partition has an order of its own.
///
/// Messages that are there at one time go together, in a batch: one request, which is appended,
/// replicated and acknowledged as a whole. A batch is sent when it is full (--batch, and about 56 KiB)
/// or when nothing came for it in time (--linger), and the next one of a partition when it is
/// acknowledged, so the more there is to send, the larger batches are.
///
/// Prints the offset of each (after its partition, of a topic with several) when all in-sync replicas have it (`--acks all`), or when the leader has it
/// (`--acks 1`: it is lost if the leader is, before others have it). Batches are numbered: one that is
/// sent again, because an answer was lost, is appended once. With `--acks 0` each is sent once, nobody
/// waits, and nothing is printed: it may be lost. Without a message, each line of standard input is one.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
    quorate produce hello --cluster cluster.toml\n  \
    quorate produce bought --topic orders --key customer-7 --cluster cluster.toml\n  \
    seq 1000 | quorate produce --acks 1 --cluster cluster.toml\n  \
    tail -f log | quorate produce --batch 1000 --linger 50ms --cluster cluster.toml"))]
pub(crate) struct Produce {
    /// The messages
    messages: Vec<String>,
    /// What a batch must have come to before the next one is sent
    #[arg(long, value_enum, default_value_t, value_name = "ACKS")]
    acks: Wanted,
    /// Append all of them in the partition of this key. It is not kept with them
    #[arg(long, value_name = "KEY", conflicts_with = "partition")]
    key: Option<String>,
    /// The most messages of a batch; with 1 each is sent alone
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MAX_BATCH as i64))]
    batch: u16,
    /// How long a batch waits for more messages, such as 5ms
    #[arg(long, default_value = "0ms", value_name = "DURATION", value_parser = linger)]
    linger: Duration,
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// When a batch is acknowledged.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Wanted {
    /// All in-sync replicas have it
    #[default]
    All,
    /// The leader has it
    #[value(name = "1")]
    Leader,
    /// It was sent
    #[value(name = "0")]
    Sent,
}

impl From<Wanted> for Acks {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::All => Self::All,
            Wanted::Leader => Self::Leader,
            Wanted::Sent => Self::None,
        }
    }
}

fn linger(text: &str) -> Result<Duration, String> {
    let linger = duration_or_none(text)?;
    if linger > LONGEST_LINGER {
        return Err("a batch waits at most 1m".into());
    }
    Ok(linger)
}

/// Messages of one partition that are to be sent together.
#[derive(Default)]
struct Pending {
    messages: Vec<Bytes>,
    bytes: usize,
}

impl Pending {
    fn fits(&self, message: &Bytes) -> bool {
        self.bytes + batch_bytes([message.len()]) <= MAX_BATCH_BYTES
    }

    fn push(&mut self, message: Bytes) {
        self.bytes += batch_bytes([message.len()]);
        self.messages.push(message);
    }
}

struct Producer<'a> {
    /// A client of each partition.
    asking: Vec<Asking<'a>>,
    pending: Vec<Pending>,
    /// The partition of all messages, if they have a key.
    at: Option<usize>,
    /// The partition of the next message, if they have none.
    turn: usize,
    most: usize,
    acks: Acks,
}

impl Producer<'_> {
    /// A message more. Whether all that was gathered is sent, since a batch is full.
    fn push(&mut self, message: Bytes) -> Result<bool, CliError> {
        let at = self.at.unwrap_or(self.turn);
        self.turn = (self.turn + 1) % self.asking.len();
        // It will be refused, and is to take no others with it.
        let is_too_long = message.len() > MAX_VALUE_BYTES;
        if is_too_long || !self.pending[at].fits(&message) {
            self.send()?;
        }
        self.pending[at].push(message);
        let is_full = is_too_long || self.pending[at].messages.len() >= self.most;
        if is_full {
            self.send()?;
        }
        Ok(is_full)
    }

    /// Sends all that was gathered.
    fn send(&mut self) -> Result<(), CliError> {
        for (asking, pending) in self.asking.iter_mut().zip(&mut self.pending) {
            let Pending { messages, .. } = std::mem::take(pending);
            if !messages.is_empty() {
                asking.produce(messages, self.acks)?;
            }
        }
        Ok(())
    }

    /// Gathers what comes, and sends it when a batch is full or has waited for so long.
    fn send_lines(&mut self, linger: Duration) -> Result<(), CliError> {
        let lines = lines();
        let read = |line: io::Result<Vec<u8>>| {
            line.map(Bytes::from).map_err(super::at("read messages", Path::new("standard input")))
        };
        while let Ok(line) = lines.recv() {
            let mut is_sent = self.push(read(line)?)?;
            let limit = Instant::now() + linger;
            while !is_sent {
                let left = limit.saturating_duration_since(Instant::now());
                // Nothing came, or nothing more will come.
                let Ok(line) = lines.recv_timeout(left) else { break };
                is_sent = self.push(read(line)?)?;
            }
            self.send()?;
        }
        Ok(())
    }
}

/// The lines of standard input, as they come.
fn lines() -> Receiver<io::Result<Vec<u8>>> {
    let (sender, lines) = sync_channel(QUEUE);
    // It may wait for input for ever, and ends with the process.
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        while line(&mut input).transpose().is_some_and(|line| sender.send(line).is_ok()) {}
    });
    lines
}

/// The next line; of one that is too long, a byte more than may be, for the error to say so.
fn line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = input.take(MAX_VALUE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
    line.pop_if(|last| *last == b'\n');
    Ok((read > 0).then_some(line))
}

pub(crate) fn produce(args: &Produce, catalogue: &Catalogue) -> Result<u8, CliError> {
    let chosen = args.of.choose(catalogue, &args.common.cluster)?;
    let key = args.key.as_deref().map(bytes);
    let at = key.map(|key| chosen.at_key(&key));
    let asking = Asking::open_all(catalogue, &args.common, chosen)?;
    let mut producer = Producer {
        pending: asking.iter().map(|_| Pending::default()).collect(),
        at,
        // Many that produce one message each do not all begin with the same partition.
        turn: rand::random_range(0..asking.len()),
        asking,
        most: args.batch.into(),
        acks: args.acks.into(),
    };
    for message in &args.messages {
        producer.push(bytes(message))?;
    }
    producer.send()?;
    if args.messages.is_empty() {
        producer.send_lines(args.linger)?;
    }
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_that_is_too_long_one_byte_too_many_is_read() {
        let longest = vec![b'x'; MAX_VALUE_BYTES];
        let text = [b"a\n\n".as_slice(), &longest, b"\n", &longest, b"yzz\nb"].concat();
        let mut input = text.as_slice();
        for expected in
            [b"a".as_slice(), b"", &longest, &[&longest[..], b"y"].concat(), b"zz", b"b"]
        {
            assert_eq!(line(&mut input).unwrap().as_deref(), Some(expected));
        }
        assert_eq!(line(&mut input).unwrap(), None);
    }
}
