//! A node that stalled hears what waits for it before its timers fire.

use crate::support;
use crate::support::SECOND;
use quorate::models::kv::{Op, Reply, Service};
use quorate::models::{Durable, Recoverable};
use quorate::node::{DataDir, Node};
use quorate::{Client, Stop};
use serde::{Deserialize, Serialize, Serializer};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_millis(400);

/// Suspects that nobody is there when it hears nothing for a while. A delete makes it save
/// something.
struct Watcher;

/// A state that takes long to save.
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

impl Recoverable for Watcher {
    fn checkpoint(&self, _: Id, _: &u64) -> Option<Nothing> {
        None
    }
}

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
    let client = || {
        let retry = 5 * SECOND..5 * SECOND;
        let mut client = Client::<Op, Reply, ()>::open(&cluster, cluster.ids(), retry).unwrap();
        assert_eq!(client.get("session".into(), SECOND).unwrap(), Some("0".into()));
        client
    };
    let [mut staller, mut client] = [(); 2].map(|()| client());
    std::thread::scope(|scope| {
        scope.spawn(move || staller.delete("stall".into(), 5 * SECOND).unwrap_err());
        std::thread::sleep(PATIENCE / 4);
        // It is in time, and waits in the socket; when the node goes on, its timer is due.
        let suspicions = client.get("heartbeat".into(), 5 * SECOND).unwrap();
        assert_eq!(suspicions, Some("0".into()));
    });
    // The timer works: without a word it fires.
    std::thread::sleep(2 * PATIENCE);
    assert_eq!(client.get("suspicions".into(), SECOND).unwrap(), Some("1".into()));
    stop.stop();
    thread.join().unwrap();
}
