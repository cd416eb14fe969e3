//! States that must be reachable, so that no property holds vacuously; and boundaries of
//! exploration.

use super::nodes::{Actor, Claim, History, Machine, established, leaders, stable, stables};
use crate::kv::Service;
use crate::statements;
use crate::world::{Condition, Property, Statement};
use crate::zab::epoch::Zxid;
use crate::zab::{Peer, Role, Saved, State};
use stateright::actor::Id;

statements! {
    pub DELIVERED = "all-delivered", "every server delivered every request";
    pub TWO_LEADERS = "two-leaders", "two servers led at once, in different epochs";
    pub NEW_EPOCH = "new-epoch", "a later epoch was established";
    pub OLD_COMMITTED = "old-committed", "a later leader delivered a transaction of an earlier epoch";
    pub TRUNCATED = "truncated", "a follower cut off a transaction that another leader left out";
    pub FETCHED = "history-fetched", "a prospective leader took over a more recent history";
    pub INSTALLED = "snapshot-installed", "a server took over a snapshot";
    pub STALE = "stale-read", "a client that wrote was answered while another server had delivered less";
    pub BEFORE_OWN_DISK = "before-own-disk", "a leader delivered a transaction that is not on its disk";
    pub JOINED = "joined", "a follower took over a history that has transactions";
}

/// Every server delivered so many transactions.
pub fn all_delivered(count: u64) -> Claim {
    Property::sometimes(
        DELIVERED,
        Condition::nodes(move |nodes| stables(nodes).all(|it| it.image.slot == count)),
    )
}

/// Two servers lead.
pub fn two_leaders() -> Claim {
    Property::sometimes(TWO_LEADERS, Condition::nodes(|nodes| leaders(nodes).count() >= 2))
}

/// An epoch after the first is established.
pub fn new_epoch(quorum: usize) -> Claim {
    Property::sometimes(
        NEW_EPOCH,
        Condition::nodes(move |nodes| {
            established(nodes, quorum).any(|(_, leader)| leader.stable.current.round > 0)
        }),
    )
}

/// A quorum of followers had a transaction on their disks before the leader had it on its own.
pub fn before_own_disk() -> Claim {
    Property::sometimes(
        BEFORE_OWN_DISK,
        Condition::some_node(|node| {
            let Some(State::Server(server)) = node.state() else { return false };
            let Some(Saved::Complete(durable)) = &node.disk.durable else { return false };
            server.leading().is_some() && server.stable.image.slot > durable.end()
        }),
    )
}

/// An established leader delivered what an earlier epoch left.
pub fn old_committed(quorum: usize) -> Claim {
    Property::sometimes(
        OLD_COMMITTED,
        Condition::nodes(move |nodes| {
            established(nodes, quorum).any(|(_, leader)| {
                let Zxid { epoch, counter } = leader.stable.delivered;
                counter > 0 && epoch < leader.stable.current
            })
        }),
    )
}

/// A follower has a shorter history than it had: it took over an epoch without a transaction of
/// its former one, which is in flight.
pub fn truncated() -> Claim {
    Property::sometimes(
        TRUNCATED,
        Condition::some_message(|envelope, around| match &envelope.msg {
            Service::Peer(Peer::Ack { epoch, last } | Peer::AckEpoch { epoch, last, .. }) => {
                stable(around.nodes().node(envelope.src)).is_some_and(|it| {
                    it.current >= *epoch && it.position(*last).is_none() && it.image.slot == 0
                })
            }
            _ => false,
        }),
    )
}

/// A history was sent to a prospective leader.
pub fn fetched() -> Claim {
    some_message(FETCHED, |msg| matches!(msg, Peer::History { part, .. } if !part.txns.is_empty()))
}

/// A history that is not empty was sent to a follower.
pub fn joined() -> Claim {
    some_message(JOINED, |msg| matches!(msg, Peer::NewLeader { part, .. } if !part.txns.is_empty()))
}

/// A server has a state and no log.
pub fn installed() -> Claim {
    some_message(INSTALLED, |msg| matches!(msg, Peer::Fetch { last, .. } if last.counter > 0))
}

/// A client was answered a read by a server that was behind.
pub fn stale() -> Claim {
    Property::sometimes(
        STALE,
        Condition::history(|history: &History| !history.in_real_time.is_consistent()),
    )
}

fn some_message(
    statement: Statement,
    is: impl Fn(&Peer<Machine>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::sometimes(
        statement,
        Condition::some_message(
            move |envelope, _| matches!(&envelope.msg, Service::Peer(msg) if is(msg)),
        ),
    )
}

/// Only these servers try to lead: a bound for where it is enough that they do.
pub fn looks(only: Vec<usize>) -> Condition<Actor, History> {
    looks_within(only, u64::MAX)
}

/// The same, and no epoch beyond so many rounds.
pub fn looks_within(only: Vec<usize>, rounds: u64) -> Condition<Actor, History> {
    let only: Vec<Id> = only.into_iter().map(Id::from).collect();
    Condition::each_node(move |node| {
        let Some(State::Server(server)) = node.state() else { return true };
        let tries = matches!(server.role, Role::Soliciting(_) | Role::Discovering(_));
        server.stable.accepted.round <= rounds && (!tries || only.contains(&node.id))
    })
}

/// No epoch beyond so many rounds: a bound for what would go on for ever.
pub fn rounds(most: u64) -> Condition<Actor, History> {
    Condition::each_node(move |node| stable(node).is_none_or(|it| it.accepted.round <= most))
}

/// No history longer than this: a bound for what would go on for ever.
pub fn short(most: u64) -> Condition<Actor, History> {
    Condition::each_node(move |node| stable(node).is_none_or(|it| it.end() <= most))
}

/// Server 1 alone tries to lead, and does not go back to the first leader: a bound for where it is
/// enough that it takes over.
pub fn takes_over() -> Condition<Actor, History> {
    Condition::each_node(|node| {
        let Some(State::Server(server)) = node.state() else { return true };
        match server.role {
            Role::Soliciting(_) | Role::Discovering(_) => node.id == Id::from(1),
            Role::Following { up_to_date: false } => server.stable.accepted.round > 0,
            _ => true,
        }
    })
}

/// The same, and the first leader does not hear of it: a leader that does not know that it lost its
/// followers.
pub fn unheard() -> Condition<Actor, History> {
    Condition::each_node(|node| {
        let Some(State::Server(server)) = node.state() else { return true };
        let is_first = usize::from(node.id) == 0;
        match server.role {
            Role::Soliciting(_) | Role::Discovering(_) => node.id == Id::from(1),
            Role::Following { up_to_date: false } => server.stable.accepted.round > 0 && !is_first,
            _ => true,
        }
    })
}
