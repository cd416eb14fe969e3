//! Which participant has which key: a pure function of the key, the same on every node.

use crate::kv::Bytes;
use stateright::actor::Id;
use std::fmt;

/// How keys are spread over the participants 1 to n.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sharding {
    /// By a hash of the key that is the same everywhere and for ever (FNV-1a).
    #[default]
    Hash,
    /// By ranges of keys: participant 1 has the keys below the first bound, participant 2 those
    /// from there to below the second, and so on; the last one has the rest.
    Ranges(Vec<Bytes>),
}

/// Why keys cannot be spread so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShardingError {
    /// There is no participant.
    NoParticipants,
    /// The number of bounds does not fit the number of participants.
    Bounds {
        /// How many bounds there are.
        bounds: usize,
        /// How many participants there are.
        participants: usize,
    },
    /// A bound is not above the one before it.
    Unordered {
        /// The bound.
        bound: Bytes,
    },
}

impl fmt::Display for ShardingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoParticipants => {
                write!(f, "there is no participant to hold keys; add at least one")
            }
            Self::Bounds { bounds, participants } => write!(
                f,
                "{participants} participants need {} bounds between their ranges, not {bounds}",
                participants - 1
            ),
            Self::Unordered { bound } => {
                write!(f, "the bound {bound:?} is not above the one before it; sort the bounds")
            }
        }
    }
}

impl std::error::Error for ShardingError {}

impl Sharding {
    /// Whether it gives every key to one of `participants`.
    pub fn check(&self, participants: usize) -> Result<(), ShardingError> {
        if participants == 0 {
            return Err(ShardingError::NoParticipants);
        }
        let Self::Ranges(bounds) = self else { return Ok(()) };
        if bounds.len() + 1 != participants {
            return Err(ShardingError::Bounds { bounds: bounds.len(), participants });
        }
        // Below the first range there is the empty key.
        let nothing = Bytes::default();
        let before = std::iter::once(&nothing).chain(bounds);
        match bounds.iter().zip(before).find(|(bound, before)| bound <= before) {
            Some((bound, _)) => Err(ShardingError::Unordered { bound: bound.clone() }),
            None => Ok(()),
        }
    }

    /// The participant that has `key`, of so many.
    pub fn owner(&self, key: &Bytes, participants: usize) -> Id {
        let index = match self {
            Self::Hash => (fnv1a(key.as_ref()) % participants as u64) as usize,
            Self::Ranges(bounds) => bounds.partition_point(|bound| bound <= key),
        };
        Id::from(1 + index)
    }
}

/// The 64-bit FNV-1a hash of Fowler, Noll and Vo.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_key_has_one_owner_among_the_participants() {
        let ranges = Sharding::Ranges(vec!["h".into(), "p".into()]);
        assert_eq!(ranges.check(3), Ok(()));
        let owners = ["", "a", "gz", "h", "o", "p", "z"].map(|key| ranges.owner(&key.into(), 3));
        assert_eq!(owners.map(usize::from), [1, 1, 1, 2, 2, 3, 3]);
        for key in ["", "a", "b", "c", "x"] {
            assert!((1..=3).contains(&usize::from(Sharding::Hash.owner(&key.into(), 3))));
        }
    }

    #[test]
    fn what_does_not_cover_the_keys_once_is_refused() {
        assert_eq!(Sharding::Hash.check(0), Err(ShardingError::NoParticipants));
        let one = Sharding::Ranges(vec!["h".into()]);
        assert_eq!(one.check(3), Err(ShardingError::Bounds { bounds: 1, participants: 3 }));
        let twice = Sharding::Ranges(vec!["h".into(), "h".into()]);
        assert_eq!(twice.check(3), Err(ShardingError::Unordered { bound: "h".into() }));
        let empty = Sharding::Ranges(vec!["".into()]);
        assert_eq!(empty.check(2), Err(ShardingError::Unordered { bound: "".into() }));
    }
}
