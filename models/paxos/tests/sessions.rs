//! Few sessions and many clients: that nothing is done twice, wherever a late duplicate comes.

use super::*;
use crate::kv::SessionLimits;
use crate::kv::service::Refusal;
use crate::kv::snapshot::Answer;

/// Replicas that remember two clients and keep no log.
fn forgetful() -> Config {
    Config { sessions: SessionLimits::clients(2), keep: 0, ..config() }
}

/// A request of the client is chosen and applied; gives the replies to clients.
fn serve(config: &Config, state: &mut Replicas, client: usize, op: Op) -> Vec<(usize, Msg<M>)> {
    let slot = state.applied() + 1;
    deliver(config, 0, state, client, Service::Request { seq: 1, op });
    replies(&peer(config, 0, state, 1, Peer::Accepted { ballot: ballot(0, 0), slot }))
}

/// The leader after a put of each of these clients, in order.
fn having_served(config: &Config, clients: impl IntoIterator<Item = usize>) -> Replicas {
    let (mut state, _) = started(config, 0, None);
    for client in clients {
        let done = Service::Reply { seq: 1, reply: Reply::Done };
        assert_eq!(serve(config, &mut state, client, Op::put("x", "a")), [(client, done)]);
    }
    state
}

fn expired(client: usize) -> (usize, Msg<M>) {
    (client, Service::Refused { seq: 1, why: Refusal::SessionExpired })
}

/// A leader proposes nothing, and replies to the client that its session is gone.
fn refuses(config: &Config, id: usize, state: &mut Replicas, client: usize) {
    let out = deliver(config, id, state, client, ask("a"));
    assert_eq!((replies(&out), sends(&out)), (vec![expired(client)], vec![]));
}

#[test]
fn a_late_duplicate_of_a_forgotten_client_is_refused() {
    let config = forgetful();
    let mut state = having_served(&config, [9, 8, 7]);
    refuses(&config, 0, &mut state, 9);
    let out = deliver(&config, 0, &mut state, 8, ask("a"));
    assert_eq!(replies(&out), [(8, Service::Reply { seq: 1, reply: Reply::Done })]);
}

/// One that was proposed before its client was forgotten, and comes to its slot after.
#[test]
fn a_duplicate_in_a_later_slot_is_refused_when_it_is_applied() {
    let mut image = Image::<M>::new(SessionLimits::clients(2));
    for client in [9, 8, 7] {
        request(client, "a").apply_to(&mut image);
    }
    let before = image.clone();
    let answer = request(9, "b").apply_to(&mut image);
    let result = Err(Refusal::SessionExpired);
    assert_eq!(answer, Some(Answer { client: 9.into(), seq: 1, result }));
    assert_eq!(image, Image { slot: 4, ..before });
}

#[test]
fn a_new_leader_that_restarted_or_caught_up_by_a_snapshot_refuses_it_too() {
    let config = forgetful();
    let mut ahead = having_served(&config, [9, 8, 7]);
    let (mut behind, _) = started(&config, 1, None);
    let asked = Peer::CatchUp { from: 1, held: None };
    for (_, msg) in sends(&peer(&config, 0, &mut ahead, 1, asked)) {
        assert!(matches!(msg, Peer::Snapshot { .. }));
        peer(&config, 1, &mut behind, 0, msg);
    }
    assert_eq!(behind.stable.image, ahead.stable.image);
    let (restarted, _) = started(&config, 1, Some(Saved::Complete(behind.stable.clone())));
    for mut state in [behind, restarted] {
        fire(&config, 1, &mut state, Timer::Election);
        let promise = Peer::Promise {
            ballot: ballot(1, 1),
            from: 4,
            until: None,
            chosen: 3,
            accepted: vec![],
        };
        peer(&config, 1, &mut state, 0, promise);
        assert!(state.is_leading());
        refuses(&config, 1, &mut state, 9);
    }
}

#[test]
fn a_reply_over_the_byte_bound_is_given_once() {
    let sessions = SessionLimits { bytes: 20, ..SessionLimits::default() };
    let config = Config { sessions, ..config() };
    let mut state = having_served(&config, [7]);
    serve(&config, &mut state, 8, Op::put("x", &"v".repeat(30)));
    let reply = Reply::Swapped { swapped: false, found: Some("v".repeat(30).as_str().into()) };
    let in_vain = Op::Cas { key: "x".into(), expected: None, new: None };
    let told = serve(&config, &mut state, 9, in_vain);
    assert_eq!(told, [(9, Service::Reply { seq: 1, reply })]);
    refuses(&config, 0, &mut state, 9);
    let out = deliver(&config, 0, &mut state, 7, ask("a"));
    let done = Service::Reply { seq: 1, reply: Reply::Done };
    assert_eq!(replies(&out), [(7, done)], "nobody else went for it");
}
