//! The tree against one that is as simple as can be, and claims one by one.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A tree of paths, where everything is found by looking at all nodes.
#[derive(Default)]
struct Oracle {
    zxid: u64,
    nodes: BTreeMap<String, (String, Stat)>,
    sessions: BTreeMap<u64, usize>,
}

fn text(bytes: &Bytes) -> String {
    bytes.to_string()
}

fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".into(),
        Some((parent, _)) => parent.into(),
        None => String::new(),
    }
}

impl Oracle {
    fn new() -> Self {
        let root = (String::new(), Stat::default());
        Self { nodes: [("/".to_owned(), root)].into(), ..Self::default() }
    }

    fn stat(&self, path: &str) -> Result<Stat, Error> {
        let (_, stat) = self.nodes.get(path).ok_or(Error::NoNode)?;
        let children = self.nodes.keys().filter(|it| *it != "/" && parent(it) == path);
        Ok(Stat { num_children: children.count() as u32, ..*stat })
    }

    fn remove(&mut self, path: &str) {
        self.nodes.remove(path);
        let above = self.nodes.get_mut(&parent(path)).unwrap();
        above.1.pzxid = self.zxid;
    }

    fn apply(&mut self, client: usize, op: &Op) -> Reply {
        let session = op.session.map(|session| session.0);
        let is_open = session.is_none_or(|it| {
            self.sessions.get(&it).is_some_and(|owner| op.request.is_read() || *owner == client)
        });
        self.zxid += u64::from(!op.request.is_read());
        if !is_open {
            return Err(Error::SessionExpired);
        }
        match &op.request {
            Request::Create { path, data, mode } => self.create(session, path, data, *mode),
            Request::SetData { path, data, version } => {
                let stat = self.stat(&text(path))?;
                if version.is_some_and(|it| it != stat.version) {
                    return Err(Error::BadVersion);
                }
                let node = self.nodes.get_mut(&text(path)).unwrap();
                node.0 = text(data);
                (node.1.version, node.1.mzxid) = (stat.version + 1, self.zxid);
                self.stat(&text(path)).map(Response::Stat)
            }
            Request::Put { path, data } => {
                let set =
                    Request::SetData { path: path.clone(), data: data.clone(), version: None };
                let mode = CreateMode::Persistent;
                let create = Request::Create { path: path.clone(), data: data.clone(), mode };
                let request = if self.stat(&text(path)).is_ok() { set } else { create };
                self.write(client, op.session, request).map(|_| Response::Put)
            }
            Request::Swap { path, expected, new } => {
                let found = self.nodes.get(&text(path)).map(|(data, _)| data.as_str().into());
                let swapped = found == *expected;
                let (path, version) = (path.clone(), None);
                match (swapped, new.clone()) {
                    (true, Some(data)) => {
                        drop(self.write(client, op.session, Request::Put { path, data })?);
                    }
                    (true, None) if found.is_some() => {
                        drop(self.write(client, op.session, Request::Delete { path, version })?);
                    }
                    _ => {}
                }
                Ok(Response::Swapped { swapped, found })
            }
            Request::Delete { path, version } => {
                let stat = self.stat(&text(path))?;
                if version.is_some_and(|it| it != stat.version) {
                    return Err(Error::BadVersion);
                }
                if stat.num_children > 0 {
                    return Err(Error::NotEmpty);
                }
                if text(path) == "/" {
                    return Err(Error::BadArguments);
                }
                self.remove(&text(path));
                Ok(Response::Deleted)
            }
            Request::GetData { path } => {
                let stat = self.stat(&text(path))?;
                Ok(Response::Data { data: self.nodes[&text(path)].0.as_str().into(), stat })
            }
            Request::Exists { path } => self.stat(&text(path)).map(Response::Stat),
            Request::GetChildren { path, after } => {
                let stat = self.stat(&text(path))?;
                let children =
                    self.nodes.keys().filter(|it| *it != "/" && parent(it) == text(path));
                let mut names: Vec<_> =
                    children.map(|it| it.rsplit_once('/').unwrap().1.to_owned()).collect();
                names.sort();
                names.retain(|name| *name > text(after));
                let names = names.iter().map(|name| name.as_str().into()).collect();
                Ok(Response::Children { names, is_whole: true, stat })
            }
            Request::CreateSession => {
                self.sessions.insert(self.zxid, client);
                Ok(Response::Opened(SessionId(self.zxid)))
            }
            Request::CloseSession => {
                let session = session.ok_or(Error::SessionExpired)?;
                self.sessions.remove(&session);
                let owned = |stat: &Stat| stat.ephemeral_owner == Some(SessionId(session));
                let own: Vec<_> = self.nodes.iter().filter(|(_, (_, stat))| owned(stat)).collect();
                for path in own.into_iter().map(|(path, _)| path.clone()).collect::<Vec<_>>() {
                    self.remove(&path);
                }
                Ok(Response::Closed)
            }
        }
    }

    /// As a part of another request.
    fn write(&mut self, client: usize, session: Option<SessionId>, request: Request) -> Reply {
        self.zxid -= 1;
        self.apply(client, &Op { session, request })
    }

    fn create(
        &mut self,
        session: Option<u64>,
        path: &Bytes,
        data: &Bytes,
        mode: CreateMode,
    ) -> Reply {
        let mut path = text(path);
        if path == "/" && !mode.is_sequential() {
            return Err(Error::BadArguments);
        }
        let above = if path == "/" { "/".into() } else { parent(&path) };
        let number = self.stat(&above)?.cversion;
        if mode.is_sequential() {
            path = format!("{path}{number:010}");
        }
        if mode.is_ephemeral() && session.is_none() {
            return Err(Error::SessionExpired);
        }
        if self.stat(&above)?.ephemeral_owner.is_some() {
            return Err(Error::NoChildrenForEphemerals);
        }
        if self.nodes.contains_key(&path) {
            return Err(Error::NodeExists);
        }
        let zxid = self.zxid;
        let ephemeral_owner = session.filter(|_| mode.is_ephemeral()).map(SessionId);
        let stat =
            Stat { czxid: zxid, mzxid: zxid, pzxid: zxid, ephemeral_owner, ..Stat::default() };
        self.nodes.insert(path.clone(), (text(data), stat));
        let above = self.nodes.get_mut(&above).unwrap();
        (above.1.cversion, above.1.pzxid) = (above.1.cversion + 1, zxid);
        Ok(Response::Created { path: path.as_str().into(), stat })
    }
}

fn path() -> impl Strategy<Value = Bytes> {
    const PATHS: &[&str] =
        &["/", "/a", "/a-b", "/b", "/a/x", "/a/y", "/a/x/z", "/b/x", "/n0000000001"];
    prop::sample::select(PATHS).prop_map(Bytes::from)
}

fn mode() -> impl Strategy<Value = CreateMode> {
    prop::sample::select(vec![
        CreateMode::Persistent,
        CreateMode::PersistentSequential,
        CreateMode::Ephemeral,
        CreateMode::EphemeralSequential,
    ])
}

fn request() -> impl Strategy<Value = Request> {
    let version = || prop::option::of(0_u32..3);
    let data = || prop::sample::select(&["", "u", "v"][..]).prop_map(Bytes::from);
    prop_oneof![
        4 => (path(), data(), mode()).prop_map(|(path, data, mode)| Request::Create { path, data, mode }),
        2 => (path(), data(), version())
            .prop_map(|(path, data, version)| Request::SetData { path, data, version }),
        2 => (path(), version()).prop_map(|(path, version)| Request::Delete { path, version }),
        1 => (path(), data()).prop_map(|(path, data)| Request::Put { path, data }),
        2 => (path(), prop::option::of(data()), prop::option::of(data()))
            .prop_map(|(path, expected, new)| Request::Swap { path, expected, new }),
        1 => path().prop_map(|path| Request::GetData { path }),
        1 => path().prop_map(|path| Request::Exists { path }),
        1 => (path(), prop::sample::select(&["", "a", "x"][..]))
            .prop_map(|(path, after)| Request::GetChildren { path, after: after.into() }),
        1 => Just(Request::CreateSession),
        1 => Just(Request::CloseSession),
    ]
}

/// Client, session, request. Sessions are those that the first transactions may have opened.
fn steps() -> impl Strategy<Value = Vec<(usize, Op)>> {
    let session = prop::option::of((1_u64..6).prop_map(SessionId));
    let op = (session, request()).prop_map(|(session, request)| Op { session, request });
    let opened = [(8, Request::CreateSession.into()), (9, Request::CreateSession.into())];
    prop::collection::vec((8_usize..10, op), 0..40)
        .prop_map(move |steps| opened.clone().into_iter().chain(steps).collect())
}

fn rebuilt(tree: &Tree) -> Tree {
    let mut rebuilt = Tree::default();
    tree.fragments().into_iter().for_each(|fragment| rebuilt.restore(fragment));
    rebuilt
}

proptest! {
    #[test]
    fn the_tree_answers_as_one_where_all_nodes_are_looked_at(steps in steps()) {
        let (mut tree, mut oracle) = (Tree::default(), Oracle::new());
        for (client, op) in steps {
            let expected = oracle.apply(client, &op);
            let (before, query) = (tree.clone(), tree.query(&op));
            prop_assert_eq!(query.is_some(), tree.is_query(&op));
            let reply = tree.apply(client.into(), 1, &op);
            prop_assert_eq!(&reply, &expected, "{:?}", op);
            prop_assert!(query.is_none_or(|query| query == reply && tree == before));
            let paths = tree.ephemerals().map(|(path, _)| text(&path)).collect::<Vec<_>>();
            let is_there = |path: &String| oracle.nodes[path].1.ephemeral_owner.is_some();
            prop_assert!(paths.iter().all(is_there));
            prop_assert_eq!(paths.len(), oracle.nodes.keys().filter(|it| is_there(it)).count());
        }
        prop_assert_eq!(rebuilt(&tree), tree);
    }
}

fn applied(tree: &mut Tree, session: Option<u64>, request: Request) -> Reply {
    tree.apply(9.into(), 1, &Op { session: session.map(SessionId), request })
}

#[test]
fn a_session_takes_its_ephemeral_nodes_with_it_and_nothing_is_done_in_it_any_more() {
    let mut tree = Tree::default();
    assert_eq!(
        applied(&mut tree, None, Request::CreateSession),
        Ok(Response::Opened(SessionId(1)))
    );
    let create = |path| Request::create(path, CreateMode::Ephemeral);
    assert_eq!(applied(&mut tree, None, create("/e")), Err(Error::SessionExpired));
    applied(&mut tree, Some(1), create("/e")).unwrap();
    applied(&mut tree, Some(1), Request::create("/p", CreateMode::Persistent)).unwrap();
    assert_eq!(applied(&mut tree, None, create("/e/x")), Err(Error::SessionExpired));
    let below = Request::create("/e/x", CreateMode::Persistent);
    assert_eq!(applied(&mut tree, Some(1), below), Err(Error::NoChildrenForEphemerals));

    let close = Op { session: Some(SessionId(1)), request: Request::CloseSession };
    assert_eq!(tree.apply(8.into(), 1, &close), Err(Error::SessionExpired), "another client's");
    assert_eq!(tree.apply(0.into(), 0, &close), Ok(Response::Closed), "a server's");
    assert_eq!(tree.ephemerals().count(), 0);
    assert!(tree.node(b"/e").is_none() && tree.node(b"/p").is_some());
    for request in [create("/e"), Request::get_data("/p"), Request::CloseSession] {
        assert_eq!(applied(&mut tree, Some(1), request), Err(Error::SessionExpired));
    }
}

#[test]
fn no_number_comes_twice() {
    let mut tree = Tree::default();
    let next = || Request::create("/n-", CreateMode::PersistentSequential);
    let created = |reply| match reply {
        Ok(Response::Created { path, .. }) => text(&path),
        reply => panic!("{reply:?}"),
    };
    assert_eq!(created(applied(&mut tree, None, next())), "/n-0000000000");
    applied(&mut tree, None, Request::delete("/n-0000000000")).unwrap();
    assert_eq!(created(applied(&mut tree, None, next())), "/n-0000000001");
    let in_root = Request::create("/", CreateMode::PersistentSequential);
    assert_eq!(created(applied(&mut tree, None, in_root)), "/0000000002");
    tree.root.stat.cversion = u32::MAX;
    assert_eq!(applied(&mut tree, None, next()), Err(Error::QuotaExceeded));
}

#[test]
fn what_is_too_long_or_no_path_is_refused() {
    let mut tree = Tree::default();
    let long = "x".repeat(MAX_VALUE_BYTES + 1);
    let data = long.as_str().into();
    let mode = CreateMode::Persistent;
    for request in [
        Request::Create { path: "/a".into(), data, mode },
        Request::create(&format!("/{}", &long[..crate::kv::map::MAX_KEY_BYTES]), mode),
        Request::create("/a\0b", mode),
        Request::create("a", mode),
        Request::create("/", mode),
        Request::delete("/"),
        Request::set_data("/", &long, None),
    ] {
        assert_eq!(applied(&mut tree, None, request), Err(Error::BadArguments));
    }
    assert_eq!(tree.nodes.len(), 0);
    let sessions: Vec<_> =
        (0..=MAX_SESSIONS).map(|_| applied(&mut tree, None, Request::CreateSession)).collect();
    assert_eq!(sessions.last(), Some(&Err(Error::QuotaExceeded)));
    assert_eq!(sessions.iter().filter(|it| it.is_ok()).count(), MAX_SESSIONS);
    assert_eq!(rebuilt(&tree), tree);
    let pieces = tree.fragments();
    assert!(crate::kv::size::encoded_bytes(&pieces[0]) <= FRAGMENT_BYTES + 1024);
}

#[test]
fn a_tree_has_a_limit_and_deletions_make_room() {
    let mut tree = Tree::default();
    let put = |data: &str| Request::Put { path: "/a".into(), data: data.into() };
    applied(&mut tree, None, put("x")).unwrap();
    let node = tree.bytes;
    tree.bytes = MAX_TREE_BYTES - node;
    let create = || Request::create("/b", CreateMode::Persistent);
    applied(&mut tree, None, create()).unwrap();
    for request in [Request::create("/c", CreateMode::Persistent), put("y")] {
        assert_eq!(applied(&mut tree, None, request), Err(Error::QuotaExceeded));
    }
    for path in ["/a", "/b"] {
        applied(&mut tree, None, Request::delete(path)).unwrap();
    }
    applied(&mut tree, None, create()).unwrap();
}

#[test]
fn a_large_tree_travels_in_pieces_and_names_are_read_a_message_at_a_time() {
    let mut tree = Tree::default();
    let data = "d".repeat(1000);
    for at in 0..100 {
        let path = format!("/{at:03}{}", "n".repeat(500)).as_str().into();
        let (data, mode) = (data.as_str().into(), CreateMode::Persistent);
        applied(&mut tree, None, Request::Create { path, data, mode }).unwrap();
    }
    let pieces = tree.fragments();
    assert!(pieces.len() > 10, "{}", pieces.len());
    assert!(pieces.iter().all(|it| crate::kv::size::encoded_bytes(it) <= FRAGMENT_BYTES + 1024));
    assert_eq!(rebuilt(&tree), tree);

    let (mut names, mut after) = (Vec::new(), Bytes::default());
    let path = || Bytes::from("/");
    while let Ok(Response::Children { names: some, is_whole, .. }) =
        applied(&mut tree, None, Request::GetChildren { path: path(), after: after.clone() })
    {
        names.extend(some);
        if is_whole {
            break;
        }
        after = names[names.len() - 1].clone();
    }
    assert_eq!(names.len(), 100);
    assert!(names.is_sorted());
}
