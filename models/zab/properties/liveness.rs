//! What must eventually happen.

use super::nodes::{Actor, Claim, History, established, leaders, servers, stables};
use crate::quorum::majority;
use crate::statements;
use crate::world::{Condition, Nodes, Property};
use crate::zab::Role;

statements! {
    pub ESTABLISHED = "established", "the epoch of a prospective leader is eventually established, or given up for a later one",
        "Junqueira et al. 2011";
    pub ANSWERED = "answered", "every request is eventually answered",
        "Junqueira et al. 2011";
    pub GIVEN_UP = "given-up", "a leader without a quorum eventually gives up",
        "Junqueira et al. 2011";
    pub FOLLOWED = "followed", "a leader that is shut down is eventually followed by another",
        "Ongaro 2014, section 3.10";
    pub CAUGHT_UP = "caught-up", "every server that is up eventually delivers what any delivered",
        "Junqueira et al. 2011";
}

/// No server stays a prospective leader. It may give up for a later epoch.
pub fn establishes(quorum: usize) -> Claim {
    let tries = move |nodes: &Nodes<'_, Actor>| {
        servers(nodes).any(|(_, it)| match &it.role {
            Role::Discovering(_) => true,
            Role::Leading(leading) => leading.followers.len() + 1 < quorum,
            _ => false,
        })
    };
    Property::leads_to(
        ESTABLISHED,
        Condition::nodes(tries),
        Condition::nodes(move |nodes| !tries(nodes)),
    )
}

/// Once a client waits, it is answered.
pub fn answered() -> Claim {
    Property::leads_to(
        ANSWERED,
        Condition::history(|history: &History| history.in_real_time.open() > 0),
        Condition::history(|history: &History| history.in_real_time.open() == 0),
    )
}

/// Where no leader has an established epoch, one has it later.
pub fn followed(quorum: usize) -> Claim {
    let is_led = move |nodes: &Nodes<'_, Actor>| established(nodes, quorum).next().is_some();
    Property::leads_to(
        FOLLOWED,
        Condition::nodes(move |nodes| !is_led(nodes)),
        Condition::nodes(is_led),
    )
}

/// Who delivered less than another does not stay so.
pub fn caught_up() -> Claim {
    fn level(nodes: &Nodes<'_, Actor>) -> bool {
        let most = stables(nodes).map(|stable| stable.image.slot).max();
        servers(nodes).all(|(_, it)| Some(it.stable.image.slot) == most)
    }
    Property::leads_to(CAUGHT_UP, Condition::nodes(|nodes| !level(nodes)), Condition::nodes(level))
}

/// A leader does not go on for ever while fewer than a quorum are up.
pub fn given_up(voting: usize) -> Claim {
    let is_forsaken = move |nodes: &Nodes<'_, Actor>| {
        let up = servers(nodes).filter(|(id, _)| usize::from(*id) < voting).count();
        up < majority(voting) && leaders(nodes).next().is_some()
    };
    Property::leads_to(
        GIVEN_UP,
        Condition::nodes(is_forsaken),
        Condition::nodes(move |nodes| !is_forsaken(nodes)),
    )
}
