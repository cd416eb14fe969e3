//! Multi-Paxos as processes: a minority is killed at a time, then all, and every acknowledged
//! write is there, applied once.

use crate::support::KEYS;
use crate::support::processes::Cluster;

/// Each value is swapped for the next, so a write that is lost or applied twice breaks the chain.
/// A swap that got no answer, or whose retry was answered by a later try, is settled by a read.
fn swap(cluster: &Cluster, from: u32, to: u32) {
    let (old, new) = (from.to_string(), to.to_string());
    for _ in 0..30 {
        let swap = ["cas", "chain", "--expected", &old, &new, "--timeout", "3s"];
        if cluster.client(&swap).0 == 0 {
            return;
        }
        if cluster.client(&["get", "chain", "--timeout", "3s"]) == (0, format!("{new}\n")) {
            return;
        }
    }
    panic!("{from} could not be swapped for {to}");
}

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
            swap(&cluster, value, value + 1);
            value += 1;
        }
    }
    (0..3).for_each(|id| cluster.kill(id));
    (0..3).for_each(|id| cluster.restart(id));
    let read = cluster.client(&["get", "chain", "--timeout", "20s"]);
    assert_eq!(read, (0, format!("{value}\n")));
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
