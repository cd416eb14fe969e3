//! The promises of fairness in TLA+.
//!
//! A step that leads back to the same state is none in TLA+, and here it counts as taken: a link on which
//! the same reply is delivered for ever is treated fairly. So where a class may take such a step, what is
//! promised of it is promised only of states in which it has none: `WF_vars(~Idle /\ A)` is weak fairness
//! of `A` with such steps, and `SF_vars(A) \/ []<>Idle` is strong fairness.

use super::tables::Tables;
use super::values::set;
use crate::models::world::{EventKind, Fairness, NetworkKind, Strength};
use std::collections::BTreeSet;

/// A kind of classes of steps: all that are written with one operator.
struct Classes {
    /// What the operator is applied to.
    argument: &'static str,
    operator: &'static str,
    strength: Strength,
    members: BTreeSet<usize>,
    /// Those that may have a step that leads back to the same state.
    idle: BTreeSet<usize>,
}

/// The definitions, and then that of `Fairness`.
pub(super) fn fairness(tables: &Tables) -> String {
    let Fairness { per_message, .. } = tables.setting.fairness;
    let mut text = String::new();
    let mut promises = Vec::new();
    let mut classes = vec![if per_message { per_message_of(tables) } else { per_link(tables) }];
    classes.extend([Strength::Weak, Strength::Strong].map(|strength| events(tables, strength)));
    if !per_message {
        text += "\n\\* The deliveries of a link.\n\
                 On(l) == \\E m \\in InFlight : Link[m] = l /\\ Deliver(m)\n";
    }
    let mut defined = BTreeSet::new();
    for class in &classes {
        if !class.idle.is_empty() && defined.insert(class.operator) {
            text += &class.idleness();
        }
        promises.extend(class.promises());
    }
    text += "\n\\* What is promised: weakly or strongly fair steps.\nFairness ==\n";
    if promises.is_empty() {
        promises.push("TRUE".into());
    }
    for promise in promises {
        text.extend(["  /\\ ", &promise, "\n"]);
    }
    text
}

impl Classes {
    fn idleness(&self) -> String {
        let Self { argument, operator, .. } = self;
        format!(
            "\n\\* It has a step that changes nothing: where there is one, it counts as taken.\n\
             Idle{operator}({argument}) == ENABLED ({operator}({argument}) /\\ UNCHANGED vars)\n"
        )
    }

    fn promises(&self) -> Vec<String> {
        let Self { argument: a, operator, strength, .. } = self;
        let busy: BTreeSet<usize> = self.members.difference(&self.idle).copied().collect();
        let (plain, with_idle) = match strength {
            Strength::None => return Vec::new(),
            Strength::Weak => (
                format!("WF_vars({operator}({a}))"),
                format!("WF_vars(~Idle{operator}({a}) /\\ {operator}({a}))"),
            ),
            Strength::Strong => (
                format!("SF_vars({operator}({a}))"),
                format!("(SF_vars({operator}({a})) \\/ []<>Idle{operator}({a}))"),
            ),
        };
        let all = [(busy, plain), (self.idle.clone(), with_idle)].into_iter();
        let all = all.filter(|(members, _)| !members.is_empty());
        all.map(|(members, promise)| format!("\\A {a} \\in {} : {promise}", set(members))).collect()
    }
}

fn per_message_of(tables: &Tables) -> Classes {
    let strength = tables.setting.fairness.deliveries;
    let idle = idle_messages(tables);
    Classes { argument: "m", operator: "Deliver", strength, members: receivable(tables), idle }
}

fn per_link(tables: &Tables) -> Classes {
    let strength = tables.setting.fairness.deliveries;
    let link = |message: &usize| tables.messages[message - 1].link;
    let members = receivable(tables).iter().map(link).collect();
    let idle = idle_messages(tables).iter().map(link).collect();
    Classes { argument: "l", operator: "On", strength, members, idle }
}

/// The messages that some node is delivered.
fn receivable(tables: &Tables) -> BTreeSet<usize> {
    let parts = tables.parts.iter();
    parts.flat_map(|part| part.delivery.keys().chain(&part.ignored).copied()).collect()
}

/// The messages whose delivery may change nothing though it is a step.
fn idle_messages(tables: &Tables) -> BTreeSet<usize> {
    let stays = tables.setting.network == NetworkKind::Set;
    let mut idle = BTreeSet::new();
    for (number, part) in (1..).zip(&tables.parts) {
        for (message, effect) in &part.delivery {
            let effect = &tables.effects[effect - 1];
            if effect.part == number && (stays || effect.sends.contains(message)) {
                idle.insert(*message);
            }
        }
    }
    idle
}

/// The events of which this is promised.
fn events(tables: &Tables, strength: Strength) -> Classes {
    let promised = |kind: EventKind| match kind {
        EventKind::Timer => tables.setting.fairness.timers,
        EventKind::Choice => tables.setting.fairness.choices,
        EventKind::Restart => tables.setting.fairness.restarts,
        EventKind::Flush => tables.setting.fairness.flushes,
        EventKind::Crash | EventKind::Replace | EventKind::Cut(_) => Strength::None,
    };
    let events = (1..).zip(&tables.events);
    let members: BTreeSet<usize> =
        events.filter(|(_, event)| promised(event.kind) == strength).map(|(at, _)| at).collect();
    let mut idle = BTreeSet::new();
    for (number, part) in (1..).zip(&tables.parts) {
        let same =
            part.local.iter().filter(|(_, effect)| tables.effects[effect - 1].part == number);
        idle.extend(same.map(|(event, _)| *event));
    }
    let is_free = |event: &usize| tables.events[event - 1].spends == 0;
    let idle = idle.intersection(&members).copied().filter(is_free).collect();
    Classes { argument: "v", operator: "Happen", strength, members, idle }
}
