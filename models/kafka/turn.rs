//! One event at one server: the contexts of all handlers.

use super::config::{Config, Kafka, Voter};
use super::registry::Registry;
use super::state::BrokerState;
use crate::paxos::ReplicaState;
use crate::turn;

/// One event at the controller.
pub(super) type ControllerTurn<'a, 's> = turn::Turn<'a, 's, Config, Registry, Kafka>;
/// One event at a controller that is one of several.
pub(super) type VoterTurn<'a, 's> = turn::Turn<'a, 's, Voter, ReplicaState<Registry>, Kafka>;
/// One event at a broker.
pub(super) type Turn<'a, 's> = turn::Turn<'a, 's, Config, BrokerState, Kafka>;
