//! Reads of many keys at once: a range of keys in order, or all keys with a prefix, page by page.
//!
//! A page is what the map holds at one point in time. Two pages that follow each other are two
//! operations: what is written between them may be in the second and not in the first.

use super::bytes::Bytes;
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize};
use std::ops::Bound::{Excluded, Included, Unbounded};

/// The most bytes of a page, its keys and values with [`PAIR_BYTES`] for each pair: with the key of
/// the next pair and the protocol's fields it fits a datagram. A single pair always fits.
pub const MAX_PAGE_BYTES: usize = 40 * 1024;
/// What each pair counts for beside its key and its value.
pub const PAIR_BYTES: usize = 16;

/// The keys from one to another, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// The lowest key that belongs to it.
    pub from: Bytes,
    /// The lowest key above it; `None` if it goes to the end.
    pub to: Option<Bytes>,
    /// The most pairs that are wanted, at least 1. There may be fewer though there are more keys: a
    /// page has at most [`MAX_PAGE_BYTES`].
    pub limit: u32,
}

impl Range {
    /// All keys that begin with `prefix`.
    pub fn prefix(prefix: Bytes, limit: u32) -> Self {
        let to = after_prefix(prefix.as_ref());
        Self { from: prefix, to, limit }
    }

    /// Whether a key belongs to it.
    pub fn contains(&self, key: &Bytes) -> bool {
        self.from <= *key && self.to.as_ref().is_none_or(|to| key < to)
    }

    /// The rest of it, from `next` on.
    #[must_use]
    pub fn rest(&self, next: Bytes) -> Self {
        Self { from: next, to: self.to.clone(), limit: self.limit }
    }

    /// The first page of it. Takes time for the page, whatever else the map holds.
    pub fn read(&self, map: &SharedMap<Bytes, Bytes>) -> Page {
        let mut page = Page::default();
        // An ordered map takes no range that ends before it begins.
        if self.to.as_ref().is_some_and(|to| *to <= self.from) {
            return page;
        }
        let end = self.to.clone().map_or(Unbounded, Excluded);
        let mut size = 0;
        for (key, value) in map.range((Included(self.from.clone()), end)) {
            size += PAIR_BYTES + key.len() + value.len();
            if page.pairs.len() >= self.limit as usize || size > MAX_PAGE_BYTES {
                page.next = Some(key.clone());
                break;
            }
            page.pairs.push((key.clone(), value.clone()));
        }
        page
    }
}

/// The lowest of the byte strings that are above all those with this prefix, if there are any.
fn after_prefix(prefix: &[u8]) -> Option<Bytes> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut above = prefix[..=last].to_vec();
    above[last] += 1;
    Some(above.into())
}

/// A part of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Page {
    /// Keys with their values, in order.
    pub pairs: Vec<(Bytes, Bytes)>,
    /// The next key of the range, if there is more: the [rest](Range::rest) begins there.
    pub next: Option<Bytes>,
}

impl Page {
    /// Whether the range has more keys than these.
    pub fn more(&self) -> bool {
        self.next.is_some()
    }

    /// What its pairs and the next key count for in [`MAX_PAGE_BYTES`].
    pub fn bytes(&self) -> usize {
        let pair = |(key, value): &(Bytes, Bytes)| PAIR_BYTES + key.len() + value.len();
        let next = self.next.as_ref().map_or(0, Bytes::len);
        self.pairs.iter().map(pair).sum::<usize>() + next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::map::{MAX_KEY_BYTES, MAX_VALUE_BYTES};
    use crate::kv::size::encoded_bytes;
    use proptest::prelude::*;

    const _: () = assert!(PAIR_BYTES + MAX_KEY_BYTES + MAX_VALUE_BYTES <= MAX_PAGE_BYTES);

    fn map(keys: &[&str]) -> SharedMap<Bytes, Bytes> {
        keys.iter().map(|key| ((*key).into(), format!("{key}!").as_str().into())).collect()
    }

    fn range(from: &str, to: Option<&str>, limit: u32) -> Range {
        Range { from: from.into(), to: to.map(Bytes::from), limit }
    }

    fn keys(page: &Page) -> Vec<String> {
        page.pairs.iter().map(|(key, _)| key.to_string()).collect()
    }

    #[test]
    fn a_range_has_its_first_key_and_not_its_last() {
        let map = map(&["a", "b", "c", "d"]);
        let page = range("b", Some("d"), 9).read(&map);
        assert_eq!((keys(&page), page.more()), (vec!["b".into(), "c".into()], false));
        assert_eq!(page.pairs[0].1, "b!".into());
        assert_eq!(keys(&range("bb", None, 9).read(&map)), ["c", "d"]);
        for (from, to) in [("d", "b"), ("b", "b"), ("e", "f")] {
            assert_eq!(range(from, Some(to), 9).read(&map), Page::default(), "{from} to {to}");
        }
    }

    #[test]
    fn a_page_says_where_the_rest_begins() {
        let map = map(&["a", "b", "c"]);
        let all = range("", None, 2);
        let first = all.read(&map);
        assert_eq!(
            (keys(&first), first.next.clone()),
            (vec!["a".into(), "b".into()], Some("c".into()))
        );
        let second = all.rest(first.next.unwrap()).read(&map);
        assert_eq!((keys(&second), second.next), (vec!["c".into()], None));
        assert!(!range("", None, 3).read(&map).more(), "as many as were wanted, and no more");
    }

    #[test]
    fn a_page_is_bounded_by_bytes_and_has_at_least_one_pair() {
        let key = |n: u8| Bytes::from(vec![n; MAX_KEY_BYTES]);
        let value = Bytes::from(vec![0; MAX_VALUE_BYTES]);
        let map: SharedMap<_, _> = (0..3).map(|n| (key(n), value.clone())).collect();
        let page = range("", None, 9).read(&map);
        assert_eq!((page.pairs.len(), page.next.clone()), (1, Some(key(1))));
        let small: SharedMap<_, _> =
            (0..10_000_u32).map(|n| (n.to_be_bytes().to_vec().into(), "".into())).collect();
        let page = range("", None, u32::MAX).read(&small);
        assert_eq!(page.pairs.len(), MAX_PAGE_BYTES / (PAIR_BYTES + 4));
        assert!(encoded_bytes(&page) < MAX_PAGE_BYTES && page.bytes() <= MAX_PAGE_BYTES + 4);
    }

    #[test]
    fn a_prefix_ends_where_its_last_byte_is_greater() {
        let end = |prefix: &[u8]| Range::prefix(prefix.to_vec().into(), 1).to;
        assert_eq!(end(b"user/"), Some("user0".into()));
        assert_eq!(end(&[b'a', 255, 255]), Some("b".into()));
        assert_eq!((end(&[255, 255]), end(b"")), (None, None));
    }

    proptest! {
        #[test]
        fn a_prefix_has_exactly_the_keys_that_begin_with_it(
            prefix in proptest::collection::vec(prop_oneof![Just(254_u8), Just(255), any::<u8>()], 0..4),
            key in proptest::collection::vec(prop_oneof![Just(254_u8), Just(255), any::<u8>()], 0..5),
        ) {
            let range = Range::prefix(prefix.clone().into(), 1);
            prop_assert_eq!(range.contains(&key.clone().into()), key.starts_with(&prefix));
        }

        #[test]
        fn pages_one_after_the_other_are_the_range(
            keys in proptest::collection::btree_set(0_u8..40, 0..20),
            from in 0_u8..40, to in 0_u8..40, limit in 1_u32..5,
        ) {
            let byte = |n: u8| Bytes::from(vec![n]);
            let map: SharedMap<_, _> = keys.iter().map(|n| (byte(*n), byte(n + 1))).collect();
            let all = Range { from: byte(from), to: Some(byte(to)), limit };
            let (mut rest, mut found) = (all.clone(), Vec::new());
            loop {
                let page = rest.read(&map);
                found.extend(page.pairs);
                match page.next {
                    Some(next) => rest = rest.rest(next),
                    None => break,
                }
            }
            let expected: Vec<_> =
                map.iter().filter(|(key, _)| all.contains(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
