//! A plain explorer, written from the rules of the world and sharing no code with the engine:
//! whole states in a map, a handler run for each step, nothing remembered, nothing packed.

use super::claims::{Claim, Claimed};
use super::systems::{Log, Saved, System, Table};
use quorate::models::durable::{Durable, Recoverable};
use quorate::models::world::{DiskKind, NetworkKind};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

type Envelope = (usize, usize, u8);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Running {
    state: u8,
    timers: BTreeSet<u8>,
    choices: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    running: Option<Running>,
    durable: Option<Saved>,
    pending: Vec<Saved>,
    /// Whether messages wait for what is pending.
    blocks: bool,
    /// The messages that wait for the disk.
    held: Vec<(usize, u8)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct World {
    nodes: Vec<Node>,
    /// In the order sent on ordered links, sorted elsewhere.
    flying: BTreeMap<(usize, usize), Vec<u8>>,
    crashes: u8,
    restarts: u8,
    bounded: u8,
    log: Log,
}

/// A class of steps about which fairness may promise something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    None,
    Link(usize, usize),
    Message(Envelope),
    Timer(usize, u8),
    Restart(usize),
    Flush(usize),
    Choice(usize),
}

/// The reachable states and steps; a step beyond the bounds leads nowhere.
pub(crate) struct Explored {
    pub(crate) worlds: Vec<World>,
    pub(crate) depths: Vec<usize>,
    pub(crate) steps: Vec<Vec<(Class, Option<usize>)>>,
    pub(crate) generated: usize,
}

/// Explores it all, unless there are more states than `limit`.
pub(crate) fn explore(system: &System, limit: usize) -> Option<Explored> {
    let first = start(system);
    let mut all = Explored { worlds: vec![], depths: vec![], steps: vec![], generated: 0 };
    let mut known = BTreeMap::new();
    if is_within(system, &first) {
        known.insert(first.clone(), 0);
        all = Explored { worlds: vec![first], depths: vec![0], steps: vec![], generated: 1 };
    }
    let mut at = 0;
    while at < all.worlds.len() {
        let mut found = Vec::new();
        for (class, next) in steps(system, &all.worlds[at]) {
            if !is_within(system, &next) {
                found.push((class, None));
                continue;
            }
            all.generated += 1;
            let number = *known.entry(next.clone()).or_insert(all.worlds.len());
            if number == all.worlds.len() {
                all.worlds.push(next);
                all.depths.push(all.depths[at] + 1);
            }
            found.push((class, Some(number)));
        }
        all.steps.push(found);
        at += 1;
        if all.worlds.len() > limit {
            return None;
        }
    }
    Some(all)
}

fn is_within(system: &System, world: &World) -> bool {
    let is_bound = |claim| world.holds(claim);
    world.flying.values().map(Vec::len).sum::<usize>() <= system.bound
        && system.within.is_none_or(is_bound)
}

fn start(system: &System) -> World {
    let mut world = World {
        nodes: vec![blank(); system.table.nodes],
        flying: BTreeMap::new(),
        crashes: system.faults.crashes,
        restarts: system.faults.restarts,
        bounded: system.faults.timers[0].1,
        log: system.log,
    };
    for id in 0..system.table.nodes {
        begin(system, &mut world, id);
    }
    world
}

fn blank() -> Node {
    Node { running: None, durable: None, pending: vec![], blocks: false, held: vec![] }
}

fn begin(system: &System, world: &mut World, id: usize) {
    let mut out = Out::new();
    let state = system.table.on_start(Id::from(id), &world.nodes[id].durable, &mut out);
    let running = Running { state, timers: BTreeSet::new(), choices: BTreeMap::new() };
    world.nodes[id].running = Some(running);
    carry_out(system, world, id, out);
    if system.disk == DiskKind::Asynchronous && !world.nodes[id].pending.is_empty() {
        // The saves of a node as it starts are durable before anything else.
        write(system, world, id);
    }
}

/// What a handler asked for, in order, but for what it sends: that comes last.
fn carry_out(system: &System, world: &mut World, id: usize, out: Out<Table>) {
    let (sent, others): (Vec<_>, Vec<_>) =
        out.into_iter().partition(|command| matches!(command, Command::Send(..)));
    for command in others {
        let node = &mut world.nodes[id];
        let running = node.running.as_mut().expect("it ran");
        match command {
            Command::Send(..) => unreachable!("it is among the others"),
            Command::SetTimer(timer, _) => drop(running.timers.insert(timer)),
            Command::CancelTimer(timer) => drop(running.timers.remove(&timer)),
            Command::ChooseRandom(key, options) if options.is_empty() => {
                running.choices.remove(&key);
            }
            Command::ChooseRandom(key, options) => drop(running.choices.insert(key, options)),
            Command::Save(delta) if system.saves_late(id) => {
                node.blocks |=
                    system.disk == DiskKind::Asynchronous && !system.table.is_lazy(&delta);
                node.pending.push(delta);
            }
            Command::Save(delta) => Durable::fold(&mut node.durable, delta),
        }
    }
    if system.disk == DiskKind::Asynchronous {
        // All of them become durable at once.
        let mut folded = None;
        let pending = &mut world.nodes[id].pending;
        pending.drain(..).for_each(|delta| Durable::fold(&mut folded, delta));
        pending.extend(folded);
    }
    for command in sent {
        let Command::Send(to, message) = command else { unreachable!("it is among the others") };
        let (node, to) = (&mut world.nodes[id], usize::from(to));
        if node.blocks && system.table.waits_for_disk(&message) {
            let is_there = node.held.contains(&(to, message));
            if !(system.keeps_one_copy() && is_there) {
                node.held.push((to, message));
            }
            if system.keeps_one_copy() {
                node.held.sort_unstable();
            }
        } else {
            send(system, world, (id, to, message));
        }
    }
}

fn send(system: &System, world: &mut World, (from, to, message): Envelope) {
    if message == 1 {
        world.log = world.log.next(false, to, message).unwrap_or(world.log);
    }
    let link = world.flying.entry((from, to)).or_default();
    if !(system.keeps_one_copy() && link.contains(&message)) {
        link.push(message);
    }
    if system.network != NetworkKind::Ordered {
        link.sort_unstable();
    }
}

fn take_away(world: &mut World, (from, to, message): Envelope) {
    let link = world.flying.get_mut(&(from, to)).expect("it is in flight");
    let at = link.iter().position(|known| *known == message).expect("it is in flight");
    link.remove(at);
    if link.is_empty() {
        world.flying.remove(&(from, to));
    }
}

/// The messages that may be next, each once.
fn deliverable(system: &System, world: &World) -> BTreeSet<Envelope> {
    let is_ordered = system.network == NetworkKind::Ordered;
    (world.flying.iter())
        .flat_map(|((from, to), link)| {
            let next = if is_ordered { &link[..1] } else { link.as_slice() };
            next.iter().map(|message| (*from, *to, *message))
        })
        .collect()
}

fn steps(system: &System, world: &World) -> Vec<(Class, World)> {
    let mut all = Vec::new();
    for envelope in deliverable(system, world) {
        if system.lossy && envelope.0 != envelope.1 {
            let mut next = world.clone();
            take_away(&mut next, envelope);
            all.push((Class::None, next));
        }
        let class = if system.fairness.per_message {
            Class::Message(envelope)
        } else {
            Class::Link(envelope.0, envelope.1)
        };
        all.extend(deliver(system, world, envelope).map(|next| (class, next)));
    }
    for (id, node) in world.nodes.iter().enumerate() {
        let Some(running) = &node.running else {
            if world.restarts > 0 {
                let mut next = world.clone();
                next.restarts -= 1;
                begin(system, &mut next, id);
                all.push((Class::Restart(id), next));
            }
            continue;
        };
        for timer in &running.timers {
            let next = fire(system, world, id, *timer);
            all.extend(next.map(|next| (Class::Timer(id, *timer), next)));
        }
        for (key, options) in &running.choices {
            for option in options.iter().collect::<BTreeSet<_>>() {
                let next = choose(system, world, id, (key, *option));
                all.push((Class::Choice(id), next));
            }
        }
        if world.crashes > 0 && id < system.servers {
            let mut next = world.clone();
            next.crashes -= 1;
            let durable = node.durable;
            next.nodes[id] = Node { running: None, durable, ..blank() };
            all.push((Class::None, next));
        }
        if !node.pending.is_empty() {
            let mut next = world.clone();
            write(system, &mut next, id);
            all.push((Class::Flush(id), next));
        }
    }
    all
}

/// The disk writes the oldest pending save, or, if it is asynchronous, all of them.
fn write(system: &System, world: &mut World, id: usize) {
    let node = &mut world.nodes[id];
    let is_all = system.disk == DiskKind::Asynchronous;
    let count = if is_all { node.pending.len() } else { 1 };
    for delta in node.pending.drain(..count) {
        Durable::fold(&mut node.durable, delta);
    }
    node.blocks = false;
    for (to, message) in std::mem::take(&mut node.held) {
        send(system, world, (id, to, message));
    }
}

/// A message is delivered. If that changes nothing, it is taken away, or on the set network no
/// step.
fn deliver(system: &System, world: &World, envelope: Envelope) -> Option<World> {
    let (from, to, message) = envelope;
    let before = world.nodes.get(to)?.running.as_ref()?.state;
    let mut state = Cow::Borrowed(&before);
    let mut out = Out::new();
    system.table.on_msg(Id::from(to), &mut state, Id::from(from), message, &mut out);
    // To set a state to what it was is a change.
    let is_changed = matches!(state, Cow::Owned(_));
    let mut next = world.clone();
    if !is_changed && out.iter().next().is_none() {
        if system.network == NetworkKind::Set {
            return None;
        }
        take_away(&mut next, envelope);
        return Some(next);
    }
    if system.network != NetworkKind::Set {
        take_away(&mut next, envelope);
    }
    if message == 1 {
        next.log = next.log.next(true, to, message).unwrap_or(next.log);
    }
    next.nodes[to].running.as_mut()?.state = *state;
    carry_out(system, &mut next, to, out);
    Some(next)
}

/// A timer fires, within its budget. If all that it does is to be set again, it is no step.
fn fire(system: &System, world: &World, id: usize, timer: u8) -> Option<World> {
    let mut next = world.clone();
    if timer == 0 {
        next.bounded = next.bounded.checked_sub(1)?;
    }
    let running = next.nodes[id].running.as_mut()?;
    running.timers.remove(&timer);
    let before = running.state;
    let mut state = Cow::Borrowed(&before);
    let mut out = Out::new();
    system.table.on_timeout(Id::from(id), &mut state, &timer, &mut out);
    let commands: Vec<_> = out.iter().collect();
    let is_set_again = matches!(commands[..], [Command::SetTimer(set, _)] if *set == timer);
    if is_set_again && matches!(state, Cow::Borrowed(_)) {
        return None;
    }
    running.state = *state;
    carry_out(system, &mut next, id, out);
    Some(next)
}

fn choose(system: &System, world: &World, id: usize, (key, option): (&str, u8)) -> World {
    let mut next = world.clone();
    let running = next.nodes[id].running.as_mut().expect("it runs");
    running.choices.remove(key);
    let before = running.state;
    let mut state = Cow::Borrowed(&before);
    let mut out = Out::new();
    system.table.on_random(Id::from(id), &mut state, &option, &mut out);
    running.state = *state;
    carry_out(system, &mut next, id, out);
    next
}

impl World {
    pub(crate) fn holds(&self, claim: Claim) -> bool {
        let states = || self.nodes.iter().map(|node| node.running.as_ref().map(|r| r.state));
        match claim {
            Claim::NoneIn(bad) => states().all(|state| state != Some(bad)),
            Claim::SomeIn(good) => states().any(|state| state == Some(good)),
            Claim::AllIn(good) => states().all(|state| state == Some(good)),
            Claim::InFlight(message) => self.flying.values().any(|link| link.contains(&message)),
            Claim::Counted(count) => self.log.count == count,
            Claim::NoneInFlight(message) => !self.holds(Claim::InFlight(message)),
            Claim::NoneTo(message, state) => {
                let is_told = |to: usize| states().nth(to) == Some(Some(state));
                !self.flying.iter().any(|((_, to), link)| link.contains(&message) && is_told(*to))
            }
        }
    }

    /// All but what is in flight and not counted.
    pub(crate) fn core(&self, is_counted: impl Fn(u8) -> bool) -> Self {
        let mut core = self.clone();
        core.flying.values_mut().for_each(|link| link.retain(|message| is_counted(*message)));
        core.flying.retain(|_, link| !link.is_empty());
        core
    }

    /// The same with each node in the place that `to` says.
    fn exchanged(&self, to: &[usize]) -> Self {
        let place = |id: usize| to.get(id).copied().unwrap_or(id);
        let mut image = self.clone();
        for (id, node) in self.nodes.iter().enumerate() {
            image.nodes[place(id)] = node.clone();
        }
        image.flying = (self.flying.iter())
            .map(|((from, to), link)| ((place(*from), place(*to)), link.clone()))
            .collect();
        image
    }

    /// The least of its images when the first `alike` nodes, at most three, are exchanged.
    pub(crate) fn least_image(&self, alike: usize) -> Self {
        let orders: &[&[usize]] =
            &[&[0, 1, 2], &[1, 0, 2], &[0, 2, 1], &[2, 1, 0], &[1, 2, 0], &[2, 0, 1]];
        let fixes = |to: &&&[usize]| to.iter().skip(alike).zip(alike..).all(|(to, id)| *to == id);
        let images = orders.iter().filter(fixes).map(|to| self.exchanged(to));
        images.min().expect("one that changes nothing")
    }
}

/// Whether the claim holds, by its own lights; and for one that a path decides, how many steps the
/// shortest has.
pub(crate) fn verdict(
    system: &System,
    explored: &Explored,
    claimed: Claimed,
) -> (bool, Option<usize>) {
    let first = |claim: Claim, wanted: bool| {
        let found = explored.worlds.iter().position(|world| world.holds(claim) == wanted);
        found.map(|at| explored.depths[at])
    };
    match claimed {
        Claimed::Always(claim) => {
            let found = first(claim, false);
            (found.is_none(), found)
        }
        Claimed::Sometimes(claim) => {
            let found = first(claim, true);
            (found.is_some(), found)
        }
        Claimed::Eventually(goal) => {
            let starts = if explored.worlds.is_empty() { vec![] } else { vec![0] };
            (super::fair::leads(system, explored, starts, goal), None)
        }
        Claimed::LeadsTo(from, goal) => {
            let starts = (0..explored.worlds.len()).filter(|at| explored.worlds[*at].holds(from));
            (super::fair::leads(system, explored, starts.collect(), goal), None)
        }
    }
}
