//! Whether a text is a module as far as that can be seen without a parser: brackets are balanced, every
//! name is defined before it is used and none twice, and reserved words are where they belong.

use std::collections::BTreeSet;

/// What the standard modules define of what is used.
const STANDARD: &[&str] = &[
    "Cardinality",
    "Head",
    "Tail",
    "Len",
    "SelectSeq",
    "Integers",
    "FiniteSets",
    "Sequences",
    "TLC",
];
/// The reserved words that a module uses.
const RESERVED: &[&str] = &[
    "EXTENDS",
    "VARIABLES",
    "MODULE",
    "IF",
    "THEN",
    "ELSE",
    "LET",
    "IN",
    "EXCEPT",
    "DOMAIN",
    "ENABLED",
    "UNCHANGED",
    "LAMBDA",
    "WF_vars",
    "SF_vars",
    "TRUE",
    "FALSE",
];

pub(crate) fn faults(text: &str, name: &str) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    if !text.starts_with(&format!("---- MODULE {name} ----\n")) || !text.ends_with("\n====\n") {
        faults.insert("no module".into());
    }
    if !text.is_ascii() {
        faults.insert("letters that are not ASCII".into());
    }
    let lines = text.lines().filter(|line| !line.starts_with('-') && !line.starts_with('='));
    let code: Vec<&str> = lines.map(|line| line.split(r"\*").next().unwrap()).collect();
    let code = code.join("\n");
    faults.extend(brackets(&code));
    let mut known: BTreeSet<&str> = STANDARD.iter().chain(RESERVED).copied().collect();
    for definition in definitions(&code) {
        faults.extend(unknown(definition, &mut known));
    }
    faults
}

/// The pieces that begin in the first column.
fn definitions(code: &str) -> Vec<&str> {
    let starts = code.match_indices('\n').map(|(at, _)| at + 1);
    let is_start = |at: &usize| code[*at..].starts_with(|c: char| c.is_ascii_alphabetic());
    let mut starts: Vec<usize> = std::iter::once(0).chain(starts).filter(is_start).collect();
    starts.push(code.len());
    starts.windows(2).map(|two| &code[two[0]..two[1]]).collect()
}

/// The names in a definition that nothing defines before it; its own is known from then on.
fn unknown<'c>(definition: &'c str, known: &mut BTreeSet<&'c str>) -> Vec<String> {
    if let Some(variables) = definition.strip_prefix("VARIABLES") {
        known.extend(variables.split([',', ' ', '\n']).filter(|it| !it.is_empty()));
        return Vec::new();
    }
    if definition.starts_with("EXTENDS") {
        let unknown = words(definition).into_iter().filter(|word| !known.contains(word));
        return unknown.map(|word| format!("{word} is no standard module")).collect();
    }
    let Some((head, body)) = definition.split_once(" ==") else {
        return vec![format!("no definition: {definition:.40}")];
    };
    let mut head = words(head).into_iter();
    let own = head.next().unwrap_or_default();
    let mut bound: BTreeSet<&str> = head.collect();
    let mut faults = Vec::new();
    for word in &bound {
        faults.extend(known.contains(word).then(|| format!("{word} is defined twice")));
    }
    // What is bound inside: `\E x \in S`, `{x \in S : ...}`, `[x \in S |-> ...]`, `LET x ==`.
    for (at, _) in body.match_indices(r" \in ") {
        bound.extend(words(&body[..at]).pop());
    }
    for mark in ["LET ", "LAMBDA "] {
        let after = body.match_indices(mark).map(|(at, _)| &body[at + mark.len()..]);
        bound.extend(after.filter_map(|text| words(text).first().copied()));
    }
    let unknown = words(body).into_iter().filter(|it| !known.contains(it) && !bound.contains(it));
    faults.extend(unknown.map(|word| format!("{own} uses {word}, which is not defined")));
    if !known.insert(own) {
        faults.push(format!("{own} is defined twice"));
    }
    faults
}

/// The names in a text; operators such as `\in` are none.
fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut words, mut from) = (Vec::new(), None);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match from {
            None if is_word(c) => from = Some(at),
            Some(start) if !is_word(c) => {
                // The `_` of `[A]_vars` is no part of the name.
                let word = text[start..at].trim_start_matches('_');
                let is_operator = text[..start].ends_with('\\');
                let is_number = word.chars().all(|c| c.is_ascii_digit());
                words.extend((!is_operator && !is_number).then_some(word));
                from = None;
            }
            _ => {}
        }
    }
    words
}

fn brackets(code: &str) -> Option<String> {
    let mut open = Vec::new();
    let code = code.replace("<<", "\u{ab}").replace(">>_", "\u{bb}_").replace(">>", "\u{bb}");
    for c in code.chars() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            '\u{ab}' => open.push('\u{bb}'),
            ')' | ']' | '}' | '\u{bb}' if open.pop() != Some(c) => {
                return Some(format!("{c} closes nothing"));
            }
            _ => {}
        }
    }
    open.pop().map(|c| format!("{c} is missing"))
}

#[test]
fn faults_are_found() {
    let module = |body: &str| {
        let text = format!("---- MODULE m ----\nEXTENDS TLC\nVARIABLES\n  x\n{body}\n====\n");
        faults(&text, "m")
    };
    assert_eq!(module("A == {1, 2}\nB == \\E y \\in A : x' = y"), BTreeSet::new());
    for wrong in ["A == {1, 2", "A == B", "A == 1\nA == 2", "x == 1", "A == \"\u{2192}\"", "A"] {
        assert_eq!(module(wrong).len(), 1, "{wrong}: {:?}", module(wrong));
    }
    assert_eq!(faults("A == 1", "m").len(), 1);
}
