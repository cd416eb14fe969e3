use super::*;
use proptest::prelude::*;

#[test]
fn kulkarni_2014_the_clock_follows_physical_time_when_that_is_ahead() {
    let clock = Stamp { physical: 5, logical: 3 };
    assert_eq!(clock.tick(6), Stamp { physical: 6, logical: 0 });
}

#[test]
fn kulkarni_2014_the_logical_part_counts_while_physical_time_is_not_ahead() {
    let clock = Stamp { physical: 5, logical: 3 };
    assert_eq!(clock.tick(5), Stamp { physical: 5, logical: 4 });
    assert_eq!(clock.tick(1), Stamp { physical: 5, logical: 4 });
}

#[test]
fn an_exhausted_logical_part_carries_over() {
    let clock = Stamp { physical: 5, logical: u32::MAX };
    assert_eq!(clock.tick(0), Stamp { physical: 6, logical: 0 });
}

#[test]
fn the_largest_physical_time_leaves_room_for_later_timestamps() {
    let first = Stamp::default().tick(u64::MAX);
    let mut clock = Stamp { logical: u32::MAX, ..first };
    for _ in 0..3 {
        let next = clock.tick(u64::MAX);
        assert!(next > clock, "{next:?} after {clock:?}");
        clock = Stamp { logical: u32::MAX, ..next };
    }
    let last = Stamp { physical: u64::MAX, logical: u32::MAX };
    assert_eq!(last.tick(u64::MAX), last, "not backwards");
    assert_eq!(last.tick(0), last);
}

#[test]
fn kulkarni_2014_theorem_1_what_a_node_received_has_a_lower_timestamp_than_what_it_writes() {
    let mut node = started(&config(2, Rule::LastWriterWins), 0);
    let ahead = Stamp { physical: 7, logical: 2 };
    node.on_peer(1, Peer::Delta(update(dot(1, 1), Order::Written(ahead), Some("b"))));
    let written = node.write(9, 1, put("a")).unwrap();
    let later = Stamp { physical: 7, logical: 3 };
    assert_eq!(written.version.order, Order::Written(later));
    assert_eq!(node.values("x"), bytes(&["a"]));
}

#[test]
fn a_node_that_comes_back_never_reuses_a_timestamp_or_a_dot() {
    let mut node = started(&config(2, Rule::LastWriterWins), 0);
    let before = node.write(9, 1, put("a")).unwrap();
    node.restart();
    let after = node.write(9, 2, put("b")).unwrap();
    assert_eq!((before.dot, after.dot), (dot(0, 1), dot(0, 2)));
    assert!(before.version.order < after.version.order);
}

#[test]
fn the_physical_part_comes_from_the_configuration() {
    let physical = PhysicalTime(|| 1234);
    let config = Config { physical, ..config(2, Rule::LastWriterWins) };
    let written = started(&config, 0).write(9, 1, put("a")).unwrap();
    assert_eq!(written.version.order, Order::Written(Stamp { physical: 1234, logical: 0 }));
}

proptest! {
    #[test]
    fn kulkarni_2014_timestamps_grow_and_stay_close_to_physical_time(
        times in proptest::collection::vec(0..50_u64, 1..40)
    ) {
        let mut clock = Stamp::default();
        for now in &times {
            let next = clock.tick(*now);
            prop_assert!(next > clock);
            prop_assert!(next.physical >= *now);
            clock = next;
        }
        prop_assert_eq!(clock.physical, *times.iter().max().unwrap());
    }
}
