//! What can happen at one node, and what a handler run there does: the parts that are remembered.

use super::interner::Fingerprint;
use super::parts::{Checkable, Spend};
use stateright::actor::Id;

/// What one handler run does, remembered.
pub(super) struct Effect {
    /// The node afterwards.
    pub(super) node: u32,
    /// What it sends, in order. On the set network without repetitions.
    pub(super) sends: Box<[u32]>,
    /// The observed messages: whether it is a delivery, and the envelope.
    pub(super) observed: Box<[(bool, u32)]>,
    /// Whether nothing changed and nothing was asked for.
    pub(super) no_op: bool,
    /// What it adds to the fingerprint of any state: for the node, and on the multiset network
    /// for what is sent and for what is delivered.
    pub(super) difference: Fingerprint,
}

/// Something that can happen at a node alone, and what it does.
pub(super) struct Local<A: Checkable> {
    pub(super) what: LocalKind<A::Timer, A::Random>,
    pub(super) spend: Spend,
    pub(super) effect: u32,
}

pub(super) enum LocalKind<T, R> {
    Timeout(T),
    Choose(String, R),
    Crash,
    Restart,
    Flush,
    Replace,
    Cut(Id),
}
