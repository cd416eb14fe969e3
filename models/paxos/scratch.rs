use super::instances::instances;
use super::mutants::mutants;
use stateright::{Checker, Model, HasDiscoveries};
#[test]
fn run() {
    let only = std::env::var("ONLY").ok();
    for i in instances() {
        if only.as_ref().is_some_and(|o| !i.name.starts_with(o.as_str())) { continue; }
        let t = std::time::Instant::now();
        let c = (i.cluster)();
        let names: Vec<_> = c.setup().properties.iter().map(|p| (p.name, p.kind.name())).collect();
        let c2 = c.clone();
        let ch = c.checker().finish_when(HasDiscoveries::AllOf(["x"].into())).target_state_count(std::env::var("MAX").map_or(3_000_000, |m| m.parse().unwrap())).spawn_bfs().join();
        println!("{}: unique {} generated {} depth {} {:?} {:?}", i.name, ch.unique_state_count(), ch.state_count(), ch.max_depth(), t.elapsed(), c2.statistics());
        let found = ch.discoveries();
        for (p, kind) in &names { match found.get(p) {
            Some(path) => { println!("    {kind} {p}: {}", path.clone().into_actions().len());
               if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) { for a in path.clone().into_actions() { println!("       {a:?}"); } } }
            None if *kind == "sometimes" => println!("    UNREACHED {p}"),
            None => {} } }
    }
}
#[test]
fn kill() {
    let only = std::env::var("ONLY").ok();
    for i in mutants() {
        if only.as_ref().is_some_and(|o| !i.name.starts_with(o.as_str())) { continue; }
        let t = std::time::Instant::now();
        let all = std::env::var("ALL").is_ok();
        let ch = (i.cluster)().checker().finish_when(HasDiscoveries::AllOf([if all { "x" } else { i.killed_by }].into())).target_state_count(std::env::var("MAX").map_or(400_000, |m| m.parse().unwrap())).spawn_bfs().join();
        println!("{}: unique {} generated {} depth {} {:?} {}", i.name, ch.unique_state_count(), ch.state_count(), ch.max_depth(), t.elapsed(), if ch.discovery(i.killed_by).is_some() { "KILLED" } else { "SURVIVED" });
        for (p, path) in ch.discoveries() { println!("    {p}: {}", path.clone().into_actions().len());
               if std::env::var("TRACE").is_ok_and(|t| p.contains(&t)) { for a in path.into_actions() { println!("       {a:?}"); } } }
    }
}
