//! Records of a log: ours (Kafka's in-sync replicas) beside our Multi-Paxos and Redis streams, by
//! throughput and by the time until a consumer has a record.

use crate::load::{Failure, Measured, Run};
use crate::{Args, fresh, median, ours, run, streams};
use hdrhistogram::Histogram;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// The lengths of records.
const SIZES: [usize; 2] = [100, 10_000];

/// What is measured, and how.
const SYSTEMS: [(&str, System); 5] = [
    ("kafka, 3 brokers, flush=sync", System::Kafka("flush=sync")),
    ("kafka, 3 brokers, flush=lazy", System::Kafka("flush=lazy")),
    ("paxos, 3 replicas (puts)", System::Paxos),
    ("Redis stream, appendfsync always, WAIT 2", System::Redis("always")),
    ("Redis stream, appendfsync everysec, WAIT 2", System::Redis("everysec")),
];

#[derive(Clone, Copy)]
enum System {
    /// In this mode.
    Kafka(&'static str),
    /// It has no batches: each record is a put.
    Paxos,
    /// It syncs so.
    Redis(&'static str),
}

/// The most records, and bytes, that `quorate produce` puts into a batch by default; each counts 8 bytes more
/// than it has.
const BATCH: (usize, usize) = (500, 56 * 1024);

/// How many records of this length go together: one, and as many as there are in a batch of ours.
fn batches(bytes: usize) -> [usize; 2] {
    [1, BATCH.0.min(BATCH.1 / (bytes + 8))]
}

/// What the time from a producer to a consumer was.
#[derive(Clone, Copy)]
pub struct EndToEnd {
    records_per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

impl EndToEnd {
    pub fn of(latencies: &Histogram<u64>, run: Run) -> Result<Self, Failure> {
        if latencies.is_empty() {
            return Err("no record reached the consumer".into());
        }
        let micros = |quantile| latencies.value_at_quantile(quantile) as f64 / 1000.0;
        let records_per_second = latencies.len() as f64 / run.length.as_secs_f64();
        Ok(Self { records_per_second, p50_us: micros(0.5), p99_us: micros(0.99) })
    }
}

/// When a record was sent, in nanoseconds since the beginning; it is the record's first word.
pub struct Sent(u64);

impl Sent {
    pub fn now(begin: Instant) -> Self {
        Self(begin.elapsed().as_nanos() as u64)
    }

    /// A record of so many bytes.
    pub fn record(&self, bytes: usize) -> String {
        let mut record = format!("{} ", self.0);
        while record.len() < bytes {
            record.push('v');
        }
        record
    }

    pub fn parse(record: &[u8]) -> Result<Self, Failure> {
        let text = String::from_utf8_lossy(record);
        let word = text.split(' ').next().unwrap_or_default();
        Ok(Self(word.parse().map_err(|_| format!("a consumer has {word:?}"))?))
    }

    /// It is counted if it was sent after the warm-up and before the end.
    pub fn arrived(
        &self,
        begin: Instant,
        run: Run,
        all: &mut Histogram<u64>,
    ) -> Result<(), Failure> {
        let sent = Duration::from_nanos(self.0);
        if (run.warm_up..run.warm_up + run.length).contains(&sent) {
            all.record((begin.elapsed() - sent).as_nanos() as u64)?;
        }
        Ok(())
    }
}

/// All systems, one after the other in each round.
pub async fn compare(args: &Args) -> Result<(), Failure> {
    for bytes in SIZES {
        println!("\nrecords of {bytes} bytes, disk: until all in-sync replicas (or 2) have each");
        for clients in args.clients.clone() {
            throughput(args, Run { value_bytes: bytes, ..run(args, clients, false) }).await?;
        }
    }
    println!("\nrecords of 100 bytes, disk: from before a record is sent until a consumer has it");
    for clients in args.clients.iter().copied().filter(|clients| *clients <= MOST_PRODUCERS) {
        latency(args, run(args, clients, false)).await?;
    }
    Ok(())
}

/// Each of our producers is a process.
const MOST_PRODUCERS: usize = 16;

async fn throughput(args: &Args, run: Run) -> Result<(), Failure> {
    let mut measured = Vec::new();
    for (name, system) in SYSTEMS {
        let has_batches = !matches!(system, System::Paxos);
        for batch in batches(run.value_bytes).into_iter().take(1 + usize::from(has_batches)) {
            measured.push((name, system, batch, Vec::new()));
        }
    }
    for _ in 0..args.rounds {
        for (_, system, batch, measured) in &mut measured {
            let dir = fresh(&args.disk)?;
            measured.push(match system {
                System::Kafka(mode) => {
                    ours::measure_batches(&args.quorate, mode, *batch, dir.path(), run)?
                }
                System::Paxos => ours::measure(&args.quorate, "paxos", dir.path(), run)?,
                System::Redis(fsync) => streams::measure(dir.path(), run, fsync, *batch).await?,
            });
        }
    }
    for (name, _, batch, measured) in &measured {
        let of = |what: fn(&Measured) -> f64| median(measured.iter().map(what).collect());
        let records = of(|one| one.ops_per_second) * *batch as f64;
        println!(
            "  {:>4} clients, {name:<44} {batch:>3} together: {records:>8.0} a second, {:>7.2} MB/s, p50 {:>6.0} us, p99 {:>6.0} us",
            run.clients,
            records * run.value_bytes as f64 / 1e6,
            of(|one| one.p50_us),
            of(|one| one.p99_us),
        );
    }
    Ok(())
}

async fn latency(args: &Args, run: Run) -> Result<(), Failure> {
    // A get of Multi-Paxos is no consumer.
    let mut all = SYSTEMS.map(|(name, system)| (name, system, Vec::new()));
    for _ in 0..args.rounds {
        for (_, system, measured) in &mut all {
            let dir = fresh(&args.disk)?;
            measured.push(match system {
                System::Kafka(mode) => end_to_end(&args.quorate, mode, dir.path(), run)?,
                System::Redis(fsync) => streams::end_to_end(dir.path(), run, fsync).await?,
                System::Paxos => continue,
            });
        }
    }
    for (name, _, measured) in all.iter().filter(|(.., measured)| !measured.is_empty()) {
        let of = |what: fn(&EndToEnd) -> f64| median(measured.iter().map(what).collect());
        println!(
            "  {:>4} producers, {name:<44} p50 {:>6.0} us, p99 {:>6.0} us at {:>6.0} a second",
            run.clients,
            of(|one| one.p50_us),
            of(|one| one.p99_us),
            of(|one| one.records_per_second),
        );
    }
    Ok(())
}

/// Our commands: a process produces, with one record under way, and one consumes.
fn end_to_end(quorate: &Path, mode: &str, dir: &Path, run: Run) -> Result<EndToEnd, Failure> {
    let place = dir.join("quorate");
    let cluster = ["cluster", "kafka", "--servers", "4", "--mode", mode, "--dir"];
    let mut cluster = Process::start(Command::new(quorate).args(cluster).arg(&place))?;
    // Its introduction ends so, once it answers.
    while !cluster.line()?.starts_with("Ctrl-C") {}
    let file = place.join("cluster.toml");
    let command = |args: &[&str]| {
        let mut command = Command::new(quorate);
        command.args(args).arg("--cluster").arg(&file);
        Process::start(&mut command)
    };
    let begin = Instant::now();
    let mut consumer = command(&["consume", "--follow"])?;
    let producers: Result<Vec<_>, _> = (0..run.clients).map(|_| command(&["produce"])).collect();
    let end = run.warm_up + run.length;
    std::thread::scope(|scope| {
        let threads: Vec<_> = producers?
            .into_iter()
            .map(|mut producer| {
                scope.spawn(move || {
                    // So long that the consumer has one more after the end, and does not wait for ever.
                    while begin.elapsed() < end + Duration::from_millis(500) {
                        producer.say(&Sent::now(begin).record(run.value_bytes))?;
                        producer.line()?;
                    }
                    Ok::<_, Failure>(())
                })
            })
            .collect();
        let mut latencies = Histogram::new(3)?;
        while begin.elapsed() < end {
            let line = consumer.line()?;
            let record = line.split('\t').nth(1).unwrap_or_default();
            Sent::parse(record.as_bytes())?.arrived(begin, run, &mut latencies)?;
        }
        for thread in threads {
            thread.join().map_err(|_| "a producer panicked")??;
        }
        EndToEnd::of(&latencies, run)
    })
}

/// A process that is spoken to in lines, and ends with its value.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(command: &mut Command) -> Result<Self, Failure> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("cannot start: {error}"))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { child, input, output })
    }

    fn say(&mut self, line: &str) -> Result<(), Failure> {
        Ok(self.input.as_mut().ok_or("no input")?.write_all(format!("{line}\n").as_bytes())?)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a command of ours ended".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A cluster ends with its commands' parent at the latest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
