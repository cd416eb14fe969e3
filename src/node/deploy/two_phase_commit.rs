//! Two-phase commit: server 0 is the coordinator, which clients ask; the others are participants.
//!
//! The mode says which participant has which key: `hash`, or `ranges B,C` for the keys below `B`,
//! from `B` to below `C`, and from `C` on. It is part of the cluster file's fingerprint, so nodes
//! that would look for a key in different places do not understand each other at all; a participant
//! that is asked for a key of another nevertheless votes no.

use super::offer::{Ask, AskError, AskOutcome, Offer, outcome};
use super::{DeployError, Deployable, Readmission, newest_client};
use crate::node::client::ClientError;
use crate::node::cluster_file::ClusterFile;
use crate::node::map_client;
use crate::node::status::Status;
use crate::node::timing::{TimingError, fits};
use quorate_models::kv::{Bytes, Outcome, Transaction};
use quorate_models::two_phase_commit::{
    Config, Peer, Sharding, State, Timing, TwoPhaseCommit, coordinator,
};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

impl Deployable for TwoPhaseCommit {
    const NAME: &'static str = "two-phase-commit";
    type Offer = TransactionOffer;
    type Peer = Peer;
    type Actor = Self;

    fn server(cluster: &ClusterFile, id: Id) -> Result<Self, DeployError> {
        Ok(config(cluster)?.server(id))
    }

    fn client_servers(cluster: &ClusterFile) -> Result<Vec<Id>, DeployError> {
        config(cluster).map(|_| vec![coordinator()])
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

    fn newest_client(state: &State) -> Option<Id> {
        // Participants take no requests.
        let State::Coordinator(state) = state else { return None };
        newest_client(&state.ledger.sessions)
    }

    fn readmission(_server: Id) -> Readmission<Self> {
        Readmission::Refused(
            "it has forgotten its votes or decisions, so a transaction could commit in one place and \
             abort in another; copy what is left into a new cluster",
        )
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(cluster: &ClusterFile) -> Result<Config, DeployError> {
    let unsuitable = |reason: String| DeployError::unsuitable::<TwoPhaseCommit>(cluster, reason);
    let sharding = sharding(cluster.mode.as_deref()).map_err(unsuitable)?;
    if cluster.servers.len() < 2 {
        let advice = "add a [[server]] for each participant";
        return Err(unsuitable(format!("server 0 is the coordinator; {advice}")));
    }
    super::check_roles::<TwoPhaseCommit>(cluster, |id| {
        if id == usize::from(coordinator()) { "coordinator" } else { "participant" }
    })?;
    let timing = timing(cluster).map_err(|error| unsuitable(error.to_string()))?;
    Config::new(cluster.servers.len() - 1, sharding, timing)
        .map_err(|error| unsuitable(error.to_string()))
}

fn timing(cluster: &ClusterFile) -> Result<Timing, TimingError> {
    let mut timing = Timing::default();
    let Timing { resend, deadline, doubt, retry } = &mut timing;
    let (again, end) = ("resend", "deadline");
    cluster.timing.set([(again, resend), (end, deadline), ("doubt", doubt), ("retry", retry)])?;
    let otherwise = "one message that is lost would abort a transaction";
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

/// What two-phase commit offers: transactions. A single operation is a transaction of one.
pub struct TransactionOffer;

impl Offer for TransactionOffer {
    type Request = Transaction;
    type Answer = Outcome;
    const COMMANDS: &'static str = "get, put, delete, cas and txn";

    fn request(_: &ClusterFile, ask: &Ask) -> Result<Transaction, AskError> {
        match ask {
            Ask::One { op, context: None } => Ok(op.clone().into()),
            Ask::One { .. } => Err(AskError::NoContexts),
            Ask::Together(txn) => Ok(txn.clone()),
        }
    }

    fn check(txn: &Transaction) -> Result<(), ClientError> {
        txn.check()?;
        txn.ops.iter().try_for_each(map_client::check)
    }

    fn answer(_: &ClusterFile, ask: &Ask, answer: Outcome) -> Option<AskOutcome> {
        outcome(ask, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::offer::Answered;
    use super::super::tests::cluster;
    use super::*;
    use quorate_models::kv::{Abort, Op, Reply};

    #[test]
    fn roles_and_modes_are_checked() {
        let accepts = |mode: &str, roles: &[&str]| {
            config(&cluster("two-phase-commit", mode, roles))
                .map(drop)
                .map_err(|error| error.to_string())
        };
        let (coordinator, participant) = ("role = \"coordinator\"", "role = \"participant\"");
        accepts("", &["", ""]).unwrap();
        accepts("", &[coordinator, participant, participant]).unwrap();
        assert!(accepts("mode = \"fast\"", &["", ""]).unwrap_err().contains("ranges B,C"));
        assert!(accepts("", &[participant, participant]).unwrap_err().contains("server 0"));
        assert!(accepts("", &[""]).unwrap_err().contains("participant"));
    }

    #[test]
    fn keys_are_spread_by_hash_or_by_ranges_that_fit_the_participants() {
        let spread = |mode: &str, servers: usize| {
            config(&cluster("two-phase-commit", mode, &vec![""; servers]))
                .map(|config| ["a", "h", "z"].map(|key| usize::from(config.owner(&key.into()))))
                .map_err(|error| error.to_string())
        };
        assert_eq!(spread("mode = \"hash\"", 3), spread("", 3));
        assert_eq!(spread("mode = \"ranges h, p\"", 4), Ok([1, 2, 3]));
        let few = spread("mode = \"ranges h,p\"", 3).unwrap_err();
        assert!(few.contains("2 participants need 1 bounds between their ranges, not 2"), "{few}");
        let unordered = spread("mode = \"ranges p,h\"", 4).unwrap_err();
        assert!(unordered.contains("sort the bounds"), "{unordered}");
    }

    /// Such nodes do not even read each other's datagrams.
    #[test]
    fn nodes_that_look_for_a_key_in_different_places_are_of_different_clusters() {
        let fingerprint =
            |mode: &str| cluster("two-phase-commit", mode, &["", "", ""]).fingerprint();
        assert_ne!(fingerprint("mode = \"ranges h\""), fingerprint("mode = \"ranges p\""));
        assert_ne!(fingerprint("mode = \"ranges h\""), fingerprint(""));
    }

    #[test]
    fn an_unknown_shard_is_told_with_what_to_do() {
        let ask = Ask::from(Op::get("k"));
        let Some(AskOutcome::Failed(error)) = outcome(&ask, Outcome::Aborted(Abort::UnknownShard))
        else {
            panic!("it is of no use to try again");
        };
        let error = error.to_string();
        assert!(error.contains("not its own") && error.contains("same cluster file"), "{error}");
    }

    #[test]
    fn what_a_server_would_not_take_a_client_does_not_send() {
        let check = |ops| TransactionOffer::check(&Transaction { ops });
        check(vec![Op::put("k", "v"), Op::get("k")]).unwrap();
        assert!(matches!(check(vec![Op::get("k"); 65]), Err(ClientError::Transaction(_))));
        let long = Op::get(&"k".repeat(2000));
        assert!(matches!(check(vec![long]), Err(ClientError::KeyTooLong { len: 2000 })));
        let large = Op::put("k", &"v".repeat(30_000));
        assert!(matches!(check(vec![large.clone(), large]), Err(ClientError::Transaction(_))));
    }

    #[test]
    fn outcomes_are_told_tried_again_or_failures() {
        let cas = Op::Cas { key: "k".into(), expected: Some("v".into()), new: None };
        let condition = Outcome::Aborted(Abort::Condition { op: 0, found: None });
        let one = Ask::from(cas.clone());
        let Some(AskOutcome::Told(Answered::Reply(reply))) = outcome(&one, condition.clone())
        else {
            panic!("a condition that does not hold is an answer");
        };
        assert_eq!(reply, Reply::Swapped { swapped: false, found: None });
        let together = Ask::Together([cas].into());
        let told = outcome(&together, condition);
        assert!(matches!(told, Some(AskOutcome::Told(Answered::ConditionFailed { op: 0, .. }))));
        for why in [Abort::Conflict, Abort::Unavailable] {
            let told = outcome(&together, Outcome::Aborted(why));
            assert!(matches!(told, Some(AskOutcome::Again(_))));
        }
        let told = outcome(&one, Outcome::Aborted(Abort::TooLarge));
        assert!(matches!(told, Some(AskOutcome::Failed(AskError::Aborted { .. }))));
        // Not what was asked.
        assert!(outcome(&one, Outcome::Committed(vec![])).is_none());
        assert!(outcome(&together, Outcome::Committed(vec![Reply::Done])).is_none());
        let unnamed = Outcome::Aborted(Abort::Condition { op: 7, found: None });
        assert!(outcome(&together, unnamed).is_none());
    }
}
