//! The arguments of `quorate check`.

use super::format::Format;
use crate::check::{Disk, Engine, Limits, Reduce, Walks};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  quorate check                                         all quick instances
  quorate check primary-backup --instance asynchronous  one instance
  quorate check primary-backup --deep                   the deep ones too
  quorate check --mutant never-ask                      a seeded bug
  quorate check multi-primary --instance lww-three-delete \
                --disk DIR                              in less memory; and with
                                                        --resume on, if it was ended
  quorate check --property linearizable                 all that have it
  quorate check paxos --servers 3 --clients 2 --crashes 1 \
                --max-seconds 60                        an instance of your own
  quorate check primary-backup --instance three --hosts hosts.txt --process 0
                                                        on several machines: the same
                                                        on each, with its own number
  quorate check paxos --instance three --walks 10000 --plot walks.svg
                                                        some behaviours, at random
  quorate check two-phase-commit --abstract-model two-phase \
                --bound resource-managers=6             a specification's states
  quorate check --format junit > checks.xml             for a CI's test report
  quorate check --format github --counterexamples lost  as a step of a workflow

Exit codes: 0 all as expected, 1 not as expected or an error, 2 bad usage,
3 incomplete.";

const FIELDS: &str = "\
With --json, each instance is one object on a line, with the fields
  protocol, instance, mutant   the subject; instance or mutant is null
  abstract_model, bounds       of an abstract model only: its name, and {NAME: N};
                               instance and mutant are null
  tlc_depth                    of an abstract model only: depth + 1, the states on
                               the way, which TLC reports
  engine, threads              the engine, and its number of threads
  unique, generated, depth     the states, and the steps to the furthest one
  expanded                     the states whose successors were found, or null
  reduction                    cover (states with fewer messages than another were
                               left out), symmetry, or null
  bytes_per_state              the most memory that was held, by unique state
  expected                     {unique, generated} as recorded, of a check that is
                               reduced by cover {expanded, generated}, or null
  seconds
  complete, shortfall          whether every state was covered, or else why not
  estimate                     of an incomplete check: {states, growth}: about how many
                               states there are, or null if the levels grow by a
                               factor that does not fall; and that factor
  walks                        of random walks only: {count, seed, max_steps, is_uniform,
                               is_exact, curve, found}: whether every state that was
                               met was kept; {walks, states} by rounds; {property,
                               walk, steps}
  collision_probability        a bound on the probability of a hidden state
  as_expected, surprises       whether all is as recorded, and what is not
  properties                   a list of {name, says, source, kind, expected,
                               verdict, expected_len, trace_len, trace}; name
                               does not change between versions; expected is
                               holds, violated, reached or null; verdict is
                               one of these, unreached, or incomplete;
                               trace is null or {actions, cycle}: the steps, and
                               for a lasso after how many its cycle begins
An error is one object too: {\"error\": TEXT, \"exit_code\": N}.";

/// What is said of instances, and not of an abstract model.
const OF_INSTANCES: [&str; 18] = [
    "instance",
    "mutant",
    "deep",
    "threads",
    "engine",
    "counterexample",
    "counterexamples",
    "max_depth",
    "max_memory",
    "disk",
    "hosts",
    "process",
    "full",
    "reduced",
    "walks",
    "seed",
    "uniform",
    "plot",
];

/// A bound, such as `replicas=3`.
fn bound(text: &str) -> Result<(String, u64), String> {
    let (name, number) = text.split_once('=').ok_or("a bound is NAME=N, such as replicas=3")?;
    let number = number.parse().map_err(|_| format!("{number:?} is not a whole number"))?;
    Ok((name.to_owned(), number))
}

/// Check protocols: every behaviour within the bounds of each instance
///
/// Ctrl-C ends the check; what was found so far is shown.
#[derive(Parser)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{FIELDS}")
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Args {
    /// The protocol, or `all`
    #[arg(default_value = "all")]
    pub(super) protocol: String,
    /// Only this instance
    #[arg(long, value_name = "NAME")]
    pub(super) instance: Option<String>,
    /// Only this mutant: check that its property is violated
    #[arg(long, value_name = "NAME", conflicts_with_all = ["instance", "deep"])]
    pub(super) mutant: Option<String>,
    /// Only the instances with this property, and of their tables only its row
    #[arg(long, value_name = "NAME")]
    pub(super) property: Option<String>,
    /// Only this abstract model: count its states
    ///
    /// `quorate list PROTOCOL` names them, with their bounds. One thread counts; the
    /// limits are --max-seconds and --max-states, the formats text and JSON.
    #[arg(long, value_name = "NAME", conflicts_with_all = OF_INSTANCES)]
    pub(super) abstract_model: Option<String>,
    /// A bound of an instance that is not recorded: --bound servers=3 or --servers 3
    ///
    /// `quorate list PROTOCOL` names the bounds, and what they are if they are not given.
    /// Verdicts are given, and counts are held against nothing. How many states there are
    /// is estimated from the levels of the search: while it runs, and at the end if a
    /// limit ended it. With --abstract-model: a bound of that model.
    #[arg(long = "bound", value_name = "NAME=N", value_delimiter = ',')]
    #[arg(conflicts_with_all = ["instance", "mutant", "deep"], value_parser = bound)]
    pub(super) bounds: Vec<(String, u64)>,
    /// The deep instances too: minutes instead of seconds
    #[arg(long)]
    pub(super) deep: bool,
    /// The number of threads; by default, the number of processors
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// The engine that checks; stateright's decides safety only
    #[arg(long, value_enum, default_value_t = EngineName::Quorate)]
    engine: EngineName,
    /// Search all states, also where it is recorded what a reduced check finds
    ///
    /// Of an instance whose states nobody has counted only if it is named with --instance.
    #[arg(long, conflicts_with = "reduced")]
    pub(super) full: bool,
    /// Reduce every check, mutants too, where that hides nothing
    ///
    /// Steps that only send are taken all at once, and states that have fewer messages
    /// in flight than another are left out. Verdicts and counterexamples are the same.
    /// By default a check is reduced if it is recorded how many states it then finds.
    #[arg(long)]
    pub(super) reduced: bool,
    /// Take so many random walks, instead of a search of all states
    ///
    /// For what has too many states: a violation that is found is one, and that none is
    /// found says nothing, so nothing is said to hold. Liveness is not decided. Each walk
    /// likes some handler runs more than others, at random, and all prefer what is new. A
    /// walk has at most 100 steps, or --max-depth. Traces are shortened, but need not be
    /// shortest. States are counted as long as there is room for them: 10,000,000, or
    /// --max-memory.
    #[arg(long, value_name = "N", conflicts_with_all = ["engine", "full", "reduced", "max_states"])]
    walks: Option<u64>,
    /// What the walks follow from: the same seed, the same walks
    #[arg(long, value_name = "S", requires = "walks")]
    seed: Option<u64>,
    /// Let the walks take every step that is possible with the same probability, for comparison
    #[arg(long, requires = "walks")]
    uniform: bool,
    /// Draw how many states the walks met, as an SVG file
    #[arg(long, value_name = "FILE", requires = "walks")]
    pub(super) plot: Option<PathBuf>,
    /// The format of the results
    ///
    /// text: tables, for people. json: an object per instance, each on a line. junit:
    /// JUnit's XML. github: the tables, annotations, and a summary of the job in
    /// Markdown. sarif: SARIF 2.1.0, for code scanning.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    #[arg(hide_possible_values = true)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Show the steps of expected violations too
    #[arg(long, conflicts_with = "json")]
    pub(super) show_expected: bool,
    /// Write a counterexample here, for `quorate explore --at`
    ///
    /// The one of --property, or else an unexpected one. If there is none, nothing
    /// is written; that is no error.
    #[arg(long, value_name = "FILE")]
    pub(super) counterexample: Option<PathBuf>,
    /// Write each unexpected counterexample into this directory
    ///
    /// The directory is made if it does not exist. A file is named by the protocol, the
    /// instance and the property; one of the same name is replaced.
    #[arg(long, value_name = "DIR")]
    pub(super) counterexamples: Option<PathBuf>,
    /// Stop the check of an instance after this many seconds
    #[arg(long, value_name = "SECONDS")]
    max_seconds: Option<u64>,
    /// Stop the check of an instance after this many unique states
    #[arg(long, value_name = "N")]
    max_states: Option<u64>,
    /// Leave out states that are more than this many steps away
    #[arg(long, value_name = "STEPS")]
    max_depth: Option<u32>,
    /// Stop the check of an instance when its search holds this many MiB
    #[arg(long, value_name = "MIB")]
    max_memory: Option<u64>,
    /// Keep what need not be in memory in this directory, and checkpoints
    ///
    /// Each instance has a directory of its own there, and with --hosts each process too.
    /// All states are searched, as with --full. Not for instances with liveness properties,
    /// unless with --hosts, which leaves liveness undecided.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["reduced", "engine"])]
    disk: Option<PathBuf>,
    /// Go on from the last checkpoint in the directory of --disk
    #[arg(long, requires = "disk")]
    resume: bool,
    /// Check with other processes, which listen where this file says: ADDRESS:PORT a line
    ///
    /// Each process is started with the same arguments but for --process (and --threads and
    /// --max-memory, if they like), in any order; they wait a minute for each other. The states
    /// that are known are shared out among them; verdicts, counts and traces are those of one
    /// process, and each reports them. All states are searched, as with --full. Liveness is not
    /// decided. If one process ends, so do the others, with an error; with --disk, all are
    /// then started again with --resume, and go on. Whoever reaches the ports can disturb a
    /// check: use a private network.
    #[arg(long, value_name = "FILE", requires = "process")]
    #[arg(conflicts_with_all = ["reduced", "engine", "walks", "max_depth"])]
    pub(super) hosts: Option<PathBuf>,
    /// Which line of the file of --hosts this process is, from 0
    #[arg(long, value_name = "N", requires = "hosts")]
    pub(super) process: Option<usize>,
    /// Write a checkpoint after this many seconds, at the next end of a level
    #[arg(long, value_name = "SECONDS", default_value_t = 600, requires = "disk")]
    checkpoint_seconds: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineName {
    Quorate,
    Stateright,
}

impl Args {
    pub(super) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format() == Format::Json
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            time: self.max_seconds.map(Duration::from_secs),
            states: self.max_states,
            depth: self.max_depth,
            memory: self.max_memory.map(|mib| mib.saturating_mul(1 << 20)),
        }
    }

    /// Where the check of an instance or a mutant keeps what it may keep on disk.
    pub(super) fn disk(&self, protocol: &str, name: &str) -> Option<Disk> {
        let process = self.process.map_or_else(String::new, |n| format!("-process-{n}"));
        let dir = self.disk.as_ref()?.join(format!("{protocol}-{name}{process}"));
        let every = Duration::from_secs(self.checkpoint_seconds);
        Some(Disk { dir, name: format!("{protocol} {name}"), resume: self.resume, every })
    }

    /// What is reduced of a check of something whose states are counted, or are not.
    pub(super) fn reduce(&self, is_counted: bool) -> Reduce {
        let cannot_reduce = self.disk.is_some() || self.hosts.is_some();
        let is_full = self.full && (is_counted || self.instance.is_some());
        match (cannot_reduce || is_full, self.reduced) {
            (true, _) => Reduce::Never,
            (_, true) => Reduce::Always,
            _ => Reduce::Recorded,
        }
    }

    /// Stateright finds shortest counterexamples with one thread only, so that is its default.
    pub(super) fn engine(&self) -> (Engine, usize) {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let (engine, default) = match (self.walks, self.engine) {
            (Some(count), _) => (Engine::Walks(self.walks(count)), processors()),
            (None, EngineName::Stateright) => (Engine::Stateright, 1),
            (None, EngineName::Quorate) => (Engine::Quorate, processors()),
        };
        (engine, self.threads.unwrap_or(default))
    }

    fn walks(&self, count: u64) -> Walks {
        let walks = Walks::new(count, self.seed.unwrap_or(0));
        let states = |bytes| usize::try_from(bytes / Walks::BYTES_PER_STATE).unwrap_or(usize::MAX);
        Walks {
            steps: self.max_depth.unwrap_or(walks.steps),
            states: self.limits().memory.map_or(walks.states, states),
            is_uniform: self.uniform,
            ..walks
        }
    }
}
