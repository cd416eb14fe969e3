//! Rounds: the states of some numbers are expanded by those processes that have them, and what is new
//! among their successors is found out together. See the module above.

use super::frontier::{Frontier, Segment};
use super::link::Hosts;
use super::wire::{self, Asked, Group};
use crate::check::engine::batch::{Answers, Batch, Found, Output};
use crate::check::engine::frontier::Chunk;
use crate::check::engine::level::Level;
use crate::check::engine::lineage::Lineage;
use crate::check::engine::outcome::CheckError;
use crate::check::engine::recent::Recent;
use crate::check::engine::visited::Key;
use crate::check::engine::worker::Worker;
use crate::check::space::Space;
use crate::models::world::guarded;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What is put together of a level.
pub(super) struct Gathered<'g> {
    pub(super) waiting: &'g mut Frontier,
    pub(super) next: &'g mut Frontier,
    pub(super) lineage: &'g mut Lineage,
    pub(super) found: Found,
}

/// What belongs to one chunk of a round.
#[derive(Default)]
struct Seat {
    chunk: Chunk,
    segments: Vec<Segment>,
    batch: Batch,
    output: Output,
    /// The places of the successors that are new.
    new: Vec<u32>,
}

impl Seat {
    fn bytes(&self) -> u64 {
        let new = self.new.capacity() * 4 + self.segments.capacity() * size_of::<Segment>();
        self.chunk.bytes() + self.batch.bytes() + self.output.bytes() + new as u64
    }
}

/// What a process says at the end of a round.
#[derive(Serialize, Deserialize)]
struct Told {
    /// Of the states from the first of each number on, how many children are new, if any are.
    children: Vec<(u64, u32)>,
    generated: u64,
    /// Why to end the search, as a code.
    shortfall: u8,
}

/// The rounds of a level.
pub(super) struct Rounds<'r> {
    pub(super) space: &'r dyn Space,
    pub(super) level: &'r Level<'r>,
    /// The other processes; nothing as long as all do the same.
    pub(super) hosts: Option<&'r Hosts>,
    /// How many states a round has.
    pub(super) a_round: u64,
    pub(super) recent: &'r Recent,
}

/// Where the successors are that were asked of each process: the seat, and the place in its batch.
type Places = Vec<Vec<(u32, u32)>>;

impl Rounds<'_> {
    /// Expands all states of a level, of which there are so many with all processes, or fewer if the
    /// search must stop; how many states are new with all.
    pub(super) fn expand(
        &self,
        workers: &mut [Worker<'_>],
        waiting: u64,
        gathered: &mut Gathered<'_>,
        tick: &mut dyn FnMut(),
    ) -> Result<u64, CheckError> {
        let (mut seats, mut new, mut counted) = (Vec::new(), 0, 0);
        for round in 1..=waiting.div_ceil(self.a_round) {
            let used = deal(&mut seats, round * self.a_round, gathered.waiting);
            let seats = &mut seats[..used];
            each(workers, seats, |worker, _, seat| self.expand_seat(worker, seat));
            let (asked, places) = self.ask(seats);
            let wire = bytes(&asked) + places.iter().map(|some| 8 * some.len() as u64).sum::<u64>();
            let held = wire + seats.iter().map(Seat::bytes).sum::<u64>();
            self.level.held_by_rounds(counted, held);
            counted = held;
            let answers = self.answers(asked, workers.len())?;
            let answers = self.learn(&answers, &places, seats)?;
            each(workers, seats, |worker, number, seat| {
                worker.build(self.level, number, &seat.batch, &[&answers], &mut seat.output);
            });
            new = self.tell(gather(seats, gathered), new, gathered.next)?;
            let (waiting, next) = (gathered.waiting.bytes(), gathered.next.bytes());
            self.level.held_by_queues(waiting + next + gathered.lineage.bytes());
            tick();
            if self.level.totals.shortfall().is_some() {
                break;
            }
        }
        self.level.held_by_rounds(counted, 0);
        Ok(new)
    }

    fn processes(&self) -> usize {
        self.hosts.map_or(1, Hosts::processes)
    }

    fn number(&self) -> usize {
        self.hosts.map_or(0, Hosts::number)
    }

    fn expand_seat(&self, worker: &mut Worker<'_>, seat: &mut Seat) {
        worker.recycle(seat.output.chunks.drain(..));
        seat.batch.clear();
        seat.batch.expected = seat.chunk.states();
        if self.level.goes_on(self.space.weight()) {
            let known = self.level.visited.all();
            worker.expand(self.level, (&known, &seat.chunk), &mut seat.batch, &mut seat.output);
        }
    }

    /// The keys that are asked of each process, and where they are.
    fn ask(&self, seats: &[Seat]) -> (Vec<Vec<u8>>, Places) {
        let processes = self.processes();
        let mut asked: Vec<Asked> = (0..processes).map(|_| Asked::default()).collect();
        let mut places: Places = vec![Vec::new(); processes];
        for (number, seat) in (0..).zip(seats) {
            let mut first = 0;
            for segment in &seat.segments {
                let end = (first + segment.states as usize).min(seat.batch.states.len());
                for place in (first..end).flat_map(|parent| seat.batch.ranges(parent)[1].clone()) {
                    let key = seat.batch.keys[place];
                    let to = owner(key, processes);
                    asked[to].push(segment.first, key);
                    places[to].push((number, place as u32));
                }
                first = end;
            }
        }
        (asked.into_iter().map(Asked::into_bytes).collect(), places)
    }

    /// Which of the keys that were asked are new, from each process that was asked.
    fn answers(&self, asked: Vec<Vec<u8>>, threads: usize) -> Result<Vec<Vec<u8>>, CheckError> {
        let Some(hosts) = self.hosts else { return Ok(self.insert(&asked, threads).0) };
        let (answers, bad) = self.insert(&hosts.swap(asked)?, threads);
        match bad {
            Some(from) => Err(hosts.nonsense(from)),
            None => hosts.swap(answers),
        }
    }

    /// Inserts the keys that each process asks for, in the order of their states: a bit for each says
    /// whether it is new. Also a process, if any, that sent something else.
    fn insert(&self, asked: &[Vec<u8>], threads: usize) -> (Vec<Vec<u8>>, Option<usize>) {
        let (mut groups, mut answers) = (Vec::new(), Vec::new());
        for (from, bytes) in asked.iter().enumerate() {
            let Some((some, count)) = wire::groups(bytes) else { return (answers, Some(from)) };
            groups.extend(some.into_iter().map(|group| (group, from)));
            answers.push(wire::bits(count));
        }
        groups.sort_unstable_by_key(|(group, from)| (group.first, *from, group.index));
        let new = Mutex::new(Vec::new());
        let mut shards: Vec<usize> = (0..self.level.visited.shards()).collect();
        in_threads(&mut vec![(); threads], &mut shards, |(), _, shard| {
            let found = self.insert_into(*shard, &groups, asked);
            new.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        });
        for (from, index) in new.into_inner().unwrap_or_else(PoisonError::into_inner) {
            wire::set(&mut answers[from], index);
        }
        (answers, None)
    }

    fn insert_into(
        &self,
        shard: usize,
        groups: &[(Group, usize)],
        asked: &[Vec<u8>],
    ) -> Vec<(usize, usize)> {
        let visited = self.level.visited;
        let (mut shard, mut new) = (visited.shard(shard), Vec::new());
        let may_take = |bytes| self.level.may_take(self.space.weight(), bytes);
        for (group, from) in groups {
            for (index, key) in (group.index..).zip(group.keys_of(&asked[*from])) {
                if !shard.owns(key) {
                    continue;
                }
                match visited.insert(&mut shard, key, may_take) {
                    Ok(inserted) if inserted.is_new => new.push((*from, index)),
                    Ok(_) => {}
                    // The search is over.
                    Err(_) => return new,
                }
            }
        }
        new
    }

    /// Takes in which of the successors are new.
    fn learn(
        &self,
        answers: &[Vec<u8>],
        places: &Places,
        seats: &mut [Seat],
    ) -> Result<Answers, CheckError> {
        seats.iter_mut().for_each(|seat| seat.new.clear());
        for (from, (bits, places)) in answers.iter().zip(places).enumerate() {
            if bits.len() != places.len().div_ceil(8) {
                return Err(self
                    .hosts
                    .map_or(CheckError::Hosts(String::new()), |hosts| hosts.nonsense(from)));
            }
            for (index, (seat, place)) in places.iter().enumerate() {
                let seat = &mut seats[*seat as usize];
                if from != self.number() {
                    self.recent.insert(seat.batch.keys[*place as usize]);
                }
                if wire::is_set(bits, index) {
                    seat.new.push(*place);
                }
            }
        }
        let new = seats.iter().flat_map(|seat| &seat.new).copied().collect();
        Ok(Answers::of(new, seats.iter().map(|seat| seat.new.len())))
    }

    /// Tells the others what came of a round, and gives its new states their numbers, from `new` on; how
    /// many states are new now.
    fn tell(&self, mine: Told, mut new: u64, next: &mut Frontier) -> Result<u64, CheckError> {
        let totals = self.level.totals;
        let told = match self.hosts {
            Some(hosts) => {
                let shortfall = totals.shortfall_code();
                hosts.all(&Told { shortfall, ..mine })?
            }
            None => vec![mine],
        };
        let mut all = Vec::new();
        for (from, told) in told.into_iter().enumerate() {
            totals.generated.fetch_add(told.generated, Ordering::Relaxed);
            totals.adopt(told.shortfall);
            all.extend(told.children.into_iter().map(|(first, count)| (first, count, from)));
        }
        all.sort_unstable();
        let before = new;
        for (_, count, from) in all {
            if from == self.number() {
                next.number(new, count.into());
            }
            new += u64::from(count);
        }
        totals.unique.fetch_add(new - before, Ordering::Relaxed);
        Ok(new)
    }
}

/// The process that keeps a key. By other bits than those by which the visited set knows its place.
fn owner(key: Key, processes: usize) -> usize {
    let bits = u64::from((key >> 8) as u32);
    ((bits * processes as u64) >> 32) as usize
}

fn bytes(of: &[Vec<u8>]) -> u64 {
    of.iter().map(|bytes| bytes.capacity() as u64).sum()
}

/// Deals the states with numbers below `below` to as many seats as they need.
fn deal(seats: &mut Vec<Seat>, below: u64, waiting: &mut Frontier) -> usize {
    let mut used = 0;
    loop {
        if used == seats.len() {
            seats.push(Seat::default());
        }
        let seat = &mut seats[used];
        if !waiting.deal(below, &mut seat.chunk, &mut seat.segments) {
            return used;
        }
        used += 1;
    }
}

/// Puts together what came of the seats, in their order.
fn gather(seats: &mut [Seat], gathered: &mut Gathered<'_>) -> Told {
    let mut told = Told { children: Vec::new(), generated: 0, shortfall: 0 };
    for seat in seats {
        let Output { chunks, offspring, found } = &mut seat.output;
        told.generated += found.generated;
        gathered.found.add(found, gathered.lineage.states());
        let (mut counts, mut at) = (Vec::new(), 0);
        for segment in &seat.segments {
            let end = at + segment.states as usize;
            let own = &offspring.counts[at..end];
            let children: u32 = own.iter().sum();
            if children > 0 {
                told.children.push((segment.first, children));
            }
            counts.resize(counts.len() + segment.skipped as usize, 0);
            counts.extend_from_slice(own);
            at = end;
        }
        offspring.counts = counts;
        gathered.lineage.extend(offspring);
        for chunk in chunks {
            gathered.next.push(chunk);
            chunk.clear();
        }
        offspring.counts.clear();
        offspring.tags.clear();
        *found = Found::default();
    }
    gathered.next.reuse(gathered.waiting);
    told
}

/// Has the workers do something with all seats, whichever is free.
fn each(
    workers: &mut [Worker<'_>],
    seats: &mut [Seat],
    work: impl Fn(&mut Worker<'_>, usize, &mut Seat) + Sync,
) {
    in_threads(workers, seats, work);
}

/// Does something with all items, in as many threads as there are tools.
fn in_threads<W: Send, I: Send>(
    tools: &mut [W],
    items: &mut [I],
    work: impl Fn(&mut W, usize, &mut I) + Sync,
) {
    let threads = tools.len().min(items.len());
    let Some((first, others)) = tools[..threads].split_first_mut() else { return };
    let (left, panic) = (Mutex::new(items.iter_mut().enumerate()), Mutex::new(None));
    let run = |tool: &mut W| {
        let mut run = || {
            loop {
                let next = left.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((number, item)) = next else { return };
                work(tool, number, item);
            }
        };
        if let Err(said) = guarded(&mut run) {
            panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(said);
        }
    };
    thread::scope(|scope| {
        for tool in others {
            scope.spawn(|| run(tool));
        }
        run(first);
    });
    if let Some(said) = panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        std::panic::resume_unwind(Box::new(said));
    }
}
