//! Multi-primary: all servers are alike, and each takes requests.

use super::history::History;
use super::offer::{SiblingsOffer, rule};
use super::{
    Authenticator, Config, MultiPrimary, Peer, PhysicalTime, Rule, State, Timing, guarantees,
    instances, mutants,
};
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Progress, Status};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant, Newcomer, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

impl Protocol for MultiPrimary {
    const NAME: &'static str = "multi-primary";
    const ABOUT: &'static str = "every node accepts writes; conflicting writes are resolved by timestamp or kept as siblings";
    type Checked = Self;
    type History = History;

    fn instances() -> Vec<Instance<Self, History>> {
        instances::instances()
    }

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn mutants() -> Vec<Mutant<Self, History>> {
        mutants::mutants()
    }

    fn choice(visitor: &mut impl ChoiceVisitor<Self::Checked, Self::History>) {
        visitor.visit(super::choice::choice());
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }
}

impl Deploy for MultiPrimary {
    type Offer = SiblingsOffer;
    type Peer = Peer;
    type Actor = Self;

    fn server(topology: &Topology, _: Id) -> Result<Self, Unsuitable> {
        topology.check_roles(|_| "node")?;
        let rule = rule(topology).map_err(Unsuitable)?;
        if topology.servers() < 2 {
            let reason = "one server replicates to nobody, and never learns that a tombstone may \
                          go; add another [[server]]";
            return Err(Unsuitable(reason.into()));
        }
        let mut timing = Timing::default();
        let timings = [("gossip", &mut timing.gossip), ("retry", &mut timing.retry)];
        topology.timing.set(timings)?;
        let mut config = Config::new(topology.servers(), rule, timing);
        config.physical = PhysicalTime(topology.clock);
        let code = topology.code.clone();
        config.contexts = Authenticator::new(move |bytes| code(bytes));
        Ok(config.server())
    }

    fn status(state: &State) -> Status {
        let role = match state {
            State::Replica(replica) if replica.image.newcomer.is_some() => "newcomer",
            _ => "node",
        };
        Status { role, ..Status::default() }
    }

    fn progress(state: &State) -> Progress {
        let State::Replica(replica) = state else { return Progress::default() };
        Progress { sessions: Some(replica.image.sessions.count()), ..Progress::default() }
    }

    fn newest_client(state: &State) -> Option<Id> {
        let State::Replica(replica) = state else { return None };
        replica.image.sessions.newest_client()
    }

    fn readmission(_server: Id) -> Readmission<Self> {
        Readmission::Rejoins(Newcomer::on_newcomer)
    }

    fn survives_one(topology: &Topology) -> bool {
        topology.servers() > 1
    }

    fn promise(topology: &Topology) -> Promise {
        let siblings = rule(topology).is_ok_and(|rule| rule == Rule::MultiValue);
        Promise::Converges { siblings }
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::topology;

    #[test]
    fn modes_and_roles_are_checked() {
        let server = |mode: &str, roles: &[&str]| {
            MultiPrimary::server(&topology(mode, roles), Id::from(0))
                .map(drop)
                .map_err(|error| error.to_string())
        };
        server("", &["", "node"]).unwrap();
        server("multi-value", &["", ""]).unwrap();
        assert!(server("", &[""]).unwrap_err().contains("add another [[server]]"));
        assert!(server("fast", &[""]).unwrap_err().contains("`last-writer-wins`"));
        assert!(server("", &["primary"]).unwrap_err().contains("is the node"));
    }
}
