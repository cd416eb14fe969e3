//! A deployed protocol whose types are hidden, for the commands.

use super::crowd::{Crowd, open_crowd};
use super::place::Place;
use super::{AskError, ClientOf, DeployError, OpenError, ask, open_at, open_client};
use crate::node::cluster_file::ClusterFile;
use crate::node::stats::Stats;
use crate::node::stop::Stop;
use quorate_models::kv::offer::{Answered, Ask, Carried, Offer, OfferError};
use quorate_models::kv::tree::TreeEvent;
use quorate_models::protocol::{Deploy, Placement, Promise, Readmission};
use stateright::actor::Id;
use std::marker::PhantomData;
use std::ops::Range;
use std::time::{Duration, Instant};
use thiserror::Error;

/// A protocol that can be deployed.
pub trait Deployed: Send + Sync {
    /// What it is called in a cluster file.
    fn name(&self) -> &'static str;

    /// The commands that it serves.
    fn commands(&self) -> &'static [&'static str];

    /// An error unless server `id` of `cluster` can run it.
    ///
    /// # Errors
    /// When the cluster does not suit.
    fn check(&self, cluster: &ClusterFile, id: Id) -> Result<(), DeployError>;

    /// Runs the node whose data directory is at `data`, until it is stopped.
    ///
    /// # Errors
    /// When it cannot be opened, or its disk fails.
    fn run(&self, cluster: &ClusterFile, node: &Place<'_>, stop: &Stop)
    -> Result<Stats, OpenError>;

    /// Asks the cluster, or only one server of it, as a client that has `seen` what an answer said
    /// before.
    ///
    /// # Errors
    /// When there is no answer, or it is that nothing is done.
    fn ask(
        &self,
        cluster: &ClusterFile,
        wanted: &Ask,
        seen: Option<&str>,
        only: Option<Id>,
        deadline: Duration,
    ) -> Result<Told, CallError>;

    /// Opens a client that goes on to ask as the same, for all servers that take requests or only
    /// one.
    ///
    /// # Errors
    /// When the cluster does not suit, or there is no socket.
    fn client(
        &self,
        cluster: &ClusterFile,
        only: Option<Id>,
    ) -> Result<Box<dyn OpenClient>, OpenError>;

    /// Opens so many clients on one thread, which ask all servers that take requests, or only one.
    ///
    /// # Errors
    /// When the cluster does not suit, or there is no socket.
    fn crowd(
        &self,
        cluster: &ClusterFile,
        clients: usize,
        only: Option<Id>,
    ) -> Result<Box<dyn Crowd>, OpenError>;

    /// What such a cluster promises.
    fn promise(&self, cluster: &ClusterFile) -> Promise;

    /// What survives in such a cluster, in a sentence, where there is anything to choose.
    fn survives(&self, cluster: &ClusterFile) -> Option<String>;

    /// Which servers hold which keys, where a ring says it.
    fn placement(&self, cluster: &ClusterFile) -> Option<Placement>;

    /// Why this server cannot return when its data directory is lost; `None` if it can.
    fn cannot_return(&self, server: Id) -> Option<&'static str>;

    /// How often a client must be heard that its session goes on, where there are sessions.
    fn keepalive(&self, cluster: &ClusterFile) -> Option<Duration>;

    /// Whether such a cluster serves its clients on when one of its servers is down.
    fn survives_one(&self, cluster: &ClusterFile) -> bool;

    /// The servers of which some replicate each partition of a topic; `None` if it has no topics.
    ///
    /// # Errors
    /// When the cluster does not suit.
    fn replicas(&self, cluster: &ClusterFile) -> Result<Option<Range<usize>>, DeployError>;
}

/// A client of a cluster whose protocol's types are hidden.
pub trait OpenClient {
    /// Asks the cluster, after all that it asked before.
    ///
    /// # Errors
    /// When there is no answer, or it is that nothing is done.
    fn ask(&mut self, wanted: &Ask, deadline: Duration) -> Result<Answered, AskError>;

    /// The events of its watches that came since this was asked last. If there are none, waits for one
    /// for at most so long; one that is lost comes with the next answer.
    fn events(&mut self, wait: Duration) -> Vec<TreeEvent>;
}

/// The answer of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The answer.
    pub answered: Answered,
    /// The server that answered.
    pub server: Id,
    /// What the client knows now, for the next that goes on in its place; `None` if the protocol
    /// asks for nothing of the kind.
    pub seen: Option<String>,
}

/// Why a cluster did not answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// No client could be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was asked has no answer.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// The protocol `D`, its types hidden.
pub fn deployed<D: Deploy>() -> Box<dyn Deployed> {
    Box::new(Hidden(PhantomData::<fn() -> D>))
}

struct Hidden<D>(PhantomData<fn() -> D>);

impl<D: Deploy> Deployed for Hidden<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn commands(&self) -> &'static [&'static str] {
        D::Offer::COMMANDS
    }

    fn check(&self, cluster: &ClusterFile, id: Id) -> Result<(), DeployError> {
        let server = D::server(&cluster.topology(), id);
        server.map(drop).map_err(DeployError::unsuitable::<D>(cluster))
    }

    fn run(
        &self,
        cluster: &ClusterFile,
        node: &Place<'_>,
        stop: &Stop,
    ) -> Result<Stats, OpenError> {
        let mut opened = open_at::<D>(cluster, node)?;
        if let Some(show) = node.show {
            opened.show_on(show(opened.id())?, D::progress);
        }
        Ok(opened.run(stop)?)
    }

    fn ask(
        &self,
        cluster: &ClusterFile,
        wanted: &Ask,
        seen: Option<&str>,
        only: Option<Id>,
        deadline: Duration,
    ) -> Result<Told, CallError> {
        let resumed = |text: &str| {
            CarriedOf::<D>::resume(text)
                .ok_or_else(|| AskError::from(OfferError::BadSeen(text.into())))
        };
        let mut carried = seen.map(resumed).transpose()?.unwrap_or_default();
        let mut client = open_client::<D>(cluster, only)?;
        let answered =
            ask::<D::Offer, D::Peer>(&mut client, cluster, wanted, &mut carried, deadline)?;
        Ok(Told { answered, server: client.last_server(), seen: carried.token() })
    }

    fn client(
        &self,
        cluster: &ClusterFile,
        only: Option<Id>,
    ) -> Result<Box<dyn OpenClient>, OpenError> {
        let client = open_client::<D>(cluster, only)?;
        let carried = CarriedOf::<D>::default();
        Ok(Box::new(Opened::<D> { client, carried, cluster: cluster.clone() }))
    }

    fn crowd(
        &self,
        cluster: &ClusterFile,
        clients: usize,
        only: Option<Id>,
    ) -> Result<Box<dyn Crowd>, OpenError> {
        open_crowd::<D>(cluster, clients, only)
    }

    fn promise(&self, cluster: &ClusterFile) -> Promise {
        D::promise(&cluster.topology())
    }

    fn survives(&self, cluster: &ClusterFile) -> Option<String> {
        D::survives(&cluster.topology())
    }

    fn placement(&self, cluster: &ClusterFile) -> Option<Placement> {
        D::placement(&cluster.topology())
    }

    fn cannot_return(&self, server: Id) -> Option<&'static str> {
        match D::readmission(server) {
            Readmission::Refused(why) => Some(why),
            Readmission::Rejoins(_) => None,
        }
    }

    fn keepalive(&self, cluster: &ClusterFile) -> Option<Duration> {
        D::keepalive(&cluster.topology())
    }

    fn survives_one(&self, cluster: &ClusterFile) -> bool {
        D::survives_one(&cluster.topology())
    }

    fn replicas(&self, cluster: &ClusterFile) -> Result<Option<Range<usize>>, DeployError> {
        D::replicas(&cluster.topology()).map_err(DeployError::unsuitable::<D>(cluster))
    }
}

/// What a client of the protocol carries.
type CarriedOf<D> = <<D as Deploy>::Offer as Offer>::Carried;

struct Opened<D: Deploy> {
    client: ClientOf<D>,
    carried: CarriedOf<D>,
    cluster: ClusterFile,
}

impl<D: Deploy> OpenClient for Opened<D> {
    fn ask(&mut self, wanted: &Ask, deadline: Duration) -> Result<Answered, AskError> {
        let Self { client, carried, cluster } = self;
        ask::<D::Offer, D::Peer>(client, cluster, wanted, carried, deadline)
    }

    fn events(&mut self, wait: Duration) -> Vec<TreeEvent> {
        let Self { client, carried, .. } = self;
        let end = Instant::now() + wait;
        loop {
            let (events, left) = (carried.events(), end.saturating_duration_since(Instant::now()));
            if !events.is_empty() || left.is_zero() {
                return events;
            }
            client.listen(left, &mut |said| carried.hear(said));
        }
    }
}
