//! Sends a user's operation to a cluster, and repeats it where that is safe.

use crate::node::client::{Client, ClientError, Fate};
use crate::node::cluster_file::ClusterFile;
use quorate_models::kv::Abort;
use quorate_models::kv::machine::Value;
use quorate_models::kv::offer::{Answered, Ask, AskOutcome, Carried, Offer, OfferError, reason};
use stateright::actor::Id;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The shortest and the longest pause before a request that may be tried again is.
const PAUSE: std::ops::Range<Duration> = Duration::from_millis(10)..Duration::from_millis(60);

/// Why what was asked has no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// The protocol does not do it.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// A transaction was aborted as often as there was time to try it.
    #[error(
        "aborted, nothing was done: tried {tries} times within {deadline:?}, and at last {}",
        reason(why)
    )]
    KeptAborting {
        /// Why it was aborted the last time.
        why: Abort,
        /// How often it was tried.
        tries: u32,
        /// The time there was.
        deadline: Duration,
    },
    /// The servers gave it up. The operation may have been done, and, other than after
    /// [`ClientError::NoAnswer`], it may still be at any later time, whatever its client does next.
    #[error(
        "not enough servers answered server {} in time; a write may have been done, or may yet be at \
         any later time (ask again, or at a level that needs fewer)",
        usize::from(*.by)
    )]
    TimedOut {
        /// The server that said so.
        by: Id,
    },
    /// The client has no answer.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl AskError {
    /// Whether the request was done.
    pub fn fate(&self) -> Fate {
        match self {
            // Each says that nothing was done.
            Self::Offer(_) | Self::KeptAborting { .. } => Fate::NotDone,
            Self::TimedOut { .. } => Fate::Unknown,
            Self::Client(error) => error.fate(),
        }
    }
}

/// Asks, and asks again what was aborted for a reason that passes, until `deadline`. What the client
/// knows goes with the request, and what it learns is added: give the same `carried` the next time.
///
/// It serves every protocol alike. A program that knows that its cluster replicates a map may call
/// [`Client::get`], [`Client::put`] and so on instead.
pub fn ask<F: Offer, P: Value>(
    client: &mut Client<F::Request, F::Answer, P>,
    cluster: &ClusterFile,
    ask: &Ask,
    carried: &mut F::Carried,
    deadline: Duration,
) -> Result<Answered, AskError> {
    let topology = cluster.topology();
    let mut request = F::request(&topology, ask)?;
    carried.stamp(&mut request);
    F::check(&request).map_err(OfferError::from)?;
    let begin = Instant::now();
    let (mut tries, mut longest) = (0, Duration::ZERO);
    loop {
        let now = Instant::now();
        let left = deadline.saturating_sub(now.duration_since(begin));
        // Each time it is another request, with a sequence number of its own.
        let answer = client.call(request.clone(), left).map_err(|error| error.within(deadline))?;
        carried.learn(&request, &answer);
        tries += 1;
        longest = longest.max(now.elapsed());
        let nonsense = || ClientError::Nonsense(client.last_server());
        match F::answer(&topology, ask, answer).ok_or_else(nonsense)? {
            AskOutcome::Done(answered) => return Ok(answered),
            AskOutcome::Failed(error) => return Err(error.into()),
            AskOutcome::TimedOut => return Err(AskError::TimedOut { by: client.last_server() }),
            AskOutcome::Again(why) => {
                let pause = rand::random_range(PAUSE);
                // A try that is cut off would leave unknown what is known now.
                if begin.elapsed() + pause + longest * 3 / 2 >= deadline {
                    return Err(AskError::KeptAborting { why, tries, deadline });
                }
                std::thread::sleep(pause);
            }
        }
    }
}
