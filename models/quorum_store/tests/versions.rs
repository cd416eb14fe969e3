//! The order of versions.

use super::super::{Stamp, Version};
use crate::clock;
use proptest::prelude::*;
use stateright::actor::Id;

fn version() -> impl Strategy<Value = Version> {
    let value = proptest::option::of("[a-c]{2}");
    (0..3_u64, 0..2_usize, value).prop_map(|(physical, node, value)| {
        let stamp = Stamp { time: clock::Stamp { physical, logical: 0 }, node: Id::from(node) };
        Version::new(stamp, value.map(|value| value.as_str().into()))
    })
}

proptest! {
    /// The newest of several is the same in whatever order they come, so replicas converge.
    #[test]
    fn the_order_of_arrival_does_not_matter(a in version(), b in version(), c in version()) {
        type Merge = fn(Version, Version) -> Version;
        for newer in [Version::newer as Merge, Version::mixed] {
            prop_assert_eq!(newer(a.clone(), a.clone()), a.clone());
            prop_assert_eq!(newer(a.clone(), b.clone()), newer(b.clone(), a.clone()));
            let left = newer(newer(a.clone(), b.clone()), c.clone());
            prop_assert_eq!(left, newer(a.clone(), newer(b.clone(), c.clone())));
        }
    }

    #[test]
    fn a_horizon_grows_with_each_tombstone(a in version(), b in version()) {
        let horizon = a.stamp.past(b.stamp);
        prop_assert!(horizon > a.stamp && horizon >= b.stamp);
    }

    #[test]
    fn a_larger_timestamp_is_newer(a in version(), b in version()) {
        let newer = a.clone().newer(b.clone());
        prop_assert_eq!(newer.stamp, a.stamp.max(b.stamp));
    }
}

#[test]
fn of_equal_timestamps_a_tombstone_wins_and_then_the_larger_value() {
    let version = |value: Option<&str>| Version::new(Stamp::default(), value.map(Into::into));
    let (none, low, high) = (version(None), version(Some("ab")), version(Some("ba")));
    assert_eq!(low.clone().newer(high.clone()), high);
    assert_eq!(high.clone().newer(none.clone()), none);
    assert_eq!(low.mixed(high), version(Some("bb")));
}
