//! Sessions in a storm: clients open them, create ephemeral nodes in them, close them or are silent,
//! and all read the nodes. Each node is judged as a key that is put when it is created, and deleted
//! once, when its session ends.
//!
//! When a session ends that its client does not close is the leader's decision, of which no client
//! hears. It ends after the last request that was done in it and changes something, and before the
//! client is told that it has ended; where nobody was told, at any time after, but in the end it does.

use super::event::{Answer, Asked, Event};
use crate::history::Operation;
use crate::models::kv::offer::Answered;
use crate::models::kv::tree::{TreeAnswer, TreeAsk, TreeError};
use crate::models::kv::{Bytes, Op, Reply};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How likely a client of a storm of sessions asks for something of a session.
pub(super) const SHARE: f64 = 0.4;
/// How many of the nodes that were created last are read.
const RECENT: usize = 12;

/// A client at a server: it has a session of its own there.
type Member = (usize, usize);

/// What the clients of a lane have asked for.
#[derive(Default)]
pub(super) struct Asking {
    /// The members that have a session, as far as they know.
    open: BTreeSet<Member>,
    /// The nodes that were created last.
    recent: Vec<Bytes>,
    /// All of them.
    pub(super) created: Vec<Bytes>,
    asked: u64,
}

impl Asking {
    /// The next request of a client at a server, or at `any` of them.
    pub(super) fn next(
        &mut self,
        random: &mut StdRng,
        member: Member,
        lane: u64,
        any: usize,
    ) -> Asked {
        self.asked += 1;
        let (server, number) = (member.1, self.asked);
        let asked = |ask| Asked { tree: Some(ask), ..Asked::of(Some(server), Vec::new()) };
        if !self.open.contains(&member) {
            return asked(TreeAsk::OpenSession);
        }
        match random.random_range(0..20) {
            0..7 => {
                let (path, data) = (format!("/e-{lane}-{number}-"), format!("{lane}-{number}"));
                let (path, data) = (path.as_str().into(), data.as_str().into());
                let sequential = random.random_bool(0.5);
                asked(TreeAsk::Create { path, data, ephemeral: true, sequential })
            }
            7..15 => {
                let Some(key) = self.recent.choose(random).cloned() else {
                    return asked(TreeAsk::Ping);
                };
                let is_local = random.random_bool(0.5);
                let server = Some(if is_local { server } else { any });
                Asked { is_local, ..Asked::of(server, vec![Op::Get { key }]) }
            }
            15..18 => asked(TreeAsk::Ping),
            18 => asked(TreeAsk::CloseSession),
            // The former session is heard of no more.
            _ => asked(TreeAsk::OpenSession),
        }
    }

    /// Remembers what was answered.
    pub(super) fn see(&mut self, member: Member, asked: &Asked, answer: &Answer) {
        match (&asked.tree, answer) {
            (Some(TreeAsk::OpenSession), Answer::Done(_)) => {
                self.open.insert(member);
            }
            (Some(TreeAsk::CloseSession), Answer::Done(_))
            | (_, Answer::Unfit(TreeError::SessionExpired)) => {
                self.open.remove(&member);
            }
            (_, Answer::Done(Answered::Tree(TreeAnswer::Created { path, .. }))) => {
                if self.recent.len() == RECENT {
                    self.recent.remove(0);
                }
                self.recent.push(path.clone());
                self.created.push(path.clone());
            }
            _ => {}
        }
    }
}

/// The member that an event is of.
fn member(event: &Event) -> Member {
    (event.client, event.asked.server.unwrap_or_default())
}

/// A session, as its client saw it.
#[derive(Default)]
struct Session {
    /// When the last request began that was done in it and changes something.
    last: Duration,
    /// When its client was told that it has ended.
    end: Option<Duration>,
    /// Its nodes.
    nodes: Vec<Bytes>,
}

/// The creations and deletions of ephemeral nodes in a history: an operation for each event that is
/// one, and those that no event is. An error if two creations got the same name.
pub(super) fn lives(events: &[Event]) -> Result<Vec<Operation<Op, Reply>>, String> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut current: BTreeMap<Member, usize> = BTreeMap::new();
    let (mut lives, mut names) = (Vec::new(), BTreeSet::new());
    for event in events {
        let member = member(event);
        let own = current.get(&member).copied();
        let Some((end, answer)) = &event.answer else {
            if let (Some(TreeAsk::Create { path, data, sequential: false, .. }), Some(own)) =
                (&event.asked.tree, own)
            {
                sessions[own].nodes.push(path.clone());
                lives.push(put(event, own, (path, data)));
            }
            continue;
        };
        // What was ordered while the session was open.
        let is_ordered = !event.asked.is_local && event.asked.tree != Some(TreeAsk::Ping);
        if let (Some(own), Answer::Done(_), true) = (own, answer, is_ordered) {
            sessions[own].last = sessions[own].last.max(event.begin);
        }
        match (&event.asked.tree, answer) {
            (Some(TreeAsk::OpenSession), Answer::Done(_)) => {
                current.insert(member, sessions.len());
                sessions.push(Session { last: event.begin, ..Session::default() });
            }
            (Some(TreeAsk::CloseSession), Answer::Done(_))
            | (_, Answer::Unfit(TreeError::SessionExpired)) => {
                let ended = current.remove(&member).map(|own| &mut sessions[own]);
                if let Some(session) = ended {
                    session.end = Some(*end);
                }
            }
            (
                Some(TreeAsk::Create { data, .. }),
                Answer::Done(Answered::Tree(TreeAnswer::Created { path, .. })),
            ) => {
                if !names.insert(path.clone()) {
                    return Err(format!("two nodes were created with the same name:\n{event}"));
                }
                let own = own.ok_or_else(|| format!("created in no session:\n{event}"))?;
                sessions[own].nodes.push(path.clone());
                lives.push(put(event, own, (path, data)));
            }
            _ => {}
        }
    }
    lives.extend(sessions.iter().enumerate().flat_map(|(at, session)| session.deletions(at)));
    Ok(lives)
}

/// The client of what happens to the nodes of a session: first each is created, then deleted. No
/// client of the storm has such a number.
fn of_session(at: usize) -> usize {
    usize::MAX - at
}

fn put(event: &Event, session: usize, (path, data): (&Bytes, &Bytes)) -> Operation<Op, Reply> {
    let op = Op::Put { key: path.clone(), value: data.clone() };
    let answer = event.answer.as_ref().map(|(end, _)| (*end, Reply::Done));
    Operation { client: of_session(session), op, begin: event.begin, answer }
}

impl Session {
    /// The deletions of its nodes when it ended.
    fn deletions(&self, at: usize) -> impl Iterator<Item = Operation<Op, Reply>> {
        self.nodes.iter().map(move |node| Operation {
            client: of_session(at),
            op: Op::Delete { key: node.clone() },
            begin: self.last,
            answer: self.end.map(|end| (end, Reply::Done)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge::{Judgement, judged};
    use super::*;
    use crate::models::protocol::Promise;

    const PATH: &str = "/e-0-1-";

    fn event(at: u64, client: usize, asked: Asked, answer: Option<Answer>) -> Event {
        let (begin, end) = (Duration::from_millis(at), Duration::from_millis(at + 1));
        Event { client, asked, begin, answer: answer.map(|answer| (end, answer)) }
    }

    fn tree(at: u64, ask: TreeAsk, answer: Option<Answer>) -> Event {
        let asked = Asked { tree: Some(ask), ..Asked::of(Some(0), Vec::new()) };
        event(at, 0, asked, answer)
    }

    fn told(at: u64, ask: TreeAsk, answer: TreeAnswer) -> Event {
        tree(at, ask, Some(Answer::Done(Answered::Tree(answer))))
    }

    fn opened(at: u64) -> Event {
        told(at, TreeAsk::OpenSession, TreeAnswer::Opened { session: at })
    }

    fn create() -> TreeAsk {
        TreeAsk::Create { path: PATH.into(), data: "1".into(), ephemeral: true, sequential: false }
    }

    fn created(at: u64) -> Event {
        told(at, create(), TreeAnswer::Created { path: PATH.into(), zxid: at })
    }

    fn ended(at: u64) -> Event {
        tree(at, TreeAsk::Ping, Some(Answer::Unfit(TreeError::SessionExpired)))
    }

    /// An ordered get of another client.
    fn get(at: u64, value: Option<&str>) -> Event {
        let asked = Asked::of(Some(3), vec![Op::get(PATH)]);
        let reply = Reply::Value(value.map(Bytes::from));
        event(at, 1, asked, Some(Answer::Done(Answered::Reply(reply))))
    }

    fn holds(events: &[Event]) -> bool {
        match judged(Promise::Sessions, events, Duration::ZERO) {
            Judgement::Holds => true,
            Judgement::Violated(_) => false,
            Judgement::Undecided(why) => panic!("{why}"),
        }
    }

    #[test]
    fn an_ephemeral_node_is_there_as_long_as_its_session() {
        let begin = [opened(0), created(10)];
        let with = |more: &[Event]| holds(&[begin.as_slice(), more].concat());
        assert!(with(&[get(20, Some("1")), ended(30), get(40, None)]));
        assert!(with(&[get(20, None), ended(30), get(40, None)]), "expired before it was told");
        assert!(with(&[get(20, None)]), "and is not told");
        assert!(!with(&[ended(30), get(40, Some("1"))]), "it outlives its session");
        let closed = told(30, TreeAsk::CloseSession, TreeAnswer::Done);
        assert!(!with(&[closed.clone(), get(40, Some("1"))]));
        assert!(with(&[closed, get(40, None)]));
        let put = Asked::of(Some(0), vec![Op::put("0.a", "1")]);
        let put = event(25, 0, put, Some(Answer::Done(Answered::Reply(Reply::Done))));
        assert!(!with(&[get(20, None), put.clone(), ended(30)]), "its session goes on");
        assert!(!with(&[get(20, None), get(22, Some("1"))]), "it comes back");
        let unknown = tree(30, TreeAsk::CloseSession, None);
        assert!(with(&[unknown, get(40, Some("1")), get(50, None)]), "nobody knows when");
        // Another session, of the same client at the same server.
        assert!(with(&[opened(15), get(20, None), put, ended(30)]));
    }

    #[test]
    fn a_node_that_may_have_been_created_may_be_there_and_no_name_comes_twice() {
        let begin = [opened(0), tree(10, create(), None)];
        for value in [None, Some("1")] {
            assert!(holds(&[begin.as_slice(), &[get(20, value)]].concat()));
        }
        assert!(!holds(&[begin.as_slice(), &[get(20, Some("2"))]].concat()));
        assert!(!holds(&[opened(0), created(10), created(20)]), "twice");
    }
}
