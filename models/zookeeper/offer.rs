//! What a deployed tree offers: the map's operations on nodes, and the tree's own.
//!
//! A key is a path; one that does not begin with `/` is a child of the root. A put creates a node
//! that is not there, below a parent that is; a delete of what is not there is done. A get is a
//! transaction, and a local get is ZooKeeper's read.

use super::known::{Known, leaves_out};
use super::message::{Answer, Ask, What};
use super::op::{CreateMode, Error, Reply, Request, Response, Stat};
use super::path;
use super::watch::{EventType, MAX_WATCHES, WatchedEvent};
use crate::kv::limits::LimitError;
use crate::kv::map::{MAX_KEY_BYTES, MAX_OPERATION_BYTES, MAX_VALUE_BYTES};
use crate::kv::offer::{self, Answered, AskOutcome, Carried, Offer, OfferError, not_offered};
use crate::kv::tree::{NodeStat, TreeAnswer, TreeAsk, TreeError, TreeEvent};
use crate::kv::{self, Bytes};
use crate::topology::Topology;
use crate::zab::Zxid;

/// What a client of a tree carries, and the events that it has not asked for yet.
#[derive(Clone, Debug, Default)]
pub struct Carrying {
    /// What it knows.
    pub known: Known,
    fired: Vec<WatchedEvent>,
}

impl Carried<Ask, Answer> for Carrying {
    fn learn(&mut self, request: &Ask, answer: &Answer) {
        self.fired.extend(self.known.learn(&request.what, answer));
    }

    fn hear(&mut self, said: &Answer) {
        if let Answer::Events(events) = said {
            self.fired.extend(self.known.see(events));
        }
    }

    fn stamp(&self, request: &mut Ask) {
        self.known.stamp(request);
    }

    fn events(&mut self) -> Vec<TreeEvent> {
        self.fired.drain(..).map(event).collect()
    }

    fn token(&self) -> Option<String> {
        Some(format!("{:?}", self.known.seen))
    }

    fn resume(token: &str) -> Option<Self> {
        let seen = token.parse().ok()?;
        Some(Self { known: Known { seen, ..Known::default() }, fired: Vec::new() })
    }
}

fn event(WatchedEvent { watch, event }: WatchedEvent) -> TreeEvent {
    let what = match event {
        EventType::NodeCreated => "created",
        EventType::NodeDeleted => "deleted",
        EventType::NodeDataChanged => "data changed",
        EventType::NodeChildrenChanged => "children changed",
    };
    TreeEvent { path: watch.path, what }
}

/// The operations on the tree.
pub struct TreeOffer;

impl Offer for TreeOffer {
    type Request = Ask;
    type Answer = Answer;
    type Carried = Carrying;
    const COMMANDS: &'static [&'static str] = &[
        "get",
        "put",
        "delete",
        "cas",
        "get --local",
        "sync",
        "create",
        "create --ephemeral",
        "stat",
        "children",
        "watch",
        "put --version",
        "delete --version",
    ];

    fn request(_: &Topology, ask: &offer::Ask) -> Result<Ask, OfferError> {
        let read = |request: Request, watch| What::Read {
            op: request.into(),
            seen: Zxid::default(),
            watch,
        };
        let write = |request: Request| What::Write(request.into());
        let what = match ask {
            offer::Ask::One { op, context: None } => write(on_map::<Self>(ask, op)?),
            offer::Ask::One { .. } => return Err(OfferError::NoContexts),
            offer::Ask::Local(op @ kv::Op::Get { .. }) => read(on_map::<Self>(ask, op)?, false),
            offer::Ask::Sync => What::Sync,
            offer::Ask::Tree(TreeAsk::Ping) => What::Ping(Request::CloseSession.into()),
            offer::Ask::Tree(ask) => {
                let watch = matches!(
                    ask,
                    TreeAsk::Stat { watch: true, .. } | TreeAsk::Children { watch: true, .. }
                );
                let request = on_tree(ask)?;
                if watch { read(request, true) } else { write(request) }
            }
            _ => return Err(not_offered::<Self>(ask)),
        };
        Ok(Ask { what, watches: Vec::new() })
    }

    fn check(Ask { what, watches }: &Ask) -> Result<(), LimitError> {
        let own = match what {
            What::Write(op) | What::Ping(op) | What::Read { op, .. } => sizes(&op.request),
            What::Sync | What::Use(_) => Sizes::default(),
        };
        let paths = watches.iter().map(|watch| watch.path.len());
        let path = paths.clone().chain([own.path]).max().unwrap_or_default();
        if path > MAX_KEY_BYTES {
            return Err(LimitError::KeyTooLong { len: path });
        }
        if let Some(len) = own.data.into_iter().find(|len| *len > MAX_VALUE_BYTES) {
            return Err(LimitError::ValueTooLong { len });
        }
        // Each with its kind and number.
        let watching: usize = paths.map(|len| len + 16).sum();
        let len = own.path + own.data.iter().sum::<usize>() + watching;
        if len > MAX_OPERATION_BYTES || watches.len() > MAX_WATCHES {
            return Err(LimitError::OperationTooLong { len });
        }
        Ok(())
    }

    fn takes(request: &Ask, answer: &Answer) -> bool {
        !leaves_out(!request.watches.is_empty(), answer)
    }

    fn answer(_: &Topology, ask: &offer::Ask, answer: Answer) -> Option<AskOutcome> {
        let Answer::Done { reply, .. } = answer else { return None };
        match (ask, reply) {
            (offer::Ask::Sync, None) => Some(kv::Reply::Done.into()),
            (offer::Ask::Tree(TreeAsk::Ping), None) => {
                Some(AskOutcome::Done(Answered::Tree(TreeAnswer::Done)))
            }
            (offer::Ask::One { op, .. } | offer::Ask::Local(op), Some(reply)) => {
                map_reply(op, reply)
            }
            (offer::Ask::Tree(ask), Some(reply)) => tree_answer(ask, reply),
            _ => None,
        }
    }
}

/// The lengths in a request.
#[derive(Default)]
struct Sizes {
    path: usize,
    data: [usize; 2],
}

fn sizes(request: &Request) -> Sizes {
    let len = |data: &Option<Bytes>| data.as_ref().map_or(0, Bytes::len);
    match request {
        Request::Create { path, data, .. }
        | Request::SetData { path, data, .. }
        | Request::Put { path, data } => Sizes { path: path.len(), data: [data.len(), 0] },
        Request::Swap { path, expected, new } => {
            Sizes { path: path.len(), data: [len(expected), len(new)] }
        }
        Request::Delete { path, .. } | Request::GetData { path } | Request::Exists { path } => {
            Sizes { path: path.len(), ..Sizes::default() }
        }
        Request::GetChildren { path, after } => {
            Sizes { path: path.len().max(after.len()), ..Sizes::default() }
        }
        Request::CreateSession | Request::CloseSession => Sizes::default(),
    }
}

/// The path that a key is.
fn path_of(key: &Bytes, number: &str) -> Result<Bytes, OfferError> {
    let slash = if key.as_ref().starts_with(path::ROOT) { "" } else { "/" };
    let path = [slash.as_bytes(), key.as_ref()].concat();
    // What is too long is another error.
    let is_long = path.len() > MAX_KEY_BYTES;
    if is_long || path::is_path(&[&path, number.as_bytes()].concat()) {
        return Ok(path.into());
    }
    let why =
        format!("`{key}` is no path of a node: write it as /a/b, names that each follow a `/`");
    Err(OfferError::Meaningless(why))
}

/// An operation on the map, where it is one on a node.
fn on_map<F: Offer>(ask: &offer::Ask, op: &kv::Op) -> Result<Request, OfferError> {
    let path = |key| path_of(key, "");
    Ok(match op {
        kv::Op::Get { key } => Request::GetData { path: path(key)? },
        kv::Op::Put { key, value } => Request::Put { path: path(key)?, data: value.clone() },
        kv::Op::Delete { key } => Request::Delete { path: path(key)?, version: None },
        kv::Op::Cas { key, expected, new } => {
            Request::Swap { path: path(key)?, expected: expected.clone(), new: new.clone() }
        }
        kv::Op::Range(_) => return Err(not_offered::<F>(ask)),
    })
}

fn on_tree(ask: &TreeAsk) -> Result<Request, OfferError> {
    let path = |path| path_of(path, "");
    Ok(match ask {
        TreeAsk::Create { path, data, ephemeral, sequential } => {
            let mode = match (ephemeral, sequential) {
                (false, false) => CreateMode::Persistent,
                (false, true) => CreateMode::PersistentSequential,
                (true, false) => CreateMode::Ephemeral,
                (true, true) => CreateMode::EphemeralSequential,
            };
            let path = path_of(path, if *sequential { "0" } else { "" })?;
            Request::Create { path, data: data.clone(), mode }
        }
        TreeAsk::Set { path: of, data, version } => {
            Request::SetData { path: path(of)?, data: data.clone(), version: Some(*version) }
        }
        TreeAsk::Delete { path: of, version } => {
            Request::Delete { path: path(of)?, version: Some(*version) }
        }
        TreeAsk::Stat { path: of, .. } => Request::Exists { path: path(of)? },
        TreeAsk::Children { path: of, after, .. } => {
            Request::GetChildren { path: path(of)?, after: after.clone() }
        }
        TreeAsk::OpenSession => Request::CreateSession,
        TreeAsk::CloseSession | TreeAsk::Ping => Request::CloseSession,
    })
}

fn failed(error: Error) -> AskOutcome {
    AskOutcome::Failed(OfferError::Tree(match error {
        Error::NoNode => TreeError::NoNode,
        Error::NodeExists => TreeError::NodeExists,
        Error::BadVersion => TreeError::BadVersion,
        Error::NotEmpty => TreeError::NotEmpty,
        Error::NoChildrenForEphemerals => TreeError::NoChildrenForEphemerals,
        Error::SessionExpired => TreeError::SessionExpired,
        Error::BadArguments => TreeError::BadArguments,
        Error::QuotaExceeded => TreeError::QuotaExceeded,
    }))
}

fn map_reply(op: &kv::Op, reply: Reply) -> Option<AskOutcome> {
    let reply = match (op, reply) {
        (kv::Op::Get { .. }, Ok(Response::Data { data, .. })) => kv::Reply::Value(Some(data)),
        (kv::Op::Get { .. }, Err(Error::NoNode)) => kv::Reply::Value(None),
        (kv::Op::Put { .. }, Ok(Response::Put))
        | (kv::Op::Delete { .. }, Ok(Response::Deleted) | Err(Error::NoNode)) => kv::Reply::Done,
        (kv::Op::Cas { .. }, Ok(Response::Swapped { swapped, found })) => {
            kv::Reply::Swapped { swapped, found }
        }
        (_, Err(error)) => return Some(failed(error)),
        _ => return None,
    };
    Some(reply.into())
}

fn tree_answer(ask: &TreeAsk, reply: Reply) -> Option<AskOutcome> {
    let answer = match (ask, reply) {
        (TreeAsk::Create { .. }, Ok(Response::Created { path, stat })) => {
            TreeAnswer::Created { path, zxid: stat.czxid }
        }
        (TreeAsk::Set { .. } | TreeAsk::Stat { .. }, Ok(Response::Stat(stat))) => {
            TreeAnswer::Node(node(&stat))
        }
        (TreeAsk::Stat { watch: true, .. }, Err(Error::NoNode)) => TreeAnswer::Absent,
        (TreeAsk::Delete { .. }, Ok(Response::Deleted))
        | (TreeAsk::CloseSession, Ok(Response::Closed)) => TreeAnswer::Done,
        (TreeAsk::Children { .. }, Ok(Response::Children { names, is_whole, .. })) => {
            TreeAnswer::Children { names, more: !is_whole }
        }
        (TreeAsk::OpenSession, Ok(Response::Opened(session))) => {
            TreeAnswer::Opened { session: session.0 }
        }
        (_, Err(error)) => return Some(failed(error)),
        _ => return None,
    };
    Some(AskOutcome::Done(Answered::Tree(answer)))
}

fn node(stat: &Stat) -> NodeStat {
    NodeStat {
        czxid: stat.czxid,
        mzxid: stat.mzxid,
        version: stat.version,
        children: stat.num_children,
        owner: stat.ephemeral_owner.map(|owner| owner.0),
    }
}

/// An answer has room for the data of a node, or a message of names, and for the events of all
/// watches beside; a datagram has 60 KiB.
const _: () = assert!(MAX_VALUE_BYTES + MAX_WATCHES * (MAX_KEY_BYTES + 32) <= MAX_OPERATION_BYTES);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Service;
    use crate::kv::offer::admits;
    use crate::zookeeper::{Op, SessionId, Watch, WatchKind};

    fn request(ask: &offer::Ask) -> Result<Ask, OfferError> {
        TreeOffer::request(&Topology::plain(3), ask)
    }

    fn answer(ask: &offer::Ask, reply: Option<Reply>) -> Option<AskOutcome> {
        let answer = Answer::Done { zxid: Zxid::default(), tree: 0, reply, events: None };
        TreeOffer::answer(&Topology::plain(3), ask, answer)
    }

    #[test]
    fn a_key_is_a_path_below_the_root() {
        let path = |key: &str| match request(&kv::Op::get(key).into()).unwrap().what {
            What::Write(Op { request: Request::GetData { path }, .. }) => path.to_string(),
            what => panic!("{what:?}"),
        };
        let paths = ["", "a", "/a", "a/b", "0.a"].map(path);
        assert_eq!(paths, ["/", "/a", "/a", "/a/b", "/0.a"]);
        for bad in ["a//b", "/a/", "..", "a\0"] {
            let error = request(&kv::Op::get(bad).into()).unwrap_err().to_string();
            assert!(error.contains("is no path"), "{bad}: {error}");
        }
        let create = |path: &str, sequential| {
            let (path, data) = (path.into(), "".into());
            request(&offer::Ask::Tree(TreeAsk::Create { path, data, ephemeral: false, sequential }))
        };
        assert!(create("/locks/", true).is_ok() && create("/locks/", false).is_err());
    }

    #[test]
    fn a_command_gets_an_answer_of_its_own_kind_or_the_trees_error() {
        let get = offer::Ask::from(kv::Op::get("k"));
        let none = answer(&get, Some(Err(Error::NoNode)));
        assert!(matches!(none, Some(AskOutcome::Done(Answered::Reply(kv::Reply::Value(None))))));
        assert!(answer(&get, None).is_none());
        assert!(answer(&get, Some(Ok(Response::Deleted))).is_none());
        let delete = offer::Ask::from(kv::Op::Delete { key: "k".into() });
        let absent = answer(&delete, Some(Err(Error::NoNode)));
        assert!(matches!(absent, Some(AskOutcome::Done(Answered::Reply(kv::Reply::Done)))));
        let Some(AskOutcome::Failed(error)) = answer(&delete, Some(Err(Error::NotEmpty))) else {
            panic!("it has children");
        };
        assert!(error.to_string().contains("the node has children; delete them"), "{error}");
        let stat = |watch| offer::Ask::Tree(TreeAsk::Stat { path: "/k".into(), watch });
        let absent = answer(&stat(true), Some(Err(Error::NoNode)));
        assert!(matches!(absent, Some(AskOutcome::Done(Answered::Tree(TreeAnswer::Absent)))));
        let absent = answer(&stat(false), Some(Err(Error::NoNode)));
        assert!(matches!(absent, Some(AskOutcome::Failed(OfferError::Tree(TreeError::NoNode)))));
    }

    #[test]
    fn what_is_too_large_is_not_admitted_with_its_watches() {
        let is_admitted = |what: What, watches: usize| {
            let watch = |since: usize| {
                let (path, since) = (vec![b'x'; MAX_KEY_BYTES].into(), since as u64);
                Watch { path, kind: WatchKind::Data, since }
            };
            let op = Ask { what, watches: (0..watches).map(watch).collect() };
            admits::<TreeOffer, ()>(&Service::Request { seq: 1, op })
        };
        let put = |bytes| {
            let (path, data) = ("/k".into(), vec![0; bytes].into());
            What::Write(Request::Put { path, data }.into())
        };
        assert!(is_admitted(put(MAX_VALUE_BYTES), MAX_WATCHES));
        assert!(!is_admitted(put(MAX_VALUE_BYTES + 1), 0));
        assert!(!is_admitted(What::Sync, MAX_WATCHES + 1));
        let path = vec![b'/'; MAX_KEY_BYTES + 1].into();
        assert!(!is_admitted(What::Write(Request::GetData { path }.into()), 0));
    }

    #[test]
    fn a_client_carries_its_session_and_its_watches_and_takes_no_answer_that_leaves_events_out() {
        let mut carrying = Carrying::default();
        let done = |reply, events| Answer::Done {
            zxid: Zxid::default(),
            tree: 7,
            reply: Some(reply),
            events,
        };
        let open = request(&offer::Ask::Tree(TreeAsk::OpenSession)).unwrap();
        carrying.learn(&open, &done(Ok(Response::Opened(SessionId(3))), None));
        let stat = TreeAsk::Stat { path: "/k".into(), watch: true };
        let mut read = request(&offer::Ask::Tree(stat)).unwrap();
        carrying.stamp(&mut read);
        let absent = done(Err(Error::NoNode), Some(Vec::new()));
        assert!(TreeOffer::takes(&read, &done(Err(Error::NoNode), None)), "it has no watch yet");
        carrying.learn(&read, &absent);
        let mut next = request(&kv::Op::get("k").into()).unwrap();
        carrying.stamp(&mut next);
        assert!(matches!(&next.what, What::Write(op) if op.session == Some(SessionId(3))));
        let [watch] = &next.watches[..] else { panic!("{next:?}") };
        assert!(!TreeOffer::takes(&next, &done(Err(Error::NoNode), None)));
        assert!(TreeOffer::takes(&next, &absent));
        let fired = WatchedEvent { watch: watch.clone(), event: EventType::NodeCreated };
        carrying.hear(&Answer::Events(vec![fired.clone()]));
        carrying.learn(&next, &done(Err(Error::SessionExpired), Some(vec![fired])));
        let event = TreeEvent { path: "/k".into(), what: "created" };
        assert_eq!((carrying.events(), carrying.events()), (vec![event], vec![]), "once");
        assert_eq!(carrying.known.session, None);
    }
}
