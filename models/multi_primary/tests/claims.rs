//! The claims of the sources that are about whole runs, each checked in every state of an instance
//! and seen to need what the protocol does for it; and those about a single rule that no other file
//! is about. Those about what happens eventually are in the root crate's
//! `tests/evidence/claims.rs`.

use super::*;
use crate::instance::asking;
use crate::multi_primary::instances::instances;
use crate::multi_primary::mutants::mutants;
use crate::multi_primary::properties as claims;
use crate::world::Statement;

fn holds(instance: &str, property: Statement) {
    asking::holds(instances(), instance, property);
}

fn needs(mutant: &str, property: Statement) {
    asking::needs(mutants(), mutant, property);
}

#[test]
fn shapiro_2011_strong_convergence_the_same_writes_are_the_same_state() {
    for instance in ["lww-rivals", "lww-delete", "mv-delete"] {
        holds(instance, claims::CONVERGED);
    }
    needs("tie-without-node", claims::CONVERGED);
    needs("delete-without-context", claims::CONVERGED);
}

#[test]
fn shapiro_2011_states_only_go_up_so_no_write_is_forgotten() {
    holds("lww-rivals", claims::NO_LOSS);
    needs("skip-gap", claims::NO_LOSS);
}

#[test]
fn almeida_2018_a_delta_has_the_effect_of_the_whole_state() {
    for rule in [Rule::LastWriterWins, Rule::MultiValue] {
        let config = config(3, rule);
        let [mut a, mut by_delta, mut by_state] = [0, 1, 2].map(|at| started(&config, at));
        let writes = [put("a"), delete(), put("b"), with(put("c"), VersionVector::default())];
        for (seq, request) in (1..).zip(writes) {
            let delta = a.write(9, seq, request).unwrap();
            by_delta.on_peer(0, Peer::Delta(delta));
            transfer(&mut a, &mut by_state);
            assert_eq!(by_delta.image(), by_state.image(), "{rule:?}");
            assert_eq!(by_delta.image().store, a.image().store);
        }
    }
}

#[test]
fn kulkarni_2014_theorem_1_what_happened_before_has_the_lower_timestamp() {
    holds("lww-rivals", claims::HAPPENED_BEFORE);
    holds("lww-delete", claims::HAPPENED_BEFORE);
    needs("clock-not-durable", claims::HAPPENED_BEFORE);
    needs("clock-not-advanced", claims::HAPPENED_BEFORE);
}

/// Where the paper would ignore the message, a node here follows: it could not converge otherwise.
#[test]
fn kulkarni_2014_a_clock_that_is_far_ahead_is_followed() {
    let mut node = started(&config(2, Rule::LastWriterWins), 0);
    let far = Stamp { physical: u64::MAX / 2, logical: 0 };
    node.on_peer(1, Peer::Delta(update(dot(1, 1), Order::Written(far), Some("b"))));
    assert_eq!((node.image().clock, node.values("x")), (far, bytes(&["b"])));
    assert!(node.write(9, 1, put("a")).unwrap().version.order > Order::Written(far));
}

#[test]
fn lamport_1978_without_physical_time_the_clock_counts() {
    let mut clock = Stamp::default();
    for logical in 1..5 {
        clock = clock.tick(PhysicalTime::NONE.now());
        assert_eq!(clock, Stamp { physical: 0, logical });
    }
}

#[test]
fn preguica_2010_a_dot_names_one_write() {
    holds("mv-rivals", claims::UNIQUE_DOTS);
    needs("dot-reused", claims::UNIQUE_DOTS);
}

#[test]
fn preguica_2010_only_what_its_writer_knew_is_replaced() {
    holds("mv-rivals", claims::COVERED);
    needs("plain-version-vector", claims::COVERED);
}

#[test]
fn preguica_2010_a_context_is_what_was_read_and_no_more() {
    holds("mv-rivals", claims::TRUE_CONTEXT);
    needs("one-sibling", claims::TRUE_CONTEXT);
}

/// Found by a check of three nodes, piece by piece. A reader of the first piece would be given a
/// context that names a write that it was not shown, and that `u`, which is on its way, replaced.
#[test]
fn preguica_2010_a_key_that_is_half_way_is_not_read() {
    let config = Config { piece_bytes: 1, ..config(3, Rule::MultiValue) };
    let [mut a, mut b, mut c] = [0, 1, 2].map(|at| started(&config, at));
    let first = a.write(8, 1, with(put("a"), VersionVector::default())).unwrap();
    b.on_peer(0, Peer::Delta(first));
    let (_, context) = b.read("x");
    let u = b.write(9, 2, with(put("u"), context)).unwrap();
    a.on_peer(1, Peer::Delta(u));
    a.write(8, 2, with(put("b"), VersionVector::default()));
    let Did::Send(_, piece) =
        a.on_peer(2, Peer::Pull { have: VersionVector::default(), resume: None })[0].clone()
    else {
        panic!("a piece")
    };
    c.on_msg(0, piece);
    assert_eq!(c.read("x"), (bytes(&[]), VersionVector::default()));
    transfer(&mut a, &mut c);
    assert_eq!(c.read("x"), (bytes(&["b", "u"]), vector(&[(0, 2), (1, 1)])));
    needs("merge-half-keys", claims::TRUE_CONTEXT);
}

/// In the paper, *no* context is concurrent with everything.
#[test]
fn preguica_2010_a_put_with_an_empty_context_is_concurrent_with_everything() {
    let mut node = started(&config(2, Rule::MultiValue), 0);
    node.write(9, 1, put("a"));
    node.write(9, 2, with(put("b"), VersionVector::default()));
    assert_eq!(node.values("x"), bytes(&["a", "b"]));
    node.write(9, 3, put("c"));
    assert_eq!(node.values("x"), bytes(&["c"]), "without one it replaces what the node holds");
}

#[test]
fn terry_1994_a_client_of_one_node_reads_its_writes() {
    holds("lww-rivals", claims::READ_YOUR_WRITES);
    holds("mv-rivals", claims::READ_YOUR_WRITES);
    needs("clock-not-advanced", claims::READ_YOUR_WRITES);
}

#[test]
fn terry_1994_at_another_node_it_may_not() {
    let config = config(2, Rule::MultiValue);
    let (mut a, mut b) = (started(&config, 0), started(&config, 1));
    a.write(9, 1, put("a"));
    assert_eq!(b.read("x"), (bytes(&[]), VersionVector::default()));
}

#[test]
fn herlihy_wing_1990_neither_rule_is_linearizable() {
    for instance in ["lww-stale", "mv-stale"] {
        asking::fails(instances(), instance, claims::LINEARIZABLE);
    }
}

#[test]
fn herlihy_wing_1990_clients_that_keep_to_one_node_see_a_linearizable_map() {
    for instance in ["lww-one-node", "mv-one-node"] {
        holds(instance, claims::LINEARIZABLE);
    }
    needs("forget-write", claims::LINEARIZABLE);
    needs("forget-nothing", claims::LINEARIZABLE);
}

/// The anti-theorem of the rule: one of two concurrent writes is gone, although it was acknowledged
/// and no other writer knew of it.
#[test]
fn last_writer_wins_loses_one_of_two_concurrent_updates() {
    asking::fails(instances(), "lww-rivals", claims::COVERED);
}
