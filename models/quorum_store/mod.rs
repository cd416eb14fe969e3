//! A quorum store as Dynamo and Cassandra are: any node takes any request, and waits for as many
//! replicas as the request asks for.
//!
//! # Sources
//!
//! * **DeCandia et al. 2007**, *Dynamo: Amazon's highly available key-value store*: N, R and W, sloppy
//!   quorums with hinted handoff, anti-entropy by hash trees, the ring.
//! * **Attiya, Bar-Noy and Dolev 1995**, *Sharing memory robustly in message-passing systems*: a
//!   register that is atomic because a read writes back what it returns. **Lynch and Shvartsman
//!   1997**: several writers, who ask for the newest timestamp first.
//! * **Lamport 1986**, *On interprocess communication*: regular and atomic registers.
//! * Cassandra's documentation of read repair, hints, repair and tombstones, and its tickets:
//!   CASSANDRA-14635 (read repair is an option), -10726 (repair goes to another replica when one does
//!   not answer), -6434 (only repaired tombstones are purged). **Kingsbury 2013**: rows mix where
//!   timestamps are equal. **Kulkarni et al. 2014**: hybrid clocks. **Herlihy and Wing 1990**:
//!   linearizability. **Shao, Pierce and Welch 2003**: regular registers of several writers. **Terry et
//!   al. 1994**: monotonic reads.
//! * **Lamport 1998**, *The part-time parliament*: what serial requests do for each key.
//!   CASSANDRA-12126 (a serial read proposes too), CEP-14 (the promise carries what is read).
//! * **Preguiça et al. 2010**, *Dotted version vectors*: names of writes that stay side by side.
//!
//! # How it works
//!
//! 1. **Write.** The node that takes it, its *coordinator*, gives it a timestamp and sends it to all
//!    N replicas of the key. It answers when as many acknowledged as the level says (`coordinator.rs`).
//!    If they do not in time the answer is that this is unknown: nothing is taken back. With
//!    [`WriteMode::Query`] it first asks as many replicas for the newest timestamp.
//! 2. **Read.** The coordinator reads its own version and asks as many others as are missing for
//!    digests. Where one differs it fetches the version. The newest wins. With
//!    [`ReadRepair::Blocking`] it is written to those that lack it, and the answer waits until as many
//!    hold it as were read: the write-back of Attiya, Bar-Noy and Dolev (`reads.rs`).
//! 3. **Of two versions** the one with the larger timestamp is the newer one (`version.rs`).
//! 4. **What a replica missed** it gets by a hint (`hints.rs`), by a read's repair, or by anti-entropy
//!    (`repair.rs`).
//! 5. **A delete** writes a tombstone, which goes never, on a timer, or when all replicas have it. In
//!    the last case a replica remembers the newest timestamp of those that went, its *horizon*, and
//!    takes a value from below it only from a replica that holds it still (`repair.rs`).
//!
//! 6. **Nodes join, leave and are replaced** in numbered views of the ring. While they do, a request waits
//!    for pending replicas too, and a message counts in the view only in which it was said (`moves.rs`).
//! 7. **Serial requests** agree on one update after the other, by Paxos for each key (`serial.rs`,
//!    `acceptor.rs`): compare-and-swap, and puts and gets that ask for it.
//!
//! 8. **Several values** ([`Config::conflicts`]): concurrent writes of a key stay side by side, as in Dynamo,
//!    until a write whose client had read them. A write gets a dot in the place of a timestamp, from a replica
//!    that coordinates it, and sends the whole row, whose version vector says which of two rows is the newer one
//!    (`siblings.rs`, `several.rs`). All else is as with one value: levels, repair, hints, anti-entropy, moves.
//!
//! # Twelve short stories
//!
//! * **Going back in time** (`no-repair`). A put has reached replica 0 of three. A read of 0 and 1
//!   returns it. The next one, of 1 and 2, does not. With the repair the first read makes it stick.
//! * **The write that vanishes** (`skew`). The clock of node 0 is ahead. A put there ends; a later one
//!   at node 1 ends as well, with a lower timestamp. Every read returns the former, for ever.
//! * **The failed write that appears** (`failed-write-appears`). A put reaches one replica and times
//!   out. A read that does not ask that replica returns the old value. A later one does, and returns
//!   what "failed". The history is linearizable: the put took place late.
//! * **Resurrection** (`gc-on-timer`). Two of three replicas know of a delete, and its tombstone goes
//!   there. A read of the third and one of these finds a value against nothing, repairs the latter
//!   with it, and returns it.
//!
//! * **What a serial read did not see** (`serial-read-without-proposal`, CASSANDRA-12126). A
//!   compare-and-swap is accepted by replica 0 alone, and times out. A serial read at 1 and 2 finds
//!   nothing. The next one, at 0 and 1, finds the update unfinished, finishes it and returns it: two reads
//!   differ, and nobody wrote between them. An empty proposal of the first read prevents that.
//! * **The condition that did not hold** (`failed-cas-without-proposal`, the same ticket). The second
//!   request is a compare-and-swap that finds nothing and does not apply; the value appears after it.
//! * **The write that is done twice** (`retried-elsewhere`). A put at node 0 ends late, and its client has
//!   asked node 1 too. The next put ends. Then node 1 takes its copy of the first for a put of its own, with
//!   a timestamp above both.
//!
//! * **Read too early** (`ready-early`). Node 1 joins, and is said to be ready before it has copied a key that
//!   node 0 holds. In the view of after, node 0 forgets the key, and node 1 never had it.
//! * **Two views of one number** (`number-alone`). Nodes 1 and 2 are both told to join. Node 0 hears node 1 first, and a
//!   put at node 2 counts its acknowledgment all the same. Then the key moves to node 1, which has not got it, and
//!   node 0 forgets it. So a message says whose view it is of.
//! * **The purge within a read** (`trust-absent`). A read has the answer of replica 1, a value. Then a delete
//!   that ended before the read began reaches replica 1 too, all replicas know that all have its tombstone,
//!   and it goes at replica 2. That one answers that it has nothing, and the read returns the value. So where
//!   an answer says nothing, and its sender's horizon is above the value, the read asks once more.
//!
//! * **The later one of two** (`concurrent-lost`). Two clients that know nothing of each other put at nodes 0
//!   and 1. Both are told that it is done, and one of the values is gone. With several values both stay.
//! * **The dot of a stranger** (`dots-anywhere`). Node 2 holds no copy of a key, and gives its writes dots. The
//!   vector of its second write covers the first one, which is on its way still; the replica that hears the
//!   second one first takes the first for replaced. The same happens to a node that held the key before, and
//!   gives a dot before it has copied it again (`pending-gives`).
//!
//! # What is not promised
//!
//! * `quorate levels` prints what a combination of settings provides; the table is in the README.
//! * Exactly once: a put that its client repeats at the *same* node keeps its timestamp, across
//!   restarts. Repeated at another node it is another write, which may win over one made in between.
//! * Plain writes of several writers are ordered by clocks. A hybrid clock orders what its node saw;
//!   two nodes that heard nothing of each other may order against real time.
//! * A write that was on its way when a later tombstone went, of whatever key, is not acknowledged there
//!   before another replica has it: it fails, or waits for others.
//!
//! * Plain writes are not ordered with serial ones (`mixed-lwt`): a key that is written by
//!   compare-and-swap is to be written by nothing else.
//! * A serial request that its client repeats at another node is another one: the condition of a
//!   compare-and-swap may then fail because it has been done.
//!
//! * So a client sends a write, and a serial request, to one node only, again and again
//!   ([`LevelOffer`]). Should that node die, whether it was done is unknown. `retried-elsewhere` shows
//!   what becomes of a client that asks the next node; `query-crash` and `lwt-crash` have a node that
//!   comes back.
//!
//! * With several values a write that says no context replaces what its coordinator holds, which may be less
//!   than a quorum does. One that a node hands on while the ring moves may be done twice, if its client repeats it.
//!
//! # Deployed
//!
//! The words of a cluster file's `mode` choose, here each with its default: `replicas=3` (or as many as
//! there are nodes), `consistency=quorum` (the level of requests that say none), `write=query`,
//! `read-repair=blocking`, `handoff=strict`, `clock=hybrid`, `purge=never`, `tokens=16`, `members=` all; others are
//! `consistency=one|all|serial`, `write=clock`, `read-repair=none`, `handoff=none|sloppy`,
//! `clock=physical`, and `purge=timer` or `purge=repaired` with `grace=SECONDS`. So a cluster file without a mode has atomic
//! registers. A value has at most [`MAX_VALUE_BYTES`], since a promise of Paxos carries three in one
//! datagram. A disk that is lost is not replaced: no node may forget what it acknowledged.
//!
//! `conflicts=multi-value` keeps concurrent writes. It has no timestamps, so `write=` and `clock=` mean nothing
//! to it; its tombstones stay, as a row without values; and there is no one value that serial requests could agree
//! on: these words and requests are refused. A get returns all values and a context, which a node has sealed; a
//! put or a delete with that replaces them, one with the context `00` nothing, and one without whatever its
//! coordinator holds. All values of a key travel in one message, so they have [`Config::row_bytes`] at most
//! where they are written: 14 KiB with three replicas. A data directory is of one mode.
//!
//! `members=3` puts the first three servers on the ring; the others are spare. `quorate ring --join`, `--leave`
//! and `--replace` send an [`Order`] to a member, which carries it out (`orders.rs`, `moves.rs`). An id is of one
//! incarnation, so a server that left does not come back; another one takes its place.
//!
//! # Deviations, and why
//!
//! * A timestamp names its node, so that two versions never have the same one; Cassandra's do not
//!   ([`Stamps`]).
//! * A coordinator gives timestamps. Cassandra's clients may give their own.
//! * A read asks its own node first and then the next replicas of the ring, not the fastest ones. Where
//!   no answer comes in time, all replicas are asked.
//! * The repair of a read is counted over the replicas that hold the version, whether the read asked
//!   them or not.
//! * Cassandra keeps a hint for three hours and compares its age with the grace of tombstones. Here the
//!   horizon of the replica decides, so that no clock needs to be trusted; and nothing else that comes
//!   late brings a deleted value back either. A hint from below it is dropped, as Cassandra drops one
//!   that is older than the grace: what was acknowledged is at a replica too, unless hints count, so
//!   sloppy quorums and tombstones that go when repaired do not go together.
//! * Dynamo's vectors count a node's writes of one key. Here a node counts those of all keys, with the clock that
//!   would give timestamps, so that it never gives a dot twice, though it may lose a key in a move and get it back.
//! * A delete of several values is a write with a dot, and leaves a row without values.
//! * Dynamo's other nodes coordinate too where the first ones of a key do not answer. Here only replicas give
//!   dots; a request is handed to one of them by its number, and fails with it.
//! * Cassandra marks what a repair session covered. Here each tombstone is marked when all replicas
//!   acknowledged it.
//!
//! # Bounds
//!
//! A node remembers the last answer of [`Config::sessions`] clients, keeps [`Config::max_hints`] hints,
//! and sends [`Config::piece_bytes`] of versions in a message of anti-entropy. Tombstones that never go
//! are not bounded, nor is the number of requests that are open: each lasts until its deadline.
//!
//! # Where things are
//!
//! `options.rs` reads the mode of a cluster file, `offer.rs` makes requests of what users ask.
//! [`Peer`] has the messages, [`ReplicaState`] a node's state, [`Stable`] its durable part. All
//! handlers are methods of one context, `turn.rs`. `orders.rs` takes what operators ask for, `moves.rs` carries
//! it out, [`View`](crate::membership::View) describes it, and `placement.rs` says who holds a key in a view. `session.rs` is the client that is checked,
//! `history.rs` what it saw. `bugs.rs` lists the seeded bugs, `mutants.rs` the properties that notice
//! them. `several_history.rs` and `several_claims.rs` are the record and the properties of several values.

mod acceptor;
mod bounds;
mod bugs;
mod config;
mod coordinator;
mod guarantees;
mod hints;
mod history;
pub mod instances;
pub mod levels;
mod message;
mod move_claims;
mod moves;
mod moving;
pub mod mutants;
mod offer;
mod options;
mod orders;
mod placement;
pub mod properties;
mod protocol;
mod reads;
mod repair;
mod replica;
mod seals;
mod serial;
mod session;
mod several;
mod several_bounds;
mod several_claims;
mod several_history;
mod siblings;
mod state;
mod storage;
#[cfg(test)]
mod tests;
mod turn;
mod version;

pub use config::{
    Clock, Config, DEFAULT_REPLICAS, Handoff, MAX_HINTS, MAX_TOKENS, Purge, QuorumStore,
    ReadRepair, Replica, ScriptedCall, Session, Stamps, TREE_DEPTH, Timing, WriteMode,
};
pub use history::History;
pub use message::{
    Answer, Call, Cause, Horizons, InEpoch, Informed, Level, Moved, Msg, Order, Peer, Promised,
    Request, Unfit, Update,
};
pub use offer::{LevelOffer, MAX_VALUE_BYTES};
pub use placement::Rings;
pub use repair::FANOUT;
pub use seals::Seals;
pub use several_history::Several;
pub use siblings::Siblings;
pub use state::{
    Attempt, Open, Phase, Progress, ReplicaState, Rounds, Seen, SessionState, State, Timer,
};
pub use storage::{Record, Row, Saved, Serial, Stable};
pub use version::{Content, Digest, Mark, Stamp, Version};

use crate::Recoverable;
use crate::kv::Service;
use crate::lend::lend;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::Turn;

impl Actor for QuorumStore {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Saved;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Saved>, o: &mut Out<Self>) -> State {
        match self {
            Self::Replica(Replica { config }) => {
                let start = |mut turn: Turn<'_, '_>| turn.on_start(storage.as_ref());
                State::Replica(Turn::start(config, id, o, start))
            }
            Self::Client(session) => State::Client(session.on_start(o)),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match self {
            Self::Replica(Replica { config }) => lend!(state, State::Replica, |state| {
                Turn::on_message(config, id, src, state, o).on_msg(msg);
            }),
            Self::Client(session) => {
                lend!(state, State::Client, |state| session.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match self {
            Self::Replica(Replica { config }) => lend!(state, State::Replica, |state| {
                Turn::of_its_own(config, id, state, o).on_timer(*timer);
            }),
            Self::Client(session) => {
                lend!(state, State::Client, |state| session.on_retry_timer(state, o));
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Replica(_) => "node",
            Self::Client(_) => "client",
        }
        .to_owned()
    }
}

impl Recoverable for QuorumStore {
    fn checkpoint(&self, _id: Id, state: &State) -> Option<Saved> {
        match state {
            State::Replica(replica) => Some(Saved::Complete(replica.stable.clone())),
            State::Client(_) => None,
        }
    }

    /// A question rests on nothing that its node saved.
    fn waits_for_disk(&self, msg: &Msg) -> bool {
        !matches!(
            msg,
            Service::Request { .. }
                | Service::Peer(InEpoch { msg: Peer::Read { .. } | Peer::Coordinate(_), .. })
        )
    }
}
