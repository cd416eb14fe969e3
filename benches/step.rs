//! Handlers alone: puts through a cluster of actors in one thread, without sockets, seals or disks.
//! Elements are handlers; what a put costs a node beyond this is the runtime's.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quorate::models::kv::offer::MapOffer;
use quorate::models::kv::{Map, Op, Service};
use quorate::models::paxos::Paxos;
use quorate::models::primary_backup::PrimaryBackup;
use quorate::models::protocol::{Deploy, Message, StateOf};
use quorate::node::ClusterFile;
use quorate::stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::Path;

type TimerOf<D> = <<D as Deploy>::Actor as Actor>::Timer;

/// A cluster whose messages arrive in order, and whose timers fire only when nothing else happens.
struct Together<D: Deploy> {
    servers: Vec<(D::Actor, Cow<'static, StateOf<D>>)>,
    messages: VecDeque<(Id, Id, Message<D>)>,
    timers: VecDeque<(Id, TimerOf<D>)>,
    client: Id,
    first: Id,
    seq: u64,
    handlers: u64,
    /// The number of the last request that was answered.
    answered: u64,
}

impl<D: Deploy<Offer = MapOffer>> Together<D> {
    fn start(servers: usize) -> Self {
        let mut text = format!("name = \"bench\"\nprotocol = {:?}\n", D::NAME);
        for id in 0..servers {
            let _ = writeln!(text, "[[server]]\nid = {id}\naddress = \"127.0.0.1:{}\"", 7000 + id);
        }
        let file = ClusterFile::parse(&text, Path::new("cluster.toml")).expect("a cluster file");
        let topology = file.topology();
        let asked = D::client_servers(&topology).expect("it suits");
        let mut this = Self {
            servers: Vec::new(),
            messages: VecDeque::new(),
            timers: VecDeque::new(),
            client: Id::from(1 << 40),
            first: asked[0],
            seq: 0,
            handlers: 0,
            answered: 0,
        };
        for id in file.ids() {
            let actor = D::server(&topology, id).expect("it suits");
            let mut out = Out::new();
            let state = actor.on_start(id, &None, &mut out);
            this.servers.push((actor, Cow::Owned(state)));
            this.perform(id, out);
        }
        this
    }

    fn perform(&mut self, id: Id, out: Out<D::Actor>) {
        for command in out {
            match command {
                Command::Send(to, message) if to == self.client => match message {
                    Service::Reply { seq, .. } => self.answered = seq,
                    Service::Redirect { leader, .. } => self.first = leader,
                    _ => {}
                },
                Command::Send(to, message) => self.messages.push_back((id, to, message)),
                Command::SetTimer(timer, _) => {
                    self.timers.retain(|set| *set != (id, timer.clone()));
                    self.timers.push_back((id, timer));
                }
                Command::CancelTimer(timer) => {
                    self.timers.retain(|set| *set != (id, timer.clone()));
                }
                Command::Save(_) | Command::ChooseRandom(..) => {}
            }
        }
    }

    fn handle(
        &mut self,
        id: Id,
        run: impl FnOnce(&D::Actor, &mut Cow<'static, StateOf<D>>, &mut Out<D::Actor>),
    ) {
        self.handlers += 1;
        let (actor, state) = &mut self.servers[usize::from(id)];
        let mut out = Out::new();
        run(actor, state, &mut out);
        self.perform(id, out);
    }

    /// A put, until it is answered. The request is sent again each time that a timer had to fire.
    fn put(&mut self) {
        self.seq += 1;
        let request: Message<D> = Service::Request { seq: self.seq, op: Op::put("key", "value") };
        while self.answered < self.seq {
            self.messages.push_back((self.client, self.first, request.clone()));
            while let Some((from, to, message)) = self.messages.pop_front() {
                self.handle(to, |actor, state, out| actor.on_msg(to, state, from, message, out));
            }
            if self.answered < self.seq
                && let Some((id, timer)) = self.timers.pop_front()
            {
                self.handle(id, |actor, state, out| actor.on_timeout(id, state, &timer, out));
            }
        }
    }
}

fn steps<D: Deploy<Offer = MapOffer>>(c: &mut Criterion, servers: usize) {
    const PUTS: u64 = 100;
    let mut cluster = Together::<D>::start(servers);
    cluster.put();
    let before = cluster.handlers;
    (0..PUTS).for_each(|_| cluster.put());
    let mut group = c.benchmark_group("handlers of a put");
    group.throughput(Throughput::Elements((cluster.handlers - before) / PUTS));
    group.bench_function(D::NAME, |b| b.iter(|| cluster.put()));
    group.finish();
}

fn all(c: &mut Criterion) {
    steps::<Paxos<Map>>(c, 3);
    steps::<PrimaryBackup<Map>>(c, 4);
}

criterion_group!(benches, all);
criterion_main!(benches);
