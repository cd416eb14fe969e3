//! The one list of protocols: the commands, PROPERTIES.md and the table of guarantees follow from it.

use crate::kafka::Kafka;
use crate::kv::Map;
use crate::multi_primary::MultiPrimary;
use crate::paxos::{Paxos, synod::Synod};
use crate::primary_backup::PrimaryBackup;
use crate::protocol::{Deploy, Protocol};
use crate::two_phase_commit::TwoPhaseCommit;

/// A list of protocols: ours ([`All`]), or a user's own.
pub trait Protocols: 'static {
    /// Shows each to `visitor`.
    fn each(visitor: &mut impl Visitor);
}

/// Somebody who is shown the protocols of a list.
pub trait Visitor {
    /// One that is checked.
    fn checked<P: Protocol>(&mut self);

    /// One that is checked and can be deployed.
    fn deployed<D: Deploy>(&mut self);
}

/// The protocols of this crate.
pub struct All;

impl Protocols for All {
    fn each(visitor: &mut impl Visitor) {
        visitor.deployed::<PrimaryBackup<Map>>();
        visitor.deployed::<MultiPrimary>();
        visitor.deployed::<TwoPhaseCommit>();
        visitor.checked::<Synod>();
        visitor.deployed::<Paxos<Map>>();
        visitor.checked::<Kafka>();
    }
}
