//! Redis streams: a primary and two replicas; a record is `XADD`, several may be in one write with
//! the `WAIT 2` that follows, and a consumer waits with
//! `XREAD BLOCK`.

use crate::load::{Client, Failure, Measured, Run, closed_loop};
use crate::records::{EndToEnd, Sent};
use crate::redis::{Redis, start};
use hdrhistogram::Histogram;
use std::path::Path;
use std::time::{Duration, Instant};

/// About as many records are kept.
const KEPT: &[u8] = b"100000";

/// Appends so many records for each put, in one write, and waits for the replicas once.
struct Producer(Redis, usize);

impl Producer {
    async fn append(&mut self, value: &[u8]) -> Result<(), Failure> {
        let add: [&[u8]; 8] = [b"XADD", b"s", b"MAXLEN", b"~", KEPT, b"*", b"v", value];
        let wait: [&[u8]; 3] = [b"WAIT", b"2", b"10000"];
        let mut commands: Vec<&[&[u8]]> = vec![&add; self.1];
        commands.push(&wait);
        self.0.send(&commands).await?;
        for _ in 0..self.1 {
            self.0.reply().await?;
        }
        match self.0.reply().await?.as_slice() {
            [two] if two == b"2" => Ok(()),
            other => Err(format!("WAIT 2 answered {other:?}").into()),
        }
    }
}

impl Client for Producer {
    async fn put(&mut self, _: String, value: Vec<u8>) -> Result<(), Failure> {
        self.append(&value).await
    }

    async fn get(&mut self, _: String) -> Result<(), Failure> {
        Err("a stream is not asked for keys".into())
    }
}

async fn producers(port: u16, count: usize, batch: usize) -> Result<Vec<Producer>, Failure> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(Producer(Redis::connect(port).await?, batch));
    }
    Ok(all)
}

/// So many records at a time: how often a second, and the time until they are acknowledged.
pub async fn measure(dir: &Path, run: Run, fsync: &str, batch: usize) -> Result<Measured, Failure> {
    let (_processes, port) = start(dir, fsync).await?;
    closed_loop(producers(port, run.clients, batch).await?, run).await
}

/// The time from before a record is sent until a consumer has it.
pub async fn end_to_end(dir: &Path, run: Run, fsync: &str) -> Result<EndToEnd, Failure> {
    let (_processes, port) = start(dir, fsync).await?;
    let begin = Instant::now();
    let consumer = tokio::spawn(consume(Redis::connect(port).await?, begin, run));
    // The consumer waits from the end of the stream on.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut tasks = Vec::new();
    for mut producer in producers(port, run.clients, 1).await? {
        tasks.push(tokio::spawn(async move {
            while begin.elapsed() < run.warm_up + run.length {
                producer.append(Sent::now(begin).record(run.value_bytes).as_bytes()).await?;
            }
            Ok::<_, Failure>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    EndToEnd::of(&consumer.await??, run)
}

async fn consume(mut redis: Redis, begin: Instant, run: Run) -> Result<Histogram<u64>, Failure> {
    let mut latencies = Histogram::new(3)?;
    let mut last = b"$".to_vec();
    loop {
        let read: [&[u8]; 6] = [b"XREAD", b"BLOCK", b"1000", b"STREAMS", b"s", &last];
        redis.send(&[&read]).await?;
        // The name of the stream, then of each record its id, the name of its field, and the value.
        let flat = redis.reply().await?;
        for record in flat.get(1..).unwrap_or_default().chunks_exact(3) {
            Sent::parse(&record[2])?.arrived(begin, run, &mut latencies)?;
            last.clone_from(&record[0]);
        }
        if begin.elapsed() > run.warm_up + run.length {
            return Ok(latencies);
        }
    }
}
