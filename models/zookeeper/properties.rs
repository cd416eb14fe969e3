//! The properties of the service: what must hold, and what must be reachable. Those of the
//! broadcast below it are [Zab's](crate::zab::properties).

use super::history::History;
use super::message::{Answer, Msg};
use super::state::{ServerState, State, Timer};
use super::watch::{Watch, WatchKind};
use super::{ClientState, SessionId, Tree, ZooKeeper};
use crate::kv::Service;
use crate::kv::history::Linearizable;
use crate::statements;
use crate::world::{Condition, NodeOf, Nodes, Process, Property};
use crate::zab::Saved;
use std::collections::BTreeSet;

/// A property of an instance.
pub type Claim = Property<ZooKeeper, History>;

statements! {
    pub AGREEMENT = "agreement", "servers that delivered as much have the same tree",
        "Hunt et al. 2010, section 4.3";
    pub EPHEMERAL = "ephemeral", "an ephemeral node is there only while its session is open",
        "Hunt et al. 2010, section 2.1";
    pub LINEARIZABLE = "linearizable",
        "writes, and the versions and numbers that they are answered, are linearizable",
        "Hunt et al. 2010, section 2.3; Herlihy and Wing 1990";
    pub UNIQUE = "unique-numbers", "no two requests created a sequential node of the same name",
        "Hunt et al. 2010, section 2.1";
    pub WATCH_ORDER = "watch-order",
        "a client that is shown a tree has seen the events of all its watches that fired in it",
        "Hunt et al. 2010, section 2.3";
    pub WATCH_TRUE = "watch-fires-on-change", "a client hears of changes that a server has",
        "Hunt et al. 2010, section 2.1";
    pub TIMED = "sessions-timed", "a leader has a timer for each session that is open in its tree, and for no other",
        "Hunt et al. 2010, section 4.4";
    pub TOLD = "watchers-told", "a server has sent the events of all watches that fired in its tree",
        "Hunt et al. 2010, section 2.3";
    pub EXCLUSION = "mutual-exclusion", "at most one client believes that it holds the lock",
        "Hunt et al. 2010, section 2.4";
    pub IN_ORDER = "holders-in-order", "no use of the resource comes after one by a later holder",
        "Kleppmann 2016; Burrows 2006, section 2.4";

    pub ANSWERED_ALL = "every-request-answered", "every request is answered",
        "Hunt et al. 2010, section 2.3";
    pub CLOSED = "silent-session-closed", "where there is a leader, a session of which no more is heard is closed, at all servers",
        "Hunt et al. 2010, section 4.4";
    pub DELIVERED = "event-delivered", "a client sees the events of its watches",
        "Hunt et al. 2010, section 2.1";

    pub EXPIRED = "expired", "the leader closed a session, and an ephemeral node went with it";
    pub CREATED = "ephemeral-created", "every server has an ephemeral node";
    pub ENDED = "session-ended", "a client knows that its session has ended";
    pub TAKEN_OVER = "expired-by-successor", "a later leader closed a session that its predecessor opened";
    pub REFUSED = "write-refused", "one of two writes with the same version was refused";
    pub NUMBERED = "numbered", "sequential nodes with two numbers were created";
    pub PUSHED = "event-pushed", "a client saw an event that came unasked";
    pub ANSWERED = "event-with-answer", "an answer carried an event that its client had not seen";
    pub PASSED_ON = "lock-passed-on", "a client holds the lock after another did";
    pub USED_TWICE = "used-twice", "the resource was used by two holders";
}

fn server(state: &State) -> Option<&ServerState> {
    match state {
        State::Server(server) => Some(server),
        State::Client(_) | State::Resource(_) => None,
    }
}

fn client(state: &State) -> Option<&ClientState> {
    match state {
        State::Client(client) => Some(client),
        State::Server(_) | State::Resource(_) => None,
    }
}

/// The trees of the servers, each with how much is delivered: of one that is down, that on its disk.
fn trees<'a>(nodes: &Nodes<'a, ZooKeeper>) -> impl Iterator<Item = (u64, &'a Tree)> {
    let stable = |node: &'a NodeOf<ZooKeeper>| match (node.state(), &node.disk.durable) {
        (Some(State::Server(server)), _) => Some(&server.zab.stable),
        (None, Some(Saved::Complete(stable))) => Some(stable),
        _ => None,
    };
    nodes.iter().filter_map(stable).map(|it| (it.image.slot, &it.image.machine))
}

fn clients<'a>(nodes: &Nodes<'a, ZooKeeper>) -> impl Iterator<Item = &'a ClientState> {
    nodes.up().filter_map(|(_, state)| client(state))
}

fn agreement() -> Claim {
    Property::always(
        AGREEMENT,
        Condition::nodes(|nodes| {
            let trees: Vec<_> = trees(nodes).collect();
            let differ = |(at, tree): &(u64, &Tree)| {
                trees.iter().any(|(other, its)| at == other && tree != its)
            };
            !trees.iter().any(differ)
        }),
    )
}

fn ephemeral() -> Claim {
    Property::always(
        EPHEMERAL,
        Condition::nodes(|nodes| {
            trees(nodes).all(|(_, tree)| {
                let mut owners = tree.ephemerals().map(|(_, owner)| owner);
                owners.all(|owner| tree.sessions().contains_key(&owner))
            })
        }),
    )
}

/// Where no session ends but by its client's request.
pub(super) fn linearizable() -> Claim {
    Property::always(
        LINEARIZABLE,
        Condition::history(|history: &History| {
            history.writes.as_ref().is_none_or(Linearizable::is_consistent)
        }),
    )
}

pub(super) fn unique() -> Claim {
    Property::always(
        UNIQUE,
        Condition::history(|history: &History| {
            let names: BTreeSet<_> = history.numbered.values().collect();
            names.len() == history.numbered.len()
        }),
    )
}

/// Whether a watch has fired by the state with so many transactions, as this tree shows.
fn has_fired(tree: &Tree, watch: &Watch, shown: u64) -> bool {
    let stat = tree.node(watch.path.as_ref()).map(|node| node.stat);
    let is_between = |zxid: u64| zxid > watch.since && zxid <= shown;
    match (watch.kind, stat) {
        (WatchKind::Exist, stat) => stat.is_some_and(|stat| is_between(stat.czxid)),
        (WatchKind::Data, Some(stat)) => is_between(stat.mzxid),
        (WatchKind::Child, Some(stat)) => is_between(stat.pzxid),
        (WatchKind::Data | WatchKind::Child, None) => {
            tree.zxid() >= watch.since && tree.zxid() <= shown
        }
    }
}

pub(super) fn watch_order() -> Claim {
    Property::always(
        WATCH_ORDER,
        Condition::nodes(|nodes| {
            clients(nodes).all(|client| {
                let missed = |watch: &Watch| {
                    trees(nodes).any(|(_, tree)| has_fired(tree, watch, client.known.shown))
                };
                !client.known.watches.iter().any(missed)
            })
        }),
    )
}

/// The events in a message.
fn events(msg: &Msg) -> &[super::WatchedEvent] {
    match msg {
        Service::Reply { reply: Answer::Events(events), .. }
        | Service::Reply { reply: Answer::Done { events: Some(events), .. }, .. } => events,
        _ => &[],
    }
}

/// Where no node is deleted, so that what fired does not disappear.
pub(super) fn watch_true() -> Claim {
    Property::always(
        WATCH_TRUE,
        Condition::each_message(|envelope, around| {
            let nodes = around.nodes();
            (events(&envelope.msg).iter())
                .all(|event| trees(&nodes).any(|(_, tree)| has_fired(tree, &event.watch, u64::MAX)))
        }),
    )
}

fn told() -> Claim {
    Property::always(
        TOLD,
        Condition::each_node(|node: &NodeOf<ZooKeeper>| {
            let Some(server) = node.state().and_then(server) else { return true };
            let is_told = |watcher: &super::Watcher| {
                let is_sent = |event: super::WatchedEvent| watcher.watches[&event.watch];
                watcher.fired(server.tree()).into_iter().all(is_sent)
            };
            server.watchers.values().all(is_told)
        }),
    )
}

/// The timers of sessions.
fn timed(quorum: usize) -> Claim {
    Property::always(
        TIMED,
        Condition::each_node(move |node: &NodeOf<ZooKeeper>| {
            let Process::Up { state, timers, .. } = &node.process else { return true };
            let Some(server) = server(state) else { return true };
            let leading = server.zab.leading();
            let is_leading = leading.is_some_and(|it| it.followers.len() + 1 >= quorum);
            let timed = timers.iter().filter_map(|timer| match timer {
                Timer::Expire(session) => Some(*session),
                Timer::Zab(_) | Timer::Retry(_) => None,
            });
            let open: Vec<SessionId> = server.tree().sessions().keys().copied().collect();
            timed.collect::<Vec<_>>() == if is_leading { open } else { Vec::new() }
        }),
    )
}

pub(super) fn exclusion() -> Claim {
    Property::always(
        EXCLUSION,
        Condition::nodes(|nodes| {
            clients(nodes).filter(|client| client.holds.is_some()).count() <= 1
        }),
    )
}

pub(super) fn in_order() -> Claim {
    Property::always(
        IN_ORDER,
        Condition::each_node(
            |node: &NodeOf<ZooKeeper>| !matches!(node.state(), Some(State::Resource(resource)) if resource.overtaken),
        ),
    )
}

/// What must hold wherever there are servers.
pub(super) fn safety(quorum: usize) -> Vec<Claim> {
    vec![agreement(), ephemeral(), timed(quorum), told()]
}

/// A session that was opened is closed in a tree without ephemeral nodes of which there was one.
pub(super) fn expired() -> Claim {
    Property::sometimes(
        EXPIRED,
        Condition::nodes(|nodes| {
            let mut trees = trees(nodes);
            trees.all(|(_, tree)| {
                let root = tree.node(b"/").map(|node| node.stat);
                tree.sessions().is_empty()
                    && root.is_some_and(|stat| stat.cversion > 0 && stat.num_children == 0)
            })
        }),
    )
}

pub(super) fn created() -> Claim {
    Property::sometimes(
        CREATED,
        Condition::nodes(|nodes| trees(nodes).all(|(_, tree)| tree.ephemerals().next().is_some())),
    )
}

/// A client had a session.
pub(super) fn ended() -> Claim {
    Property::sometimes(
        ENDED,
        Condition::nodes(|nodes| {
            clients(nodes).any(|it| it.client.done > 1 && it.known.session.is_none())
        }),
    )
}

/// A leader of a later epoch has closed a session, which it did not open.
pub(super) fn taken_over() -> Claim {
    Property::sometimes(
        TAKEN_OVER,
        Condition::some_node(|node: &NodeOf<ZooKeeper>| {
            let Some(server) = node.state().and_then(server) else { return false };
            let stable = &server.zab.stable;
            let is_later = server.zab.leading().is_some() && stable.current.round > 0;
            let closes = |txn: &crate::zab::Txn<super::Op>| {
                txn.zxid.epoch == stable.current && txn.command.seq == 0
            };
            let mut delivered = stable.log.range(..=stable.image.slot);
            is_later && delivered.any(|(_, txn)| closes(txn))
        }),
    )
}

pub(super) fn refused() -> Claim {
    Property::sometimes(
        REFUSED,
        Condition::nodes(|nodes| {
            let answers = clients(nodes).filter_map(|client| client.client.last.as_ref());
            let is_refused = |answer: &Result<Answer, _>| {
                let bad = Err(super::Error::BadVersion);
                matches!(answer, Ok(Answer::Done { reply: Some(reply), .. }) if *reply == bad)
            };
            answers.filter(|answer| is_refused(answer)).count() == 1
        }),
    )
}

pub(super) fn numbered() -> Claim {
    Property::sometimes(
        NUMBERED,
        Condition::history(|history: &History| history.numbered.len() >= 2),
    )
}

/// Events came of their own accord, and a client has no watch left.
pub(super) fn pushed() -> Claim {
    Property::sometimes(
        PUSHED,
        Condition::some_message(|envelope, around| match &envelope.msg {
            Service::Reply { reply: Answer::Events(events), .. } => {
                let client = around.nodes().node(envelope.dst).state().and_then(client);
                client.is_some_and(|client| {
                    events.iter().all(|it| {
                        let known = &client.known;
                        !known.watches.contains(&it.watch) && known.shown <= it.watch.since
                    })
                })
            }
            _ => false,
        }),
    )
}

pub(super) fn answered() -> Claim {
    Property::sometimes(
        ANSWERED,
        Condition::some_message(|envelope, around| match &envelope.msg {
            Service::Reply { reply: Answer::Done { events: Some(events), .. }, .. } => {
                let client = around.nodes().node(envelope.dst).state().and_then(client);
                let watches = |it: &super::WatchedEvent| {
                    client.is_some_and(|client| client.known.watches.contains(&it.watch))
                };
                events.iter().any(watches)
            }
            _ => false,
        }),
    )
}

pub(super) fn passed_on() -> Claim {
    Property::sometimes(
        PASSED_ON,
        Condition::nodes(|nodes| {
            let created = clients(nodes).filter_map(|client| client.node.as_ref());
            let first = created.map(|(_, token)| *token).min();
            clients(nodes).any(|client| client.holds.is_some() && client.holds > first)
        }),
    )
}

pub(super) fn used_twice() -> Claim {
    Property::sometimes(
        USED_TWICE,
        Condition::some_node(
            |node: &NodeOf<ZooKeeper>| matches!(node.state(), Some(State::Resource(resource)) if resource.holders > 1),
        ),
    )
}

/// Where clients have so many requests each.
pub(super) fn answered_all(scripts: Vec<usize>) -> Claim {
    let is_served = move |nodes: &Nodes<'_, ZooKeeper>| {
        clients(nodes).zip(&scripts).all(|(client, requests)| client.client.done >= *requests)
    };
    let is_asked = is_served.clone();
    Property::leads_to(
        ANSWERED_ALL,
        Condition::nodes(move |nodes| !is_asked(nodes)),
        Condition::nodes(is_served),
    )
}

/// Where no client is heard of, and a leader has an established epoch.
pub(super) fn closed(quorum: usize) -> Claim {
    fn is_closed(nodes: &Nodes<'_, ZooKeeper>) -> bool {
        trees(nodes).all(|(_, tree)| tree.sessions().is_empty())
    }
    let is_led = move |nodes: &Nodes<'_, ZooKeeper>| {
        let mut servers = nodes.up().filter_map(|(_, state)| server(state));
        servers.any(|it| it.zab.leading().is_some_and(|it| it.followers.len() + 1 >= quorum))
    };
    let is_open = Condition::nodes(move |nodes| is_led(nodes) && !is_closed(nodes));
    Property::leads_to(CLOSED, is_open, Condition::nodes(is_closed))
}

pub(super) fn delivered() -> Claim {
    fn is_delivered(nodes: &Nodes<'_, ZooKeeper>) -> bool {
        let has_fired = |watch: &Watch| trees(nodes).any(|(_, tree)| tree.fired(watch).is_some());
        !clients(nodes).any(|client| client.known.watches.iter().any(has_fired))
    }
    let is_due = Condition::nodes(|nodes| !is_delivered(nodes));
    Property::leads_to(DELIVERED, is_due, Condition::nodes(is_delivered))
}
