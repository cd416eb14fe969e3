//! What waits for a disk, and what a node sends to itself.

use super::*;

#[test]
fn a_write_back_disk_loses_what_was_acknowledged_before_it_was_written() {
    let on = |disk| {
        violated(pair(true, 2).faults(faults(1, 1)).disk(disk).property(no_loss()).cluster())
    };
    assert_eq!(on(DiskKind::Synchronous), Vec::<&str>::new());
    assert_eq!(on(DiskKind::WriteBack), ["what was acknowledged is stored"]);
}

#[test]
fn on_an_asynchronous_disk_what_is_sent_waits_for_what_was_saved() {
    let with = |early, lazy| {
        let setup = Setup::new([Pair::Quick { early, lazy }, Pair::Client { count: 2 }], 1, ());
        violated(setup.asynchronous_disk().faults(faults(1, 1)).property(no_loss()).cluster())
    };
    assert_eq!(with(3, 0), Vec::<&str>::new());
    assert_eq!(with(2, 0), ["what was acknowledged is stored"], "an acknowledgment is early");
    assert_eq!(with(3, 1), ["what was acknowledged is stored"], "nothing waits for the first save");
    let all_waits = pair(true, 2).disk(DiskKind::Asynchronous).faults(faults(1, 1));
    assert_eq!(violated(all_waits.property(no_loss()).cluster()), Vec::<&str>::new());
}

#[test]
fn a_nodes_message_to_itself_is_not_lost() {
    let alone = [Pair::Client { count: 1 }];
    let lossy = Setup::new(alone, 1, ()).network(NetworkKind::Multiset).lossy(true).cluster();
    let steps: BTreeSet<_> = reachable(&lossy).into_iter().flat_map(|(_, names)| names).collect();
    assert_eq!(steps, BTreeSet::from(["0 → 0: 1".to_string()]));
}
