//! How many states fit, and how fast they come: Paxos with 5 servers and 3 clients, with a directory for
//! what waits and for parents, until so many distinct states were met. Once a minute it prints a line; it
//! can be killed, and goes on from its last checkpoint by the same command.
//!
//! `cargo bench --bench billions -- DIR STATES [CHECKPOINT_SECONDS]`

use quorate::check::{Checker, Disk, Limits, Progress};
use quorate::models::reference::{cluster_of, paxos};
use quorate::models::world::NetworkKind;
use std::cell::Cell;
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SERVERS: usize = 5;
const CLIENTS: usize = 3;
const EVERY: Duration = Duration::from_mins(1);

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds an argument of its own.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (dir, states, seconds) = match arguments.as_slice() {
        [] => {
            println!("it takes a directory and a number of states: nothing is run");
            return Ok(());
        }
        [dir, states] => (dir, states, 600),
        [dir, states, seconds] => (dir, states, seconds.parse()?),
        _ => return Err("a directory, a number of states, and seconds between checkpoints".into()),
    };
    let dir = PathBuf::from(dir);
    let (name, every) = (
        format!("Paxos with {SERVERS} servers and {CLIENTS} clients"),
        Duration::from_secs(seconds),
    );
    let resume = dir.join("checkpoint").exists();
    let cluster = cluster_of(paxos::servers(SERVERS), CLIENTS, NetworkKind::Multiset);
    let limits = Limits { states: Some(states.parse()?), ..Limits::default() };
    let last = Cell::new(None);
    let outcome = Checker::new(&cluster)
        .threads(std::thread::available_parallelism()?.get())
        .safety_only()
        .limits(limits)
        .disk(Disk { dir, name, resume, every })
        .run(&|progress| tell(&last, progress), &AtomicBool::new(false))?;
    let seconds = outcome.search.as_secs_f64();
    println!(
        "{} unique, {} generated, depth {}, {seconds:.0} s, {:.2} bytes a state counted, {} KiB held",
        outcome.unique,
        outcome.generated,
        outcome.depth,
        ratio(outcome.memory, outcome.unique),
        resident(),
    );
    Ok(())
}

/// Prints a line, if the last one is a while ago.
fn tell(last: &Cell<Option<Progress>>, now: Progress) {
    let before = last.get();
    let since = before.map_or(now.elapsed, |before| now.elapsed.saturating_sub(before.elapsed));
    if before.is_some() && since < EVERY {
        return;
    }
    let rate = |of: fn(&Progress) -> u64| {
        let gained = before.map_or(0, |before| of(&now).saturating_sub(of(&before)));
        ratio(gained, since.as_micros() as u64)
    };
    println!(
        "{:.0} s, depth {}: {} unique, {} generated; {:.2} and {:.2} million a second; {} KiB held",
        now.elapsed.as_secs_f64(),
        now.depth,
        now.unique,
        now.generated,
        rate(|progress| progress.unique),
        rate(|progress| progress.generated),
        resident(),
    );
    last.set(Some(now));
}

#[allow(clippy::cast_precision_loss, reason = "for a person")]
fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to.max(1) as f64
}

/// The KiB of memory that this process has held at most, where the system reports it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
