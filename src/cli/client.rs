//! `quorate get`, `range`, `put`, `delete` and `cas`: one operation on a cluster's map.
//!
//! Exit codes, the same for all: 0 it was done; 1 the answer is no (the key is absent, the value
//! is not the expected one) or something is wrong; 2 bad usage; 3 no answer came in time, so
//! whether it was done is unknown.

use super::answer::{note, show, show_seen};
use super::duration::duration;
use super::level::Leveled;
use super::of_topic::{OfTopic, Where};
use super::version::Versioned;
use super::{CliError, JSON_ERRORS, at, out, private};
use crate::catalogue::Catalogue;
use crate::models::kv::map::MAX_VALUE_BYTES;
use crate::models::kv::offer::{Answered, Ask, OfferError};
use crate::models::kv::{Bytes, Op, Range};
use crate::node::deploy::deployed::{CallError, Told};
use crate::node::{AskError, ClusterFile, Deployed};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) const EXIT_CODES: &str = "Exit codes: 0 done, 1 the answer is no, or an error, \
    2 bad usage, 3 no answer in time (it may or may not have been done)";

/// The arguments of every client command.
#[derive(clap::Args)]
pub(crate) struct Common {
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    pub(super) cluster: PathBuf,
    /// How long to wait for an answer, such as 500ms, 5s or 1m
    #[arg(long, default_value = "5s", value_name = "DURATION", value_parser = duration)]
    pub(super) timeout: Duration,
    /// Ask only this server
    #[arg(long, value_name = "ID")]
    pub(super) server: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a command is to ask: a cluster, or of a topic of it the partition that has the key.
#[derive(Clone, Copy)]
struct At<'a> {
    common: &'a Common,
    of: Option<&'a OfTopic>,
}

impl<'a> From<&'a Common> for At<'a> {
    fn from(common: &'a Common) -> Self {
        Self { common, of: None }
    }
}

impl<'a> From<(&'a Common, &'a OfTopic)> for At<'a> {
    fn from((common, of): (&'a Common, &'a OfTopic)) -> Self {
        Self { common, of: Some(of) }
    }
}

/// The argument of a write to a map that keeps siblings.
#[derive(clap::Args)]
struct Replaced {
    /// Replace exactly the writes that this context names, from `quorate get --json` (multi-primary and
    /// quorum-store with multi-value); without it, all that the server that takes the write holds
    #[arg(long, value_name = "TOKEN")]
    context: Option<String>,
}

/// The arguments of a read that any server may answer from its own state.
#[derive(clap::Args)]
pub(super) struct Locally {
    /// Let the server that is asked answer from its own state (zab): with --server, any. The answer
    /// may be older than what others were told, but not than --seen
    #[arg(long)]
    local: bool,
    /// Be told nothing older than this, from `seen` of an earlier answer with --json
    #[arg(long, value_name = "TOKEN", requires = "local")]
    seen: Option<String>,
}

impl Locally {
    fn perform(&self, catalogue: &Catalogue, at: At<'_>, op: Op) -> Result<u8, CliError> {
        let ask = if self.local { Ask::Local(op) } else { op.into() };
        perform_as(catalogue, at, &ask, self.seen.as_deref())
    }
}

/// A value that is not an argument: it may be long, secret, or no text.
#[derive(clap::Args)]
struct ValueFile {
    /// Read the new value from this file, to the last byte; `-` for standard input
    #[arg(long, group = "after", value_name = "FILE")]
    value_file: Option<PathBuf>,
}

impl ValueFile {
    /// The value: what was given as an argument, or else what the file holds, if there is any.
    fn or(&self, given: Option<&str>) -> Result<Option<Bytes>, CliError> {
        let Some(path) = &self.value_file else { return Ok(given.map(bytes)) };
        let read = |from: &mut dyn Read, path: &Path| {
            let mut value = Vec::new();
            // A byte more than may be, for the error to say so.
            let limit = MAX_VALUE_BYTES as u64 + 1;
            from.take(limit).read_to_end(&mut value).map_err(at("read the value", path))?;
            Ok(Some(value.into()))
        };
        if path.as_os_str() == "-" {
            return read(&mut std::io::stdin().lock(), Path::new("standard input"));
        }
        read(&mut File::open(path).map_err(at("read the value", path))?, path)
    }
}

/// Read the value of a key
///
/// Prints the value, followed by a newline; where concurrent writes left several (multi-primary and
/// quorum-store with multi-value), each on a line of its own.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  quorate get color --cluster cluster.toml\n  quorate get color --local --server 2 --cluster cluster.toml\n  quorate get color --consistency one --cluster cluster.toml"))]
pub(crate) struct Get {
    /// The key
    key: String,
    #[command(flatten)]
    locally: Locally,
    #[command(flatten)]
    leveled: Leveled,
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Read the keys of a range, in order, with their values
///
/// Prints a line for each: the key, a tab, the value. All are read at one point in time, at most 40 KiB
/// of them. If there are more, `--json` shows the `next` key, from which another range goes on.
#[derive(clap::Args)]
#[command(
    override_usage = "quorate range [OPTIONS] --cluster <FILE> <FROM> [TO]\n       \
                      quorate range [OPTIONS] --cluster <FILE> --prefix <PREFIX>",
    group = clap::ArgGroup::new("keys").required(true),
    after_help = format!(
        "{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
         quorate range a n --cluster cluster.toml\n  \
         quorate range '' --limit 10 --json --cluster cluster.toml\n  \
         quorate range --prefix user/ --cluster cluster.toml"
    )
)]
pub(crate) struct Keys {
    /// The lowest key of the range; '' for the lowest of all
    #[arg(group = "keys")]
    from: Option<String>,
    /// The lowest key above the range, which does not belong to it
    #[arg(requires = "from")]
    to: Option<String>,
    /// All keys that begin with this
    #[arg(long, group = "keys")]
    prefix: Option<String>,
    /// The most keys
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    locally: Locally,
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Keys {
    fn range(&self) -> Range {
        let limit = self.limit;
        match &self.prefix {
            Some(prefix) => Range::prefix(bytes(prefix), limit),
            // One of the two was given: clap sees to it.
            None => Range {
                from: bytes(self.from.as_deref().unwrap_or_default()),
                to: self.to.as_deref().map(bytes),
                limit,
            },
        }
    }
}

/// Set the value of a key
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("after").required(true),
    after_help = format!(
        "{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
         quorate put color green --cluster cluster.toml\n  \
         quorate put picture --value-file picture.png --cluster cluster.toml"
    )
)]
pub(crate) struct Put {
    /// The key
    key: String,
    /// Its new value
    #[arg(group = "after")]
    value: Option<String>,
    #[command(flatten)]
    from: ValueFile,
    #[command(flatten)]
    replaced: Replaced,
    #[command(flatten)]
    leveled: Leveled,
    #[command(flatten)]
    versioned: Versioned,
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Remove a key
///
/// Succeeds also if the key is absent.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExample:\n  quorate delete color --cluster cluster.toml"))]
pub(crate) struct Delete {
    /// The key
    key: String,
    #[command(flatten)]
    replaced: Replaced,
    #[command(flatten)]
    leveled: Leveled,
    #[command(flatten)]
    versioned: Versioned,
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Compare and swap: set the value of a key only if its present value is the expected one
#[derive(clap::Args)]
#[command(
    override_usage = "quorate cas [OPTIONS] --cluster <FILE> <--expected <VALUE>|--absent>\n       \
                      <NEW|--value-file <FILE>|--remove> <KEY>",
    group = clap::ArgGroup::new("before").required(true),
    group = clap::ArgGroup::new("after").required(true),
    after_help = format!(
        "{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
         quorate cas color --expected green blue --cluster cluster.toml\n  \
         quorate cas color --absent green --cluster cluster.toml\n  \
         quorate cas color --expected blue --remove --cluster cluster.toml"
    )
)]
pub(crate) struct Cas {
    /// The key
    key: String,
    /// Its new value
    #[arg(group = "after")]
    new: Option<String>,
    #[command(flatten)]
    from: ValueFile,
    /// Remove the key instead
    #[arg(long, group = "after")]
    remove: bool,
    /// The present value
    #[arg(long, group = "before", value_name = "VALUE")]
    expected: Option<String>,
    /// The key must be absent
    #[arg(long, group = "before")]
    absent: bool,
    #[command(flatten)]
    leveled: Leveled,
    #[command(flatten)]
    of: OfTopic,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Have the leader order a transaction that changes nothing
///
/// What is read afterwards with --local and --seen is as new as a read that is ordered (zab). Needs
/// a quorum, like a write.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExample:\n  quorate sync --json --cluster cluster.toml"))]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Send a request to a state machine of your own
///
/// The state machine interprets the words; the map has commands of its own.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n{JSON_ERRORS}\n\nExample:\n  quorate call add 5 --cluster cluster.toml"))]
pub(crate) struct Call {
    /// The request, word by word
    #[arg(allow_negative_numbers = true)]
    words: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
}

pub(crate) fn call(args: &Call, catalogue: &Catalogue) -> Result<u8, CliError> {
    perform(catalogue, &args.common, &Ask::Words(args.words.clone()))
}

pub(crate) fn get(args: &Get, catalogue: &Catalogue) -> Result<u8, CliError> {
    let (op, local) = (Op::Get { key: bytes(&args.key) }, args.locally.local.then_some("--local"));
    let at = (&args.common, &args.of).into();
    match args.leveled.ask(&op, None, local)? {
        Some(ask) => perform_as(catalogue, at, &ask, None),
        None => args.locally.perform(catalogue, at, op),
    }
}

pub(crate) fn range(args: &Keys, catalogue: &Catalogue) -> Result<u8, CliError> {
    args.locally.perform(catalogue, (&args.common, &args.of).into(), Op::Range(args.range()))
}

pub(crate) fn sync(args: &Sync, catalogue: &Catalogue) -> Result<u8, CliError> {
    perform(catalogue, &args.common, &Ask::Sync)
}

pub(crate) fn put(args: &Put, catalogue: &Catalogue) -> Result<u8, CliError> {
    // One of the two was given: clap sees to it.
    let value = args.from.or(args.value.as_deref())?.unwrap_or_default();
    let op = Op::Put { key: bytes(&args.key), value };
    let at = (&args.common, &args.of).into();
    write(catalogue, at, (&args.replaced, &args.leveled, &args.versioned), op)
}

pub(crate) fn delete(args: &Delete, catalogue: &Catalogue) -> Result<u8, CliError> {
    let op = Op::Delete { key: bytes(&args.key) };
    let at = (&args.common, &args.of).into();
    write(catalogue, at, (&args.replaced, &args.leveled, &args.versioned), op)
}

pub(crate) fn cas(args: &Cas, catalogue: &Catalogue) -> Result<u8, CliError> {
    let (expected, new) = (args.expected.as_deref().map(bytes), args.from.or(args.new.as_deref())?);
    let op = Op::Cas { key: bytes(&args.key), expected, new };
    let ask = args.leveled.ask(&op, None, None)?.unwrap_or_else(|| op.into());
    perform_as(catalogue, (&args.common, &args.of).into(), &ask, None)
}

pub(super) fn bytes(text: &str) -> Bytes {
    text.into()
}

fn write(
    catalogue: &Catalogue,
    at: At<'_>,
    (replaced, leveled, versioned): (&Replaced, &Leveled, &Versioned),
    op: Op,
) -> Result<u8, CliError> {
    let context = replaced.context.clone();
    let leveled = leveled.ask(&op, context.as_ref(), None)?;
    let other = context.as_ref().map(|_| "--context");
    let other = other.or(leveled.as_ref().map(|_| "--consistency"));
    let ask = versioned.ask(&op, other)?.or(leveled);
    perform_as(catalogue, at, &ask.unwrap_or(Ask::One { op, context }), None)
}

/// Asks, and prints the answer.
pub(super) fn perform(catalogue: &Catalogue, common: &Common, ask: &Ask) -> Result<u8, CliError> {
    perform_as(catalogue, common.into(), ask, None)
}

/// The same, as a client that has seen what an earlier answer said.
fn perform_as(
    catalogue: &Catalogue,
    At { common, of }: At<'_>,
    ask: &Ask,
    seen: Option<&str>,
) -> Result<u8, CliError> {
    let asked = match of {
        None => Where::whole(private::load_cluster(&common.cluster)?),
        Some(of) => of.choose(catalogue, &common.cluster)?.of_key(ask.key())?,
    };
    let only = asked.only(common.server)?;
    let cluster = asked.cluster;
    let protocol = catalogue.of_cluster(&cluster)?;
    let told = protocol.ask(&cluster, ask, seen, only, common.timeout);
    let Told { answered, seen, .. } =
        told.map_err(|error| explained(error, catalogue, &cluster))?;
    let ops = if let Ask::Together(txn) = ask { txn.ops.as_slice() } else { &[] };
    let (printed, code) = match (&answered, seen) {
        (Answered::Reply(reply), Some(seen)) if common.json => show_seen(reply, &seen),
        _ => show(&answered, ops, common.json),
    };
    out::print(&printed)?;
    if let (Some(note), false) = (note(&answered), common.json) {
        out::remark(note);
    }
    Ok(code)
}

/// Names the protocols that offer what the cluster's does not.
pub(super) fn explained(
    error: CallError,
    catalogue: &Catalogue,
    cluster: &ClusterFile,
) -> CliError {
    let CallError::Ask(AskError::Offer(OfferError::NotOffered { asked, offers })) = error else {
        return error.into();
    };
    let offering = catalogue.deployable().filter(|it| it.commands().contains(&asked));
    let by = offering.map(Deployed::name).collect();
    CliError::NotOffered { protocol: cluster.protocol.clone(), asked, offers, by }
}
