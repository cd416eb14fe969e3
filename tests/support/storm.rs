//! A storm over a cluster of processes: a bad network, nodes that are killed and started again,
//! stopped for a while, or cut off from others, one link that is cut for good, disks that are
//! replaced where the protocol takes that, and clients at work all the while.
//!
//! All of it comes from one seed, which is printed; `QUORATE_SEED` sets it. Threads and processes
//! are scheduled as they are, so a seed repeats what is done to the cluster, not to the microsecond
//! when.

use super::processes::Cluster;
use quorate::chaos::network::{Cut, Faults, Network};
use quorate::{ClusterFile, Stop};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long an operation may take once the storm is over, and most may during it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What the nemesis does.
enum Deed {
    Kill(Vec<usize>),
    /// Cuts the network, and perhaps kills a node meanwhile.
    Cut(Cut, Option<usize>),
    /// Stops nodes, and lets them go on.
    Stop(Vec<usize>),
}

/// What it did.
#[derive(Debug, Default)]
pub(crate) struct Toll {
    kills: u32,
    restarts: u32,
    cuts: u32,
    stops: u32,
    disks: u32,
}

/// The harm that a protocol stands beside kills and cuts that heal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Harm {
    /// Any one of the links between these servers may be cut for good.
    pub(crate) links: &'static [usize],
    /// The disk of any one of these servers may be replaced, while all others serve.
    pub(crate) disks: &'static [usize],
}

pub(crate) struct Storm {
    pub(crate) cluster: Cluster,
    pub(crate) file: ClusterFile,
    network: Network,
    servers: usize,
    seed: u64,
    harm: Harm,
    /// The server that lost its disk, and when it was started again.
    pub(crate) replaced: Option<(usize, Instant)>,
}

/// One client's part in a storm.
pub(crate) struct Worker<'a> {
    pub(crate) number: usize,
    pub(crate) random: StdRng,
    over: &'a Stop,
}

impl Worker<'_> {
    /// Waits a little, and says whether to go on.
    pub(crate) fn goes_on(&mut self) -> bool {
        std::thread::sleep(millis(&mut self.random, 2..30));
        !self.over.is_stopped()
    }

    /// How long to wait for an answer: now and then so short that none comes in time, though the
    /// operation may well be done.
    pub(crate) fn deadline(&mut self) -> Duration {
        if self.random.random_bool(0.1) { millis(&mut self.random, 2..80) } else { PATIENCE }
    }
}

fn millis(random: &mut StdRng, range: Range<u64>) -> Duration {
    Duration::from_millis(random.random_range(range))
}

impl Storm {
    pub(crate) fn start(protocol: &str, variant: &str, servers: usize, harm: Harm) -> Self {
        let seed = std::env::var("QUORATE_SEED")
            .ok()
            .map_or_else(rand::random, |seed| seed.parse().expect("QUORATE_SEED is not a number"));
        eprintln!("{protocol} {variant}: QUORATE_SEED={seed}");
        let network = Network::open(servers, Faults::default(), seed).unwrap();
        let cluster = Cluster::start_behind(&network, protocol, variant);
        Self { file: cluster.file(), cluster, network, servers, seed, harm, replaced: None }
    }

    /// Clients work on threads of their own, while the nemesis does its deeds: each node is killed
    /// at least once, some are killed together, and some are cut off from others.
    pub(crate) fn rage(&mut self, clients: usize, work: impl Fn(Worker<'_>) + Sync) {
        let (over, seed, work) = (Stop::new(), self.seed, &work);
        let toll = std::thread::scope(|scope| {
            for number in 0..clients {
                let random = StdRng::seed_from_u64(seed ^ 1 << 56 ^ number as u64);
                let over = &over;
                scope.spawn(move || work(Worker { number, random, over }));
            }
            // Also when the nemesis fails, the clients are to end.
            let _stop = StopOnDrop(&over);
            self.torment()
        });
        eprintln!("{toll:?}, {:?}", self.network.counts());
        assert!(
            toll.kills as usize >= self.servers && toll.kills == toll.restarts && toll.cuts > 0
        );
        assert!(toll.stops > 0);
        assert_eq!(toll.disks > 0, !self.harm.disks.is_empty());
        let counts = self.network.counts();
        for count in [&counts.passed, &counts.dropped, &counts.duplicated, &counts.delayed] {
            assert!(count.load(Ordering::Relaxed) > 0, "{counts:?}");
        }
    }

    fn deeds(&self, random: &mut StdRng) -> Vec<Deed> {
        let all: Vec<usize> = (0..self.servers).collect();
        let mut deeds: Vec<Deed> = all.iter().map(|id| Deed::Kill(vec![*id])).collect();
        deeds.push(Deed::Kill(all.sample(random, 2).copied().collect()));
        deeds.push(Deed::Kill(all.clone()));
        for is_link in [false, false, true, true, true] {
            let ends: Vec<usize> = all.sample(random, 2).copied().collect();
            let cut = if is_link { Cut::Link(ends[0], ends[1]) } else { Cut::Node(ends[0]) };
            let victim = random.random_bool(0.5).then(|| random.random_range(0..self.servers));
            deeds.push(Deed::Cut(cut, victim));
        }
        deeds.push(Deed::Stop(all.sample(random, 1).copied().collect()));
        deeds.push(Deed::Stop(all.sample(random, 2).copied().collect()));
        deeds.shuffle(random);
        deeds
    }

    fn torment(&mut self) -> Toll {
        let mut random = StdRng::seed_from_u64(self.seed ^ 2 << 56);
        let mut toll = Toll::default();
        self.replace_disk(&mut random, &mut toll);
        let deeds = self.deeds(&mut random);
        let half = deeds.len() / 2;
        for (at, deed) in deeds.into_iter().enumerate() {
            if at == half {
                self.sever(&mut random);
            }
            std::thread::sleep(millis(&mut random, 100..900));
            match deed {
                Deed::Stop(victims) => {
                    victims.iter().for_each(|id| self.cluster.signal(*id, "-STOP"));
                    std::thread::sleep(millis(&mut random, 200..1500));
                    victims.iter().for_each(|id| self.cluster.signal(*id, "-CONT"));
                    toll.stops += 1;
                }
                Deed::Kill(victims) => self.kill(&victims, &mut random, &mut toll),
                Deed::Cut(cut, victim) => {
                    self.network.cut(Some(cut));
                    std::thread::sleep(millis(&mut random, 200..1200));
                    self.kill(victim.as_slice(), &mut random, &mut toll);
                    self.network.cut(None);
                    toll.cuts += 1;
                }
            }
        }
        toll
    }

    /// One link is cut, and stays so.
    fn sever(&self, random: &mut StdRng) {
        let ends: Vec<usize> = self.harm.links.sample(random, 2).copied().collect();
        if let [a, b] = ends[..] {
            eprintln!("the link between {a} and {b} is cut for good");
            self.network.sever(Cut::Link(a, b));
        }
    }

    /// Before anything else happens, as no other disk may be missing then. The others must know
    /// the server, and they must have learned of its disk.
    fn replace_disk(&mut self, random: &mut StdRng, toll: &mut Toll) {
        let Some(lost) = self.harm.disks.choose(random).copied() else { return };
        std::thread::sleep(Duration::from_secs(3));
        eprintln!("server {lost} loses its disk");
        self.cluster.replace_disk(lost);
        self.replaced = Some((lost, Instant::now()));
        toll.disks += 1;
        std::thread::sleep(Duration::from_secs(5));
    }

    /// Kills nodes, and starts them again after a while.
    fn kill(&mut self, victims: &[usize], random: &mut StdRng, toll: &mut Toll) {
        for id in victims {
            assert!(!self.cluster.has_failed(*id), "server {id} ended unexpectedly");
            self.cluster.kill(*id);
            toll.kills += 1;
        }
        if !victims.is_empty() {
            std::thread::sleep(millis(random, 20..600));
        }
        for id in victims {
            self.cluster.restart(*id);
            toll.restarts += 1;
        }
    }

    /// The storm is over: the network is good, and all nodes run. Before that, all are killed once
    /// more, so that what is found then has been on disks.
    pub(crate) fn calm(&mut self) {
        (0..self.servers).for_each(|id| self.cluster.kill(id));
        self.network.heal();
        (0..self.servers).for_each(|id| self.cluster.restart(id));
    }
}

struct StopOnDrop<'a>(&'a Stop);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
