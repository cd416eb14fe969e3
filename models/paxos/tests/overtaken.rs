//! A run that the bounds of no instance reach: seven replicas, of which one learns, while it
//! tries to lead, what was chosen in a ballot above its own.
//!
//! A slot that a leader announces as chosen must have been chosen in its ballot or a smaller one,
//! for an acceptor that accepted something there in a later ballot takes that for the chosen value
//! (P2b). A replica that prepares a small ballot and catches up must therefore give up if what it
//! learns was chosen in a greater one. Before learners adopted the ballot of the leader that
//! informs them, replica 6 applied "y" here where the others applied "z".

use super::*;

const SERVERS: usize = 7;

/// Replicas, and what is in flight between them.
struct Replicated {
    config: Config,
    states: Vec<Replicas>,
    flying: Vec<(usize, usize, Peer<M>)>,
}

impl Replicated {
    fn new(bug: Option<Bug>) -> Self {
        let config = super::of(SERVERS, Quorums::majorities(SERVERS));
        let config = Config { bug, ..config };
        let states = (0..SERVERS).map(|id| started(&config, id, None).0).collect();
        Self { config, states, flying: Vec::new() }
    }

    fn send(&mut self, src: usize, out: &[Effect]) {
        self.flying.extend(sends(out).into_iter().map(|(dst, msg)| (src, dst, msg)));
    }

    fn ask(&mut self, at: usize, client: usize, value: &str) {
        let out = deliver(&self.config, at, &mut self.states[at], client, super::ask(value));
        self.send(at, &out);
    }

    fn fire(&mut self, at: usize, timer: Timer) {
        let out = fire(&self.config, at, &mut self.states[at], timer);
        self.send(at, &out);
    }

    /// Delivers what is and comes in flight between these replicas, until nothing is.
    fn among(&mut self, some: &[usize]) {
        let between = |(src, dst, _): &(usize, usize, _)| some.contains(src) && some.contains(dst);
        while let Some(at) = self.flying.iter().position(between) {
            self.deliver(at);
        }
    }

    /// Delivers the messages from one to another that are such.
    fn pass(&mut self, from: usize, to: usize, is: fn(&Peer<M>) -> bool) {
        let such =
            |(src, dst, msg): &(usize, usize, Peer<M>)| (*src, *dst) == (from, to) && is(msg);
        let mut passed = 0;
        while let Some(at) = self.flying.iter().position(such) {
            self.deliver(at);
            passed += 1;
        }
        assert!(passed > 0, "nothing from {from} to {to}");
    }

    /// Takes such a message out of the network, to be delivered later.
    fn delay(&mut self, from: usize, to: usize, is: fn(&Peer<M>) -> bool) -> Peer<M> {
        let such =
            |(src, dst, msg): &(usize, usize, Peer<M>)| (*src, *dst) == (from, to) && is(msg);
        let at = self.flying.iter().position(such).unwrap();
        self.flying.remove(at).2
    }

    /// Loses all that is in flight from or to a replica.
    fn cut_off(&mut self, id: usize) {
        self.flying.retain(|(src, dst, _)| *src != id && *dst != id);
    }

    fn deliver(&mut self, at: usize) {
        let (src, dst, msg) = self.flying.remove(at);
        let out = peer(&self.config, dst, &mut self.states[dst], src, msg);
        self.send(dst, &out);
    }
}

/// Three replicas lead, or try to, while slot 2 is open: "y" is proposed in it and lost, and "z" is
/// chosen. Gives them as they are when replica 6 has heard of 1 that slot 2 is chosen, and of 2,
/// late, that "y" is proposed in it.
fn overtaken(bug: Option<Bug>) -> Vec<Replicas> {
    let mut run = Replicated::new(bug);
    let is_chosen = |msg: &Peer<M>| matches!(msg, Peer::Chosen { .. });
    // Slot 1: "x", in ballot 0.0. Of the acceptors that hear of it, 4 and 6 hear that it is chosen.
    run.ask(0, 100, "x");
    for acceptor in [2, 3, 4, 5, 6] {
        run.pass(0, acceptor, |msg| matches!(msg, Peer::Accept { .. }));
        run.pass(acceptor, 0, |_| true);
    }
    run.pass(0, 4, is_chosen);
    run.pass(0, 6, is_chosen);
    // 1 prepares ballot 1.1, and asks 4 for slot 1; the question is late.
    run.fire(1, Timer::Election);
    for acceptor in [2, 5, 4] {
        run.pass(1, acceptor, |_| true);
        run.pass(acceptor, 1, |_| true);
    }
    let question = run.delay(1, 4, |msg| matches!(msg, Peer::CatchUp { from: 1, .. }));
    // 2 leads ballot 2.2, and alone accepts "y" in slot 2.
    run.fire(2, Timer::Election);
    run.among(&[0, 2, 4, 5]);
    assert!(run.states[2].is_leading());
    run.ask(2, 101, "y");
    let late = run.delay(2, 6, |msg| matches!(msg, Peer::Accept { slot: 2, .. }));
    run.cut_off(2);
    // 3 leads ballot 2.3, of which "z" is chosen in slot 2.
    run.fire(3, Timer::Election);
    run.fire(3, Timer::Election);
    run.among(&[0, 3, 4, 5]);
    assert!(run.states[3].is_leading());
    run.ask(3, 102, "z");
    run.among(&[0, 3, 4, 5]);
    assert_eq!(run.states[4].applied(), 2);
    // 4 answers 1, which learns of both slots.
    run.cut_off(1);
    run.flying.push((1, 4, question));
    run.among(&[1, 4]);
    assert_eq!(run.states[1].applied(), 2);
    // If it leads now, it reports to 6 that slot 2 is chosen. 6 asks for the log, and gets no
    // answer.
    run.fire(1, Timer::Heartbeat);
    if run.states[1].is_leading() {
        run.pass(1, 6, |msg| matches!(msg, Peer::Heartbeat { .. }));
    }
    run.cut_off(1);
    run.flying.push((2, 6, late));
    run.pass(2, 6, |_| true);
    run.states
}

#[test]
fn lamport_2001_p2b_who_learns_of_a_greater_ballot_does_not_lead_a_smaller_one() {
    let states = overtaken(None);
    assert_eq!((&states[1].role, states[1].stable.promised), (&Role::Follower, ballot(2, 3)));
    assert_eq!(states[3].stable.log[&2], request(102, "z"));
    assert_eq!(states[6].applied(), 1);
    assert_eq!(states[6].stable.accepted[&2].command, request(101, "y"));
}

#[test]
fn the_run_is_one_in_which_replicas_would_disagree() {
    let states = overtaken(Some(Bug::LearnWithoutBallot));
    assert!(states[1].is_leading());
    assert_eq!(states[3].stable.log[&2], request(102, "z"));
    assert_eq!(states[6].stable.log[&2], request(101, "y"));
}
