//! Many requests under way from one handle, on tokio: a program beside a cluster that runs Multi-Paxos.
//!
//! ```sh
//! cargo run --release -- cluster paxos          # prints where its cluster file is
//! cargo run --features tokio --example async_client -- PATH/cluster.toml
//! ```

use quorate::ClusterFile;
use quorate::models::kv::{Map, Range};
use quorate::models::paxos::Paxos;
use quorate::node::deploy::{OpenError, open_async_client};
use quorate::node::{ClientError, Fate};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long each request may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// The most requests that are under way at once.
const SESSIONS: usize = 16;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TourError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Task(#[from] tokio::task::JoinError),
}

/// Puts a hundred keys at once, finds them page by page, and says how many there are.
pub(crate) async fn tour(cluster: &ClusterFile) -> Result<usize, TourError> {
    let client = open_async_client::<Paxos<Map>>(cluster, None, SESSIONS)?;
    let mut puts = JoinSet::new();
    for number in 0..100 {
        // A copy of the handle: they share its slots.
        let client = client.clone();
        puts.spawn(async move {
            let key = format!("tour/{number:02}").into_bytes().into();
            client.put(key, "here".into(), DEADLINE).await
        });
    }
    while let Some(put) = puts.join_next().await {
        match put? {
            Ok(()) => {}
            // It may have been done: a put may be repeated, as it does no harm here.
            Err(error) if error.fate() == Fate::Unknown => eprintln!("unknown: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
    let mut range = Range::prefix("tour/".into(), 30);
    let mut found = 0;
    loop {
        let page = client.range(range.clone(), DEADLINE).await?;
        found += page.pairs.len();
        match page.next {
            Some(next) => range = range.rest(next),
            None => return Ok(found),
        }
    }
}

#[allow(dead_code, reason = "a test takes the tour without it")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("give the cluster file")?;
    let cluster = ClusterFile::load(&PathBuf::from(path))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{} keys", runtime.block_on(tour(&cluster))?);
    Ok(())
}
