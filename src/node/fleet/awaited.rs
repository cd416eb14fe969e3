//! A fleet that an asynchronous task drives and waits for.

use super::{Fleet, Open};
use crate::node::client::ClientError;
use quorate_models::kv::machine::Value;
use stateright::actor::Id;
use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

impl<O: Value, R: Value, P: Value> Fleet<O, R, P> {
    /// The socket once more, for a task that waits for datagrams.
    pub(in crate::node) fn readiness(&self) -> io::Result<UdpSocket> {
        self.port.readiness()
    }

    /// Whether nothing is left to receive: a step takes so much at most.
    pub(in crate::node) fn is_drained(&self) -> bool {
        !self.port.is_ready()
    }

    /// When it has something to do, whatever comes in.
    pub(in crate::node) fn due(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Why a request that waited for `deadline` has no answer.
    pub(in crate::node) fn no_answer(&self, slot: usize, deadline: Duration) -> ClientError {
        let place = self.place(slot);
        let member = &self.members[place.member];
        let open = &member.slots[usize::from(place.slot)].open;
        let Some(Open { asked, state, busy, .. }) = open else {
            return ClientError::NoAnswer { deadline, asked: Vec::new() };
        };
        let address = |id: &Id| Some((*id, member.session.address(*id)?));
        let asked = asked.iter().filter_map(address).collect();
        match state {
            None => ClientError::NoSession { deadline, asked },
            Some(_) if *busy => ClientError::Busy { deadline },
            Some(_) => ClientError::NoAnswer { deadline, asked },
        }
    }
}
