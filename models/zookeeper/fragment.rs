//! The tree in pieces that fit messages.
//!
//! The first has all that is not in nodes: the counter, the root and the sessions. A cursor is the
//! key of the last node before it, empty behind the first piece.

use super::op::{Node, SessionId};
use crate::kv::Bytes;
use crate::kv::machine::{Cursor, FRAGMENT_BYTES};
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::ops::Bound::{Excluded, Unbounded};

/// A piece of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fragment {
    /// The first.
    First {
        /// How many transactions the tree applied.
        zxid: u64,
        /// The root.
        root: Node,
        /// The sessions that are open, and the client of each.
        sessions: Vec<(SessionId, Id)>,
    },
    /// Nodes, by key.
    Nodes(Vec<(Bytes, Node)>),
}

/// The nodes behind a cursor in pieces, each with the cursor at its end.
pub(super) fn nodes_after<'a>(
    nodes: &'a SharedMap<Bytes, Node>,
    cursor: Option<&Cursor>,
) -> impl Iterator<Item = (Cursor, Fragment)> + use<'a> {
    let from = cursor.map_or(Unbounded, |last| Excluded(last.clone()));
    let mut nodes = nodes.range((from, Unbounded)).peekable();
    std::iter::from_fn(move || {
        let (mut fragment, mut size): (Vec<(Bytes, Node)>, _) = (Vec::new(), 0);
        // The data of one node may be larger than a piece is meant to be, and travels alone then.
        while let Some((key, node)) = nodes.next_if(|(key, node)| {
            fragment.is_empty() || size + weight(key, node) <= FRAGMENT_BYTES
        }) {
            size += weight(key, node);
            fragment.push((key.clone(), node.clone()));
        }
        let end = fragment.last()?.0.clone();
        Some((end, Fragment::Nodes(fragment)))
    })
}

/// About how many bytes a node has when it is encoded.
pub(super) fn weight(key: &Bytes, node: &Node) -> usize {
    key.len() + node.data.len() + size_of_val(&node.stat)
}
