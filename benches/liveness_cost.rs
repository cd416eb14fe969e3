//! What liveness costs on top of safety, on every quick instance of every protocol that claims any
//! and on a Raft of 22,772 states. Medians of three runs in turn, each on a cluster that knows
//! nothing yet; the last line is the highest ratio among those that take long enough to be
//! measured.
//!
//! `cargo bench --bench liveness_cost`

use quorate::catalogue;
use quorate::check::{CheckError, Checker, Options};
use quorate::models::reference::raft;
use quorate::models::world::{Condition, Property};
use std::error::Error;
use std::time::Duration;

const RUNS: usize = 3;
/// Below this, noise is all there is to see.
const TELLING: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let mut highest = compare("raft", raft)?;
    for protocol in catalogue::protocols() {
        for case in protocol.cases.iter().filter(|case| !case.is_deep()) {
            let kinds = case.properties();
            if !kinds.iter().any(|known| ["eventually", "leads-to"].contains(&known.kind)) {
                continue;
            }
            let name = format!("{} {}", protocol.name, case.name());
            let ratio = compare(&name, |liveness| {
                let options = Options { liveness, ..Options::default() };
                Ok(case.check(&options, &|_| {})?.elapsed)
            })?;
            highest = highest.max(ratio);
        }
    }
    println!("at most {highest:.2} times");
    Ok(())
}

fn raft(liveness: bool) -> Result<Duration, CheckError> {
    let bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };
    let leads = |state: &raft::State| matches!(state.role, raft::Role::Leader(_));
    let led = Condition::some_node(move |node| node.state().is_some_and(leads));
    let cluster = raft::setup(bounds).property(Property::eventually("led", led)).cluster();
    let checker = Checker::new(&cluster);
    let checker = if liveness { checker } else { checker.safety_only() };
    Ok(checker.check()?.elapsed)
}

fn compare(
    name: &str,
    check: impl Fn(bool) -> Result<Duration, CheckError>,
) -> Result<f64, CheckError> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (liveness, times) in [false, true].into_iter().zip(&mut times) {
            times.push(check(liveness)?);
        }
    }
    let [safety, both] = times.map(|mut times| {
        times.sort_unstable();
        times[RUNS / 2]
    });
    let ratio = both.as_secs_f64() / safety.as_secs_f64();
    println!("{name}: safety {safety:.3?}, with liveness {both:.3?}: {ratio:.2} times");
    Ok(if safety < TELLING { 0.0 } else { ratio })
}
