//! The properties of nodes that lost their disks.

use super::super::history::History;
use super::nodes::{Actor, Claim, has, holds, image, images};
use crate::statements;
use crate::world::{Condition, NodeOf, Nodes, Property};

statements! {
    /// A node that lost its disk serves again.
    pub RETURNS = "newcomer-returns", "a node that lost its disk eventually serves again";
    pub RESTORED = "restored", "a node that lost its disk holds a write of its former life again";
    pub WROTE_AGAIN = "wrote-again", "a node that lost its disk acknowledged a write";
    /// A write was acknowledged, and went with the only disk that it was on.
    pub LOST = "lost-with-disk",
        "an acknowledged write was lost with a disk before another node held it";
}

/// A node that lost its disk comes to serve again.
pub fn returns() -> Claim {
    let is_newcomer = |node: &NodeOf<Actor>| image(node).is_some_and(|i| i.newcomer.is_some());
    let some = move |nodes: &Nodes<'_, Actor>| nodes.iter().any(is_newcomer);
    Property::leads_to(
        RETURNS,
        Condition::nodes(move |nodes| some(nodes)),
        Condition::nodes(move |nodes| !some(nodes)),
    )
}

/// A node is back, and holds a write that it acknowledged before it lost its disk.
pub fn restored() -> Claim {
    Property::sometimes(
        RESTORED,
        Condition::world(|world| {
            let (nodes, history): (_, &History) = (world.nodes(), world.history());
            let mut back = nodes.iter().filter(|node| node.life > 0);
            back.any(|node| {
                image(node).is_some_and(|image| {
                    image.newcomer.is_none()
                        && history.acknowledged.iter().any(|dot| {
                            dot.node == node.id
                                && dot.generation() < image.vector.generation(node.id)
                                && holds(&image.store, &history.writes[dot])
                        })
                })
            })
        }),
    )
}

/// A node took a write in a later life.
pub fn wrote_again() -> Claim {
    Property::sometimes(
        WROTE_AGAIN,
        Condition::history(|history: &History| {
            history.acknowledged.iter().any(|dot| dot.generation() > 0)
        }),
    )
}

/// The anti-theorem: a write that one node acknowledged is nowhere.
pub fn lost() -> Claim {
    Property::sometimes(
        LOST,
        Condition::world(|world| {
            let (nodes, history): (_, &History) = (world.nodes(), world.history());
            let is_back = images(&nodes).all(|image| image.newcomer.is_none());
            is_back
                && history.acknowledged.iter().any(|dot| {
                    let write = &history.writes[dot];
                    write.value().is_some()
                        && history.is_lost(*dot)
                        && images(&nodes).any(|image| has(image, write))
                })
        }),
    )
}
