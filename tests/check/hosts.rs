//! Checks by several processes, which are threads here: each finds what a check by one process finds.
//! Random systems are in `random/together.rs`; processes of their own in `tests/command`.

use quorate::check::{CheckError, Checker, Disk, Hosts, Limits, Outcome, Shortfall, Verdict};
use quorate::models::reference::{cluster_of, paxos, raft};
use quorate::models::world::{Checkable, Cluster, NetworkKind, Observer, Property};
use quorate::models::{primary_backup, two_phase_commit};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

/// Counts and verdicts, and what the steps of traces are called.
fn summary<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    outcome: &Outcome,
) -> String {
    let Outcome { unique, generated, expanded, depth, cut, shortfall, .. } = *outcome;
    let counts = format!("{unique} {generated} {expanded} {depth} {cut} {shortfall:?}");
    let told = outcome.properties.iter().map(|property| {
        let what = match &property.verdict {
            Verdict::Violated(trace) | Verdict::Reached(trace) => {
                format!("{:?}", trace.actions(cluster))
            }
            other => format!("{other:?}"),
        };
        format!("{}: {what}", property.name)
    });
    std::iter::once(counts).chain(told).collect::<Vec<_>>().join("\n")
}

/// What each of several processes makes of a check.
fn together<R: Send>(processes: usize, check: impl Fn(&Hosts) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let check = &check;
        let all = Hosts::rehearsal(processes);
        let all: Vec<_> = all.into_iter().map(|hosts| scope.spawn(move || check(&hosts))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// Makes sure that several processes, with so many threads each, find what one finds.
fn same<A: Checkable, H: Observer<A::Msg>>(
    make: impl Fn() -> Cluster<A, H> + Sync,
    processes: usize,
    threads: usize,
) -> Outcome {
    let cluster = make();
    let one = Checker::new(&cluster).safety_only().check().unwrap();
    let expected = summary(&cluster, &one);
    let all = together(processes, |hosts| {
        let cluster = make();
        let checker = Checker::new(&cluster).threads(threads).safety_only();
        summary(&cluster, &checker.hosts(hosts).check().unwrap())
    });
    all.into_iter().for_each(|found| assert_eq!(found, expected));
    one
}

#[test]
fn three_processes_find_what_one_finds() {
    let paxos = || cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
    assert_eq!(same(paxos, 3, 1).unique, 16_668);
    let instances = primary_backup::instances::instances();
    let lossy = instances.iter().find(|one| one.name == "asynchronous").unwrap();
    let outcome = same(|| (lossy.cluster)(), 3, 2);
    assert_eq!(outcome.unique, lossy.expected.unique);
    assert!(matches!(outcome.property("linearizable").unwrap().verdict, Verdict::Violated(_)));
    let instances = two_phase_commit::instances::instances();
    let rivalry = instances.iter().find(|one| one.name == "rivalry").unwrap();
    assert_eq!(same(|| (rivalry.cluster)(), 2, 1).unique, rivalry.expected.unique);
}

#[test]
fn under_symmetry_too() {
    let bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };
    let all = together(4, |hosts| {
        let cluster = raft::cluster(bounds);
        let checker = Checker::symmetric(&cluster, raft::symmetry(bounds));
        let outcome = checker.hosts(hosts).check().unwrap();
        (outcome.unique, outcome.generated, outcome.holds())
    });
    assert_eq!(all, [(3_860, 18_378, true); 4]);
}

#[test]
fn a_limit_that_one_process_reaches_ends_the_check_of_all() {
    let all = together(3, |hosts| {
        let cluster = cluster_of(paxos::servers(3), 3, NetworkKind::Multiset);
        // So they may differ from process to process, as nothing else may.
        let memory = (hosts.number() == 1).then_some(5 << 20);
        let limits = Limits { memory, ..Limits::default() };
        let outcome = Checker::new(&cluster).limits(limits).hosts(hosts).check().unwrap();
        assert_eq!(outcome.property("linearizable").unwrap().verdict, Verdict::Incomplete);
        outcome.shortfall
    });
    assert_eq!(all, [Some(Shortfall::Memory); 3]);
    let all = together(2, |hosts| {
        let cluster = cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
        let limits = Limits { states: Some(5_000), ..Limits::default() };
        let outcome = Checker::new(&cluster).limits(limits).hosts(hosts).check().unwrap();
        (outcome.shortfall, outcome.unique)
    });
    assert_eq!(all[0], all[1]);
    assert!(all[0].0 == Some(Shortfall::States) && (5_000..6_000).contains(&all[0].1), "{all:?}");
}

#[test]
fn processes_that_check_something_else_notice() {
    let errors = together(2, |hosts| {
        let clients = 1 + hosts.number();
        let cluster = cluster_of(paxos::servers(3), clients, NetworkKind::Multiset);
        Checker::new(&cluster).hosts(hosts).check().unwrap_err().to_string()
    });
    for error in errors {
        assert!(error.contains("is about to check") && error.contains("same arguments"), "{error}");
    }
}

#[test]
fn a_process_that_is_lost_ends_the_check_of_the_others() {
    let found = together(3, |hosts| {
        let cluster = cluster_of(paxos::servers(3), 3, NetworkKind::Multiset);
        let stop = AtomicBool::new(false);
        let leaves = |progress: quorate::check::Progress| {
            assert!(hosts.number() != 1 || progress.unique < 5_000, "leaves");
        };
        Checker::new(&cluster).hosts(hosts).run(&leaves, &stop).unwrap_err()
    });
    assert!(matches!(&found[1], CheckError::Panic(said) if said.contains("leaves")), "{found:?}");
    for other in [&found[0], &found[2]] {
        assert!(matches!(other, CheckError::Hosts(said) if said.contains("is lost")), "{other:?}");
    }
}

/// What several processes make of a check on disk. `watch` learns of each process how many states are known.
fn on_disk(
    (dir, resume): (&Path, bool),
    processes: usize,
    watch: &(impl Fn(usize, u64) + Sync),
) -> Vec<Result<String, String>> {
    together(processes, |hosts| {
        let cluster = cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
        let dir = place(dir, hosts.number());
        let disk = Disk { dir, name: "paxos".into(), resume, every: Duration::ZERO };
        let (checker, stop) =
            (Checker::new(&cluster).hosts(hosts).disk(disk), AtomicBool::new(false));
        let progress = |progress: quorate::check::Progress| watch(hosts.number(), progress.unique);
        let outcome = checker.run(&progress, &stop).map_err(|error| error.to_string())?;
        Ok(summary(&cluster, &outcome))
    })
}

/// Lets one process leave when so many states are known.
fn leaves(who: usize, when: u64) -> impl Fn(usize, u64) + Sync {
    move |number, unique| assert!(number != who || unique < when, "leaves")
}

/// All stay.
fn stays(_: usize, _: u64) {}

fn place(dir: &Path, process: usize) -> PathBuf {
    dir.join(process.to_string())
}

fn checkpoints(dir: &Path, process: usize) -> [PathBuf; 2] {
    ["checkpoint", "checkpoint.new"].map(|name| place(dir, process).join(name))
}

#[test]
fn processes_go_on_from_their_checkpoints_whichever_was_lost() {
    let cluster = cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
    let one = Checker::new(&cluster).check().unwrap();
    let expected = vec![Ok::<_, String>(summary(&cluster, &one)); 3];
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let lost = |found: &[Result<String, String>], who: usize| {
        for (number, found) in found.iter().enumerate() {
            let why = if number == who { "leaves" } else { "is lost" };
            assert!(found.as_ref().is_err_and(|said| said.contains(why)), "{number}: {found:?}");
        }
    };
    // Before the processes part, and after.
    lost(&on_disk((dir, false), 3, &leaves(2, 10)), 2);
    lost(&on_disk((dir, true), 3, &leaves(1, 2_000)), 1);
    // Those of an earlier moment, for what follows.
    let old: Vec<_> =
        (0..3).map(|process| fs::read(&checkpoints(dir, process)[0]).unwrap()).collect();
    lost(&on_disk((dir, true), 3, &leaves(0, 9_000)), 0);
    let [current, next] = checkpoints(dir, 1);
    let newest = fs::read(&current).unwrap();
    // One of another moment than the others.
    fs::write(&current, &old[1]).unwrap();
    let found = on_disk((dir, true), 3, &stays);
    let is_apart = |said: &String| said.contains("not of one moment (of process 0 after");
    assert!(found.iter().all(|found| found.as_ref().is_err_and(is_apart)), "{found:?}");
    // None at all, or a damaged one.
    for damage in [None, Some(&newest[..newest.len() / 2])] {
        fs::remove_file(&current).unwrap();
        damage.iter().for_each(|damaged| fs::write(&current, damaged).unwrap());
        let found = on_disk((dir, true), 3, &stays);
        let why = if damage.is_none() { "there is no checkpoint in" } else { "is damaged" };
        for (number, found) in found.iter().enumerate() {
            let said = found.as_ref().unwrap_err();
            assert!(said.contains(why), "{said}");
            assert_eq!(said.contains("process 1 cannot go on"), number != 1, "{said}");
        }
        fs::write(&current, &old[1]).unwrap();
    }
    // Fewer processes than there were.
    let found = on_disk((dir, true), 2, &stays);
    let said = found[0].as_ref().unwrap_err();
    assert!(
        said.contains("is of paxos by process 0 of 3, not of paxos by process 0 of 2"),
        "{said}"
    );
    // A new beginning would lose them.
    let found = on_disk((dir, false), 3, &stays);
    assert!(found[2].as_ref().is_err_and(|said| said.contains("holds a checkpoint")), "{found:?}");
    // As a process leaves it that ends before it puts its new one in place, beside one that ends while it
    // writes the next.
    fs::write(&next, &newest).unwrap();
    fs::write(&checkpoints(dir, 2)[1], &newest[..100]).unwrap();
    assert_eq!(on_disk((dir, true), 3, &stays), expected);
    for process in 0..3 {
        assert!(checkpoints(dir, process).iter().all(|path| !path.exists()), "{process}");
    }
}

#[test]
fn a_checkpoint_that_not_all_have_written_takes_no_place() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    // Where the file is to be that process 1 writes next there is a directory.
    let blocked = checkpoints(dir, 1)[1].clone();
    let found = on_disk((dir, false), 2, &|number, unique| {
        if number == 1 && unique > 1_000 && !blocked.exists() {
            fs::create_dir(&blocked).unwrap();
        }
    });
    let said: Vec<_> = found.iter().map(|found| found.as_ref().unwrap_err()).collect();
    assert!(said[0].contains("process 1 cannot go on: cannot write the checkpoint"), "{said:?}");
    assert!(said[1].starts_with("cannot write the checkpoint"), "{said:?}");
    assert!(said[1].ends_with("--resume goes on from the last one, which is kept"), "{said:?}");
    fs::remove_dir(&blocked).unwrap();
    let whole = on_disk((dir, true), 2, &stays);
    assert!(whole[0].is_ok() && whole[0] == whole[1], "{whole:?}");
}

#[test]
fn liveness_is_refused() {
    let [error] = &together(1, |hosts| {
        let is_live =
            |property: &Property<_, _>| matches!(property.kind.name(), "leads-to" | "eventually");
        let all = two_phase_commit::instances::instances().into_iter();
        let mut clusters = all.map(|instance| (instance.cluster)());
        let cluster = clusters.find(|one| one.properties().iter().any(is_live)).unwrap();
        Checker::new(&cluster).hosts(hosts).check().map(|_| ()).unwrap_err()
    })[..] else {
        unreachable!()
    };
    assert!(matches!(error, CheckError::NotByHosts(_)), "{error:?}");
}
