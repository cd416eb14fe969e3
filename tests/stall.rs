//! A node that stalled hears what waits for it before its timers fire.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use quorate::models::Durable;
use quorate::models::kv::{Op, Reply, Service};
use quorate::node::frame::Seal;
use quorate::node::{DataDir, Node};
use quorate::{Client, Stop};
use serde::{Deserialize, Serialize, Serializer};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::net::UdpSocket;
use std::time::Duration;
use support::SECOND;

const PATIENCE: Duration = Duration::from_millis(400);

/// Suspects that nobody is there when it hears nothing for a while. A delete makes it save something.
struct Watcher;

/// What takes long to save.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
struct Nothing;

impl Serialize for Nothing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        std::thread::sleep(2 * PATIENCE);
        serializer.serialize_unit_struct("Nothing")
    }
}

impl Durable for Nothing {
    fn absorb(&mut self, _: Self) {}
}

type Msg = Service<Op, Reply, ()>;

impl Actor for Watcher {
    type Msg = Msg;
    type Timer = ();
    type State = u64;
    type Storage = Nothing;
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<Nothing>, _: &mut Out<Self>) -> u64 {
        0
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u64>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let Service::Request { seq, op } = msg else { return };
        if matches!(op, Op::Delete { .. }) {
            o.save(Nothing);
        } else {
            o.set_timer((), PATIENCE..PATIENCE);
        }
        let suspicions = Some(state.to_string().as_str().into());
        o.send(src, Service::Reply { seq, reply: Reply::Value(suspicions) });
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u64>, (): &(), _: &mut Out<Self>) {
        *state.to_mut() += 1;
    }
}

#[test]
fn what_came_during_a_stall_is_heard_before_a_timer_fires() {
    let cluster = support::cluster("127.0.0.1", 1, "");
    let (_dir, path) = support::formatted(&cluster);
    let data = DataDir::open(&path, &cluster, None).unwrap();
    let (node, stop) = (Node::open(Watcher, &cluster, data).unwrap(), Stop::new());
    let handle = stop.clone();
    let thread = std::thread::spawn(move || node.run(&handle).unwrap());
    let (socket, seal) = (UdpSocket::bind("127.0.0.1:0").unwrap(), Seal::new(&cluster));
    let say = |seq, op| {
        let request: Msg = Service::Request { seq, op };
        let sealed = seal.seal(Id::from(1 << 40), Id::from(0), &request).unwrap();
        socket.send_to(&sealed, cluster.servers[0].address).unwrap();
    };
    say(1, Op::get("heartbeat"));
    std::thread::sleep(PATIENCE / 4);
    say(2, Op::Delete { key: "stall".into() });
    std::thread::sleep(PATIENCE / 4);
    // It is in time, and waits in the socket; when the node goes on, its timer is due.
    say(3, Op::get("heartbeat"));
    std::thread::sleep(2 * PATIENCE);
    let mut client =
        Client::<Op, Reply, ()>::open(&cluster, cluster.ids(), SECOND..SECOND).unwrap();
    assert_eq!(client.get("suspicions".into(), SECOND).unwrap(), Some("0".into()));
    // The timer works: without a word it fires.
    std::thread::sleep(2 * PATIENCE);
    assert_eq!(client.get("suspicions".into(), SECOND).unwrap(), Some("1".into()));
    stop.stop();
    thread.join().unwrap();
}
