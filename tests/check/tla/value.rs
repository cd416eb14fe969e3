//! The constants of a module as values: numbers, sequences, sets, and functions of numbers.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Int(usize),
    Set(BTreeSet<Value>),
    /// A sequence is a function, too: of 1, 2, ...
    Function(BTreeMap<usize, Value>),
}

impl Value {
    pub(crate) fn int(&self) -> usize {
        let Self::Int(number) = self else { panic!("{self:?} is no number") };
        *number
    }

    pub(crate) fn set(&self) -> &BTreeSet<Value> {
        let Self::Set(set) = self else { panic!("{self:?} is no set") };
        set
    }

    pub(crate) fn function(&self) -> &BTreeMap<usize, Value> {
        let Self::Function(function) = self else { panic!("{self:?} is no function") };
        function
    }

    /// As TLC does: what is not in the domain is an error.
    pub(crate) fn at(&self, argument: usize) -> &Value {
        let known = self.function().get(&argument);
        known.unwrap_or_else(|| panic!("{argument} is not in the domain of {self:?}"))
    }

    pub(crate) fn of(&self, argument: usize) -> usize {
        self.at(argument).int()
    }

    pub(crate) fn sequence(values: impl IntoIterator<Item = Value>) -> Self {
        Self::Function((1..).zip(values).collect())
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        self.set().contains(&Self::Int(number))
    }
}

/// Reads a value at the start of a text; what follows it.
pub(crate) fn read(text: &str) -> (Value, &str) {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix("<<") {
        let (items, rest) = items(rest, ">>");
        return (Value::sequence(items), rest);
    }
    if let Some(rest) = text.strip_prefix('{') {
        let (items, rest) = items(rest, "}");
        return (Value::Set(items.into_iter().collect()), rest);
    }
    if let Some(rest) = text.strip_prefix(r"[x \in {} |-> 0]") {
        return (Value::Function(BTreeMap::new()), rest);
    }
    if let Some(rest) = text.strip_prefix('(') {
        return pairs(rest);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..end].parse().unwrap_or_else(|_| panic!("no value: {text:.60}"));
    match text[end..].strip_prefix("..") {
        None => (Value::Int(number), &text[end..]),
        Some(rest) => {
            let (last, rest) = read(rest);
            (Value::Set((number..=last.int()).map(Value::Int).collect()), rest)
        }
    }
}

fn items<'t>(mut text: &'t str, close: &str) -> (Vec<Value>, &'t str) {
    let mut items = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix(close) {
            return (items, rest);
        }
        if !items.is_empty() {
            text = text.strip_prefix(',').expect("a comma between items");
        }
        let (item, rest) = read(text);
        items.push(item);
        text = rest;
    }
}

fn pairs(mut text: &str) -> (Value, &str) {
    let mut function = BTreeMap::new();
    loop {
        let (from, rest) = read(text);
        let rest = rest.trim_start().strip_prefix(":>").expect("a pair");
        let (to, rest) = read(rest);
        assert_eq!(function.insert(from.int(), to), None, "twice {from:?}");
        let rest = rest.trim_start();
        match rest.strip_prefix("@@") {
            Some(rest) => text = rest,
            None => return (Value::Function(function), rest.strip_prefix(')').expect("an end")),
        }
    }
}
