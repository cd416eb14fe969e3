//! The instances and the mutants, with stateright's checker.

use crate::multi_primary::history::History;
use crate::multi_primary::instances::instances;
use crate::multi_primary::properties::Actor;
use crate::world::{Cluster, Kind};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;

#[test]
#[ignore]
fn explore() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for instance in instances() {
        if !only.is_empty() && !only.split(',').any(|o| o == instance.name) { continue; }
        let cluster = (instance.cluster)();
        let t = std::time::Instant::now();
        let never = HasDiscoveries::AllOf(["nothing"].into());
        let mut b = cluster.clone().checker().finish_when(never).threads(2);
        if let Ok(n) = std::env::var("MAX") { b = b.target_state_count(n.parse().unwrap()); }
        let checker = b.spawn_bfs().join();
        println!("{}: unique {} generated {} depth {} {:?}", instance.name, checker.unique_state_count(), checker.state_count(), checker.max_depth(), t.elapsed());
        println!("  {:?}", cluster.statistics());
        for p in &cluster.setup().properties {
            let d = checker.discovery(p.name);
            match (&p.kind, d) {
                (Kind::Sometimes, None) => println!("  NOT REACHED {}", p.name),
                (Kind::Sometimes, Some(_)) => {}
                (_, Some(path)) => { println!("  VIOLATED {} ({} steps)", p.name, path.clone().into_actions().len());
                   if std::env::var("SHOW").is_ok_and(|s| s == p.name) { for a in path.into_actions() { println!("      {a:?}"); } } }
                _ => {}
            }
        }
    }
}
