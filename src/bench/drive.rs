//! One thread that drives its share of the clients.

use super::error::BenchError;
use super::failover::Pulse;
use super::load::{Keys, Load};
use super::pace::Pace;
use super::tally::Tally;
use super::work::Work;
use crate::models::kv::offer::Ask;
use crate::models::kv::service::Refusal;
use crate::node::Stop;
use crate::node::deploy::crowd::{Crowd, End, Heard};
use rustix::time::{ClockId, clock_gettime};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A thread's share of a load: which thread of how many, its first client, and how many it has.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) thread: usize,
    pub(super) threads: usize,
    pub(super) first: usize,
    pub(super) clients: usize,
}

/// The longest that a thread waits before it looks whether it should stop.
const NAP: Duration = Duration::from_millis(100);

pub(super) struct Driver<'a> {
    stop: &'a Stop,
    crowd: Box<dyn Crowd>,
    load: &'a Load,
    share: Share,
    work: Work,
    /// The request that each client waits for.
    open: Vec<Option<Open>>,
    /// The clients that wait for nothing, the one that does so for the longest first.
    idle: VecDeque<usize>,
    /// When each request is given up, in order, with its client and number.
    limits: VecDeque<(Instant, usize, u64)>,
    number: u64,
}

/// A request under way.
struct Open {
    ask: Ask,
    is_read: bool,
    due: Instant,
    number: u64,
}

/// The processor time that this thread has used.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

impl<'a> Driver<'a> {
    pub(super) fn new(crowd: Box<dyn Crowd>, load: &'a Load, share: Share, stop: &'a Stop) -> Self {
        Self {
            stop,
            crowd,
            load,
            share,
            work: Work::new(load, share.first, share.clients),
            open: (0..share.clients).map(|_| None).collect(),
            idle: (0..share.clients).collect(),
            limits: VecDeque::new(),
            number: 0,
        }
    }

    /// Writes this thread's share of the keys.
    pub(super) fn fill(&mut self) -> Result<(), BenchError> {
        // A log needs none.
        let (Keys::Of(keys), None) = (self.load.keys, self.load.batch) else { return Ok(()) };
        let mut mine = (self.share.thread..keys).step_by(self.share.threads);
        let mut errors = 0;
        loop {
            while let Some(client) = self.idle.pop_front() {
                let Some(number) = mine.next() else {
                    self.idle.push_front(client);
                    break;
                };
                self.begin(client, self.work.fill(number), false, Instant::now())?;
            }
            if self.idle.len() == self.open.len() {
                break;
            }
            for (_, ended) in self.step(NAP)? {
                errors += u64::from(ended.is_err());
            }
        }
        if errors > 0 {
            let timeout = self.load.timeout;
            return Err(BenchError::NotFilled { errors, keys, timeout });
        }
        Ok(())
    }

    /// The run that begins at `begin`, and what it counts.
    pub(super) fn run(mut self, begin: Instant, pulse: &Pulse) -> Result<Tally, BenchError> {
        let mut tally = Tally::new(self.load, begin);
        let end = begin + self.load.warm_up + self.load.duration;
        let pace = |rate| Pace::new(begin, end, rate, self.share.thread, self.share.threads);
        let mut pace = self.load.rate.map(pace);
        let cpu = processor_time();
        loop {
            let now = Instant::now();
            self.begin_due(pace.as_mut(), now, end)?;
            let waiting = pace.as_ref().and_then(Pace::next);
            let is_over = now >= end && self.idle.len() == self.open.len();
            if is_over && waiting.is_none() || now >= end + self.load.timeout {
                break;
            }
            let wait = match waiting.filter(|_| !self.idle.is_empty()) {
                Some(due) => due.saturating_duration_since(now),
                None if now < end => end - now,
                None => Duration::from_millis(10),
            };
            for (open, ended) in self.step(wait)? {
                Self::count(&mut tally, &open, ended, pulse);
            }
        }
        self.give_up_the_rest(pace, end, &mut tally);
        let counts = self.crowd.counts();
        (tally.busy, tally.resent) = (counts.busy, counts.resent);
        tally.threads.push((processor_time().saturating_sub(cpu), begin.elapsed()));
        Ok(tally)
    }

    /// Begins what is due, as far as there are clients that wait for nothing.
    fn begin_due(
        &mut self,
        mut pace: Option<&mut Pace>,
        now: Instant,
        end: Instant,
    ) -> Result<(), BenchError> {
        while let Some(client) = self.idle.pop_front() {
            let due = match &mut pace {
                Some(pace) => pace.take(now),
                None => (now < end).then_some(now),
            };
            let Some(due) = due else {
                self.idle.push_front(client);
                return Ok(());
            };
            let (ask, is_read) = self.work.next(client);
            self.begin(client, ask, is_read, due)?;
        }
        Ok(())
    }

    fn begin(
        &mut self,
        client: usize,
        ask: Ask,
        is_read: bool,
        due: Instant,
    ) -> Result<(), BenchError> {
        self.crowd.begin(client, &ask)?;
        self.number += 1;
        let number = self.number;
        self.limits.push_back((Instant::now() + self.load.timeout, client, number));
        self.open[client] = Some(Open { ask, is_read, due, number });
        Ok(())
    }

    /// Waits at most `wait`; the requests that ended, and how: by an answer of this server, or why
    /// not.
    fn step(&mut self, wait: Duration) -> Result<Vec<(Open, Ended)>, BenchError> {
        if self.stop.is_stopped() {
            return Err(BenchError::Stopped);
        }
        let (now, wait) = (Instant::now(), wait.min(NAP));
        let mut ended = Vec::new();
        while let Some((limit, client, number)) = self.limits.front().copied() {
            let is_open = self.open[client].as_ref().is_some_and(|open| open.number == number);
            if is_open && limit > now {
                break;
            }
            self.limits.pop_front();
            if is_open {
                self.crowd.give_up(client);
                ended.extend(self.end(client, Err("no answer")));
            }
        }
        let limit = self.limits.front().map(|(limit, ..)| limit.saturating_duration_since(now));
        for heard in self.crowd.step(limit.map_or(wait, |limit| limit.min(wait)))? {
            ended.extend(self.hear(heard)?);
        }
        Ok(ended)
    }

    fn hear(&mut self, heard: Heard) -> Result<Option<(Open, Ended)>, BenchError> {
        let Heard { client, server, end } = heard;
        let ended = match end {
            End::Done(_) => {
                self.work.acknowledged(client);
                Ok(Some(usize::from(server)))
            }
            End::Again(_) => return self.ask_again(client),
            End::Failed(_) => Err("failed"),
            End::TimedOut => Err("timed out"),
            End::Refused(Refusal::SessionExpired) => {
                self.work.begin_anew(client);
                Err("session expired")
            }
            End::Refused(_) => Err("refused"),
            End::Nonsense => Err("nonsense"),
        };
        Ok(self.end(client, ended))
    }

    /// A request that was aborted is asked again: to its user, it takes longer.
    fn ask_again(&mut self, client: usize) -> Result<Option<(Open, Ended)>, BenchError> {
        let Some(open) = self.open[client].as_ref() else { return Ok(None) };
        self.crowd.begin(client, &open.ask)?;
        let (ask, is_read, due, number) = (open.ask.clone(), open.is_read, open.due, open.number);
        Ok(Some((Open { ask, is_read, due, number }, Ok(None))))
    }

    fn end(&mut self, client: usize, ended: Ended) -> Option<(Open, Ended)> {
        let open = self.open[client].take()?;
        self.idle.push_back(client);
        Some((open, ended))
    }

    fn count(tally: &mut Tally, open: &Open, ended: Ended, pulse: &Pulse) {
        match ended {
            Ok(Some(server)) => {
                let now = Instant::now();
                tally.answered(open.due, now, open.is_read);
                if !open.is_read {
                    pulse.acknowledged(server, now);
                }
            }
            Ok(None) => tally.aborted += 1,
            Err(why) => tally.failed(open.due, why),
        }
    }

    /// Counts the requests that have no answer when the run is over and the time for answers too.
    fn give_up_the_rest(&mut self, mut pace: Option<Pace>, end: Instant, tally: &mut Tally) {
        for open in self.open.iter_mut().filter_map(Option::take) {
            tally.failed(open.due, "no answer");
        }
        while let Some(due) = pace.as_mut().and_then(|pace| pace.take(end)) {
            tally.failed(due, "never begun");
        }
    }
}

/// How a request ended: answered by this server, aborted (`None`), or failed.
type Ended = Result<Option<usize>, &'static str>;

#[cfg(test)]
mod tests {
    use super::super::tally::tests::load;
    use super::*;
    use crate::models::kv::Reply;
    use crate::models::kv::offer::Answered;
    use crate::node::{AskError, ClientError, FleetCounts};
    use stateright::actor::Id;
    use std::collections::BTreeMap;
    use std::ops::Range;

    /// A server that answers one request at a time, each after so long, but for a stall.
    struct Slow {
        service: Duration,
        stall: Option<(Instant, Instant)>,
        free: Instant,
        queue: BTreeMap<Instant, usize>,
    }

    impl Crowd for Slow {
        fn begin(&mut self, client: usize, _: &Ask) -> Result<(), AskError> {
            let mut start = self.free.max(Instant::now());
            if let Some((from, to)) = self.stall
                && (from..to).contains(&start)
            {
                start = to;
            }
            self.free = start + self.service;
            self.queue.insert(self.free, client);
            Ok(())
        }

        fn give_up(&mut self, client: usize) {
            self.queue.retain(|_, waiting| *waiting != client);
        }

        fn step(&mut self, wait: Duration) -> Result<Vec<Heard>, ClientError> {
            let next = self.queue.keys().next();
            let left = next.map_or(wait, |next| next.saturating_duration_since(Instant::now()));
            std::thread::sleep(left.min(wait));
            let later = self.queue.split_off(&Instant::now());
            let done = std::mem::replace(&mut self.queue, later);
            let answered = |client| Heard {
                client,
                server: Id::from(0),
                end: End::Done(Answered::Reply(Reply::Done)),
            };
            Ok(done.into_values().map(answered).collect())
        }

        fn counts(&self) -> FleetCounts {
            FleetCounts::default()
        }
    }

    fn drive(load: &Load, service: Duration, stall: Option<Range<Duration>>) -> Tally {
        let begin = Instant::now();
        let stall = stall.map(|stall| (begin + stall.start, begin + stall.end));
        let crowd = Slow { service, stall, free: begin, queue: BTreeMap::new() };
        let share = Share { thread: 0, threads: 1, first: 0, clients: load.clients };
        Driver::new(Box::new(crowd), load, share, &Stop::new())
            .run(begin, &Pulse::default())
            .unwrap()
    }

    const MS: Duration = Duration::from_millis(1);

    /// A stall of half a second in an open loop delays a quarter of the requests of two seconds; in
    /// a closed loop it would be seen by one request of each client.
    #[test]
    fn a_stall_delays_all_that_was_due_meanwhile() {
        let mut load = load();
        (load.rate, load.warm_up, load.reads) = (Some(200.0), Duration::ZERO, 0);
        let stalled = drive(&load, MS, Some(500 * MS..1000 * MS));
        assert_eq!(stalled.writes.len(), 400, "{:?}", stalled.errors);
        let p85 = stalled.writes.value_at_quantile(0.85);
        assert!(p85 > 150_000_000, "p85 is {p85} ns");
        load.rate = None;
        let closed = drive(&load, MS, Some(500 * MS..1000 * MS));
        assert!(closed.writes.value_at_quantile(0.85) < 100_000_000);
        assert!(closed.writes.max() > 400_000_000);
    }

    #[test]
    fn what_cannot_be_begun_or_is_not_answered_is_an_error() {
        let mut load = load();
        (load.rate, load.warm_up, load.timeout) = (Some(100.0), Duration::ZERO, 500 * MS);
        // Nothing is answered from half a second on.
        let tally = drive(&load, MS, Some(500 * MS..Duration::from_mins(1)));
        let answered = tally.reads.len() + tally.writes.len();
        let errors: u64 = tally.errors.values().sum();
        assert_eq!(answered + errors, 200, "{:?}", tally.errors);
        assert!((45..55).contains(&answered), "{answered}");
        assert!(tally.errors["no answer"] >= 2 && tally.errors["never begun"] > 50);
    }
}
