//! One end of the wire: a UDP socket, the seal around messages, and the address book.
//!
//! Whatever arrives here that is not a whole, authentic message for this node, from someone who
//! may speak under that name, is dropped and counted: to the protocol it is a lost message.

use super::address::{AddressBook, is_client};
use super::cluster_file::ClusterFile;
use super::frame::{FrameError, Greeting, Kind, Seal};
use super::life::Life;
use super::notices::Rate;
use super::peers::Peers;
use super::stats::Stats;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::Id;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use thiserror::Error;

/// The longest payload that UDP itself can carry, so that what is too long is seen to be.
const BUFFER: usize = 65_536;
/// How many refused datagrams are logged in a minute.
const REFUSALS_LOGGED: u32 = 6;
/// How often in a second servers that are refused are told so.
const REBUFFS: u32 = 20;
/// How many errors in a row a socket may give before each is followed by a pause.
const PATIENCE: u32 = 16;

/// A socket could not be opened.
#[derive(Debug, Error)]
pub enum BindError {
    /// Someone else listens there.
    #[error(
        "the address {address} is in use: another process listens on UDP port {}; \
         stop it, or give this server another port in the cluster file", address.port()
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// This host does not have it.
    #[error(
        "the address {address} is not one of this host's; run this server on its host, \
         or pass the address to listen on"
    )]
    NotHere {
        /// The address.
        address: SocketAddr,
    },
    /// Another reason.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A message could not be sent.
#[derive(Debug, Error)]
pub enum SendError {
    /// It could not be sealed.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Nobody knows where that is.
    #[error("the address of {0:?} is not known")]
    Unroutable(Id),
}

/// A sealed message and where it goes.
pub(super) struct Datagram {
    to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// What came in.
pub(super) enum Incoming<M> {
    /// Nothing, within the time.
    Nothing,
    /// Something that was dropped.
    Dropped,
    /// A message, from whom and from where.
    Message(Id, SocketAddr, M),
    /// A message that another server wants to be passed on to a client.
    Relay(Id, M),
    /// What another server says, in which life.
    Greeting(Id, u64, Greeting),
}

/// One end of the wire.
pub(super) struct Endpoint {
    me: Id,
    socket: UdpSocket,
    seal: Seal,
    pub(super) book: AddressBook,
    pub(super) stats: Stats,
    buffer: Box<[u8]>,
    blocking: bool,
    errors_in_a_row: u32,
    refusals: Rate,
    /// Of a server: the lives of the others.
    peers: Option<Peers>,
    /// How often it tells others that it refuses them.
    rebuffs: Rate,
}

impl Endpoint {
    /// Listens on `address` as `me`.
    pub(super) fn bind(
        me: Id,
        cluster: &ClusterFile,
        address: SocketAddr,
    ) -> Result<Self, BindError> {
        let socket = UdpSocket::bind(address).map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => BindError::InUse { address },
            ErrorKind::AddrNotAvailable => BindError::NotHere { address },
            _ => BindError::Other { address, source },
        })?;
        Ok(Self {
            me,
            socket,
            seal: Seal::new(cluster),
            book: AddressBook::new(cluster),
            stats: Stats::default(),
            buffer: vec![0; BUFFER].into(),
            blocking: true,
            errors_in_a_row: 0,
            refusals: Rate::new(REFUSALS_LOGGED, Duration::from_mins(1)),
            peers: None,
            rebuffs: Rate::new(REBUFFS, Duration::from_secs(1)),
        })
    }

    /// Speaks, and is spoken to, under another id from here on.
    pub(super) fn rename(&mut self, me: Id) {
        self.me = me;
    }

    /// Speaks for that life of a server, and listens to the lives of other servers that `peers`
    /// admits.
    pub(super) fn incarnate(mut self, life: Life, peers: Peers) -> Self {
        self.seal.set_life(life);
        self.peers = Some(peers);
        self
    }

    /// Speaks for the same life at another age.
    pub(super) fn grow_older(&mut self, life: Life) {
        self.seal.set_life(life);
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub(super) fn authenticates(&self) -> bool {
        self.seal.authenticates()
    }

    /// Seals `message` for `dst`.
    pub(super) fn seal<M: Serialize>(&self, dst: Id, message: &M) -> Result<Datagram, SendError> {
        let to = self.book.get(dst).ok_or(SendError::Unroutable(dst))?;
        Ok(Datagram { to, bytes: self.seal.seal(self.me, dst, message)? })
    }

    /// Seals `message` for `client`, of which no address is known here, for each other server to
    /// pass on.
    pub(super) fn seal_relays<M: Serialize>(
        &self,
        client: Id,
        message: &M,
    ) -> Result<Vec<Datagram>, SendError> {
        let others = self.book.servers().filter(|(id, _)| *id != self.me);
        others
            .map(|(via, to)| {
                let bytes = self.seal.seal_relay(self.me, via, client, message)?;
                Ok(Datagram { to, bytes })
            })
            .collect()
    }

    /// Sends, or loses, a datagram.
    pub(super) fn transmit(&mut self, datagram: &Datagram) -> io::Result<()> {
        self.emit(datagram)?;
        self.stats.sent += 1;
        Ok(())
    }

    fn emit(&mut self, datagram: &Datagram) -> io::Result<()> {
        let sent = self
            .block(true)
            .and_then(|()| retry_interrupted(|| self.socket.send_to(&datagram.bytes, datagram.to)));
        let Err(error) = sent else { return Ok(()) };
        self.stats.send_failed += 1;
        tracing::debug!(to = %datagram.to, %error, "a datagram was not sent");
        // Who watches the log should see that it happens, not every time it does.
        if self.stats.send_failed.is_power_of_two() {
            let count = self.stats.send_failed;
            tracing::warn!(to = %datagram.to, %error, count, "datagrams were not sent");
        }
        Err(error)
    }

    /// Waits at most `wait` for a datagram; if that is zero, takes only what is already there.
    pub(super) fn receive<M: DeserializeOwned>(&mut self, wait: Duration) -> Incoming<M> {
        let received = self.block(!wait.is_zero()).and_then(|()| {
            if !wait.is_zero() {
                self.socket.set_read_timeout(Some(wait))?;
            }
            self.socket.recv_from(&mut self.buffer)
        });
        let (len, from) = match received {
            Ok(received) => received,
            Err(error) => return self.receive_failed(&error),
        };
        self.errors_in_a_row = 0;
        self.stats.received += 1;
        match self.open(len, from) {
            Ok(incoming) => incoming,
            Err(why) => {
                tracing::debug!(%from, len, %why, "dropped a datagram");
                self.tell_refusal(from, &why);
                self.rebuff(&why);
                Incoming::Dropped
            }
        }
    }

    /// Says something to another server, at once.
    pub(super) fn greet(&mut self, to: Id, greeting: Greeting) {
        if let Some(address) = self.book.get(to)
            && let Ok(bytes) = self.seal.seal_greeting(self.me, to, greeting)
        {
            // To be greeted or not changes nothing for the protocol.
            let _ = self.emit(&Datagram { to: address, bytes });
            self.stats.greeted += 1;
        }
    }

    /// Tells a server that it is refused: its operator should know.
    fn rebuff(&mut self, why: &Dropped) {
        if let Dropped::Replaced(server, life) = why
            && self.rebuffs.allow(Instant::now()).is_some()
        {
            self.greet(*server, Greeting::Refused(*life));
        }
    }

    /// A peer with another key or cluster file, or at another address, is a mistake that an
    /// operator has to mend.
    fn tell_refusal(&mut self, from: SocketAddr, why: &Dropped) {
        if why.is_refusal()
            && let Some(left_out) = self.refusals.allow(Instant::now())
        {
            tracing::info!(%from, left_out, "refused a datagram: {why}");
        }
    }

    fn open<M: DeserializeOwned>(
        &mut self,
        len: usize,
        from: SocketAddr,
    ) -> Result<Incoming<M>, Dropped> {
        let frame = match self.seal.open(&mut self.buffer[..len]) {
            Ok(frame) => frame,
            Err(error) => {
                *(match error {
                    FrameError::TooLarge => &mut self.stats.oversized,
                    FrameError::Foreign | FrameError::Version(_) => &mut self.stats.foreign,
                    FrameError::Forged => &mut self.stats.forged,
                    _ => &mut self.stats.malformed,
                }) += 1;
                return Err(error.into());
            }
        };
        if frame.dst != self.me {
            self.stats.misdirected += 1;
            return Err(Dropped::Misdirected(frame.dst));
        }
        if !self.book.vouches(frame.src, from) || is_client(frame.src) && is_client(self.me) {
            self.stats.impostors += 1;
            return Err(Dropped::Impostor(frame.src));
        }
        let src = frame.src;
        if !is_client(src)
            && let Some(peers) = &mut self.peers
            && !peers.admits(src, frame.life)
        {
            self.stats.replaced += 1;
            return Err(Dropped::Replaced(src, frame.life));
        }
        let incoming = match frame.kind {
            Kind::Message => frame.message().map(|message| Incoming::Message(src, from, message)),
            // Only servers are asked to pass something on, and only by servers.
            Kind::Relay | Kind::Greeting if is_client(src) || is_client(self.me) => {
                Err(FrameError::Malformed)
            }
            Kind::Relay => frame.message().map(|(client, message): (u64, M)| {
                Incoming::Relay(Id::from(client as usize), message)
            }),
            Kind::Greeting => {
                let life = frame.life;
                frame.message().map(|greeting| Incoming::Greeting(src, life, greeting))
            }
        };
        incoming.map_err(|error| {
            self.stats.malformed += 1;
            error.into()
        })
    }

    /// An error on receipt is never the end: most tell of a datagram sent earlier that nobody
    /// took (connection refused), which to the protocol is a lost message.
    fn receive_failed<M>(&mut self, error: &io::Error) -> Incoming<M> {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                Incoming::Nothing
            }
            _ => {
                self.stats.receive_failed += 1;
                self.errors_in_a_row += 1;
                tracing::debug!(%error, "receiving failed");
                if self.errors_in_a_row > PATIENCE {
                    tracing::warn!(%error, "receiving fails again and again");
                    std::thread::sleep(Duration::from_millis(100));
                }
                Incoming::Dropped
            }
        }
    }

    fn block(&mut self, blocking: bool) -> io::Result<()> {
        if self.blocking != blocking {
            self.socket.set_nonblocking(!blocking)?;
            self.blocking = blocking;
        }
        Ok(())
    }
}

/// Why an incoming datagram was dropped.
#[derive(Debug, Error)]
enum Dropped {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("it is for {0:?}")]
    Misdirected(Id),
    #[error("{0:?} does not speak from there")]
    Impostor(Id),
    #[error("{0:?} has another data directory than before, or an old copy")]
    Replaced(Id, u64),
}

impl Dropped {
    /// Whether it came from somebody who is not to be listened to, rather than by accident.
    fn is_refusal(&self) -> bool {
        use FrameError::{Foreign, Forged, Version};
        matches!(self, Self::Impostor(_) | Self::Frame(Foreign | Forged | Version(_)))
    }
}

fn retry_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
