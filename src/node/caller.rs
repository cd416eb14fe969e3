//! A client's end of the wire, and its side of a session: see [`notary`](super::notary).

use super::address::{ANONYMOUS, AddressBook, number};
use super::cluster_file::ClusterFile;
use super::endpoint::{SendError, Welcome};
use super::frame::{Channel, FrameError, Header, Kind, Release, Wire, decode, decode_all};
use super::keys::{Key, Keys};
use super::notary::{PADDING, Proof, name_of};
use super::secrets::{Agreement, Code, Public, servers_public};
use super::socket::{BindError, Datagram, Received, Socket};
use super::spoken::Spoken;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::Id;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

/// What came in.
pub(super) enum Heard<M> {
    /// Nothing, within the time.
    Nothing,
    /// Something that was dropped.
    Dropped,
    /// This server has given this client an id.
    Welcome(Id),
    /// A server asks for a proof of where this client is; what is sent from now on proves it.
    Cookie(Id),
    /// Messages, and their sender.
    Messages(Id, Vec<M>),
}

/// A client's end of the wire: a socket of its own, and its session.
pub(super) struct Caller {
    socket: Socket,
    session: Session,
}

/// A client's side of a session, whichever socket it uses.
pub(super) struct Session {
    wire: Wire,
    /// The releases of the wire that servers speak.
    spoken: Spoken,
    book: AddressBook,
    keys: Keys,
    /// For datagrams of clients that have no session yet.
    hellos: Channel,
    public: Public,
    /// The channel that seals the session.
    channel: Channel,
    identity: Option<Identity>,
    counter: u64,
    /// How often it asked for an id.
    said_hello: u64,
}

/// The identity that a server gave this client.
struct Identity {
    id: Id,
    certificate: Code,
    cookie: Code,
}

/// A session's public key, and what seals the session. `None` if the file has keys and lacks the
/// servers' public one.
fn new_session(keys: &Keys) -> Option<(Public, Channel)> {
    let Some(agreement) = Agreement::of_client(keys) else {
        // Nothing is secret; it only distinguishes sessions.
        return Some((rand::random(), Channel::Checksummed));
    };
    let public = agreement.public();
    let key = agreement.session_key(&servers_public(keys)?, &public);
    Some((public, Channel::new(Some(&key))))
}

impl Caller {
    /// Opens one on any port; `None` if the cluster file has keys and lacks the servers' public
    /// one.
    pub(super) fn bind(
        cluster: &ClusterFile,
        address: SocketAddr,
    ) -> Result<Option<Self>, BindError> {
        let Some(session) = Session::new(cluster) else { return Ok(None) };
        Ok(Some(Self { socket: Socket::bind(address)?, session }))
    }

    /// Sends, or loses, a datagram.
    pub(super) fn transmit(&mut self, datagram: &Datagram) {
        // The socket reports a failure; a client that waits for an answer asks again.
        let _ = self.socket.transmit(datagram);
    }

    /// Waits at most `wait` for a datagram.
    pub(super) fn receive<M: DeserializeOwned>(&mut self, wait: Duration) -> Heard<M> {
        match self.socket.receive(wait) {
            Received::Nothing => Heard::Nothing,
            Received::Failed => Heard::Dropped,
            Received::Bytes(len, from) => {
                let opened = self.session.open(&mut self.socket.buffer[..len], from);
                opened.unwrap_or_else(|why| {
                    tracing::debug!(%from, len, %why, "dropped a datagram");
                    Heard::Dropped
                })
            }
        }
    }

    /// As if it came in.
    #[cfg(test)]
    pub(super) fn take<M: DeserializeOwned>(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
    ) -> Result<Heard<M>, FrameError> {
        self.session.open(&mut datagram.to_vec(), from)
    }
}

impl Deref for Caller {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Caller {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Session {
    /// A new one; `None` if the cluster file has keys and lacks the servers' public one.
    pub(super) fn new(cluster: &ClusterFile) -> Option<Self> {
        let (public, channel) = new_session(&cluster.keys)?;
        Some(Self {
            wire: Wire::new(cluster),
            spoken: Spoken::new(cluster.newest_release(), cluster.servers.len()),
            book: AddressBook::new(cluster),
            keys: cluster.keys.clone(),
            hellos: Channel::new(cluster.keys.client.as_ref().map(Key::bytes)),
            public,
            channel,
            identity: None,
            counter: 0,
            said_hello: 0,
        })
    }

    /// Goes on as a new client, without an id.
    pub(super) fn renew(&mut self) {
        // There is one: there was one before, of the same keys.
        if let Some((public, channel)) = new_session(&self.keys) {
            (self.public, self.channel, self.identity) = (public, channel, None);
        }
    }

    /// This client's id, once a server has given it one.
    pub(super) fn id(&self) -> Option<Id> {
        self.identity.as_ref().map(|identity| identity.id)
    }

    pub(super) fn address(&self, server: Id) -> Option<SocketAddr> {
        self.book.get(server)
    }

    /// Asks a server for an id. Where it may speak either release of the wire, every second time in
    /// the older one: two hellos would be answered with two ids.
    pub(super) fn hello(&mut self, server: Id) -> Result<Datagram, SendError> {
        self.said_hello += 1;
        let (first, other) = self.releases(server);
        let release = other.filter(|_| self.said_hello.is_multiple_of(2)).unwrap_or(first);
        let to = self.book.get(server).ok_or(SendError::Unroutable(server))?;
        let src = Id::from(ANONYMOUS as usize);
        // Without keys there is no such key.
        let word = servers_public(&self.keys).map_or(0, |public| name_of(&public));
        let header = Header { kind: Kind::Hello, src, dst: server, word, release };
        let bytes = self.hellos.seal(self.wire, &header, &self.public, &PADDING)?;
        Ok(Datagram { to, bytes })
    }

    /// The release to speak to a server, and the other one where that must be spoken as well.
    fn releases(&mut self, server: Id) -> (Release, Option<Release>) {
        self.spoken.ask(server, Instant::now());
        (self.spoken.to(server), self.spoken.also(server))
    }

    /// Seals a request for a server, in each release of the wire that it may speak. Without an id
    /// there are none.
    pub(super) fn seal<M: Serialize>(
        &mut self,
        server: Id,
        message: &M,
    ) -> Result<(Datagram, Option<Datagram>), SendError> {
        let (first, other) = self.releases(server);
        let first = self.seal_in(first, server, message)?;
        let other = other.map(|release| self.seal_in(release, server, message));
        Ok((first, other.transpose()?))
    }

    fn seal_in<M: Serialize>(
        &mut self,
        release: Release,
        server: Id,
        message: &M,
    ) -> Result<Datagram, SendError> {
        let to = self.book.get(server).ok_or(SendError::Unroutable(server))?;
        let Some(Identity { id, certificate, cookie }) = self.identity else {
            return Err(SendError::Unroutable(server));
        };
        self.counter += 1;
        let (kind, word) = (Kind::Request, self.counter);
        let header = Header { kind, src: id, dst: server, word, release };
        let proof = Proof { public: self.public, certificate, cookie };
        let bytes = self.channel.seal(self.wire, &header, &proof.bytes(), message)?;
        Ok(Datagram { to, bytes })
    }

    /// Opens what came in.
    pub(super) fn open<M: DeserializeOwned>(
        &mut self,
        datagram: &mut [u8],
        from: SocketAddr,
    ) -> Result<Heard<M>, FrameError> {
        let Header { kind, src, dst, release, .. } = self.wire.peek(datagram)?;
        let me = self.identity.as_ref().map_or(ANONYMOUS, |identity| number(identity.id));
        if number(dst) != me || !self.book.vouches(src, from) {
            return Err(FrameError::Malformed);
        }
        let message = self.channel.open(0, datagram)?;
        self.spoken.hear(src, 0, release);
        match (kind, &mut self.identity) {
            (Kind::Welcome, identity @ None) => {
                let (id, certificate, cookie): Welcome = decode(message, release)?;
                *identity = Some(Identity { id: Id::from(id as usize), certificate, cookie });
                Ok(Heard::Welcome(src))
            }
            (Kind::Cookie, Some(identity)) => {
                identity.cookie = decode(message, release)?;
                Ok(Heard::Cookie(src))
            }
            (Kind::Answer, Some(_)) => Ok(Heard::Messages(src, decode_all(message, release)?)),
            _ => Err(FrameError::Malformed),
        }
    }
}
