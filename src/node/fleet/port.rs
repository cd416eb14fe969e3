//! The socket that many clients share. It waits only where it is asked to, and as exactly as the
//! system's clock: the time limit of a socket is rounded up to some milliseconds.

use crate::node::socket::{BindError, Datagram};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// How many bytes may wait here: the answers to all clients.
const WAITING: usize = 4 << 20;
/// How long to wait for room to send.
const PATIENCE: Duration = Duration::from_millis(10);

pub(super) struct Port(UdpSocket);

impl Port {
    pub(super) fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let open = || {
            let udp = UdpSocket::bind(address)?;
            udp.set_nonblocking(true)?;
            // With smaller buffers more is lost, and sent again.
            let socket = SockRef::from(&udp);
            let _ = socket.set_recv_buffer_size(WAITING).and(socket.set_send_buffer_size(WAITING));
            Ok(Self(udp))
        };
        open().map_err(|source| BindError::Other { address, source })
    }

    /// Sends, or loses, a datagram.
    pub(super) fn transmit(&self, Datagram { to, bytes }: &Datagram) {
        if let Err(error) = self.0.send_to(bytes, to)
            && error.kind() == io::ErrorKind::WouldBlock
        {
            self.wait(PollFlags::OUT, PATIENCE);
            let _ = self.0.send_to(bytes, to);
        }
    }

    /// Waits at most `time` for a datagram.
    pub(super) fn await_datagram(&self, time: Duration) {
        if !time.is_zero() {
            self.wait(PollFlags::IN, time);
        }
    }

    /// A datagram that is there.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        // Other errors report datagrams sent earlier that nobody took.
        self.0.recv_from(buffer).ok()
    }

    fn wait(&self, what: PollFlags, time: Duration) {
        let limit = Timespec::try_from(time).ok();
        // A wait that is interrupted is a short one.
        let _ = poll(&mut [PollFd::new(&self.0, what)], limit.as_ref());
    }
}
