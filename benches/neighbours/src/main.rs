//! Checkers beside each other, on the same two-phase commit and the same synod; see README.md.

mod commit;
mod synod;

use quorate::check::Checker;
use quorate::models::world::{Reads, Setup};
use serde_json::{Value, json};
use stateright::{Checker as _, HasDiscoveries, Model};
use std::error::Error;
use std::hash::Hash;
use std::process::Command;
use std::time::Instant;
use traceforge::{Config, ConsType};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const CHECKERS: [&str; 4] = ["stateright-bfs", "stateright-dfs", "quorate", "traceforge"];
/// What is checked: the protocol, and its sizes: participants; or proposers and acceptors.
const MODELS: [(&str, usize, usize); 4] =
    [("two-phase-commit", 4, 0), ("two-phase-commit", 6, 0), ("synod", 2, 2), ("synod", 2, 3)];
const RUNS: usize = 3;
/// TraceForge explores so many executions at most.
const EXECUTIONS: u64 = 200_000;
const SAMPLES: u128 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => MODELS.into_iter().try_for_each(compare),
        [checker, protocol, first, second] => {
            println!("{}", measure(checker, (protocol, first.parse()?, second.parse()?))?);
            Ok(())
        }
        _ => Err("no arguments; or, for one measurement, CHECKER PROTOCOL SIZE SIZE".into()),
    }
}

/// All checkers in turn, each in a process of its own; medians.
fn compare((protocol, first, second): (&str, usize, usize)) -> Result<(), Box<dyn Error>> {
    let mut runs = vec![Vec::new(); CHECKERS.len()];
    for _ in 0..RUNS {
        for (checker, runs) in CHECKERS.iter().zip(&mut runs) {
            let sizes = [first, second].map(|size| size.to_string());
            let output = Command::new(std::env::current_exe()?)
                .args([checker, protocol, &sizes[0], &sizes[1]])
                .output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            // TraceForge writes there too.
            let out = String::from_utf8(output.stdout)?;
            let last = out.lines().last().unwrap_or_default();
            runs.push(serde_json::from_str::<Value>(last)?);
        }
    }
    for (checker, mut runs) in CHECKERS.iter().zip(runs) {
        let seconds = |run: &Value| run["seconds"].as_f64().unwrap_or(f64::NAN);
        runs.sort_by(|one, other| seconds(one).total_cmp(&seconds(other)));
        println!("{protocol} {first} {second} {checker}: {}", runs[runs.len() / 2]);
    }
    Ok(())
}

fn measure(
    checker: &str,
    (protocol, first, second): (&str, usize, usize),
) -> Result<Value, Box<dyn Error>> {
    let begin = Instant::now();
    let mut found = match (protocol, checker) {
        ("two-phase-commit", "quorate") => {
            let setup = Setup::from(commit::model(first))
                .looks_at("agreement", Reads::NODES)
                .looks_at("commit-needs-all", Reads::NODES)
                .looks_at("commits", Reads::NODES);
            ours(&Checker::new(&setup.cluster()))?
        }
        ("synod", "quorate") => {
            let setup = Setup::from(synod::model(first, second))
                .looks_at("agreement", Reads::NODES)
                .looks_at("both-decide", Reads::NODES);
            ours(&Checker::new(&setup.cluster()))?
        }
        ("two-phase-commit", "traceforge") => executions(move || commit::threads(first)),
        ("synod", "traceforge") => executions(move || synod::threads(first, second)),
        ("two-phase-commit", _) => theirs(commit::model(first), checker),
        ("synod", _) => theirs(synod::model(first, second), checker),
        _ => return Err(format!("there is no protocol {protocol:?}").into()),
    };
    found["seconds"] = json!((begin.elapsed().as_secs_f64() * 1e4).round() / 1e4);
    found["peak_mib"] = json!(peak_mib());
    Ok(found)
}

fn ours(checker: &Checker<'_>) -> Result<Value, Box<dyn Error>> {
    let outcome = checker.check()?;
    let found = outcome.properties.iter().filter(|property| property.verdict.trace().is_some());
    let found: Vec<_> = found.map(|property| property.name).collect();
    let (unique, generated) = (outcome.unique, outcome.generated);
    Ok(json!({ "unique": unique, "generated": generated, "discoveries": found }))
}

fn theirs<M>(model: M, checker: &str) -> Value
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    // Never stop early: all states are wanted.
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let builder = model.checker().finish_when(never);
    if checker == "stateright-dfs" {
        counts(&builder.spawn_dfs().join())
    } else {
        counts(&builder.spawn_bfs().join())
    }
}

fn counts<M: Model>(checker: &impl stateright::Checker<M>) -> Value
where
    M::State: Clone + Hash + PartialEq,
    M::Action: Clone + PartialEq,
{
    let (unique, generated) = (checker.unique_state_count(), checker.state_count());
    let found: Vec<_> = checker.discoveries().into_keys().collect();
    json!({ "unique": unique, "generated": generated, "discoveries": found })
}

/// All executions that differ in which message each receive took, with messages in any order. If there
/// are too many, about how many, as TraceForge estimates it.
fn executions(run: impl Fn() + Clone + Send + Sync + 'static) -> Value {
    let config = Config::builder().with_cons_type(ConsType::Bag).with_max_iterations(EXECUTIONS);
    // It reports to the standard output, where the result is to be.
    let config = config.with_progress_report(usize::MAX).build();
    let stats = traceforge::verify(config.clone(), run.clone());
    let all = stats.execs + stats.block;
    let is_complete = (all as u64) < EXECUTIONS;
    let estimate = (!is_complete)
        .then(|| traceforge::estimate_execs_with_config(config, run, SAMPLES).round());
    json!({ "executions": all, "complete": is_complete, "estimate": estimate })
}

/// The most memory that this process held, where the system reports it.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some((kib / 102.4).round() / 10.0)
}
