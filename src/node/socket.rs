//! A UDP socket that gives up on nothing: what cannot be sent is lost, and counted.

use super::released::once_released;
use super::stats::Stats;
use super::wake::{Sleeper, Wake};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;
use thiserror::Error;

/// The longest payload that UDP itself can carry, so that what is too long is seen to be.
const BUFFER: usize = 65_536;
/// How many bytes may wait at a node for it to take them: all that the others send while it syncs.
const WAITING: usize = 4 << 20;
/// With less than this, a burst of large messages is often lost.
const LITTLE: usize = 1 << 20;
/// How long to wait for room in the system's send buffer before a datagram is lost.
const ROOM: Duration = Duration::from_millis(100);
/// How many errors in a row a socket may give before each is followed by a pause.
const PATIENCE: u32 = 16;

/// A socket could not be opened.
#[derive(Debug, Error)]
pub enum BindError {
    /// Another process listens there.
    #[error(
        "the address {address} is in use: another process listens on UDP port {}; \
         stop it, or give this server another port in the cluster file", address.port()
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// This host does not have it.
    #[error(
        "the address {address} is not one of this host's; run this server on its host, \
         or pass the address to listen on"
    )]
    NotHere {
        /// The address.
        address: SocketAddr,
    },
    /// The system does not report incoming datagrams.
    #[error("cannot watch a socket: {source}")]
    Unwatched {
        /// Why.
        source: io::Error,
    },
    /// Another reason.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A sealed message and where it goes.
pub(super) struct Datagram {
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// What a socket gave.
pub(super) enum Received {
    /// Nothing, within the time; or it was woken.
    Nothing,
    /// An error, and no message.
    Failed,
    /// So many bytes in the buffer, and where they came from.
    Bytes(usize, SocketAddr),
}

/// One end of the wire.
pub(super) struct Socket {
    udp: UdpSocket,
    pub(super) buffer: Box<[u8]>,
    sleeper: Option<Sleeper>,
    errors_in_a_row: u32,
    pub(super) stats: Stats,
}

impl Socket {
    pub(super) fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let udp = UdpSocket::bind(address).map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => BindError::InUse { address },
            ErrorKind::AddrNotAvailable => BindError::NotHere { address },
            _ => BindError::Other { address, source },
        })?;
        enlarge(&udp);
        udp.set_nonblocking(true).map_err(|source| BindError::Other { address, source })?;
        let (buffer, stats) = (vec![0; BUFFER].into(), Stats::default());
        Ok(Self { udp, buffer, sleeper: None, errors_in_a_row: 0, stats })
    }

    /// One that what is also returned wakes while it waits for a datagram. Waits up to a second for
    /// a process that ends just now, and has the port still.
    pub(super) fn bind_with_wake(address: SocketAddr) -> Result<(Self, Wake), BindError> {
        let held = |error: &BindError| matches!(error, BindError::InUse { .. });
        let bound = once_released(held, || Self::bind(address))?;
        let sleeper = Sleeper::new().map_err(|source| BindError::Other { address, source })?;
        let wake = sleeper.wake();
        let socket = Self { sleeper: Some(sleeper), ..bound };
        Ok((socket, wake))
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// Sends, or loses, a datagram.
    pub(super) fn transmit(&mut self, datagram: &Datagram) -> io::Result<()> {
        let attempt = || retry_interrupted(|| self.udp.send_to(&datagram.bytes, datagram.to));
        let sent = attempt().or_else(|error| match error.kind() {
            ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(&self.udp, PollFlags::OUT)], timespec(ROOM).as_ref())?;
                attempt()
            }
            _ => Err(error),
        });
        let Err(error) = sent else { return Ok(()) };
        self.stats.send_failed += 1;
        tracing::debug!(to = %datagram.to, %error, "a datagram was not sent");
        // A reader of the log should see that it happens, not every time it does.
        if self.stats.send_failed.is_power_of_two() {
            let count = self.stats.send_failed;
            tracing::warn!(to = %datagram.to, %error, count, "datagrams were not sent");
        }
        Err(error)
    }

    /// Waits at most `wait` for a datagram; if that is zero, takes only what is already there.
    pub(super) fn receive(&mut self, wait: Duration) -> Received {
        let received = self.wait(wait).and_then(|()| self.udp.recv_from(&mut self.buffer));
        match received {
            Ok((len, from)) => {
                self.errors_in_a_row = 0;
                self.stats.received += 1;
                Received::Bytes(len, from)
            }
            Err(error) => self.failed(&error),
        }
    }

    fn wait(&mut self, wait: Duration) -> io::Result<()> {
        if wait.is_zero() {
            return Ok(());
        }
        let wait = timespec(wait);
        let datagram = PollFd::new(&self.udp, PollFlags::IN);
        let Some(sleeper) = &mut self.sleeper else {
            poll(&mut [datagram], wait.as_ref())?;
            return Ok(());
        };
        let mut both = [datagram, PollFd::new(sleeper, PollFlags::IN)];
        poll(&mut both, wait.as_ref())?;
        if both[1].revents().contains(PollFlags::IN) {
            sleeper.hear()?;
        }
        Ok(())
    }

    /// An error on receipt is never the end: most report a datagram sent earlier that nobody took
    /// (connection refused), which to the protocol is a lost message.
    fn failed(&mut self, error: &io::Error) -> Received {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                Received::Nothing
            }
            _ => {
                self.stats.receive_failed += 1;
                self.errors_in_a_row += 1;
                tracing::debug!(%error, "receiving failed");
                if self.errors_in_a_row > PATIENCE {
                    tracing::warn!(%error, "receiving fails again and again");
                    std::thread::sleep(Duration::from_millis(100));
                }
                Received::Failed
            }
        }
    }
}

/// `None`, which is for ever, if it is too long to be represented.
fn timespec(wait: Duration) -> Option<Timespec> {
    wait.try_into().ok()
}

/// Asks the system for larger buffers, and takes what it gives: with smaller ones more is lost, and
/// sent again.
fn enlarge(udp: &UdpSocket) {
    let socket = SockRef::from(udp);
    let asked = socket.set_recv_buffer_size(WAITING).and(socket.set_send_buffer_size(WAITING));
    let given = asked.and_then(|()| socket.recv_buffer_size()).unwrap_or(0);
    if given < LITTLE {
        tracing::info!(
            given,
            "the system gives a small receive buffer, so under load more datagrams are lost and sent \
             again; on Linux raise it with: sysctl -w net.core.rmem_max={WAITING}"
        );
    }
}

fn retry_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
