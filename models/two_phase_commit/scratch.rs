use super::instances::instances;
use super::mutants::mutants;
use stateright::{Checker, HasDiscoveries, Model};
#[test]
fn oracle() {
    for n in [3, 5, 6] {
        let ch = super::abstract_model::TwoPhase { resource_managers: n }.checker().finish_when(HasDiscoveries::AllOf(["x"].into())).spawn_bfs().join();
        println!("{n}: {} {}", ch.unique_state_count(), ch.state_count());
    }
}
#[test]
fn run() {
    let only = std::env::var("ONLY").ok();
    for i in instances() {
        if only.as_ref().is_some_and(|o| !i.name.starts_with(o.as_str())) { continue; }
        if i.deep && only.is_none() { continue; }
        let t = std::time::Instant::now();
        let c = (i.cluster)();
        let ch = c.clone().checker().finish_when(HasDiscoveries::AllOf(["x"].into())).target_state_count(std::env::var("MAX").map_or(3_000_000, |m| m.parse().unwrap())).spawn_bfs().join();
        println!("{}: unique {} generated {} depth {} {:?} {:?}", i.name, ch.unique_state_count(), ch.state_count(), ch.max_depth(), t.elapsed(), c.statistics());
        for (p, path) in ch.discoveries() { println!("    {p}: {}", path.clone().into_actions().len());
           if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) { for a in path.into_actions() { println!("       {a:?}"); } } }
    }
}
#[test]
fn kill() {
    let only = std::env::var("ONLY").ok();
    for i in mutants() {
        if only.as_ref().is_some_and(|o| !i.name.starts_with(o.as_str())) { continue; }
        let t = std::time::Instant::now();
        let all = std::env::var("ALL").is_ok();
        let ch = (i.cluster)().checker().finish_when(HasDiscoveries::AllOf([if all { "x" } else { i.killed_by }].into())).target_state_count(1_000_000).spawn_bfs().join();
        println!("{}: unique {} generated {} depth {} {:?} {}", i.name, ch.unique_state_count(), ch.state_count(), ch.max_depth(), t.elapsed(), if ch.discovery(i.killed_by).is_some() { "KILLED" } else { "SURVIVED" });
        for (p, path) in ch.discoveries() { println!("    {p}: {}", path.clone().into_actions().len());
           if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) { for a in path.into_actions() { println!("       {a:?}"); } } }
    }
}
#[test]
fn explore() {
    use super::instances::{Bounds, transfer, audit};
    use crate::kv::Op;
    let var = |n: &str| std::env::var(n).unwrap_or_default();
    let num = |n: &str| var(n).parse().unwrap_or(0_u8);
    let scripts = var("SCRIPTS").split(',').map(|s| s.chars().map(|c| match c {
        't' => transfer(), 'a' => audit(), 'x' => Op::put("x", "a").into(), 'r' => Op::get("x").into(), 'y' => Op::put("y", "a").into(),
        'c' => Op::Cas { key: "x".into(), expected: None, new: Some("c".into()) }.into(),
        'b' => [Op::put("x", "b"), Op::put("y", "b")].into(),
        _ => [Op::get("x"), Op::put("y", "c")].into(),
    }).collect()).collect();
    let crashable = var("CRASHABLE").split(',').filter_map(|s| s.parse::<usize>().ok()).map(stateright::actor::Id::from).collect();
    let b = Bounds { crashes: num("CRASHES"), restarts: num("RESTARTS"), crashable: Some(crashable), deadlines: num("DEADLINES"), doubts: num("DOUBTS"), ..Bounds::calm(scripts) };
    let claims = b.safety();
    let t = std::time::Instant::now();
    let c = b.cluster(claims, None);
    let ch = c.clone().checker().finish_when(HasDiscoveries::AllOf(["x"].into())).target_state_count(std::env::var("MAX").map_or(3_000_000, |m| m.parse().unwrap())).spawn_bfs().join();
    println!("EXPLORE: unique {} generated {} depth {} {:?} {:?}", ch.unique_state_count(), ch.state_count(), ch.max_depth(), t.elapsed(), c.statistics());
    for (p, path) in ch.discoveries() { println!("    {p}: {}", path.clone().into_actions().len());
       if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) { for a in path.into_actions() { println!("       {a:?}"); } } }
}
