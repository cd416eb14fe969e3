//! `quorate check`: verdicts for every property of every instance asked for.

use super::{CliError, tell};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quorate::catalogue::{self, Case, Protocol};
use quorate::check::report::Report;
use quorate::check::{CheckError, Engine, Limits, Options, Phase, Progress};
use quorate::trace::TraceFile;
use signal_hook::consts::SIGINT;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Check protocols: every behaviour within the bounds of each instance
///
/// Ctrl-C ends the check with what was found so far.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate check                                         every quick instance of every protocol
  quorate check primary-backup --instance asynchronous  one instance
  quorate check primary-backup --deep                   the deep instances too

Exit codes: 0 all as expected, 1 not as expected, 2 bad usage, 3 incomplete.")]
pub(crate) struct Args {
    /// The protocol, or `all`
    #[arg(default_value = "all")]
    protocol: String,
    /// Only this instance
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// The deep instances too: minutes instead of seconds
    #[arg(long)]
    deep: bool,
    /// How many threads check; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// What does the checking; stateright decides safety only
    #[arg(long, value_enum, default_value_t = EngineName::Quorate)]
    engine: EngineName,
    /// One JSON object a line for each instance, instead of tables
    #[arg(long)]
    json: bool,
    /// Write a counterexample here, for `quorate explore --at`
    #[arg(long, value_name = "FILE")]
    counterexample: Option<PathBuf>,
    /// Whose counterexample to write; the first violated property's if not given
    #[arg(long, value_name = "NAME", requires = "counterexample")]
    property: Option<String>,
    /// Give up on an instance after so many seconds
    #[arg(long, value_name = "SECONDS")]
    max_seconds: Option<u64>,
    /// Give up on an instance after so many unique states
    #[arg(long, value_name = "N")]
    max_states: Option<u64>,
    /// Leave out the states of an instance that are more than so many steps away
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

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    let protocols = match args.protocol.as_str() {
        "all" => catalogue::protocols(),
        name => vec![catalogue::protocol(name)?],
    };
    let stop = Arc::new(AtomicBool::new(false));
    // The first Ctrl-C ends the check; the second the program.
    signal_hook::flag::register_conditional_shutdown(SIGINT, 3, stop.clone())
        .and_then(|_| signal_hook::flag::register(SIGINT, stop.clone()))
        .map_err(|source| CliError::Io { action: "cannot handle Ctrl-C", source })?;
    let mut reports = Vec::new();
    for protocol in &protocols {
        for case in chosen(protocol, args)? {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let report = check(protocol, case, args, &stop)?;
            if args.json {
                println!("{}", serde_json::to_string(&report).map_err(CliError::json)?);
            } else {
                tell::report(&report, case);
            }
            reports.push(report);
        }
    }
    if !args.json {
        println!("{}", tell::summary(&reports));
    }
    if let Some(path) = &args.counterexample {
        write_counterexample(&reports, args.property.as_deref(), path)?;
    }
    Ok(exit_code(&reports, stop.load(Ordering::Relaxed)))
}

fn chosen<'a>(protocol: &'a Protocol, args: &Args) -> Result<Vec<&'a dyn Case>, CliError> {
    if let Some(name) = &args.instance {
        if args.protocol == "all" {
            return Err(CliError::Usage(format!(
                "--instance needs a protocol: quorate check PROTOCOL --instance {name}"
            )));
        }
        return Ok(vec![protocol.case(name)?]);
    }
    let cases = protocol.cases.iter().map(AsRef::as_ref);
    Ok(cases.filter(|case| args.deep || !case.is_deep()).collect())
}

fn check(
    protocol: &Protocol,
    case: &dyn Case,
    args: &Args,
    stop: &AtomicBool,
) -> Result<Report, CheckError> {
    let bar = ProgressBar::no_length();
    if args.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{spinner} {prefix}: {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_prefix(format!("{} {}", protocol.name, case.name()));
    let (engine, threads) = engine(args);
    let limits = Limits {
        time: args.max_seconds.map(Duration::from_secs),
        states: args.max_states,
        depth: args.max_depth,
        memory: args.max_memory.map(|mib| mib.saturating_mul(1 << 20)),
    };
    let options = Options { engine, threads, limits, stop, ..Options::default() };
    let findings = case.check(&options, &|progress| {
        bar.set_message(line(progress));
        bar.tick();
    });
    bar.finish_and_clear();
    Ok(Report::new(protocol.name, case, findings?))
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

#[allow(clippy::cast_precision_loss, reason = "a rate for a person")]
fn line(progress: Progress) -> String {
    if let Phase::Liveness(property) = progress.phase {
        return format!("deciding {property:?} on {} states", tell::grouped(progress.unique));
    }
    let seconds = progress.elapsed.as_secs_f64();
    format!(
        "{} states ({} generated, {:.0}/s), depth {}, {seconds:.1} s",
        tell::grouped(progress.unique),
        tell::grouped(progress.generated),
        progress.generated as f64 / seconds.max(1e-9),
        progress.depth,
    )
}

fn write_counterexample(
    reports: &[Report],
    wanted: Option<&str>,
    path: &Path,
) -> Result<(), CliError> {
    let mut all = reports.iter().flat_map(|report| {
        report.counterexamples().map(move |(property, trace)| (report, property, trace))
    });
    let found = all.find(|(_, property, _)| wanted.is_none_or(|wanted| wanted == *property));
    let Some((report, property, trace)) = found else {
        let what = wanted.map_or("no property".into(), |name| format!("the property {name:?}"));
        return Err(CliError::Failed(format!(
            "{what} has no counterexample, so {} was not written",
            path.display()
        )));
    };
    TraceFile::new(report.protocol, report.instance, property, trace).write(path)?;
    eprintln!(
        "wrote the counterexample to {property:?}; step through it with: \
         quorate explore {} --at {}",
        report.protocol,
        path.display(),
    );
    Ok(())
}

fn exit_code(reports: &[Report], stopped: bool) -> u8 {
    if reports.iter().any(|report| !report.surprises.is_empty()) {
        1
    } else if stopped || reports.iter().any(|report| !report.complete) {
        3
    } else {
        0
    }
}
