//! One put over loopback, by one client: processes, sockets, seals and disks as deployed.

use criterion::{Criterion, criterion_group, criterion_main};
use quorate::local::{LocalCluster, Plan, free_addresses, temporary_dir};
use quorate::models::kv::Op;
use quorate::models::protocols::All;
use quorate::node::deploy::crowd::{Crowd, End, Heard};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// Does one operation.
fn call(crowd: &mut dyn Crowd, op: Op) {
    crowd.begin(0, &op.into()).expect("every map has puts");
    let begin = std::time::Instant::now();
    loop {
        let heard = crowd.step(PATIENCE).expect("it can be sent");
        if let [Heard { end, .. }] = heard.as_slice() {
            assert!(matches!(end, End::Done(_)), "{end:?}");
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "no answer");
    }
}

fn puts(c: &mut Criterion) {
    let catalogue = quorate::catalogue::Catalogue::of::<All>();
    let mut group = c.benchmark_group("put over loopback");
    for (protocol, servers) in [("paxos", 3), ("primary-backup", 4), ("multi-primary", 3)] {
        let dir = temporary_dir().expect("a directory");
        let plan = Plan {
            program: env!("CARGO_BIN_EXE_quorate").into(),
            protocol: protocol.into(),
            mode: None,
            topics: Vec::new(),
            addresses: free_addresses(servers, 1).expect("free ports"),
            listen: Vec::new(),
            metrics: Vec::new(),
            sealed: true,
        };
        let mut cluster = LocalCluster::make(dir.path(), &plan).expect("a cluster");
        cluster.start_all().expect("processes");
        let deployed = catalogue.of_cluster(cluster.file()).expect("a protocol");
        let mut crowd = deployed.crowd(cluster.file(), 1, None).expect("a client");
        call(crowd.as_mut(), Op::put("key", "first"));
        let value = "v".repeat(100);
        group.bench_function(protocol, |b| {
            b.iter(|| call(crowd.as_mut(), Op::put("key", value.as_str())));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
    targets = puts
}
criterion_main!(benches);
