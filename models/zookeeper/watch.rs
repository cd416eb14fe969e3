//! Watches: a client is told once that a node has changed since it read it (Hunt et al. 2010,
//! section 2.1).
//!
//! A watch says what was read and when, so any server can tell from its own tree whether it has
//! fired. ZooKeeper's client says the same to a server that it connects to anew (`SetWatches`).

use super::bugs::Bug;
use super::op::{Error, Reply, Request};
use super::tree::Tree;
use crate::kv::Bytes;
use serde::{Deserialize, Serialize};

/// How many watches a client may have at a time: they travel with its requests.
pub const MAX_WATCHES: usize = 16;

/// A watch of a client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Watch {
    /// The path of the node.
    pub path: Bytes,
    /// What is watched.
    pub kind: WatchKind,
    /// The last transaction of the tree that was read. What it did, the client knows.
    pub since: u64,
}

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WatchKind {
    /// The data of a node that there was.
    Data,
    /// A node that there was not.
    Exist,
    /// The children of a node.
    Child,
}

/// What happened to a watched node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventType {
    /// There is a node where there was none.
    NodeCreated,
    /// The node is gone.
    NodeDeleted,
    /// Its data was set, or it was deleted and created again.
    NodeDataChanged,
    /// A child was created or deleted, or the node itself was deleted and created again.
    NodeChildrenChanged,
}

/// A watch that fired.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WatchedEvent {
    /// The watch.
    pub watch: Watch,
    /// What happened.
    pub event: EventType,
}

impl Watch {
    /// The watch that a read leaves, by what was read from a tree with so many transactions. None,
    /// where the children of no node were to be watched, or the read failed otherwise.
    pub fn of(request: &Request, reply: &Reply, since: u64) -> Option<Self> {
        let (path, kind) = match (request, reply) {
            (Request::GetData { path } | Request::Exists { path }, Ok(_)) => {
                (path, WatchKind::Data)
            }
            (Request::GetData { path } | Request::Exists { path }, Err(Error::NoNode)) => {
                (path, WatchKind::Exist)
            }
            (Request::GetChildren { path, .. }, Ok(_)) => (path, WatchKind::Child),
            _ => return None,
        };
        Some(Self { path: path.clone(), kind, since })
    }
}

impl Tree {
    /// What happened to a watched node, as far as this tree shows it. Nothing, where the tree is
    /// older than what was read.
    pub fn fired(&self, watch: &Watch) -> Option<WatchedEvent> {
        if self.zxid() < watch.since && self.bug != Some(Bug::FireEarly) {
            return None;
        }
        let stat = self.node(watch.path.as_ref()).map(|node| node.stat);
        let event = match (watch.kind, stat) {
            (WatchKind::Exist, Some(_)) => EventType::NodeCreated,
            (WatchKind::Data | WatchKind::Child, None) => EventType::NodeDeleted,
            (WatchKind::Data, Some(stat)) if stat.mzxid > watch.since => EventType::NodeDataChanged,
            (WatchKind::Child, Some(stat)) if stat.pzxid > watch.since => {
                EventType::NodeChildrenChanged
            }
            _ => return None,
        };
        Some(WatchedEvent { watch: watch.clone(), event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::StateMachine;
    use crate::zookeeper::op::CreateMode;

    fn applied(tree: &mut Tree, request: Request) -> Reply {
        tree.apply(9.into(), 1, &request.into())
    }

    #[test]
    fn a_watch_fires_when_what_was_read_changes_and_not_before() {
        let mut tree = Tree::default();
        let read =
            [Request::get_data("/a"), Request::get_children("/"), Request::get_children("/a")];
        let watches = |tree: &Tree| {
            let watch = |request: &Request| {
                Watch::of(request, &tree.query(&request.clone().into())?, tree.zxid())
            };
            read.iter().map(watch).collect::<Vec<_>>()
        };
        let events = |tree: &Tree, watches: &[Option<Watch>]| {
            let event = |watch: &Option<Watch>| Some(tree.fired(watch.as_ref()?)?.event);
            watches.iter().map(event).collect::<Vec<_>>()
        };
        let absent = watches(&tree);
        assert_eq!(events(&tree, &absent), [None; 3]);
        applied(&mut tree, Request::create("/a", CreateMode::Persistent)).unwrap();
        let created = [Some(EventType::NodeCreated), Some(EventType::NodeChildrenChanged), None];
        assert_eq!(events(&tree, &absent), created);

        let present = watches(&tree);
        let older = tree.clone();
        applied(&mut tree, Request::set_data("/a", "x", None)).unwrap();
        assert_eq!(events(&tree, &present), [Some(EventType::NodeDataChanged), None, None]);
        applied(&mut tree, Request::delete("/a")).unwrap();
        let (gone, fewer) = (EventType::NodeDeleted, EventType::NodeChildrenChanged);
        assert_eq!(events(&tree, &present), [Some(gone), Some(fewer), Some(gone)]);
        applied(&mut tree, Request::create("/a", CreateMode::Persistent)).unwrap();
        let again = [Some(EventType::NodeDataChanged), Some(fewer), Some(fewer)];
        assert_eq!(events(&tree, &present), again, "deleted and created again");

        let later = watches(&tree);
        assert_eq!(events(&older, &later), [None; 3], "an older tree knows nothing of it");
        assert_eq!(events(&Tree::default(), &later), [None; 3]);
    }
}
