//! Multi-Paxos as processes: a minority is killed at a time, then all, and every acknowledged
//! write is there, applied once.

use crate::support::processes::Cluster;
use crate::support::{KEYS, SECOND};
use quorate::models::kv::{Bytes, Map, Range};
use quorate::models::paxos::Paxos;
use quorate::node::deploy::{ClientOf, open_client};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

#[test]
fn acknowledged_writes_survive_the_death_of_any_minority_and_of_all() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(cluster.client(&["put", "chain", "0", "--timeout", "20s"]).0, 0);
    let mut value = 0;
    for victim in [0, 1, 2, 0] {
        for step in 0..3 {
            match step {
                1 => cluster.kill(victim),
                2 => cluster.restart(victim),
                _ => {}
            }
            cluster.swap(value, value + 1);
            value += 1;
        }
    }
    (0..3).for_each(|id| cluster.kill(id));
    (0..3).for_each(|id| cluster.restart(id));
    let read = cluster.client(&["get", "chain", "--timeout", "20s"]);
    assert_eq!(read, (0, format!("{value}\n")));
}

/// A writer puts the same number under two keys in turn, `a` first. A range at one point in time finds
/// the same under both, or one more under `a`; while the leader is killed, too.
#[test]
fn a_range_is_read_at_one_point_in_time_whoever_leads() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    let file = cluster.file();
    let open = || open_client::<Paxos<Map>>(&file, None).unwrap();
    let put = |client: &mut ClientOf<Paxos<Map>>, key: &str, number: u32| {
        while client.put(key.into(), Bytes::from(&*format!("{number:06}")), SECOND * 5).is_err() {}
    };
    let mut writer = open();
    ["a", "b"].iter().for_each(|key| put(&mut writer, key, 0));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1.. {
                ["a", "b"].iter().for_each(|key| put(&mut writer, key, number));
                if stop.load(Relaxed) {
                    break;
                }
            }
        });
        let (mut reader, mut last) = (open(), 0);
        for victim in [0, 1, 2] {
            for _ in 0..30 {
                last = numbers(&mut reader, last);
            }
            cluster.kill(victim);
            last = numbers(&mut reader, last);
            cluster.restart(victim);
        }
        stop.store(true, Relaxed);
        assert!(last > 0, "it saw no write");
    });
}

/// The number that a range finds under the second key, all at once and page by page; it found `last`
/// before.
fn numbers(reader: &mut ClientOf<Paxos<Map>>, last: u32) -> u32 {
    let number = |value: &Bytes| value.to_string().parse::<u32>().unwrap();
    let page = reader.prefix("".into(), 9, SECOND * 20).unwrap();
    let [(_, first), (_, second)] = page.pairs.as_slice() else { panic!("{page:?}") };
    let (first, second) = (number(first), number(second));
    assert!(first == second || first == second + 1, "{first} and {second} at one time");
    assert!(second >= last, "{second} after {last}");
    let all = Range::prefix("".into(), 1);
    let page = reader.range(all.clone(), SECOND * 20).unwrap();
    let rest = reader.range(all.rest(page.next.unwrap()), SECOND * 20).unwrap();
    assert!(number(&page.pairs[0].1) <= number(&rest.pairs[0].1) + 1 && !rest.more());
    number(&rest.pairs[0].1)
}

#[test]
fn a_majority_down_answers_nobody_and_says_so() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(cluster.client(&["put", "color", "green", "--timeout", "20s"]).0, 0);
    cluster.kill(0);
    cluster.kill(1);
    assert_eq!(cluster.client(&["get", "color", "--timeout", "2s"]).0, 3);
    cluster.restart(1);
    let read = cluster.client(&["get", "color", "--timeout", "20s"]);
    assert_eq!(read, (0, "green\n".into()));
}
