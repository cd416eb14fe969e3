//! A state machine of one's own, replicated by Multi-Paxos: counters that are added to.
//!
//! ```sh
//! cargo run --example own_state_machine -- cluster paxos
//! cargo run --example own_state_machine -- call add apples 5 --cluster PATH/cluster.toml
//! cargo run --example own_state_machine -- call read apples --cluster PATH/cluster.toml
//! cargo run --example own_state_machine -- check paxos
//! ```
//!
//! The machine need only be deterministic. The protocol is checked with a map in its place: it
//! looks into no operation. Primary-backup replicates it too; see the list.

use quorate::models::Topology;
use quorate::models::kv::StateMachine;
use quorate::models::kv::limits::LimitError;
use quorate::models::kv::map::MAX_KEY_BYTES;
use quorate::models::kv::offer::{
    Answered, Ask, AskOutcome, Offer, OfferError, Offered, not_offered,
};
use quorate::models::paxos::Paxos;
use quorate::models::primary_backup::PrimaryBackup;
use quorate::models::protocols::{Protocols, Visitor};
use quorate::stateright::actor::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn main() -> std::process::ExitCode {
    quorate::cli::main::<Own>()
}

/// The list of protocols.
struct Own;

impl Protocols for Own {
    fn each(visitor: &mut impl Visitor) {
        visitor.deployed::<Paxos<Counters>>();
        visitor.deployed::<PrimaryBackup<Counters>>();
    }
}

/// The machine: counters by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Counters(BTreeMap<String, i64>);

/// Adds to a counter; reads it where that is 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Add {
    name: String,
    amount: i64,
}

impl StateMachine for Counters {
    type Op = Add;
    type Reply = i64;
    type Fragment = Vec<(String, i64)>;

    fn apply(&mut self, _: Id, _: u64, op: &Add) -> i64 {
        if op.amount == 0 {
            return self.0.get(&op.name).copied().unwrap_or(0);
        }
        let counter = self.0.entry(op.name.clone()).or_default();
        *counter = counter.saturating_add(op.amount);
        *counter
    }

    /// A piece has at most eight counters, whose names are short: it fits a datagram.
    fn fragments(&self) -> Vec<Self::Fragment> {
        let all: Vec<_> = self.0.iter().map(|(name, value)| (name.clone(), *value)).collect();
        let pieces: Vec<_> = all.chunks(8).map(<[_]>::to_vec).collect();
        if pieces.is_empty() { vec![Vec::new()] } else { pieces }
    }

    fn restore(&mut self, fragment: Self::Fragment) {
        self.0.extend(fragment);
    }
}

impl Offered for Counters {
    type Offer = CounterOffer;
}

/// `quorate call add NAME AMOUNT` and `quorate call read NAME`.
struct CounterOffer;

impl Offer for CounterOffer {
    type Request = Add;
    type Answer = i64;
    type Carried = ();
    const COMMANDS: &'static [&'static str] = &["call"];

    fn request(_: &Topology, ask: &Ask) -> Result<Add, OfferError> {
        let Ask::Words(words) = ask else { return Err(not_offered::<Self>(ask)) };
        let meaningless = || OfferError::Meaningless("say `add NAME AMOUNT` or `read NAME`".into());
        let (name, amount) = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["add", name, amount] => (name, amount.parse().map_err(|_| meaningless())?),
            ["read", name] => (name, 0),
            // Without words: what `cluster` asks to see whether the servers are up.
            [] => ("", 0),
            _ => return Err(meaningless()),
        };
        Ok(Add { name: name.into(), amount })
    }

    fn check(op: &Add) -> Result<(), LimitError> {
        match op.name.len() {
            len if len > MAX_KEY_BYTES => Err(LimitError::KeyTooLong { len }),
            _ => Ok(()),
        }
    }

    fn answer(_: &Topology, _: &Ask, reply: i64) -> Option<AskOutcome> {
        Some(AskOutcome::Done(Answered::Text(reply.to_string())))
    }
}
