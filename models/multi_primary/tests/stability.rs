use super::*;

fn digest(node: &Node) -> Peer {
    Peer::Digest { vector: node.image().vector.clone(), clock: node.image().clock }
}

#[test]
fn wuu_bernstein_1984_a_tombstone_goes_when_every_node_is_known_to_have_it_and_what_it_covers() {
    for rule in [Rule::LastWriterWins, Rule::MultiValue] {
        let config = config(3, rule);
        let [mut a, mut b, mut c] = [0, 1, 2].map(|at| started(&config, at));
        let one = a.write(8, 1, put("a")).unwrap();
        b.on_peer(0, Peer::Delta(one.clone()));
        let gone = b.write(9, 1, delete()).unwrap();
        a.on_peer(1, Peer::Delta(gone.clone()));
        // The last node has the tombstone and not what it deletes.
        c.on_peer(1, Peer::Delta(gone));
        b.on_peer(0, digest(&a));
        b.on_peer(2, digest(&c));
        assert!(b.image().store.has_tombstones(), "{rule:?}");
        c.on_peer(0, Peer::Delta(one));
        let did = b.on_peer(2, digest(&c));
        assert!(!b.image().store.has_tombstones(), "{rule:?}");
        assert!(matches!(&did[..], [Did::Save(Storage::Delta(_))]), "{did:?}");
        assert_eq!(b.replica().stability, Stability::default());
    }
}

#[test]
fn a_copy_that_comes_after_the_tombstone_went_is_not_news() {
    let config = config(2, Rule::MultiValue);
    let (mut a, mut b) = (started(&config, 0), started(&config, 1));
    let one = a.write(8, 1, put("a")).unwrap();
    b.on_peer(0, Peer::Delta(one.clone()));
    let gone = b.write(9, 1, delete()).unwrap();
    a.on_peer(1, Peer::Delta(gone));
    b.on_peer(0, digest(&a));
    assert_eq!(b.image().store, Store::default());
    b.ignores(0, Service::Peer(Peer::Delta(one)));
}

#[test]
fn with_last_writer_wins_a_write_with_a_lower_timestamp_may_still_come_from_a_node_not_heard_of() {
    let config = config(3, Rule::LastWriterWins);
    let [mut a, mut b, mut c] = [0, 1, 2].map(|at| started(&config, at));
    let slow = c.write(7, 1, put("c")).unwrap();
    a.write(8, 1, put("a"));
    let gone = a.write(8, 2, delete()).unwrap();
    transfer(&mut a, &mut b);
    transfer(&mut a, &mut c);
    assert!(gone.version.order > slow.version.order);
    // Everyone has the tombstone, and not everyone has the write of the third node.
    a.on_peer(1, digest(&b));
    a.on_peer(2, digest(&c));
    assert!(a.image().store.has_tombstones());
    a.on_peer(2, Peer::Delta(slow.clone()));
    b.on_peer(2, Peer::Delta(slow));
    assert_eq!(a.values("x"), bytes(&[]));
    a.on_peer(1, digest(&b));
    a.on_peer(2, digest(&c));
    assert!(!a.image().store.has_tombstones());
}

#[test]
fn a_node_without_tombstones_remembers_no_digests() {
    let config = config(2, Rule::MultiValue);
    let (mut a, b) = (started(&config, 0), started(&config, 1));
    a.write(8, 1, put("a"));
    a.ignores(1, Service::Peer(digest(&b)));
}

#[test]
fn wuu_bernstein_1984_tombstones_stay_while_a_node_is_not_heard_of() {
    let config = config(3, Rule::MultiValue);
    let (mut a, mut b) = (started(&config, 0), started(&config, 1));
    a.write(8, 1, put("a"));
    a.write(8, 2, delete());
    transfer(&mut a, &mut b);
    a.on_peer(1, digest(&b));
    assert!(a.image().store.has_tombstones());
}
