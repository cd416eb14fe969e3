//! What the sources claim, and what is claimed of none, by instance.

use super::instances::instances;
use super::mutants::mutants;
use super::properties as claims;
use crate::instance::asking::{fails, holds, needs};

#[test]
fn two_clients_may_hold_a_lock_at_once_and_a_token_keeps_the_resource_in_order() {
    fails(instances(), "lock-fenced", claims::EXCLUSION);
    needs(mutants(), "unfenced", claims::IN_ORDER);
}

#[test]
fn no_ephemeral_node_outlives_its_session() {
    holds(instances(), "ephemerals", claims::EPHEMERAL);
    needs(mutants(), "ephemeral-survives", claims::EPHEMERAL);
    needs(mutants(), "expire-locally", claims::AGREEMENT);
}

#[test]
fn a_client_sees_an_event_before_what_fired_it() {
    holds(instances(), "watch-order", claims::WATCH_ORDER);
    needs(mutants(), "watch-after-read", claims::WATCH_ORDER);
}
