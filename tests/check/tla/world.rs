//! A naive interpreter of an exported module: it reads the tables from the text, and has the rules of the
//! world a third time, by maps and sets. It knows nothing of the crate.

use super::value::{Value, read};
use std::collections::{BTreeMap, BTreeSet};

/// A state, by the names of its variables.
pub(crate) type State = BTreeMap<&'static str, Value>;

/// A module that was read.
pub(crate) struct Module {
    text: String,
    tables: BTreeMap<&'static str, Value>,
    pub(crate) start: State,
}

const TABLES: [&str; 19] = [
    "Nodes", "Servers", "From", "To", "Link", "Ends", "Cuts", "At", "Spends", "CutBy", "Replaced",
    "Local", "Ignored", "Delivery", "Down", "Part", "Sends", "Seen", "Observe",
];
const VARIABLES: [&str; 5] = ["node", "left", "cut", "history", "network"];

impl Module {
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with(r"\*"));
        let text = lines.collect::<Vec<_>>().join("\n");
        let value = |mark: &str| Some(read(after(&text, mark)?).0);
        let table = |name: &&'static str| Some((*name, value(&format!("\n{name} == "))?));
        let tables = TABLES.iter().filter_map(table).collect();
        let variable = |name: &&'static str| Some((*name, value(&format!("\n  /\\ {name} = "))?));
        let start = VARIABLES.iter().filter_map(variable).collect();
        Self { text, tables, start }
    }

    fn table(&self, name: &str) -> &Value {
        self.tables.get(name).unwrap_or_else(|| panic!("the module has no {name}"))
    }

    /// Changes a table.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut BTreeMap<usize, Value>)) {
        let Some(Value::Function(table)) = self.tables.get_mut(name) else {
            panic!("the module has no table {name}")
        };
        change(table);
    }

    /// The effects, each with what it sends.
    pub(crate) fn effects(&self) -> Vec<(usize, BTreeMap<usize, Value>)> {
        let sends = self.table("Sends").function().iter();
        sends.map(|(effect, sends)| (*effect, sends.function().clone())).collect()
    }

    /// How many states there are; `None` if a table has no entry for what is met.
    pub(crate) fn states_or_error(self) -> Option<usize> {
        std::panic::catch_unwind(|| self.states().len()).ok()
    }

    fn rule(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// All states, breadth-first.
    pub(crate) fn states(&self) -> BTreeSet<State> {
        let mut known = BTreeSet::from([self.start.clone()]);
        let mut open = vec![self.start.clone()];
        while let Some(state) = open.pop() {
            for next in self.next(&state) {
                if known.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        known
    }

    /// `Next`.
    fn next(&self, state: &State) -> Vec<State> {
        let messages = self.in_flight(state);
        let mut next: Vec<State> =
            messages.iter().filter_map(|message| self.deliver(state, *message)).collect();
        if self.rule("\nLose(m) ==") {
            let is_lost = |m: &&usize| self.table("From").of(**m) != self.table("To").of(**m);
            let lost = messages.iter().filter(is_lost);
            next.extend(lost.map(|m| with(state, "network", self.without(state, *m))));
        }
        let events = self.table("At").function().keys();
        next.extend(events.flat_map(|event| self.happen(state, *event)));
        if self.rule("/\\ Within'") {
            next.retain(|state| self.holds("Within", state));
        }
        next
    }

    fn in_flight(&self, state: &State) -> BTreeSet<usize> {
        let network = &state["network"];
        if self.rule("\nInFlight == network") {
            return network.set().iter().map(Value::int).collect();
        }
        let items = network.function().iter();
        let is_ordered = self.rule("\nInFlight == {Head(network[l])");
        items.map(|(at, item)| if is_ordered { item.of(1) } else { *at }).collect()
    }

    fn is_cut(&self, state: &State, message: usize) -> bool {
        let Some(cut) = state.get("cut") else { return false };
        let ends = [self.table("From").of(message), self.table("To").of(message)];
        let ends = Value::Set(ends.map(Value::Int).into());
        cut.set().iter().any(|link| *self.table("Cuts").at(link.int()) == ends)
    }

    fn deliver(&self, state: &State, message: usize) -> Option<State> {
        let to = self.table("To").of(message);
        if !self.table("Nodes").has(to) || self.is_cut(state, message) {
            return None;
        }
        let part = state["node"].of(to);
        if self.table("Down").has(part) {
            return None;
        }
        let is_set = self.rule("\nTaken(m) == network\n");
        if self.table("Ignored").at(part).has(message) {
            let without = || with(state, "network", self.without(state, message));
            return (!is_set).then(without);
        }
        let effect = self.table("Delivery").at(part).of(message);
        let taken = if is_set { state["network"].clone() } else { self.without(state, message) };
        Some(self.becomes(&with(state, "network", taken), to, effect))
    }

    /// The network without a message, or without its first copy.
    fn without(&self, state: &State, message: usize) -> Value {
        let mut network = state["network"].clone();
        match &mut network {
            Value::Set(set) => drop(set.remove(&Value::Int(message))),
            Value::Function(items) if self.rule("\nTaken(m) ==\n  LET l == Link[m]") => {
                let link = self.table("Link").of(message);
                let queue = items.remove(&link).expect("a queue");
                let rest: Vec<Value> = queue.function().values().skip(1).cloned().collect();
                if !rest.is_empty() {
                    items.insert(link, Value::sequence(rest));
                }
            }
            Value::Function(items) => match items.remove(&message).expect("a copy").int() {
                1 => {}
                copies => drop(items.insert(message, Value::Int(copies - 1))),
            },
            Value::Int(_) => panic!("a network is no number"),
        }
        network
    }

    fn becomes(&self, state: &State, node: usize, effect: usize) -> State {
        let mut next = state.clone();
        if let Some(Value::Function(nodes)) = next.get_mut("node") {
            nodes.insert(node, self.table("Part").at(effect).clone());
        }
        let seen = self.table("Seen").of(effect);
        if seen > 0 {
            let after = self.table("Observe").at(state["history"].int()).at(seen);
            next.insert("history", after.clone());
        }
        for message in self.table("Sends").at(effect).function().values() {
            let message = message.int();
            match next.get_mut("network") {
                Some(Value::Set(set)) => {
                    if !self.is_cut(state, message) {
                        set.insert(Value::Int(message));
                    }
                }
                Some(Value::Function(items)) if self.rule("SelectSeq(sends") => {
                    let link = self.table("Link").of(message);
                    let queue = items.entry(link).or_insert(Value::sequence([]));
                    let mut longer = queue.function().clone();
                    longer.insert(longer.len() + 1, Value::Int(message));
                    *queue = Value::Function(longer);
                }
                Some(Value::Function(items)) => {
                    let copies = items.get(&message).map_or(0, Value::int);
                    items.insert(message, Value::Int(copies + 1));
                }
                _ => panic!("a network is no number"),
            }
        }
        next
    }

    fn happen(&self, state: &State, event: usize) -> Vec<State> {
        let node = self.table("At").of(event);
        let local = self.table("Local").at(state["node"].of(node)).set();
        let mut paid = state.clone();
        let spends = self.table("Spends").of(event);
        if spends > 0 {
            let Some(Value::Function(left)) = paid.get_mut("left") else { panic!("no budget") };
            let Some(Value::Int(count @ 1..)) = left.get_mut(&spends) else { return Vec::new() };
            *count -= 1;
        }
        if let Some(Value::Set(cut)) = paid.get_mut("cut") {
            let link = self.table("CutBy").of(event);
            if link > 0 && !cut.insert(Value::Int(link)) {
                return Vec::new();
            }
        }
        if self.tables.get("Replaced").is_some_and(|replaced| replaced.has(event)) {
            let network = self.silenced(&paid["network"], node);
            paid.insert("network", network);
        }
        let effects = local.iter().filter(|it| it.of(1) == event).map(|it| it.of(2));
        effects.map(|effect| self.becomes(&paid, node, effect)).collect()
    }

    /// Without what a node sent to servers.
    fn silenced(&self, network: &Value, node: usize) -> Value {
        let is_former = |from: usize, to: usize| from == node && self.table("Servers").has(to);
        let of_message = |message: usize| {
            is_former(self.table("From").of(message), self.table("To").of(message))
        };
        match network {
            Value::Set(set) => {
                let rest = set.iter().filter(|message| !of_message(message.int()));
                Value::Set(rest.cloned().collect())
            }
            Value::Function(items) => {
                let by_link = self.rule("SelectSeq(sends");
                let ends = |link: usize| self.table("Ends").at(link);
                let is_kept = |at: &usize| {
                    let of_link = || is_former(ends(*at).of(1), ends(*at).of(2));
                    !(if by_link { of_link() } else { of_message(*at) })
                };
                let rest = items.iter().filter(|(at, _)| is_kept(at));
                Value::Function(rest.map(|(at, item)| (*at, item.clone())).collect())
            }
            Value::Int(_) => panic!("a network is no number"),
        }
    }

    /// Whether a condition holds that is defined by this name.
    pub(crate) fn holds(&self, name: &str, state: &State) -> bool {
        let text = after(&self.text, &format!("\n{name} == "));
        let text = text.unwrap_or_else(|| panic!("no {name}"));
        match text.strip_prefix("~(") {
            Some(text) => !Self::is_so(text, state),
            None => Self::is_so(text, state),
        }
    }

    fn is_so(text: &str, state: &State) -> bool {
        if text.starts_with("TRUE") || text.starts_with("FALSE") {
            return text.starts_with("TRUE");
        }
        let is_in = |mark| text.split_once(mark).map_or(usize::MAX, |(subject, _)| subject.len());
        let (place, other) = (is_in(r" \in {"), is_in(r" \notin {"));
        let (is_in, subject) = (place < other, &text[..place.min(other)]);
        let (_, rest) = text[subject.len()..].split_once('{').expect("a set");
        let cases = read(&format!("{{{rest}")).0;
        let nodes = || state["node"].function().values();
        let is_case = |value: &Value| cases.set().contains(value) == is_in;
        match subject {
            r"\A n \in Nodes : node[n]" => nodes().all(is_case),
            r"\E n \in Nodes : node[n]" => nodes().any(is_case),
            subject => {
                let names: Vec<&str> = subject.trim_matches(['<', '>']).split(", ").collect();
                let values = names.iter().map(|name| state[name].clone());
                match names.len() {
                    1 => is_case(&state[names[0]]),
                    _ => is_case(&Value::sequence(values)),
                }
            }
        }
    }
}

fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.find(mark).map(|at| &text[at + mark.len()..])
}

fn with(state: &State, name: &'static str, value: Value) -> State {
    let mut state = state.clone();
    state.insert(name, value);
    state
}
