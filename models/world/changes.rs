//! What changed from one state to the next, in words: a line per field, not two whole states.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// The differences between two values, by the paths of their fields: `replica 1: op: 0 → 1`.
pub fn changes<T: Debug>(before: &T, after: &T) -> Vec<String> {
    let before = leaves(&format!("{before:#?}"));
    let after = leaves(&format!("{after:#?}"));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut lines = Vec::new();
    for path in paths {
        let (old, new) = (before.get(path), after.get(path));
        if old == new {
            continue;
        }
        let empty = Vec::new();
        let (old, new) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
        if let ([old], [new]) = (old.as_slice(), new.as_slice()) {
            lines.push(format!("{path}: {old} → {new}"));
        } else {
            lines.extend(missing(old, new).map(|value| format!("{path}: - {value}")));
            lines.extend(missing(new, old).map(|value| format!("{path}: + {value}")));
        }
    }
    lines
}

/// The elements of `from` that are not in `other`, counting repetitions.
fn missing<'a>(from: &'a [String], other: &[String]) -> impl Iterator<Item = &'a String> {
    let mut other: Vec<&String> = other.iter().collect();
    from.iter().filter(move |value| match other.iter().position(|known| known == value) {
        Some(at) => {
            other.swap_remove(at);
            false
        }
        None => true,
    })
}

/// The leaves of a pretty-printed value, by path. Elements of a list share the list's path.
fn leaves(pretty: &str) -> BTreeMap<String, Vec<String>> {
    let mut leaves: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut path: Vec<String> = Vec::new();
    for line in pretty.lines() {
        let line = line.trim().trim_end_matches(',');
        if line.chars().all(|c| "{}[]()".contains(c)) && line.starts_with(['}', ']', ')']) {
            path.pop();
            continue;
        }
        let opens = line.ends_with(['{', '[', '(']);
        let (name, value) = match line.split_once(": ") {
            Some((name, value)) if is_name(name) => (Some(name), value),
            _ => (None, line),
        };
        if opens {
            let kind = value.trim_end_matches(['{', '[', '(', ' ']);
            path.push(match (name, kind) {
                (Some(name), _) => name.to_string(),
                (None, kind) => kind.to_string(),
            });
            if name.is_some() && !kind.is_empty() {
                // Which variant it is, is a fact of its own.
                leaves.entry(joined(&path)).or_default().push(kind.to_string());
            }
        } else {
            let mut at = joined(&path);
            if let Some(name) = name {
                if !at.is_empty() {
                    at.push_str(": ");
                }
                at.push_str(name);
            }
            leaves.entry(at).or_default().push(value.to_string());
        }
    }
    leaves
}

/// Wrappers such as `Some(` and anonymous braces say nothing in a path.
fn joined(path: &[String]) -> String {
    let telling = path.iter().filter(|part| !part.is_empty() && *part != "Some" && *part != "Up");
    telling.cloned().collect::<Vec<_>>().join(": ")
}

/// Field names and node names, but not a message that happens to hold a colon.
fn is_name(text: &str) -> bool {
    !text.contains('→') && !text.contains(['{', '(', '[', '"', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[allow(dead_code)]
    struct Node {
        op: u64,
        peers: Vec<u8>,
        role: Option<Role>,
    }

    #[derive(Debug)]
    #[allow(dead_code)]
    enum Role {
        Backup { of: u8 },
        Primary { acting: bool },
    }

    #[test]
    fn a_changed_field_is_one_line_with_both_values() {
        let a = Node { op: 0, peers: vec![1], role: None };
        let b = Node { op: 1, peers: vec![1], role: None };
        assert_eq!(changes(&a, &b), ["Node: op: 0 → 1"]);
        assert_eq!(changes(&a, &a), Vec::<String>::new());
    }

    #[test]
    fn elements_of_a_list_come_and_go_by_themselves() {
        let a = Node { op: 0, peers: vec![1, 2], role: None };
        let b = Node { op: 0, peers: vec![2, 3, 3], role: None };
        assert_eq!(changes(&a, &b), ["Node: peers: - 1", "Node: peers: + 3", "Node: peers: + 3"]);
    }

    #[test]
    fn a_changed_variant_is_told() {
        let a = Node { op: 0, peers: vec![], role: Some(Role::Backup { of: 1 }) };
        let b = Node { op: 0, peers: vec![], role: Some(Role::Primary { acting: true }) };
        let lines = changes(&a, &b);
        assert!(lines.iter().any(|line| line.contains("acting: + true")), "{lines:?}");
    }
}
