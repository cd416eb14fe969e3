//! Random systems in TLA+: a naive interpreter of the modules finds as many states and the same verdicts as
//! the engine, on every kind of network, disk and fault; and TLC does, where there is one (`.ci/tlc`).

use super::claims::NAMES;
use super::systems::{System, system};
use crate::tla::syntax::faults;
use crate::tla::world;
use quorate::check::{Checker, Outcome};
use quorate::export::{About, ExportError, Module, Tables};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// How many states the exported systems may have.
const LIMIT: usize = 150;

/// A system in TLA+, with what the engine finds; `None` if there are too many states, or none.
fn exported(seed: u64, system: &System) -> Option<(Outcome, Module)> {
    let tables = match Tables::of(&system.setup().cluster(), LIMIT) {
        Ok(tables) => tables,
        Err(ExportError::TooManyStates(LIMIT) | ExportError::Nothing) => return None,
        Err(error) => panic!("seed {seed}: {error}"),
    };
    let outcome = Checker::new(&system.setup().cluster()).check().unwrap();
    assert_eq!(tables.states as u64, outcome.unique, "seed {seed}");
    let found = outcome.properties.iter().filter(|it| it.verdict.trace().is_some());
    let found: Vec<&str> = found.map(|it| it.name).collect();
    let (name, instance) = (format!("random_{seed}"), seed.to_string());
    let (module, says) = (&*name, "a random system");
    let about = About { module, protocol: "random", instance: &instance, says, found: &found };
    Some((outcome, Module::of(&tables, &about)))
}

#[test]
fn random_systems_are_exported_with_as_many_states_and_the_same_verdicts() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..1000 {
        let system = system(seed);
        let Some((outcome, module)) = exported(seed, &system) else { continue };
        let interpreted = world::Module::read(&module.text);
        let states = interpreted.states();
        assert_eq!(states.len() as u64, outcome.unique, "seed {seed}: {}", module.text);
        for (property, name) in outcome.properties.iter().zip(NAMES) {
            for prefix in ["Always", "Never"] {
                let formula = format!("{prefix}_{name}");
                if module.text.contains(&format!("\n{formula} == ")) {
                    let holds = states.iter().all(|state| interpreted.holds(&formula, state));
                    let found = property.verdict.trace().is_some();
                    assert_eq!(holds, !found, "seed {seed} {formula}: {}", module.text);
                }
            }
        }
        let name = format!("random_{seed}");
        assert_eq!(faults(&module.text, &name), BTreeSet::new());
        write(&module, &name);
        *kinds.entry(format!("{:?} {:?}", system.network, system.disk)).or_default() += 1;
    }
    assert!(kinds.len() == 12 && kinds.values().all(|count| *count > 10), "{kinds:?}");
}

/// Writes a module where it is asked for, so that TLC can check it too.
fn write(module: &Module, name: &str) {
    let Some(folder) = std::env::var_os("TLA_MODULES") else { return };
    let file = Path::new(&folder).join(format!("{name}.tla"));
    fs::write(&file, &module.text).unwrap();
    fs::write(file.with_extension("cfg"), &module.config).unwrap();
}
