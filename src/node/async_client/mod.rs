//! An asynchronous client, for programs that run on tokio (cargo feature `tokio`).
//!
//! One handle has many requests under way, from as many tasks as there are. Each takes a **slot** of a
//! session of its own ([`slots`](quorate_models::kv::sessions::slots)), and as many sessions as that
//! takes are begun, each when it is first needed, with one more round trip to a server. A request that
//! finds all slots in use waits for one, for its deadline at most.
//!
//! Two requests that are under way at once may be done in either order, though one task made both: a
//! task that wants an order waits for the first reply. Servers remember so many sessions at a time
//! ([`MAX_SESSIONS`](quorate_models::kv::sessions::MAX_SESSIONS) by default, of all clients together):
//! the sessions of all programs together should stay below that, or sessions expire. One session is
//! enough for [`MAX_SLOTS`](quorate_models::kv::sessions::slots::MAX_SLOTS) requests where the protocol
//! is checked with several per session ([`Deploy::client_slots`](quorate_models::protocol::Deploy)).
//!
//! The client actor that is checked with the servers sends, retries and follows redirects, as
//! for the blocking [`Client`](super::Client); a task of its own drives the sessions of a handle.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use quorate::ClusterFile;
//! use quorate::models::kv::Map;
//! use quorate::models::paxos::Paxos;
//! use quorate::node::deploy::open_async_client;
//! use std::time::Duration;
//!
//! let cluster = ClusterFile::load("cluster.toml".as_ref())?;
//! let client = open_async_client::<Paxos<Map>>(&cluster, None, 16)?;
//! let second = Duration::from_secs(1);
//! client.put("color".into(), "green".into(), second).await?;
//! assert_eq!(client.get("color".into(), second).await?, Some("green".into()));
//! # Ok(())
//! # }
//! ```
//!
//! `examples/async_client.rs` is a whole program.

mod driver;
mod map;

use super::client::{ClientError, Rules};
use super::cluster_file::ClusterFile;
use super::fleet::Fleet;
use super::frame::sendable;
use driver::{Driver, Order, Request};
use quorate_models::kv::Service;
use quorate_models::kv::machine::Value;
use stateright::actor::Id;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};

/// A client of a replicated service with many requests under way: operations `O`, replies `R`, and
/// the servers' own messages `P`. Copies share the slots.
pub struct AsyncClient<O, R, P> {
    orders: UnboundedSender<Order<O, R>>,
    /// A permit for each slot that is free.
    free: Arc<Semaphore>,
    requests: usize,
    tickets: Arc<AtomicU64>,
    service: PhantomData<fn() -> P>,
}

impl<O, R, P> Clone for AsyncClient<O, R, P> {
    fn clone(&self) -> Self {
        Self {
            orders: self.orders.clone(),
            free: Arc::clone(&self.free),
            requests: self.requests,
            tickets: Arc::clone(&self.tickets),
            service: PhantomData,
        }
    }
}

impl<O: Value, R: Value, P: Value> AsyncClient<O, R, P> {
    /// Opens a client of a cluster which has so many `requests` under way at most, at least one, in
    /// sessions of so many `slots` each. `servers` are those that take requests, and `retry` is how long to wait
    /// for an answer before another is asked. Its task runs on the tokio runtime that this is called
    /// in, and ends when the last copy of the client is dropped.
    ///
    /// # Errors
    /// Outside a tokio runtime; without servers to ask or a socket.
    ///
    /// # Panics
    /// If the runtime was built without its I/O or time driver.
    pub fn open(
        cluster: &ClusterFile,
        servers: Vec<Id>,
        retry: Range<Duration>,
        under_way: (usize, u8),
    ) -> Result<Self, ClientError> {
        Self::open_heeding(cluster, servers, retry, under_way, Rules::default())
    }

    /// The same, of a client that heeds these rules.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    ///
    /// # Panics
    /// As [`open`](Self::open).
    pub fn open_heeding(
        cluster: &ClusterFile,
        servers: Vec<Id>,
        retry: Range<Duration>,
        (requests, slots): (usize, u8),
        rules: Rules<O, R>,
    ) -> Result<Self, ClientError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ClientError::NoRuntime)?;
        let requests = requests.max(1);
        // Not a session more than is needed, and no slot that none would use.
        let slots = usize::from(slots.max(1)).min(requests) as u8;
        let sessions = requests.div_ceil(slots.into());
        let fleet: Fleet<O, R, P> =
            Fleet::open(cluster, servers, retry, (sessions, slots), false)?.heeding(rules);
        let (orders, taken) = unbounded_channel();
        runtime.spawn(Driver::new(fleet, taken, requests)?.run());
        Ok(Self {
            orders,
            free: Arc::new(Semaphore::new(requests)),
            requests,
            tickets: Arc::default(),
            service: PhantomData,
        })
    }

    /// Does `op`, and waits for the answer for `deadline` at most, with the wait for a slot.
    ///
    /// If the future is dropped, the request is given up: it may have been done, or may yet, as after
    /// [`ClientError::NoAnswer`].
    ///
    /// # Errors
    /// [`ClientError::fate`] says of each whether the operation was done.
    pub async fn call(&self, op: O, deadline: Duration) -> Result<R, ClientError> {
        Ok(self.ask(op, deadline).await?.0)
    }

    /// Does `op`: the answer, and the server that gave it.
    async fn ask(&self, op: O, deadline: Duration) -> Result<(R, Id), ClientError> {
        sendable(&Service::<&O, (), ()>::Request { seq: u64::MAX, op: &op })
            .map_err(ClientError::Unsendable)?;
        let begin = Instant::now();
        let free = Arc::clone(&self.free).acquire_owned();
        let slot = match tokio::time::timeout(deadline, free).await {
            Ok(slot) => slot.map_err(|_| ClientError::Stopped)?,
            Err(_) => return Err(ClientError::AllInUse { deadline, requests: self.requests }),
        };
        let (answer, answered) = oneshot::channel();
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let request = Request { ticket, op, begin, deadline, answer, slot };
        self.orders.send(Order::Do(request)).map_err(|_| ClientError::Stopped)?;
        let mut call = Call { orders: &self.orders, ticket, is_over: false };
        let result = answered.await;
        call.is_over = true;
        result.unwrap_or(Err(ClientError::Stopped))
    }
}

/// A call under way. If it is dropped before its end, its request is given up.
struct Call<'a, O, R> {
    orders: &'a UnboundedSender<Order<O, R>>,
    ticket: u64,
    is_over: bool,
}

impl<O, R> Drop for Call<'_, O, R> {
    fn drop(&mut self) {
        if !self.is_over {
            // Without a driver there is nothing to give up.
            let _ = self.orders.send(Order::GiveUp(self.ticket));
        }
    }
}
