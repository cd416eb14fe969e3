//! What harm is done to a cluster, and when: all of it from one seed.

use super::network::Cut;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// The time before the first deed.
const QUIET: Duration = Duration::from_secs(1);
/// Milliseconds from the end of a deed to the next one.
const BETWEEN: Range<u64> = 100..900;
/// How many bytes a full disk still takes.
const ROOM: Range<u64> = 0..1024;

/// Something that is done to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// These servers are killed outright (SIGKILL), and started again after a while.
    Kill(Vec<usize>),
    /// These servers are stopped for a while (SIGSTOP).
    Freeze(Vec<usize>),
    /// The network between servers is cut for a while, and perhaps a server is killed meanwhile.
    Cut(Cut, Option<usize>),
    /// A link between two servers is cut until the end.
    Sever(usize, usize),
    /// The files of a server cannot grow by more than so many bytes; once it has ended, it is
    /// started again with room.
    FullDisk(usize, u64),
    /// A sync of a server's disk fails, and what it was to make durable is lost; once the server has
    /// ended, it is started again.
    FailSync(usize),
}

/// A deed, when it begins, and how long it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Since the start of the run.
    pub at: Duration,
    /// What is done.
    pub deed: Deed,
    /// For how long.
    pub lasts: Duration,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, deed, lasts } = self;
        write!(f, "{:8.3} s  ", at.as_secs_f64())?;
        match deed {
            Deed::Kill(servers) => write!(f, "kill {}", listed(servers))?,
            Deed::Freeze(servers) => write!(f, "freeze {}", listed(servers))?,
            Deed::Cut(Cut::Node(node), _) => write!(f, "cut server {node} off")?,
            Deed::Cut(Cut::Link(a, b), _) => write!(f, "cut servers {a} and {b} apart")?,
            Deed::Sever(a, b) => return write!(f, "cut servers {a} and {b} apart until the end"),
            Deed::FullDisk(server, room) => {
                return write!(f, "fill the disk of server {server} up to {room} bytes");
            }
            Deed::FailSync(server) => return write!(f, "fail a sync of server {server}"),
        }
        if let Deed::Cut(_, Some(victim)) = deed {
            write!(f, ", kill server {victim}")?;
        }
        write!(f, ", for {:.3} s", lasts.as_secs_f64())
    }
}

fn listed(servers: &[usize]) -> String {
    let names: Vec<String> = servers.iter().map(ToString::to_string).collect();
    format!("server{} {}", if names.len() == 1 { "" } else { "s" }, names.join(" and "))
}

/// The deeds of a run of that length against so many servers.
pub fn schedule(seed: u64, servers: usize, length: Duration) -> Vec<Planned> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut at = QUIET;
    let mut deeds = Vec::new();
    let mut is_severed = servers < 2;
    loop {
        let deed = if !is_severed && at > length / 2 {
            is_severed = true;
            let ends = some(&mut random, servers, 2);
            Deed::Sever(ends[0], ends[1])
        } else {
            any(&mut random, servers)
        };
        let lasts = match deed {
            Deed::Sever(..) => Duration::ZERO,
            Deed::FullDisk(..) | Deed::FailSync(_) | Deed::Kill(_) => millis(&mut random, 20..600),
            Deed::Freeze(_) => millis(&mut random, 200..1500),
            Deed::Cut(..) => millis(&mut random, 200..1200),
        };
        if at + lasts > length {
            return deeds;
        }
        deeds.push(Planned { at, deed, lasts });
        at += lasts + millis(&mut random, BETWEEN);
    }
}

fn any(random: &mut StdRng, servers: usize) -> Deed {
    let one = |random: &mut StdRng| random.random_range(0..servers);
    match random.random_range(0..21) {
        0..6 => Deed::Kill(vec![one(random)]),
        6..8 => Deed::Kill(some(random, servers, 2)),
        8 => Deed::Kill((0..servers).collect()),
        9..12 => Deed::Freeze(vec![one(random)]),
        12 => Deed::Freeze(some(random, servers, 2)),
        13 => Deed::FullDisk(one(random), random.random_range(ROOM)),
        20 => Deed::FailSync(one(random)),
        kind => {
            let ends = some(random, servers, 2);
            let cut = match ends[..] {
                [a, b] if kind < 17 => Cut::Link(a, b),
                _ => Cut::Node(ends[0]),
            };
            let victim = random.random_bool(0.5).then(|| one(random));
            Deed::Cut(cut, victim)
        }
    }
}

/// So many servers, or all.
fn some(random: &mut StdRng, servers: usize, count: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..servers).collect();
    let mut chosen: Vec<usize> = all.sample(random, count).copied().collect();
    chosen.sort_unstable();
    chosen
}

fn millis(random: &mut StdRng, range: Range<u64>) -> Duration {
    Duration::from_millis(random.random_range(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_that_of_its_seed_and_has_all_kinds_of_deeds() {
        let length = Duration::from_mins(2);
        let deeds = schedule(7, 3, length);
        assert_eq!(deeds, schedule(7, 3, length));
        assert_ne!(deeds, schedule(8, 3, length));
        assert!(deeds.windows(2).all(|pair| pair[0].at + pair[0].lasts < pair[1].at));
        assert!(deeds.last().is_some_and(|last| last.at + last.lasts <= length));
        let count = |is_it: fn(&Deed) -> bool| deeds.iter().filter(|one| is_it(&one.deed)).count();
        assert!(count(|deed| matches!(deed, Deed::Kill(all) if all.len() == 3)) > 0);
        assert!(count(|deed| matches!(deed, Deed::Freeze(_))) > 5);
        assert!(count(|deed| matches!(deed, Deed::Cut(Cut::Link(..), Some(_)))) > 0);
        assert!(count(|deed| matches!(deed, Deed::FullDisk(..))) > 0);
        assert!(count(|deed| matches!(deed, Deed::FailSync(_))) > 0);
        assert_eq!(count(|deed| matches!(deed, Deed::Sever(..))), 1);
    }

    #[test]
    fn a_single_server_is_not_cut_from_itself() {
        let deeds = schedule(3, 1, Duration::from_mins(1));
        assert!(!deeds.iter().any(|one| matches!(one.deed, Deed::Sever(..))));
        assert!(!deeds.iter().any(|one| matches!(one.deed, Deed::Cut(Cut::Link(..), _))));
    }

    #[test]
    fn a_deed_is_told_in_a_line() {
        let (at, lasts) = (Duration::from_millis(12_345), Duration::from_millis(400));
        let deed = Deed::Cut(Cut::Link(0, 2), Some(1));
        let line = Planned { at, deed, lasts }.to_string();
        assert_eq!(line, "  12.345 s  cut servers 0 and 2 apart, kill server 1, for 0.400 s");
    }
}
