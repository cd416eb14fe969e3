//! What changed from one state to the next, in words: a line per change, not two whole states.
//!
//! Works on the pretty-printed values, so that it needs nothing of the actors but `Debug`.

use std::fmt::Debug;

/// How long a line may be to show a value whole, as old and new.
const SHORT: usize = 70;

/// The differences between two values, by the paths of their fields: `replica 1: op: 0 → 1`.
pub fn changes<T: Debug>(before: &T, after: &T) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", &parse(&format!("{before:#?}")), &parse(&format!("{after:#?}")), &mut lines);
    lines
}

/// A value as printed: a head such as `View {` or `3`, and what is inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Value {
    name: Option<String>,
    head: String,
    parts: Vec<Value>,
}

impl Value {
    /// On one line.
    fn compact(&self) -> String {
        let parts: Vec<String> = (self.parts.iter())
            .map(|part| match &part.name {
                Some(name) => format!("{name}: {}", part.compact()),
                None => part.compact(),
            })
            .collect();
        match self.closing() {
            Some('}') if !parts.is_empty() => format!("{} {} }}", self.head, parts.join(", ")),
            Some(closing) => format!("{}{}{closing}", self.head, parts.join(", ")),
            None => self.head.clone(),
        }
    }

    fn closing(&self) -> Option<char> {
        let is_whole = self.parts.is_empty() && self.head.ends_with(['}', ']', ')']);
        match self.head.chars().last() {
            Some('{') => Some('}'),
            Some('[') => Some(']'),
            Some('(') if !is_whole => Some(')'),
            _ => None,
        }
    }

    /// Whether its parts are told apart by name and not by value: a struct, or a map.
    fn is_named(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.name.is_some())
    }

    /// The name of a struct or of a variant with named fields, such as `Up`.
    fn variant(&self) -> Option<&str> {
        let name = self.head.strip_suffix(" {")?;
        (self.is_named() && !name.is_empty()).then_some(name)
    }

    /// A wrapper such as `Some(` around a single value.
    fn wraps(&self) -> Option<&Value> {
        match self.parts.as_slice() {
            [only] if only.name.is_none() && self.head.ends_with('(') => Some(only),
            _ => None,
        }
    }
}

fn compare(path: &str, old: &Value, new: &Value, lines: &mut Vec<String>) {
    if old == new {
        return;
    }
    let (from, to) = (old.compact(), new.compact());
    if old.head == new.head && (from.len() + to.len() > SHORT || path.is_empty()) {
        if let (Some(old), Some(new)) = (old.wraps(), new.wraps()) {
            return compare(path, old, new, lines);
        }
        if old.is_named() && new.is_named() {
            return compare_fields(path, old, new, lines);
        }
        if old.head.ends_with(['[', '{']) {
            return compare_elements(path, old, new, lines);
        }
    }
    if let (Some(was), Some(is)) = (old.variant(), new.variant())
        && from.chars().count() + to.chars().count() > SHORT
    {
        // Such as a node that crashes: what is gone with the old variant need not be shown.
        lines.push(format!("{path}: {was} → {is}"));
        let kept = Value { parts: common(old, new), ..old.clone() };
        return compare_fields(path, &kept, new, lines);
    }
    lines.push(format!("{path}: {from} → {to}"));
}

/// The fields that `new` has too.
fn common(old: &Value, new: &Value) -> Vec<Value> {
    let is_kept = |was: &&Value| new.parts.iter().any(|is| is.name == was.name);
    old.parts.iter().filter(is_kept).cloned().collect()
}

fn compare_fields(path: &str, old: &Value, new: &Value, lines: &mut Vec<String>) {
    let find = |value: &Value, name: &Option<String>| {
        value.parts.iter().find(|part| part.name == *name).cloned()
    };
    for was in &old.parts {
        let path = joined(path, was.name.as_deref().unwrap_or_default());
        match find(new, &was.name) {
            Some(is) => compare(&path, was, &is, lines),
            None => lines.push(format!("{path}: {} is gone", was.compact())),
        }
    }
    for is in new.parts.iter().filter(|is| find(old, &is.name).is_none()) {
        let path = joined(path, is.name.as_deref().unwrap_or_default());
        lines.push(format!("{path}: now {}", is.compact()));
    }
}

fn compare_elements(path: &str, old: &Value, new: &Value, lines: &mut Vec<String>) {
    lines.extend(missing(&old.parts, &new.parts).map(|value| format!("{path}: - {value}")));
    lines.extend(missing(&new.parts, &old.parts).map(|value| format!("{path}: + {value}")));
}

/// The elements of `from` that are not in `other`, counting repetitions.
fn missing(from: &[Value], other: &[Value]) -> impl Iterator<Item = String> {
    let mut other: Vec<&Value> = other.iter().collect();
    let gone = from.iter().filter(move |value| {
        let at = other.iter().position(|known| known == value);
        at.map(|at| other.swap_remove(at)).is_none()
    });
    gone.map(Value::compact)
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}: {name}") }
}

/// Reads what `{:#?}` prints.
fn parse(pretty: &str) -> Value {
    let mut open = vec![Value::default()];
    for line in pretty.lines() {
        let line = line.trim().trim_end_matches(',');
        if line.starts_with(['}', ']', ')']) && line.len() == 1 {
            close(&mut open);
            continue;
        }
        let (name, text) = match line.split_once(": ") {
            // Here a key ends that is itself printed over several lines.
            Some(("}" | "]" | ")", text)) if open.len() > 1 => {
                (open.pop().map(|key| key.compact()), text)
            }
            Some((name, text)) if is_name(name) => (Some(name.to_string()), text),
            _ => (None, line),
        };
        let value = Value { name, head: text.to_string(), parts: Vec::new() };
        let opens = text.ends_with(['{', '[', '(']);
        open.push(value);
        if !opens {
            close(&mut open);
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    let mut root = open.swap_remove(0);
    if root.parts.len() == 1 { root.parts.swap_remove(0) } else { root }
}

/// Ends the innermost open value.
fn close(open: &mut Vec<Value>) {
    if open.len() < 2 {
        return;
    }
    if let Some(done) = open.pop()
        && let Some(outer) = open.last_mut()
    {
        outer.parts.push(done);
    }
}

/// Field names, node names and keys, but not a message that happens to hold a colon.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('→') && !text.contains(['{', '[', ','])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    #[allow(dead_code)]
    struct Node {
        op: u64,
        peers: Vec<String>,
        role: Option<Role>,
        map: BTreeMap<u8, (u8, u8)>,
    }

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[allow(dead_code)]
    enum Role {
        Backup { of: u8 },
        Primary { acting: bool },
    }

    fn node() -> Node {
        Node { op: 0, peers: vec!["x".repeat(40)], role: None, map: BTreeMap::new() }
    }

    #[test]
    fn keys_may_be_printed_over_several_lines() {
        let before = BTreeMap::from([((1, Role::Backup { of: 2 }), node())]);
        let mut after = before.clone();
        for node in after.values_mut() {
            node.op = 1;
        }
        let key = "(1, Backup { of: 2 })";
        assert_eq!(changes(&before, &after), [format!("{key}: op: 0 → 1")]);
    }

    #[test]
    fn a_changed_field_is_one_line_with_both_values() {
        let after = Node { op: 1, ..node() };
        assert_eq!(changes(&node(), &after), ["op: 0 → 1"]);
        assert_eq!(changes(&after, &after), Vec::<String>::new());
    }

    #[test]
    fn elements_of_a_long_list_come_and_go_by_themselves() {
        let [y, z] = ["y", "z"].map(|letter| letter.repeat(40));
        let before = Node { peers: vec!["x".repeat(40), y.clone()], ..node() };
        let after = Node { peers: vec![y, z.clone(), z.clone()], ..node() };
        let gone = format!("peers: - {:?}", "x".repeat(40));
        let come = format!("peers: + {z:?}");
        assert_eq!(changes(&before, &after), [gone, come.clone(), come]);
    }

    #[test]
    fn a_changed_variant_shows_both() {
        let before = Node { role: Some(Role::Backup { of: 1 }), ..node() };
        let after = Node { role: Some(Role::Primary { acting: true }), ..node() };
        let line = "role: Some(Backup { of: 1 }) → Some(Primary { acting: true })";
        assert_eq!(changes(&before, &after), [line]);
        assert_eq!(changes(&node(), &before), ["role: None → Some(Backup { of: 1 })"]);
    }

    #[test]
    fn of_a_variant_that_is_left_nothing_is_told_but_that() {
        #[derive(Debug)]
        #[allow(dead_code)]
        enum Node {
            Up { state: [u64; 20], disk: u8 },
            Down { disk: u8 },
        }
        let (up, down) = (Node::Up { state: [7; 20], disk: 1 }, Node::Down { disk: 1 });
        let nodes = |node| BTreeMap::from([("node 1", node)]);
        let [crash, restart] = [(&up, &down), (&down, &up)]
            .map(|(before, after)| changes(&nodes(before), &nodes(after)));
        assert_eq!(crash, ["\"node 1\": Up → Down"]);
        assert_eq!(restart[0], "\"node 1\": Down → Up");
        assert!(restart[1].starts_with("\"node 1\": state: now [7, 7"), "{restart:?}");
        assert_eq!(restart.len(), 2, "{restart:?}");
    }

    #[test]
    fn an_entry_of_a_map_is_found_by_its_key() {
        let before = Node { map: BTreeMap::from([(1, (2, 3))]), ..node() };
        let after = Node { map: BTreeMap::from([(1, (2, 4))]), ..node() };
        assert_eq!(changes(&before, &after), ["map: { 1: (2, 3) } → { 1: (2, 4) }"]);
    }
}
