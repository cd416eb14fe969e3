//! Values as TLA+ writes them.

use super::bound::Bound;
use super::numbering::Numbering;
use super::survey::Survey;
use crate::models::world::NetworkKind;
use std::collections::BTreeMap;
use std::fmt::Display;

/// The most columns of a line, where that can be.
const WIDTH: usize = 110;

/// The function of nothing.
const NOTHING: &str = "[x \\in {} |-> 0]";

/// A sequence.
pub(super) fn tuple<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items = joined(items, ", ");
    if items.is_empty() { "<< >>".into() } else { format!("<<{items}>>") }
}

/// A set.
pub(super) fn set<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    format!("{{{}}}", joined(items, ", "))
}

/// A function, from what it is of to what it is.
pub(super) fn function<T: Display>(pairs: impl IntoIterator<Item = (usize, T)>) -> String {
    let pairs = pairs.into_iter().map(|(from, to)| format!("{from} :> {to}"));
    let pairs = joined(pairs, " @@ ");
    if pairs.is_empty() { NOTHING.into() } else { format!("({pairs})") }
}

pub(super) fn joined<T: Display>(items: impl IntoIterator<Item = T>, between: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(between)
}

/// A sequence or a set over several lines: `<<` or `{`, the items, and the end.
pub(super) fn long(open: &str, items: impl IntoIterator<Item = String>, close: &str) -> String {
    let mut lines = vec![String::from("  ")];
    let mut items = items.into_iter().peekable();
    while let Some(mut item) = items.next() {
        if items.peek().is_some() {
            item.push(',');
        }
        match lines.last_mut() {
            Some(line) if line.len() == 2 || line.len() + item.len() < WIDTH => {
                if line.len() > 2 {
                    line.push(' ');
                }
                line.push_str(&item);
            }
            _ => lines.push(format!("  {item}")),
        }
    }
    if lines.len() == 1 && lines[0].len() < WIDTH / 2 {
        return format!("{open}{}{close}", lines[0].trim_start());
    }
    format!("{open}\n{}\n{close}", lines.join("\n"))
}

/// A text as a comment holds it: plain letters, and nothing that ends the comment.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace('→', "->").replace('≥', ">=").replace('≤', "<=");
    let plain = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
    plain.collect::<String>().replace("(*", "( *").replace("*)", "* )")
}

/// A name in TLA+: its letters and digits, and `_` for all else.
pub(super) fn identifier(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

impl Numbering {
    /// The nodes of a state.
    pub(super) fn node(&mut self, survey: &Survey<'_>, state: &[u32]) -> String {
        tuple(state[..survey.budget_at()].iter().map(|part| self.parts.of(part)))
    }

    /// How often things may still happen in a state.
    pub(super) fn left(survey: &Survey<'_>, state: &[u32], bounds: &[Bound]) -> String {
        tuple(bounds.iter().map(|bound| bound.left(survey, state)))
    }

    /// The links that are cut in a state.
    pub(super) fn cut(survey: &Survey<'_>, state: &[u32]) -> String {
        let cut = survey.budget(state).cut;
        set((0..survey.setting.links.len()).filter(|link| cut >> link & 1 == 1).map(|at| at + 1))
    }

    /// The messages that are in flight in a state.
    pub(super) fn network(&mut self, survey: &Survey<'_>, state: &[u32]) -> String {
        let queues = survey.items(state).iter().map(|item| survey.cluster.queue(*item));
        let queues: Vec<Vec<usize>> = queues
            .map(|queue| queue.iter().map(|message| self.messages.of(message)).collect())
            .collect();
        match survey.setting.network {
            NetworkKind::Set | NetworkKind::Single => {
                let mut all = queues.concat();
                all.sort_unstable();
                set(all)
            }
            NetworkKind::Multiset => {
                let mut copies: BTreeMap<usize, usize> = BTreeMap::new();
                for message in queues.concat() {
                    *copies.entry(message).or_default() += 1;
                }
                function(copies)
            }
            NetworkKind::Ordered => {
                let link = |queue: &[usize]| self.described[queue[0] - 1].link;
                let queues = queues.into_iter().map(|queue| (link(&queue), tuple(queue)));
                function(queues.collect::<BTreeMap<_, _>>())
            }
        }
    }
}
