//! The world that the runtime gives an actor is the model's: timers and choices.

use crate::support::{SECOND, cluster, formatted};
use quorate::models::Recoverable;
use quorate::node::{DataDir, Node};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// An actor that reports what happens to it.
struct Probe {
    start: fn(&mut Out<Probe>),
    timeout: fn(char, &mut Out<Probe>),
    told: Sender<(Happened, Instant)>,
}

impl Recoverable for Probe {
    fn checkpoint(&self, _: Id, (): &()) -> Option<()> {
        None
    }
}

#[derive(Debug, PartialEq)]
enum Happened {
    Timeout(char),
    Choice(u8),
    Message,
}

impl Probe {
    fn tell(&self, happened: Happened) {
        self.told.send((happened, Instant::now())).unwrap();
    }
}

impl Actor for Probe {
    type Msg = u8;
    type Timer = char;
    type State = ();
    type Storage = ();
    type Random = u8;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        (self.start)(o);
    }

    fn on_msg(&self, _: Id, _: &mut Cow<'_, ()>, _: Id, _: u8, _: &mut Out<Self>) {
        self.tell(Happened::Message);
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, ()>, timer: &char, o: &mut Out<Self>) {
        self.tell(Happened::Timeout(*timer));
        (self.timeout)(*timer, o);
    }

    fn on_random(&self, _: Id, _: &mut Cow<'_, ()>, choice: &u8, _: &mut Out<Self>) {
        self.tell(Happened::Choice(*choice));
    }
}

/// Runs a probe for a while; what happened, and when after its start.
fn probe(start: fn(&mut Out<Probe>), timeout: fn(char, &mut Out<Probe>)) -> Vec<(Happened, u128)> {
    let cluster = cluster("127.0.0.1", 1, "");
    let (_dir, data) = formatted(&cluster);
    let (told, happened): (_, Receiver<_>) = channel();
    let data = DataDir::open(&data, &cluster, None).unwrap();
    let node = Node::open(Probe { start, timeout, told }, &cluster, data).unwrap();
    let stop = quorate::Stop::new();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| node.run(&stop).unwrap());
        std::thread::sleep(SECOND / 2);
        stop.stop();
    });
    happened.iter().map(|(what, at)| (what, at.duration_since(begin).as_millis())).collect()
}

fn millis(range: Range<u64>) -> Range<Duration> {
    Duration::from_millis(range.start)..Duration::from_millis(range.end)
}

#[test]
fn setting_a_timer_again_replaces_it_and_cancelling_unsets_it() {
    let happened = probe(
        |o| {
            o.set_timer('a', millis(10..20));
            o.set_timer('a', millis(150..160));
            o.set_timer('b', millis(50..60));
            o.set_timer('c', millis(20..30));
            o.cancel_timer('c');
        },
        |_, _| {},
    );
    let [(Happened::Timeout('b'), b), (Happened::Timeout('a'), a)] = happened[..] else {
        panic!("{happened:?}");
    };
    assert!(b >= 50 && a >= 150, "{happened:?}");
}

#[test]
fn a_timer_that_fires_is_unset_before_its_handler_runs() {
    // So what the handler sets stays set; and what it does not set does not fire again.
    let happened = probe(
        |o| {
            o.set_timer('a', millis(10..20));
            o.set_timer('b', millis(10..20));
        },
        |timer, o| {
            if timer == 'a' {
                o.set_timer('a', millis(40..50));
            }
        },
    );
    let count = |timer| happened.iter().filter(|(h, _)| *h == Happened::Timeout(timer)).count();
    assert!((3..=12).contains(&count('a')), "{happened:?}");
    assert_eq!(count('b'), 1);
}

#[test]
fn a_timer_without_delay_does_not_keep_others_from_their_turn() {
    let happened = probe(
        |o| {
            o.set_timer('a', millis(0..0));
            o.set_timer('b', millis(10..20));
            o.send(Id::from(0), 7);
        },
        |timer, o| {
            if timer == 'a' {
                o.set_timer('a', millis(0..0));
            }
        },
    );
    for expected in [Happened::Timeout('b'), Happened::Message] {
        assert!(happened.iter().any(|(happened, _)| *happened == expected), "{expected:?}");
    }
}

#[test]
fn one_choice_is_made_per_key_and_a_withdrawn_one_is_not() {
    let happened = probe(
        |o| {
            o.choose_random("k", vec![1, 2, 3]);
            o.choose_random("k", vec![7]);
            o.choose_random("l", vec![8, 9]);
            o.choose_random("m", vec![10]);
            o.remove_random("m");
        },
        |_, _| {},
    );
    let [(Happened::Choice(7), soon), (Happened::Choice(8 | 9), _)] = happened[..] else {
        panic!("{happened:?}");
    };
    assert!(soon < 200, "{happened:?}");
}
