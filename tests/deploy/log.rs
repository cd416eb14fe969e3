//! What a node logs: the leader, and the peers that it refuses.

use crate::support::KEYS;
use crate::support::processes::Cluster;
use std::net::UdpSocket;

/// The leader, by the last line that a node logged.
fn leader(line: &str) -> Option<usize> {
    let (_, rest) = line.split_once("led by server ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[test]
fn each_server_logs_who_leads_and_who_does_when_that_one_is_dead() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(cluster.client(&["put", "k", "v", "--timeout", "20s"]).0, 0);
    let first = leader(&cluster.await_line(0, |line| leader(line).is_some())).unwrap();
    cluster.await_line(first, |line| line.contains("the node is now leader, ballot "));
    cluster.kill(first);
    let witness = (first + 1) % 3;
    let next = |line: &str| leader(line).is_some_and(|leader| leader != first);
    let second = leader(&cluster.await_line(witness, next)).unwrap();
    assert_ne!(second, first);
}

#[test]
fn a_view_change_and_a_join_are_logged_with_the_members() {
    let mut cluster = Cluster::start("primary-backup", 3, "");
    cluster
        .await_line(0, |line| line.contains("view service, view 1, led by server 1, members 1 2"));
    cluster.kill(2);
    cluster.await_line(1, |line| {
        line.contains("primary, view") && line.contains("members 1 left_out")
    });
    cluster.restart(2);
    cluster.await_line(2, |line| line.contains("now backup, view") && line.contains("members 1 2"));
}

/// With another key, of another cluster: a few lines, however many datagrams there are.
#[test]
fn refused_peers_are_logged_but_not_each_datagram() {
    let cluster = Cluster::start("paxos", 3, KEYS);
    cluster.await_line(0, |line| leader(line).is_some());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let file = cluster.file();
    for _ in 0..1000 {
        socket.send_to(b"\x01 of an older version", file.servers[0].address).unwrap();
    }
    cluster.await_line(0, |line| line.contains("refused a datagram"));
    assert_eq!(cluster.client(&["put", "k", "v", "--timeout", "20s"]).0, 0);
    let count = cluster.log(0).lines().filter(|line| line.contains("refused a datagram")).count();
    assert!((1..=6).contains(&count), "{count} lines");
}
