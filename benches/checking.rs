//! Checking: the engine against stateright's BFS in the same run, one and two threads.
//!
//! Criterion reports generated states per second; each group ends with the ratios of the medians.

#![allow(clippy::cast_precision_loss, reason = "rates for a person")]

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use quorate::catalogue::{self, Case};
use quorate::check::{Checker, Engine, Options, Reduce};
use quorate::models::reference::{cluster_of, paxos, stateright_model_of};
use quorate::models::world::NetworkKind;
use stateright::{Checker as _, HasDiscoveries, Model};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const NETWORK: NetworkKind = NetworkKind::Multiset;

fn stateright(clients: usize, threads: usize) -> u64 {
    // Never stop early: the counts are of the whole space.
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let model = stateright_model_of(paxos::servers(3), clients, NETWORK);
    model.checker().finish_when(never).threads(threads).spawn_bfs().join().state_count() as u64
}

/// From scratch: a cluster that was checked before remembers what its handlers do.
fn quorate(clients: usize, threads: usize) -> u64 {
    let cluster = cluster_of(paxos::servers(3), clients, NETWORK);
    let outcome = Checker::new(&cluster).threads(threads).check();
    outcome.map_or(0, |outcome| outcome.generated)
}

/// A protocol of this crate: both engines on the same cluster.
fn protocol(case: &dyn Case, engine: Engine, threads: usize) -> u64 {
    let options = Options { engine, threads, reduce: Reduce::Never, ..Options::default() };
    case.check(&options, &|_| {}).map_or(0, |found| found.generated)
}

/// The seconds of each run, by engine and threads.
type Times = BTreeMap<(&'static str, usize), Vec<f64>>;

/// Both engines, each with one and with two threads; all must generate as many states.
fn compare(
    criterion: &mut Criterion,
    name: &str,
    generated: u64,
    run: impl Fn(Engine, usize) -> u64,
) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).throughput(Throughput::Elements(generated));
    group.warm_up_time(Duration::from_millis(1)).sampling_mode(SamplingMode::Flat);
    let mut times = Times::new();
    for engine in [Engine::Stateright, Engine::Quorate] {
        for threads in [1, 2] {
            let id = BenchmarkId::new(engine.name(), format!("{threads} threads"));
            let times = times.entry((engine.name(), threads)).or_default();
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|repeat| {
                    let started = Instant::now();
                    for _ in 0..repeat {
                        assert_eq!(run(engine, threads), generated);
                    }
                    let took = started.elapsed();
                    times.push(took.as_secs_f64() / repeat as f64);
                    took
                });
            });
        }
    }
    group.finish();
    tell_ratios(name, generated, &mut times);
}

/// Medians, and how many times as fast as stateright on one thread that is.
fn tell_ratios(name: &str, generated: u64, times: &mut Times) {
    let mut median = |key| {
        let times: &mut Vec<f64> = times.get_mut(&key)?;
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    };
    let Some(theirs) = median((Engine::Stateright.name(), 1)) else { return };
    for engine in [Engine::Stateright, Engine::Quorate] {
        for threads in [1, 2] {
            let Some(took) = median((engine.name(), threads)) else { continue };
            println!(
                "{name}: {} with {threads} thread(s): {:.3} M states/s, {:.1} times stateright \
                 with one",
                engine.name(),
                generated as f64 / took / 1e6,
                theirs / took,
            );
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (clients, generated) in [(2, 32_971), (3, 2_420_477)] {
        let name = format!("paxos with {clients} clients");
        compare(&mut criterion, &name, generated, |engine, threads| {
            let is_theirs = engine == Engine::Stateright;
            if is_theirs { stateright(clients, threads) } else { quorate(clients, threads) }
        });
    }
    let protocol_named = catalogue::protocol("primary-backup");
    if let Ok(case) = protocol_named.as_ref().map(|known| known.case("crash"))
        && let Ok(case) = case
    {
        let generated = case.expected().generated;
        compare(&mut criterion, "primary-backup crash", generated, |engine, threads| {
            protocol(case, engine, threads)
        });
    }
    criterion.final_summary();
}
