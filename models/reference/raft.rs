//! Elections and one log entry in the manner of Raft (Ongaro and Ousterhout 2014): servers that
//! are all alike, so that the engine's symmetry reduction has something to reduce.
//!
//! A leader whose log is empty proposes the entry that is named by its term; an entry is
//! committed when a majority has it in the term in which it was proposed.

use crate::durable::Durable;
use crate::quorum::majority;
use crate::world::{
    Cluster, Condition, Faults, NetworkKind, Nodes, Property, Rules, Setup, Symmetry,
};
use stateright::actor::{
    Actor, ActorModel, Id, LossyNetwork, Network, Out, model_peers, model_timeout,
};
use stateright::{Expectation, Rewrite, RewritePlan};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    peers: Vec<Id>,
    last_term: u8,
    /// A seeded bug: a vote is not remembered across a crash.
    forgets_votes: bool,
}

/// What it has on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Saved {
    term: u8,
    voted_for: Option<Id>,
    entry: Option<u8>,
}

impl Durable for Saved {
    fn absorb(&mut self, delta: Self) {
        *self = delta;
    }
}

/// What it holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Term, vote and log.
    pub saved: Saved,
    /// What it is in this term.
    pub role: Role,
    /// The entry that it knows to be committed.
    pub committed: Option<u8>,
}

/// What a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It follows.
    Follower,
    /// It asks for votes; those it has.
    Candidate(BTreeSet<Id>),
    /// It leads; the servers that have its entry.
    Leader(BTreeSet<Id>),
}

/// The messages, each with its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Msg {
    /// Vote for me; my entry is this.
    RequestVote(u8, Option<u8>),
    /// I vote for you.
    Vote(u8),
    /// This is the entry.
    Append(u8, u8),
    /// I have it.
    Appended(u8),
}

/// Stands for an election. Names its server: see [the other reference model with
/// timers](super::alarm).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Election(Id);

impl Server {
    fn quorum(&self) -> usize {
        majority(self.peers.len() + 1)
    }

    fn enter(state: &mut State, term: u8) {
        state.saved.term = term;
        state.saved.voted_for = None;
        state.role = Role::Follower;
    }

    fn save(&self, state: &State, o: &mut Out<Self>) {
        let mut saved = state.saved.clone();
        if self.forgets_votes {
            saved.voted_for = None;
        }
        o.save(saved);
    }

    fn lead(&self, id: Id, state: &mut State, o: &mut Out<Self>) {
        let term = state.saved.term;
        let entry = *state.saved.entry.get_or_insert(term);
        state.role = Role::Leader(BTreeSet::from([id]));
        self.save(state, o);
        o.cancel_timer(Election(id));
        o.broadcast(&self.peers, &Msg::Append(term, entry));
    }

    fn on_request(&self, state: &mut State, src: Id, theirs: Option<u8>, o: &mut Out<Self>) {
        // Granted once per term, and only to a candidate whose log is at least as up to date.
        let free = state.saved.voted_for.is_none_or(|vote| vote == src);
        if free && theirs >= state.saved.entry {
            state.saved.voted_for = Some(src);
            o.send(src, Msg::Vote(state.saved.term));
        }
        self.save(state, o);
    }

    fn on_appended(&self, state: &mut State, src: Id) {
        let Role::Leader(followers) = &mut state.role else { return };
        followers.insert(src);
        if followers.len() >= self.quorum() && state.saved.entry == Some(state.saved.term) {
            state.committed = state.saved.entry;
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type Timer = Election;
    type State = State;
    type Storage = Saved;
    type Random = ();

    fn name(&self) -> String {
        "server".into()
    }

    fn on_start(&self, id: Id, saved: &Option<Saved>, o: &mut Out<Self>) -> State {
        o.set_timer(Election(id), model_timeout());
        let saved = saved.clone().unwrap_or_default();
        State { saved, role: Role::Follower, committed: None }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let (Msg::RequestVote(term, _)
        | Msg::Vote(term)
        | Msg::Append(term, _)
        | Msg::Appended(term)) = msg;
        let ours = state.saved.term;
        if term < ours {
            return;
        }
        if term > ours {
            if matches!(state.role, Role::Leader(_)) {
                o.set_timer(Election(id), model_timeout());
            }
            Self::enter(state.to_mut(), term);
        }
        match msg {
            Msg::RequestVote(_, entry) if matches!(state.role, Role::Follower) => {
                self.on_request(state.to_mut(), src, entry, o);
            }
            Msg::Vote(_) => {
                let Role::Candidate(votes) = &state.role else { return };
                if votes.contains(&src) {
                    return;
                }
                let state = state.to_mut();
                let Role::Candidate(votes) = &mut state.role else { return };
                votes.insert(src);
                if votes.len() >= self.quorum() {
                    self.lead(id, state, o);
                }
            }
            Msg::Append(_, entry) => {
                let state = state.to_mut();
                state.role = Role::Follower;
                state.saved.entry = Some(entry);
                self.save(state, o);
                o.send(src, Msg::Appended(term));
            }
            Msg::Appended(_) => self.on_appended(state.to_mut(), src),
            Msg::RequestVote(..) => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, _: &Election, o: &mut Out<Self>) {
        if state.saved.term >= self.last_term {
            return;
        }
        let state = state.to_mut();
        Self::enter(state, state.saved.term + 1);
        state.saved.voted_for = Some(id);
        state.role = Role::Candidate(BTreeSet::from([id]));
        self.save(state, o);
        o.set_timer(Election(id), model_timeout());
        o.broadcast(&self.peers, &Msg::RequestVote(state.saved.term, state.saved.entry));
    }
}

/// What an instance is made of.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many servers.
    pub servers: usize,
    /// The term after which no server stands for election.
    pub last_term: u8,
    /// How many servers may be down at once.
    pub down: u8,
    /// Whether votes are forgotten in a crash: a bug.
    pub forgets_votes: bool,
}

fn servers(bounds: Bounds) -> Vec<Server> {
    let Bounds { servers, last_term, forgets_votes, .. } = bounds;
    let server = |at| Server { peers: model_peers(at, servers), last_term, forgets_votes };
    (0..servers).map(server).collect()
}

/// The name of the property that no term has two leaders.
pub const ELECTION_SAFETY: &str = "at most one leader a term";

fn is_leader(state: &State) -> bool {
    matches!(state.role, Role::Leader(_))
}

fn one_leader_a_term<'a>(states: impl Iterator<Item = &'a State>) -> bool {
    let mut terms = BTreeSet::new();
    states.filter(|state| is_leader(state)).all(|state| terms.insert(state.saved.term))
}

fn commits_agree<'a>(states: impl Iterator<Item = &'a State>) -> bool {
    let committed: BTreeSet<_> = states.filter_map(|state| state.committed).collect();
    committed.len() <= 1
}

fn up<'a>(nodes: &Nodes<'a, Server>) -> impl Iterator<Item = &'a State> {
    nodes.up().map(|(_, state)| state).collect::<Vec<_>>().into_iter()
}

/// The cluster of [`setup`].
pub fn cluster(bounds: Bounds) -> Cluster<Server, ()> {
    setup(bounds).cluster()
}

/// The servers under stateright's rules, on a multiset network.
pub fn setup(bounds: Bounds) -> Setup<Server, ()> {
    Setup::new(servers(bounds), bounds.servers, ())
        .network(NetworkKind::Multiset)
        .rules(Rules::Stateright)
        .faults(Faults { crashes: bounds.down, ..Faults::default() })
        .property(Property::always(
            ELECTION_SAFETY,
            Condition::nodes(|nodes| one_leader_a_term(up(nodes))),
        ))
        .property(Property::always(
            "committed entries agree",
            Condition::nodes(|nodes| commits_agree(up(nodes))),
        ))
        .property(Property::sometimes(
            "an entry is committed",
            Condition::some_node(|node| {
                node.state().is_some_and(|s: &State| s.committed.is_some())
            }),
        ))
}

/// All servers are alike.
pub fn symmetry(bounds: Bounds) -> Symmetry<Server, ()> {
    let all: Vec<usize> = (0..bounds.servers).collect();
    Symmetry::among(&[&all])
}

/// The same servers as stateright's own model. A server that is down has its old state there, so
/// the properties ask which servers are up.
pub fn stateright_model(bounds: Bounds) -> ActorModel<Server> {
    fn running(state: &stateright::actor::ActorModelState<Server>) -> Vec<&State> {
        let servers = state.actor_states.iter().zip(&state.crashed);
        servers.filter(|(_, crashed)| !**crashed).map(|(state, _)| &**state).collect()
    }
    ActorModel::new((), ())
        .actors(servers(bounds))
        .init_network(Network::new_unordered_nonduplicating([]))
        .lossy_network(LossyNetwork::No)
        .max_crashes(usize::from(bounds.down))
        .property(Expectation::Always, ELECTION_SAFETY, |_, state| {
            one_leader_a_term(running(state).into_iter())
        })
        .property(Expectation::Always, "committed entries agree", |_, state| {
            commits_agree(running(state).into_iter())
        })
        .property(Expectation::Sometimes, "an entry is committed", |_, state| {
            running(state).iter().any(|state| state.committed.is_some())
        })
}

impl Rewrite<Id> for Saved {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Self { voted_for: self.voted_for.rewrite(plan), ..self.clone() }
    }
}

impl Rewrite<Id> for State {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let role = match &self.role {
            Role::Follower => Role::Follower,
            Role::Candidate(votes) => Role::Candidate(votes.rewrite(plan)),
            Role::Leader(followers) => Role::Leader(followers.rewrite(plan)),
        };
        Self { saved: self.saved.rewrite(plan), role, committed: self.committed }
    }
}

impl Rewrite<Id> for Msg {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        *self
    }
}

impl Rewrite<Id> for Election {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Self(self.0.rewrite(plan))
    }
}
