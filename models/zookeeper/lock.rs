//! What a lock protects: a resource outside ZooKeeper, to which a holder may write late.
//!
//! A fenced resource remembers the largest token with which it was used, and takes no smaller one
//! (Kleppmann 2016; the sequencer of Burrows 2006, section 2.4).

use super::message::{Msg, What};
use super::state::ResourceState;
use crate::kv::Service;
use std::borrow::Cow;

/// A client uses it.
pub(super) fn on_msg(fenced: bool, state: &mut Cow<'_, ResourceState>, msg: &Msg) {
    let Service::Request { op, .. } = msg else { return };
    let What::Use(token) = op.what else { return };
    if token > state.last {
        let state = state.to_mut();
        (state.last, state.holders) = (token, state.holders + 1);
    } else if token < state.last && !fenced && !state.overtaken {
        state.to_mut().overtaken = true;
    }
}
