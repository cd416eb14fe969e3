//! The client that users call: a driver over the very client actor that is checked with the
//! servers. What it retries, whom it asks next and when it believes a redirect is the actor's
//! business; the driver gives it a socket, a clock and a deadline.

use super::caller::{Caller, Heard};
use super::cluster_file::ClusterFile;
use super::endpoint::SendError;
use super::frame::FrameError;
use super::socket::BindError;
use super::timers::Timers;
use quorate_models::kv::machine::Value;
use quorate_models::kv::service::Refusal;
use quorate_models::kv::{self, ClientState, Retry, Service};
use serde::Serialize;
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Why an operation has no result.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The file has keys, and does not tell by which key the servers are known.
    #[error(
        "the cluster file {} has a client key, but neither the servers' key nor their public one; \
         make a client's copy of the file with `quorate client-file`", file.display()
    )]
    NoPublicKey {
        /// The file.
        file: PathBuf,
    },
    /// There is nobody to ask.
    #[error("the cluster has no server that takes requests")]
    NoServers,
    /// Nobody answered in time. The operation may have been done, and may still be, until this
    /// client does another.
    #[error(
        "no answer within {deadline:?} from {}; the operation may or may not have been done \
         (do they run, and with the same cluster file?)",
        list(asked)
    )]
    NoAnswer {
        /// The deadline.
        deadline: Duration,
        /// The servers that were asked.
        asked: Vec<(Id, SocketAddr)>,
    },
    /// All the time there was, the servers had as many requests waiting as they take. Nobody said
    /// that the operation was done; as one that was asked before may have been taken, it may still
    /// be, until this client does another.
    #[error(
        "the cluster is busy: its servers had too many requests waiting for all of {deadline:?}; \
         ask again later, or with a longer deadline"
    )]
    Busy {
        /// The deadline.
        deadline: Duration,
    },
    /// The servers have forgotten this client; whether the operation was done cannot be told. The
    /// next operation begins a new session, under a new id.
    #[error(
        "the session has expired: the servers have since served many other clients; \
         the operation may or may not have been done (the next one begins a new session)"
    )]
    SessionExpired,
    /// The protocol does not have this operation.
    #[error("the cluster's protocol does not offer this operation")]
    NotOffered,
    /// The operation is larger than the protocol's messages can carry.
    #[error("the operation is too large for the cluster's protocol")]
    TooLarge,
    /// A key is too long.
    #[error("the key has {len} bytes, more than the limit of {}", kv::map::MAX_KEY_BYTES)]
    KeyTooLong {
        /// Its length.
        len: usize,
    },
    /// A value is too long.
    #[error("the value has {len} bytes, more than the limit of {}", kv::map::MAX_VALUE_BYTES)]
    ValueTooLong {
        /// Its length.
        len: usize,
    },
    /// A compare-and-swap of two long values.
    #[error(
        "the key and the values have {len} bytes together, more than the limit of {}",
        super::map_client::MAX_OPERATION_BYTES
    )]
    OperationTooLong {
        /// Their length.
        len: usize,
    },
    /// The context of a write is longer than a cluster of any size has.
    #[error("the context has {len} bytes, more than the limit of {limit}")]
    ContextTooLong {
        /// Its length.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// A transaction does not keep the limits.
    #[error(transparent)]
    Transaction(#[from] kv::txn::TxnError),
    /// The request does not fit a datagram.
    #[error("the request cannot be sent: {0}")]
    Unsendable(FrameError),
    /// A server answered something else than was asked.
    #[error("server {0:?} answered what was not asked; its version may differ")]
    Nonsense(Id),
}

fn list(asked: &[(Id, SocketAddr)]) -> String {
    let servers: Vec<String> = (asked.iter())
        .map(|(id, address)| format!("server {} ({address})", usize::from(*id)))
        .collect();
    if servers.is_empty() { "any server".into() } else { servers.join(", ") }
}

/// A client of a replicated service: operations `O`, replies `R`, and the servers' own messages
/// `P`. One operation at a time; each is done exactly once where the protocol promises so,
/// however often it is sent.
pub struct Client<O, R, P> {
    caller: Caller,
    /// In the order in which they are asked.
    servers: Vec<Id>,
    retry: Range<Duration>,
    next_seq: u64,
    /// How new the knowledge is that the first of `servers` leads.
    epoch: u64,
    service: PhantomData<fn(O) -> (R, P)>,
}

impl<O: Value, R: Value, P: Value> Client<O, R, P> {
    /// Opens a client of a cluster. A server gives it an id when it asks for the first time, and
    /// after its session has expired. `servers` are those that take requests, and
    /// `retry` is how long to wait for an answer before another is asked.
    pub fn open(
        cluster: &ClusterFile,
        servers: Vec<Id>,
        retry: Range<Duration>,
    ) -> Result<Self, ClientError> {
        let first = servers.first().and_then(|first| cluster.server(*first));
        let any = match first.ok_or(ClientError::NoServers)?.address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let caller = Caller::bind(cluster, any)?
            .ok_or_else(|| ClientError::NoPublicKey { file: cluster.path().into() })?;
        Ok(Self { caller, servers, retry, next_seq: 1, epoch: 0, service: PhantomData })
    }

    /// Its id, if it has a session.
    pub fn id(&self) -> Option<Id> {
        self.caller.id()
    }

    /// The server that it would ask first now.
    pub fn last_server(&self) -> Id {
        self.servers[0]
    }

    /// Does `op`, and waits for the answer for `deadline` at most.
    pub fn call(&mut self, op: O, deadline: Duration) -> Result<R, ClientError> {
        let begin = Instant::now();
        let me = self.session(begin, deadline)?;
        let actor = self.actor(op);
        // Whatever comes of it, this number is used: an answer that comes too late is not
        // taken for the answer to another request.
        self.next_seq += 1;
        let mut call = Call { asked: BTreeMap::new(), timers: Timers::new(), busy: false };
        let mut out = Out::new();
        let mut state = actor.on_start(me, &None, &mut out);
        state.epoch = self.epoch;
        let mut state: Cow<'_, ClientState<R>> = Cow::Owned(state);
        call.perform(&mut self.caller, out)?;
        while state.last.is_none() {
            let now = Instant::now();
            let left = deadline.saturating_sub(now.duration_since(begin));
            if left.is_zero() {
                return Err(self.no_answer(deadline, &call));
            }
            let mut out = Out::new();
            if let Some(timer) = call.timers.pop(now) {
                actor.on_timeout(me, &mut state, &timer, &mut out);
            } else {
                let next = call.timers.next().map(|next| next.saturating_duration_since(now));
                match self.caller.receive(next.unwrap_or(left).min(left)) {
                    Heard::Message(src, msg) => {
                        call.hear(self.next_seq - 1, &msg);
                        actor.on_msg(me, &mut state, src, msg, &mut out);
                    }
                    Heard::Cookie(server) => call.ask_again(&mut self.caller, server)?,
                    Heard::Nothing | Heard::Dropped | Heard::Welcome => {}
                }
            }
            call.perform(&mut self.caller, out)?;
        }
        let state = state.into_owned();
        self.remember(&state);
        match state.last {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(Refusal::SessionExpired)) => {
                self.end_session();
                Err(ClientError::SessionExpired)
            }
            Some(Err(Refusal::NotOffered)) => Err(ClientError::NotOffered),
            Some(Err(Refusal::TooLarge)) => Err(ClientError::TooLarge),
            // The actor goes on asking whoever is busy: it does not end with that.
            Some(Err(Refusal::Busy)) | None => Err(self.no_answer(deadline, &call)),
        }
    }

    /// The id of this client. If it has none yet, it asks for one: the server that it would ask
    /// first, and then the others in turn, until one answers.
    fn session(&mut self, begin: Instant, deadline: Duration) -> Result<Id, ClientError> {
        let mut asked = BTreeSet::new();
        let mut timers = Timers::new();
        timers.set(Retry, Duration::ZERO..Duration::ZERO, begin);
        loop {
            if let Some(me) = self.caller.id() {
                return Ok(me);
            }
            let now = Instant::now();
            let left = deadline.saturating_sub(now.duration_since(begin));
            if left.is_zero() {
                return Err(self.nobody_answers(deadline, asked.iter()));
            }
            if timers.pop(now).is_some() {
                if !asked.is_empty() {
                    self.servers.rotate_left(1);
                }
                asked.insert(self.servers[0]);
                if let Ok(hello) = self.caller.hello(self.servers[0]) {
                    self.caller.transmit(&hello);
                }
                timers.set(Retry, self.retry.clone(), now);
            }
            let next = timers.next().map_or(left, |next| next.saturating_duration_since(now));
            self.caller.receive::<Service<O, R, P>>(next.min(left).max(Duration::from_micros(1)));
        }
    }

    /// Goes on as a new client: under the old id nothing would be done any more, and an id is never
    /// used for a second session.
    fn end_session(&mut self) {
        self.caller.renew();
        self.next_seq = 1;
    }

    /// The client actor, with this one operation to do.
    fn actor(&self, op: O) -> Driven<O, R, P> {
        let client = kv::Client {
            script: vec![op],
            first_seq: self.next_seq,
            servers: self.servers.clone(),
            retry: self.retry.clone(),
        };
        Driven(client, PhantomData)
    }

    /// Asks the one that answered first, the next time.
    fn remember(&mut self, state: &ClientState<R>) {
        self.epoch = state.epoch;
        if let Some(at) = self.servers.iter().position(|server| *server == state.target) {
            self.servers.rotate_left(at);
        }
    }

    fn no_answer(&self, deadline: Duration, call: &Call<Service<O, R, P>>) -> ClientError {
        if call.busy {
            return ClientError::Busy { deadline };
        }
        self.nobody_answers(deadline, call.asked.keys())
    }

    fn nobody_answers<'a>(
        &self,
        deadline: Duration,
        asked: impl Iterator<Item = &'a Id>,
    ) -> ClientError {
        let address = |id: &Id| Some((*id, self.caller.address(*id)?));
        ClientError::NoAnswer { deadline, asked: asked.filter_map(address).collect() }
    }
}

/// The effects of one operation.
struct Call<M> {
    /// The servers that were asked, and what each was told last.
    asked: BTreeMap<Id, M>,
    timers: Timers<Retry>,
    /// Whether the last that was heard of the request is that a server is busy.
    busy: bool,
}

impl<O: Value, R: Value, P: Value> Call<Service<O, R, P>> {
    fn hear(&mut self, open: u64, msg: &Service<O, R, P>) {
        match msg {
            Service::Refused { seq, why } if *seq == open => self.busy = *why == Refusal::Busy,
            Service::Redirect { seq, .. } | Service::Reply { seq, .. } if *seq == open => {
                self.busy = false;
            }
            _ => {}
        }
    }

    /// Asks a server again what it was asked, with what proves this client's address.
    fn ask_again(&self, caller: &mut Caller, server: Id) -> Result<(), ClientError> {
        self.asked.get(&server).map_or(Ok(()), |msg| ask(caller, server, msg))
    }

    fn perform(
        &mut self,
        caller: &mut Caller,
        out: Out<Driven<O, R, P>>,
    ) -> Result<(), ClientError> {
        for command in out {
            match command {
                Command::Send(dst, msg) => {
                    ask(caller, dst, &msg)?;
                    self.asked.insert(dst, msg);
                }
                Command::SetTimer(timer, range) => self.timers.set(timer, range, Instant::now()),
                Command::CancelTimer(timer) => self.timers.cancel(&timer),
                // The client actor keeps nothing and draws nothing.
                Command::Save(()) | Command::ChooseRandom(..) => {}
            }
        }
        Ok(())
    }
}

fn ask<M: Serialize>(caller: &mut Caller, server: Id, msg: &M) -> Result<(), ClientError> {
    match caller.seal(server, msg) {
        // Lost, if it fails: the retry timer deals with that.
        Ok(datagram) => caller.transmit(&datagram),
        Err(SendError::Frame(error)) => return Err(ClientError::Unsendable(error)),
        // A server named a leader that nobody knows: the retry timer again.
        Err(SendError::Unroutable(_)) => {}
    }
    Ok(())
}

/// The client actor of `models::kv`, on its own.
struct Driven<O, R, P>(kv::Client<O>, PhantomData<fn() -> (R, P)>);

impl<O: Value, R: Value, P: Value> Actor for Driven<O, R, P> {
    type Msg = Service<O, R, P>;
    type Timer = Retry;
    type State = ClientState<R>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ClientState<R> {
        self.0.on_start(o)
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, ClientState<R>>,
        _: Id,
        msg: Service<O, R, P>,
        o: &mut Out<Self>,
    ) {
        self.0.on_msg(state, msg, o);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, ClientState<R>>, _: &Retry, o: &mut Out<Self>) {
        self.0.on_retry(state, o);
    }
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::{Endpoint, Incoming};
    use super::super::mint::Mint;
    use super::super::peers::Peers;
    use super::*;
    use std::net::UdpSocket;
    use std::path::Path;
    use std::thread;

    type Msg = Service<String, String, ()>;

    /// A server that answers the first request, and when it comes again, as the next of `answers` says, the last again and again,
    /// until it has heard nothing for a second; and a client of it.
    fn served(answers: Vec<Msg>) -> (thread::JoinHandle<()>, Client<String, String, ()>) {
        let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let text = format!(
            "name = \"demo\"\nprotocol = \"toy\"\n[[server]]\nid = 0\naddress = \"{free}\"\n"
        );
        let cluster = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let peers = Peers::open(dir.path()).unwrap();
        let mut server = Endpoint::bind(0.into(), &cluster, free, 0, peers).unwrap();
        let mut mint = Mint::open(dir.path(), 0.into()).unwrap();
        let thread = thread::spawn(move || {
            let mut asked = 0;
            loop {
                let answer = match server.receive::<Msg>(Duration::from_secs(1)) {
                    Incoming::Hello(caller) => {
                        server.welcome(&caller, mint.id(None).unwrap()).unwrap()
                    }
                    Incoming::Message(client, msg) => {
                        assert!(matches!(msg, Msg::Request { seq: 1, .. }), "{msg:?}");
                        asked += 1;
                        server.seal(client, &answers[(asked - 1).min(answers.len() - 1)]).unwrap()
                    }
                    _ => break,
                };
                server.transmit(&answer).unwrap();
            }
            drop(dir);
        });
        let retry = Duration::from_millis(10)..Duration::from_millis(20);
        (thread, Client::open(&cluster, vec![0.into()], retry).unwrap())
    }

    const BUSY: Msg = Msg::Refused { seq: 1, why: Refusal::Busy };

    #[test]
    fn a_busy_server_is_asked_again_until_it_answers() {
        let done = Msg::Reply { seq: 1, reply: "done".into() };
        let (server, mut client) = served(vec![BUSY, BUSY, done]);
        assert_eq!(client.call("op".into(), Duration::from_secs(5)).unwrap(), "done");
        server.join().unwrap();
    }

    #[test]
    fn the_deadline_tells_of_a_server_that_stays_busy() {
        let (server, mut client) = served(vec![BUSY]);
        let deadline = Duration::from_millis(200);
        let error = client.call("op".into(), deadline).unwrap_err();
        assert!(matches!(error, ClientError::Busy { deadline: told } if told == deadline));
        server.join().unwrap();
    }

    #[test]
    fn a_server_that_was_busy_and_then_is_not_is_not_called_busy() {
        let elsewhere = Msg::Redirect { seq: 1, epoch: 1, leader: 0.into() };
        let (server, mut client) = served(vec![BUSY, elsewhere]);
        let error = client.call("op".into(), Duration::from_millis(200)).unwrap_err();
        assert!(matches!(error, ClientError::NoAnswer { .. }), "{error}");
        server.join().unwrap();
    }
}
