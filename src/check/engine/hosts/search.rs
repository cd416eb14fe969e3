//! The search by several processes, level by level.

use super::frontier::Frontier;
use super::link::Hosts;
use super::resume;
use super::round::{Gathered, Rounds};
use crate::check::engine::batch::{Found, Output};
use crate::check::engine::checkpoint::Together;
use crate::check::engine::level::{Level, Totals};
use crate::check::engine::lineage::{Offspring, Target};
use crate::check::engine::outcome::{CheckError, Progress, Shortfall};
use crate::check::engine::recent::Recent;
use crate::check::engine::search::{Search, Until};
use crate::check::engine::visited::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// What a process found on a level.
#[derive(Serialize, Deserialize)]
struct OfLevel {
    generated: u64,
    expanded: u64,
    cut: u64,
    /// Why to end the search, as a code.
    shortfall: u8,
    /// Whether it is time for a checkpoint.
    is_record_due: bool,
    /// Per property that is decided, by position, the largest key of a state that decides it.
    deciding: Vec<(u8, Key)>,
}

/// One process's part of the search.
pub(in crate::check::engine) struct Shared<'h, 'a, 'c, 's> {
    hosts: &'h Hosts,
    search: &'a mut Search<'c, 's>,
    is_parted: bool,
    waiting: Frontier,
    next: Frontier,
    recent: Recent,
    /// Per property that is decided, the process that has the state.
    owners: BTreeMap<usize, usize>,
    /// How many states wait with all, where a checkpoint says so.
    resumed: Option<u64>,
    is_record_due: bool,
}

impl<'h, 'a, 'c, 's> Shared<'h, 'a, 'c, 's> {
    /// Goes on from where the search is.
    pub(in crate::check::engine) fn new(hosts: &'h Hosts, search: &'a mut Search<'c, 's>) -> Self {
        let resumed = search.together.as_ref().map(|together| together.waiting);
        let Together { is_parted, segments, owners, .. } =
            search.together.take().unwrap_or_default();
        let [waiting, next] = [&mut search.waiting, &mut search.next].map(std::mem::take);
        Self {
            hosts,
            search,
            is_parted,
            waiting: Frontier::of(waiting, segments),
            next: Frontier::of(next, Vec::new()),
            recent: Recent::new(),
            owners,
            resumed,
            is_record_due: false,
        }
    }

    fn totals(&self) -> &'s Totals<'s> {
        self.search.totals
    }

    /// Searches until there is nothing left, or a reason to stop.
    pub(in crate::check::engine) fn run(
        &mut self,
        until: Until,
        progress: &dyn Fn(Progress),
    ) -> Result<(), CheckError> {
        let totals = self.totals();
        totals.remembered.fetch_add(self.recent.bytes(), Ordering::Relaxed);
        let mut waiting = self.resumed.map_or_else(|| self.begin(), Ok)?;
        while waiting > 0 {
            if self.search.has_met(until) {
                totals.fall_short(Shortfall::Violation);
                break;
            }
            let new = self.expand_level(waiting, progress)?;
            self.search.check_trust()?;
            std::mem::swap(&mut self.waiting, &mut self.next);
            self.next.reuse(&mut self.waiting);
            if totals.shortfall().is_some() {
                break;
            }
            self.search.depth += u32::from(new > 0);
            waiting = new;
            if waiting > 0 {
                self.record(waiting)?;
            }
        }
        self.share_ways()?;
        self.search.end_record()
    }

    /// Writes a checkpoint, if it is time for one, together with the others: in the place of the last one
    /// once all have written theirs.
    fn record(&mut self, waiting: u64) -> Result<(), CheckError> {
        self.search.check_scratch(self.waiting.queue())?;
        if !std::mem::take(&mut self.is_record_due) {
            return Ok(());
        }
        let (segments, owners) = (self.waiting.numbers(), self.owners.clone());
        let together = Together { is_parted: self.is_parted, waiting, segments, owners };
        let written = self.search.write_record(self.waiting.queue(), Some(together));
        resume::if_all_can(Some(self.hosts), written)?;
        self.search.put_record_in_place()
    }

    /// Takes the initial state in; how many states wait then.
    fn begin(&mut self) -> Result<u64, CheckError> {
        let totals = self.totals();
        let search = &mut *self.search;
        let level = Level::new(totals, &search.visited, 0, (search.mask, None));
        let Output { chunks, offspring, found } = search.workers[0].start(&level);
        if let Some(key) = offspring.tags.first() {
            search.lineage.start((*key).into());
        }
        for chunk in &chunks {
            self.waiting.push(chunk);
            self.waiting.number(0, chunk.states());
        }
        search.take_in(&found);
        search.check_trust()?;
        if found.unique == 0 {
            totals.fall_short(Shortfall::Nothing);
        }
        totals.unique.store(found.unique, Ordering::Relaxed);
        totals.generated.store(found.unique, Ordering::Relaxed);
        self.together(&found)?;
        Ok(found.unique)
    }

    /// Expands a level, of which so many states wait with all processes; how many are new with all.
    fn expand_level(
        &mut self,
        waiting: u64,
        progress: &dyn Fn(Progress),
    ) -> Result<u64, CheckError> {
        let (totals, depth) = (self.totals(), self.search.depth);
        let processes = self.hosts.processes();
        let mut skipped = 0;
        if !self.is_parted && waiting >= self.hosts.grain.part_at * processes as u64 {
            self.is_parted = true;
            skipped = self.waiting.part(&mut self.next, self.hosts.number(), processes);
        }
        let hosts = self.is_parted.then_some(self.hosts);
        let search = &mut *self.search;
        let mut tick = || progress(totals.progress(depth, waiting));
        tick();
        search.lineage.begin_level();
        let level = Level::new(totals, &search.visited, depth + 1, (search.mask, None));
        let level = level.with_elsewhere(&self.recent);
        let mut gathered = Gathered {
            waiting: &mut self.waiting,
            next: &mut self.next,
            lineage: &mut search.lineage,
            found: Found::default(),
        };
        let a_round = self.hosts.grain.a_round * processes as u64;
        let (space, recent) = (search.space, &self.recent);
        let rounds = Rounds { space, level: &level, hosts, a_round, recent };
        let new = rounds.expand(&mut search.workers, waiting, &mut gathered, &mut tick)?;
        let found = gathered.found;
        let counts = vec![0; skipped as usize];
        search.lineage.extend(&Offspring { counts, tags: Vec::new() });
        level.has_memory(search.space.weight());
        let found = self.together(&found)?;
        self.search.take_in(&found);
        Ok(new)
    }

    /// What all processes found on a level. From now on all have the same reasons to stop.
    fn together(&mut self, mine: &Found) -> Result<Found, CheckError> {
        let totals = self.totals();
        let decided = (0_u8..).zip(&mine.deciding);
        let of_level = OfLevel {
            generated: mine.generated,
            expanded: mine.expanded,
            cut: mine.cut,
            shortfall: totals.shortfall_code(),
            is_record_due: self.search.is_record_due(),
            deciding: decided.filter_map(|(at, state)| Some((at, (*state)?.key))).collect(),
        };
        let mut found = Found::default();
        let all: Vec<OfLevel> = self.hosts.all(&of_level)?;
        for (from, other) in all.into_iter().enumerate() {
            // As long as all search the same, each finds all.
            if self.is_parted || from == self.hosts.number() {
                found.generated += other.generated;
                found.expanded += other.expanded;
                found.cut += other.cut;
            }
            totals.adopt(other.shortfall);
            self.is_record_due |= other.is_record_due;
            for (at, key) in other.deciding {
                let at = usize::from(at);
                let Some(known) = found.deciding.get_mut(at) else { continue };
                if known.is_none_or(|known| key > known.key) {
                    // Its number is known to the process that has it.
                    let own = mine.deciding[at].filter(|_| from == self.hosts.number());
                    *known = own.or(Some(Target { key, index: u64::MAX }));
                    self.owners.entry(at).and_modify(|owner| *owner = from).or_insert(from);
                }
            }
        }
        Ok(found)
    }

    /// Each process that has a state which decides a property tells the way to it.
    fn share_ways(&mut self) -> Result<(), CheckError> {
        let mut mine = BTreeMap::new();
        for (at, owner) in &self.owners {
            if *owner == self.hosts.number()
                && let Some(Target { index, .. }) = self.search.deciding[*at]
            {
                mine.insert(*at, self.search.lineage.tags_to(index));
            }
        }
        let all: Vec<BTreeMap<usize, Vec<u8>>> = self.hosts.all(&mine)?;
        self.search.ways = Some(all.into_iter().flatten().collect());
        Ok(())
    }
}
