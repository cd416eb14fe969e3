//! Checking: the engine against stateright's BFS in the same run, one and two threads.
//!
//! Criterion reports generated states per second; the ratios are printed at the end.

use criterion::{BenchmarkId, Criterion, Throughput};
use quorate::catalogue;
use quorate::check::{Checker, Engine, Options};
use quorate::models::world::NetworkKind;
use quorate::models::yardsticks::{cluster_of, paxos, stateright_model_of};
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
fn engine(clients: usize, threads: usize) -> u64 {
    let cluster = cluster_of(paxos::servers(3), clients, NETWORK);
    let outcome = Checker::new(&cluster).threads(threads).check();
    outcome.map_or(0, |outcome| outcome.generated)
}

/// A checker: how many states it generates for so many clients on so many threads.
type Run = fn(usize, usize) -> u64;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut times = BTreeMap::new();
    for (clients, generated) in [(2, 32_971), (3, 2_420_477)] {
        let mut group = criterion.benchmark_group(format!("paxos with {clients} clients"));
        group.sample_size(10).throughput(Throughput::Elements(generated));
        let runs: [(&str, Run); 2] = [("stateright", stateright), ("quorate", engine)];
        for (name, run) in runs {
            for threads in [1, 2] {
                let id = BenchmarkId::new(name, format!("{threads} threads"));
                group.bench_function(id, |bencher| {
                    bencher.iter_custom(|times_over| {
                        let started = Instant::now();
                        for _ in 0..times_over {
                            assert_eq!(run(clients, threads), generated);
                        }
                        let took = started.elapsed();
                        let once = took / u32::try_from(times_over).unwrap_or(u32::MAX);
                        let best = times.entry((clients, name, threads)).or_insert(Duration::MAX);
                        *best = once.min(*best);
                        took
                    });
                });
            }
        }
        group.finish();
    }
    tell_ratios(&times);
    protocol(&mut criterion);
    criterion.final_summary();
}

/// A protocol of this crate: both engines on the same cluster.
fn protocol(criterion: &mut Criterion) {
    let Ok(protocol) = catalogue::protocol("primary-backup") else { return };
    let Ok(case) = protocol.case("crash") else { return };
    let mut group = criterion.benchmark_group("primary-backup crash");
    group.sample_size(10).throughput(Throughput::Elements(case.expected().generated));
    for engine in [Engine::Stateright, Engine::Quorate] {
        for threads in [1, 2] {
            let id = BenchmarkId::new(engine.name(), format!("{threads} threads"));
            let options = Options { engine, threads, ..Options::default() };
            group.bench_function(id, |bencher| {
                bencher.iter(|| case.check(&options, &|_| {}).map(|found| found.generated));
            });
        }
    }
    group.finish();
}

fn tell_ratios(times: &BTreeMap<(usize, &str, usize), Duration>) {
    for ((clients, name, threads), took) in times {
        let Some(theirs) = times.get(&(*clients, "stateright", 1)) else { continue };
        let ratio = theirs.as_secs_f64() / took.as_secs_f64();
        println!(
            "paxos with {clients} clients: {name} on {threads} threads, best {took:.3?}: \
             {ratio:.1} times stateright on one"
        );
    }
}
