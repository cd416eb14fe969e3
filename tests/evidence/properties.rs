//! The texts of properties: names that are short and stable, sentences that read alike, and sources
//! that a reader finds in the list of the protocol's module.

use quorate::catalogue::{PropertyInfo, Protocol, protocols};
use quorate::models::world::{CHECKPOINT, NO_PANIC};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The properties that no paper states, though they are more than an example of what is reached:
/// the protocol's own.
const OWN: &[(&str, &str)] = &[
    ("primary-backup", "primary-completeness"),
    ("primary-backup", "timers-armed"),
    ("primary-backup", "convergence"),
    ("primary-backup", "copy-suffix"),
    ("primary-backup", "join-after-copy"),
    ("primary-backup", "one-snapshot"),
    ("primary-backup", "work-conserving"),
    ("primary-backup", "bounded-queue"),
    ("primary-backup", "active-sessions"),
    ("multi-primary", "no-resurrection"),
    ("multi-primary", "at-most-once"),
    ("multi-primary", "tombstone-collection"),
    ("multi-primary", "written"),
    ("multi-primary", "newcomer-returns"),
    ("multi-primary", "active-sessions"),
    ("paxos", "active-sessions"),
    ("quorum-store", "failed-without-effect"),
    ("zab", "observer-committed"),
    ("zab", "observer"),
];

/// The properties of a protocol and those that every cluster may have.
fn each_property(run: impl Fn(&Protocol, PropertyInfo)) {
    for protocol in protocols() {
        protocol.properties().into_iter().for_each(|property| run(&protocol, property));
    }
}

fn is_name(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    text.len() <= 24 && text.split('-').all(is_word)
}

#[test]
fn names_are_short_words_joined_by_hyphens() {
    assert!(is_name("no-lost-update") && is_name("p2c"));
    assert!(!is_name("no lost update") && !is_name("P2c") && !is_name("a--b"));
    assert!(is_name(NO_PANIC.name) && is_name(CHECKPOINT.name));
    each_property(|protocol, property| {
        assert!(is_name(property.name), "{}: {:?}", protocol.name, property.name);
    });
}

#[test]
fn a_name_and_a_sentence_are_of_one_property_of_a_protocol() {
    for protocol in protocols() {
        let (mut names, mut sentences) = (BTreeMap::new(), BTreeMap::new());
        for property in protocol.properties() {
            let PropertyInfo { name, says, .. } = property;
            let twice = names.insert(name, property);
            assert!(twice.is_none(), "{}: two properties are {name}", protocol.name);
            let twice = sentences.insert(says, name);
            assert!(twice.is_none(), "{}: {name} and {twice:?} say the same", protocol.name);
        }
    }
}

#[test]
fn a_sentence_begins_with_its_subject_and_has_no_full_stop() {
    let is_good = |says: &str| {
        let first = says.split(' ').next().unwrap_or_default();
        says.split(' ').count() >= 3
            && says.starts_with(|c: char| c.is_ascii_lowercase())
            && !says.ends_with('.')
            && !["who", "what", "whoever", "whatever"].contains(&first)
            && !says.contains("in the end")
    };
    assert!(!is_good("who leads tells of it") && !is_good("linearizable"));
    assert!(!is_good("it is so."));
    assert!(is_good(NO_PANIC.says) && is_good(CHECKPOINT.says));
    each_property(|protocol, property| {
        assert!(is_good(property.says), "{}: {:?}", protocol.name, property.says);
    });
}

/// Of one source, such as `Lamport 2001, section 2.1`: the first author's surname and the year.
fn author_and_year(source: &str) -> Option<(&str, &str)> {
    let work = source.split(", ").next()?;
    let (authors, year) = work.rsplit_once(' ')?;
    let is_year = year.len() == 4 && year.chars().all(|c| c.is_ascii_digit());
    let first = authors.split(" and ").next()?.trim_end_matches(" et al.");
    (is_year && !first.is_empty()).then_some((first, year))
}

/// The module's documentation, in which the sources are listed.
fn module_docs(module: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(module).join("mod.rs");
    let text = fs::read_to_string(path).unwrap();
    let docs = text.lines().filter_map(|line| line.strip_prefix("//! "));
    docs.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_source_is_in_the_list_of_the_protocols_module() {
    let lamport = author_and_year("Lamport 2001, section 2.2, P2c");
    assert_eq!(lamport, Some(("Lamport", "2001")));
    assert_eq!(author_and_year("section 2"), None);
    each_property(|protocol, property| {
        let module = match protocol.name {
            "synod" => "paxos/synod".to_owned(),
            name => name.replace('-', "_"),
        };
        let docs = module_docs(&module);
        for source in property.source.split("; ").filter(|source| !source.is_empty()) {
            let at = format!("{} {}: {source:?}", protocol.name, property.name);
            let (author, year) = author_and_year(source).unwrap_or_else(|| panic!("{at}"));
            let is_listed = docs.match_indices(author).any(|(begin, _)| {
                let rest: String = docs[begin..].chars().take(100).collect();
                rest.contains(year)
            });
            assert!(is_listed, "{at} is not among the sources of models/{module}/mod.rs");
        }
    });
}

#[test]
fn a_property_has_a_source_or_is_the_protocols_own() {
    each_property(|protocol, property| {
        let is_own = OWN.contains(&(protocol.name, property.name));
        let has_source = !property.source.is_empty();
        let is_example = property.kind == "sometimes" || property.name == CHECKPOINT.name;
        let at = format!("{} {}", protocol.name, property.name);
        assert!(is_example || is_own || has_source, "{at} has no source");
        assert!(!(is_own && has_source), "{at} has a source: it need not be listed");
    });
    for (protocol, name) in OWN {
        let known = quorate::catalogue::protocol(protocol).unwrap().properties();
        assert!(known.iter().any(|property| property.name == *name), "{protocol} has no {name}");
    }
}
