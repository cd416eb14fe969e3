//! Stateright's web Explorer on an instance.

use quorate_models::world::{Checkable, Cluster, Observer};
use stateright::Model;
use std::net::{SocketAddr, TcpListener};
use thiserror::Error;

/// Why the Explorer cannot be served.
#[derive(Debug, Error)]
pub enum ExploreError {
    /// The address cannot be used.
    #[error("cannot serve the Explorer on {address}: {source}; choose another port with --port")]
    Address {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// Serves the Explorer until the process ends.
///
/// # Errors
/// When the address cannot be used.
pub fn serve<A: Checkable, H: Observer<A::Msg>>(
    cluster: Cluster<A, H>,
    address: SocketAddr,
) -> Result<(), ExploreError> {
    // Stateright panics on a port in use, so it is tried first.
    match TcpListener::bind(address) {
        Ok(listener) => drop(listener),
        Err(source) => return Err(ExploreError::Address { address, source }),
    }
    let _ = cluster.checker().serve(address);
    Ok(())
}
