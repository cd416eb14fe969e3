//! Where a node is, and how it is to be run.

use crate::node::board::Board;
use crate::node::http::HttpError;
use stateright::actor::Id;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Where a node is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Its data directory.
    pub data: &'a Path,
    /// The server that the directory must be of.
    pub wanted: Option<Id>,
    /// Where it listens, if not where the cluster file says.
    pub listen: Option<SocketAddr>,
    /// Lets the next sync of its log fail whenever it is set.
    pub fail_syncs: Option<&'a Arc<AtomicBool>>,
    /// Makes the board on which it shows what it is, for the server that it is.
    pub show: Option<&'a dyn Fn(Id) -> Result<Board, HttpError>>,
}
