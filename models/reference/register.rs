//! Servers behind stateright's register interface, with clients that write once and then read.

use crate::durable::Durable;
use crate::world::{Cluster, Condition, NetworkKind, Observer, Property, Rules, Setup};
use stateright::Expectation;
use stateright::actor::register::{RegisterActor, RegisterMsg};
use stateright::actor::{Actor, ActorModel, Envelope, Id, Network};
use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};
use std::fmt::Debug;
use std::hash::Hash;

/// What the clients of a register saw.
pub type RegisterHistory = LinearizabilityTester<Id, Register<char>>;

/// A message to, from or between the servers of a register.
type Msg<I> = RegisterMsg<u64, char, I>;

impl<I> Observer<Msg<I>> for RegisterHistory {
    fn observes(envelope: Envelope<&Msg<I>>) -> bool {
        !matches!(envelope.msg, RegisterMsg::Internal(_))
    }

    fn on_send(&self, envelope: Envelope<&Msg<I>>) -> Option<Self> {
        let op = match envelope.msg {
            RegisterMsg::Put(_, value) => RegisterOp::Write(*value),
            RegisterMsg::Get(_) => RegisterOp::Read,
            _ => return None,
        };
        let mut next = self.clone();
        // A misuse makes the history inconsistent for good, which the property then reports.
        let _ = next.on_invoke(envelope.src, op);
        Some(next)
    }

    fn on_deliver(&self, envelope: Envelope<&Msg<I>>) -> Option<Self> {
        let ret = match envelope.msg {
            RegisterMsg::PutOk(_) => RegisterRet::WriteOk,
            RegisterMsg::GetOk(_, value) => RegisterRet::ReadOk(*value),
            _ => return None,
        };
        let mut next = self.clone();
        let _ = next.on_return(envelope.dst, ret);
        Some(next)
    }
}

/// What a register's servers must be for both checkers.
pub trait Server<I>:
    Actor<
        Msg = Msg<I>,
        Timer: Ord + Send + Sync,
        State: Send + Sync,
        Storage: Durable + Send + Sync,
        Random: Send + Sync,
    > + Send
    + Sync
    + 'static
{
}

impl<I, S> Server<I> for S
where
    S: Actor<Msg = Msg<I>> + Send + Sync + 'static,
    S::Timer: Ord + Send + Sync,
    S::State: Send + Sync,
    S::Storage: Durable + Send + Sync,
    S::Random: Send + Sync,
{
}

/// A register's servers and clients.
fn actors<S>(servers: Vec<S>, clients: usize) -> Vec<RegisterActor<S>> {
    let server_count = servers.len();
    let servers = servers.into_iter().map(RegisterActor::Server);
    let clients = (0..clients).map(|_| RegisterActor::Client { put_count: 1, server_count });
    servers.chain(clients).collect()
}

/// Whether a read of a written value is being answered: shows that the register is used.
fn answers_a_read<I>(msg: &Msg<I>) -> bool {
    matches!(msg, RegisterMsg::GetOk(_, value) if *value != char::default())
}

/// The register as a cluster under stateright's rules. The network is the multiset, or ordered
/// links.
pub fn cluster_of<I, S>(
    servers: Vec<S>,
    clients: usize,
    network: NetworkKind,
) -> Cluster<RegisterActor<S>, RegisterHistory>
where
    S: Server<I>,
    I: Clone + Debug + Ord + Hash + Send + Sync + 'static,
{
    setup_of(servers, clients, network).cluster()
}

/// What [`cluster_of`] is made from.
pub fn setup_of<I, S>(
    servers: Vec<S>,
    clients: usize,
    network: NetworkKind,
) -> Setup<RegisterActor<S>, RegisterHistory>
where
    S: Server<I>,
    I: Clone + Debug + Ord + Hash + Send + Sync + 'static,
{
    let count = servers.len();
    let history = RegisterHistory::new(Register(char::default()));
    Setup::new(actors(servers, clients), count, history)
        .network(network)
        .rules(Rules::Stateright)
        .property(Property::always(
            "linearizable",
            Condition::history(|history: &RegisterHistory| history.is_consistent()),
        ))
        .property(Property::sometimes(
            "value chosen",
            Condition::world(|view| view.envelopes().any(|e| answers_a_read(&e.msg))),
        ))
}

/// The same register as stateright's own model.
///
/// # Panics
/// On the single-copy network, which stateright does not have.
pub fn stateright_model_of<I, S>(
    servers: Vec<S>,
    clients: usize,
    network: NetworkKind,
) -> ActorModel<RegisterActor<S>, (), RegisterHistory>
where
    S: Server<I>,
    I: Clone + Debug + Ord + Hash + Send + Sync + 'static,
{
    let network = match network {
        NetworkKind::Set => Network::new_unordered_duplicating([]),
        NetworkKind::Multiset => Network::new_unordered_nonduplicating([]),
        NetworkKind::Single => panic!("stateright has no single-copy network"),
        NetworkKind::Ordered => Network::new_ordered([]),
    };
    let history = RegisterHistory::new(Register(char::default()));
    ActorModel::new((), history)
        .actors(actors(servers, clients))
        .init_network(network)
        .property(Expectation::Always, "linearizable", |_, state| state.history.is_consistent())
        .property(Expectation::Sometimes, "value chosen", |_, state| {
            state.network.iter_deliverable().any(|e| answers_a_read(e.msg))
        })
        .record_msg_in(RegisterMsg::record_returns)
        .record_msg_out(RegisterMsg::record_invocations)
}
