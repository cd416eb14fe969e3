//! The cluster of a partition: a cluster file that follows from another.

use super::{ClusterFile, Server, Topic, topics::Part};
use std::net::SocketAddr;

impl ClusterFile {
    /// The cluster of a partition of a topic, which is at number `at` of all partitions, from 1.
    pub(in crate::node) fn of_partition(
        &self,
        topic: &Topic,
        number: usize,
        at: usize,
        servers: Vec<usize>,
    ) -> Self {
        let place = |(id, server): (usize, &usize)| {
            let Server { role, address, .. } = self.servers[*server].clone();
            Server { id, role, address: beside(address, at), metrics: None }
        };
        Self {
            name: format!("{}/{}-{number}", self.name, topic.name),
            servers: servers.iter().enumerate().map(place).collect(),
            topics: Vec::new(),
            part: Some(Part { topic: topic.name.clone(), number, of: topic.partitions, servers }),
            ..self.clone()
        }
    }

    /// How many ports each server has: the one in the file, and one more for each partition.
    pub fn ports(&self) -> usize {
        1 + self.topics.iter().map(|topic| topic.partitions).sum::<usize>()
    }

    /// The partition of which this is the cluster, as `TOPIC-NUMBER`; empty for the default topic's.
    pub(in crate::node) fn part_name(&self) -> String {
        self.part
            .as_ref()
            .map_or_else(String::new, |part| format!("{}-{}", part.topic, part.number))
    }
}

/// The address at so many ports above this one.
pub(in crate::node) fn beside(mut address: SocketAddr, at: usize) -> SocketAddr {
    // A cluster file has no ports beyond the last, and a wrong one given elsewhere cannot be bound.
    address.set_port(address.port().saturating_add(u16::try_from(at).unwrap_or(u16::MAX)));
    address
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;
    use super::super::{ClusterFileError, Flaw};
    use super::*;
    use std::fmt::Write;

    fn file(ports: &[u16], topics: &str) -> Result<ClusterFile, Flaw> {
        let mut text = "name = \"demo\"\nprotocol = \"kafka\"\n".to_owned();
        for (id, port) in ports.iter().enumerate() {
            write!(text, "[[server]]\nid = {id}\naddress = \"127.0.0.1:{port}\"\n").unwrap();
        }
        parse(&(text + topics)).map_err(|error| match error {
            ClusterFileError::Flawed { flaw, .. } => flaw,
            other => panic!("{other}"),
        })
    }

    fn topic(name: &str, partitions: usize) -> String {
        format!("[[topic]]\nname = {name:?}\npartitions = {partitions}\n")
    }

    #[test]
    fn topics_and_the_ports_that_they_need_are_bounded() {
        let ports = [7000, 7100, 7200, 7300];
        let two = topic("orders", 3) + &topic("x.y_z-1", 29);
        assert_eq!(file(&ports, &two).unwrap().ports(), 33);
        let flaw = |ports: &[u16], topics: &str| file(ports, topics).unwrap_err();
        for name in ["", "a/b", "ü", &"x".repeat(65)] {
            assert!(matches!(flaw(&ports, &topic(name, 1)), Flaw::TopicName { .. }), "{name}");
        }
        let twice = topic("a", 1) + &topic("a", 1);
        assert!(matches!(flaw(&ports, &twice), Flaw::DuplicateTopic { .. }));
        assert!(matches!(flaw(&ports, &topic("default", 1)), Flaw::DuplicateTopic { .. }));
        for partitions in [0, 33, usize::MAX] {
            let flaw = flaw(&ports, &topic("a", partitions));
            assert!(matches!(flaw, Flaw::Partitions { .. }), "{partitions}: {flaw}");
        }
        assert!(matches!(flaw(&[7000, 7003], &topic("a", 3)), Flaw::PortsMeet { .. }));
        assert!(file(&[7000, 7004], &topic("a", 3)).is_ok());
        assert!(matches!(flaw(&[65_530], &topic("a", 6)), Flaw::PortsEnd { .. }));
    }

    #[test]
    fn a_partition_is_a_cluster_of_its_own_in_the_same_processes() {
        let whole = file(&[7000, 7100, 7200, 7300], &topic("orders", 3)).unwrap();
        let orders = &whole.topics[0];
        let of = |number, servers: &[usize]| {
            whole.of_partition(orders, number, number + 1, servers.to_vec())
        };
        let second = of(1, &[0, 2, 3]);
        let ports: Vec<u16> = second.servers.iter().map(|it| it.address.port()).collect();
        assert_eq!((ports, second.ports()), (vec![7002, 7202, 7302], 1));
        assert_eq!(
            (second.name.as_str(), second.part_name().as_str()),
            ("demo/orders-1", "orders-1")
        );
        let all = [of(0, &[0, 2, 3]), of(1, &[0, 3, 2]), of(1, &[0, 2, 3, 1]), whole.clone()];
        for other in all {
            assert_ne!(other.fingerprint(), second.fingerprint(), "{}", other.name);
        }
        // Topics may be added: who runs without them belongs to the same cluster.
        let without = file(&[7000, 7100, 7200, 7300], "").unwrap();
        assert_eq!(whole.fingerprint(), without.fingerprint());
    }
}
