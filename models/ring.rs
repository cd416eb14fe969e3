//! Consistent hashing: which nodes hold a key.
//!
//! **Karger et al. 1997**, *Consistent hashing and random trees*; **DeCandia et al. 2007**, *Dynamo*,
//! sections 4.2 and 6.2. Each node has several *tokens* (virtual nodes) on a circle of 2^64 places. A
//! key belongs to the first token clockwise from its own place, and its replicas are the next
//! distinct nodes. So a node that joins takes keys from the others and moves none between them.
//!
//! A ring says where a key is placed. It does not say who serves it while nodes come and go: two
//! nodes with different rings both take themselves for the owner.
//!
//! # Laws
//!
//! Tested on random rings (`tests` below): a key has one owner and as many distinct replicas as
//! asked for, or all nodes if they are fewer; a node that joins gets keys and gives none, and
//! in a key's list of replicas it only pushes others back; a node that leaves undoes just that; the
//! order in which nodes joined is not to be seen; places are the same on every platform.
//!
//! # Bounds
//!
//! The hash is fixed and public, so a client that wants to can choose keys that all fall to one node.

use crate::kv::Bytes;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// How many tokens a node has, unless something else is said: as in Cassandra since 4.0.
pub const TOKENS: u16 = 16;

/// A place on the circle: the same for the same bytes on every platform. FNV-1a (Fowler, Noll, Vo)
/// with the last mixing step of `MurmurHash3` (Appleby), without which keys that differ in their
/// last bytes lie close together.
pub fn place(bytes: &[u8]) -> u64 {
    let fnv = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

/// The nodes on the circle.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ring {
    /// Places and the nodes whose tokens they are. Two nodes may have a token at one place: then the
    /// lower id comes first.
    tokens: BTreeSet<(u64, Id)>,
    /// How many tokens each node has.
    per_node: u16,
}

impl Ring {
    /// A ring of these nodes, with so many tokens each; at least one.
    pub fn new(nodes: impl IntoIterator<Item = Id>, per_node: u16) -> Self {
        let mut ring = Self { tokens: BTreeSet::new(), per_node: per_node.max(1) };
        nodes.into_iter().for_each(|node| ring.join(node));
        ring
    }

    /// How many tokens each node has.
    pub fn per_node(&self) -> u16 {
        self.per_node
    }

    /// Adds a node; nothing, if it is there.
    pub fn join(&mut self, node: Id) {
        self.tokens.extend(tokens(node, self.per_node));
    }

    /// Removes a node; nothing, if it is not there.
    pub fn leave(&mut self, node: Id) {
        self.tokens.retain(|(_, owner)| *owner != node);
    }

    /// The nodes.
    pub fn nodes(&self) -> BTreeSet<Id> {
        self.tokens.iter().map(|(_, node)| *node).collect()
    }

    /// The node that a key belongs to; `None` if there is no node.
    pub fn owner(&self, key: &Bytes) -> Option<Id> {
        self.clockwise(key).next()
    }

    /// The first `count` distinct nodes clockwise from a key, its owner first; all, if they are
    /// fewer.
    pub fn replicas(&self, key: &Bytes, count: usize) -> Vec<Id> {
        first(self.clockwise(key), count)
    }

    /// The nodes of the tokens from the place of a key on, once round.
    fn clockwise(&self, key: &Bytes) -> impl Iterator<Item = Id> {
        self.from((place(key.as_ref()), Id::from(0)))
    }

    /// The same from a token on.
    fn from(&self, from: (u64, Id)) -> impl Iterator<Item = Id> {
        let (after, before) = (self.tokens.range(from..), self.tokens.range(..from));
        after.chain(before).map(|(_, node)| *node)
    }

    /// Whether a node comes to be one of the `count` replicas of some key when this ring becomes `after`.
    pub fn gains(&self, after: &Self, node: Id, count: usize) -> bool {
        let mut places = self.tokens.union(&after.tokens).map(|(place, _)| (*place, Id::from(0)));
        places.any(|place| {
            !first(self.from(place), count).contains(&node)
                && first(after.from(place), count).contains(&node)
        })
    }

    /// How many of the 2^64 places belong to each node.
    pub fn owned(&self) -> BTreeMap<Id, u128> {
        self.held(1)
    }

    /// How many of the 2^64 places each node holds, where each key has `count` replicas.
    pub fn held(&self, count: usize) -> BTreeMap<Id, u128> {
        let mut held = BTreeMap::new();
        let mut before = self.tokens.last().map_or(0, |(last, _)| i128::from(*last) - (1 << 64));
        for token in &self.tokens {
            let arc = (i128::from(token.0) - before).unsigned_abs();
            for node in first(self.from(*token), count) {
                *held.entry(node).or_default() += arc;
            }
            before = i128::from(token.0);
        }
        held
    }
}

/// The first `count` distinct nodes of these.
fn first(nodes: impl Iterator<Item = Id>, count: usize) -> Vec<Id> {
    let mut found = Vec::with_capacity(count);
    for node in nodes {
        if found.len() == count {
            break;
        }
        if !found.contains(&node) {
            found.push(node);
        }
    }
    found
}

/// The tokens of a node: they follow from its id alone.
fn tokens(node: Id, count: u16) -> impl Iterator<Item = (u64, Id)> {
    let name = (usize::from(node) as u64).to_be_bytes();
    (0..count).map(move |at| (place(&[name.as_slice(), &at.to_be_bytes()].concat()), node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> impl Iterator<Item = Bytes> {
        (0..200_u32).map(|key| key.to_be_bytes().to_vec().into())
    }

    fn ring(nodes: &BTreeSet<usize>, per_node: u16) -> Ring {
        Ring::new(nodes.iter().copied().map(Id::from), per_node)
    }

    proptest! {
        #[test]
        fn a_key_has_one_owner_and_distinct_replicas(
            nodes in proptest::collection::btree_set(0..30_usize, 0..8),
            per_node in 1..20_u16,
            count in 1..6_usize,
        ) {
            let ring = ring(&nodes, per_node);
            for key in keys() {
                let replicas = ring.replicas(&key, count);
                prop_assert_eq!(replicas.len(), count.min(nodes.len()));
                prop_assert_eq!(replicas.iter().collect::<BTreeSet<_>>().len(), replicas.len());
                prop_assert_eq!(replicas.first().copied(), ring.owner(&key));
                prop_assert!(replicas.iter().all(|node| nodes.contains(&usize::from(*node))));
            }
        }

        #[test]
        fn a_node_that_joins_moves_keys_only_to_itself_and_leaving_undoes_it(
            nodes in proptest::collection::btree_set(0..30_usize, 1..8),
            newcomer in 30..40_usize,
            per_node in 1..20_u16,
            count in 1..6_usize,
        ) {
            let (before, newcomer) = (ring(&nodes, per_node), Id::from(newcomer));
            let mut after = before.clone();
            after.join(newcomer);
            for key in keys() {
                let (old, new) = (before.replicas(&key, count), after.replicas(&key, count));
                let kept: Vec<_> = new.iter().copied().filter(|node| *node != newcomer).collect();
                prop_assert!(old.starts_with(&kept), "{:?} became {:?}", old, new);
                let owner = after.owner(&key);
                prop_assert!(owner == before.owner(&key) || owner == Some(newcomer));
            }
            prop_assert!(before.gains(&after, newcomer, count));
            prop_assert!(nodes.iter().all(|node| !before.gains(&after, (*node).into(), count)));
            let left = after.clone();
            after.leave(newcomer);
            prop_assert_eq!(&after, &before);
            for node in nodes.iter().copied().map(Id::from) {
                let gained = |key: &Bytes| {
                    !left.replicas(key, count).contains(&node)
                        && after.replicas(key, count).contains(&node)
                };
                prop_assert!(left.gains(&after, node, count) || !keys().any(|key| gained(&key)));
            }
        }

        #[test]
        fn the_order_of_joins_is_not_to_be_seen(
            nodes in proptest::collection::btree_set(0..30_usize, 0..8),
            per_node in 1..20_u16,
        ) {
            let backwards = Ring::new(nodes.iter().rev().copied().map(Id::from), per_node);
            prop_assert_eq!(ring(&nodes, per_node), backwards);
        }

        #[test]
        fn all_places_are_owned(
            nodes in proptest::collection::btree_set(0..30_usize, 1..8),
            per_node in 1..20_u16,
        ) {
            let owned = ring(&nodes, per_node).owned();
            prop_assert_eq!(owned.len(), nodes.len());
            prop_assert_eq!(owned.values().sum::<u128>(), 1 << 64);
            let held = ring(&nodes, per_node).held(3);
            prop_assert_eq!(held.values().sum::<u128>(), (nodes.len().min(3) as u128) << 64);
            prop_assert!(held.values().all(|places| *places <= 1 << 64));
            prop_assert!(owned.iter().all(|(node, places)| held[node] >= *places));
        }
    }

    /// Karger et al. 1997: a newcomer gets about its share, and nobody else's keys move.
    #[test]
    fn with_many_tokens_a_newcomer_gets_about_its_share() {
        let keys: Vec<Bytes> = (0..20_000_u32).map(|it| it.to_be_bytes().to_vec().into()).collect();
        let before = Ring::new((0..9).map(Id::from), 256);
        let mut after = before.clone();
        after.join(Id::from(9));
        let moved = keys.iter().filter(|key| before.owner(key) != after.owner(key)).count();
        assert!((1_600..2_400).contains(&moved), "{moved} of 20000 for one node of ten");
    }

    #[test]
    fn places_are_the_same_everywhere() {
        assert_eq!(place(b""), 0xefd0_1f60_ba99_2926);
        assert_eq!(place(b"x"), 0x06a4_f950_5be8_5405);
        let three = Ring::new((0..3).map(Id::from), 1);
        let ids = |key: &str| three.replicas(&key.into(), 3).into_iter().map(usize::from).collect();
        let found: Vec<Vec<usize>> = ["a", "b", "c", "d"].map(ids).into();
        assert_eq!(found, [[0, 1, 2], [2, 0, 1], [0, 1, 2], [0, 1, 2]]);
    }

    #[test]
    fn without_nodes_nobody_owns_a_key() {
        assert_eq!(Ring::default().owner(&"x".into()), None);
        assert!(Ring::default().replicas(&"x".into(), 3).is_empty());
    }
}
