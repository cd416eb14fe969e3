//! The one list of protocols: the commands, PROPERTIES.md and the table of guarantees follow from
//! it.
//!
//! To add a protocol, add its folder, its line here, and its `pub mod` line in `lib.rs`. That
//! second line could be spared by a macro that declares the modules; but rustfmt does not format
//! files that only a macro names, and readers look for modules in `lib.rs`. `.ci/toy` adds a
//! protocol so.

use crate::kv::Map;
use crate::protocol::{Deploy, Protocol};

/// A list of protocols: ours ([`All`]), or a user's own.
pub trait Protocols: 'static {
    /// Shows each to `visitor`.
    fn each(visitor: &mut impl Visitor);
}

/// A generic action on the protocols of a list, called once per protocol with its type.
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
        visitor.deployed::<crate::primary_backup::PrimaryBackup<Map>>();
        visitor.deployed::<crate::multi_primary::MultiPrimary>();
        visitor.deployed::<crate::two_phase_commit::TwoPhaseCommit>();
        visitor.checked::<crate::paxos::synod::Synod>();
        visitor.deployed::<crate::paxos::Paxos<Map>>();
        visitor.deployed::<crate::kafka::Kafka>();
        visitor.deployed::<crate::zab::Zab<Map>>();
        visitor.deployed::<crate::quorum_store::QuorumStore>();
        visitor.deployed::<crate::zookeeper::ZooKeeper>();
    }
}
