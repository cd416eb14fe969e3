//! `quorate bench`: a program can read what it measures, and it reports what fails.

use crate::support::KEYS;
use crate::support::processes::Cluster;
use serde_json::Value;
use std::process::{Command, Output};

fn bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quorate")).arg("bench").args(args).output().unwrap()
}

/// The last line, which is JSON.
fn measured(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    serde_json::from_str(text.lines().last().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

const SHORT: [&str; 4] = ["--duration", "2s", "--warm-up", "500ms"];

#[test]
fn a_cluster_of_its_own_is_measured_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let svg = dir.path().join("latency.svg");
    let args = ["paxos", "--clients", "8", "--reads", "50", "--json", "--svg"];
    let output = bench(&[&args, [svg.to_str().unwrap()].as_slice(), &SHORT].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let json = measured(&output);
    let number = |name: &str| json[name].as_f64().unwrap_or_else(|| panic!("{name}: {json}"));
    assert!(number("ops_per_second") > 20.0, "{json}");
    let percentiles = ["p50_us", "p90_us", "p99_us", "p999_us", "max_us"].map(number);
    assert!(percentiles.is_sorted() && percentiles[0] > 50.0, "{json}");
    assert_eq!((number("errors"), json["sealed"].as_bool()), (0.0, Some(true)));
    let per_second = json["per_second"].as_array().unwrap();
    let answers: f64 = per_second.iter().filter_map(Value::as_f64).sum();
    assert_eq!(per_second.len(), 2);
    assert!((answers / 2.0 - number("ops_per_second")).abs() < 1.0, "{json}");
    assert!(
        json["reads"]["count"].as_u64() > Some(0) && json["writes"]["count"].as_u64() > Some(0)
    );
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.contains("<svg") && svg.contains("99 %") && svg.contains("8 clients"));
}

#[test]
fn a_cluster_that_does_not_answer_is_an_error_and_never_a_number() {
    let mut cluster = Cluster::start("multi-primary", 3, KEYS);
    assert_eq!(cluster.client(&["put", "k", "v", "--timeout", "20s"]).0, 0);
    let file = cluster.dir.path().join("cluster.toml");
    let of_file = ["--cluster", file.to_str().unwrap(), "--json"];
    let measured_well =
        bench(&[of_file.as_slice(), &SHORT, &["--keys", "new", "--clients", "4"]].concat());
    assert_eq!(measured_well.status.code(), Some(0), "{measured_well:?}");
    assert_eq!(measured(&measured_well)["keys"], "new");
    (0..3).for_each(|id| cluster.kill(id));
    let impatient = ["--timeout", "500ms"];
    let unfilled = bench(&[of_file.as_slice(), &SHORT, &impatient].concat());
    assert_eq!(unfilled.status.code(), Some(1), "{unfilled:?}");
    assert!(measured(&unfilled)["error"].as_str().unwrap().contains("had no answer"));
    let silent = bench(&[of_file.as_slice(), &SHORT, &impatient, &["--keys", "new"]].concat());
    assert_eq!(silent.status.code(), Some(1), "{silent:?}");
    let json = measured(&silent);
    assert!(json["errors_by_kind"]["no answer"].as_u64() > Some(0), "{json}");
    assert_eq!(json["ops_per_second"], 0.0);
    let wrong = bench(&[["paxos"].as_slice(), &of_file].concat());
    assert_eq!(wrong.status.code(), Some(2));
    assert!(measured(&wrong)["error"].as_str().unwrap().contains("runs multi-primary"));
}

#[test]
fn batches_of_a_log_are_measured() {
    let args = ["kafka", "--servers", "3", "--clients", "2", "--batch", "50", "--duration", "1s"];
    let output = bench(&[args.as_slice(), &["--warm-up", "100ms", "--json"]].concat());
    let json = measured(&output);
    assert_eq!((output.status.code(), &json["batch"]), (Some(0), &Value::from(50)), "{json}");
    let number = |name: &str| json[name].as_f64().unwrap_or_else(|| panic!("{name}: {json}"));
    let (batches, records) = (number("ops_per_second"), number("records_per_second"));
    assert!(batches > 2.0 && (records - batches * 50.0).abs() < 1.0, "{json}");
}

#[test]
fn a_failover_is_measured() {
    let args = ["paxos", "--clients", "4", "--duration", "4s", "--failover", "kill", "--json"];
    let output = bench(&args);
    let json = measured(&output);
    let next = json["failover"]["next_ms"].as_f64();
    assert!(next.is_some_and(|ms| (10.0..10_000.0).contains(&ms)), "{json}");
}

#[test]
fn what_makes_no_sense_is_bad_usage() {
    for (args, told) in [
        (["synod"].as_slice(), "those that can: primary-backup"),
        (&["paxos", "--clients", "0"], "--clients is 1 to 4096"),
        (&["paxos", "--value-size", "1000000"], "a value has at most"),
        (&["paxos", "--rate", "0"], "--rate is"),
        (&["paxos", "--duration", "100ms"], "--duration is at least 1s"),
        (&["paxos", "--keys", "0"], "there must be a key"),
        (&["paxos", "--reads", "101"], "101"),
        (&["paxos", "--failover", "bribe"], "bribe"),
        (&["paxos", "--mode", "fast"], "there is no mode `fast`"),
        (&["kafka", "--batch", "0"], "--batch is 1 to 4096"),
        (&["kafka", "--batch", "600"], "at most 530 are"),
        (&["paxos", "--batch", "2"], "asks for produce, which paxos does not offer"),
        (&["kafka", "--batch", "2", "--reads", "1"], "there are no gets"),
        (&[], "<PROTOCOL>"),
    ] {
        let output = bench(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
    }
}
