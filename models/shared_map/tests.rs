//! The map against a `BTreeMap`, and copies of it that must stand still.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::hash::DefaultHasher;

type Shared = SharedMap<u16, u8>;
type Plain = BTreeMap<u16, u8>;

/// A change: an insertion, a removal, or the removal of the first.
#[derive(Clone, Copy, Debug)]
enum Change {
    Insert(u16, u8),
    Remove(u16),
    PopFirst,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0..300_u16, any::<u8>()).prop_map(|(key, value)| Change::Insert(key, value)),
        2 => (0..300_u16).prop_map(Change::Remove),
        1 => Just(Change::PopFirst),
    ]
}

fn changed(shared: &mut Shared, plain: &mut Plain, change: Change) {
    match change {
        Change::Insert(key, value) => {
            assert_eq!(shared.insert(key, value), plain.insert(key, value));
        }
        Change::Remove(key) => assert_eq!(shared.remove(&key), plain.remove(&key)),
        Change::PopFirst => assert_eq!(shared.pop_first(), plain.pop_first()),
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn are_alike(shared: &Shared, plain: &Plain) -> Result<(), TestCaseError> {
    prop_assert!(shared.iter().eq(plain.iter()));
    prop_assert!(shared.keys().rev().eq(plain.keys().rev()));
    prop_assert!(shared.values().eq(plain.values()));
    prop_assert_eq!((shared.len(), shared.is_empty()), (plain.len(), plain.is_empty()));
    prop_assert_eq!(shared.first_key_value(), plain.first_key_value());
    prop_assert_eq!(shared.last_key_value(), plain.last_key_value());
    prop_assert_eq!(format!("{shared:?}"), format!("{plain:?}"));
    prop_assert_eq!(hash(shared), hash(plain));
    let bytes = postcard::to_allocvec(shared).unwrap();
    prop_assert_eq!(&bytes, &postcard::to_allocvec(plain).unwrap());
    prop_assert_eq!(&postcard::from_bytes::<Shared>(&bytes).unwrap(), shared);
    Ok(())
}

proptest! {
    #[test]
    fn it_is_a_map_whose_copies_stand_still(
        changes in vec(vec(change(), 0..120), 1..6),
        from in 0..300_u16,
        upto in 0..300_u16,
    ) {
        let (mut shared, mut plain) = (Shared::new(), Plain::new());
        let mut copies = Vec::new();
        for some in changes {
            copies.push((shared.clone(), plain.clone()));
            some.into_iter().for_each(|change| changed(&mut shared, &mut plain, change));
        }
        copies.push((shared, plain));
        for (shared, plain) in &copies {
            are_alike(shared, plain)?;
            prop_assert!(shared.range(from..).eq(plain.range(from..)));
            prop_assert!(shared.range(..=upto).rev().eq(plain.range(..=upto).rev()));
            prop_assert_eq!((shared.get(&from), shared.contains_key(&upto)),
                (plain.get(&from), plain.contains_key(&upto)));
            let built: Shared = plain.iter().map(|(key, value)| (*key, *value)).rev().collect();
            prop_assert_eq!(&built, shared, "equal however it came about");
            for (other, same) in &copies {
                prop_assert_eq!(shared.cmp(other), plain.cmp(same));
                prop_assert_eq!(shared == other, plain == same);
            }
        }
    }
}

#[test]
fn a_copy_is_the_same_until_either_changes() {
    let mut map: Shared = (0..1000).map(|key| (key, 1)).collect();
    let copy = map.clone();
    assert!(map.is_same(&copy));
    map.insert(7, 2);
    assert!(!map.is_same(&copy));
    assert_eq!((map[&7], copy[&7]), (2, 1));
    assert_ne!(map, copy);
}

/// A thousand copies of a map of a hundred thousand entries: far more than memory holds, were they
/// copied.
#[test]
fn copies_cost_nothing() {
    let map: SharedMap<u64, [u64; 32]> = (0..100_000).map(|key| (key, [key; 32])).collect();
    let copies = vec![map; 1000];
    assert!(copies.iter().all(|copy| copy.len() == 100_000));
}
