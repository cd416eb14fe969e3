//! `quorate explore --at` over HTTP: the states along the printed link are the trace's states.

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

fn explorer(trace: &str) -> Explorer {
    let port = free_port();
    let mut process = Command::new(QUORATE)
        .args(["explore", PROTOCOL, "--at", trace, "--port", &port.to_string()])
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

#[test]
fn the_states_along_the_link_are_the_traces_states() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lost.json");
    let checked = Command::new(QUORATE)
        .args(["check", PROTOCOL, "--instance", INSTANCE, "--property", "linearizable"])
        .arg("--counterexample")
        .arg(&path)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    let file = TraceFile::read(&path).unwrap();
    let protocol = catalogue::protocol(PROTOCOL).unwrap();
    let told = protocol.case(INSTANCE).unwrap().narrate(&file.trace).unwrap();
    assert!(told.choices.len() > 3, "too short to show anything");

    let explorer = explorer(path.to_str().unwrap());
    let link = explorer.printed.last().unwrap();
    assert!(link.ends_with(&format!("#/steps{}", told.explorer_path(usize::MAX))), "{link}");

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
