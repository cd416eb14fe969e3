//! Servers and clients of two releases of the wire that follow each other, in one cluster.

use crate::support::processes::{Cluster, said};
use crate::support::{KEYS, SECOND};
use quorate::models::kv::Map;
use quorate::models::paxos::Paxos;
use quorate::node::deploy::open_client;

/// As a program of the release before.
const PREVIOUS: &[&str] = &["--previous-wire"];

/// A cluster goes from one release to the next, and back, server by server. At each step it needs two
/// servers of different releases for a quorum, and clients of both are answered.
#[test]
fn a_cluster_goes_from_one_release_to_the_next_and_back_server_by_server() {
    for keys in [KEYS, ""] {
        let mut cluster = Cluster::start("paxos", 3, keys);
        (0..3).for_each(|id| cluster.kill(id));
        (0..3).for_each(|id| cluster.restart_as(id, PREVIOUS));
        assert_eq!(cluster.client(&["put", "chain", "0", "--timeout", "20s"]).0, 0);
        let file = cluster.file();
        let [older, newer] = [file.clone().of_previous_release(), file];
        let mut clients =
            [older, newer].map(|file| open_client::<Paxos<Map>>(&file, None).unwrap());
        let steps: [(usize, &[&str]); 6] =
            [(0, &[]), (1, &[]), (2, &[]), (1, PREVIOUS), (0, PREVIOUS), (2, PREVIOUS)];
        let (mut value, mut now) = (0, [PREVIOUS; 3]);
        for (id, options) in steps {
            cluster.kill(id);
            cluster.restart_as(id, options);
            now[id] = options;
            // The two that are left must understand each other.
            let third = (id + 1) % 3;
            cluster.kill(third);
            cluster.swap(value, value + 1);
            value += 1;
            for (number, client) in clients.iter_mut().enumerate() {
                let put = client.put("key".into(), "x".into(), SECOND * 20);
                assert!(put.is_ok(), "client {number}, when {now:?} and {third} is down: {put:?}");
                let chain = client.get("chain".into(), SECOND * 20).unwrap();
                assert_eq!(chain, Some(value.to_string().as_str().into()));
            }
            cluster.restart_as(third, now[third]);
        }
        assert_eq!(
            cluster.client(&["get", "chain", "--timeout", "20s"]),
            said(0, &format!("{value}\n"))
        );
    }
}
