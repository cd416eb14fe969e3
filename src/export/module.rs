//! The module in TLA+, and the configuration with which TLC checks it.

use super::fairness::fairness;
use super::parts::Event;
use super::rules::rules;
use super::tables::Tables;
use super::truth::{Subject, Truth, variables};
use super::values::{function, identifier, joined, long, plain, set, tuple};
use crate::models::world::{Claim, EventKind};
use std::fmt::Write;

/// What a module says of itself.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The module's name.
    pub module: &'a str,
    /// The protocol.
    pub protocol: &'a str,
    /// The instance.
    pub instance: &'a str,
    /// What the instance has.
    pub says: &'a str,
    /// The properties that are violated; of a `sometimes`, that are reached.
    pub found: &'a [&'a str],
}

/// A module, and its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The text of the module.
    pub text: String,
    /// The text of its configuration.
    pub config: String,
}

impl Module {
    /// Of the tables of an instance.
    pub fn of(tables: &Tables, about: &About<'_>) -> Self {
        let claims = Claims::of(tables, about);
        let parts = [
            header(tables, about),
            constants(tables),
            rules(tables),
            claims.text,
            "\n====\n".into(),
        ];
        Self { text: parts.concat(), config: claims.config }
    }
}

fn header(tables: &Tables, about: &About<'_>) -> String {
    let About { module, protocol, instance, says, .. } = about;
    let cut = if tables.setting.links.is_empty() { "" } else { ", cut" };
    let mut text = format!("---- MODULE {module} ----\n");
    let lines = [
        format!("{protocol} {instance}: {says}"),
        String::new(),
        format!("Written by: quorate export --tla {protocol} --instance {instance}"),
        format!("TLC must find {} distinct states.", tables.states),
        String::new(),
        "Handlers and conditions are tables, made by running the code of the protocol. The rules of".into(),
        "the world, the search and what is fair are those of this module and of TLC.".into(),
    ];
    for line in lines {
        text += format!("\\* {}", plain(&line)).trim_end();
        text.push('\n');
    }
    text += "EXTENDS Integers, FiniteSets, Sequences, TLC\n\nVARIABLES\n";
    text +=
        "  node,     \\* what each node is: its process, its timers and its disk, as one number\n";
    text += "  left,     \\* how often what is bounded may still happen\n";
    if !cut.is_empty() {
        text += "  cut,      \\* the links that are cut\n";
    }
    text += "  history,  \\* what the observer of messages has seen, as one number\n";
    text += "  network   \\* the messages in flight\n";
    text + &format!("\nvars == <<node, left{cut}, history, network>>\n")
}

fn constants(tables: &Tables) -> String {
    let mut text = String::from("\n\\* ---- The tables\n");
    let setting = &tables.setting;
    let nodes = (1..).zip(&setting.nodes).map(|(at, name)| format!("{at}: {}", plain(name)));
    let _ = writeln!(text, "\n\\* {}", joined::<String>(nodes, ", "));
    let _ = writeln!(text, "Nodes == 1..{}", setting.nodes.len());
    if setting.refuses_former_lives {
        let _ = writeln!(text, "Servers == 1..{}", setting.servers);
    }
    messages(tables, &mut text);
    events(tables, &mut text);
    parts(tables, &mut text);
    if !setting.links.is_empty() {
        let links = setting.links.iter().map(|(one, other)| set([one + 1, other + 1]));
        let _ = writeln!(text, "\n\\* The links that may be cut.\nCuts == {}", tuple(links));
    }
    text.push_str("\n\\* ---- The rules of the world\n\n");
    if let Some(at) = setting.boundary {
        let within = formula(&tables.truths[at], !setting.links.is_empty());
        let _ = writeln!(text, "\\* What is beyond is not explored.\nWithin == {within}\n");
    }
    text
}

fn messages(tables: &Tables, text: &mut String) {
    text.push_str("\n\\* Messages, by number: sender, receiver, link.\n");
    for (at, message) in (1..).zip(&tables.messages) {
        let _ = writeln!(
            text,
            "\\* {at}: {} -> {}: {}",
            message.from,
            message.to,
            plain(&message.text)
        );
    }
    let messages = || tables.messages.iter();
    let numbers = |numbers: Vec<usize>| numbers.into_iter().map(|it| it.to_string());
    let mut row = |name: &str, items: Vec<usize>| {
        let _ = writeln!(text, "{}", long(&format!("{name} == <<"), numbers(items), ">>"));
    };
    row("From", messages().map(|message| message.from).collect());
    row("To", messages().map(|message| message.to).collect());
    row("Link", messages().map(|message| message.link).collect());
    let ends = tables.links.iter().map(|(from, to)| tuple([from, to]));
    let _ = writeln!(text, "{}", long("Ends == <<", ends, ">>"));
}

fn events(tables: &Tables, text: &mut String) {
    if tables.left.is_empty() {
        text.push_str("\n\\* Nothing is bounded.\n");
    } else {
        text.push_str("\n\\* What is bounded:\n");
    }
    for (at, bound) in (1..).zip(&tables.left) {
        let at: usize = at;
        let _ = writeln!(text, "\\* {at}: {}", plain(&bound.name(&tables.setting.timers)));
    }
    text.push_str("\n\\* Events at a node alone: at which, and what is bounded that they spend.\n");
    for (at, event) in (1..).zip(&tables.events) {
        let at: usize = at;
        let Event { node, kind, name, .. } = event;
        let kind = match kind {
            EventKind::Timer => "timer ",
            EventKind::Choice => "choice ",
            EventKind::Crash => "crash",
            EventKind::Restart => "restart",
            EventKind::Flush => "disk write",
            EventKind::Replace => "lost disk",
            EventKind::Cut(_) => "cut link",
        };
        let _ = writeln!(text, "\\* {at}: at {node}, {kind}{}", plain(name));
    }
    let _ = writeln!(text, "Events == 1..{}", tables.events.len());
    let at = tables.events.iter().map(|event| event.node.to_string());
    let spends = tables.events.iter().map(|event| event.spends.to_string());
    let _ =
        writeln!(text, "{}\n{}", long("At == <<", at, ">>"), long("Spends == <<", spends, ">>"));
    if !tables.setting.links.is_empty() {
        let cut = |event: &Event| match event.kind {
            EventKind::Cut(link) => link + 1,
            _ => 0,
        };
        let _ = writeln!(text, "CutBy == {}", tuple(tables.events.iter().map(cut)));
    }
    let replaced = (1..).zip(&tables.events).filter(|(_, it)| it.kind == EventKind::Replace);
    let replaced: Vec<usize> = replaced.map(|(at, _)| at).collect();
    if !replaced.is_empty() && tables.setting.refuses_former_lives {
        let _ = writeln!(text, "Replaced == {}", set(replaced));
    }
}

fn parts(tables: &Tables, text: &mut String) {
    let mut table = |says: &str, name: &str, items: Vec<String>| {
        let _ = writeln!(text, "\n\\* {says}\n{}", long(&format!("{name} == <<"), items, ">>"));
    };
    let parts = || tables.parts.iter();
    let pair = |(event, effect): &(usize, usize)| tuple([event, effect]);
    let local = parts().map(|part| set(part.local.iter().map(pair)));
    table(
        "By what a node is: the events that may happen, with their effects.",
        "Local",
        local.collect(),
    );
    let ignored = parts().map(|part| set(&part.ignored));
    table("By what a node is: the messages that change nothing.", "Ignored", ignored.collect());
    let delivery =
        |part: &super::parts::Part| function(part.delivery.iter().map(|(m, e)| (*m, *e)));
    let says = "By what a node is: the effects of the other messages that it is ever offered.";
    table(says, "Delivery", parts().map(delivery).collect());
    let effects = || tables.effects.iter();
    let part = effects().map(|effect| effect.part.to_string());
    table("Effects: what the node is then.", "Part", part.collect());
    let sends = effects().map(|effect| tuple(&effect.sends));
    table("Effects: what is sent, in order.", "Sends", sends.collect());
    let seen = effects().map(|effect| effect.seen.to_string());
    table("Effects: what the history sees; 0 is nothing.", "Seen", seen.collect());
    let histories = tables.histories.iter();
    let observe = histories.map(|seen| function(seen.iter().map(|(what, after)| (*what, *after))));
    table("By history: what it becomes by what it sees.", "Observe", observe.collect());
    let down = (1..).zip(&tables.parts).filter(|(_, part)| part.is_down);
    let down = down.map(|(at, _)| {
        let at: usize = at;
        at.to_string()
    });
    let _ = writeln!(text, "\n\\* Nodes that are down.\n{}", long("Down == {", down, "}"));
}

/// The properties, and the configuration that names them.
struct Claims {
    text: String,
    config: String,
}

impl Claims {
    fn of(tables: &Tables, about: &About<'_>) -> Self {
        let has_cuts = !tables.setting.links.is_empty();
        let condition = |at: usize| formula(&tables.truths[at], has_cuts);
        let mut text = String::new();
        let is_live = |claim: &Claim| ["eventually", "leads-to"].contains(&claim.kind);
        let has_liveness = tables.setting.claims.iter().any(is_live);
        text += "\nInit ==\n";
        let start = &tables.start;
        let cut = if has_cuts { "  /\\ cut = {}\n" } else { "" };
        let _ = writeln!(text, "  /\\ node = {}\n  /\\ left = {}", start.node, start.left);
        let _ = write!(text, "{cut}  /\\ history = {}\n  /\\ network = ", start.history);
        let _ = writeln!(text, "{}", start.network);
        if has_liveness {
            text += &fairness(tables);
        }
        let fair = if has_liveness { " /\\ Fairness" } else { "" };
        let _ = writeln!(text, "\nSpec == Init /\\ [][Next]_vars{fair}");
        text += "\n\\* ---- The properties\n";
        let mut claims = Self { text, config: String::new() };
        let (mut hold, mut found) = (Vec::new(), Vec::new());
        for claim in &tables.setting.claims {
            let section = if is_live(claim) { "PROPERTY" } else { "INVARIANT" };
            let line = format!("{section} {}", claims.define(claim, &condition));
            let is_found = about.found.contains(&claim.name);
            if is_found { found.push(line) } else { hold.push(line) }
        }
        claims.config = config(about, tables.states, &hold, &found);
        claims
    }

    /// Defines a property; gives its name.
    fn define(&mut self, claim: &Claim, condition: &dyn Fn(usize) -> String) -> String {
        let name = identifier(claim.name);
        let from = condition(claim.condition);
        let _ = writeln!(self.text, "\n\\* {} ({}): {}", claim.name, claim.kind, plain(claim.says));
        match (claim.kind, claim.target) {
            ("sometimes", _) => {
                let _ = writeln!(self.text, "Never_{name} == ~({from})");
                format!("Never_{name}")
            }
            ("eventually", _) => {
                let _ = writeln!(self.text, "Goal_{name} == {from}");
                let _ = writeln!(self.text, "Eventually_{name} == <>Goal_{name}");
                format!("Eventually_{name}")
            }
            (_, Some(target)) => {
                let target = condition(target);
                let _ = writeln!(self.text, "Start_{name} == {from}\nGoal_{name} == {target}");
                let _ = writeln!(self.text, "LeadsTo_{name} == Start_{name} ~> Goal_{name}");
                format!("LeadsTo_{name}")
            }
            _ => {
                let _ = writeln!(self.text, "Always_{name} == {from}");
                format!("Always_{name}")
            }
        }
    }
}

/// A condition as a formula.
fn formula(truth: &Truth, has_cuts: bool) -> String {
    let is_in = if truth.holds { "\\in" } else { "\\notin" };
    let cases = || long("{", truth.cases.iter().cloned(), "}");
    match truth.subject {
        Subject::EachNode => format!("\\A n \\in Nodes : node[n] {is_in} {}", cases()),
        Subject::SomeNode => format!("\\E n \\in Nodes : node[n] {is_in} {}", cases()),
        Subject::Parts(reads) => match &variables(reads, has_cuts)[..] {
            [] => (truth.holds != truth.cases.is_empty()).to_string().to_uppercase(),
            [variable] => format!("{variable} {is_in} {}", cases()),
            variables => format!("{} {is_in} {}", tuple(variables), cases()),
        },
    }
}

fn config(about: &About<'_>, states: usize, hold: &[String], found: &[String]) -> String {
    let mut text = format!(
        "\\* {} {}: with this, TLC must find no error and {states} distinct states.\n\
         SPECIFICATION Spec\nCHECK_DEADLOCK FALSE\n",
        about.protocol, about.instance
    );
    for line in hold {
        text += line;
        text.push('\n');
    }
    if !found.is_empty() {
        text += "\\* TLC must find each of these violated. It stops at the first: one at a time.\n";
    }
    for line in found {
        let _ = writeln!(text, "\\* {line}");
    }
    text
}
