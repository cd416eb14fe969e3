//! `quorate levels`: what a combination of settings of the quorum store provides.

use super::out::{self, wrapped};
use super::{CliError, DONE};
use crate::models::causal::Rule;
use crate::models::quorum_store::levels::{ClockQuality, Evidence, Line, Settings, markdown};
use crate::models::quorum_store::{Handoff, Purge, ReadRepair, WriteMode};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

/// Say what settings of the quorum store provide, and which instances show it
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate levels --n 3 --r 2 --w 2 --repair blocking --clock skewed
  quorate levels --r 1 --w 3
  quorate levels --serial
  quorate levels --conflicts multi-value
  quorate levels --markdown    the whole table of the README")]
pub(crate) struct Args {
    /// How many replicas hold a key
    #[arg(long, default_value_t = 3)]
    n: usize,
    /// How many of them a read waits for
    #[arg(long, default_value_t = 2)]
    r: usize,
    /// How many of them a write waits for
    #[arg(long, default_value_t = 2)]
    w: usize,
    /// What a read does about replicas that differ
    #[arg(long, value_enum, default_value_t = Repair::Blocking)]
    repair: Repair,
    /// How well timestamps agree with real time; with one writer at one node they do
    #[arg(long, value_enum, default_value_t = Clock::Hybrid)]
    clock: Clock,
    /// Whether a write asks for the newest timestamp first
    #[arg(long, value_enum, default_value_t = Mode::Plain)]
    write: Mode,
    /// Whether a hint counts as an acknowledgment
    #[arg(long, value_enum, default_value_t = Hints::Strict)]
    hints: Hints,
    /// When tombstones go
    #[arg(long, value_enum, default_value_t = Tombstones::Never)]
    tombstones: Tombstones,
    /// What becomes of concurrent writes
    #[arg(long, value_enum, default_value_t = Conflicts::LastWriterWins)]
    conflicts: Conflicts,
    /// All requests of the key are serial (Paxos)
    #[arg(long)]
    serial: bool,
    /// As JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// All settings, as the table of the README
    #[arg(long)]
    markdown: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Repair {
    /// The newest version is written to those that lack it, before the answer
    Blocking,
    /// Nothing
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum Clock {
    /// As if there were one clock
    Perfect,
    /// Hybrid clocks
    Hybrid,
    /// Physical clocks that differ
    Skewed,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// It takes its node's clock
    Plain,
    /// It asks
    Query,
}

#[derive(Clone, Copy, ValueEnum)]
enum Hints {
    /// It does not
    Strict,
    /// It does
    Sloppy,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tombstones {
    /// Never
    Never,
    /// After some time
    Timer,
    /// When all replicas have them
    Repaired,
}

#[derive(Clone, Copy, ValueEnum)]
enum Conflicts {
    /// The one with the larger timestamp stays
    LastWriterWins,
    /// All stay, until a write that knew them
    MultiValue,
}

impl Args {
    fn settings(&self) -> Settings {
        Settings {
            n: self.n,
            r: self.r,
            w: self.w,
            repair: match self.repair {
                Repair::Blocking => ReadRepair::Blocking,
                Repair::None => ReadRepair::None,
            },
            clock: match self.clock {
                Clock::Perfect => ClockQuality::Perfect,
                Clock::Hybrid => ClockQuality::Hybrid,
                Clock::Skewed => ClockQuality::Skewed,
            },
            write: match self.write {
                Mode::Plain => WriteMode::Plain,
                Mode::Query => WriteMode::Query,
            },
            handoff: match self.hints {
                Hints::Strict => Handoff::Strict,
                Hints::Sloppy => Handoff::Sloppy,
            },
            purge: match self.tombstones {
                Tombstones::Never => Purge::Never,
                Tombstones::Timer => Purge::OnTimer,
                Tombstones::Repaired => Purge::AfterRepair,
            },
            serial: self.serial,
            conflicts: match self.conflicts {
                Conflicts::LastWriterWins => Rule::LastWriterWins,
                Conflicts::MultiValue => Rule::MultiValue,
            },
        }
    }
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    if args.markdown {
        out::print(markdown())?;
        return Ok(DONE);
    }
    let lines = args.settings().lines().map_err(CliError::Usage)?;
    if args.json {
        let lines: Vec<Value> = lines.iter().map(as_json).collect();
        out::print(format!("{}\n", json!(lines)))?;
    } else {
        let width = out::width();
        out::print(lines.iter().map(|line| told(line, width)).collect::<String>())?;
    }
    Ok(DONE)
}

fn told(line: &Line, width: usize) -> String {
    let Line { when, provides, anomalies, holds, fails } = line;
    let item = |text: String| wrapped(&text, "  ", "    ", width);
    let check = |Evidence { instance, property }: &Evidence| {
        format!("{property} in `quorate check quorum-store --instance {instance}`")
    };
    let mut text = wrapped(&format!("{provides}: {when}"), "", "  ", width);
    text += &item(format!("may happen: {anomalies}"));
    text += &item(format!("holds: {}", check(holds)));
    text += &item(format!("must fail: {}", check(fails)));
    text
}

fn as_json(line: &Line) -> Value {
    let evidence = |it: &Evidence| json!({ "instance": it.instance, "property": it.property.name });
    json!({
        "settings": line.when,
        "provides": line.provides,
        "anomalies": line.anomalies,
        "holds": evidence(&line.holds),
        "fails": evidence(&line.fails),
    })
}
