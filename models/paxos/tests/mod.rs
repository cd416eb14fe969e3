//! Unit tests: what a replica does with one event, and one test for each claim of the papers.

mod catching_up;
mod collapse;
mod durable_laws;
mod embedded;
mod leaving;
mod overtaken;
mod pieces;
mod pre_vote;
mod reads;
mod requests;
mod sessions;
mod simulation;

use super::bugs::Bug;
use super::*;
use crate::kv::sessions::RequestStatus;
use crate::kv::transfer::Held;
use crate::kv::{Bytes, Map, Op, Reply, Service};
use crate::testing::{Did, did, handle};

type M = Map;
type Replicas = ReplicaState<M>;

/// A command that a replica gave.
type Effect = Did<Paxos<M>>;

fn sends(effects: &[Effect]) -> Vec<(usize, Peer<M>)> {
    (effects.iter())
        .filter_map(|effect| match effect {
            Effect::Send(to, Service::Peer(msg)) => Some((*to, msg.clone())),
            _ => None,
        })
        .collect()
}

fn replies(effects: &[Effect]) -> Vec<(usize, Msg<M>)> {
    (effects.iter())
        .filter_map(|effect| match effect {
            Effect::Send(_, Service::Peer(_)) => None,
            Effect::Send(to, msg) => Some((*to, msg.clone())),
            _ => None,
        })
        .collect()
}

/// The pieces that a replica names in its request for the rest, if it got this piece last.
fn held(msg: &Peer<M>) -> Option<Held> {
    let Peer::Snapshot { slot, index, next, .. } = msg else { panic!("no piece: {msg:?}") };
    Some(Held { of: *slot, count: index + 1, end: next.clone()? })
}

fn config() -> Config {
    of(3, Quorums::majorities(3))
}

/// A cluster in which a replica tries to lead when its timer fires.
fn of(servers: usize, quorums: Quorums) -> Config {
    let config = Config::new(servers, quorums, Timing::model()).unwrap();
    Config { pre_vote: false, ..config }
}

#[allow(clippy::needless_pass_by_value, reason = "shorter calls")]
fn started(config: &Config, id: usize, saved: Option<Saved<M>>) -> (Replicas, Vec<Effect>) {
    let mut out = Out::new();
    let State::Replica(state) = config.server::<M>().on_start(id.into(), &saved, &mut out) else {
        unreachable!("a replica")
    };
    (state, did(out))
}

#[allow(clippy::needless_pass_by_value, reason = "shorter calls")]
fn deliver(
    config: &Config,
    id: usize,
    state: &mut Replicas,
    src: usize,
    msg: Msg<M>,
) -> Vec<Effect> {
    let did = at(config, state, |server, state, out| {
        server.on_msg(id.into(), state, src.into(), msg.clone(), out);
    });
    with_own(config, id, state, did)
}

fn peer(config: &Config, id: usize, state: &mut Replicas, src: usize, msg: Peer<M>) -> Vec<Effect> {
    deliver(config, id, state, src, Service::Peer(msg))
}

fn fire(config: &Config, id: usize, state: &mut Replicas, timer: Timer) -> Vec<Effect> {
    let did =
        at(config, state, |server, state, out| server.on_timeout(id.into(), state, &timer, out));
    with_own(config, id, state, did)
}

/// What a replica sends to itself arrives.
fn with_own(config: &Config, id: usize, state: &mut Replicas, did: Vec<Effect>) -> Vec<Effect> {
    let (own, mut did): (Vec<_>, Vec<_>) =
        did.into_iter().partition(|did| matches!(did, Effect::Send(to, _) if *to == id));
    for sent in own {
        if let Effect::Send(_, msg) = sent {
            did.extend(deliver(config, id, state, id, msg));
        }
    }
    did
}

/// Runs a handler at a replica in this state.
fn at(
    config: &Config,
    state: &mut Replicas,
    run: impl Fn(&Paxos<M>, &mut Cow<'_, State<M>>, &mut Out<Paxos<M>>),
) -> Vec<Effect> {
    let server = config.server();
    let mut whole = State::Replica(std::mem::take(state));
    let did = handle(&mut whole, |state, out| run(&server, state, out));
    if let State::Replica(next) = whole {
        *state = next;
    }
    did
}

fn ballot(round: u64, leader: usize) -> Ballot {
    Ballot { round, leader: leader.into() }
}

fn request(client: usize, value: &str) -> Command<Op> {
    Command::Request { client: client.into(), seq: 1, op: Op::put("x", value) }
}

fn ask(value: &str) -> Msg<M> {
    Service::Request { seq: 1, op: Op::put("x", value) }
}

fn accepted(of: Ballot, slot: Slot, command: Command<Op>) -> (Slot, Proposal<Op>) {
    (slot, Proposal { ballot: of, command })
}

/// The accept requests among what was sent to replica `to`.
fn accepts(effects: &[Effect], to: usize) -> Vec<(Slot, Command<Op>)> {
    (sends(effects).into_iter())
        .filter(|(dst, _)| *dst == to)
        .filter_map(|(_, msg)| match msg {
            Peer::Accept { slot, command, .. } => Some((slot, command)),
            _ => None,
        })
        .collect()
}

/// Replica 1 as it begins phase one of ballot 1.1.
fn preparing(config: &Config) -> Replicas {
    let (mut state, _) = started(config, 1, None);
    fire(config, 1, &mut state, Timer::Election);
    state
}

fn promise(accepted: Vec<(Slot, Proposal<Op>)>) -> Peer<M> {
    Peer::Promise { ballot: ballot(1, 1), from: 1, until: None, chosen: 0, accepted }
}

#[test]
fn lamport_2001_the_leader_executes_phase_one_once_for_all_slots() {
    let config = config();
    let (mut state, _) = started(&config, 1, None);
    let out = fire(&config, 1, &mut state, Timer::Election);
    let prepare = Peer::Prepare { ballot: ballot(1, 1), from: 1 };
    assert_eq!(sends(&out), [(0, prepare.clone()), (2, prepare)]);
    assert_eq!(out[0], Effect::Save(Delta::Promised(ballot(1, 1)).into()));
    let out = peer(&config, 1, &mut state, 2, promise(vec![]));
    assert_eq!(out, [Effect::Cancel(Timer::Election)]);
    for (slot, client) in [(1, 7), (2, 8), (3, 9)] {
        let out = deliver(&config, 1, &mut state, client, ask("a"));
        assert_eq!(accepts(&out, 0), [(slot, request(client, "a"))]);
        assert_eq!(sends(&out).len(), 2, "only accept requests, one each");
    }
}

#[test]
fn lamport_2001_the_new_leader_proposes_what_was_accepted_and_noops_in_the_gaps() {
    let config = config();
    let mut state = preparing(&config);
    let report = vec![accepted(ballot(0, 0), 2, request(7, "a"))];
    let out = peer(&config, 1, &mut state, 2, promise(report));
    let expected = [(1, Command::Noop), (2, request(7, "a"))];
    assert_eq!(accepts(&out, 0), expected);
    assert_eq!(accepts(&out, 2), expected);
    let own: Vec<_> = state.stable.accepted.clone().into_iter().collect();
    let of = ballot(1, 1);
    assert_eq!(own, [accepted(of, 1, Command::Noop), accepted(of, 2, request(7, "a"))]);
}

#[test]
fn lamport_2001_p2c_the_highest_numbered_proposal_reported_wins() {
    let five = of(5, Quorums::majorities(5));
    for reports in [["a", "b"], ["b", "a"]] {
        let mut state = preparing(&five);
        for (src, value) in [2, 3].into_iter().zip(reports) {
            let of = if value == "b" { ballot(0, 4) } else { ballot(0, 0) };
            let report = vec![accepted(of, 1, request(7, value))];
            let out = peer(&five, 1, &mut state, src, promise(report));
            assert_eq!(accepts(&out, 0).is_empty(), src == 2, "three of five promise");
        }
        let known = state.stable.accepted.get(&1).map(|proposal| proposal.command.clone());
        assert_eq!(known, Some(request(7, "b")));
    }
}

#[test]
fn lamport_2001_commands_are_proposed_before_earlier_ones_are_chosen_and_applied_in_order() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    deliver(&config, 0, &mut state, 7, ask("a"));
    deliver(&config, 0, &mut state, 8, ask("b"));
    let vote = |slot| Peer::Accepted { ballot: ballot(0, 0), slot };
    let out = peer(&config, 0, &mut state, 2, vote(2));
    assert_eq!((out, state.applied()), (vec![], 0), "slot 1 is not chosen yet");
    let out = peer(&config, 0, &mut state, 1, vote(1));
    assert_eq!(state.applied(), 2);
    let done = |client| (client, Service::Reply { seq: 1, reply: Reply::Done });
    assert_eq!(replies(&out), [done(7), done(8)]);
    let chosen = Peer::Chosen { ballot: ballot(0, 0), upto: 2 };
    assert_eq!(sends(&out), [(1, chosen.clone()), (2, chosen)]);
    assert_eq!(state.stable.image.machine.0[&Bytes::from("x")], Bytes::from("b"));
}

#[test]
fn lamport_2001_an_acceptor_remembers_in_stable_storage_before_it_responds() {
    let config = config();
    let (mut state, out) = started(&config, 2, None);
    let Effect::Save(mut disk) = out[0].clone() else { panic!("{out:?}") };
    let accept = Peer::Accept { ballot: ballot(1, 1), slot: 1, command: request(7, "a") };
    let out = peer(&config, 2, &mut state, 1, accept);
    let answer = Peer::Accepted { ballot: ballot(1, 1), slot: 1 };
    assert_eq!(out.last(), Some(&Effect::Send(1, Service::Peer(answer))));
    for effect in out {
        if let Effect::Save(saved) = effect {
            crate::Durable::absorb(&mut disk, saved);
        }
    }
    let (mut back, _) = started(&config, 2, Some(disk));
    assert_eq!(back, state);
    let old = Peer::Accept { ballot: ballot(0, 0), slot: 2, command: request(8, "b") };
    let out = peer(&config, 2, &mut back, 0, old);
    assert_eq!(sends(&out), [(0, Peer::Preempted { ballot: ballot(1, 1) })]);
}

#[test]
fn lamport_2001_the_first_ballot_is_led_once_and_not_after_a_restart() {
    let config = config();
    let (state, out) = started(&config, 0, None);
    assert!(state.is_leading());
    assert_eq!(out[1], Effect::Set(Timer::Heartbeat));
    let (state, out) = started(&config, 0, Some(Saved::Complete(Stable::default())));
    assert_eq!((state.role, out), (Role::Follower, vec![Effect::Set(Timer::Election)]));
}

#[test]
fn van_renesse_2015_a_preempted_leader_follows_and_next_takes_a_higher_ballot() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    let out = peer(&config, 0, &mut state, 2, Peer::Preempted { ballot: ballot(4, 1) });
    let expected = [
        Effect::Save(Delta::Promised(ballot(4, 1)).into()),
        Effect::Cancel(Timer::Heartbeat),
        Effect::Set(Timer::Election),
    ];
    assert_eq!((out.as_slice(), &state.role), (expected.as_slice(), &Role::Follower));
    fire(&config, 0, &mut state, Timer::Election);
    assert_eq!(state.stable.promised, ballot(5, 0));
}

#[test]
fn van_renesse_2015_proposals_stay_within_the_window() {
    let config = Config { window: 2, ahead: 0, ..config() };
    let (mut state, _) = started(&config, 0, None);
    for client in 7..12 {
        deliver(&config, 0, &mut state, client, ask("a"));
    }
    assert_eq!(state.stable.accepted.len(), 2);
    let (mut acceptor, _) = started(&config, 2, None);
    for (slot, taken) in [(4, true), (5, false)] {
        let accept = Peer::Accept { ballot: ballot(0, 0), slot, command: request(7, "a") };
        let out = peer(&config, 2, &mut acceptor, 0, accept);
        assert_eq!(!out.is_empty(), taken, "slot {slot}");
    }
}

#[test]
fn van_renesse_2015_a_command_decided_in_two_slots_is_performed_in_the_first_only() {
    let mut image = Image::<M>::default();
    request(7, "a").apply_to(&mut image);
    request(8, "b").apply_to(&mut image);
    request(7, "a").apply_to(&mut image);
    assert_eq!((image.slot, &image.machine.0[&Bytes::from("x")]), (3, &Bytes::from("b")));
    assert_eq!(image.sessions.status(7.into(), 1), RequestStatus::Repeated(&Reply::Done));
}

#[test]
fn who_does_not_lead_says_who_does() {
    let config = config();
    let (mut state, _) = started(&config, 2, None);
    let out = deliver(&config, 2, &mut state, 7, ask("a"));
    assert_eq!(out, [Effect::Send(7, Service::Redirect { seq: 1, epoch: 1, leader: 0.into() })]);
}

#[test]
fn howard_2016_phase_two_needs_its_own_quorum_only() {
    let quorums = Quorums { prepare: 3, accept: 1 };
    let config = of(3, quorums);
    let (mut state, _) = started(&config, 0, None);
    let out = deliver(&config, 0, &mut state, 7, ask("a"));
    assert_eq!(replies(&out), [(7, Service::Reply { seq: 1, reply: Reply::Done })]);
    let mut state = preparing(&config);
    peer(&config, 1, &mut state, 2, promise(vec![]));
    assert!(!state.is_leading(), "phase one needs all three");
    peer(&config, 1, &mut state, 0, promise(vec![]));
    assert!(state.is_leading());
}

#[test]
fn howard_2016_a_leader_is_replaced_while_all_but_a_quorum_of_phase_one_are_down() {
    let quorums = Quorums { prepare: 1, accept: 3 };
    let config = of(3, quorums);
    let mut state = preparing(&config);
    assert!(state.is_leading(), "by its own promise");
    deliver(&config, 1, &mut state, 7, ask("a"));
    for acceptor in [0, 2] {
        assert_eq!(state.applied(), 0, "phase two needs all three");
        peer(&config, 1, &mut state, acceptor, Peer::Accepted { ballot: ballot(1, 1), slot: 1 });
    }
    assert_eq!(state.applied(), 1);
}

#[test]
fn lamport_2001_p2b_a_vote_in_an_applied_slot_needs_no_record() {
    let config = config();
    let (mut state, _) = started(&config, 2, None);
    let commands = vec![request(7, "a")];
    peer(
        &config,
        2,
        &mut state,
        1,
        Peer::Log { ballot: ballot(3, 1), from: 1, commands, chosen: 1, ask: true },
    );
    assert_eq!((state.applied(), state.stable.promised), (1, ballot(3, 1)));
    // In a smaller ballot than the one that it was chosen in, something else may be proposed.
    let accept = |of, value| Peer::Accept { ballot: of, slot: 1, command: request(7, value) };
    let out = peer(&config, 2, &mut state, 0, accept(ballot(2, 0), "b"));
    assert_eq!(sends(&out), [(0, Peer::Preempted { ballot: ballot(3, 1) })]);
    let out = peer(&config, 2, &mut state, 1, accept(ballot(3, 1), "a"));
    assert_eq!(sends(&out), [(1, Peer::Accepted { ballot: ballot(3, 1), slot: 1 })]);
    assert_eq!(out[0], Effect::Save(Saved::barrier()), "that it is applied must be durable");
    assert_eq!(out.len(), 2, "nothing else is saved");
}

#[test]
fn a_heartbeat_repeats_what_was_not_answered() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    deliver(&config, 0, &mut state, 7, ask("a"));
    let out = fire(&config, 0, &mut state, Timer::Heartbeat);
    let heartbeat = Peer::Heartbeat { ballot: ballot(0, 0), chosen: 0 };
    let accept = Peer::Accept { ballot: ballot(0, 0), slot: 1, command: request(7, "a") };
    let both = |to| [(to, heartbeat.clone()), (to, accept.clone())];
    assert_eq!(sends(&out), [both(1), both(2)].concat());
    assert_eq!(out.last(), Some(&Effect::Set(Timer::Heartbeat)));
}

#[test]
fn every_message_fits_a_datagram() {
    let room = 60 * 1024 - 512;
    let op = Op::put("k", &"v".repeat(MAX_OP_BYTES - 10));
    let command = Command::Request { client: (1_usize << 60).into(), seq: u64::MAX, op };
    let of = Ballot { round: u64::MAX, leader: 63.into() };
    let slot = u64::MAX;
    let accept = Peer::<M>::Accept { ballot: of, slot, command: command.clone() };
    let proposal = Proposal { ballot: of, command: command.clone() };
    let promise = Peer::<M>::Promise {
        ballot: of,
        from: slot,
        until: Some(slot),
        chosen: slot,
        accepted: vec![(slot, proposal)],
    };
    let log =
        Peer::<M>::Log { ballot: of, from: slot, commands: vec![command], chosen: slot, ask: true };
    for msg in [accept, promise, log] {
        let bytes = crate::kv::transfer::encoded_bytes(&Service::<Op, Reply, _>::Peer(msg));
        assert!((MAX_OP_BYTES..room).contains(&bytes), "{bytes}");
    }
}
