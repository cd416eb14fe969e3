//! Checks by several processes on random systems: they find what one finds, each trace included.

use super::claims::NAMES;
use super::systems::system;
use quorate::check::{Checker, Hosts, Limits, Outcome};
use quorate::models::world::{Checkable, Cluster, Observer};
use std::thread;

/// Some systems have states without end.
const FEW: Limits = Limits { states: Some(3_000), time: None, depth: None, memory: None };

fn summary<A: Checkable, H: Observer<A::Msg>>(cluster: &Cluster<A, H>, of: &Outcome) -> String {
    let traces = NAMES.iter().filter_map(|name| of.property(name)).map(|property| {
        let trace = property.verdict.trace().map(|trace| trace.actions(cluster));
        (property.name, std::mem::discriminant(&property.verdict), trace)
    });
    let traces: Vec<_> = traces.collect();
    let Outcome { unique, generated, expanded, depth, cut, shortfall, .. } = of;
    format!("{unique} {generated} {expanded} {depth} {cut} {shortfall:?} {traces:?}")
}

#[test]
fn several_processes_find_what_one_finds() {
    let (mut compared, mut states) = (0, 0);
    for seed in 0..400 {
        let system = system(seed);
        let cluster = system.setup().cluster();
        let one = Checker::new(&cluster).safety_only().limits(FEW).check().unwrap();
        if one.unique >= 3_000 || one.unique < 50 {
            continue;
        }
        let expected = summary(&cluster, &one);
        let processes = 2 + seed as usize % 3;
        let found: Vec<String> = thread::scope(|scope| {
            let all = Hosts::rehearsal(processes).into_iter().map(|hosts| {
                let system = &system;
                scope.spawn(move || {
                    let cluster = system.setup().cluster();
                    let threads = 1 + (seed as usize + hosts.number()) % 2;
                    let checker = Checker::new(&cluster).threads(threads).safety_only();
                    let outcome = checker.limits(FEW).hosts(&hosts).check().unwrap();
                    summary(&cluster, &outcome)
                })
            });
            let all: Vec<_> = all.collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for found in found {
            assert_eq!(found, expected, "seed {seed}, {processes} processes: {system:#?}");
        }
        (compared, states) = (compared + 1, states + one.unique);
    }
    assert!(compared > 60 && states > 20_000, "{compared} with {states} states");
}
