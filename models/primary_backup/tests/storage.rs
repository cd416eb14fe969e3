use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Event {
    View,
    Synced,
    Applied(usize, u8),
    Installed(u8),
}

fn steps() -> impl Strategy<Value = Vec<Event>> {
    let step = prop_oneof![
        Just(Event::View),
        Just(Event::Synced),
        (7..10_usize, any::<u8>()).prop_map(|(client, value)| Event::Applied(client, value)),
        (0..5_u8).prop_map(Event::Installed),
    ];
    proptest::collection::vec(step, 0..20)
}

/// What a replica saves as it goes through `steps`, and where it ends.
fn saves(steps: &[Event]) -> (Vec<Storage<Map>>, Storage<Map>) {
    let (mut view, mut synced, mut state) = (View::first(2), 1, image(0));
    let mut saves = vec![Saved::complete(view.clone(), synced, state.clone())];
    for step in steps {
        saves.push(match step {
            Event::View => {
                view = view.next(id(2), &BTreeSet::new(), None);
                Saved::view(view.clone())
            }
            Event::Synced => {
                synced = view.number;
                Saved::synced(synced)
            }
            Event::Applied(client, value) => {
                let seq = state.op + 1;
                let entry = entry(*client, seq, &Op::put("x", &value.to_string()));
                state.apply(&entry);
                Saved::applied(entry)
            }
            Event::Installed(op) => {
                (synced, state) = (view.number, image(u64::from(*op)));
                Saved::installed(synced, state.clone())
            }
        });
    }
    (saves, Saved::complete(view, synced, state))
}

fn fold(saves: &[Storage<Map>]) -> Option<Storage<Map>> {
    let mut folded = None;
    for save in saves {
        Storage::fold(&mut folded, save.clone());
    }
    folded
}

proptest! {
    #[test]
    fn the_fold_of_what_a_replica_saves_is_its_state(steps in steps()) {
        let (saves, state) = saves(&steps);
        prop_assert_eq!(fold(&saves), Some(state));
    }

    #[test]
    fn a_log_may_be_compacted_at_any_point(steps in steps(), from in 0..20_usize, to in 0..20_usize) {
        let (mut saves, state) = saves(&steps);
        let (from, to) = (from.min(to).min(saves.len()), from.max(to).min(saves.len()));
        if let Some(compacted) = fold(&saves[from..to]) {
            saves.splice(from..to, [compacted]);
        }
        prop_assert_eq!(fold(&saves), Some(state));
    }

    #[test]
    fn a_complete_image_absorbs_into_anything_as_itself(a in steps(), b in steps()) {
        let ((saves, _), (_, image)) = (saves(&a), saves(&b));
        for save in saves {
            let mut folded = save;
            folded.absorb(image.clone());
            prop_assert_eq!(&folded, &image);
        }
    }

    #[test]
    fn what_is_saved_survives_the_codec(steps in steps()) {
        let (saves, state) = saves(&steps);
        for save in saves.into_iter().chain([state]) {
            let bytes = postcard::to_allocvec(&save).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Storage<Map>>(&bytes).unwrap(), save);
        }
    }
}

#[test]
fn a_save_costs_what_changed_not_what_there_is() {
    let mut node = node(&config(2), 2);
    let mut sizes = Vec::new();
    for op in 1..=50 {
        let did = node.on_peer(1, replicate(1, op));
        let Did::Save(delta) = &did[0] else { panic!("first the save: {did:?}") };
        sizes.push(postcard::to_allocvec(delta).unwrap().len());
    }
    assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
}

#[test]
fn the_view_service_saves_all_it_knows() {
    let registry =
        |number| Registry { view: view(number, 1, &[2]), certified: [id(1)].into(), acked: false };
    let mut saved: Storage<Map> = Storage::ViewService(registry(1));
    saved.absorb(Storage::ViewService(registry(2)));
    assert_eq!(saved, Storage::ViewService(registry(2)));
}

#[test]
fn every_message_survives_the_codec() {
    let messages = [
        peer_ping(1, true, &[2], Some(3)),
        Peer::View(view(2, 1, &[2, 3])),
        Peer::Begin { view: 2, op: 3 },
        has_first(3),
        piece(2, 0),
        piece(2, 1),
        replicate(2, 4),
        Peer::Ack { view: 2, op: 4 },
        Peer::Refill { view: 2, from: 5 },
    ];
    for msg in messages {
        let msg: Msg<Map> = Service::Peer(msg);
        let bytes = postcard::to_allocvec(&msg).unwrap();
        assert_eq!(postcard::from_bytes::<Msg<Map>>(&bytes).unwrap(), msg);
    }
}
