use super::instances::instances;
use super::mutants::mutants;
use stateright::{Checker, HasDiscoveries, Model};
#[test]
fn run() {
    let only = std::env::var("ONLY").ok();
    for i in instances().into_iter().chain(super::instances::liveness()) {
        if only.as_ref().is_some_and(|o| !i.name.starts_with(o.as_str())) {
            continue;
        }
        let t = std::time::Instant::now();
        let c = (i.cluster)();
        let names: Vec<_> = c.setup().properties.iter().map(|p| (p.name, p.kind.name())).collect();
        let c2 = c.clone();
        let ch = c
            .checker()
            .finish_when(HasDiscoveries::AllOf(["x"].into()))
            .target_state_count(std::env::var("MAX").map_or(3_000_000, |m| m.parse().unwrap()))
            .spawn_bfs()
            .join();
        println!(
            "{}: unique {} generated {} depth {} {:?} {:?}",
            i.name,
            ch.unique_state_count(),
            ch.state_count(),
            ch.max_depth(),
            t.elapsed(),
            c2.statistics()
        );
        let found = ch.discoveries();
        for (p, kind) in &names {
            match found.get(p) {
                Some(path) => {
                    println!("    {kind} {p}: {}", path.clone().into_actions().len());
                    if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) {
                        for a in path.clone().into_actions() {
                            println!("       {a:?}");
                        }
                    }
                }
                None if *kind == "sometimes" => println!("    UNREACHED {p}"),
                None => {}
            }
        }
    }
}
#[test]
fn kill() {
    let only = std::env::var("ONLY").ok();
    for i in mutants() {
        if only.as_ref().is_some_and(|o| !i.name.starts_with(o.as_str())) {
            continue;
        }
        let t = std::time::Instant::now();
        let all = std::env::var("ALL").is_ok();
        let ch = (i.cluster)()
            .checker()
            .finish_when(HasDiscoveries::AllOf([if all { "x" } else { i.killed_by }].into()))
            .target_state_count(std::env::var("MAX").map_or(400_000, |m| m.parse().unwrap()))
            .spawn_bfs()
            .join();
        println!(
            "{}: unique {} generated {} depth {} {:?} {}",
            i.name,
            ch.unique_state_count(),
            ch.state_count(),
            ch.max_depth(),
            t.elapsed(),
            if ch.discovery(i.killed_by).is_some() { "KILLED" } else { "SURVIVED" }
        );
        for (p, path) in ch.discoveries() {
            println!("    {p}: {}", path.clone().into_actions().len());
            if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) {
                for a in path.into_actions() {
                    println!("       {a:?}");
                }
            }
        }
    }
}
#[test]
fn param() {
    use super::instances::Bounds;
    use super::properties as claims;
    use crate::world::*;
    let var = |n: &str, d: &str| std::env::var(n).unwrap_or(d.into());
    let num = |n: &str, d: &str| var(n, d).parse::<u8>().unwrap();
    let scripts = var("S", "p")
        .split(',')
        .enumerate()
        .map(|(c, s)| {
            s.chars()
                .enumerate()
                .map(|(i, ch)| match ch {
                    'p' => crate::kv::Op::put("x", &format!("{c}{i}")),
                    _ => crate::kv::Op::get("x"),
                })
                .collect()
        })
        .collect();
    let crashable = var("CR", "");
    let crashable = (!crashable.is_empty()).then(|| {
        crashable
            .split(',')
            .map(|i| stateright::actor::Id::from(i.parse::<usize>().unwrap()))
            .collect()
    });
    let servers = num("N", "3") as usize;
    let quorums = std::env::var("Q").ok().map(|q| {
        let q: Vec<usize> = q.split(',').map(|x| x.parse().unwrap()).collect();
        super::Quorums { prepare: q[0], accept: q[1] }
    });
    let b = Bounds {
        servers,
        scripts,
        elections: num("E", "1"),
        heartbeats: num("H", "0"),
        retries: num("R", "0"),
        crashes: num("C", "0"),
        restarts: num("RS", "0"),
        crashable,
        window: num("W", "2") as u64,
        keep: num("K", "2") as usize,
        piece_bytes: num("PB", "255") as usize,
        quorums,
        unending: num("UB", "0") == 1,
    };
    let q = b.quorums();
    let mut cl = if num("SAFE", "1") == 1 { claims::safety(q) } else { claims::visible() };
    cl.extend([
        claims::two_leaders(),
        claims::adopted(),
        claims::gap_filled(),
        claims::installed(),
        claims::caught_up(),
        claims::overlap(),
    ]);
    let mut s = b.setup(cl, None);
    if var("NET", "set") == "multi" {
        s = s.network(NetworkKind::Multiset);
    }
    if var("LOSSY", "") == "1" {
        s = s.lossy(true);
    }
    let c = s.cluster();
    let names: Vec<_> = c.setup().properties.iter().map(|p| (p.name, p.kind.name())).collect();
    let c2 = c.clone();
    let t = std::time::Instant::now();
    let ch = c
        .checker()
        .finish_when(HasDiscoveries::AllOf(["x"].into()))
        .target_state_count(var("MAX", "3000000").parse().unwrap())
        .spawn_bfs()
        .join();
    let found = ch.discoveries();
    print!(
        "unique {} generated {} depth {} {:?} {:?} ",
        ch.unique_state_count(),
        ch.state_count(),
        ch.max_depth(),
        t.elapsed(),
        c2.statistics()
    );
    for (p, kind) in &names {
        match found.get(p) {
            Some(path) => {
                print!("| {kind} {p}: {}", path.clone().into_actions().len());
                if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) {
                    for a in path.clone().into_actions() {
                        println!("       {a:?}");
                    }
                }
            }
            None if *kind == "sometimes" => print!("| UNREACHED {p}"),
            None => {}
        }
    }
    println!();
}

#[test]
fn synod_run() {
    for i in super::synod::instances::instances() {
        let t = std::time::Instant::now();
        let c = (i.cluster)();
        let names: Vec<_> = c.setup().properties.iter().map(|p| (p.name, p.kind.name())).collect();
        let ch = c
            .checker()
            .finish_when(HasDiscoveries::AllOf(["x"].into()))
            .target_state_count(std::env::var("MAX").map_or(3_000_000, |m| m.parse().unwrap()))
            .spawn_bfs()
            .join();
        println!(
            "{}: unique {} generated {} depth {} {:?}",
            i.name,
            ch.unique_state_count(),
            ch.state_count(),
            ch.max_depth(),
            t.elapsed()
        );
        let found = ch.discoveries();
        for (p, kind) in &names {
            match found.get(p) {
                Some(path) => println!("    {kind} {p}: {}", path.clone().into_actions().len()),
                None if *kind == "sometimes" => println!("    UNREACHED {p}"),
                None => {}
            }
        }
    }
    for i in super::synod::mutants::mutants() {
        let t = std::time::Instant::now();
        let ch = (i.cluster)()
            .checker()
            .finish_when(HasDiscoveries::AllOf([i.killed_by].into()))
            .target_state_count(std::env::var("MAX").map_or(1_000_000, |m| m.parse().unwrap()))
            .spawn_bfs()
            .join();
        println!(
            "{}: unique {} generated {} depth {} {:?} {}",
            i.name,
            ch.unique_state_count(),
            ch.state_count(),
            ch.max_depth(),
            t.elapsed(),
            if ch.discovery(i.killed_by).is_some() { "KILLED" } else { "SURVIVED" }
        );
        for (p, path) in ch.discoveries() {
            println!("    {p}: {}", path.clone().into_actions().len());
        }
    }
}
