//! Quorate, by its own `bench` command.

use crate::load::{Failure, Measured, Run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// How many servers a protocol has here, unless something else is said.
pub fn servers(protocol: &str) -> usize {
    if ["primary-backup", "kafka"].contains(&protocol) { 4 } else { 3 }
}

fn bench(
    quorate: &Path,
    (protocol, servers): (&str, usize),
    dir: &Path,
    run: Run,
    more: &[&str],
) -> Result<Value, Failure> {
    let seconds = |duration: std::time::Duration| format!("{}s", duration.as_secs_f64());
    let output = Command::new(quorate)
        .args(["bench", protocol, "--json", "--clients", &run.clients.to_string()])
        .args(["--servers", &servers.to_string()])
        .args(["--value-size", &run.value_bytes.to_string()])
        .args(["--reads", if run.is_read { "100" } else { "0" }])
        .args(["--warm-up", &seconds(run.warm_up), "--duration", &seconds(run.length)])
        .arg("--dir")
        .arg(dir.join("quorate"))
        .args(more)
        .output()
        .map_err(|error| format!("cannot start {}: {error}", quorate.display()))?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(
            format!("quorate failed: {text}{}", String::from_utf8_lossy(&output.stderr)).into()
        );
    }
    Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
}

fn number(json: &Value, name: &str) -> Result<f64, Failure> {
    json[name].as_f64().ok_or_else(|| format!("no {name} in {json}").into())
}

pub fn measure(quorate: &Path, protocol: &str, dir: &Path, run: Run) -> Result<Measured, Failure> {
    measure_as(quorate, (protocol, servers(protocol)), "", dir, run)
}

/// The same with so many servers, in a mode of the protocol, if it is not empty.
pub fn measure_as(
    quorate: &Path,
    cluster: (&str, usize),
    mode: &str,
    dir: &Path,
    run: Run,
) -> Result<Measured, Failure> {
    let more: &[&str] = if mode.is_empty() { &[] } else { &["--mode", mode] };
    measured(quorate, cluster, dir, run, more)
}

/// Batches of so many records, which a log in this mode of Kafka takes; what is counted are batches.
pub fn measure_batches(
    quorate: &Path,
    mode: &str,
    batch: usize,
    dir: &Path,
    run: Run,
) -> Result<Measured, Failure> {
    let more = ["--mode", mode, "--batch", &batch.to_string()];
    measured(quorate, ("kafka", servers("kafka")), dir, run, &more)
}

fn measured(
    quorate: &Path,
    cluster: (&str, usize),
    dir: &Path,
    run: Run,
    more: &[&str],
) -> Result<Measured, Failure> {
    let json = bench(quorate, cluster, dir, run, more)?;
    Ok(Measured {
        ops_per_second: number(&json, "ops_per_second")?,
        p50_us: number(&json, "p50_us")?,
        p99_us: number(&json, "p99_us")?,
    })
}

/// Milliseconds from a deed to the first put that another server acknowledged.
pub fn failover(
    quorate: &Path,
    protocol: &str,
    dir: &Path,
    run: Run,
    deed: &str,
) -> Result<f64, Failure> {
    let cluster = (protocol, servers(protocol));
    let json = bench(quorate, cluster, dir, run, &["--failover", deed])?;
    number(&json["failover"], "next_ms")
}
