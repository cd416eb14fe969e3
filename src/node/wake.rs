//! Waking a node that waits for a datagram: a pipe beside its socket.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Wakes the node. Its clones are one.
#[derive(Clone)]
pub(super) struct Wake(Arc<Bell>);

struct Bell {
    /// Whether there is a byte in the pipe, or will be: more than one would say no more than one.
    rung: AtomicBool,
    pipe: PipeWriter,
}

/// The node's end.
pub(super) struct Sleeper {
    wake: Wake,
    pipe: PipeReader,
}

impl Sleeper {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let wake = Wake(Arc::new(Bell { rung: AtomicBool::new(false), pipe: writer }));
        Ok(Self { wake, pipe: reader })
    }

    /// What wakes it.
    pub(super) fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Goes to sleep again; there must be a byte. What was done before it was woken is seen from
    /// here on.
    pub(super) fn hear(&mut self) -> io::Result<()> {
        self.pipe.read_exact(&mut [0])?;
        self.wake.0.rung.swap(false, Ordering::SeqCst);
        Ok(())
    }
}

impl AsFd for Sleeper {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl Wake {
    pub(super) fn ring(&self) {
        if !self.0.rung.swap(true, Ordering::SeqCst) {
            // It fails when nobody sleeps there any more.
            let _ = (&self.0.pipe).write(&[0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_calls_wake_once_and_a_later_one_again() {
        let mut sleeper = Sleeper::new().unwrap();
        let wake = sleeper.wake();
        for _ in 0..3 {
            // More than a pipe holds.
            (0..100_000).for_each(|_| wake.ring());
            sleeper.hear().unwrap();
        }
        std::thread::scope(|scope| {
            scope.spawn(|| wake.ring());
            sleeper.hear().unwrap();
        });
    }
}
