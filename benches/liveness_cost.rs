//! What liveness costs on top of safety, on every quick instance of every protocol that claims any
//! and on a Raft of 22,772 states; and, where that takes long enough, how much faster two threads are.
//! Medians of three runs in turn, each on a cluster that knows nothing yet; the last lines are the
//! highest ratio, and the lowest and the median gain of a second thread, among those that take long enough to
//! be measured.
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
/// And of a second thread.
const TELLING_TWO: Duration = Duration::from_millis(500);

/// Whether liveness is decided, and by how many threads.
const WHAT: [(bool, usize); 3] = [(false, 1), (true, 1), (true, 2)];

/// What was found of all.
#[derive(Default)]
struct Summary {
    /// How many times safety's time liveness took.
    highest: f64,
    /// How many times as fast two threads were.
    gains: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut summary = Summary::default();
    summary.compare("raft", raft)?;
    for protocol in catalogue::protocols() {
        for case in protocol.cases.iter().filter(|case| !case.is_deep()) {
            let kinds = case.properties();
            if !kinds.iter().any(|known| ["eventually", "leads-to"].contains(&known.kind)) {
                continue;
            }
            let name = format!("{} {}", protocol.name, case.name());
            summary.compare(&name, |liveness, threads| {
                let options = Options { liveness, threads, ..Options::default() };
                Ok(case.check(&options, &|_| {})?.elapsed)
            })?;
        }
    }
    let Summary { highest, mut gains } = summary;
    println!("at most {highest:.2} times");
    gains.sort_by(f64::total_cmp);
    if let (Some(least), Some(median)) = (gains.first(), gains.get(gains.len() / 2)) {
        println!("two threads: {least:.2} times as fast at least, {median:.2} in the median");
    }
    Ok(())
}

fn raft(liveness: bool, threads: usize) -> Result<Duration, CheckError> {
    let bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };
    let leads = |state: &raft::State| matches!(state.role, raft::Role::Leader(_));
    let led = Condition::some_node(move |node| node.state().is_some_and(leads));
    let cluster = raft::setup(bounds).property(Property::eventually("led", led)).cluster();
    let checker = Checker::new(&cluster).threads(threads);
    let checker = if liveness { checker } else { checker.safety_only() };
    Ok(checker.check()?.elapsed)
}

impl Summary {
    fn compare(
        &mut self,
        name: &str,
        check: impl Fn(bool, usize) -> Result<Duration, CheckError>,
    ) -> Result<(), CheckError> {
        let mut times = WHAT.map(|_| Vec::new());
        for _ in 0..RUNS {
            for ((liveness, threads), times) in WHAT.into_iter().zip(&mut times) {
                times.push(check(liveness, threads)?);
            }
        }
        let [safety, both, both_2] = times.map(|mut times| {
            times.sort_unstable();
            times[RUNS / 2]
        });
        let ratio = |of: Duration, to: Duration| of.as_secs_f64() / to.as_secs_f64();
        let (cost, gain) = (ratio(both, safety), ratio(both, both_2));
        print!("{name}: safety {safety:.3?}, with liveness {both:.3?}: {cost:.2} times");
        println!("; two threads {both_2:.3?}: {gain:.2} times as fast");
        if safety >= TELLING {
            self.highest = self.highest.max(cost);
        }
        if both >= TELLING_TWO {
            self.gains.push(gain);
        }
        Ok(())
    }
}
