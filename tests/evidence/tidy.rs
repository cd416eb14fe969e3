//! The rules for the code: purity of `models/`, the size of files, one type per name, and a
//! documented table of every property and mutant.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The most lines a source file may have.
const MAX_LINES: usize = 420;

/// The names that `models/` may not mention, each with the reason. `models/clippy.toml` bans the
/// same for the compiler's eyes; this catches what a lint cannot see, such as a path in a macro.
const IMPURE: &[(&str, &str)] = &[
    ("std::net", "models do no I/O"),
    ("std::fs", "models do no I/O"),
    ("std::thread", "models have no threads"),
    ("std::io", "models do no I/O"),
    ("std::env", "models read no environment"),
    ("std::process", "models start no process"),
    ("Instant::now", "models have no clock"),
    ("SystemTime", "models have no clock"),
    ("rand::", "models draw no random numbers"),
    ("actor::spawn", "the runtime drives the actors"),
    ("std::collections::HashMap", "its order differs between runs"),
    ("std::collections::HashSet", "its order differs between runs"),
];

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The build of the peers is no source.
                open.extend((!path.ends_with("target")).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found.sort();
    found
}

fn impurities(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (word, reason) in IMPURE {
            if code.contains(word) {
                found.push(format!("line {}: {word}: {reason}", at + 1));
            }
        }
    }
    found
}

#[test]
fn models_are_pure() {
    for path in sources("models") {
        let found = impurities(&fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

#[test]
fn an_impure_line_would_be_noticed() {
    assert_eq!(impurities("let x = std::net::UdpSocket::bind(a);").len(), 1);
    assert_eq!(impurities("// std::net is banned here"), Vec::<String>::new());
}

#[test]
fn the_lints_of_models_ban_what_this_test_bans() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/clippy.toml");
    let lints = fs::read_to_string(path).unwrap();
    for word in ["std::net", "std::fs", "std::thread", "Instant", "SystemTime", "HashMap"] {
        assert!(lints.contains(word), "models/clippy.toml no longer bans {word}");
    }
}

#[test]
fn no_source_file_is_too_long() {
    for folder in ["src", "models", "tests", "benches"] {
        for path in sources(folder) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= MAX_LINES, "{} has {lines} lines", path.display());
        }
    }
}

/// Names that a reader searches for, and must find once.
const ONE_TYPE: &[&str] = &["Verdict", "Trace", "Step", "Client", "Offer"];

/// The type that a line declares; an associated type, which is indented, is none.
fn declared(line: &str) -> Option<&str> {
    let is_visibility = |word: &&str| word.starts_with("pub") || word.ends_with(')');
    let mut words = line.split_whitespace().skip_while(is_visibility);
    let keyword = words.next()?;
    let is_alias = keyword == "type" && !line.starts_with(' ');
    let is_type = ["struct", "enum", "trait", "union"].contains(&keyword) || is_alias;
    let name = words.next().filter(|_| is_type)?;
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[test]
fn a_type_is_found_where_it_is_declared() {
    assert_eq!(declared("pub(in super::super) struct Step<'c> {"), Some("Step"));
    assert_eq!(declared("    enum Verdict {"), Some("Verdict"));
    assert_eq!(declared("type Offer = MapOffer;"), Some("Offer"));
    assert_eq!(declared("    type Offer = MapOffer;"), None);
    assert_eq!(declared("let trait_of = Offer;"), None);
}

#[test]
fn a_name_that_readers_search_for_is_of_one_type() {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in ["src", "models"].into_iter().flat_map(sources) {
        let source = fs::read_to_string(&path).unwrap();
        for name in source.lines().filter_map(declared) {
            if let Some(known) = ONE_TYPE.iter().find(|known| **known == name) {
                places.entry(known).or_default().push(path.display().to_string());
            }
        }
    }
    for name in ONE_TYPE {
        let places = places.remove(name).unwrap_or_default();
        assert_eq!(places.len(), 1, "types named {name}: {places:?}");
    }
}

#[test]
fn every_property_and_mutant_is_in_the_documented_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("PROPERTIES.md");
    let documented = fs::read_to_string(path).unwrap();
    let current = quorate::catalogue::tables::markdown(&quorate::catalogue::protocols());
    assert!(
        documented == current,
        "PROPERTIES.md is out of date: cargo run --release -- list --markdown > PROPERTIES.md"
    );
}

/// The text between the two marks around a table, without what starts each line.
fn table_in(file: &str, prefix: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| line.strip_prefix(prefix).unwrap_or(line));
    let inside = lines
        .skip_while(|line| !line.contains(&format!("<!-- {name} -->")))
        .skip(1)
        .take_while(|line| !line.contains(&format!("<!-- end of {name} -->")));
    inside.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn the_tables_of_guarantees_are_what_the_verdicts_say() {
    let current = quorate::catalogue::guarantees::markdown(&quorate::catalogue::protocols());
    for (file, prefix) in [("README.md", ""), ("models/lib.rs", "//! ")] {
        let shown = table_in(file, prefix, "guarantees");
        assert!(
            shown == current,
            "the table in {file} is out of date: cargo run --release -- list --guarantees\n\
             shown:\n{shown}\ncurrent:\n{current}"
        );
    }
}

#[test]
fn the_comparison_is_what_the_checks_show() {
    use quorate::catalogue::{comparison, protocols};
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("COMPARISON.md");
    assert!(
        fs::read_to_string(path).unwrap() == comparison::markdown(&protocols()),
        "COMPARISON.md is out of date: cargo run --release -- list --comparison > COMPARISON.md"
    );
    assert_eq!(comparison::unfounded(&protocols()), Vec::<String>::new());
}

#[test]
fn the_table_of_levels_is_what_the_instances_show() {
    let shown = table_in("README.md", "", "levels");
    let current = quorate::models::quorum_store::levels::markdown();
    assert!(
        shown == current,
        "the table in README.md is out of date: cargo run --release -- levels --markdown\n\
         shown:\n{shown}\ncurrent:\n{current}"
    );
}
