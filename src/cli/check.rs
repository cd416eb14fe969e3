//! `quorate check`: verdicts for every property of every instance or mutant asked for.

mod choose;
mod counterexample;
mod format;
mod output;
mod progress;

use super::{CliError, tell};
use crate::catalogue::Catalogue;
use crate::check::report::{Report, Standing};
use crate::check::{Engine, Limits, MAX_THREADS, Options};
use choose::{Chosen, chosen};
use clap::{Parser, ValueEnum};
use format::{Checked, Format};
use output::Output;
use signal_hook::consts::SIGINT;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Examples:
  quorate check                                         all quick instances
  quorate check primary-backup --instance asynchronous  one instance
  quorate check primary-backup --deep                   the deep ones too
  quorate check --mutant never-ask                      a seeded bug
  quorate check --property linearizable                 all that have it
  quorate check --format junit > checks.xml             for a CI's test report
  quorate check --format github --counterexamples lost  as a step of a workflow

Exit codes: 0 all as expected, 1 not as expected or an error, 2 bad usage,
3 incomplete.";

const FIELDS: &str = "\
With --json, each instance is one object on a line, with the fields
  protocol, instance, mutant   what was checked; instance or mutant is null
  engine, threads              what did the checking
  unique, generated, depth     what was found: states, and steps to the furthest
  expected                     {unique, generated} as recorded, or null (mutant)
  seconds
  complete, shortfall          whether all was covered, and else why not
  collision_probability        at most how probable a hidden state is
  as_expected, surprises       whether all is as recorded, and what is not
  properties                   a list of {name, says, source, kind, expected,
                               verdict, expected_len, trace_len, trace}; name
                               does not change between versions; expected is
                               holds, violated, reached or null; verdict is
                               one of these, unreached, or incomplete;
                               trace is null or {actions, cycle}: the steps, and
                               for a lasso after how many its cycle begins
An error is one object too: {\"error\": TEXT, \"exit_code\": N}.";

/// Check protocols: every behaviour within the bounds of each instance
///
/// Ctrl-C ends the check with what was found so far.
#[derive(Parser)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{FIELDS}")
)]
pub(crate) struct Args {
    /// The protocol, or `all`
    #[arg(default_value = "all")]
    protocol: String,
    /// Only this instance
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only this mutant: whether its property kills it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["instance", "deep"])]
    mutant: Option<String>,
    /// Only the instances with this property, and only its row
    #[arg(long, value_name = "NAME")]
    property: Option<String>,
    /// The deep instances too: minutes instead of seconds
    #[arg(long)]
    deep: bool,
    /// How many threads check; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// What does the checking; stateright decides safety only
    #[arg(long, value_enum, default_value_t = EngineName::Quorate)]
    engine: EngineName,
    /// How results are written
    ///
    /// text: tables, for people. json: an object a line for each instance. junit:
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
    show_expected: bool,
    /// Write a counterexample here, for `quorate explore --at`
    ///
    /// That of --property, or an unexpected one if there is any. If there is
    /// none, nothing is written, which is no error.
    #[arg(long, value_name = "FILE")]
    counterexample: Option<PathBuf>,
    /// Write each unexpected counterexample into this directory
    ///
    /// It is made if it does not exist. A file is named by the protocol, the
    /// instance and the property; one of the same name is replaced.
    #[arg(long, value_name = "DIR")]
    counterexamples: Option<PathBuf>,
    /// Give up on an instance after so many seconds
    #[arg(long, value_name = "SECONDS")]
    max_seconds: Option<u64>,
    /// Give up on an instance after so many unique states
    #[arg(long, value_name = "N")]
    max_states: Option<u64>,
    /// Leave out the states that are more than so many steps away
    #[arg(long, value_name = "STEPS")]
    max_depth: Option<u32>,
    /// Give up on an instance when its search holds so many MiB
    #[arg(long, value_name = "MIB")]
    max_memory: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineName {
    Quorate,
    Stateright,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let protocols = match args.protocol.as_str() {
        "all" => catalogue.protocols.as_slice(),
        name => std::slice::from_ref(catalogue.protocol(name)?),
    };
    let chosen = chosen(protocols, args)?;
    check_usage(args)?;
    let stop = Arc::new(AtomicBool::new(false));
    // The first Ctrl-C ends the check; the second the program.
    signal_hook::flag::register_conditional_shutdown(SIGINT, 3, stop.clone())
        .and_then(|_| signal_hook::flag::register(SIGINT, stop.clone()))
        .map_err(|source| CliError::Io { action: "handle Ctrl-C", source })?;
    let begin = Instant::now();
    let output = Output::new(args);
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for one in &chosen {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        match check(one, args, &stop) {
            Ok(report) => {
                output.one(Checked { report: &report, subject: one.subject() })?;
                done.push((report, one));
            }
            Err(error) if error.code() == super::USAGE => return Err(error),
            Err(error) => {
                error.tell(args.is_json());
                failed.push(error);
            }
        }
    }
    let all: Vec<_> =
        (done.iter()).map(|(report, one)| Checked { report, subject: one.subject() }).collect();
    let asked = tell::Asked { instances: chosen.len(), failed: &failed };
    output.end(&all, &asked, begin.elapsed())?;
    let reports: Vec<_> = done.iter().map(|(report, _)| report).collect();
    if let Some(path) = &args.counterexample {
        counterexample::write(&reports, args.property.as_deref(), path)?;
    }
    if let Some(dir) = &args.counterexamples {
        counterexample::write_unexpected(&reports, dir)?;
    }
    if !failed.is_empty() {
        return Ok(super::NO);
    }
    Ok(exit_code(&reports, stop.load(Ordering::Relaxed)))
}

impl Args {
    fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format() == Format::Json
    }
}

/// What would eventually fail is refused at once.
fn check_usage(args: &Args) -> Result<(), CliError> {
    if let Some(threads) = args.threads.filter(|threads| *threads > MAX_THREADS) {
        return Err(CliError::Usage(format!(
            "{threads} threads are more than the limit of {MAX_THREADS}; use as many as there \
             are processors"
        )));
    }
    if let Some(path) = &args.counterexample {
        counterexample::check_place(path)?;
    }
    if let Some(dir) = &args.counterexamples {
        std::fs::create_dir_all(dir).map_err(super::at("make the directory", dir))?;
    }
    Ok(())
}

fn check(one: &Chosen<'_>, args: &Args, stop: &AtomicBool) -> Result<Report, CliError> {
    let (engine, threads) = engine(args);
    let limits = Limits {
        time: args.max_seconds.map(Duration::from_secs),
        states: args.max_states,
        depth: args.max_depth,
        memory: args.max_memory.map(|mib| mib.saturating_mul(1 << 20)),
    };
    let options = Options { engine, threads, limits, stop, ..Options::default() };
    let bar = progress::Bar::new(one, args.format() != Format::Text);
    let findings = one.subject().check(&options, &|progress| bar.show(progress));
    bar.clear();
    let findings = findings.map_err(|source| {
        let at = format!("{} {}", one.protocol, one.subject().name());
        CliError::Check { at, source }
    });
    Ok(one.report(findings?))
}

/// Stateright finds shortest counterexamples with one thread only, so that is its default.
fn engine(args: &Args) -> (Engine, usize) {
    let (engine, default) = match args.engine {
        EngineName::Stateright => (Engine::Stateright, 1),
        EngineName::Quorate => {
            (Engine::Quorate, std::thread::available_parallelism().map_or(1, usize::from))
        }
    };
    (engine, args.threads.unwrap_or(default))
}

fn exit_code(reports: &[&Report], stopped: bool) -> u8 {
    let any = |standing| reports.iter().any(|report| report.standing() == standing);
    if any(Standing::NotAsExpected) {
        super::NO
    } else if stopped || any(Standing::Incomplete) {
        super::UNKNOWN
    } else {
        super::DONE
    }
}
