//! The engine against stateright's breadth-first and depth-first search, on the same Paxos with 3
//! clients, and on plain models: that Paxos as a model that could be any, and the specification of
//! two-phase commit with 8 resource managers. Each run is in a process of its own, three times in turn. The
//! line after the runs of a model is a JSON object with the medians. (Depth-first finds some
//! counterexample, not a shortest one.) Of a plain model there is a *bare loop* too, as a bound: it takes each
//! action once, depth first, remembers a hash of 64 bits of each state, and checks nothing.
//!
//! `cargo bench --bench engine_ratio`

use quorate::check::{CheckError, Checker, Outcome, PlainModel};
use quorate::models::reference::{cluster_of, paxos, stateright_model_of};
use quorate::models::two_phase_commit::abstract_model::TwoPhase;
use quorate::models::world::NetworkKind;
use rustc_hash::{FxBuildHasher, FxHashSet};
use serde_json::{Value, json};
use stateright::{Checker as _, HasDiscoveries, Model};
use std::error::Error;
use std::hash::{BuildHasher, Hash};
use std::process::Command;
use std::time::Instant;

const RUNS: usize = 3;
const CLIENTS: usize = 3;
const MANAGERS: usize = 8;

/// What is checked.
const MODELS: [&str; 3] = ["paxos", "plain paxos", "plain two-phase commit"];

/// The measurements: a checker, and its number of threads.
const WHAT: [(&str, usize); 5] = [
    ("stateright bfs", 1),
    ("stateright dfs", 1),
    ("quorate", 1),
    ("quorate", 2),
    // Of plain models.
    ("bare loop", 1),
];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds an argument of its own.
    let arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let arguments: Vec<String> = arguments.collect();
    match arguments.as_slice() {
        [] => MODELS.into_iter().try_for_each(compare),
        [model, who, threads] => {
            println!("{}", measure(model, who, threads.parse()?));
            Ok(())
        }
        _ => Err("no arguments; or, for one measurement, MODEL, CHECKER and THREADS".into()),
    }
}

/// Runs everything in turn, in processes of their own.
fn compare(model: &str) -> Result<(), Box<dyn Error>> {
    let what = if model == MODELS[0] { &WHAT[..4] } else { &WHAT };
    let mut runs = vec![Vec::new(); what.len()];
    for run in 1..=RUNS {
        for ((who, threads), runs) in what.iter().zip(&mut runs) {
            let output = Command::new(std::env::current_exe()?)
                .args([model, who, threads.to_string().as_str()])
                .output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            let measured: Value = serde_json::from_slice(&output.stdout)?;
            println!("run {run}: {measured}");
            runs.push(measured);
        }
    }
    let [bfs, dfs, ours, ours_2] = [0, 1, 2, 3].map(|at| summary(&runs[at]));
    let bare = runs.get(4).map(|runs| summary(runs));
    let ratio = |of: &Value, to: &Value, what: &str| rounded(number(of, what) / number(to, what));
    println!(
        "{}",
        json!({
            "model": model,
            "stateright_bfs": bfs,
            "stateright_dfs": dfs,
            "quorate": ours,
            "quorate_2_threads": ours_2,
            "speed_ratio": ratio(&ours, &bfs, "generated_per_second"),
            "memory_ratio": ratio(&bfs, &ours, "peak_mib"),
            "speed_ratio_to_dfs": ratio(&ours, &dfs, "generated_per_second"),
            "memory_ratio_to_dfs": ratio(&dfs, &ours, "peak_mib"),
            "two_threads_ratio": ratio(&ours_2, &ours, "generated_per_second"),
            "speed_ratio_of_bare_loop": bare.map(|bare| ratio(&bare, &bfs, "generated_per_second")),
        })
    );
    Ok(())
}

/// One run in this process.
fn measure(model: &str, who: &str, threads: usize) -> Value {
    let network = NetworkKind::Multiset;
    let as_stateright = || stateright_model_of(paxos::servers(3), CLIENTS, network);
    let started = Instant::now();
    let counted = match (model, who) {
        ("paxos", "quorate") => {
            let cluster = cluster_of(paxos::servers(3), CLIENTS, network);
            ours(Checker::new(&cluster).threads(threads).check())
        }
        ("paxos" | "plain paxos", _) => of_plain(as_stateright(), who, threads),
        _ => of_plain(TwoPhase { resource_managers: MANAGERS }, who, threads),
    };
    let (unique, generated) = match counted {
        Ok(counted) => counted,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let seconds = started.elapsed().as_secs_f64();
    json!({
        "model": model,
        "checker": who,
        "threads": threads,
        "unique": unique,
        "generated": generated,
        "seconds": seconds,
        "peak_mib": peak_mib(),
    })
}

fn ours(outcome: Result<Outcome, CheckError>) -> Result<(u64, u64), CheckError> {
    outcome.map(|outcome| (outcome.unique, outcome.generated))
}

/// How many states a checker finds in a plain model.
fn of_plain<M>(model: M, who: &str, threads: usize) -> Result<(u64, u64), CheckError>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    match who {
        "quorate" => ours(Checker::of_model(&PlainModel::new(model)).threads(threads).check()),
        "bare loop" => Ok(bare_loop(&model)),
        _ => Ok(theirs(model, who, threads)),
    }
}

fn bare_loop<M: Model<State: Hash>>(model: &M) -> (u64, u64) {
    let (mut known, mut open) = (FxHashSet::default(), Vec::new());
    let mut meet = |state: M::State, open: &mut Vec<M::State>| {
        if known.insert(FxBuildHasher.hash_one(&state)) {
            open.push(state);
        }
        known.len() as u64
    };
    let (mut unique, mut generated, mut actions) = (0, 0, Vec::new());
    for state in model.init_states() {
        (unique, generated) = (meet(state, &mut open), generated + 1);
    }
    while let Some(state) = open.pop() {
        model.actions(&state, &mut actions);
        for action in actions.drain(..) {
            if let Some(next) = model.next_state(&state, action) {
                (unique, generated) = (meet(next, &mut open), generated + 1);
            }
        }
    }
    (unique, generated)
}

fn theirs<M>(model: M, who: &str, threads: usize) -> (u64, u64)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    // Never stop early: the counts are of the whole space.
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let checker = model.checker().finish_when(never).threads(threads);
    match who {
        "stateright bfs" => counts(&checker.spawn_bfs().join()),
        _ => counts(&checker.spawn_dfs().join()),
    }
}

fn counts<M: Model<State: Hash>>(checker: &impl stateright::Checker<M>) -> (u64, u64) {
    (checker.unique_state_count() as u64, checker.state_count() as u64)
}

fn summary(runs: &[Value]) -> Value {
    let seconds = median(runs, "seconds");
    json!({
        "seconds": rounded(seconds),
        "generated_per_second": (number(&runs[0], "generated") / seconds).round(),
        "peak_mib": rounded(median(runs, "peak_mib")),
    })
}

fn median(runs: &[Value], what: &str) -> f64 {
    let mut all: Vec<f64> = runs.iter().map(|run| number(run, what)).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn number(of: &Value, what: &str) -> f64 {
    of[what].as_f64().unwrap_or(f64::NAN)
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// The most memory that this process held, where the system reports it.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
