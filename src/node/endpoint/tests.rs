//! A client that holds the client key can do nothing to another.

mod releases;

use super::super::caller::{Caller as Client, Heard};
use super::super::frame::{Channel, encode};
use super::*;
use std::fmt::Write;
use std::net::UdpSocket;
use std::path::Path;

const KEYS: &str = "[keys]
server = \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"
client = \"ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"
";
const WAIT: Duration = Duration::from_millis(300);

type Msg = String;

struct World {
    cluster: ClusterFile,
    servers: Vec<Endpoint>,
    next: usize,
    _dir: tempfile::TempDir,
}

/// Two servers.
fn world(keys: &str) -> World {
    world_of(keys, |_, cluster| cluster)
}

/// Two servers, each with the cluster file that `file` makes.
fn world_of(keys: &str, file: impl Fn(usize, ClusterFile) -> ClusterFile) -> World {
    let free: Vec<_> = (0..2).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    let mut text = format!("name = \"demo\"\nprotocol = \"toy\"\n{keys}");
    let addresses: Vec<_> = free.iter().map(|socket| socket.local_addr().unwrap()).collect();
    for (id, address) in addresses.iter().enumerate() {
        write!(text, "[[server]]\nid = {id}\naddress = \"{address}\"\n").unwrap();
    }
    drop(free);
    let cluster = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = |(id, address): (usize, &SocketAddr)| {
        let dir = dir.path().join(id.to_string());
        std::fs::create_dir(&dir).unwrap();
        let peers = Peers::open(&dir).unwrap();
        let life = Life::new(7 << 40, false, 1, 1);
        let cluster = file(id, cluster.clone());
        Endpoint::bind(Id::from(id), &cluster, *address, life, peers).unwrap().0
    };
    let servers = addresses.iter().enumerate().map(server).collect();
    World { cluster, servers, next: 1 << 40, _dir: dir }
}

impl World {
    fn client(&self) -> Client {
        Client::bind(&self.cluster, "127.0.0.1:0".parse().unwrap()).unwrap().unwrap()
    }

    /// The datagram that comes in at a server, which answers hellos and asks for proofs of
    /// addresses.
    fn serve(&mut self, server: usize) -> Incoming<Msg> {
        let incoming = self.servers[server].receive::<Msg>(WAIT);
        let reply = match &incoming {
            Incoming::Hello(hello) => {
                self.next += 1 << 22;
                Some(self.servers[server].welcome(hello, Id::from(self.next)).unwrap())
            }
            Incoming::Unproven(cookie) => {
                Some(Datagram { to: cookie.to, bytes: cookie.bytes.clone() })
            }
            _ => None,
        };
        if let Some(reply) = reply {
            self.servers[server].transmit(&reply).unwrap();
        }
        incoming
    }

    /// A client with a session, which server 0 opened.
    fn session(&mut self) -> Client {
        let mut client = self.client();
        let hello = client.hello(Id::from(0)).unwrap();
        client.transmit(&hello);
        assert!(matches!(self.serve(0), Incoming::Hello(_)));
        assert!(matches!(client.receive::<Msg>(WAIT), Heard::Welcome(_)));
        client
    }

    /// Sends bytes to a server from another address.
    fn elsewhere(&self, server: usize, bytes: &[u8]) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        socket.send_to(bytes, self.cluster.servers[server].address).unwrap();
        socket
    }
}

fn sealed(client: &mut Client, server: usize, message: &str) -> Datagram {
    client.seal(Id::from(server), &message.to_owned()).unwrap().0
}

fn is_message(incoming: &Incoming<Msg>, client: &Client, text: &str) -> bool {
    matches!(incoming, Incoming::Messages(id, found) if Some(*id) == client.id() && *found == [text])
}

/// Seals one message for a client.
fn answer(server: &mut Endpoint, client: Id, text: &str) -> Result<Datagram, SendError> {
    server.seal(Route::To(client), &[&encode(&text).unwrap()]).map(|(first, _)| first)
}

#[test]
fn any_server_hears_a_client_that_any_server_welcomed_and_answers_it() {
    for keys in ["", KEYS] {
        let mut world = world(keys);
        let mut client = world.session();
        for server in [0, 1] {
            let request = sealed(&mut client, server, "ask");
            client.transmit(&request);
            let heard = world.serve(server);
            assert!(is_message(&heard, &client, "ask"));
            let told = answer(&mut world.servers[server], client.id().unwrap(), "told").unwrap();
            world.servers[server].transmit(&told).unwrap();
            let heard = client.receive::<Msg>(WAIT);
            assert!(matches!(heard, Heard::Messages(from, told)
                if from == Id::from(server) && told == ["told"]));
        }
    }
}

#[test]
fn nobody_asks_under_anothers_id() {
    let mut world = world(KEYS);
    let (mut a, mut b) = (world.session(), world.session());
    let theirs = sealed(&mut a, 0, "mine");
    // B knows the client key, A's id, and all that A sent in clear.
    let mut forged = sealed(&mut b, 0, "forged");
    forged.bytes[10..18].copy_from_slice(&number(a.id().unwrap()).to_le_bytes());
    b.transmit(&forged);
    assert!(matches!(world.serve(0), Incoming::Dropped));
    // A's proof before B's message does not help: the message is sealed under A's key.
    forged.bytes[HEADER..HEADER + PROOF].copy_from_slice(&theirs.bytes[HEADER..HEADER + PROOF]);
    b.transmit(&forged);
    assert!(matches!(world.serve(0), Incoming::Dropped));
    // Nor does a session key of B's own under A's certificate.
    let public = HEADER..HEADER + size_of::<Public>();
    forged.bytes[public.clone()].copy_from_slice(&sealed(&mut b, 0, "x").bytes[public]);
    b.transmit(&forged);
    assert!(matches!(world.serve(0), Incoming::Dropped));
    assert_eq!(world.servers[0].stats().forged, 3);
    a.transmit(&theirs);
    let heard = world.serve(0);
    assert!(is_message(&heard, &a, "mine"), "A is heard all the same");
}

#[test]
fn no_client_makes_an_id_of_its_own() {
    let mut world = world(KEYS);
    let mut client = world.session();
    let good = sealed(&mut client, 0, "ask");
    for at in [10, 17, HEADER, HEADER + 32, HEADER + 47] {
        let mut forged = good.bytes.clone();
        forged[at] ^= 1;
        client.transmit(&Datagram { to: good.to, bytes: forged });
        assert!(matches!(world.serve(0), Incoming::Dropped), "byte {at}");
    }
    assert_eq!(world.servers[0].stats().forged, 5);
}

#[test]
fn a_replayed_request_is_not_taken_and_moves_no_address() {
    let mut world = world(KEYS);
    let mut client = world.session();
    let request = sealed(&mut client, 0, "ask");
    client.transmit(&request);
    assert!(matches!(world.serve(0), Incoming::Messages(..)));
    client.transmit(&request);
    assert!(matches!(world.serve(0), Incoming::Dropped), "a copy");
    let before = answer(&mut world.servers[0], client.id().unwrap(), "told").unwrap().to;
    let thief = world.elsewhere(0, &request.bytes);
    assert!(matches!(world.serve(0), Incoming::Dropped), "from elsewhere");
    assert_eq!(world.servers[0].stats().stale, 2);
    assert_eq!(answer(&mut world.servers[0], client.id().unwrap(), "told").unwrap().to, before);
    assert!(thief.recv_from(&mut [0; 2000]).is_err(), "and nothing is sent there");
}

/// Of a client that no server has seen yet, so that its counter reveals nothing.
#[test]
fn an_address_that_is_not_proven_gets_less_than_it_sent_and_no_answer() {
    for keys in ["", KEYS] {
        let mut world = world(keys);
        let mut client = world.session();
        let request = sealed(&mut client, 1, "ask");
        let thief = world.elsewhere(1, &request.bytes);
        assert!(matches!(world.serve(1), Incoming::Unproven(_)));
        let mut got = [0; 2000];
        let (len, _) = thief.recv_from(&mut got).unwrap();
        assert!(len <= request.bytes.len(), "{len} bytes for {}", request.bytes.len());
        let unknown = answer(&mut world.servers[1], client.id().unwrap(), "told");
        assert!(matches!(unknown, Err(SendError::Unroutable(_))), "no address was taken");
        // The client itself is heard.
        client.transmit(&request);
        let heard = world.serve(1);
        assert!(is_message(&heard, &client, "ask"));
    }
}

#[test]
fn a_hello_gets_no_more_than_it_sent_and_leaves_nothing_behind() {
    for keys in ["", KEYS] {
        let mut world = world(keys);
        let hello = world.client().hello(Id::from(0)).unwrap();
        let thief = world.elsewhere(0, &hello.bytes);
        assert!(matches!(world.serve(0), Incoming::Hello(_)));
        let (len, _) = thief.recv_from(&mut [0; 2000]).unwrap();
        assert!(len <= hello.bytes.len(), "{len} bytes for {}", hello.bytes.len());
    }
}

/// A client behind an address translator that gives it another port.
#[test]
fn a_client_that_moved_proves_where_it_is_and_is_heard_again() {
    let mut world = world(KEYS);
    let mut client = world.session();
    let request = sealed(&mut client, 0, "one");
    client.transmit(&request);
    assert!(matches!(world.serve(0), Incoming::Messages(..)));
    // Its datagrams come from elsewhere, and what is sent there reaches it.
    let request = sealed(&mut client, 0, "two");
    let translator = world.elsewhere(0, &request.bytes);
    assert!(matches!(world.serve(0), Incoming::Unproven(_)));
    let mut cookie = [0; 2000];
    let (len, from) = translator.recv_from(&mut cookie).unwrap();
    assert_eq!(from, world.cluster.servers[0].address);
    assert!(matches!(client.take::<Msg>(&cookie[..len], from), Ok(Heard::Cookie(_))));
    let request = sealed(&mut client, 0, "two");
    translator.send_to(&request.bytes, request.to).unwrap();
    let heard = world.serve(0);
    assert!(is_message(&heard, &client, "two"));
    let told = answer(&mut world.servers[0], client.id().unwrap(), "told").unwrap();
    assert_eq!(told.to, translator.local_addr().unwrap());
}

#[test]
fn no_answer_is_forged_or_read_with_the_client_key() {
    let mut world = world(KEYS);
    let (mut a, mut b) = (world.session(), world.session());
    for client in [&mut a, &mut b] {
        let request = sealed(client, 0, "ask");
        client.transmit(&request);
        assert!(matches!(world.serve(0), Incoming::Messages(..)));
    }
    let told = answer(&mut world.servers[0], a.id().unwrap(), "told").unwrap();
    let server = world.cluster.servers[0].address;
    // B overhears the answer to A.
    let mut stolen = told.bytes.clone();
    stolen[18..26].copy_from_slice(&number(b.id().unwrap()).to_le_bytes());
    assert!(b.take::<Msg>(&stolen, server).is_err());
    // B, in the server's name, under the client key and under its own session's.
    let wire = Wire::new(&world.cluster);
    let (kind, release) = (Kind::Answer, Release::Current);
    let header = Header { kind, src: Id::from(0), dst: a.id().unwrap(), word: 0, release };
    let client_key = world.cluster.keys.client.as_ref().unwrap();
    let forged = Channel::new(Some(client_key.bytes())).seal(wire, &header, &[], &"lie").unwrap();
    assert!(a.take::<Msg>(&forged, server).is_err());
    let own = answer(&mut world.servers[0], b.id().unwrap(), "lie").unwrap();
    let mut own = own.bytes;
    own[18..26].copy_from_slice(&number(a.id().unwrap()).to_le_bytes());
    assert!(a.take::<Msg>(&own, server).is_err());
    // Its own request, sent back to it.
    let mut mirrored = sealed(&mut a, 0, "ask").bytes;
    mirrored[1] = Kind::Answer as u8;
    assert!(a.take::<Msg>(&mirrored, server).is_err());
    // And the true answer, from elsewhere or from the server.
    assert!(a.take::<Msg>(&told.bytes, "127.0.0.1:9".parse().unwrap()).is_err());
    assert!(matches!(a.take::<Msg>(&told.bytes, server), Ok(Heard::Messages(..))));
}

#[test]
fn without_the_client_key_nobody_becomes_a_client() {
    let mut world = world(KEYS);
    let other = KEYS.replace("ff01", "ee01");
    let text = world.cluster_text(&other);
    let foreign = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
    let mut client = Client::bind(&foreign, "127.0.0.1:0".parse().unwrap()).unwrap().unwrap();
    world.elsewhere(0, &client.hello(Id::from(0)).unwrap().bytes);
    assert!(matches!(world.serve(0), Incoming::Dropped));
    assert_eq!(world.servers[0].stats().forged, 1);
}

impl World {
    /// Its cluster file with other keys.
    fn cluster_text(&self, keys: &str) -> String {
        let mut text = format!("name = \"demo\"\nprotocol = \"toy\"\n{keys}");
        for (id, server) in self.cluster.servers.iter().enumerate() {
            write!(text, "[[server]]\nid = {id}\naddress = \"{}\"\n", server.address).unwrap();
        }
        text
    }
}

/// Whichever key it has: of this cluster, for this server, and from its sender's address.
#[test]
fn a_servers_message_is_taken_from_its_own_address_and_by_its_receiver_alone() {
    let mut world = world(KEYS);
    let (me, peer) = (Id::from(0), Id::from(1));
    let of = |text: &str| Seal::new(&ClusterFile::parse(text, Path::new("cluster.toml")).unwrap());
    let (mut ours, mut other) = (of(&world.cluster_text(KEYS)), of(&world.cluster_text("")));
    let message = "text".to_owned();
    let sealed = [
        other.seal(peer, me, &message),
        ours.seal(peer, peer, &message),
        ours.seal(peer, me, &message),
        ours.seal(Id::from(9), me, &message),
    ];
    for datagram in sealed {
        world.elsewhere(0, &datagram.unwrap());
        assert!(matches!(world.serve(0), Incoming::Dropped));
    }
    let stats = world.servers[0].stats();
    assert_eq!((stats.other_version, stats.misdirected, stats.impostors), (1, 1, 2));
    let sealed = world.servers[1].seal(Route::To(me), &[&encode(&message).unwrap()]);
    let (datagram, _) = sealed.unwrap();
    world.servers[1].transmit(&datagram).unwrap();
    assert!(
        matches!(world.serve(0), Incoming::Messages(src, all) if src == peer && all == [message])
    );
}

/// No client poses as a server with the file that clients have.
#[test]
fn a_clients_copy_of_the_file_makes_a_client_and_no_server() {
    let mut world = world(KEYS);
    let public = super::super::secrets::servers_public(&world.cluster.keys).unwrap();
    let public = Key::from(public).hex();
    let client_key = KEYS.lines().find(|line| line.starts_with("client")).unwrap();
    let text = world.cluster_text(&format!("[keys]\n{client_key}\npublic = \"{public}\"\n"));
    let copy = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
    let mut client = Client::bind(&copy, "127.0.0.1:0".parse().unwrap()).unwrap().unwrap();
    let hello = client.hello(Id::from(0)).unwrap();
    client.transmit(&hello);
    assert!(matches!(world.serve(0), Incoming::Hello(_)));
    assert!(matches!(client.receive::<Msg>(WAIT), Heard::Welcome(_)));
    // Without the servers' public key it would believe anybody, so it is none.
    let text = world.cluster_text(&format!("[keys]\n{client_key}\n"));
    let copy = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
    assert!(Client::bind(&copy, "127.0.0.1:0".parse().unwrap()).unwrap().is_none());
}

/// Servers, and a client, hear all that shares a datagram in its order.
#[test]
fn messages_that_go_the_same_way_share_datagrams() {
    for keys in ["", KEYS] {
        let mut world = world(keys);
        let [short, long] = [100, 40_000].map(|len| "v".repeat(len));
        let texts = [&short, &short, &long, &short].map(|text| encode(text).unwrap());
        let server = &world.servers[0];
        // The limit is 32 KiB, which the long one alone exceeds.
        assert_eq!(server.share(&texts), 2);
        assert_eq!((server.share(&texts[2..]), server.share(&texts[3..])), (1, 1));
        let parts: Vec<_> = texts[..2].iter().map(Vec::as_slice).collect();
        for via in [false, true] {
            let relay = encode(&(1u64 << 40, &short)).unwrap();
            let server = &mut world.servers[0];
            let sealed = if via {
                server.seal(Route::Via(1.into()), &[&relay, &relay])
            } else {
                server.seal(Route::To(1.into()), &parts)
            };
            let (datagram, _) = sealed.unwrap();
            server.transmit(&datagram).unwrap();
            match world.servers[1].receive::<Msg>(WAIT) {
                Incoming::Messages(src, found) => {
                    assert!(!via && src == Id::from(0) && found == [&*short, &*short]);
                }
                Incoming::Relays(found) => {
                    assert!(
                        via && found.len() == 2 && found[1] == (Id::from(1 << 40), short.clone())
                    );
                }
                _ => panic!("via {via}"),
            }
        }
    }
}
