//! A closed loop of clients, the same for every peer.

use hdrhistogram::Histogram;
use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant};

pub type Failure = Box<dyn Error + Send + Sync>;

/// What a run measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub ops_per_second: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub clients: usize,
    pub is_read: bool,
    pub value_bytes: usize,
    pub warm_up: Duration,
    pub length: Duration,
}

/// A client of a peer, with one request under way.
pub trait Client: Send + 'static {
    fn put(
        &mut self,
        key: String,
        value: Vec<u8>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
    fn get(&mut self, key: String) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// As many keys as `quorate bench` has by default.
const KEYS: u64 = 1000;

/// Lets the clients ask. Any error ends it: peers are measured while all is well.
pub async fn closed_loop<C: Client>(clients: Vec<C>, run: Run) -> Result<Measured, Failure> {
    let begin = Instant::now();
    let tasks: Vec<_> = (clients.into_iter().enumerate())
        .map(|(number, client)| tokio::spawn(work(client, number as u64, begin, run)))
        .collect();
    let mut all = Histogram::<u64>::new(3)?;
    for task in tasks {
        all.add(task.await??)?;
    }
    let micros = |quantile| all.value_at_quantile(quantile) as f64 / 1000.0;
    let ops_per_second = all.len() as f64 / run.length.as_secs_f64();
    Ok(Measured { ops_per_second, p50_us: micros(0.5), p99_us: micros(0.99) })
}

async fn work<C: Client>(
    mut client: C,
    number: u64,
    begin: Instant,
    run: Run,
) -> Result<Histogram<u64>, Failure> {
    let mut latencies = Histogram::new(3)?;
    let value = vec![b'v'; run.value_bytes];
    // Any sequence that spreads over the keys.
    let mut random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    loop {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let key = format!("key {}", random % KEYS);
        let asked = Instant::now();
        if run.is_read {
            client.get(key).await?;
        } else {
            client.put(key, value.clone()).await?;
        }
        let now = begin.elapsed();
        if now >= run.warm_up + run.length {
            return Ok(latencies);
        }
        if now >= run.warm_up {
            latencies.record(asked.elapsed().as_nanos() as u64)?;
        }
    }
}
