use super::*;

/// The saves of a node that takes writes of three keys and deletes one.
fn saves() -> (Vec<Storage>, Storage) {
    let mut node = started(&config(2, Rule::LastWriterWins), 0);
    let mut saves = vec![Storage::Image(Image::default())];
    let script = [
        Op::put("x", "a"),
        Op::put("y", "b"),
        Op::Delete { key: "x".into() },
        Op::put("z", "c"),
        Op::put("y", "d"),
    ];
    for (seq, op) in script.into_iter().enumerate() {
        let did = node.on_msg(9, request(seq as u64 + 1, op));
        saves.extend(did.into_iter().filter_map(|did| match did {
            Did::Save(save) => Some(save),
            _ => None,
        }));
    }
    (saves, Storage::Image(node.image().clone()))
}

fn fold(saves: &[Storage]) -> Option<Storage> {
    let mut folded = None;
    for save in saves {
        Storage::fold(&mut folded, save.clone());
    }
    folded
}

#[test]
fn a_log_may_be_compacted_at_any_point() {
    let (saves, state) = saves();
    assert_eq!(fold(&saves), Some(state.clone()));
    for from in 0..saves.len() {
        for to in from + 1..=saves.len() {
            let mut compacted = saves.clone();
            compacted.splice(from..to, fold(&saves[from..to]));
            assert_eq!(fold(&compacted), Some(state.clone()));
        }
    }
}

#[test]
fn a_complete_image_absorbs_into_anything_as_itself() {
    let (saves, state) = saves();
    for mut save in saves {
        save.absorb(state.clone());
        assert_eq!(save, state);
    }
}

#[test]
fn an_empty_entry_removes_the_key() {
    let mut node = started(&config(2, Rule::MultiValue), 0);
    node.write(9, 1, put("a"));
    let mut saved = Storage::Image(node.image().clone());
    let entries = [("x".into(), Entry::new())].into();
    saved.absorb(Storage::Delta(Delta { entries, ..Delta::default() }));
    let Storage::Image(image) = saved else { panic!("an image") };
    assert_eq!(image.store, Store::default());
}

#[test]
fn a_save_costs_what_changed_not_what_there_is() {
    let mut node = started(&config(2, Rule::MultiValue), 0);
    let mut sizes = Vec::new();
    for seq in 1..=50 {
        let did = node.on_msg(9, request(seq, Op::put(&format!("{seq:04}"), "v")));
        let Did::Save(delta) = &did[0] else { panic!("first the save: {did:?}") };
        sizes.push(postcard::to_allocvec(delta).unwrap().len());
    }
    assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 2, "{sizes:?}");
}
