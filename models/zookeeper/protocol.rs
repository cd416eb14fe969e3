//! ZooKeeper: what the tools need to know.

use super::offer::TreeOffer;
use super::{Config, History, SESSION_TIMEOUT, State, Tree, ZooKeeper};
use super::{choice, guarantees, instances, mutants};
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Progress, Status};
use crate::timing::{TimingError, fits};
use crate::topology::{Topology, Unsuitable};
use crate::zab::{self, Timing};
use crate::{Instance, Mutant, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

/// The timing that the tree adds to Zab's.
const SESSION: &str = "session";

impl Protocol for ZooKeeper {
    const NAME: &'static str = "zookeeper";
    const ABOUT: &'static str = "ZooKeeper's data tree on Zab: versions, sessions, ephemeral and sequential nodes, \
         watches, and a lock";
    type Checked = Self;
    type History = History;

    fn instances() -> Vec<Instance<Self, History>> {
        instances::instances()
    }

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn mutants() -> Vec<Mutant<Self, History>> {
        mutants::mutants()
    }

    fn choice(visitor: &mut impl ChoiceVisitor<Self, History>) {
        visitor.visit(choice::choice());
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }
}

impl Deploy for ZooKeeper {
    type Offer = TreeOffer;
    type Peer = zab::Peer<Tree>;
    type Actor = Self;

    fn server(topology: &Topology, _: Id) -> Result<Self, Unsuitable> {
        Ok(config(topology)?.server())
    }

    fn client_servers(topology: &Topology) -> Result<Vec<Id>, Unsuitable> {
        let config = config(topology)?;
        Ok(config.zab().server_ids().chain(config.zab().observer_ids()).collect())
    }

    fn status(state: &State) -> Status {
        let State::Server(server) = state else { return Status::default() };
        server.zab.status()
    }

    fn progress(state: &State) -> Progress {
        let State::Server(server) = state else { return Progress::default() };
        server.zab.progress()
    }

    fn newest_client(state: &State) -> Option<Id> {
        let State::Server(server) = state else { return None };
        server.zab.newest_client()
    }

    fn readmission(_server: Id) -> Readmission<Self> {
        Readmission::Refused(zab::FORGOTTEN)
    }

    fn survives_one(topology: &Topology) -> bool {
        topology.servers() > 2
    }

    fn promise(_: &Topology) -> Promise {
        Promise::Sessions
    }

    fn keepalive(topology: &Topology) -> Option<Duration> {
        config(topology).ok().map(|config| config.session_timeout.start / 3)
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    let (mut timings, mut timeout) = (topology.timing.clone(), SESSION_TIMEOUT);
    if let Some(given) = timings.take(SESSION) {
        timeout = given;
    }
    let timing = Timing::given(&timings).map_err(|error| match error {
        TimingError::Unknown { name, mut known } => {
            known.push(SESSION);
            TimingError::Unknown { name, known }
        }
        error => error,
    })?;
    let otherwise = "a session would end where two requests of its client are lost";
    fits(3, ("retry", &timing.retry), (SESSION, &timeout), otherwise)?;
    let mut config = Config::new(zab::config_of(topology, &timings)?, timing);
    config.session_timeout = timeout;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::Timings;
    use crate::topology::tests::topology;
    use std::collections::BTreeMap;

    fn timed(name: &str, range: [u64; 2]) -> Result<Config, Unsuitable> {
        let timing = Timings::try_from(BTreeMap::from([(name.to_owned(), range)])).unwrap();
        config(&Topology { timing, ..topology("", &["", "", "", "observer"]) })
    }

    #[test]
    fn a_cluster_file_says_how_long_a_session_lives() {
        let config = timed("session", [1000, 1100]).unwrap();
        assert_eq!(config.session_timeout, Duration::from_secs(1)..Duration::from_millis(1100));
        assert_eq!((config.zab().servers(), config.zab().observers), (3, 1));
        let error = timed("session", [300, 400]).unwrap_err().to_string();
        assert!(error.contains("make it begin at 750 ms"), "{error}");
        let error = timed("sessions", [1000, 1100]).unwrap_err().to_string();
        assert!(error.contains("heartbeat, election, candidacy, retry, session"), "{error}");
        assert_eq!(timed("retry", [100, 200]).unwrap().session_timeout, SESSION_TIMEOUT);
    }
}
