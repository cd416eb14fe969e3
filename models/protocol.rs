//! The interface between a protocol and the tools: it is checked, and it may be deployed.
//!
//! A protocol implements [`Protocol`], and if its nodes can be run, [`Deploy`], in its own
//! `protocol.rs`, and is named in a [list](crate::protocols). The commands, PROPERTIES.md and the
//! table of guarantees follow from the list. A protocol of a user's own is treated no differently.

use crate::abstract_model::ModelVisitor;
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::kv::Service;
use crate::kv::machine::Value;
use crate::kv::offer::Offer;
use crate::ring::Ring;
use crate::status::{Progress, Status};
use crate::topology::{Topology, Unsuitable};
use crate::world::{Checkable, Observer};
use crate::{Durable, Instance, Mutant, Recoverable, Reduced};
use serde::{Serialize, de::DeserializeOwned};
use stateright::actor::{Actor, Id, Out};
use std::ops::Range;
use std::time::Duration;

/// A protocol that is checked.
pub trait Protocol: 'static {
    /// Its name, on the command line and in cluster files: in kebab-case.
    const NAME: &'static str;
    /// What it is, in a line.
    const ABOUT: &'static str;
    /// Its nodes, as they are checked.
    type Checked: Checkable;
    /// What is recorded of a run.
    type History: Observer<<Self::Checked as Actor>::Msg>;

    /// Its instances, quick ones first.
    fn instances() -> Vec<Instance<Self::Checked, Self::History>>;

    /// What is recorded of the reduced checks of its instances.
    fn reduced() -> &'static [Reduced] {
        &[]
    }

    /// Its seeded bugs.
    fn mutants() -> Vec<Mutant<Self::Checked, Self::History>> {
        Vec::new()
    }

    /// What its instances show that it guarantees, for each of its modes.
    fn guarantees() -> Vec<Guarantee> {
        Vec::new()
    }

    /// Shows what may be chosen of an instance that is not recorded, if anything may.
    fn choice(_visitor: &mut impl ChoiceVisitor<Self::Checked, Self::History>) {}

    /// Shows its abstract models, if it has any.
    fn abstract_models(_visitor: &mut impl ModelVisitor) {}
}

/// An actor that a node can run: any actor whose parts have these properties.
pub trait Runnable:
    Recoverable
    + Actor<
        Msg: Serialize + DeserializeOwned,
        Timer: Ord,
        Storage: Durable + Serialize + DeserializeOwned + Send + 'static,
    >
{
}

impl<A> Runnable for A where
    A: Recoverable
        + Actor<
            Msg: Serialize + DeserializeOwned,
            Timer: Ord,
            Storage: Durable + Serialize + DeserializeOwned + Send + 'static,
        >
{
}

/// A protocol that is deployed: how a cluster file becomes its nodes.
pub trait Deploy: Protocol {
    /// What it offers its clients; [`MapOffer`](crate::kv::offer::MapOffer) if it replicates the
    /// map as a state machine.
    type Offer: Offer;
    /// What its servers say to each other.
    type Peer: Value;
    /// Its server, in any role.
    type Actor: Runnable + Actor<Msg = Message<Self>>;

    /// Server `id` of a cluster; an error if the protocol cannot run on such a cluster.
    fn server(topology: &Topology, id: Id) -> Result<Self::Actor, Unsuitable>;

    /// The servers that take requests, in the order in which a client tries them.
    fn client_servers(topology: &Topology) -> Result<Vec<Id>, Unsuitable> {
        Ok(topology.ids())
    }

    /// The status of a node in such a state: logged when it changes, so that an operator sees which
    /// server leads.
    fn status(_state: &StateOf<Self>) -> Status {
        Status { role: "server", ..Status::default() }
    }

    /// How far a node in such a state is: shown among its metrics.
    fn progress(_state: &StateOf<Self>) -> Progress {
        Progress::default()
    }

    /// The highest client id that the state knows of: new clients get ids above it. `None` if it
    /// knows of no client.
    fn newest_client(_state: &StateOf<Self>) -> Option<Id> {
        None
    }

    /// The promise of such a cluster, by which the history of its clients is judged.
    fn promise(_topology: &Topology) -> Promise {
        Promise::Nothing("the protocol does not say what it promises")
    }

    /// What survives in such a cluster, in a sentence that is shown when it starts; `None` if there
    /// is nothing to choose.
    fn survives(_topology: &Topology) -> Option<String> {
        None
    }

    /// Which servers hold which keys, where a ring says it.
    fn placement(_topology: &Topology) -> Option<Placement> {
        None
    }

    /// Whether this server may return when its data directory is lost.
    fn readmission(_server: Id) -> Readmission<Self::Actor> {
        Readmission::Refused(
            "it has forgotten what it promised to the others; go on with them, or copy what they hold \
             into a new cluster",
        )
    }

    /// Whether such a cluster serves its clients on when one of its servers, whichever, is down.
    fn survives_one(_topology: &Topology) -> bool {
        false
    }

    /// The servers of which some replicate each partition of a topic, while all others have a part in
    /// all partitions; `None` if the protocol has no topics.
    fn replicas(_topology: &Topology) -> Result<Option<Range<usize>>, Unsuitable> {
        Ok(None)
    }

    /// Whether every server does the requests that it takes itself, so that clients, where they are many, ask
    /// different ones.
    fn serves_anywhere() -> bool {
        false
    }

    /// How many requests a client's session has under way at most, each in a
    /// [slot](crate::kv::sessions::slots) of its own: more than one only where that is checked.
    fn client_slots() -> u8 {
        1
    }

    /// How often a client must be heard at least, that its session goes on; `None` if nothing ends
    /// with a session.
    fn keepalive(_topology: &Topology) -> Option<Duration> {
        None
    }

    /// How long a client waits for an answer before it asks another server, where the cluster file
    /// does not say it.
    fn client_retry() -> Range<Duration> {
        Duration::from_millis(200)..Duration::from_millis(400)
    }
}

/// The promise that a history of clients of a map is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Each key is linearizable (Herlihy and Wing 1990).
    Linearizable,
    /// The same, but for local reads: those may be old, yet what each client is told, of each key,
    /// never goes back in time (Lev-Ari et al. 2017, ordered sequential consistency).
    LocalReads,
    /// The same, and an ephemeral node is there exactly as long as the session that created it (Hunt
    /// et al. 2010, section 2.1).
    Sessions,
    /// Transactions are strictly serializable (Papadimitriou 1979).
    StrictlySerializable,
    /// Nodes that exchange what they have agree, and nothing acknowledged is lost but to a later
    /// write of the same key: one of two concurrent writes, unless they are kept as siblings.
    Converges {
        /// Whether concurrent writes are kept as siblings.
        siblings: bool,
    },
    /// Concurrent writes stay side by side, whichever servers took them, until a write whose client had read
    /// them; and servers agree when writes end.
    Siblings {
        /// Whether a read at any server returns each write that was acknowledged before it began, or one
        /// that replaced it.
        met: bool,
    },
    /// Each key is a register that any server reads and writes, and servers agree when writes end. A
    /// compare-and-swap is not to be mixed with that.
    Register(Register),
    /// Nothing of that: why.
    Nothing(&'static str),
}

/// What reads of a register return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// As if each operation happened at one point between its request and its reply (Herlihy and
    /// Wing 1990).
    Atomic,
    /// Nothing that was overwritten before the read began (Lamport 1986).
    Regular,
    /// No older version than a read that ended before it began (Terry et al. 1994).
    Monotonic,
    /// What somebody wrote.
    Eventual,
}

/// Where a ring puts keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The servers on the circle.
    pub ring: Ring,
    /// How many servers hold each key.
    pub replicas: usize,
}

/// What a deployed protocol's clients send.
pub type Request<D> = <<D as Deploy>::Offer as Offer>::Request;
/// What a deployed protocol's servers answer.
pub type Answer<D> = <<D as Deploy>::Offer as Offer>::Answer;
/// A message of a deployed protocol.
pub type Message<D> = Service<Request<D>, Answer<D>, <D as Deploy>::Peer>;
/// The state of a deployed protocol's node.
pub type StateOf<D> = <<D as Deploy>::Actor as Actor>::State;

/// How an actor starts whose disk was lost, by its id and its life's number:
/// [`Newcomer::on_newcomer`](crate::Newcomer::on_newcomer).
pub type StartNewcomer<A> = fn(&A, Id, u64, &mut Out<A>) -> <A as Actor>::State;

/// Whether a protocol can take a server back that has lost what was durable.
pub enum Readmission<A: Actor> {
    /// It cannot: why, and what to do.
    Refused(&'static str),
    /// It can: the server starts so, and by the protocol itself counts for nothing until it has
    /// what it must have.
    Rejoins(StartNewcomer<A>),
}
