//! `quorate explore --at` over HTTP: the states along the printed link are the trace's states, and a
//! lasso opens where its cycle begins.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use quorate::catalogue;
use quorate::trace::TraceFile;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// An instance with an expected violation.
const PROTOCOL: &str = "primary-backup";
const INSTANCE: &str = "asynchronous";

struct Explorer {
    process: Child,
    port: u16,
    printed: Vec<String>,
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn explorer(protocol: &str, trace: &str) -> Explorer {
    let port = free_port();
    let mut process = Command::new(QUORATE)
        .args(["explore", protocol, "--at", trace, "--port", &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(process.stdout.take().unwrap());
    let printed = out.lines().take(3).map(Result::unwrap).collect();
    Explorer { process, port, printed }
}

impl Explorer {
    fn get(&self, path: &str) -> Value {
        let begin = Instant::now();
        let mut stream = loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => break stream,
                Err(error) => assert!(begin.elapsed() < Duration::from_secs(20), "{error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let response = String::from_utf8(response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("200"), "GET {path}: {head}");
        serde_json::from_str(body).unwrap()
    }
}

/// Checks an instance, opens the counterexample to one of its properties in the Explorer, and
/// goes along all its steps there; the trace file, and what the link shows of its steps.
fn explored(protocol: &str, instance: &str, property: &str) -> (TraceFile, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.json");
    let checked = Command::new(QUORATE)
        .args(["check", protocol, "--instance", instance, "--property", property])
        .arg("--counterexample")
        .arg(&path)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    let file = TraceFile::read(&path).unwrap();
    let known = catalogue::protocol(protocol).unwrap();
    let told = known.case(instance).unwrap().narrate(&file.trace).unwrap();
    assert!(told.choices.len() > 3, "too short to show anything");

    let explorer = explorer(protocol, path.to_str().unwrap());
    let link = explorer.printed.last().unwrap().clone();
    let shown = told.explorer_path(file.trace.cycle.unwrap_or(usize::MAX));
    assert!(link.ends_with(&format!("#/steps{shown}")), "{link}");

    let first = explorer.get("/.states");
    assert_eq!(first[0]["state"].as_str().unwrap(), told.states[0]);
    let mut at = String::from("/.states/0");
    for (choice, state) in told.choices.iter().zip(&told.states[1..]) {
        let steps = explorer.get(&at);
        let taken = steps.as_array().unwrap().iter().find(|step| step["actionIndex"] == *choice);
        let taken = taken.unwrap_or_else(|| panic!("{at} has no step {choice}"));
        assert_eq!(taken["state"].as_str().unwrap(), state, "after {at}/{choice}");
        assert!(taken["svg"].as_str().unwrap().starts_with("<svg"));
        at = format!("{at}/{choice}");
    }
    (file, shown)
}

#[test]
fn the_states_along_the_link_are_the_traces_states() {
    let (file, shown) = explored(PROTOCOL, INSTANCE, "linearizable");
    assert_eq!(file.trace.cycle, None);
    assert_eq!(shown.matches('/').count(), file.trace.actions.len() + 1);
}

#[test]
fn a_lasso_opens_where_its_cycle_begins() {
    let (file, shown) = explored("paxos", "majority-down", "every request is answered");
    let stem = file.trace.cycle.expect("a lasso");
    assert!((1..file.trace.actions.len()).contains(&stem), "a stem and a cycle: {:?}", file.trace);
    assert_eq!(shown.matches('/').count(), stem + 1);
}

#[test]
fn a_port_in_use_and_a_foreign_trace_are_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output =
        Command::new(QUORATE).args(["explore", PROTOCOL, "--port", &port]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("--port"), "{text}");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("no.json");
    std::fs::write(&path, "{}").unwrap();
    let output =
        Command::new(QUORATE).args(["explore", PROTOCOL, "--at"]).arg(&path).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("is not a trace"), "{text}");
}
