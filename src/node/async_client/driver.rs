//! The task that drives the sessions of an asynchronous client: a fleet that waits as tokio does.

use crate::node::client::ClientError;
use crate::node::fleet::{Finished, Fleet};
use crate::node::socket::BindError;
use quorate_models::kv::machine::Value;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// An order of a handle.
pub(super) enum Order<O, R> {
    /// A request is to be done.
    Do(Request<O, R>),
    /// The request with this ticket is not awaited any more.
    GiveUp(u64),
}

/// A request, and where its answer goes.
pub(super) struct Request<O, R> {
    pub(super) ticket: u64,
    pub(super) op: O,
    pub(super) begin: Instant,
    pub(super) deadline: Duration,
    pub(super) answer: oneshot::Sender<Result<(R, Id), ClientError>>,
    /// Held as long as its slot is in use.
    pub(super) slot: OwnedSemaphorePermit,
}

/// A request that has a slot.
struct Open<R> {
    ticket: u64,
    deadline: Duration,
    /// The time of the deadline; `None` if it is beyond the clock's last time.
    limit: Option<Instant>,
    answer: oneshot::Sender<Result<(R, Id), ClientError>>,
    _slot: OwnedSemaphorePermit,
}

pub(super) struct Driver<O, R, P> {
    fleet: Fleet<O, R, P>,
    /// The fleet's socket, by which tokio sees datagrams come in.
    socket: UdpSocket,
    orders: UnboundedReceiver<Order<O, R>>,
    /// The requests under way, by slot.
    open: Vec<Option<Open<R>>>,
    by_ticket: BTreeMap<u64, usize>,
    limits: BTreeSet<(Instant, usize)>,
    /// The slots without a request; the one that was used last is used next, so that no more sessions
    /// begin than are needed.
    free: Vec<usize>,
}

enum Event<O, R> {
    Order(Order<O, R>),
    /// Something came in, or a time has come.
    Step,
    /// The last handle was dropped.
    End,
}

impl<O: Value, R: Value, P: Value> Driver<O, R, P> {
    pub(super) fn new(
        fleet: Fleet<O, R, P>,
        orders: UnboundedReceiver<Order<O, R>>,
        requests: usize,
    ) -> Result<Self, ClientError> {
        let socket = fleet.readiness().and_then(UdpSocket::from_std);
        let socket = socket.map_err(|source| BindError::Unwatched { source })?;
        Ok(Self {
            fleet,
            socket,
            orders,
            open: (0..requests).map(|_| None).collect(),
            by_ticket: BTreeMap::new(),
            limits: BTreeSet::new(),
            free: (0..requests).rev().collect(),
        })
    }

    pub(super) async fn run(mut self) {
        loop {
            match self.event().await {
                Event::Order(order) => self.take(order),
                Event::Step => {}
                Event::End => return,
            }
            self.step();
        }
    }

    async fn event(&mut self) -> Event<O, R> {
        let due = self.fleet.due().into_iter().chain(self.limits.first().map(|(at, _)| *at)).min();
        let Self { orders, socket, .. } = self;
        let next = poll_fn(|context| {
            if let Poll::Ready(order) = orders.poll_recv(context) {
                return Poll::Ready(order.map_or(Event::End, Event::Order));
            }
            let ready = socket.poll_recv_ready(context);
            ready.map(|ready| ready.map_or(Event::End, |()| Event::Step))
        });
        match due {
            Some(due) => tokio::time::timeout_at(due.into(), next).await.unwrap_or(Event::Step),
            None => next.await,
        }
    }

    fn take(&mut self, order: Order<O, R>) {
        match order {
            Order::Do(request) => self.begin(request),
            Order::GiveUp(ticket) => {
                if let Some(slot) = self.by_ticket.get(&ticket).copied() {
                    self.fleet.give_up(slot);
                    self.close(slot);
                }
            }
        }
    }

    fn begin(&mut self, request: Request<O, R>) {
        let Request { ticket, op, begin, deadline, answer, slot: permit } = request;
        // A request comes with the permit for one.
        let Some(slot) = self.free.pop() else { return };
        let limit = begin.checked_add(deadline);
        self.limits.extend(limit.map(|limit| (limit, slot)));
        self.by_ticket.insert(ticket, slot);
        self.open[slot] = Some(Open { ticket, deadline, limit, answer, _slot: permit });
        if let Err(error) = self.fleet.begin(slot, op) {
            self.fleet.give_up(slot);
            self.end(slot, Err(error));
        }
    }

    /// Takes datagrams, and does all that is due.
    fn step(&mut self) {
        loop {
            match self.fleet.step(Duration::ZERO) {
                Ok(finished) => finished.into_iter().for_each(|finished| self.finish(finished)),
                // That a request can be sent is known before it comes here.
                Err(error) => tracing::warn!(%error, "a request was not sent"),
            }
            if self.is_drained() {
                break;
            }
        }
        let now = Instant::now();
        while let Some((_, slot)) = self.limits.first().copied().filter(|(at, _)| *at <= now) {
            let deadline = self.open[slot].as_ref().map(|open| open.deadline);
            let error = self.fleet.no_answer(slot, deadline.unwrap_or_default());
            self.fleet.give_up(slot);
            self.end(slot, Err(error));
        }
    }

    /// Whether nothing is left to receive. From then on tokio waits for the next datagram.
    fn is_drained(&self) -> bool {
        let nothing = || Err(ErrorKind::WouldBlock.into());
        let look = || if self.fleet.is_drained() { nothing() } else { Ok(()) };
        self.socket.try_io(Interest::READABLE, look).is_err()
    }

    fn finish(&mut self, Finished { slot, server, result, .. }: Finished<O, R>) {
        let Some(open) = &self.open[slot] else { return };
        let refused = |why| ClientError::refused(why, open.deadline);
        let result = result.map(|reply| (reply, server)).map_err(refused);
        self.end(slot, result);
    }

    fn end(&mut self, slot: usize, result: Result<(R, Id), ClientError>) {
        if let Some(open) = self.close(slot) {
            // The caller may have gone.
            let _ = open.answer.send(result);
        }
    }

    /// Frees a slot.
    fn close(&mut self, slot: usize) -> Option<Open<R>> {
        let open = self.open[slot].take()?;
        self.by_ticket.remove(&open.ticket);
        if let Some(limit) = open.limit {
            self.limits.remove(&(limit, slot));
        }
        self.free.push(slot);
        Some(open)
    }
}
