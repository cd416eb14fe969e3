//! The status of a node, for an operator: its role, in which view, ballot or epoch,
//! and which server leads.

use stateright::actor::Id;
use std::fmt;

/// What a node is at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its part in the protocol: `leader`, `backup`, `participant`.
    pub role: &'static str,
    /// The view, ballot or epoch that it is in, by the protocol's own name of it.
    pub epoch: Option<(&'static str, u64)>,
    /// The server that leads, as far as this node knows.
    pub leader: Option<Id>,
    /// The members of the view, where the protocol has views.
    pub members: Vec<Id>,
}

/// How far a node is, as reported to an operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many operations, or slots, it has applied, where the protocol has one order of them: a
    /// node that is behind another has less.
    pub applied: Option<u64>,
    /// How many clients have a session that it remembers.
    pub sessions: Option<usize>,
    /// What its log of records keeps, where the protocol has one.
    pub kept: Option<Kept>,
}

/// What a log of records keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many records, each message of a batch counted.
    pub records: u64,
    /// How many batches; a record that was appended alone is one.
    pub batches: u64,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.role)?;
        // A protocol without epochs has no leader either.
        let Some((name, number)) = self.epoch else { return Ok(()) };
        write!(f, ", {name} {number}")?;
        match self.leader {
            Some(leader) => write!(f, ", led by server {}", usize::from(leader))?,
            None => f.write_str(", no leader known")?,
        }
        if !self.members.is_empty() {
            let members: Vec<String> =
                self.members.iter().map(|id| usize::from(*id).to_string()).collect();
            write!(f, ", members {}", members.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_who_leads() {
        let status = Status {
            role: "backup",
            epoch: Some(("view", 4)),
            leader: Some(Id::from(2)),
            members: Id::vec_from([2, 3]),
        };
        assert_eq!(status.to_string(), "backup, view 4, led by server 2, members 2 3");
        let lost = Status { role: "follower", epoch: Some(("ballot", 0)), ..Status::default() };
        assert_eq!(lost.to_string(), "follower, ballot 0, no leader known");
        assert_eq!(Status { role: "node", ..Status::default() }.to_string(), "node");
    }
}
