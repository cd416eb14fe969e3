//! A cluster as a protocol sees it when it is deployed: plain data, made from the cluster file.

use crate::timing::{TimingError, Timings};
use stateright::actor::Id;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// A message authentication code under a key that all servers have and no client has.
pub type Code = Arc<dyn Fn(&[u8]) -> [u8; 16] + Send + Sync>;

/// Whether two codes are the same. Every byte is compared, so that the time it takes reveals nothing.
pub fn is_same_code(one: [u8; 16], other: [u8; 16]) -> bool {
    one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

/// The servers of a cluster, and how they are to run.
#[derive(Clone)]
pub struct Topology {
    /// A variant of the protocol, where it has any.
    pub mode: Option<String>,
    /// The servers' roles, by id, where the cluster file gives any.
    pub roles: Vec<Option<String>>,
    /// How long things take, where it is not the default.
    pub timing: Timings,
    /// Physical time in milliseconds since a fixed moment. It may jump or run backwards.
    pub clock: fn() -> u64,
    /// Proves to a server that a server made what a client gives it.
    pub code: Code,
}

impl Topology {
    /// A cluster of so many servers, without a mode or roles, with default timings, a clock that
    /// stands still, and no proofs: for tests.
    pub fn plain(servers: usize) -> Self {
        let (mode, timing, clock) = (None, Timings::default(), (|| 0) as fn() -> u64);
        Self { mode, roles: vec![None; servers], timing, clock, code: Arc::new(|_| [0; 16]) }
    }

    /// How many servers there are.
    pub fn servers(&self) -> usize {
        self.roles.len()
    }

    /// Their ids.
    pub fn ids(&self) -> Vec<Id> {
        (0..self.servers()).map(Id::from).collect()
    }

    /// An error unless each server that is given a role has the one that it has by its id.
    pub fn check_roles(&self, role: impl Fn(usize) -> &'static str) -> Result<(), Unsuitable> {
        for (id, given) in self.roles.iter().enumerate() {
            let role = role(id);
            if given.as_deref().is_some_and(|given| given != role) {
                let reason = format!("server {id} is the {role}; give it that role, or none");
                return Err(Unsuitable(reason));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, roles, timing, .. } = self;
        f.debug_struct("Topology")
            .field("mode", mode)
            .field("roles", roles)
            .field("timing", timing)
            .finish_non_exhaustive()
    }
}

/// A protocol cannot run on such a cluster: what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unsuitable(pub String);

impl From<TimingError> for Unsuitable {
    fn from(error: TimingError) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A cluster with a server for each of `roles`; an empty text stands for nothing given.
    pub(crate) fn topology(mode: &str, roles: &[&str]) -> Topology {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let roles: Vec<_> = roles.iter().map(|role| given(role)).collect();
        Topology { mode: given(mode), roles, ..Topology::plain(0) }
    }

    #[test]
    fn a_role_that_is_not_the_servers_is_refused() {
        let role = |id| if id == 0 { "leader" } else { "follower" };
        topology("", &["", "follower"]).check_roles(role).unwrap();
        let error = topology("", &["follower", ""]).check_roles(role).unwrap_err().to_string();
        assert!(error.contains("server 0 is the leader"), "{error}");
    }
}
