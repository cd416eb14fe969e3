//! A network that loses, duplicates and delays datagrams, between the processes of a cluster.
//!
//! The cluster file names the network's addresses (its *doors*), while each node listens elsewhere
//! (`quorate run --listen`). A datagram of a node to another's door leaves by the sender's own
//! door, so that it comes from the address that the cluster file vouches for. A client, whose
//! address nobody knows beforehand, is given a port of the network by which it is answered. So
//! every datagram, whichever process sends it, meets its fate here.
//!
//! Fates are drawn per link from a seed: the n-th datagram from here to there has the same fate
//! in every run with that seed, however the threads are scheduled.

use crate::local::free_ranges;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The most datagrams that are under way at a time; beyond, they are lost.
const MAX_QUEUE: usize = 4096;
/// The most clients that are given a port.
const MAX_CLIENTS: usize = 256;
/// How long a thread sleeps before it looks whether it should stop.
const NAP: Duration = Duration::from_millis(50);

/// How bad the network is: probabilities, and the longest delay.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// How likely a datagram is lost.
    pub drop: f64,
    /// How likely it arrives twice.
    pub duplicate: f64,
    /// How likely each copy is delayed, so that others overtake it.
    pub delay: f64,
    /// The longest delay.
    pub longest: Duration,
}

impl Faults {
    /// Every datagram arrives, once and at once, unless the network is cut.
    pub const NONE: Self = Self { drop: 0.0, duplicate: 0.0, delay: 0.0, longest: Duration::ZERO };

    fn is_none(self) -> bool {
        [self.drop, self.duplicate, self.delay].iter().all(|likely| *likely <= 0.0)
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self { drop: 0.05, duplicate: 0.1, delay: 0.2, longest: Duration::from_millis(50) }
    }
}

/// Where nothing passes between nodes. Clients reach all of them still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Between a node and all others.
    Node(usize),
    /// Between two nodes.
    Link(usize, usize),
}

impl Cut {
    fn separates(self, from: usize, to: usize) -> bool {
        match self {
            Self::Node(node) => node == from || node == to,
            Self::Link(a, b) => (a, b) == (from, to) || (b, a) == (from, to),
        }
    }
}

/// What became of the datagrams.
#[derive(Debug, Default)]
pub struct Counts {
    /// Delivered, each copy.
    pub passed: AtomicU64,
    /// Lost by chance.
    pub dropped: AtomicU64,
    /// Sent on twice.
    pub duplicated: AtomicU64,
    /// Copies that were delayed.
    pub delayed: AtomicU64,
    /// Lost in a cut, beside those that were dropped by chance.
    pub cut: AtomicU64,
}

/// One end of a link: a port of a node, or a client in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Node(usize),
    Client(usize),
}

/// A datagram under way.
struct Flight {
    due: Instant,
    /// Of two that are due at the same time, the one that came first.
    number: u64,
    socket: Arc<UdpSocket>,
    to: SocketAddr,
    bytes: Arc<[u8]>,
}

impl Ord for Flight {
    /// The one that is due first is the greatest.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Flight {}

#[derive(Default)]
struct Traffic {
    queue: BinaryHeap<Flight>,
    links: BTreeMap<(End, End), StdRng>,
    number: u64,
}

/// The clients, by their addresses: which they are, and the port by which they are answered.
type Clients = BTreeMap<SocketAddr, (usize, Arc<UdpSocket>)>;

struct Shared {
    seed: u64,
    faults: Faults,
    /// How many ports each server has.
    width: usize,
    /// Of each port of each server.
    doors: Vec<Arc<UdpSocket>>,
    /// Of the doors.
    addresses: Vec<SocketAddr>,
    /// Where the nodes listen.
    nodes: Vec<SocketAddr>,
    clients: Mutex<Clients>,
    traffic: Mutex<Traffic>,
    wake: Condvar,
    counts: Counts,
    is_calm: AtomicBool,
    cut: Mutex<Option<Cut>>,
    /// A cut that nothing heals.
    severed: Mutex<Option<Cut>>,
    is_over: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The network of one cluster.
pub struct Network(Arc<Shared>);

impl Network {
    /// A network for `servers` nodes on the loopback interface.
    ///
    /// # Errors
    /// When there is hardly a free port.
    pub fn open(servers: usize, faults: Faults, seed: u64) -> io::Result<Self> {
        Self::open_wide(servers, 1, faults, seed)
    }

    /// A network for nodes that have `width` ports each, one after the other.
    ///
    /// # Errors
    /// When there is hardly a free port.
    pub fn open_wide(servers: usize, width: usize, faults: Faults, seed: u64) -> io::Result<Self> {
        let mut sockets = free_ranges("127.0.0.1", 2 * servers, width)?;
        let at = |sockets: &[UdpSocket]| sockets.iter().map(UdpSocket::local_addr).collect();
        // The nodes' own ports are free for them to take.
        let nodes: io::Result<Vec<_>> = at(&sockets.split_off(servers * width));
        let addresses: io::Result<Vec<_>> = at(&sockets);
        let (nodes, addresses) = (nodes?, addresses?);
        let doors: Vec<_> = sockets.into_iter().map(Arc::new).collect();
        let shared = Arc::new(Shared {
            seed,
            faults,
            width,
            doors,
            addresses,
            nodes,
            clients: Mutex::default(),
            traffic: Mutex::default(),
            wake: Condvar::new(),
            counts: Counts::default(),
            is_calm: AtomicBool::new(faults.is_none()),
            cut: Mutex::default(),
            severed: Mutex::default(),
            is_over: AtomicBool::new(false),
            threads: Mutex::default(),
        });
        for node in 0..servers * width {
            let (here, door) = (Arc::clone(&shared), Arc::clone(&shared.doors[node]));
            shared.spawn(move || {
                here.serve(&door, |from, bytes| Shared::at_door(&here, node, from, bytes));
            });
        }
        let courier = Arc::clone(&shared);
        shared.spawn(move || courier.deliver());
        Ok(Self(shared))
    }

    /// The addresses for the cluster file.
    pub fn doors(&self) -> Vec<SocketAddr> {
        self.firsts(&self.0.addresses)
    }

    /// Where the nodes have to listen.
    pub fn nodes(&self) -> Vec<SocketAddr> {
        self.firsts(&self.0.nodes)
    }

    /// The first port of each server.
    fn firsts(&self, all: &[SocketAddr]) -> Vec<SocketAddr> {
        all.iter().step_by(self.0.width).copied().collect()
    }

    /// What became of the datagrams until now.
    pub fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// Cuts the network there, until the next call.
    pub fn cut(&self, cut: Option<Cut>) {
        *self.0.cut.lock().unwrap_or_else(PoisonError::into_inner) = cut;
    }

    /// Cuts the network there for good.
    pub fn sever(&self, cut: Cut) {
        *self.0.severed.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    /// Mends what was cut for good.
    pub fn mend(&self) {
        *self.0.severed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// From now on every datagram arrives, once and at once, but where the network is cut for good.
    pub fn heal(&self) {
        self.cut(None);
        self.0.is_calm.store(true, Ordering::SeqCst);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.0.wake.notify_all();
        // A thread that is joined may have started another: until there are none.
        loop {
            let Some(thread) = self.0.threads.lock().unwrap_or_else(PoisonError::into_inner).pop()
            else {
                break;
            };
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn spawn(&self, body: impl FnOnce() + Send + 'static) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(std::thread::spawn(body));
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Gives what comes in at a socket to `handle`.
    fn serve(&self, socket: &UdpSocket, mut handle: impl FnMut(SocketAddr, &[u8])) {
        // It is not zero, which alone is refused.
        let _ = socket.set_read_timeout(Some(NAP));
        let mut buffer = vec![0; 1 << 16];
        while !self.is_over() {
            // An error says that nobody took a datagram, or that none came.
            if let Ok((len, from)) = socket.recv_from(&mut buffer) {
                handle(from, &buffer[..len]);
            }
        }
    }

    /// A datagram for `node`.
    fn at_door(this: &Arc<Self>, node: usize, from: SocketAddr, bytes: &[u8]) {
        let to = this.nodes[node];
        if let Some(peer) = this.nodes.iter().position(|address| *address == from) {
            this.accept(End::Node(peer), End::Node(node), &this.doors[peer], to, bytes);
        } else if let Some((client, port)) = Self::client(this, from) {
            this.accept(End::Client(client), End::Node(node), &port, to, bytes);
        }
    }

    /// The client at an address, and its port.
    fn client(this: &Arc<Self>, at: SocketAddr) -> Option<(usize, Arc<UdpSocket>)> {
        let mut clients = this.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clients.get(&at) {
            return Some(known.clone());
        }
        if clients.len() == MAX_CLIENTS {
            return None;
        }
        let number = clients.len();
        let port = Arc::new(UdpSocket::bind("127.0.0.1:0").ok()?);
        clients.insert(at, (number, Arc::clone(&port)));
        let (here, socket) = (Arc::clone(this), Arc::clone(&port));
        this.spawn(move || {
            here.serve(&socket, |from, bytes| {
                if let Some(node) = here.nodes.iter().position(|address| *address == from) {
                    let (from, to) = (End::Node(node), End::Client(number));
                    here.accept(from, to, &here.doors[node], at, bytes);
                }
            });
        });
        Some((number, port))
    }

    /// Decides what becomes of a datagram.
    fn accept(&self, src: End, dst: End, socket: &Arc<UdpSocket>, to: SocketAddr, bytes: &[u8]) {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        let counts = &self.counts;
        if self.is_cut(src, dst) {
            count(&counts.cut);
            return;
        }
        if self.is_calm.load(Ordering::SeqCst) {
            count(&counts.passed);
            let _ = socket.send_to(bytes, to);
            return;
        }
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(delays) = self.fate(&mut traffic, (src, dst)) else {
            count(&counts.dropped);
            return;
        };
        if delays.len() > 1 {
            count(&counts.duplicated);
        }
        let (now, bytes) = (Instant::now(), Arc::<[u8]>::from(bytes));
        for delay in delays {
            if !delay.is_zero() {
                count(&counts.delayed);
            }
            if traffic.queue.len() == MAX_QUEUE {
                count(&counts.dropped);
                continue;
            }
            traffic.number += 1;
            let number = traffic.number;
            let (socket, bytes) = (Arc::clone(socket), Arc::clone(&bytes));
            traffic.queue.push(Flight { due: now + delay, number, socket, to, bytes });
        }
        self.wake.notify_one();
    }

    fn is_cut(&self, src: End, dst: End) -> bool {
        let (End::Node(from), End::Node(to)) = (src, dst) else { return false };
        let (from, to) = (from / self.width, to / self.width);
        [&self.cut, &self.severed].into_iter().any(|cut| {
            cut.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some_and(|cut| cut.separates(from, to))
        })
    }

    /// The delay of each copy that is to arrive; `None` if the datagram is lost.
    fn fate(&self, traffic: &mut Traffic, link: (End, End)) -> Option<Vec<Duration>> {
        let Faults { drop, duplicate, delay, longest } = self.faults;
        let random = traffic.links.entry(link).or_insert_with(|| {
            let place = |end| match end {
                End::Node(node) => node as u64,
                End::Client(client) => 1 << 16 | client as u64,
            };
            StdRng::seed_from_u64(self.seed ^ place(link.0) << 20 ^ place(link.1) << 40)
        });
        // As many draws for each datagram, so that fates do not depend on each other.
        let [lost, twice, late, later] =
            [drop, duplicate, delay, delay].map(|p| random.random_bool(p));
        let delays = [late, later].map(|is_late| {
            let delay = random.random_range(Duration::ZERO..longest);
            if is_late { delay } else { Duration::ZERO }
        });
        (!lost).then(|| delays[..=usize::from(twice)].to_vec())
    }

    /// Sends what is due.
    fn deliver(&self) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_over() {
            let now = Instant::now();
            let wait = match traffic.queue.peek() {
                Some(next) if next.due <= now => {
                    let Some(flight) = traffic.queue.pop() else { continue };
                    drop(traffic);
                    self.counts.passed.fetch_add(1, Ordering::Relaxed);
                    let _ = flight.socket.send_to(&flight.bytes, flight.to);
                    traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                Some(next) => (next.due - now).min(NAP),
                None => NAP,
            };
            traffic =
                self.wake.wait_timeout(traffic, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
