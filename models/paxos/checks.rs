//! Every quick instance is as recorded, and every mutant is killed by the property that is to kill
//! it.

use super::{instances, mutants, properties, synod};
use crate::world::{CHECKPOINT, Checkable, Kind, Observer};
use crate::{Instance, Mutant};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;

fn as_recorded<A: Checkable, H: Observer<A::Msg>>(instances: Vec<Instance<A, H>>) {
    for instance in instances.into_iter().filter(|instance| !instance.deep) {
        let cluster = (instance.cluster)();
        let reached: BTreeSet<_> = (cluster.setup().properties.iter())
            .filter(|property| matches!(property.kind, Kind::Sometimes))
            .map(|property| property.name)
            .collect();
        // Never stop early: the counts are of the whole space.
        let never = HasDiscoveries::AllOf(["nothing has this name"].into());
        let checker = cluster.checker().finish_when(never).spawn_bfs().join();
        let found: BTreeSet<_> = checker.discoveries().into_keys().collect();
        assert_eq!(found, reached, "{}: all is reached and nothing violated", instance.name);
        let counts = (checker.unique_state_count() as u64, checker.state_count() as u64);
        let expected = (instance.expected.unique, instance.expected.generated);
        assert_eq!(counts, expected, "{}: unique and generated states", instance.name);
    }
}

fn killed<A: Checkable, H: Observer<A::Msg>>(mutants: Vec<Mutant<A, H>>) -> BTreeSet<&'static str> {
    (mutants.into_iter())
        .map(|mutant| {
            let killed = HasDiscoveries::AllOf([mutant.killed_by].into());
            let checker = (mutant.cluster)().checker().finish_when(killed).spawn_bfs().join();
            let killed = checker.discovery(mutant.killed_by).is_some();
            assert!(killed, "{} survives {:?}", mutant.name, mutant.killed_by);
            mutant.killed_by
        })
        .collect()
}

#[test]
fn the_quick_instances_of_the_log_are_as_recorded() {
    as_recorded(instances::instances());
}

#[test]
fn the_quick_instances_about_liveness_are_as_recorded() {
    as_recorded(instances::liveness());
}

#[test]
fn the_quick_instances_of_the_single_decree_are_as_recorded() {
    as_recorded(synod::instances::instances());
}

#[test]
fn every_mutant_of_the_log_is_killed_and_every_property_kills_one() {
    use properties::{
        AGREEMENT, CHOSEN, EXACTLY_ONCE, LINEARIZABLE, ONE_PROPOSAL, P2C, PREFIX, PROMISE,
        SNAPSHOT, VALIDITY,
    };
    let all = [
        AGREEMENT,
        VALIDITY,
        CHOSEN,
        ONE_PROPOSAL,
        PROMISE,
        P2C,
        PREFIX,
        SNAPSHOT,
        EXACTLY_ONCE,
        LINEARIZABLE,
        CHECKPOINT,
    ];
    assert_eq!(killed(mutants::mutants()), BTreeSet::from(all));
}

#[test]
fn every_mutant_of_the_single_decree_is_killed_and_every_property_kills_one() {
    use synod::properties::{AGREEMENT, LEARNED, ONE_PROPOSAL, P2C, PROMISE, VALIDITY};
    let all = [AGREEMENT, VALIDITY, LEARNED, ONE_PROPOSAL, PROMISE, P2C];
    assert_eq!(killed(synod::mutants::mutants()), BTreeSet::from(all));
}
