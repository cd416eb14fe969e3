//! What processes send each other in a round: keys, in the order of the states from which they come, and
//! a bit for each.

use crate::check::engine::visited::{KEY_BITS, Key};

const KEY_BYTES: usize = KEY_BITS as usize / 8;
/// Before the keys of a group: the number of its first state, and how many keys there are.
const HEADER: usize = 12;

/// The keys that one process asks of another.
#[derive(Default)]
pub(super) struct Asked {
    bytes: Vec<u8>,
    /// The group that is open: its first state, and where it begins.
    open: Option<(u64, usize)>,
}

impl Asked {
    /// Appends a key from the group that begins with the state of this number.
    pub(super) fn push(&mut self, first: u64, key: Key) {
        let begin = match self.open {
            Some((open, begin)) if open == first => begin,
            _ => {
                let begin = self.bytes.len();
                self.bytes.extend_from_slice(&first.to_le_bytes());
                self.bytes.extend_from_slice(&[0; 4]);
                self.open = Some((first, begin));
                begin
            }
        };
        self.bytes.extend_from_slice(&key.to_le_bytes()[..KEY_BYTES]);
        let count = ((self.bytes.len() - begin - HEADER) / KEY_BYTES) as u32;
        self.bytes[begin + 8..begin + HEADER].copy_from_slice(&count.to_le_bytes());
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Keys that were asked together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The number of the first of the states from which they come.
    pub(super) first: u64,
    /// The number of its first key among all that were asked.
    pub(super) index: usize,
    pub(super) keys: usize,
    /// Where they begin.
    at: usize,
}

impl Group {
    /// Its keys, among the bytes of which it is a group.
    pub(super) fn keys_of<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = Key> + 'b {
        let bytes = &bytes[self.at..self.at + self.keys * KEY_BYTES];
        bytes.chunks_exact(KEY_BYTES).map(|bytes| {
            let mut key = [0; size_of::<Key>()];
            key[..KEY_BYTES].copy_from_slice(bytes);
            Key::from_le_bytes(key)
        })
    }
}

/// The groups of keys that were asked, and how many keys they are; nothing if the bytes are none.
pub(super) fn groups(bytes: &[u8]) -> Option<(Vec<Group>, usize)> {
    let (mut groups, mut at, mut index) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let header = bytes.get(at..at + HEADER)?;
        let first = u64::from_le_bytes(*header.first_chunk()?);
        let keys = u32::from_le_bytes(*header.last_chunk()?) as usize;
        at += HEADER;
        groups.push(Group { first, index, keys, at });
        at = at.checked_add(keys.checked_mul(KEY_BYTES)?)?;
        index += keys;
    }
    (at == bytes.len()).then_some((groups, index))
}

/// So many bits, all zero.
pub(super) fn bits(count: usize) -> Vec<u8> {
    vec![0; count.div_ceil(8)]
}

pub(super) fn set(bits: &mut [u8], at: usize) {
    bits[at / 8] |= 1 << (at % 8);
}

pub(super) fn is_set(bits: &[u8], at: usize) -> bool {
    bits[at / 8] >> (at % 8) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::engine::visited::key_of;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn keys_come_as_they_were_asked(
            asked in proptest::collection::vec((0..4_u64, any::<u128>().prop_map(key_of)), 0..40),
        ) {
            let mut out = Asked::default();
            asked.iter().for_each(|(first, key)| out.push(*first, *key));
            let bytes = out.into_bytes();
            let (all, count) = groups(&bytes).unwrap();
            prop_assert_eq!(count, asked.len());
            let mut came = Vec::new();
            for group in all {
                prop_assert_eq!(group.index, came.len());
                came.extend(group.keys_of(&bytes).map(|key| (group.first, key)));
            }
            prop_assert_eq!(came, asked);
        }

        #[test]
        fn nothing_that_comes_is_trusted(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some((all, count)) = groups(&bytes) {
                let keys = all.iter().flat_map(|group| group.keys_of(&bytes)).count();
                prop_assert_eq!(keys, count);
            }
        }
    }

    #[test]
    fn bits_are_where_they_were_set() {
        let mut all = bits(17);
        [0, 8, 16].into_iter().for_each(|at| set(&mut all, at));
        let found: Vec<_> = (0..17).filter(|at| is_set(&all, *at)).collect();
        assert_eq!((found, all.len()), (vec![0, 8, 16], 3));
    }
}
