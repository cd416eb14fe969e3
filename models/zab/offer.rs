//! What a deployed cluster offers: the operations of its state machine as transactions, reads at any
//! server, and syncs.

use super::client::Seen;
use super::message::{Ask, Reply};
use crate::kv;
use crate::kv::limits::LimitError;
use crate::kv::offer::{self, Answered, AskOutcome, Offer, OfferError};
use crate::topology::Topology;
use std::marker::PhantomData;

/// The offer `F` of a state machine, and what Zab adds. A client carries the last transaction that it
/// knows of.
pub struct Ordered<F>(PhantomData<F>);

/// The commands beside those of the state machine.
const MORE: [&str; 3] = ["get --local", "range --local", "sync"];
/// More commands than there are.
const MOST: usize = 32;

impl<F: Offer> Ordered<F> {
    const ALL: [&'static str; MOST] = {
        let mut all = [""; MOST];
        let mut at = 0;
        while at < F::COMMANDS.len() {
            all[at] = F::COMMANDS[at];
            at += 1;
        }
        let mut more = 0;
        while more < MORE.len() {
            all[at + more] = MORE[more];
            more += 1;
        }
        all
    };
}

impl<F: Offer> Offer for Ordered<F> {
    type Request = Ask<F::Request>;
    type Answer = Reply<F::Answer>;
    type Carried = Seen;
    const COMMANDS: &'static [&'static str] = Self::ALL.split_at(F::COMMANDS.len() + MORE.len()).0;

    fn request(topology: &Topology, ask: &offer::Ask) -> Result<Self::Request, OfferError> {
        Ok(match ask {
            offer::Ask::Sync => Ask::Sync,
            offer::Ask::Local(op) => {
                let op = F::request(topology, &op.clone().into())?;
                Ask::Read { op, seen: super::Zxid::default() }
            }
            _ => Ask::Do { op: F::request(topology, ask)? },
        })
    }

    fn check(request: &Self::Request) -> Result<(), LimitError> {
        match request {
            Ask::Do { op } | Ask::Read { op, .. } => F::check(op),
            Ask::Sync => Ok(()),
        }
    }

    fn answer(topology: &Topology, ask: &offer::Ask, answer: Self::Answer) -> Option<AskOutcome> {
        match (ask, answer.reply) {
            (offer::Ask::Sync, None) => Some(AskOutcome::Done(Answered::Reply(kv::Reply::Done))),
            (offer::Ask::Sync, Some(_)) => None,
            (offer::Ask::Local(op), reply) => F::answer(topology, &op.clone().into(), reply?),
            (_, reply) => F::answer(topology, ask, reply?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::offer::{Carried, MapOffer};
    use crate::kv::{Op, Reply as MapReply};
    use crate::zab::{Epoch, Zxid};

    type Offered = Ordered<MapOffer>;

    #[test]
    fn it_has_the_commands_of_the_map_and_its_own() {
        let (own, map) = (Offered::COMMANDS, MapOffer::COMMANDS);
        assert_eq!(own, [map, &MORE].concat());
    }

    #[test]
    fn a_read_at_any_server_carries_what_its_client_has_seen() {
        let (plain, mut seen) = (Topology::plain(3), Seen::default());
        let zxid = Zxid { epoch: Epoch { round: 2, leader: 1.into() }, counter: 7 };
        let learn = |seen: &mut Seen, zxid| {
            let reply = Reply { zxid, reply: Some(MapReply::Done) };
            seen.learn(&Ask::<Op>::Sync, &reply);
        };
        learn(&mut seen, zxid);
        learn(&mut seen, Zxid::default());
        let mut request = Offered::request(&plain, &offer::Ask::Local(Op::get("k"))).unwrap();
        Carried::<_, Reply<MapReply>>::stamp(&seen, &mut request);
        assert_eq!(request, Ask::Read { op: Op::get("k"), seen: zxid }, "the newest");
        let token = Carried::<Ask<Op>, Reply<MapReply>>::token(&seen).unwrap();
        assert_eq!(<Seen as Carried<Ask<Op>, Reply<MapReply>>>::resume(&token), Some(seen));
        assert_eq!(<Seen as Carried<Ask<Op>, Reply<MapReply>>>::resume("7"), None);
    }

    #[test]
    fn the_answer_to_a_sync_is_that_it_is_done_and_nothing_else() {
        let plain = Topology::plain(3);
        let answer = |reply| {
            Offered::answer(&plain, &offer::Ask::Sync, Reply { zxid: Zxid::default(), reply })
        };
        assert!(matches!(answer(None), Some(AskOutcome::Done(Answered::Reply(MapReply::Done)))));
        assert!(answer(Some(MapReply::Done)).is_none());
        let get = offer::Ask::from(Op::get("k"));
        let none = Reply { zxid: Zxid::default(), reply: None };
        assert!(Offered::answer(&plain, &get, none).is_none());
    }
}
