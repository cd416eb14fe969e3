//! A protocol that a user might write: chain replication (van Renesse and Schneider 2004). Clients
//! ask the head, and the tail answers, which never heard from them.

use crate::support;
use crate::support::{KEYS, SECOND};
use quorate::models::kv::offer::{MapOffer, admits};
use quorate::models::kv::{Bytes, Map, Op, Reply, Service, StateMachine};
use quorate::models::{Durable, Recoverable};
use quorate::node::{ClusterFile, DataDir, Node, Stats};
use quorate::{Client, Stop};
use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::time::Duration;

const SERVERS: usize = 3;

/// A server of the chain 0, 1, 2.
struct Link;

/// The requests in the order of the head. Each is there once: a client repeats only its last one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Chain(Vec<Entry>);

type Entry = (Id, u64, Op);

impl Durable for Chain {
    fn absorb(&mut self, delta: Self) {
        self.0.extend(delta.0);
    }
}

impl Chain {
    /// What came of the last request.
    fn reply(&self) -> Option<(Id, u64, Reply)> {
        let mut map = Map::default();
        self.0
            .iter()
            .fold(None, |_, (client, seq, op)| Some((*client, *seq, map.apply(*client, *seq, op))))
    }
}

/// The whole chain up to here: enough for a test.
type Msg = Service<Op, Reply, Vec<Entry>>;

impl Link {
    fn forward(id: Id, state: &Chain, o: &mut Out<Self>) {
        let next = usize::from(id) + 1;
        if next < SERVERS {
            o.send(next.into(), Service::Peer(state.0.clone()));
        } else if let Some((client, seq, reply)) = state.reply() {
            o.send(client, Service::Reply { seq, reply });
        }
    }
}

impl Actor for Link {
    type Msg = Msg;
    type Timer = ();
    type State = Chain;
    type Storage = Chain;
    type Random = ();

    fn on_start(&self, _: Id, saved: &Option<Chain>, _: &mut Out<Self>) -> Chain {
        saved.clone().unwrap_or_default()
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, Chain>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let entries = match msg {
            Service::Request { seq, op } => {
                let known = state.0.iter().any(|(client, last, _)| (*client, *last) == (src, seq));
                let more = (!known).then_some((src, seq, op));
                state.0.iter().cloned().chain(more).collect()
            }
            Service::Peer(entries) => entries,
            _ => return,
        };
        if entries.len() > state.0.len() {
            let delta = Chain(entries[state.0.len()..].to_vec());
            state.to_mut().absorb(delta.clone());
            o.save(delta);
        }
        Self::forward(id, state, o);
    }
}

struct Running(Vec<(Stop, std::thread::JoinHandle<Stats>)>);

impl Running {
    fn start(cluster: &ClusterFile, dir: &std::path::Path) -> Self {
        let node = |id: Id| {
            let path = dir.join(usize::from(id).to_string());
            DataDir::format(&path, cluster, id).unwrap();
            let data = DataDir::open(&path, cluster, None).unwrap();
            let node = Node::builder(Link, cluster, data).admit_from_clients(admits::<MapOffer, _>);
            let (node, stop) = (node.open().unwrap(), Stop::new());
            let handle = stop.clone();
            (stop, std::thread::spawn(move || node.run(&handle).unwrap()))
        };
        Self(cluster.ids().into_iter().map(node).collect())
    }

    fn stop(self) -> Vec<Stats> {
        self.0.iter().for_each(|(stop, _)| stop.stop());
        self.0.into_iter().map(|(_, thread)| thread.join().unwrap()).collect()
    }
}

impl Recoverable for Link {
    fn checkpoint(&self, _: Id, state: &Chain) -> Option<Chain> {
        (!state.0.is_empty()).then(|| state.clone())
    }
}

#[test]
fn the_tail_answers_a_client_that_it_never_heard_from() {
    for keys in ["", KEYS] {
        let cluster = support::cluster("127.0.0.1", SERVERS, keys);
        let dir = tempfile::tempdir().unwrap();
        let nodes = Running::start(&cluster, dir.path());
        let retry = Duration::from_millis(100)..Duration::from_millis(200);
        let mut client =
            Client::<Op, Reply, Vec<Entry>>::open(&cluster, vec![Id::from(0)], retry).unwrap();
        for n in 0..10 {
            let value = Bytes::from(n.to_string().as_str());
            client.put("k".into(), value.clone(), 5 * SECOND).unwrap();
            assert_eq!(client.get("k".into(), 5 * SECOND).unwrap(), Some(value));
        }
        let stats = nodes.stop();
        assert!(stats[2].relayed >= 20 && stats[0].passed_on >= 20, "{stats:?}");
        // The middle one knows the client as little as the tail does.
        assert_eq!(stats[1].passed_on, 0, "{stats:?}");
    }
}
