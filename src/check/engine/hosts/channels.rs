//! What carries bytes between the processes of a check, and threads that take the place of processes.

use std::sync::mpsc::{Receiver, Sender, channel};

/// Carries bytes between processes.
pub(super) trait Link: Send {
    /// Sends to each process, this one among them, its bytes; what each has sent, when all have.
    fn swap(&mut self, out: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, String>;
    /// Lets the others know that this process has ended before the check has.
    fn leave(&mut self);
}

/// Threads instead of processes.
pub(super) struct Channels {
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

impl Channels {
    /// For each of so many processes the ends that it has.
    pub(super) fn of(processes: usize) -> Vec<Self> {
        let mut senders: Vec<Vec<_>> = (0..processes).map(|_| Vec::new()).collect();
        let mut receivers: Vec<Vec<_>> = (0..processes).map(|_| Vec::new()).collect();
        for senders in &mut senders {
            for receivers in &mut receivers {
                let (sender, receiver) = channel();
                senders.push(sender);
                receivers.push(receiver);
            }
        }
        let ends = senders.into_iter().zip(receivers);
        ends.map(|(to, from)| Self { to, from }).collect()
    }
}

impl Link for Channels {
    fn swap(&mut self, out: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, String> {
        let lost = |number: usize| format!("process {number} is lost");
        for (number, (to, bytes)) in self.to.iter().zip(out).enumerate() {
            to.send(bytes).map_err(|_| lost(number))?;
        }
        let from = self.from.iter().enumerate();
        from.map(|(number, from)| from.recv().map_err(|_| lost(number))).collect()
    }

    fn leave(&mut self) {
        (self.to, self.from) = (Vec::new(), Vec::new());
    }
}
