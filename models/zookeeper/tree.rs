//! The data tree: nodes with versions, ephemeral nodes, sequence counters and sessions, as a pure
//! state machine (Hunt et al. 2010, section 2).
//!
//! Whatever decides a request is in the tree, so every server that applies the same requests in the
//! same order gives the same answers. In particular a session ends by a request: when it is
//! closed is decided once, by whoever asks for that, and every server deletes its nodes at the same place
//! of the order. ZooKeeper's leader turns each request into a transaction that says what it does
//! ("set to version 7"); here the requests themselves are ordered.

#[cfg(test)]
mod tests;

use super::bugs::Bug;
use super::fragment::{Fragment, nodes_after, weight};
use super::op::{CreateMode, Error, Node, Op, Reply, Request, Response, SessionId, Stat};
use super::path;
use crate::kv::Bytes;
use crate::kv::machine::{Cursor, FRAGMENT_BYTES, StateMachine};
use crate::kv::map::MAX_VALUE_BYTES;
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use stateright::semantics::SequentialSpec;

/// How many sessions may be open at a time: all of them fit one message.
pub const MAX_SESSIONS: usize = 1024;

/// How many bytes the nodes of a tree have together, about, with their keys and what the tree knows
/// of them: it is in the memory of every server. The map has no such limit, as all of its clients are
/// to be trusted as much.
pub const MAX_TREE_BYTES: usize = 1 << 30;

/// The tree and its sessions. As it begins, it has the root alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tree {
    /// How many transactions there were, those that failed included. Reads are none.
    zxid: u64,
    root: Node,
    /// The other nodes, by their [keys](path).
    nodes: SharedMap<Bytes, Node>,
    /// The sessions that are open, and the client of each.
    sessions: SharedMap<SessionId, Id>,
    /// The keys of the ephemeral nodes, by session.
    ephemerals: SharedMap<(SessionId, Bytes), ()>,
    /// About how many bytes the nodes have.
    bytes: usize,
    /// The seeded bug, if it is to have one. Only the checker ever sets it: it is neither stored
    /// nor sent.
    #[serde(skip)]
    pub(super) bug: Option<Bug>,
}

impl Tree {
    /// How many transactions it applied.
    pub fn zxid(&self) -> u64 {
        self.zxid
    }

    /// The node at a path.
    pub fn node(&self, path: &[u8]) -> Option<&Node> {
        if path == path::ROOT {
            return Some(&self.root);
        }
        self.nodes.get(&path::key(path)?)
    }

    /// The sessions that are open, and the client of each.
    pub fn sessions(&self) -> &SharedMap<SessionId, Id> {
        &self.sessions
    }

    /// The ephemeral nodes, with their paths.
    pub fn ephemerals(&self) -> impl Iterator<Item = (Bytes, SessionId)> {
        let owner = |node: &Node| node.stat.ephemeral_owner;
        self.nodes.iter().filter_map(move |(key, node)| Some((path::path(key), owner(node)?)))
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Changes a node that there is.
    fn change(&mut self, path: &[u8], change: impl FnOnce(&mut Node)) {
        let Some(key) = path::key(path) else { return change(&mut self.root) };
        if let Some(mut node) = self.nodes.get(&key).cloned() {
            change(&mut node);
            self.place(key, node);
        }
    }

    fn place(&mut self, key: Bytes, node: Node) {
        let bytes = weight(&key, &node);
        let before = self.nodes.get(&key).map_or(0, |before| weight(&key, before));
        self.nodes.insert(key, node);
        self.bytes = self.bytes + bytes - before;
    }

    /// Whether so much more fits.
    fn check_room(&self, path: &Bytes, data: &Bytes) -> Result<(), Error> {
        if data.len() > MAX_VALUE_BYTES {
            return Err(Error::BadArguments);
        }
        let bytes = self.bytes + path.len() + data.len() + size_of::<Stat>();
        (bytes <= MAX_TREE_BYTES).then_some(()).ok_or(Error::QuotaExceeded)
    }

    /// Whether the session of a request is open, and the client's own. A server that closes a
    /// session (`seq` 0) is not its client.
    fn authorize(&self, client: Id, seq: u64, op: &Op) -> Result<(), Error> {
        let is_own = |session: &SessionId| {
            self.sessions.get(session).is_some_and(|owner| seq == 0 || *owner == client)
        };
        let is_open = op.session.as_ref().is_none_or(is_own);
        (is_open || self.has(Bug::CreateAfterClose)).then_some(()).ok_or(Error::SessionExpired)
    }

    fn write(&mut self, client: Id, seq: u64, op: &Op) -> Reply {
        self.authorize(client, seq, op)?;
        match &op.request {
            Request::Create { path, data, mode } => self.create(op.session, path, data, *mode),
            Request::SetData { path, data, version } => self.set_data(path, data, *version),
            Request::Put { path, data } => self.put(path, data),
            Request::Swap { path, expected, new } => {
                self.swap(path, expected.as_ref(), new.as_ref())
            }
            Request::Delete { path, version } => self.delete(path, *version),
            Request::CreateSession => self.open(client),
            Request::CloseSession => {
                self.close(op.session.ok_or(Error::SessionExpired)?);
                Ok(Response::Closed)
            }
            Request::GetData { .. } | Request::Exists { .. } | Request::GetChildren { .. } => {
                self.read(op)
            }
        }
    }

    fn create(
        &mut self,
        session: Option<SessionId>,
        path: &Bytes,
        data: &Bytes,
        mode: CreateMode,
    ) -> Reply {
        let (parent, _) = path::split(path.as_ref()).ok_or(Error::BadArguments)?;
        let above = self.node(parent).ok_or(Error::NoNode)?.stat;
        let reuses = self.has(Bug::SequenceReused);
        let next = if reuses { above.num_children } else { above.cversion };
        let path =
            if mode.is_sequential() { path::numbered(path.as_ref(), next) } else { path.clone() };
        let key = path::key(path.as_ref()).filter(|_| path::is_path(path.as_ref()));
        let key = key.ok_or(Error::BadArguments)?;
        self.check_room(&path, data)?;
        let owner = session.filter(|_| mode.is_ephemeral());
        if mode.is_ephemeral() && owner.is_none() {
            return Err(Error::SessionExpired);
        }
        if above.ephemeral_owner.is_some() {
            return Err(Error::NoChildrenForEphemerals);
        }
        if self.nodes.contains_key(&key) {
            return Err(Error::NodeExists);
        }
        let cversion = above.cversion.checked_add(1).ok_or(Error::QuotaExceeded)?;
        let (zxid, parent) = (self.zxid, parent.to_vec());
        let stat = Stat {
            czxid: zxid,
            mzxid: zxid,
            pzxid: zxid,
            ephemeral_owner: owner,
            ..Stat::default()
        };
        if let Some(owner) = owner {
            self.ephemerals.insert((owner, key.clone()), ());
        }
        self.place(key, Node { data: data.clone(), stat });
        self.change(&parent, |node| {
            (node.stat.cversion, node.stat.pzxid) = (cversion, zxid);
            node.stat.num_children += 1;
        });
        Ok(Response::Created { path, stat })
    }

    fn check_version(&self, node: &Node, version: Option<u32>) -> Result<(), Error> {
        let is_it = version.is_none_or(|version| version == node.stat.version);
        (is_it || self.has(Bug::UnconditionalSet)).then_some(()).ok_or(Error::BadVersion)
    }

    fn set_data(&mut self, path: &Bytes, data: &Bytes, version: Option<u32>) -> Reply {
        let node = self.node(path.as_ref()).ok_or(Error::NoNode)?;
        self.check_version(node, version)?;
        self.check_room(path, data)?;
        let mut stat = node.stat;
        (stat.mzxid, stat.version) = (self.zxid, stat.version.wrapping_add(1));
        self.change(path.as_ref(), |node| (node.data, node.stat) = (data.clone(), stat));
        Ok(Response::Stat(stat))
    }

    fn put(&mut self, path: &Bytes, data: &Bytes) -> Reply {
        if self.node(path.as_ref()).is_some() {
            self.set_data(path, data, None)?;
        } else {
            self.create(None, path, data, CreateMode::Persistent)?;
        }
        Ok(Response::Put)
    }

    fn swap(&mut self, path: &Bytes, expected: Option<&Bytes>, new: Option<&Bytes>) -> Reply {
        let found = self.node(path.as_ref()).map(|node| node.data.clone());
        if found.as_ref() != expected {
            return Ok(Response::Swapped { swapped: false, found });
        }
        match new {
            Some(data) => drop(self.put(path, data)?),
            None if found.is_some() => drop(self.delete(path, None)?),
            None => {}
        }
        Ok(Response::Swapped { swapped: true, found })
    }

    fn delete(&mut self, path: &Bytes, version: Option<u32>) -> Reply {
        let node = self.node(path.as_ref()).ok_or(Error::NoNode)?;
        self.check_version(node, version)?;
        if node.stat.num_children > 0 {
            return Err(Error::NotEmpty);
        }
        self.remove(&path::key(path.as_ref()).ok_or(Error::BadArguments)?);
        Ok(Response::Deleted)
    }

    /// Removes a node that has no children.
    fn remove(&mut self, key: &Bytes) {
        let Some(node) = self.nodes.remove(key) else { return };
        self.bytes -= weight(key, &node);
        if let Some(owner) = node.stat.ephemeral_owner {
            self.ephemerals.remove(&(owner, key.clone()));
        }
        let (zxid, path) = (self.zxid, path::path(key));
        let parent = path::split(path.as_ref()).map_or(path::ROOT, |(parent, _)| parent);
        self.change(parent, |node| {
            node.stat.pzxid = zxid;
            node.stat.num_children -= 1;
        });
    }

    fn open(&mut self, client: Id) -> Reply {
        if self.sessions.len() >= MAX_SESSIONS {
            return Err(Error::QuotaExceeded);
        }
        let session = SessionId(self.zxid);
        self.sessions.insert(session, client);
        Ok(Response::Opened(session))
    }

    /// Closes a session that is open, and deletes its nodes. They have no children.
    fn close(&mut self, session: SessionId) {
        self.sessions.remove(&session);
        if !self.has(Bug::EphemeralSurvives) {
            let from = self.ephemerals.range((session, Bytes::default())..);
            let own = from.take_while(|((owner, _), ())| *owner == session);
            for key in own.map(|((_, key), ())| key.clone()).collect::<Vec<_>>() {
                self.remove(&key);
            }
        }
    }

    fn read(&self, op: &Op) -> Reply {
        let node = |path: &Bytes| self.node(path.as_ref()).ok_or(Error::NoNode);
        Ok(match &op.request {
            Request::GetData { path } => {
                let Node { data, stat } = node(path)?.clone();
                Response::Data { data, stat }
            }
            Request::Exists { path } => Response::Stat(node(path)?.stat),
            Request::GetChildren { path, after } => {
                let stat = node(path)?.stat;
                let (names, is_whole) = self.names(path, after);
                Response::Children { names, is_whole, stat }
            }
            _ => return Err(Error::BadArguments),
        })
    }

    /// The names of a node's children behind one, as many as fit a message; whether these are all.
    fn names(&self, path: &Bytes, after: &Bytes) -> (Vec<Bytes>, bool) {
        let start = path::children(path.as_ref());
        let from: Bytes = [start.as_slice(), after.as_ref()].concat().into();
        let (mut names, mut bytes): (Vec<Bytes>, _) = (Vec::new(), 0);
        for (key, _) in self.nodes.range(from..) {
            let Some(name) = key.as_ref().strip_prefix(start.as_slice()) else { break };
            if name == after.as_ref() {
                continue;
            }
            bytes += name.len();
            if bytes > FRAGMENT_BYTES && !names.is_empty() {
                return (names, false);
            }
            names.push(name.to_vec().into());
        }
        (names, true)
    }
}

impl StateMachine for Tree {
    type Op = Op;
    type Reply = Reply;
    type Fragment = Fragment;

    fn apply(&mut self, client: Id, seq: u64, op: &Op) -> Reply {
        if let Some(reply) = self.query(op) {
            return reply;
        }
        self.zxid += 1;
        self.write(client, seq, op)
    }

    fn query(&self, op: &Op) -> Option<Reply> {
        let is_open = op.session.is_none_or(|session| self.sessions.contains_key(&session));
        let read = || if is_open { self.read(op) } else { Err(Error::SessionExpired) };
        op.request.is_read().then(read)
    }

    fn is_query(&self, op: &Op) -> bool {
        op.request.is_read()
    }

    fn fragments(&self) -> Vec<Fragment> {
        self.fragments_after(None).map(|(_, fragment)| fragment).collect()
    }

    fn fragments_after(&self, cursor: Option<&Cursor>) -> impl Iterator<Item = (Cursor, Fragment)> {
        let first = cursor.is_none().then(|| {
            let sessions = self.sessions.iter().map(|(session, client)| (*session, *client));
            let (zxid, root, sessions) = (self.zxid, self.root.clone(), sessions.collect());
            (Cursor::default(), Fragment::First { zxid, root, sessions })
        });
        first.into_iter().chain(nodes_after(&self.nodes, cursor))
    }

    fn restore(&mut self, fragment: Fragment) {
        match fragment {
            Fragment::First { zxid, root, sessions } => {
                (self.zxid, self.root) = (zxid, root);
                self.sessions.extend(sessions);
            }
            Fragment::Nodes(nodes) => {
                let owners = nodes.iter().filter_map(|(key, node)| {
                    Some(((node.stat.ephemeral_owner?, key.clone()), ()))
                });
                self.ephemerals.extend(owners);
                nodes.into_iter().for_each(|(key, node)| self.place(key, node));
            }
        }
    }
}

/// As one server alone would answer, without sessions of clients: against this, histories are
/// judged.
impl SequentialSpec for Tree {
    type Op = Op;
    type Ret = Reply;

    fn invoke(&mut self, op: &Op) -> Reply {
        self.apply(Id::from(0), 0, op)
    }
}
