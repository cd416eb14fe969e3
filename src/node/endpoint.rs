//! A server's end of the wire: a socket, the seals around messages, and the address book.
//!
//! A datagram that is not a whole, authentic message for this node, from a sender that may use that
//! id, is dropped and counted: to the protocol it is a lost message.

mod dropped;
#[cfg(test)]
mod tests;

use super::address::{ANONYMOUS, AddressBook, Known, is_client, number};
use super::cluster_file::ClusterFile;
use super::frame::{
    FrameError, Greeting, HEADER, Header, Kind, OVERHEAD, PROOF, Release, Wire, decode, decode_all,
    framed,
};
use super::keys::Key;
use super::life::Life;
use super::notary::{Notary, PADDING, Proof};
use super::notices::Rate;
use super::peers::Peers;
use super::seal::{KeyRing, Seal};
use super::secrets::{Code, Public};
use super::socket::{BindError, Datagram, Received, Socket};
use super::spoken::Spoken;
use super::stats::Stats;
use super::wake::Wake;
use dropped::Dropped;
use serde::de::DeserializeOwned;
use stateright::actor::Id;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How many refused datagrams are logged in a minute.
const REFUSALS_LOGGED: u32 = 6;
/// How many refusals a second are sent to servers that are refused.
const REBUFFS: u32 = 20;
/// How many keys a second are agreed upon with clients that are not known: each takes time.
const AGREEMENTS: u32 = 4000;

/// A message could not be sent.
#[derive(Debug, Error)]
pub enum SendError {
    /// It could not be sealed.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Its address is not known.
    #[error("the address of {0:?} is not known")]
    Unroutable(Id),
}

/// What came in.
pub(super) enum Incoming<M> {
    /// Nothing, within the time.
    Nothing,
    /// Something that was dropped.
    Dropped,
    /// Messages, and their sender.
    Messages(Id, Vec<M>),
    /// Messages that another server wants to be passed on to clients.
    Relays(Vec<(Id, M)>),
    /// A greeting of another server, with the server's life.
    Greeting(Id, u64, Greeting),
    /// Somebody asks for an id.
    Hello(Hello),
    /// A request from where it is not proven that the client is; this answer lets it prove it.
    Unproven(Datagram),
}

/// A client that asks for an id, and where the answer goes.
pub(super) struct Hello {
    pub(super) public: Public,
    /// Which key of the servers it knows.
    servers: u64,
    /// Under which client key it said hello.
    client_key: usize,
    release: Release,
    pub(super) address: SocketAddr,
}

/// By which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    /// To a server, or to a client that was heard from.
    To(Id),
    /// To a server that is to pass on what is for a client.
    Via(Id),
}

/// What a client learns about itself: its id, its certificate and its cookie.
pub(super) type Welcome = (u64, Code, Code);

/// A server's end of the wire.
pub(super) struct Endpoint {
    me: Id,
    socket: Socket,
    /// The longest datagram with more than one message, in bytes.
    datagram: usize,
    wire: Wire,
    /// Between servers.
    seal: Seal,
    /// For datagrams of clients that have no session yet.
    hellos: KeyRing,
    notary: Notary,
    pub(super) book: AddressBook,
    refusals: Rate,
    agreements: Rate,
    /// The lives of the other servers.
    peers: Peers,
    /// The releases of the wire that they speak.
    spoken: Spoken,
    /// How often it reports to others that it refuses them.
    rebuffs: Rate,
}

impl Endpoint {
    /// Listens on `address` as `me`, in that life, and listens to the lives of other servers that
    /// `peers` admits. The second value that it returns wakes it while it waits for a datagram.
    pub(super) fn bind(
        me: Id,
        cluster: &ClusterFile,
        address: SocketAddr,
        life: Life,
        peers: Peers,
    ) -> Result<(Self, Wake), BindError> {
        let mut seal = Seal::new(cluster);
        seal.set_life(life);
        let (socket, wake) = Socket::bind_with_wake(address)?;
        let endpoint = Self {
            me,
            socket,
            datagram: cluster.datagram_bytes,
            wire: Wire::new(cluster),
            seal,
            hellos: KeyRing::new(cluster.keys.clients().map(Key::bytes)),
            notary: Notary::new(cluster),
            book: AddressBook::new(cluster),
            refusals: Rate::new(REFUSALS_LOGGED, Duration::from_mins(1)),
            agreements: Rate::new(AGREEMENTS, Duration::from_secs(1)),
            peers,
            spoken: Spoken::new(cluster.newest_release(), cluster.servers.len()),
            rebuffs: Rate::new(REBUFFS, Duration::from_secs(1)),
        };
        Ok((endpoint, wake))
    }

    /// Speaks for the same life at another age.
    pub(super) fn grow_older(&mut self, life: Life) {
        self.seal.set_life(life);
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub(super) fn authenticates(&self) -> bool {
        self.wire.authenticates()
    }

    pub(super) fn stats(&mut self) -> &mut Stats {
        &mut self.socket.stats
    }

    /// Whether a server or a client that was heard from has that id.
    pub(super) fn knows(&self, dst: Id) -> bool {
        self.book.get(dst).is_some()
    }

    /// The other servers.
    pub(super) fn others(&self) -> impl Iterator<Item = Id> {
        let me = self.me;
        self.book.servers().map(|(id, _)| id).filter(move |id| *id != me)
    }

    /// How many of these messages, from the first on, share a datagram. A message that is longer
    /// than what is shared goes alone.
    pub(super) fn share<M: AsRef<[u8]>>(&self, messages: &[M]) -> usize {
        let mut len = OVERHEAD;
        let fits = |message: &&M| {
            len += framed(message.as_ref().len());
            len <= self.datagram
        };
        messages.iter().take_while(fits).count().clamp(1, messages.len().max(1))
    }

    /// Seals encoded messages that go the same way. A relay is a client's number and a message. The
    /// second datagram is the same in the other release of the wire, where that is spoken as well.
    pub(super) fn seal(
        &mut self,
        route: Route,
        messages: &[&[u8]],
    ) -> Result<(Datagram, Option<Datagram>), SendError> {
        let (Route::To(dst) | Route::Via(dst)) = route;
        let to = self.book.get(dst).ok_or(SendError::Unroutable(dst))?;
        if let Some(known) = self.book.client_mut(dst) {
            let (kind, src, release) = (Kind::Answer, self.me, known.release);
            let header = Header { kind, src, dst, word: 0, release };
            let bytes = known.channel.seal_all(self.wire, &header, &[], messages)?;
            return Ok((Datagram { to, bytes }, None));
        }
        let kind = if route == Route::To(dst) { Kind::Message } else { Kind::Relay };
        let mut seal = |release| -> Result<_, FrameError> {
            let bytes = self.seal.seal_all((kind, release), self.me, dst, messages)?;
            Ok(Datagram { to, bytes })
        };
        let first = seal(self.spoken.to(dst))?;
        Ok((first, self.spoken.also(dst).map(seal).transpose()?))
    }

    /// The answer to a hello: its sender is `client`.
    pub(super) fn welcome(&self, hello: &Hello, client: Id) -> Result<Datagram, FrameError> {
        let office = self.notary.office(hello.servers);
        let welcome: Welcome = (
            number(client),
            office.certificate(client, &hello.public),
            office.cookie(client, hello.address),
        );
        let mut channel = office.channel(&hello.public, hello.client_key);
        let anonymous = Id::from(ANONYMOUS as usize);
        let (kind, src, release) = (Kind::Welcome, self.me, hello.release);
        let header = Header { kind, src, dst: anonymous, word: 0, release };
        let bytes = channel.seal(self.wire, &header, &[], &welcome)?;
        Ok(Datagram { to: hello.address, bytes })
    }

    /// Sends, or loses, a datagram.
    pub(super) fn transmit(&mut self, datagram: &Datagram) -> io::Result<()> {
        self.socket.transmit(datagram)?;
        self.socket.stats.sent += 1;
        Ok(())
    }

    /// Says something to another server, at once.
    pub(super) fn greet(&mut self, to: Id, greeting: Greeting) {
        let Some(address) = self.book.get(to) else { return };
        for release in [self.spoken.to(to)].into_iter().chain(self.spoken.also(to)) {
            if let Ok(bytes) = self.seal.seal_greeting(self.me, to, (greeting, release)) {
                // To be greeted or not changes nothing for the protocol.
                let _ = self.socket.transmit(&Datagram { to: address, bytes });
                self.socket.stats.greeted += 1;
            }
        }
    }

    /// Reports to a server that it is refused: its operator should know.
    fn rebuff(&mut self, why: &Dropped) {
        if let Dropped::Replaced(server, life) = why
            && self.rebuffs.allow(Instant::now()).is_some()
        {
            self.greet(*server, Greeting::Refused(*life));
        }
    }

    /// Waits at most `wait` for a datagram; if that is zero, takes only what is already there.
    pub(super) fn receive<M: DeserializeOwned>(&mut self, wait: Duration) -> Incoming<M> {
        let (len, from) = match self.socket.receive(wait) {
            Received::Bytes(len, from) => (len, from),
            Received::Nothing => return Incoming::Nothing,
            Received::Failed => return Incoming::Dropped,
        };
        match self.open(len, from) {
            Ok(incoming) => incoming,
            Err(why) => {
                *why.count(&mut self.socket.stats) += 1;
                tracing::debug!(%from, len, %why, "dropped a datagram");
                self.tell_refusal(from, &why);
                self.rebuff(&why);
                Incoming::Dropped
            }
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
        let header = self.wire.peek(&self.socket.buffer[..len])?;
        let expected = match header.kind {
            Kind::Hello => number(header.src) == ANONYMOUS,
            Kind::Request => is_client(header.src),
            Kind::Message | Kind::Relay | Kind::Greeting => !is_client(header.src),
            // A server receives none of these.
            Kind::Welcome | Kind::Answer | Kind::Cookie => false,
        };
        if !expected {
            return Err(FrameError::Malformed.into());
        }
        match header.kind {
            Kind::Hello => self.open_hello(&header, len, from),
            Kind::Request => self.open_request(&header, len, from),
            _ => self.open_from_server(&header, len, from),
        }
    }

    fn open_from_server<M: DeserializeOwned>(
        &mut self,
        header: &Header,
        len: usize,
        from: SocketAddr,
    ) -> Result<Incoming<M>, Dropped> {
        let messages = self.seal.open(&mut self.socket.buffer[..len])?;
        if header.dst != self.me {
            return Err(Dropped::Misdirected(header.dst));
        }
        let src = header.src;
        if !self.book.vouches(src, from) {
            return Err(Dropped::Impostor(src));
        }
        if !self.peers.admits(src, header.word) {
            return Err(Dropped::Replaced(src, header.word));
        }
        let release = header.release;
        self.spoken.hear(src, Life::of_word(header.word).without_age().word(), release);
        Ok(match header.kind {
            Kind::Relay => {
                let relays: Vec<(u64, M)> = decode_all(messages, release)?;
                let of = |(client, message)| (Id::from(client as usize), message);
                Incoming::Relays(relays.into_iter().map(of).collect())
            }
            Kind::Greeting => Incoming::Greeting(src, header.word, decode(messages, release)?),
            _ => Incoming::Messages(src, decode_all(messages, release)?),
        })
    }

    /// Holds no state, however many there are.
    fn open_hello<M>(
        &mut self,
        header: &Header,
        len: usize,
        address: SocketAddr,
    ) -> Result<Incoming<M>, Dropped> {
        let datagram = &mut self.socket.buffer[..len];
        let public = *datagram[HEADER..].first_chunk().ok_or(FrameError::Truncated)?;
        let (client_key, padding) = self.hellos.open(size_of::<Public>(), datagram)?;
        if decode::<[u8; PADDING.len()]>(padding, header.release)? != PADDING {
            return Err(FrameError::Malformed.into());
        }
        if header.dst != self.me {
            return Err(Dropped::Misdirected(header.dst));
        }
        agree(&mut self.agreements)?;
        let (servers, release) = (header.word, header.release);
        Ok(Incoming::Hello(Hello { public, servers, client_key, release, address }))
    }

    fn open_request<M: DeserializeOwned>(
        &mut self,
        header: &Header,
        len: usize,
        from: SocketAddr,
    ) -> Result<Incoming<M>, Dropped> {
        let client = header.src;
        let proof = Proof::parse(&self.socket.buffer[HEADER..len])?;
        let known = self.book.client_mut(client).filter(|known| known.public == proof.public);
        let mut new = None;
        let (channel, last) = if let Some(known) = known {
            (&mut known.channel, Some((known.counter, known.address)))
        } else {
            let office = self.notary.certifier(client, &proof).ok_or(FrameError::Forged)?;
            agree(&mut self.agreements)?;
            let channels = office.channels(&proof.public);
            (new.insert(channels.choose(PROOF, &self.socket.buffer[..len])), None)
        };
        let messages = channel.open(PROOF, &mut self.socket.buffer[..len])?;
        if header.dst != self.me {
            return Err(Dropped::Misdirected(header.dst));
        }
        if last.is_some_and(|(counter, _)| header.word <= counter) {
            return Err(Dropped::Stale(client));
        }
        let is_where_it_was = last.is_some_and(|(_, address)| address == from);
        if !is_where_it_was && !self.notary.is_proven(client, from, &proof) {
            let cookie = self.notary.cookie(client, from);
            let (kind, src, release) = (Kind::Cookie, self.me, header.release);
            let header = Header { kind, src, dst: client, word: 0, release };
            let bytes = channel.seal(self.wire, &header, &[], &cookie)?;
            self.socket.stats.unproven += 1;
            return Ok(Incoming::Unproven(Datagram { to: from, bytes }));
        }
        let messages = decode_all(messages, header.release)?;
        let Header { word: counter, release, .. } = *header;
        match new {
            None => self.book.hear_again(client, from, (counter, release)),
            Some(channel) => {
                let public = proof.public;
                self.book.hear(client, Known { address: from, public, channel, counter, release });
            }
        }
        Ok(Incoming::Messages(client, messages))
    }
}

/// Whether there is time to agree on a key with somebody.
fn agree(agreements: &mut Rate) -> Result<(), Dropped> {
    agreements.allow(Instant::now()).map(drop).ok_or(Dropped::TooMany)
}
