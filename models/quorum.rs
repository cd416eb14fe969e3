//! Quorums: how many of a set must agree, written once.

/// The size of a majority of `servers`: any two majorities share a server.
pub const fn majority(servers: usize) -> usize {
    servers / 2 + 1
}

/// Whether every quorum of size `a` meets every quorum of size `b` among `servers`
/// (Howard, Malkhi and Spiegelman 2016: all that Paxos needs of its two kinds of quorum).
pub const fn intersect(servers: usize, a: usize, b: usize) -> bool {
    a <= servers && b <= servers && a + b > servers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_two_majorities_intersect_and_no_smaller_quorum_does() {
        for servers in 1..20 {
            assert!(intersect(servers, majority(servers), majority(servers)));
            let half = servers / 2;
            assert!(!intersect(servers, half, half), "{servers} servers");
        }
    }

    #[test]
    fn a_quorum_larger_than_the_cluster_does_not_exist() {
        assert!(!intersect(3, 4, 1));
    }
}
