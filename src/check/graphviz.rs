//! The states of a small instance and the steps between them, in the language of Graphviz.

use super::engine::quiet;
use crate::models::world::{Checkable, Cluster, Kind, Observer, State};
use stateright::Model;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The states cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// There are too many.
    #[error(
        "there are more than {0} states, too many to be drawn: choose a smaller instance, or \
         --max-states"
    )]
    TooManyStates(usize),
    /// The initial state is not within the boundary.
    #[error("the initial state is out of bounds, so there is nothing to draw")]
    Nothing,
}

/// The graph of the states of a cluster, of which there may be `limit` at most.
///
/// States are numbered in the order of a breadth-first search; each holds its description as a
/// tooltip. A state that violates an `always` is red and one that satisfies a `sometimes` is green,
/// with the names of the properties.
///
/// # Errors
/// When there are more states, or none.
pub fn dot<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    limit: usize,
) -> Result<String, GraphError> {
    quiet::install();
    let initial = cluster.state(cluster.initial());
    if !cluster.within_boundary(&initial) {
        return Err(GraphError::Nothing);
    }
    let mut text =
        String::from("digraph states {\n  node [shape=box, style=filled, fillcolor=white];\n");
    let mut numbers = BTreeMap::from([(initial.packed().to_vec(), 0)]);
    let mut states = vec![initial];
    let mut at = 0;
    while at < states.len() {
        text += &node(cluster, at, &states[at]);
        let mut actions = Vec::new();
        cluster.actions(&states[at], &mut actions);
        for action in actions {
            let label = escaped(&cluster.format_action(&action));
            let next = cluster.next_state(&states[at], action);
            let Some(next) = next.filter(|next| cluster.within_boundary(next)) else { continue };
            let number = *numbers.entry(next.packed().to_vec()).or_insert(states.len());
            if number == states.len() {
                if number == limit {
                    return Err(GraphError::TooManyStates(limit));
                }
                states.push(next);
            }
            // Writing to a string does not fail.
            let _ = writeln!(text, "  s{at} -> s{number} [label=\"{label}\"];");
        }
        at += 1;
    }
    Ok(text + "}\n")
}

fn node<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    number: usize,
    state: &State<A, H>,
) -> String {
    let (mut violated, mut reached) = (Vec::new(), Vec::new());
    for (at, property) in cluster.properties().iter().enumerate() {
        match (&property.kind, cluster.holds(at, state.packed())) {
            (Kind::Always, false) => violated.push(property.name),
            (Kind::Sometimes, true) => reached.push(property.name),
            _ => {}
        }
    }
    let color = match (violated.is_empty(), reached.is_empty()) {
        (false, _) => "lightcoral",
        (true, false) => "palegreen",
        (true, true) => "white",
    };
    let mut label = number.to_string();
    for name in violated.iter().chain(&reached) {
        label.push('\n');
        label += name;
    }
    let (label, tooltip) = (escaped(&label), escaped(&format!("{state:#?}")));
    format!("  s{number} [label=\"{label}\", fillcolor={color}, tooltip=\"{tooltip}\"];\n")
}

/// A text as it is within quotation marks.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::world::{Condition, NetworkKind, Property, Setup};
    use stateright::actor::{Actor, Id, Out};
    use std::borrow::Cow;

    /// Passes a word on once.
    struct Gossip;

    impl Actor for Gossip {
        type Msg = &'static str;
        type Timer = ();
        type State = bool;
        type Storage = ();
        type Random = ();

        fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
            if id == Id::from(0) {
                o.send(Id::from(1), "a \"word\"");
            }
            id == Id::from(0)
        }

        fn on_msg(
            &self,
            _: Id,
            knows: &mut Cow<'_, bool>,
            _: Id,
            _: &'static str,
            _: &mut Out<Self>,
        ) {
            *knows.to_mut() = true;
        }
    }

    fn gossip() -> Cluster<Gossip, ()> {
        let all = Condition::each_node(|node| node.state() == Some(&true));
        Setup::new([Gossip, Gossip], 2, ())
            .network(NetworkKind::Multiset)
            .property(Property::sometimes("all-know", all))
            .cluster()
    }

    #[test]
    fn states_are_nodes_and_steps_are_edges_with_their_names() {
        let text = dot(&gossip(), 2).unwrap();
        assert!(
            text.contains(r#"s0 -> s1 [label="node 0 → node 1: \"a \\\"word\\\"\""];"#),
            "{text}"
        );
        assert!(text.contains(r#"s1 [label="1\nall-know", fillcolor=palegreen"#), "{text}");
        assert_eq!(text.matches("tooltip").count(), 2);
        assert!(text.starts_with("digraph states {\n") && text.ends_with("}\n"));
    }

    #[test]
    fn too_many_states_are_refused() {
        assert_eq!(dot(&gossip(), 1), Err(GraphError::TooManyStates(1)));
    }
}
