//! The network itself: it does to datagrams what it is asked to, and the same again with the same
//! seed.

use quorate::chaos::network::{Faults, Network};
use std::net::UdpSocket;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// So few, with those at the end, that sockets hold all of them should nobody read for a while.
const SENT: u32 = 150;
const SEED: u64 = 7;

/// Sends numbered datagrams from node 0 to node 1; those that arrive.
fn arrivals(faults: Faults, seed: u64, is_calm: bool) -> Vec<u32> {
    let network = Network::open(2, faults, seed).unwrap();
    let nodes: Vec<_> = network.nodes().iter().map(|at| UdpSocket::bind(at).unwrap()).collect();
    if is_calm {
        network.heal();
    }
    // The last ones only show that those before them, if they come at all, have come.
    let last = SENT..SENT + 50;
    let (sender, receiver, doors) = (&nodes[0], &nodes[1], network.doors());
    receiver.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut found = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..last.end {
                sender.send_to(&number.to_le_bytes(), doors[1]).unwrap();
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        loop {
            let mut bytes = [0; 4];
            let (_, from) = receiver.recv_from(&mut bytes).unwrap();
            assert_eq!(from, doors[0], "a node speaks from its own door");
            let number = u32::from_le_bytes(bytes);
            if last.contains(&number) {
                break;
            }
            found.push(number);
        }
    });
    if !is_calm {
        let dropped = network.counts().dropped.load(Ordering::Relaxed);
        let duplicated = network.counts().duplicated.load(Ordering::Relaxed);
        assert!(dropped > 0 && duplicated > 0, "{:?}", network.counts());
    }
    found
}

#[test]
fn fates_are_those_of_the_seed() {
    let faults = Faults { drop: 0.3, duplicate: 0.3, delay: 0.0, ..Faults::default() };
    let found = arrivals(faults, SEED, false);
    assert_eq!(arrivals(faults, SEED, false), found);
    assert_ne!(arrivals(faults, SEED + 1, false), found);
    let lost = (0..SENT).filter(|number| !found.contains(number)).count();
    assert!((25..65).contains(&lost), "{lost}");
    assert!(found.is_sorted(), "nothing was delayed");
}

#[test]
fn delays_reorder_and_a_network_that_healed_does_nothing() {
    let longest = Duration::from_millis(20);
    let faults = Faults { drop: 0.1, duplicate: 0.1, delay: 0.5, longest };
    assert!(!arrivals(faults, SEED, false).is_sorted());
    assert!(arrivals(faults, SEED, true).into_iter().eq(0..SENT));
}
