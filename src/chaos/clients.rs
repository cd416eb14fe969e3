//! The clients of a storm, all on one thread.

use super::ask::{Asker, Lane};
use super::error::ChaosError;
use super::event::{Answer, Asked, Event};
use super::judge::values;
use crate::models::protocol::Promise;
use crate::node::deploy::crowd::{Crowd, Heard};
use crate::node::deploy::deployed::Deployed;
use crate::node::deploy::partitions;
use crate::node::{ClusterFile, Stop};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// How long a request may take once all harm has ended, and most may before.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long clients wait for the last answers of the storm.
const LAST: Duration = Duration::from_secs(5);
/// The longest that the thread waits before it looks around.
const NAP: Duration = Duration::from_millis(20);
/// So many clients ask for the same keys: with more at a time a history is hard to judge.
const LANE_CLIENTS: usize = 8;
/// Between two looks whether servers agree.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Clients {
    /// One for all servers, or one per server where each answers alone.
    crowds: Vec<Box<dyn Crowd>>,
    /// One for each lane.
    askers: Vec<Asker>,
    random: StdRng,
    /// The longest that a client thinks before it asks again.
    pause: Duration,
    /// What each client waits for.
    open: Vec<Option<Open>>,
    /// When each client asks again.
    ready: Vec<Instant>,
    begin: Instant,
    pub(super) events: Vec<Event>,
    /// Requests that were answered.
    pub(super) answered: u64,
}

struct Open {
    asked: Asked,
    begin: Instant,
    limit: Instant,
}

impl Clients {
    pub(super) fn open(
        protocol: &dyn Deployed,
        file: &ClusterFile,
        promise: Promise,
        clients: usize,
        seed: u64,
        pause: Duration,
    ) -> Result<Self, ChaosError> {
        let servers = file.servers.len();
        let only: Vec<Option<Id>> = match promise {
            Promise::Converges { .. }
            | Promise::Siblings { .. }
            | Promise::LocalReads
            | Promise::Register(_) => file.ids().into_iter().map(Some).collect(),
            // And clients that have no session.
            Promise::Sessions => file.ids().into_iter().map(Some).chain([None]).collect(),
            _ => vec![None],
        };
        let crowds = only.into_iter().map(|only| partitions::crowd(protocol, file, clients, only));
        let is_mixed = !matches!(promise, Promise::Register(_) | Promise::Siblings { .. });
        let (begin, swaps) = (Instant::now(), is_mixed && protocol.commands().contains(&"cas"));
        let count = clients.div_ceil(LANE_CLIENTS) as u64;
        let asker = |number| {
            let random = StdRng::seed_from_u64(seed ^ 1 << 56 ^ number << 32);
            Asker::new(promise, Lane { number, count }, swaps, random, servers)
        };
        Ok(Self {
            crowds: crowds.collect::<Result<_, _>>()?,
            askers: (0..count).map(asker).collect(),
            random: StdRng::seed_from_u64(seed ^ 2 << 56),
            pause,
            open: (0..clients).map(|_| None).collect(),
            ready: vec![begin; clients],
            begin,
            events: Vec::new(),
            answered: 0,
        })
    }

    /// Asks until the storm is over, which it is at the latest when so many requests were made.
    pub(super) fn work(&mut self, over: &Stop, requests: usize) -> Result<(), ChaosError> {
        while !over.is_stopped() && self.events.len() < requests {
            let now = Instant::now();
            for client in 0..self.open.len() {
                if self.open[client].is_none() && self.ready[client] <= now {
                    let asked = self.askers[client / LANE_CLIENTS].next(client);
                    // Now and then so short that no answer comes in time, though it may well be
                    // done.
                    let is_short = self.random.random_bool(0.1);
                    let short = Duration::from_millis(self.random.random_range(2..80));
                    self.ask(client, asked, if is_short { short } else { PATIENCE })?;
                }
            }
            let next = (0..self.open.len()).filter(|at| self.open[*at].is_none());
            let next = next.map(|at| self.ready[at].saturating_duration_since(now)).min();
            self.step(next.unwrap_or(NAP).min(NAP).max(Duration::from_micros(500)))?;
        }
        over.stop();
        let end = Instant::now() + LAST;
        while self.open.iter().any(Option::is_some) && Instant::now() < end {
            self.step(NAP)?;
        }
        for client in 0..self.open.len() {
            self.give_up(client);
        }
        Ok(())
    }

    /// All harm has ended: gets every key. What is wrong with the answers, before they are judged.
    pub(super) fn finish(&mut self) -> Result<Option<String>, ChaosError> {
        let gets = |asker: &Asker| asker.groups().flat_map(|it| asker.gets(it)).collect::<Vec<_>>();
        let mut left: VecDeque<Asked> = self.askers.iter().flat_map(gets).collect();
        let begin = Instant::now();
        loop {
            let first = self.events.len();
            if let Some(asked) = self.get_all(left)? {
                return Ok(Some(format!(
                    "no answer within {PATIENCE:?} of the end of all harm to {:?}",
                    asked.ops
                )));
            }
            left = disagreed(&self.events[first..]);
            // Whether servers still disagree, the judge says.
            if left.is_empty() || begin.elapsed() > PATIENCE {
                return self.outlived();
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// No client is heard of any more, so all sessions end, and their ephemeral nodes are deleted.
    fn outlived(&mut self) -> Result<Option<String>, ChaosError> {
        let mut left: VecDeque<Asked> = self.askers.iter().flat_map(Asker::ephemerals).collect();
        let begin = Instant::now();
        loop {
            let Some(asked) = left.front().cloned() else { return Ok(None) };
            let overdue = begin.elapsed() > PATIENCE;
            let first = self.events.len();
            if overdue || self.get_all(left)?.is_some() {
                return Ok(Some(format!(
                    "no session goes on, yet {PATIENCE:?} later there is an ephemeral node, or no \
                     answer: {:?}",
                    asked.ops
                )));
            }
            let is_there = |event: &&Event| {
                let told = event.answer.as_ref().and_then(|(_, answer)| values(answer));
                told.is_some_and(|values| !values.is_empty())
            };
            left =
                self.events[first..].iter().filter(is_there).map(|it| it.asked.clone()).collect();
            std::thread::sleep(PAUSE);
        }
    }

    /// Asks for all of these; one that was not answered.
    fn get_all(&mut self, mut gets: VecDeque<Asked>) -> Result<Option<Asked>, ChaosError> {
        let begin = Instant::now();
        loop {
            for client in 0..self.open.len() {
                if self.open[client].is_none()
                    && let Some(asked) = gets.pop_front()
                {
                    self.ask(client, asked, PATIENCE)?;
                }
            }
            if self.open.iter().all(Option::is_none) {
                return Ok(None);
            }
            let first = self.events.len();
            self.step(NAP)?;
            // A transaction that was aborted is asked for again: a lock may not have been let go
            // yet.
            for Event { asked, answer, .. } in &self.events[first..] {
                match answer {
                    // The others were perhaps not up yet when a server gave up waiting for them.
                    None if begin.elapsed() < PATIENCE => gets.push_back(asked.clone()),
                    None => return Ok(Some(asked.clone())),
                    Some((_, Answer::Aborted(_) | Answer::Unfit(_))) => {
                        gets.push_back(asked.clone());
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn ask(&mut self, client: usize, asked: Asked, patience: Duration) -> Result<(), ChaosError> {
        let crowd = asked.server.unwrap_or(0);
        let begin = Instant::now();
        self.crowds[crowd].begin(client, &asked.ask())?;
        self.open[client] = Some(Open { asked, begin, limit: begin + patience });
        Ok(())
    }

    fn step(&mut self, wait: Duration) -> Result<(), ChaosError> {
        let wait = wait / self.crowds.len() as u32;
        for crowd in 0..self.crowds.len() {
            for Heard { client, end, .. } in self.crowds[crowd].step(wait)? {
                self.end(client, crowd, Answer::of(end));
            }
        }
        let now = Instant::now();
        for client in 0..self.open.len() {
            if self.open[client].as_ref().is_some_and(|open| open.limit <= now) {
                self.give_up(client);
            }
        }
        Ok(())
    }

    fn give_up(&mut self, client: usize) {
        if let Some(open) = &self.open[client] {
            let crowd = open.asked.server.unwrap_or(0);
            self.crowds[crowd].give_up(client);
            self.end(client, crowd, None);
        }
    }

    fn end(&mut self, client: usize, crowd: usize, answer: Option<Answer>) {
        let is_its = |open: &mut Open| open.asked.server.unwrap_or(0) == crowd;
        let Some(Open { asked, begin, .. }) = self.open[client].take_if(is_its) else { return };
        let now = Instant::now();
        self.ready[client] = now + self.random.random_range(Duration::ZERO..=self.pause);
        if let Some(answer) = &answer {
            self.answered += 1;
            let asker = &mut self.askers[client / LANE_CLIENTS];
            for (key, told) in Event::seen(&asked, answer) {
                asker.see(&key, told);
            }
            asker.see_session(client, &asked, answer);
        }
        let answer = answer.map(|answer| (now - self.begin, answer));
        self.events.push(Event { client, asked, begin: begin - self.begin, answer });
    }
}

/// The gets of single servers whose key was answered with different values.
fn disagreed(events: &[Event]) -> VecDeque<Asked> {
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let asked_alone = || events.iter().filter(|event| event.asked.server.is_some());
    for event in asked_alone() {
        let told = event.answer.as_ref().and_then(|(_, answer)| values(answer));
        found.entry(event.asked.ops[0].key()).or_default().insert(told);
    }
    let is_apart = |event: &&Event| found[event.asked.ops[0].key()].len() > 1;
    asked_alone().filter(is_apart).map(|event| event.asked.clone()).collect()
}
