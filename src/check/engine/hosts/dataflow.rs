//! Processes connected by timely: each exchange is an epoch of one dataflow, which sends each piece to its
//! process; it has ended when the dataflow says that nothing of the epoch is on its way any more.
//!
//! Timely's worker has a thread of its own. A connection that breaks would end that thread's helpers with
//! a panic; here it is noted instead, and the exchange fails.

use super::channels::Link;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use timely::WorkerConfig;
use timely::communication::Hooks;
use timely::communication::allocator::zero_copy::allocator::TcpBuilder;
use timely::communication::allocator::zero_copy::initialize::{
    CommsGuard, initialize_networking_from_sockets,
};
use timely::communication::allocator::zero_copy::stream::Stream;
use timely::communication::allocator::{Allocator, ProcessBuilder};
use timely::dataflow::operators::vec::Map;
use timely::dataflow::operators::{Exchange, Input, Probe};
use timely::dataflow::{InputHandle, ProbeHandle};
use timely::worker::Worker;

/// The most bytes in a piece.
const PIECE: usize = 1 << 13;
/// How long what a lost process had sent may take to be found, and how long the others may take to end.
const GRACE: Duration = Duration::from_secs(2);
/// How long the worker waits before it looks whether a process is lost.
const LOOK: Duration = Duration::from_millis(20);
/// The bytes of timely's last header.
const GOODBYE: usize = 48;

/// What is sent: to and from which process, in which epoch, at which place, and the bytes.
type Piece = (u32, u32, u64, u64, Vec<u8>);

/// What came, by epoch.
type Came = Rc<RefCell<BTreeMap<u64, Vec<Piece>>>>;

/// The link that timely makes.
pub(super) struct Dataflow {
    orders: Option<Sender<Vec<Vec<u8>>>>,
    done: Receiver<Result<Vec<Vec<u8>>, String>>,
    thread: Option<JoinHandle<()>>,
    sockets: Vec<TcpStream>,
}

/// What is known of the other processes.
#[derive(Default)]
struct Peers {
    /// The first one that was lost, plus one.
    lost: AtomicUsize,
}

impl Peers {
    fn note_lost(&self, process: usize) {
        let new = process + 1;
        let _ = self.lost.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn lost(&self) -> Option<usize> {
        self.lost.load(Ordering::Relaxed).checked_sub(1)
    }
}

impl Dataflow {
    pub(super) fn new(sockets: Vec<Option<TcpStream>>, number: usize) -> Result<Self, String> {
        let processes = sockets.len();
        let failed = |error: io::Error| format!("cannot start the exchange: {error}");
        let (peers, mut kept, mut watched) = (Arc::new(Peers::default()), Vec::new(), Vec::new());
        for (process, socket) in sockets.into_iter().enumerate() {
            let Some(socket) = socket else {
                watched.push(None);
                continue;
            };
            kept.push(socket.try_clone().map_err(failed)?);
            watched.push(Some(Watched { socket, process, peers: Arc::clone(&peers), zeros: 0 }));
        }
        let hooks = Hooks::default();
        let inner = ProcessBuilder::new_typed_vector(1, hooks.refill.clone(), None);
        let made = initialize_networking_from_sockets(inner, watched, number, 1, hooks);
        let (builders, guard) = made.map_err(failed)?;
        let builder = builders.into_iter().next().ok_or("timely made no worker")?;
        let (orders, taken) = channel();
        let (answers, done) = channel();
        let serve = move || {
            let at = Place { number, processes, peers: &peers };
            serve(builder, guard, &at, &taken, &answers);
        };
        let thread = thread::Builder::new().name("hosts".into()).spawn(serve).map_err(failed)?;
        Ok(Self { orders: Some(orders), done, thread: Some(thread), sockets: kept })
    }
}

impl Link for Dataflow {
    fn swap(&mut self, out: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, String> {
        let gone = || "the exchange between the processes has ended".to_string();
        let orders = self.orders.as_ref().ok_or_else(gone)?;
        orders.send(out).map_err(|_| gone())?;
        self.done.recv().unwrap_or_else(|_| Err(gone()))
    }

    fn leave(&mut self) {
        // Nobody waits for its thread, which waits for others.
        self.thread = None;
        for socket in &self.sockets {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Dataflow {
    /// Ends together with the others, or soon.
    fn drop(&mut self) {
        self.orders = None;
        let Some(thread) = self.thread.take() else { return };
        let begin = Instant::now();
        while !thread.is_finished() && begin.elapsed() < 2 * GRACE {
            thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

/// Which process this is, and what it knows of the others.
struct Place<'p> {
    number: usize,
    processes: usize,
    peers: &'p Peers,
}

/// The work of the thread: an exchange for each order, until there are no more.
fn serve(
    builder: TcpBuilder,
    guard: CommsGuard,
    at: &Place<'_>,
    orders: &Receiver<Vec<Vec<u8>>>,
    answers: &Sender<Result<Vec<Vec<u8>>, String>>,
) {
    let allocator = Allocator::Tcp(builder.build());
    let mut worker = Worker::new(WorkerConfig::default(), allocator, Some(Instant::now()));
    let (came, mut input, probe) = (Came::default(), InputHandle::new(), ProbeHandle::new());
    let sink = Rc::clone(&came);
    worker.dataflow(|scope| {
        scope
            .input_from(&mut input)
            .container::<Vec<Piece>>()
            .exchange(|(to, ..)| u64::from(*to))
            .map(move |piece| {
                sink.borrow_mut().entry(piece.2).or_default().push(piece);
            })
            .container::<Vec<()>>()
            .probe_with(&probe);
    });
    for (epoch, out) in (0..).zip(orders) {
        for (to, bytes) in (0..).zip(out) {
            for (place, piece) in (0..).zip(bytes.chunks(PIECE)) {
                input.send((to, at.number as u32, epoch, place, piece.to_vec()));
            }
        }
        input.advance_to(epoch + 1);
        let done = at.wait(&mut worker, || !probe.less_than(&(epoch + 1)));
        let answer = done.map(|()| {
            let pieces = came.borrow_mut().remove(&epoch).unwrap_or_default();
            at.put_together(pieces)
        });
        let has_failed = answer.is_err();
        if answers.send(answer).is_err() || has_failed {
            // Their threads wait for what will not come.
            std::mem::forget((worker, guard));
            return;
        }
    }
    // No process has ended before all have come so far.
    input.close();
    let end = Some(Instant::now() + GRACE);
    if !at.wait_until(&mut worker, end, |worker| !worker.has_dataflows()) {
        std::mem::forget((worker, guard));
    }
}

impl Place<'_> {
    /// Lets the worker work until something is so, or a process is lost for so long that nothing of it
    /// can be on its way any more.
    fn wait(&self, worker: &mut Worker, is_done: impl Fn() -> bool) -> Result<(), String> {
        if self.wait_until(worker, None, |_| is_done()) {
            return Ok(());
        }
        let lost = self.peers.lost().unwrap_or(self.number);
        Err(format!(
            "process {lost} is lost, and the check with it: start all processes again, with --resume \
             where --disk keeps checkpoints"
        ))
    }

    fn wait_until(
        &self,
        worker: &mut Worker,
        mut end: Option<Instant>,
        is_done: impl Fn(&Worker) -> bool,
    ) -> bool {
        while !is_done(worker) {
            worker.step_or_park(Some(LOOK));
            if self.peers.lost().is_some() {
                end.get_or_insert_with(|| Instant::now() + GRACE);
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                return is_done(worker);
            }
        }
        true
    }

    /// The bytes that each process has sent.
    fn put_together(&self, mut pieces: Vec<Piece>) -> Vec<Vec<u8>> {
        pieces.sort_unstable_by_key(|(_, from, _, place, _)| (*from, *place));
        let mut all = vec![Vec::new(); self.processes];
        for (_, from, _, _, bytes) in pieces {
            if let Some(all) = all.get_mut(from as usize) {
                all.extend_from_slice(&bytes);
            }
        }
        all
    }
}

/// A connection to another process that notes when it breaks.
struct Watched {
    socket: TcpStream,
    process: usize,
    peers: Arc<Peers>,
    /// How many of the bytes that were read last are zero.
    zeros: usize,
}

impl Read for Watched {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.socket.read(bytes) {
            Ok(0) => {}
            Ok(count) => {
                let zeros = bytes[..count].iter().rev().take_while(|byte| **byte == 0).count();
                self.zeros = if zeros == count { self.zeros + zeros } else { zeros };
                return Ok(count);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(_) => self.zeros = 0,
        }
        self.peers.note_lost(self.process);
        // Whoever closes a connection in good order says so before, by a header of zeros.
        if self.zeros < GOODBYE {
            loop {
                thread::park();
            }
        }
        Ok(0)
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What a process that is lost is sent is as lost as it.
        self.socket.write(bytes).or_else(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return Err(error);
            }
            self.peers.note_lost(self.process);
            Ok(bytes.len())
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Watched {
    fn try_clone(&self) -> io::Result<Self> {
        let (process, peers) = (self.process, Arc::clone(&self.peers));
        Ok(Self { socket: self.socket.try_clone()?, process, peers, zeros: 0 })
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.socket.set_nonblocking(nonblocking)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let _ = self.socket.shutdown(how);
        Ok(())
    }
}
