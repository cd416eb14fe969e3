//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

mod sessions;

use super::history::History;
use super::instances::{
    Bounds, blind, converging, delete, deleter, get, late_delete, one_node, put,
};
use super::properties::{self as claims, Actor};
use super::{Rule, Step};
use crate::Mutant;
use crate::world::{CHECKPOINT, Cluster};

macro_rules! mutant {
    ($bug:ident, $name:literal, $about:literal, $killed_by:expr, $bounds:expr) => {
        Seeded {
            mutant: Mutant {
                name: $name,
                about: $about,
                killed_by: $killed_by,
                cluster: || seeded($bounds, Some(Bug::$bug)),
            },
            sound: || seeded($bounds, None),
        }
    };
}

mod contexts;
mod newcomers;
mod tombstones;
mod transfers;

macro_rules! bugs {
    ($($(#[$doc:meta])* $bug:ident,)*) => {
        /// A bug that the checker can put into the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bug {
            $($(#[$doc])* $bug,)*
        }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$bug),*];
        }
    };
}

bugs! {
    /// Equal timestamps of two nodes are not told apart by the nodes' ids.
    TieWithoutNode,
    /// A node's clock does not move past the timestamps that it receives.
    ClockNotAdvanced,
    /// The clock starts again from nothing after a restart.
    ClockNotDurable,
    /// No digests are sent, and nothing is fetched.
    NoAntiEntropy,
    /// A delete does not say what it deletes.
    DeleteWithoutContext,
    /// After a restart dots start again from the first.
    DotReused,
    /// A tombstone goes as soon as something comes from another node.
    CollectEarly,
    /// A write that comes before an earlier one of its node counts as both.
    SkipGap,
    /// A write at a node replaces all earlier ones of that node: version vectors without dots.
    PlainVersionVector,
    /// A get tells one of several siblings, with the context of all.
    OneSibling,
    /// A repeated request is a new write.
    ApplyTwice,
    /// The version that a write makes is not saved.
    ForgetWrite,
    /// Which request was taken is not saved.
    ForgetRequest,
    /// Which requests changed nothing is not remembered.
    ForgetNothing,
    /// With last-writer-wins, a delete of what its node does not hold does nothing.
    DeleteNothing,
    /// Tombstones never go.
    KeepTombstones,
    /// A request older than the client's newest is a new write.
    ApplyOld,
    /// A version that was here and is replaced is taken again.
    MergeUnchecked,
    /// Digests are sent once.
    GossipOnce,
    /// A transfer promises what the sender has by now, not what it had at the first piece.
    UptoRenewed,
    /// The first piece of a transfer counts as all of it.
    UptoEarly,
    /// A context that no node gave is taken.
    AcceptForged,
    /// A context of one key is taken for another.
    ContextOfAnyKey,
    /// The versions of a key are taken over before the key is whole.
    MergeHalfKeys,
    /// A piece is taken wherever the receiver is.
    TakeAnyPiece,
    /// A key that changed since a part of it was sent goes on after that part.
    ChangedIsSent,
    /// A tombstone that the cut does not count goes with it.
    CollectUncut,
    /// A tombstone goes although a node may still write with a lower timestamp.
    CollectUnclocked,
    /// A tombstone goes although the cut does not count all that it covers.
    CollectUnknown,
    /// A tombstone goes although this node has not reached the cut.
    CollectUnreached,
    /// A tombstone goes although others have not reached the cut.
    CollectUnshared,
    /// A cut does not count what the others wrote.
    CutUncounted,
    /// A cut takes this node's clock for the lowest.
    CutByOwnClock,
    /// A cut is made before every node is heard of.
    CutEarly,
    /// A node that lost its disk starts as if it had never been there.
    StartAsFirst,
    /// A node that lost its disk serves as soon as the others have heard of that.
    ServeUnrestored,
    /// A node that lost its disk serves as soon as it has all that one other has.
    RestoreFromOne,
    /// What a node said before it lost its disk is heard.
    HearFormerLife,
    /// A node that lost its disk takes what was sent to its former life.
    TakeUnasked,
    /// That another node lost its disk is not saved.
    ForgetReturn,
    /// A node that lost its disk says so once.
    ReturnOnce,
    /// A node that lost its disk does not take over the others' clock.
    ClockNotRestored,
}

/// A bug with the property that kills it, and the same instance without the bug.
pub(super) struct Seeded {
    pub(super) mutant: Mutant<Actor, History>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the tests"))]
    pub(super) sound: fn() -> Cluster<Actor, History>,
}

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    let own = seeded_mutants().into_iter().map(|seeded| seeded.mutant);
    own.chain(sessions::mutants()).collect()
}

/// The same, each with its instance without the bug.
pub(super) fn seeded_mutants() -> Vec<Seeded> {
    let mut mutants = of_last_writer_wins();
    mutants.extend(of_multi_value());
    mutants.extend(of_both());
    mutants.extend(contexts::mutants());
    mutants.extend(transfers::mutants());
    mutants.extend(tombstones::mutants());
    mutants.extend(newcomers::mutants());
    mutants
}

fn of_last_writer_wins() -> Vec<Seeded> {
    vec![
        mutant!(
            TieWithoutNode,
            "tie-without-node",
            "between equal timestamps the order of arrival decides",
            claims::CONVERGED,
            lww(vec![(0, vec![put("a")]), (1, vec![put("b")])])
        ),
        mutant!(
            ClockNotAdvanced,
            "clock-not-advanced",
            "a node's clock does not move past the timestamps that it receives",
            claims::READ_YOUR_WRITES,
            lww(vec![(0, vec![put("a"), put("b")]), (1, vec![put("c"), get()])])
        ),
        mutant!(
            ClockNotDurable,
            "clock-not-durable",
            "the clock starts again from nothing after a restart",
            claims::HAPPENED_BEFORE,
            Bounds { crashes: 1, ..lww(writer()) }
        ),
        mutant!(
            DeleteNothing,
            "delete-nothing",
            "a delete of what its node does not hold does nothing: an earlier write that comes later stays",
            claims::WRITTEN,
            lww(deleter())
        ),
        mutant!(
            SkipGap,
            "skip-gap",
            "a write that comes before an earlier one of its node counts as both",
            claims::NO_LOSS,
            lww(writer())
        ),
        mutant!(
            ForgetWrite,
            "forget-write",
            "the version that a write makes is not saved",
            claims::LINEARIZABLE,
            one_node()
        ),
    ]
}

fn of_multi_value() -> Vec<Seeded> {
    vec![
        mutant!(
            DeleteWithoutContext,
            "delete-without-context",
            "a delete does not say what it deletes",
            claims::CONVERGED,
            mv(2, deleter())
        ),
        mutant!(
            CollectEarly,
            "collect-early",
            "a tombstone goes before everyone has it and what it covers",
            claims::NO_RESURRECTION,
            mv(3, deleter())
        ),
        mutant!(
            PlainVersionVector,
            "plain-version-vector",
            "a write replaces all earlier ones of its node: a version vector without a dot",
            claims::COVERED,
            mv(2, vec![(0, vec![blind("a"), blind("b")])])
        ),
        mutant!(
            OneSibling,
            "one-sibling",
            "a get tells one of several siblings, with the context of all",
            claims::TRUE_CONTEXT,
            mv(2, vec![(0, vec![blind("a"), blind("b"), get()])])
        ),
        mutant!(
            NoAntiEntropy,
            "no-anti-entropy",
            "no digests are sent, and nothing is fetched",
            claims::CONVERGES,
            converging()
        ),
        mutant!(
            GossipOnce,
            "gossip-once",
            "digests are sent once",
            claims::CONVERGES,
            converging()
        ),
        mutant!(
            ForgetNothing,
            "forget-nothing",
            "a delete that finds nothing is not remembered, and a late copy of it deletes",
            claims::LINEARIZABLE,
            late_delete()
        ),
        mutant!(
            KeepTombstones,
            "keep-tombstones",
            "tombstones never go",
            claims::TOMBSTONES_GO,
            converging()
        ),
    ]
}

fn of_both() -> Vec<Seeded> {
    vec![
        mutant!(
            DotReused,
            "dot-reused",
            "after a restart dots start again from the first",
            claims::UNIQUE_DOTS,
            Bounds { crashes: 1, ..mv(2, writer()) }
        ),
        mutant!(
            ApplyTwice,
            "apply-twice",
            "a repeated request is a new write",
            claims::TAKEN_ONCE,
            mv(2, writer())
        ),
        mutant!(
            ApplyOld,
            "apply-old",
            "a request older than the client's newest is a new write",
            claims::TAKEN_ONCE,
            mv(2, writer())
        ),
        mutant!(
            MergeUnchecked,
            "merge-unchecked",
            "a version that was here and is replaced is taken again",
            claims::NO_RESURRECTION,
            Bounds {
                gossips: Some(2),
                ..mv(2, vec![(0, vec![blind("a"), blind("b")]), (1, vec![delete()])])
            }
        ),
        mutant!(
            ForgetRequest,
            "forget-request",
            "which request was taken is not saved",
            CHECKPOINT,
            mv(2, writer())
        ),
    ]
}

/// A client that writes twice at one node.
fn writer() -> Vec<(usize, Vec<Step>)> {
    vec![(0, vec![put("a"), put("b")])]
}

fn lww(clients: Vec<(usize, Vec<Step>)>) -> Bounds {
    Bounds::new(2, Rule::LastWriterWins, clients)
}

fn mv(nodes: usize, clients: Vec<(usize, Vec<Step>)>) -> Bounds {
    Bounds::new(nodes, Rule::MultiValue, clients)
}

fn seeded(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    let mut claimed = match bounds.rule {
        Rule::LastWriterWins => claims::last_writer_wins(),
        Rule::MultiValue => claims::multi_value(),
    };
    if bounds.judges_order {
        claimed.push(claims::linearizable());
    }
    if bounds.is_lossy {
        claimed.extend([claims::converges(), claims::tombstones_go()]);
        if !bounds.replaced.is_empty() {
            claimed.push(claims::returns());
        }
    }
    bounds.cluster(claimed, bug)
}
