//! Judging: long histories of one key, one operation at a time and with three under way. The time
//! per operation must not depend on the length.

use criterion::{BenchmarkId, Criterion, Throughput};
use quorate::history::{self, Linearizability, Operation};
use quorate::models::kv::{Bytes, Map, Op, Reply};
use std::time::Duration;

/// Writes and reads in turn, of which so many are under way at a time.
fn long(count: u64, under_way: u64) -> Vec<Operation<Op, Reply>> {
    (0..count)
        .map(|n| {
            let value = |n: u64| format!("{n}");
            let (op, answer) = if n % 2 == 0 {
                (Op::put("k", value(n).as_str()), Reply::Done)
            } else {
                let read = value(n - 1);
                (Op::get("k"), Reply::Value(Some(Bytes::from(read.as_str()))))
            };
            let begin = Duration::from_millis(10 * n);
            let end = begin + Duration::from_millis(10 * under_way - 5);
            Operation { client: 0, op, begin, answer: Some((end, answer)) }
        })
        .collect()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for under_way in [1, 3] {
        let mut group = criterion.benchmark_group(format!("judge, {under_way} under way"));
        for count in [10_000, 40_000] {
            let history = long(count, under_way);
            group.throughput(Throughput::Elements(count));
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                bencher.iter(|| {
                    let verdict = history::judge(&Map::default(), &history, usize::MAX);
                    assert!(matches!(verdict, Linearizability::Linearizable(_)));
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
