//! Two-phase commit: server 0 is the coordinator, which clients ask; the others are participants.
//!
//! The mode says which participant has which key: `hash`, or `ranges B,C` for the keys below `B`,
//! from `B` to below `C`, and from `C` on. It is part of the cluster file's fingerprint, so nodes
//! that would look for a key in different places do not understand each other at all; a participant
//! that is asked for a key of another nevertheless votes no.

use super::offer::TransactionOffer;
use super::properties::{Actor, History};
use super::{
    Config, Peer, Sharding, State, Timing, TwoPhaseCommit, abstract_model, coordinator, guarantees,
    instances, mutants,
};
use crate::abstract_model::ModelVisitor;
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::kv::Bytes;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Progress, Status};
use crate::timing::{TimingError, fits};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

impl Protocol for TwoPhaseCommit {
    const NAME: &'static str = "two-phase-commit";
    const ABOUT: &'static str =
        "transactions over shards: either all participants commit or none does";
    type Checked = Actor;
    type History = History;

    fn instances() -> Vec<Instance<Actor, History>> {
        instances::instances()
    }

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn mutants() -> Vec<Mutant<Actor, History>> {
        mutants::mutants()
    }

    fn choice(visitor: &mut impl ChoiceVisitor<Self::Checked, Self::History>) {
        visitor.visit(super::choice::choice());
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }

    fn abstract_models(visitor: &mut impl ModelVisitor) {
        visitor.visit(abstract_model::abstract_model());
    }
}

impl Deploy for TwoPhaseCommit {
    type Offer = TransactionOffer;
    type Peer = Peer;
    type Actor = Self;

    fn server(topology: &Topology, id: Id) -> Result<Self, Unsuitable> {
        Ok(config(topology)?.server(id))
    }

    fn client_servers(topology: &Topology) -> Result<Vec<Id>, Unsuitable> {
        config(topology).map(|_| vec![coordinator()])
    }

    fn status(state: &State) -> Status {
        let (role, epoch) = match state {
            State::Coordinator(state) => {
                ("coordinator", Some(("coordinator's epoch", state.ledger.epoch)))
            }
            State::Participant(_) => ("participant", None),
            State::Client(_) => ("client", None),
        };
        Status { role, epoch, leader: epoch.map(|_| coordinator()), members: Vec::new() }
    }

    fn progress(state: &State) -> Progress {
        let State::Coordinator(state) = state else { return Progress::default() };
        Progress { sessions: Some(state.ledger.sessions.count()), ..Progress::default() }
    }

    fn newest_client(state: &State) -> Option<Id> {
        // Participants take no requests.
        let State::Coordinator(state) = state else { return None };
        state.ledger.sessions.newest_client()
    }

    fn readmission(_server: Id) -> Readmission<Self> {
        Readmission::Refused(
            "it has forgotten its votes or decisions, so a transaction could commit in one place and \
             abort in another; copy what is left into a new cluster",
        )
    }

    fn promise(_: &Topology) -> Promise {
        Promise::StrictlySerializable
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    let sharding = sharding(topology.mode.as_deref()).map_err(Unsuitable)?;
    if topology.servers() < 2 {
        let advice = "add a [[server]] for each participant";
        return Err(Unsuitable(format!("server 0 is the coordinator; {advice}")));
    }
    topology.check_roles(|id| {
        if id == usize::from(coordinator()) { "coordinator" } else { "participant" }
    })?;
    let timing = timing(topology)?;
    Config::new(topology.servers() - 1, sharding, timing)
        .map_err(|error| Unsuitable(error.to_string()))
}

fn timing(topology: &Topology) -> Result<Timing, TimingError> {
    let mut timing = Timing::default();
    let Timing { resend, deadline, doubt, retry } = &mut timing;
    let (again, end) = ("resend", "deadline");
    topology.timing.set([(again, resend), (end, deadline), ("doubt", doubt), ("retry", retry)])?;
    let otherwise = "one lost message would abort a transaction";
    fits(2, (again, &timing.resend), (end, &timing.deadline), otherwise)?;
    Ok(timing)
}

fn sharding(mode: Option<&str>) -> Result<Sharding, String> {
    match mode {
        None | Some("hash") => Ok(Sharding::Hash),
        Some(mode) => match mode.strip_prefix("ranges ") {
            Some(bounds) => {
                let bounds = bounds.split(',').map(|bound| Bytes::from(bound.trim()));
                Ok(Sharding::Ranges(bounds.collect()))
            }
            None => Err(format!(
                "there is no mode `{mode}`; use `hash`, or `ranges B,C` for participants that \
                 have the keys below B, from B to below C, and from C on"
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::topology;

    #[test]
    fn roles_and_modes_are_checked() {
        let accepts = |mode: &str, roles: &[&str]| {
            config(&topology(mode, roles)).map(drop).map_err(|error| error.to_string())
        };
        let (coordinator, participant) = ("coordinator", "participant");
        accepts("", &["", ""]).unwrap();
        accepts("", &[coordinator, participant, participant]).unwrap();
        assert!(accepts("fast", &["", ""]).unwrap_err().contains("ranges B,C"));
        assert!(accepts("", &[participant, participant]).unwrap_err().contains("server 0"));
        assert!(accepts("", &[""]).unwrap_err().contains("participant"));
    }

    #[test]
    fn keys_are_spread_by_hash_or_by_ranges_that_fit_the_participants() {
        let spread = |mode: &str, servers: usize| {
            config(&topology(mode, &vec![""; servers]))
                .map(|config| ["a", "h", "z"].map(|key| usize::from(config.owner(&key.into()))))
                .map_err(|error| error.to_string())
        };
        assert_eq!(spread("hash", 3), spread("", 3));
        assert_eq!(spread("ranges h, p", 4), Ok([1, 2, 3]));
        let few = spread("ranges h,p", 3).unwrap_err();
        assert!(few.contains("2 participants need 1 bounds between their ranges, not 2"), "{few}");
        let unordered = spread("ranges p,h", 4).unwrap_err();
        assert!(unordered.contains("sort the bounds"), "{unordered}");
    }
}
