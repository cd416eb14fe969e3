//! A protocol of one's own, from nothing to a running node: a server that hands out tickets.
//!
//! ```sh
//! cargo run --example own_protocol -- check
//! cargo run --example own_protocol -- check --mutant forgetful --show-expected
//! cargo run --example own_protocol -- explore tickets
//! cargo run --example own_protocol -- cluster tickets --servers 1
//! cargo run --example own_protocol -- call take --cluster PATH/cluster.toml
//! ```
//!
//! What is checked is what runs: [`Tickets`] is both.

use quorate::models::kv::limits::LimitError;
use quorate::models::kv::offer::{Answered, Ask, AskOutcome, Offer, OfferError, not_offered};
use quorate::models::kv::{ClientState, Retry, ScriptedClient, Service};
use quorate::models::protocols::{Protocols, Visitor};
use quorate::models::world::{Cluster, Condition, Fairness, Faults, NodeOf, Property, Setup};
use quorate::models::{
    Deploy, Durable, Expected, Instance, Mutant, Protocol, Recoverable, Topology, Unsuitable,
};
use quorate::stateright::actor::{Actor, Id, Out, model_timeout};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

fn main() -> std::process::ExitCode {
    quorate::cli::main::<Own>()
}

/// The list of protocols.
struct Own;

impl Protocols for Own {
    fn each(visitor: &mut impl Visitor) {
        visitor.deployed::<Tickets>();
    }
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Op {
    /// The next ticket.
    Take,
    /// How many were taken.
    Count,
}

/// The messages: requests and replies. One server has nobody to talk to.
type Msg = Service<Op, u64, ()>;

/// What the server knows, and saves.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Taken {
    count: u64,
    /// The last request of each client, and its reply: so that none is done twice.
    last: BTreeMap<Id, (u64, u64)>,
}

impl Durable for Taken {
    fn absorb(&mut self, delta: Self) {
        *self = delta;
    }
}

/// What is wrong with the server of a mutant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    /// It saves nothing.
    Forgetful,
    /// It does a request again that comes again.
    Eager,
}

/// A node.
#[derive(Clone)]
enum Tickets {
    Server(Option<Bug>),
    Client(ScriptedClient<Op>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum State {
    Server(Taken),
    Client(ClientState<u64>),
}

impl Actor for Tickets {
    type Msg = Msg;
    type Timer = Retry;
    type State = State;
    type Storage = Taken;
    type Random = ();

    fn on_start(&self, _: Id, saved: &Option<Taken>, o: &mut Out<Self>) -> State {
        match self {
            Self::Server { .. } => State::Server(saved.clone().unwrap_or_default()),
            Self::Client(client) => {
                o.set_timer(Retry, client.retry.clone());
                State::Client(client.on_start(o))
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.as_ref()) {
            (Self::Server(bug), State::Server(taken)) => {
                let Service::Request { seq, op } = msg else { return };
                let mut taken = taken.clone();
                match taken.last.get(&src) {
                    Some((last, _)) if seq < *last => return,
                    Some((last, _)) if seq == *last && *bug != Some(Bug::Eager) => {}
                    _ => {
                        taken.count += u64::from(op == Op::Take);
                        taken.last.insert(src, (seq, taken.count));
                        if *bug != Some(Bug::Forgetful) {
                            o.save(taken.clone());
                        }
                        *state.to_mut() = State::Server(taken.clone());
                    }
                }
                let (_, reply) = taken.last[&src];
                o.send(src, Service::Reply { seq, reply });
            }
            (Self::Client(client), State::Client(own)) => {
                let mut own = Cow::Borrowed(own);
                client.on_msg(&mut own, msg, o);
                if let Cow::Owned(changed) = own {
                    *state.to_mut() = State::Client(changed);
                }
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, _: &Retry, o: &mut Out<Self>) {
        if let (Self::Client(client), State::Client(own)) = (self, state.as_ref()) {
            o.set_timer(Retry, client.retry.clone());
            // There is no other server to turn to.
            client.on_retry(&mut Cow::Borrowed(own), o);
        }
    }
}

impl Recoverable for Tickets {
    fn checkpoint(&self, _: Id, state: &State) -> Option<Taken> {
        match state {
            State::Server(taken) if *taken != Taken::default() => Some(taken.clone()),
            _ => None,
        }
    }
}

/// Two clients that take a ticket each, messages that are lost, and a server that crashes once.
fn cluster(bug: Option<Bug>) -> Cluster<Tickets, ()> {
    let client = || ScriptedClient {
        script: vec![Op::Take],
        first_seq: 1,
        slots: 1,
        servers: vec![Id::from(0)],
        retry: model_timeout(),
    };
    let actors = [Tickets::Server(bug), Tickets::Client(client()), Tickets::Client(client())];
    let ticket = |node: &NodeOf<Tickets>| match node.state() {
        Some(State::Client(client)) => client.last,
        _ => None,
    };
    let taken = |node: &NodeOf<Tickets>| match node.state() {
        Some(State::Server(taken)) => taken.count,
        _ => 0,
    };
    Setup::new(actors, 1, ())
        .network(quorate::models::world::NetworkKind::Single)
        .lossy(true)
        .fairness(Fairness::lossy())
        .faults(Faults { crashes: 1, restarts: 1, ..Faults::default() })
        .checkpointed()
        .property(Property::always(
            "unique",
            Condition::nodes(move |nodes| {
                let mut all: Vec<_> = nodes.iter().filter_map(ticket).collect();
                let count = all.len();
                all.sort();
                all.dedup();
                all.len() == count
            }),
        ))
        .property(Property::always("one-each", Condition::each_node(move |node| taken(node) <= 2)))
        .property(Property::eventually(
            "served",
            Condition::nodes(move |nodes| nodes.iter().filter_map(ticket).count() == 2),
        ))
        .cluster()
}

impl Protocol for Tickets {
    const NAME: &'static str = "tickets";
    const ABOUT: &'static str = "one server hands out tickets, each once";
    type Checked = Self;
    type History = ();

    fn instances() -> Vec<Instance<Self, ()>> {
        vec![Instance {
            name: "crash",
            about: "2 clients that take a ticket, any losses, 1 crash",
            deep: false,
            cluster: || cluster(None),
            symmetry: None,
            expected: Expected { unique: 390, generated: 1_899, violated: &[] },
        }]
    }

    fn mutants() -> Vec<Mutant<Self, ()>> {
        vec![
            Mutant {
                name: "forgetful",
                about: "the server does not save which tickets were taken",
                killed_by: "unique".into(),
                cluster: || cluster(Some(Bug::Forgetful)),
            },
            Mutant {
                name: "eager",
                about: "the server does a request again that comes again",
                killed_by: "one-each".into(),
                cluster: || cluster(Some(Bug::Eager)),
            },
        ]
    }
}

impl Deploy for Tickets {
    type Offer = TicketOffer;
    type Peer = ();
    type Actor = Self;

    fn server(topology: &Topology, _: Id) -> Result<Self, Unsuitable> {
        match topology.servers() {
            1 => Ok(Self::Server(None)),
            more => Err(Unsuitable(format!("tickets come from one server, not from {more}"))),
        }
    }

    fn newest_client(state: &State) -> Option<Id> {
        let State::Server(taken) = state else { return None };
        taken.last.keys().next_back().copied()
    }
}

/// `quorate call take` and `quorate call count`.
struct TicketOffer;

impl Offer for TicketOffer {
    type Request = Op;
    type Answer = u64;
    type Carried = ();
    const COMMANDS: &'static [&'static str] = &["call"];

    fn request(_: &Topology, ask: &Ask) -> Result<Op, OfferError> {
        let Ask::Words(words) = ask else { return Err(not_offered::<Self>(ask)) };
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["take"] => Ok(Op::Take),
            // Without words: what `cluster` asks to see whether the server is up.
            ["count"] | [] => Ok(Op::Count),
            _ => Err(OfferError::Meaningless("say `take` or `count`".into())),
        }
    }

    fn check(_: &Op) -> Result<(), LimitError> {
        Ok(())
    }

    fn answer(_: &Topology, _: &Ask, reply: u64) -> Option<AskOutcome> {
        Some(AskOutcome::Done(Answered::Text(reply.to_string())))
    }
}
