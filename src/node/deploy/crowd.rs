//! Many clients of a deployed protocol whose types are hidden, on one thread: what drives load.

use super::ask::AskError;
use super::{OpenError, client_servers};
use crate::node::client::{ClientError, Rules};
use crate::node::cluster_file::ClusterFile;
use crate::node::fleet::{Finished, Fleet, FleetCounts};
use quorate_models::kv::Abort;
use quorate_models::kv::offer::{Answered, Ask, AskOutcome, Carried, Offer, OfferError};
use quorate_models::kv::service::Refusal;
use quorate_models::protocol::{Answer, Deploy, Request};
use quorate_models::topology::Topology;
use stateright::actor::Id;
use std::time::Duration;

/// Clients of one cluster, numbered from 0, each with at most one request under way.
pub trait Crowd: Send {
    /// Begins to ask as one of the clients, which has nothing under way.
    ///
    /// # Errors
    /// When the protocol does not offer it, or it cannot be sent.
    fn begin(&mut self, client: usize, ask: &Ask) -> Result<(), AskError>;

    /// Waits no longer for the answer to what this client asked: it may have been done, or may yet.
    fn give_up(&mut self, client: usize);

    /// Waits at most `wait` for answers.
    ///
    /// # Errors
    /// When a request cannot be sent.
    fn step(&mut self, wait: Duration) -> Result<Vec<Heard>, ClientError>;

    /// What happened beside answers.
    fn counts(&self) -> FleetCounts;
}

/// An answer to one of the clients.
#[derive(Debug)]
pub struct Heard {
    /// Which.
    pub client: usize,
    /// The server that answered.
    pub server: Id,
    /// How its request ended.
    pub end: End,
}

/// How a request ended that was answered.
#[derive(Debug)]
pub enum End {
    /// It was done, and this is the answer.
    Done(Answered),
    /// It was not done, and is worth asking for again.
    Again(Abort),
    /// It was not done.
    Failed(OfferError),
    /// The servers gave it up: it may have been done, and may still be at any later time.
    TimedOut,
    /// A server will not do it; an [expired session](Refusal::SessionExpired) leaves open whether
    /// it was done.
    Refused(Refusal),
    /// A server answered something else than was asked.
    Nonsense,
}

/// Opens so many clients of a cluster that runs the protocol `D`, on one thread, which ask only the
/// server `only` if there is one.
pub fn open_crowd<D: Deploy>(
    cluster: &ClusterFile,
    clients: usize,
    only: Option<Id>,
) -> Result<Box<dyn Crowd>, OpenError> {
    let servers = client_servers::<D>(cluster, only)?;
    Ok(Box::new(Hidden::<D>::open(cluster, servers, clients)?))
}

/// A crowd that knows what its members asked.
pub(super) struct Hidden<D: Deploy> {
    fleet: Fleet<Request<D>, Answer<D>, D::Peer>,
    topology: Topology,
    asked: Vec<Option<Ask>>,
    /// What each of them knows.
    carried: Vec<<D::Offer as Offer>::Carried>,
}

impl<D: Deploy> Hidden<D> {
    pub(super) fn open(
        cluster: &ClusterFile,
        servers: Vec<Id>,
        clients: usize,
    ) -> Result<Self, OpenError> {
        let retry = cluster.timing.get("retry").unwrap_or_else(D::client_retry);
        let fleet = Fleet::open(cluster, servers, retry, (clients, 1), D::serves_anywhere())?;
        let fleet = fleet.heeding(Rules::of::<D::Offer>());
        let (asked, carried) = (vec![None; clients], vec![Default::default(); clients]);
        Ok(Self { fleet, topology: cluster.topology(), asked, carried })
    }

    fn end(&mut self, finished: Finished<Request<D>, Answer<D>>) -> Option<Heard> {
        // A member has one slot.
        let Finished { slot: client, op, server, result } = finished;
        let ask = self.asked[client].take()?;
        let end = match result {
            Err(why) => End::Refused(why),
            Ok(answer) => {
                self.carried[client].learn(&op, &answer);
                match D::Offer::answer(&self.topology, &ask, answer) {
                    None => End::Nonsense,
                    Some(AskOutcome::Done(answered)) => End::Done(answered),
                    Some(AskOutcome::Again(why)) => End::Again(why),
                    Some(AskOutcome::Failed(error)) => End::Failed(error),
                    Some(AskOutcome::TimedOut) => End::TimedOut,
                }
            }
        };
        Some(Heard { client, server, end })
    }
}

impl<D: Deploy> Crowd for Hidden<D> {
    fn begin(&mut self, client: usize, ask: &Ask) -> Result<(), AskError> {
        let mut request = D::Offer::request(&self.topology, ask)?;
        self.carried[client].stamp(&mut request);
        D::Offer::check(&request).map_err(OfferError::from)?;
        self.asked[client] = Some(ask.clone());
        Ok(self.fleet.begin(client, request)?)
    }

    fn give_up(&mut self, client: usize) {
        self.asked[client] = None;
        self.fleet.give_up(client);
    }

    fn step(&mut self, wait: Duration) -> Result<Vec<Heard>, ClientError> {
        let finished = self.fleet.step(wait)?;
        Ok(finished.into_iter().filter_map(|finished| self.end(finished)).collect())
    }

    fn counts(&self) -> FleetCounts {
        self.fleet.counts()
    }
}
