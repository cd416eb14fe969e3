//! How the processes of a check meet: each listens at its own address, and calls those before it.

use super::file::HostsError;
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a process waits for the others.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// For what a caller says first, and for one attempt to connect.
const SOON: Duration = Duration::from_secs(2);
/// A machine that answers nothing for so long is lost.
const SILENT: Duration = Duration::from_secs(15);

const MAGIC: &[u8; 16] = b"quorate hosts 1\n";
const HELLO: usize = MAGIC.len() + 16;

/// Who waits, for whom, and until when.
struct Meeting<'m> {
    hosts: &'m [String],
    number: usize,
    /// What each process says first.
    digest: u64,
    end: Instant,
    stop: &'m AtomicBool,
}

/// The sockets to all other processes, in their order; nothing in the place of this one.
pub(super) fn connect(
    hosts: &[String],
    number: usize,
    stop: &AtomicBool,
) -> Result<Vec<Option<TcpStream>>, HostsError> {
    let version = env!("CARGO_PKG_VERSION");
    let digest = xxhash_rust::xxh3::xxh3_64(format!("{version}\n{}", hosts.join("\n")).as_bytes());
    let meeting = Meeting { hosts, number, digest, end: Instant::now() + PATIENCE, stop };
    let own = &hosts[number];
    let listener = TcpListener::bind(own).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    let listener = listener.map_err(|error| {
        let what = format!("cannot listen at {own}, the address of process {number}: {error}");
        HostsError::Meet(what)
    })?;
    let mut sockets: Vec<Option<TcpStream>> = Vec::new();
    for other in 0..number {
        sockets.push(Some(meeting.call(other)?));
    }
    sockets.resize_with(hosts.len(), || None);
    meeting.answer(&listener, &mut sockets)?;
    for socket in sockets.iter().flatten() {
        prepare(socket).map_err(|error| {
            HostsError::Meet(format!("cannot set up a connection between processes: {error}"))
        })?;
    }
    Ok(sockets)
}

impl Meeting<'_> {
    /// Whether there is time left; else an error that says for whom it was waited.
    fn wait_for(&self, other: usize, last: &str) -> Result<(), HostsError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(HostsError::Meet("stopped before all processes had met".into()));
        }
        if Instant::now() < self.end {
            sleep(PAUSE);
            return Ok(());
        }
        let (address, seconds) = (&self.hosts[other], PATIENCE.as_secs());
        Err(HostsError::Meet(format!(
            "process {other} ({address}) did not come within {seconds} seconds{last}"
        )))
    }

    /// Calls another process until it answers.
    fn call(&self, other: usize) -> Result<TcpStream, HostsError> {
        loop {
            let error = match self.try_call(other) {
                Ok((socket, hello)) if self.is_hello_of(&hello, other) => return Ok(socket),
                Ok(_) => return Err(self.stranger(other)),
                Err(error) => error,
            };
            self.wait_for(other, &format!(": {error}"))?;
        }
    }

    fn try_call(&self, other: usize) -> io::Result<(TcpStream, [u8; HELLO])> {
        let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
        for address in self.hosts[other].to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, SOON) {
                Ok(socket) => return self.greet(socket),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Says who this is, and waits for the answer: the other may have to meet others first.
    fn greet(&self, mut socket: TcpStream) -> io::Result<(TcpStream, [u8; HELLO])> {
        socket.write_all(&self.hello())?;
        let left = self.end.saturating_duration_since(Instant::now()).max(PAUSE);
        socket.set_read_timeout(Some(left))?;
        let mut hello = [0; HELLO];
        socket.read_exact(&mut hello)?;
        Ok((socket, hello))
    }

    /// Takes the calls of all later processes. Of whoever else calls nothing is taken.
    fn answer(
        &self,
        listener: &TcpListener,
        sockets: &mut [Option<TcpStream>],
    ) -> Result<(), HostsError> {
        let is_missing = |other: &usize, all: &[Option<TcpStream>]| all[*other].is_none();
        while let Some(missing) =
            (self.number + 1..self.hosts.len()).find(|other| is_missing(other, sockets))
        {
            match listener.accept() {
                Ok((socket, from)) => {
                    if let Some((other, socket)) = self.meet(socket, from)? {
                        sockets[other] = Some(socket);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait_for(missing, "")?;
                }
                Err(error) => self.wait_for(missing, &format!(": {error}"))?,
            }
        }
        Ok(())
    }

    /// A later process that calls; nothing if the caller is none.
    fn meet(
        &self,
        mut socket: TcpStream,
        from: SocketAddr,
    ) -> Result<Option<(usize, TcpStream)>, HostsError> {
        let mut hello = [0; HELLO];
        let heard = socket
            .set_nonblocking(false)
            .and_then(|()| socket.set_read_timeout(Some(SOON)))
            .and_then(|()| socket.read_exact(&mut hello));
        if heard.is_err() || hello[..MAGIC.len()] != *MAGIC {
            tracing::warn!(%from, "a connection that is none of a process of this check");
            return Ok(None);
        }
        let later = self.number + 1..self.hosts.len();
        let Some(other) = later.into_iter().find(|other| self.is_hello_of(&hello, *other)) else {
            // So that it is told the same.
            let _ = socket.write_all(&self.hello());
            return Err(HostsError::Meet(format!(
                "a process at {from} has another file of hosts, another version or a wrong number"
            )));
        };
        Ok(socket.write_all(&self.hello()).is_ok().then_some((other, socket)))
    }

    fn hello(&self) -> [u8; HELLO] {
        self.hello_of(self.number)
    }

    fn hello_of(&self, number: usize) -> [u8; HELLO] {
        let mut hello = [0; HELLO];
        hello[..MAGIC.len()].copy_from_slice(MAGIC);
        hello[MAGIC.len()..MAGIC.len() + 8].copy_from_slice(&self.digest.to_le_bytes());
        hello[MAGIC.len() + 8..].copy_from_slice(&(number as u64).to_le_bytes());
        hello
    }

    fn is_hello_of(&self, hello: &[u8; HELLO], other: usize) -> bool {
        *hello == self.hello_of(other)
    }

    fn stranger(&self, other: usize) -> HostsError {
        HostsError::Meet(format!(
            "what listens at {} is not process {other} of this file of hosts and this version",
            self.hosts[other]
        ))
    }
}

/// So that little waits, and a machine that is lost is noticed.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(None)?;
    let alive = TcpKeepalive::new().with_time(SILENT / 3).with_interval(SILENT / 5);
    let socket = SockRef::from(socket);
    socket.set_tcp_keepalive(&alive.with_retries(3))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(SILENT))?;
    Ok(())
}
