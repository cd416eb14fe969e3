//! Disks that are lost: a node that crashes, and starts again with an empty disk, as a newcomer.
//!
//! An operator gave it the disk and said so: it does not take itself for a first start of the
//! cluster. How a protocol begins then is [`Newcomer`]; without that, no cluster with this fault
//! can be built.
//!
//! The guarantees of the runtime, and how they are modelled:
//!
//! * A datagram names the incarnation of the server that **sent** it. Once a server has heard the
//!   new incarnation it refuses the old one for good, so what the former life sent is not taken any
//!   more. In between, any server may still hear the former life: [`FormerLife::Heard`] allows that
//!   at any time. [`FormerLife::Refused`] is the runtime for a protocol whose newcomer changes
//!   nothing at another node before all others have heard it: what arrived in between might as well
//!   have arrived before the disk was lost.
//! * A datagram does not name the incarnation that it is **for**: the newcomer may be given
//!   anything that was sent to its former life.
//! * Clients know no incarnations: a reply of the former life is taken.

use crate::durable::Newcomer;
use stateright::actor::{Actor, Id, Out};

/// What becomes of the messages between servers that a node sent before its disk was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FormerLife {
    /// No server takes one from here on.
    #[default]
    Refused,
    /// They may still be taken, at any time: everything of [`Refused`](Self::Refused), and more.
    Heard,
}

/// The disks that may be lost, and how many in total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostDisks {
    /// How many disks may be lost; one node's again and again.
    pub count: u8,
    /// Whose: servers.
    pub nodes: Vec<Id>,
    /// What becomes of what such a node sent before.
    pub former: FormerLife,
}

/// The disks that may be lost, with how their nodes start again.
pub(super) struct Replacement<A: Actor> {
    pub(super) lost: LostDisks,
    pub(super) start: fn(&A, Id, u64, &mut Out<A>) -> A::State,
}

impl<A: Newcomer> Replacement<A> {
    pub(super) fn new(lost: LostDisks) -> Self {
        Self { lost, start: A::on_newcomer }
    }
}
