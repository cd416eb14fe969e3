//! Kafka's in-sync replicas: a log that a leader appends to and followers fetch, and a controller
//! that decides who leads and who is in sync.
//!
//! # Sources
//!
//! Kafka improvement proposals, by number and the year they were proposed: **KIP-98 2016**,
//! idempotent producers; **KIP-101 2016**, leader epochs in the log; **KIP-279 2018**, truncation
//! after fast failovers; **KIP-320 2018**, fetches are fenced by the leader epoch; **KIP-392 2018**,
//! followers serve consumers; **KIP-497 2019**, the leader asks the controller for other in-sync
//! replicas, and counts the maximal ones meanwhile; **KIP-500 2019**, metadata are a log of the
//! controller; **KIP-595 2020**, a quorum of controllers keeps that log; **KIP-841 2022**, fenced brokers stay out of the in-sync replicas; **KIP-903 2023**,
//! and so do brokers in another life than the leader heard; **KIP-966 2023**, eligible leader
//! replicas. The TLA+ specifications of **Gustafson 2018** (`KafkaReplication` and its extensions:
//! [`abstract_model`] is that one, state for state) and of **Vanlightly 2023** (KIP-966).
//! **Ongaro and Ousterhout 2014**: election safety. **Herlihy and Wing 1990**: linearizability.
//!
//! # How it works
//!
//! 1. The leader of the newest leader epoch appends what producers send. A follower fetches from the
//!    end of its log; by that the leader learns that the follower has all before. If the follower's
//!    log is no prefix of the leader's, the leader says where its epoch ends, and the follower
//!    truncates and asks again. A fetch that finds nothing is answered when there is a record, so one
//!    record takes two messages to each follower and back, and no timer.
//! 2. A record is committed when all in-sync replicas have it, and they are at least `min_isr`: then
//!    the high watermark passes it, its producer is answered (`acks=all`), and consumers may read it.
//! 3. The leader asks the controller to leave out who lags and to let in who has caught up, by a
//!    compare-and-set on the partition epoch. Until it knows the answer it counts both.
//! 4. While the in-sync replicas are fewer than the minimum nothing is committed, so who leaves them
//!    then has everything that is, and stays eligible. A broker that starts without having stopped
//!    cleanly is neither in sync nor eligible: its log is in the page cache until it is flushed, and
//!    may have lost its end. So `min_isr - 1` page caches may be lost, and nothing that was
//!    acknowledged is.
//! 5. The controller fences a broker that falls silent, and one that starts until it is heard again.
//!    It elects of the in-sync replicas, else of the eligible ones, else nobody: Kafka prefers to wait.
//! 6. The records make a map, the topic's compacted view ([`Topic`]): a put is a record, and a
//!    compare-and-swap is one that takes effect, or not, by what is before it. A get is a record too,
//!    which consumers may skip: a leader that was deposed commits nothing, and so answers no get.
//! 7. A record may be a batch: several messages that a producer sends together, in one request, under one
//!    number. It is appended, replicated, acknowledged and sent again as a whole, and has an offset for each
//!    message.
//! 8. A log forgets its oldest records, but not what they come to (`retention.rs`).
//! 9. The controller is one node, or several whose decisions are a log on [Multi-Paxos](crate::paxos)
//!    (`voter.rs`). Of several, the leader decides, upon all that was decided before, and tells the
//!    brokers when its decision is chosen. Brokers speak to all controllers; who does not lead heeds
//!    nothing.
//!
//! # What each proposal guards against
//!
//! Each guard has a mutant without it; the steps are those of the shortest run from the start of the
//! mutant's instance to the violation. Generated from [`guards`], which a test compares with what a
//! check finds.
//!
//! <!-- guards -->
//! | proposal | guard | mutant | property | steps | what users saw |
//! |---|---|---|---|---:|---|
//! | KIP-101 | a follower truncates where the logs part, not at its own watermark | `truncate-to-watermark` | `leader-completeness` | 12 | an acknowledged record was gone after two failovers |
//! | KIP-101 | a fetch names the epoch of the last record, and the leader compares it | `trust-offsets` | `log-matching` | 10 | after a power failure replicas had different records at one offset, and nobody noticed |
//! | KIP-279 | the leader's end of an epoch is that of an epoch which it has | `end-of-next-epoch` | `log-matching` | 14 | replicas differed for ever, silently, after fast failovers |
//! | KIP-320 | fetches and answers count only in their own leader epoch | `fetch-without-epoch` | `strong-isr` | 12 | a record that consumers had read was gone |
//! | KIP-320 | a broker that joins has all that was there when the leader epoch began | `expand-at-watermark` | `candidate-completeness` | 9 | an acknowledged record was gone after a failover |
//! | KIP-320 | a leader forgets what it heard in another leader epoch | `expand-on-hearsay` | `follower-progress` | 10 | an acknowledged record was gone after a failover |
//! | KIP-497 | a broker that the leader asks to let join counts from the request on | `count-committed-isr` | `candidate-completeness` | 6 | an acknowledged record was gone after a failover |
//! | KIP-497 | a change of the in-sync replicas is a compare-and-set on the partition epoch | `no-partition-epoch` | `quorum-superset` | 10 | the leader's in-sync replicas were not the controller's |
//! | KIP-595 | of several controllers, the leader tells what it decided when that is chosen | `tell-unchosen` | `leader-completeness` | 4 | nothing: Kafka has this guard from the start |
//! | KIP-595 | of several controllers, only the leader decides | `decide-unelected` | `metadata` | 8 | nothing: Kafka has this guard from the start |
//! | KIP-841 | a fenced broker may not join | `admit-fenced` | `no-fenced-isr` | 3 | a broker that was down counted, and writes stopped |
//! | KIP-903 | a broker may not join by what it fetched before it restarted | `admit-former-life` | `candidate-completeness` | 13 | a broker with an empty disk was elected |
//! | KIP-966 | a broker that lost its page cache is struck off, and others stay eligible | `last-replica-standing` | `no-loss` | 15 | the last replica standing crashed, and all truncated to what it had left |
//! | KIP-966 | nothing is committed below the minimum | `commit-below-min` | `candidate-completeness` | 3 | an acknowledged record was gone after a failover |
//! | KIP-966 | a start without a clean stop is not eligible | `unclean-stays-eligible` | `candidate-completeness` | 7 | an acknowledged record was gone after a power failure |
//! | KIP-966 | the mark of a clean stop counts once | `keep-clean-mark` | `candidate-completeness` | 12 | nothing: Kafka has this guard from the start |
//! | KIP-98 | a new leader knows what producers sent before | `no-dedupe-after-failover` | `commit-once` | 7 | a record was there twice after a retry |
//! | KIP-98 | a producer's numbers do not jump | `accept-gap` | `producer-order` | 8 | a record was missing among others |
//! | – | an answer is to a fetch at this offset after this epoch | `answer-by-offset` | `candidate-completeness` | 19 | nothing: Kafka's connections do not repeat messages |
//! | – | a consumer reads what is committed, and nothing else | `serve-to-end` | `consistent-read` | 8 | nothing: Kafka has this guard from the start |
//! <!-- end of guards -->
//!
//! # Deviations, and why
//!
//! * **Links lose, repeat and reorder**, where Kafka has connections. An answer to a fetch names the
//!   fetch by offset *and* last epoch: an old answer, repeated, may else tell a follower to cut off
//!   what it has fetched since, at the same offset (`answer-by-offset`). What the leader asks the
//!   controller for, once refused, could be granted when it is repeated: so a refusal begins a
//!   partition epoch. An old fetch is no news to the leader.
//! * A broker numbers its starts, durably, and that number is its broker epoch, where Kafka takes an
//!   offset of the metadata log. So a registration that arrives late is recognised as old.
//! * The controller publishes all that it knows in one message, of which brokers take the newest. A
//!   follower takes only what matters to it.
//! * Kafka's controllers have a protocol of their own, near to Raft, from whose leader brokers fetch
//!   the log (KIP-595). Here their log is on Multi-Paxos, each record of it is all that is known after
//!   a decision, and a leader has one decision open at a time: decisions are few.
//! * The watermark is not kept on disk; a broker that starts begins at the start of its log, a lower
//!   bound.
//! * What is not flushed is in the broker's own memory, and not in the system's: a broker whose process
//!   is killed loses what in Kafka a machine loses that crashes.
//! * Where every append is on disk before anything is said of it ([`Flush::EachAppend`]), a broker that
//!   starts has lost nothing, and stays eligible however it stopped.
//! * A follower lags if it does not have, when the timer fires, what the log had when it was set.
//! * Where an epoch ends follows from the log, without a second file that could disagree.
//! * A producer that waits for no answer (`acks=0`) numbers its records too, and the numbers may jump,
//!   since a lost record is not sent again; in Kafka such a producer is not idempotent.
//! * Kafka numbers messages, and a batch has the number of its first (KIP-98, the base sequence). Here
//!   batches are numbered, so that the number says nothing of a batch but which one it is. Offsets count
//!   messages, as in Kafka, though batches would have been enough for the protocol: people ask from which
//!   message on to read, and how many there are. So a batch is a record in all but its offsets, and in the
//!   instances a record stands for a batch with whatever is in it; `batches` has one of two messages, and a
//!   consumer that asks for its middle.
//! * A producer id is never used by two producers, so there are no producer epochs (KIP-890).
//! * A truncation is durable at once.
//! * A record that was appended when the in-sync replicas became too few is not refused: its producer
//!   gets no answer, and asks again.
//!
//! # What is not promised
//!
//! `acks=1` loses acknowledged records at failover, and `acks=0` at any time; so does an unclean election;
//! so do as many lost page caches as `min_isr`: these are instances whose violations are expected. A single controller is
//! as durable as its disk. A deposed leader may answer consumers with an older prefix until it
//! hears of its successor (`zombie-read`), and so may a follower (`stale-follower`): reads are
//! consistent, not linearizable. Appends are, and reads at a leader that is not deposed, and all
//! operations on the map, reads too.
//!
//! A log that has forgotten its oldest records has no messages from before its start any more: of the
//! map nothing is lost.
//!
//! # Deployed
//!
//! The first server is the controller, or the first `controllers=N`, of which a majority decides; the
//! others are brokers. Without `[[topic]]` in the cluster file there is one topic with one partition. Each
//! partition of another topic is a cluster as it is described here, with a controller of its own at each
//! controller, its own logs, sockets and sessions, and nothing in common with others but the processes:
//! what is checked is one partition, and nothing is promised of two together, neither an order nor that
//! both are written or none. In Kafka the controllers of all partitions are one, which decides of several
//! at once where a broker dies; here each decides alone. The `mode` of the cluster file chooses, in words
//! with a space between them: `controllers=N` (1 by default), `min.insync.replicas=N` (a majority of
//! the brokers by default), `flush=sync` (the default) or `flush=lazy`,
//! `unclean.leader.election.enable=true` and `retention.bytes=N` (16 MiB by default; a log has up to
//! twice as much). A producer says of each record whether all in-sync replicas must have it, the leader
//! alone, or nobody (`acks=all`, `1` and `0`), and numbers them; the map asks for all. What it has at a time
//! goes into one batch, of at most [`MAX_BATCH`] messages and [`MAX_BATCH_BYTES`], and waits for more as long as
//! it is told to (`linger.ms`); the next batch of a partition is sent when the one before it is acknowledged. A put is a
//! batch of one. A lazy flush makes a
//! write as fast as the network, and then `min.insync.replicas - 1` brokers may be killed at once; a
//! broker that is asked to stop writes what it has first.
//!
//! Controllers are needed when somebody dies, starts, or lags; records pass them by. When the one that
//! leads the others is silent, another takes over (`heartbeat`, `election` and `candidacy` in the
//! `[timing]` of the cluster file, as of Multi-Paxos), and gives each broker the time `suspect` to be
//! heard: a broker that dies together with that controller is replaced one election later.
//!
//! Where a group of consumers goes on is a key of the map, `__consumer_offsets/GROUP`, which is Kafka's
//! compacted topic of that name in small: there is one consumer of a group at a time, and a second one is
//! noticed by its compare-and-swap.
//!
//! # Where things are
//!
//! [`Peer`] is the vocabulary, [`Registry`] what the controller decides, [`BrokerState`] and
//! [`Leading`] the states, [`Storage`] what is durable. The handlers are in `controller.rs`,
//! `voter.rs` (a controller of several), `broker.rs` (start, stop, disk, metadata), `leader.rs`, `isr.rs`, `follower.rs`, `retention.rs` and
//! `clients.rs`; `options.rs` reads the mode of a cluster file. `bugs.rs` lists the seeded bugs, `mutants.rs` the properties that notice them.

pub mod abstract_model;
mod bounds;
mod broker;
mod bugs;
mod choice;
mod clients;
mod config;
mod controller;
mod follower;
mod guarantees;
pub mod guards;
mod history;
pub mod instances;
mod isr;
mod leader;
mod log;
mod message;
pub mod mutants;
mod offer;
mod options;
pub mod properties;
mod protocol;
mod registry;
mod retention;
mod state;
mod storage;
#[cfg(test)]
mod tests;
mod topic;
mod turn;
mod voter;

pub use config::{Acks, Broker, Config, Controller, Flush, Kafka, Timing, Voter};
pub use history::LogHistory;
pub use log::{Base, Log, Record};
pub use message::{Content, Fetch, Fetched, Msg, Op, Peer, Reply};
pub use offer::TopicOffer;
pub use registry::{Partition, Registration, Registry};
pub use state::{BrokerState, Install, Leading, Progress, Role, State, Timer};
pub use storage::{BrokerDisk, DiskRecord, Storage};
pub use topic::{Applied, Entry, MAX_BATCH, MAX_BATCH_BYTES, Topic, TopicPiece, batch_bytes};

use crate::kv::Service;
use crate::lend::lend;
use crate::paxos;
use crate::{Recoverable, Saved};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::{ControllerTurn, Turn, VoterTurn};

impl Actor for Kafka {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage>, o: &mut Out<Self>) -> State {
        match self {
            Self::Controller(Controller { config }) => {
                let saved = match storage {
                    Some(Storage::Controller(registry)) => Some(registry),
                    _ => None,
                };
                let start = |mut turn: ControllerTurn<'_, '_>| turn.on_start(saved);
                State::Controller(ControllerTurn::start(config, id, o, start))
            }
            Self::Voter(voter) => {
                let saved = match storage {
                    Some(Storage::Voter(saved)) => Some(saved),
                    _ => None,
                };
                let start = |mut turn: VoterTurn<'_, '_>| turn.on_start(saved);
                State::Voter(VoterTurn::start(voter, id, o, start))
            }
            Self::Broker(Broker { config }) => {
                let saved = match storage {
                    Some(Storage::Broker(saved)) => Some(saved.state()),
                    _ => None,
                };
                let start = |mut turn: Turn<'_, '_>| turn.on_start(saved.as_ref());
                State::Broker(Turn::start(config, id, o, start))
            }
            Self::Client(client) => State::Client(client.on_start(o)),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match self {
            Self::Controller(Controller { config }) => {
                lend!(state, State::Controller, |state| {
                    ControllerTurn::on_message(config, id, src, state, o).on_msg(msg);
                });
            }
            Self::Voter(voter) => {
                lend!(state, State::Voter, |state| {
                    VoterTurn::on_message(voter, id, src, state, o).on_msg(msg);
                });
            }
            Self::Broker(Broker { config }) => {
                lend!(state, State::Broker, |state| {
                    Turn::on_message(config, id, src, state, o).on_msg(msg);
                });
            }
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (self, *timer) {
            (Self::Controller(Controller { config }), Timer::Suspect(broker)) => {
                lend!(state, State::Controller, |state| {
                    ControllerTurn::of_its_own(config, id, state, o).on_suspect_timer(broker);
                });
            }
            (Self::Controller(_), _) => {}
            (Self::Voter(voter), timer) => {
                lend!(state, State::Voter, |state| {
                    VoterTurn::of_its_own(voter, id, state, o).on_timer(timer);
                });
            }
            (Self::Broker(Broker { config }), timer) => {
                lend!(state, State::Broker, |state| {
                    Turn::of_its_own(config, id, state, o).on_timer(timer);
                });
            }
            (Self::Client(client), _) => {
                lend!(state, State::Client, |state| client.on_retry(state, o));
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Controller(_) | Self::Voter(_) => "controller",
            Self::Broker(_) => "broker",
            Self::Client(_) => "client",
        }
        .to_owned()
    }
}

impl Recoverable for Kafka {
    fn checkpoint(&self, _id: Id, state: &State) -> Option<Storage> {
        match state {
            State::Controller(registry) => Some(Storage::Controller(registry.clone())),
            State::Voter(voter) => Some(Storage::Voter(Saved::Complete(voter.stable.clone()))),
            State::Broker(broker) => Some(Storage::Broker(Saved::Complete(broker.on_disk()))),
            State::Client(_) => None,
        }
    }

    /// A broker that is asked to stop writes its page cache, and marks that it did. A controller of
    /// several hands over.
    fn stop_timer(&self) -> Option<Timer> {
        match self {
            Self::Broker(_) => Some(Timer::Stop),
            Self::Voter(_) => Some(Timer::Quorum(paxos::Timer::Stop)),
            Self::Controller(_) | Self::Client(_) => None,
        }
    }

    fn waits_for_disk(&self, msg: &Msg) -> bool {
        match (self, msg) {
            (Self::Voter(voter), Service::Peer(Peer::Quorum(msg))) => voter.replica.waits(msg),
            _ => true,
        }
    }

    fn is_lazy(&self, saved: &Storage) -> bool {
        match (self, saved) {
            (Self::Voter(voter), Storage::Voter(saved)) => voter.replica.is_lazy(saved),
            _ => false,
        }
    }
}
