//! `quorate check`: verdicts for every property of every instance or mutant asked for.

mod abstract_model;
mod args;
mod bounds;
mod choose;
mod counterexample;
mod format;
mod output;
mod plot;
mod progress;

use super::{CliError, tell};
use crate::catalogue::Catalogue;
use crate::check::report::{Conclusion, Report};
use crate::check::{CheckError, Hosts, Levels, MAX_THREADS, Options};
pub(crate) use args::Args;
pub(crate) use bounds::{take_bounds, with_bounds};
use choose::{Chosen, chosen};
use format::{Checked, Format};
use output::Output;
use signal_hook::consts::SIGINT;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let protocols = match args.protocol.as_str() {
        "all" => catalogue.protocols.as_slice(),
        name => std::slice::from_ref(catalogue.protocol(name)?),
    };
    if let Some(name) = &args.abstract_model {
        return abstract_model::execute(protocols, name, args);
    }
    let chosen = chosen(protocols, args)?;
    check_usage(args)?;
    let stop = Arc::new(AtomicBool::new(false));
    // The first Ctrl-C ends the check; the second the program.
    signal_hook::flag::register_conditional_shutdown(SIGINT, 3, stop.clone())
        .and_then(|_| signal_hook::flag::register(SIGINT, stop.clone()))
        .map_err(|source| CliError::Io { action: "handle Ctrl-C", source })?;
    let hosts = hosts(args, &stop)?;
    let begin = Instant::now();
    let output = Output::new(args);
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for one in &chosen {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        match check(one, args, hosts.as_ref(), &stop) {
            Ok(report) => {
                output.one(Checked { report: &report, subject: one.subject() })?;
                done.push((report, one));
            }
            Err(error) if error.code() == super::USAGE => return Err(error),
            Err(error) => {
                error.tell(args.is_json());
                let is_alone = hosts.is_some() && is_alone(&error);
                failed.push(error);
                if is_alone {
                    break;
                }
            }
        }
    }
    let all: Vec<_> =
        (done.iter()).map(|(report, one)| Checked { report, subject: one.subject() }).collect();
    let asked = tell::Asked { instances: chosen.len(), failed: &failed };
    output.end(&all, &asked, begin.elapsed())?;
    let reports: Vec<_> = done.iter().map(|(report, _)| report).collect();
    if let Some(path) = &args.plot {
        plot::draw(path, &reports)?;
    }
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

/// Arguments that would fail later are refused at once.
fn check_usage(args: &Args) -> Result<(), CliError> {
    if let Some(threads) = args.threads.filter(|threads| *threads > MAX_THREADS) {
        return Err(CliError::Usage(format!(
            "{threads} threads are more than the limit of {MAX_THREADS}; use as many as there \
             are processors"
        )));
    }
    if let Some(path) = &args.plot {
        counterexample::check_place(path, "write the picture")?;
    }
    if let Some(path) = &args.counterexample {
        counterexample::check_place(path, "write the counterexample")?;
    }
    if let Some(dir) = &args.counterexamples {
        std::fs::create_dir_all(dir).map_err(super::at("make the directory", dir))?;
    }
    Ok(())
}

/// The processes with which to check, if there are others.
fn hosts(args: &Args, stop: &AtomicBool) -> Result<Option<Hosts>, CliError> {
    let (Some(file), Some(number)) = (&args.hosts, args.process) else { return Ok(None) };
    Ok(Some(Hosts::meet(file, number, stop)?))
}

/// Whether the other processes are lost, so that there is nobody to go on with: of several a process that
/// cannot use its disk leaves the others.
fn is_alone(error: &CliError) -> bool {
    let source = |error: &CheckError| matches!(error, CheckError::Hosts(_) | CheckError::Disk(_));
    matches!(error, CliError::Check { source: of, .. } if source(of))
}

fn check(
    one: &Chosen<'_>,
    args: &Args,
    hosts: Option<&Hosts>,
    stop: &AtomicBool,
) -> Result<Report, CliError> {
    let ((engine, threads), limits) = (args.engine(), args.limits());
    let reduce = args.reduce(one.is_counted());
    let disk = args.disk(one.protocol, one.subject().name());
    let disk = disk.as_ref();
    let options =
        Options { engine, threads, limits, reduce, disk, hosts, stop, ..Options::default() };
    let at = format!("{} {}", one.protocol, one.subject().name());
    if let Some(hosts) = hosts {
        hosts.agree(&at).map_err(|source| CliError::Check { at: at.clone(), source })?;
    }
    let is_hidden = args.format() != Format::Text;
    let bar = progress::Bar::new(at.clone(), one.expected_states(reduce), is_hidden);
    let levels = RefCell::new(Levels::default());
    let findings = one.subject().check(&options, &|progress| {
        levels.borrow_mut().see(&progress);
        bar.show(progress, levels.borrow().estimate());
    });
    bar.clear();
    let findings = findings.map_err(|source| CliError::Check { at, source })?;
    let is_search = findings.walks.is_none();
    let estimate =
        findings.shortfall.filter(|_| is_search).and_then(|_| levels.borrow().estimate());
    Ok(Report { estimate, ..one.report(findings) })
}

fn exit_code(reports: &[&Report], stopped: bool) -> u8 {
    let any = |conclusion| reports.iter().any(|report| report.conclusion() == conclusion);
    if any(Conclusion::NotAsExpected) {
        super::NO
    } else if stopped || any(Conclusion::Incomplete) {
        super::UNKNOWN
    } else {
        super::DONE
    }
}
