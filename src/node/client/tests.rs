use super::*;
use crate::node::endpoint::{Endpoint, Incoming, Route};
use crate::node::frame::encode;
use crate::node::life::Life;
use crate::node::mint::Mint;
use crate::node::peers::Peers;
use std::net::UdpSocket;
use std::path::Path;
use std::thread;

type Msg = Service<String, String, ()>;

/// A server that answers the first request, and when it comes again, as the next of `answers` says,
/// the last again and again, until it has heard nothing for a second; and a client of it.
fn served(answers: Vec<Msg>) -> (thread::JoinHandle<()>, Client<String, String, ()>) {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text =
        format!("name = \"demo\"\nprotocol = \"toy\"\n[[server]]\nid = 0\naddress = \"{free}\"\n");
    let cluster = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let peers = Peers::open(dir.path()).unwrap();
    let life = Life::new(7 << 40, false, 1, 1);
    let (mut server, _) = Endpoint::bind(0.into(), &cluster, free, life, peers).unwrap();
    let mut mint = Mint::open(dir.path(), 0.into()).unwrap();
    let thread = thread::spawn(move || {
        let mut asked = 0;
        loop {
            let answer = match server.receive::<Msg>(Duration::from_secs(1)) {
                Incoming::Hello(hello) => server.welcome(&hello, mint.id(None).unwrap()).unwrap(),
                Incoming::Messages(client, asking) => {
                    assert!(matches!(asking[..], [Msg::Request { seq: 1, .. }]), "{asking:?}");
                    asked += 1;
                    let answer = &answers[(asked - 1).min(answers.len() - 1)];
                    server.seal(Route::To(client), &[&encode(answer).unwrap()]).unwrap().0
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

#[test]
fn a_request_that_stays_is_sent_to_no_other_server() {
    let done = Msg::Reply { seq: 1, reply: "done".into() };
    let (server, mut client) = served(vec![BUSY, BUSY, done]);
    client.servers.push(1.into());
    let mut client = client.heeding(Rules { stays: |op| op == "stays", ..Rules::default() });
    assert_eq!(client.call("stays".into(), Duration::from_secs(5)).unwrap(), "done");
    assert_eq!(client.last_server(), Id::from(0));
    server.join().unwrap();
    // No answer: it may be down, and the next request is for another.
    let error = client.call("stays".into(), Duration::from_millis(100)).unwrap_err();
    let ClientError::NoAnswer { asked, .. } = error else { panic!("{error}") };
    assert_eq!(asked.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [Id::from(0)]);
    assert_eq!(client.last_server(), Id::from(1));
}

/// Server 1 answers only when its client has turned to server 0, which does not.
#[test]
fn the_server_that_answered_is_asked_first_though_the_client_had_turned_to_another() {
    let free = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let [a, b] = free;
    let text = format!(
        "name = \"demo\"\nprotocol = \"toy\"\n[[server]]\nid = 0\naddress = \"{a}\"\n\
         [[server]]\nid = 1\naddress = \"{b}\"\n"
    );
    let cluster = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
    let retry = Duration::from_millis(10)..Duration::from_millis(20);
    let mut client =
        Client::<String, String, ()>::open(&cluster, vec![1.into(), 0.into()], retry).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut mint = Mint::open(dir.path(), 1.into()).unwrap();
    let [mut silent, mut answering] = [(0, a), (1, b)].map(|(id, address)| {
        let peers = Peers::open(tempfile::tempdir().unwrap().path()).unwrap();
        let life = Life::new(7 << 40, false, 1, 1);
        Endpoint::bind(Id::from(id), &cluster, address, life, peers).unwrap().0
    });
    let servers = thread::spawn(move || {
        loop {
            if let Incoming::Hello(hello) = answering.receive::<Msg>(Duration::from_millis(1)) {
                let welcome = answering.welcome(&hello, mint.id(None).unwrap()).unwrap();
                answering.transmit(&welcome).unwrap();
            }
            if let Incoming::Messages(client, _) = silent.receive::<Msg>(Duration::from_millis(1)) {
                let reply = encode(&Msg::Reply { seq: 1, reply: "done".into() }).unwrap();
                // It knows the client once that has asked it too.
                if let Ok((answer, _)) = answering.seal(Route::To(client), &[&reply]) {
                    return answering.transmit(&answer).unwrap();
                }
            }
        }
    });
    assert_eq!(client.call("op".into(), Duration::from_secs(5)).unwrap(), "done");
    assert_eq!(client.last_server(), Id::from(1));
    servers.join().unwrap();
}
