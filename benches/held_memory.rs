//! How exact the memory is that a check reports: the figure that it reports, and the memory that
//! the process gained.
//!
//! `cargo bench --bench held_memory`

use quorate::check::Checker;
use quorate::models::reference::{abd, cluster_of, paxos};
use quorate::models::world::{Checkable, Cluster, NetworkKind, Observer};
use stateright::actor::register::RegisterMsg;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::error::Error;
use std::process::Command;

const WHAT: [&str; 4] = ["register", "abd", "paxos", "paxos 3"];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds an argument of its own.
    let Some(what) = std::env::args().skip(1).find(|argument| argument != "--bench") else {
        for what in WHAT {
            let output = Command::new(std::env::current_exe()?).arg(what).output()?;
            print!("{}", String::from_utf8_lossy(&output.stdout));
        }
        return Ok(());
    };
    match what.as_str() {
        "register" => measure(&what, &cluster_of(vec![SingleCopy], 4, NetworkKind::Multiset)),
        "abd" => measure(&what, &cluster_of(abd::servers(2), 3, NetworkKind::Ordered)),
        "paxos" => measure(&what, &cluster_of(paxos::servers(3), 2, NetworkKind::Multiset)),
        _ => measure(&what, &cluster_of(paxos::servers(3), 3, NetworkKind::Multiset)),
    }
    Ok(())
}

fn measure<A: Checkable, H: Observer<A::Msg>>(what: &str, cluster: &Cluster<A, H>) {
    let before = resident();
    match Checker::new(cluster).check() {
        Ok(outcome) => {
            let mib = |bytes: u64| bytes >> 10;
            let parts = cluster.weight().held;
            println!(
                "{what}: {} states, reported {} KiB ({} of it parts), gained {} KiB",
                outcome.unique,
                mib(outcome.memory),
                mib(parts),
                resident().saturating_sub(before)
            );
        }
        Err(error) => println!("{what}: {error}"),
    }
}

/// The KiB of memory that this process has held at most, where the system reports it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// A register on one server: few states and many histories.
struct SingleCopy;

impl Actor for SingleCopy {
    type Msg = RegisterMsg<u64, char, ()>;
    type Timer = ();
    type State = char;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> char {
        char::default()
    }

    fn on_msg(
        &self,
        _: Id,
        held: &mut Cow<'_, char>,
        src: Id,
        message: Self::Msg,
        o: &mut Out<Self>,
    ) {
        match message {
            RegisterMsg::Put(request, value) => {
                *held.to_mut() = value;
                o.send(src, RegisterMsg::PutOk(request));
            }
            RegisterMsg::Get(request) => o.send(src, RegisterMsg::GetOk(request, **held)),
            _ => {}
        }
    }
}
