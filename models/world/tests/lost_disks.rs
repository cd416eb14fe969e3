//! Disks that are lost: what the newcomer has, what it hears, and which nodes hear its former life.

use super::*;
use crate::durable::Newcomer;

/// What a node says when it starts.
const FIRST: u8 = 1;
const NEW: u8 = 2;

/// Says to all others how it started, and knows what it heard. What it heard is on its disk.
#[derive(Clone)]
struct Greeter {
    saves: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Heard {
    life: u64,
    from: BTreeSet<(Id, u8)>,
}

impl Durable for Heard {
    fn absorb(&mut self, delta: Self) {
        self.life = self.life.max(delta.life);
        self.from.extend(delta.from);
    }
}

impl Greeter {
    fn greet(id: Id, greeting: u8, o: &mut Out<Self>) {
        (0..3).map(Id::from).filter(|other| *other != id).for_each(|to| o.send(to, greeting));
    }
}

impl Actor for Greeter {
    type Msg = u8;
    type Timer = ();
    type State = Heard;
    type Storage = Heard;
    type Random = ();

    fn on_start(&self, id: Id, heard: &Option<Heard>, o: &mut Out<Self>) -> Heard {
        if heard.is_none() {
            Self::greet(id, FIRST, o);
            o.save(Heard::default());
        }
        heard.clone().unwrap_or_default()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Heard>, src: Id, msg: u8, o: &mut Out<Self>) {
        if !state.from.contains(&(src, msg)) {
            state.to_mut().from.insert((src, msg));
            o.save(Heard { life: 0, from: [(src, msg)].into() });
        }
    }
}

impl Newcomer for Greeter {
    fn on_newcomer(&self, id: Id, life: u64, o: &mut Out<Self>) -> Heard {
        Self::greet(id, NEW, o);
        let heard = Heard { life, from: BTreeSet::new() };
        if self.saves {
            o.save(heard.clone());
        }
        heard
    }
}

impl Recoverable for Greeter {
    fn checkpoint(&self, _: Id, state: &Heard) -> Option<Heard> {
        Some(state.clone())
    }
}

const ALL: [NetworkKind; 4] =
    [NetworkKind::Set, NetworkKind::Single, NetworkKind::Multiset, NetworkKind::Ordered];

/// Two servers and a client; server 0 may lose its disk so many times.
fn greeters(network: NetworkKind, count: u8, former: FormerLife) -> Setup<Greeter, ()> {
    let lost = LostDisks { count, nodes: vec![Id::from(0)], former };
    Setup::new([true; 3].map(|saves| Greeter { saves }), 2, ()).network(network).lost_disks(lost)
}

fn newcomer<'a>(view: &View<'a, Greeter, ()>) -> Option<&'a Heard> {
    view.nodes().state(Id::from(0)).filter(|heard| heard.life > 0)
}

#[test]
fn a_newcomer_has_nothing_and_hears_what_was_sent_to_its_former_life() {
    for network in ALL {
        let setup = greeters(network, 1, FormerLife::Refused).faults(faults(1, 1)).checkpointed();
        let cluster = setup.cluster();
        assert_eq!(violated(cluster.clone()), [] as [&str; 0]);
        let (mut empty, mut old_news) = (false, false);
        for (state, steps) in reachable(&cluster) {
            let view = cluster.view(&state);
            let Some(heard) = newcomer(&view) else { continue };
            empty |= heard.from.is_empty();
            old_news |= steps.iter().any(|step| step.contains("1 → 0: 1"));
        }
        assert!(empty && old_news, "{network:?}");
    }
}

#[test]
fn no_server_hears_the_former_life_where_that_is_refused_and_clients_do() {
    for (network, former) in
        ALL.into_iter().flat_map(|one| [FormerLife::Refused, FormerLife::Heard].map(|f| (one, f)))
    {
        let cluster = greeters(network, 1, former).cluster();
        let (mut by_server, mut by_client, mut news) = (false, false, false);
        for (state, steps) in reachable(&cluster) {
            if newcomer(&cluster.view(&state)).is_some() {
                by_server |= steps.iter().any(|step| step.contains("0 → 1: 1"));
                by_client |= steps.iter().any(|step| step.contains("0 → 2: 1"));
                news |= steps.iter().any(|step| step.contains("0 → 1: 2"));
            }
        }
        assert_eq!(by_server, former == FormerLife::Heard, "{network:?}");
        assert!(by_client && news, "{network:?}");
    }
}

#[test]
fn no_more_disks_are_lost_than_may_be_whether_the_node_is_up_or_down() {
    for count in [0, 1, 2] {
        let setup = greeters(NetworkKind::Set, count, FormerLife::Refused).faults(faults(1, 0));
        let cluster = setup.cluster();
        let (mut least, mut up, mut down) = (count, false, false);
        for (state, steps) in reachable(&cluster) {
            let view = cluster.view(&state);
            least = least.min(view.budget().disks.unwrap());
            let offered = steps.iter().any(|step| step == "disk replaced: 0");
            assert_eq!(offered, view.budget().disks != Some(0), "{steps:?}");
            let node = view.nodes().node(Id::from(0));
            assert_eq!(node.life, u64::from(count - view.budget().disks.unwrap()));
            assert!(node.state().is_none_or(|heard| heard.life == node.life));
            let is_up = node.state().is_some();
            up |= offered && is_up;
            down |= offered && !is_up;
            assert!(!steps.iter().any(|step| step == "disk replaced: 1"));
        }
        assert_eq!((least, up, down), (0, count > 0, count > 0));
    }
}

/// Stateright's checkers go the same ways, by the actions' names.
#[test]
fn stateright_finds_the_same_states() {
    for network in ALL {
        let setup = greeters(network, 2, FormerLife::Refused).faults(faults(1, 1));
        let cluster = setup.checkpointed().cluster();
        let theirs = cluster.clone().checker().spawn_bfs().join();
        assert_eq!(theirs.unique_state_count(), reachable(&cluster).len(), "{network:?}");
    }
}

#[test]
fn a_newcomer_that_does_not_save_that_it_is_one_is_a_violation() {
    let lost = LostDisks { count: 1, nodes: vec![Id::from(0)], former: FormerLife::Refused };
    let cluster = Setup::new([Greeter { saves: false }], 1, ()).lost_disks(lost).cluster();
    let panics =
        reachable(&cluster).iter().filter_map(|(state, _)| cluster.panic_in(state)).count();
    assert_eq!(panics, 1);
}

#[test]
#[should_panic(expected = "only a server's synchronous disk")]
fn a_client_has_no_disk_to_lose() {
    let lost = LostDisks { count: 1, nodes: vec![Id::from(2)], former: FormerLife::Refused };
    Setup::new([true; 3].map(|saves| Greeter { saves }), 2, ()).lost_disks(lost).cluster();
}
