//! An asynchronous client, for programs that run on tokio (cargo feature `tokio`).
//!
//! One handle has many requests under way, from as many tasks as there are. The protocols' sessions
//! have one request open at a time, and that is what is checked; so each request under way has a
//! **session of its own**, from a pool of as many as the handle was opened with. A session begins when
//! it is first needed, with one more round trip to a server. A request that finds all sessions in use
//! waits for one, for its deadline at most.
//!
//! Two requests that are under way at once may be done in either order, though one task made both: a
//! task that wants an order waits for the first reply. Servers remember so many sessions at a time
//! ([`MAX_SESSIONS`](quorate_models::kv::sessions::MAX_SESSIONS) by default, of all clients together):
//! the pools of all programs together should stay below that, or sessions expire.
//!
//! What sends, retries and follows redirects is the client actor that is checked with the servers, as
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

use super::client::ClientError;
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
/// the servers' own messages `P`. Copies share the sessions.
pub struct AsyncClient<O, R, P> {
    orders: UnboundedSender<Order<O, R>>,
    /// A permit for each session that is free.
    free: Arc<Semaphore>,
    sessions: usize,
    tickets: Arc<AtomicU64>,
    service: PhantomData<fn() -> P>,
}

impl<O, R, P> Clone for AsyncClient<O, R, P> {
    fn clone(&self) -> Self {
        Self {
            orders: self.orders.clone(),
            free: Arc::clone(&self.free),
            sessions: self.sessions,
            tickets: Arc::clone(&self.tickets),
            service: PhantomData,
        }
    }
}

impl<O: Value, R: Value, P: Value> AsyncClient<O, R, P> {
    /// Opens a client of a cluster with a pool of so many `sessions`, at least one: the most requests
    /// that it has under way. `servers` are those that take requests, and `retry` is how long to wait
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
        sessions: usize,
    ) -> Result<Self, ClientError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ClientError::NoRuntime)?;
        let sessions = sessions.max(1);
        let fleet: Fleet<O, R, P> = Fleet::open(cluster, servers, retry, sessions)?;
        let (orders, taken) = unbounded_channel();
        runtime.spawn(Driver::new(fleet, taken, sessions)?.run());
        Ok(Self {
            orders,
            free: Arc::new(Semaphore::new(sessions)),
            sessions,
            tickets: Arc::default(),
            service: PhantomData,
        })
    }

    /// Does `op`, and waits for the answer for `deadline` at most, with the wait for a session.
    ///
    /// If the future is dropped, the request is given up: it may have been done, or may yet, as after
    /// [`ClientError::NoAnswer`].
    ///
    /// # Errors
    /// [`ClientError::fate`] says what each means for the operation.
    pub async fn call(&self, op: O, deadline: Duration) -> Result<R, ClientError> {
        Ok(self.ask(op, deadline).await?.0)
    }

    /// Does `op`: the answer, and who gave it.
    async fn ask(&self, op: O, deadline: Duration) -> Result<(R, Id), ClientError> {
        sendable(&Service::<&O, (), ()>::Request { seq: u64::MAX, op: &op })
            .map_err(ClientError::Unsendable)?;
        let begin = Instant::now();
        let free = Arc::clone(&self.free).acquire_owned();
        let session = match tokio::time::timeout(deadline, free).await {
            Ok(session) => session.map_err(|_| ClientError::Stopped)?,
            Err(_) => return Err(ClientError::AllInUse { deadline, sessions: self.sessions }),
        };
        let (answer, answered) = oneshot::channel();
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let request = Request { ticket, op, begin, deadline, answer, session };
        self.orders.send(Order::Do(request)).map_err(|_| ClientError::Stopped)?;
        let mut call = Call { orders: &self.orders, ticket, is_over: false };
        let result = answered.await;
        call.is_over = true;
        result.unwrap_or(Err(ClientError::Stopped))
    }
}

/// A call under way. If it is dropped before its end, nobody waits for the answer any more.
struct Call<'a, O, R> {
    orders: &'a UnboundedSender<Order<O, R>>,
    ticket: u64,
    is_over: bool,
}

impl<O, R> Drop for Call<'_, O, R> {
    fn drop(&mut self) {
        if !self.is_over {
            // If nobody takes it, there is nothing to give up.
            let _ = self.orders.send(Order::GiveUp(self.ticket));
        }
    }
}
