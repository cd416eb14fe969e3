//! The counters of a node.

use std::time::Duration;

/// Counts since a node was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams that arrived.
    pub received: u64,
    /// Datagrams that were sent, but for greetings.
    pub sent: u64,
    /// Greetings to other servers, about listening to each other.
    pub greeted: u64,
    /// Dropped: longer than [`MAX_DATAGRAM`](super::MAX_DATAGRAM).
    pub oversized: u64,
    /// Dropped: of another cluster or version.
    pub foreign: u64,
    /// Dropped: changed on the way, or sealed with another key.
    pub forged: u64,
    /// Dropped: truncated, or with a message that does not decode.
    pub malformed: u64,
    /// Dropped: for another node.
    pub misdirected: u64,
    /// Dropped: from a server's id and not from its address, or from an id that no server or client
    /// has.
    pub impostors: u64,
    /// Dropped: from a server whose data directory is another than before.
    pub replaced: u64,
    /// Dropped: a request that is older than one that its client sent.
    pub stale: u64,
    /// Answered with a cookie: a request from an address of which it was not proven that its client
    /// receives there.
    pub unproven: u64,
    /// Clients that were given an id.
    pub welcomed: u64,
    /// Dropped: more clients began at once than there is time for.
    pub overrun: u64,
    /// Dropped: a message that a client may not send.
    pub not_admitted: u64,
    /// Lost: the operating system refused to send.
    pub send_failed: u64,
    /// For a client whose address is not known here, so given to the other servers to pass on.
    pub relayed: u64,
    /// Passed on to a client for another server.
    pub passed_on: u64,
    /// Lost: for a server that there is not, or for a client whose address is not known here, when
    /// the other servers were asked to pass on too much already.
    pub unroutable: u64,
    /// Lost: did not fit a datagram.
    pub unsendable: u64,
    /// Lost: one batch sent more than may be queued.
    pub overflowed: u64,
    /// The operating system refused to receive.
    pub receive_failed: u64,
    /// Handlers that ran.
    pub handlers: u64,
    /// Records that were written and synced, each with what was saved while the one before it was
    /// synced.
    pub synced: u64,
    /// How often the log was rewritten.
    pub rewritten: u64,
    /// The longest time from one batch of handlers to the next, but for what the node slept.
    pub longest_pause: Duration,
}
