//! The laws of the merge, on states that nodes reach.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    /// A node takes a write: of one of two keys, blind, informed by what it holds, or a delete.
    Write(usize, bool, u8),
    /// The oldest delta from one node to another comes, or is lost.
    Deliver(usize, usize, bool),
    /// One node fetches what another has.
    Transfer(usize, usize),
    Restart(usize),
}

fn steps() -> impl Strategy<Value = Vec<Event>> {
    let (at, to) = (0..3_usize, 0..3_usize);
    let step = prop_oneof![
        4 => (at.clone(), any::<bool>(), 0..3_u8).prop_map(|(a, k, h)| Event::Write(a, k, h)),
        4 => (at.clone(), to.clone(), any::<bool>()).prop_map(|(a, b, l)| Event::Deliver(a, b, l)),
        1 => (at.clone(), to).prop_map(|(a, b)| Event::Transfer(a, b)),
        1 => at.prop_map(Event::Restart),
    ];
    proptest::collection::vec(step, 0..40)
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![Just(Rule::LastWriterWins), Just(Rule::MultiValue)]
}

/// Three nodes that went through `steps`.
fn run(rule: Rule, piece_bytes: usize, steps: &[Event]) -> [Node; 3] {
    let config = Config { piece_bytes, ..config(3, rule) };
    let mut nodes = [0, 1, 2].map(|at| started(&config, at));
    let mut links = vec![std::collections::VecDeque::new(); 9];
    for (at, step) in steps.iter().enumerate() {
        match step {
            Event::Write(node, is_x, how) => {
                let key = if *is_x { "x" } else { "y" };
                let op = match how {
                    2 => Op::Delete { key: key.into() },
                    _ => Op::put(key, &at.to_string()),
                };
                let context = (*how == 0).then(Context::default);
                let request = Request { op, context };
                if let Some(update) = nodes[*node].write(9, at as u64 + 1, request) {
                    (0..3).for_each(|to| links[node * 3 + to].push_back(update.clone()));
                }
            }
            Event::Deliver(from, to, is_lost) if from != to => {
                if let Some(update) = links[from * 3 + to].pop_front()
                    && !is_lost
                {
                    nodes[*to].on_peer(*from, Peer::Delta(update));
                }
            }
            Event::Transfer(from, to) if from != to => fetch(&mut nodes, *from, *to),
            Event::Restart(node) => drop(nodes[*node].restart()),
            Event::Deliver(..) | Event::Transfer(..) => {}
        }
    }
    nodes
}

fn fetch(nodes: &mut [Node; 3], from: usize, to: usize) {
    let mut source = nodes[from].clone();
    transfer(&mut source, &mut nodes[to]);
    nodes[from] = source;
}

/// The least upper bound of two states: what a complete transfer makes.
fn join(a: &Image, b: &Image) -> (VersionVector, Store) {
    let mut joined = a.clone();
    for (key, dot, version) in b.store.versions() {
        let update = Update { key: key.clone(), dot, version: version.clone() };
        joined.merge(&update);
    }
    joined.vector.join(&b.vector);
    (joined.vector, joined.store)
}

fn image((vector, store): (VersionVector, Store)) -> Image {
    Image { vector, store, ..Image::default() }
}

/// What can be read: tombstones may be gone at one node before another.
fn live(store: &Store) -> Vec<(&Bytes, Dot, &Bytes)> {
    let versions = store.versions();
    versions.filter_map(|(key, dot, version)| Some((key, dot, version.value.as_ref()?))).collect()
}

proptest! {
    #[test]
    fn shapiro_2011_merge_is_idempotent(rule in rules(), steps in steps()) {
        for node in run(rule, 1, &steps) {
            let image = node.image();
            prop_assert_eq!(join(image, image), (image.vector.clone(), image.store.clone()));
        }
    }

    #[test]
    fn shapiro_2011_merge_is_commutative(rule in rules(), steps in steps()) {
        let [a, b, _] = run(rule, 1, &steps);
        let ((v, one), (w, other)) = (join(a.image(), b.image()), join(b.image(), a.image()));
        prop_assert_eq!(v, w);
        prop_assert_eq!(live(&one), live(&other));
    }

    #[test]
    fn shapiro_2011_merge_is_associative(rule in rules(), steps in steps()) {
        let [a, b, c] = run(rule, 1, &steps);
        let (a, b, c) = (a.image(), b.image(), c.image());
        let (v, one) = join(&image(join(a, b)), c);
        let (w, other) = join(a, &image(join(b, c)));
        prop_assert_eq!(v, w);
        prop_assert_eq!(live(&one), live(&other));
    }

    #[test]
    fn shapiro_2011_merge_is_an_upper_bound(rule in rules(), steps in steps()) {
        let [a, b, _] = run(rule, 1, &steps);
        let both = image(join(a.image(), b.image()));
        for part in [a.image(), b.image()] {
            let (vector, store) = join(&both, part);
            prop_assert_eq!((vector, live(&store)), (both.vector.clone(), live(&both.store)));
        }
    }

    #[test]
    fn shapiro_2011_after_anti_entropy_all_have_the_same_state_and_tombstones_go(
        rule in rules(), steps in steps(), piece_bytes in prop_oneof![Just(1), Just(usize::MAX)]
    ) {
        let mut nodes = run(rule, piece_bytes, &steps);
        for _ in 0..4 {
            for (from, to) in [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)] {
                fetch(&mut nodes, from, to);
            }
        }
        let [a, b, c] = nodes.map(|node| node.image().clone());
        prop_assert_eq!(&a.vector, &b.vector);
        prop_assert_eq!(&a.vector, &c.vector);
        prop_assert_eq!(&a.store, &b.store);
        prop_assert_eq!(&a.store, &c.store);
        prop_assert!(!a.store.has_tombstones());
    }

    #[test]
    fn versions_of_a_key_never_cover_each_other(rule in rules(), steps in steps()) {
        for node in run(rule, 1, &steps) {
            for (key, entry) in node.image().store.entries() {
                let update = |(dot, version): (&Dot, &Version)| Update {
                    key: key.clone(), dot: *dot, version: version.clone(),
                };
                let all: Vec<Update> = entry.iter().map(update).collect();
                prop_assert!(!all.iter().any(|a| all.iter().any(|b| a.covers(b))));
                prop_assert!(rule == Rule::MultiValue || all.len() == 1);
            }
        }
    }

    #[test]
    fn what_is_saved_survives_the_codec_and_costs_what_changed(
        rule in rules(), steps in steps()
    ) {
        for node in run(rule, 1, &steps) {
            let saved = node.disk.clone().unwrap();
            let bytes = postcard::to_allocvec(&saved).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Storage>(&bytes).unwrap(), saved);
        }
    }
}
