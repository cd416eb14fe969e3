//! Sorted lists that say nothing twice: what properties derive from what messages say, with few
//! allocations.

/// The values of a list, sorted, each once.
pub(crate) fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all
}

/// Of a sorted list the part that begins with a key.
pub(crate) fn from<K: Ord + Copy, T>(all: &[(K, T)], key: K) -> &[(K, T)] {
    &all[all.partition_point(|(other, _)| *other < key)..]
}

/// Of a sorted list the part with a key.
pub(crate) fn with<K: Ord + Copy, T>(all: &[(K, T)], key: K) -> &[(K, T)] {
    let from = from(all, key);
    &from[..from.partition_point(|(other, _)| *other == key)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_by_key() {
        let all = sorted(vec![(3, 'c'), (1, 'a'), (3, 'b'), (1, 'a'), (5, 'd')]);
        assert_eq!(all, [(1, 'a'), (3, 'b'), (3, 'c'), (5, 'd')]);
        assert_eq!(from(&all, 2), [(3, 'b'), (3, 'c'), (5, 'd')]);
        assert_eq!(with(&all, 3), [(3, 'b'), (3, 'c')]);
        assert_eq!((with(&all, 4), from(&all, 6)), (&[][..], &[][..]));
    }
}
