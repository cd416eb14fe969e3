//! `quorate cluster`: what it prints works as typed, and however it ends, its nodes end too.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

pub(super) struct Cluster {
    process: Child,
    out: BufReader<ChildStdout>,
    printed: Vec<String>,
    /// Of the nodes.
    pids: Vec<String>,
}

impl Cluster {
    /// Starts one, and reads what it prints to the end of its introduction.
    pub(super) fn start(protocol: &str, dir: &Path) -> Self {
        let mut process = Command::new(QUORATE)
            .args(["cluster", protocol, "--dir"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut printed: Vec<String> = Vec::new();
        while !printed.last().is_some_and(|line| line.starts_with("Ctrl-C")) {
            let mut line = String::new();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "{printed:?}");
            printed.push(line.trim_end().to_owned());
        }
        let pid = |line: &String| Some(line.split_once(", process ")?.1.to_owned());
        let pids = printed.iter().filter_map(pid).collect();
        Self { process, out, printed, pids }
    }

    /// Does what a printed line says, in a shell.
    pub(super) fn typed(&self, words: &str) -> Output {
        let line = self.printed.iter().find(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("no {words:?} in {:?}", self.printed));
        Command::new("sh").args(["-c", line]).output().unwrap()
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn running(&self) -> Vec<&String> {
        let is_running = |pid: &&String| {
            // A zombie that nobody waits for yet has ended as well.
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            state.is_ok_and(|state| !state.contains(") Z "))
        };
        self.pids.iter().filter(is_running).collect()
    }

    fn assert_all_end(&self) {
        let begin = Instant::now();
        while !self.running().is_empty() {
            assert!(begin.elapsed() < Duration::from_secs(10), "{:?} still run", self.running());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn place(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("it's a cluster")
}

#[test]
fn what_is_printed_works_as_typed_and_its_kill_line_shows_a_failover() {
    for protocol in ["primary-backup", "paxos"] {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::start(protocol, &place(&dir));
        assert_eq!(cluster.pids.len(), 3, "{:?}", cluster.printed);
        let put = cluster.typed(" put color green");
        assert_eq!((put.status.code(), put.stdout.as_slice()), (Some(0), b"done\n".as_slice()));
        assert!(cluster.typed("kill -9").status.success());
        let begin = Instant::now();
        let mut get = cluster.typed(" get color");
        while get.status.code() != Some(0) && begin.elapsed() < Duration::from_secs(30) {
            get = cluster.typed(" get color");
        }
        assert_eq!((protocol, get.stdout.as_slice()), (protocol, b"green\n".as_slice()));
        assert_eq!(cluster.running().len(), 2, "the one that was killed is not back");
    }
}

#[test]
fn keys_data_and_logs_are_the_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let place = place(&dir);
    let _cluster = Cluster::start("multi-primary", &place);
    let mut open = vec![place];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let metadata = std::fs::metadata(&path).unwrap();
        let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, wanted, "{}", path.display());
        seen += 1;
        if metadata.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(seen > 10, "{seen} files and directories");
}

#[test]
fn killed_outright_it_leaves_no_node_running() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start("multi-primary", &place(&dir));
    assert_eq!(cluster.running().len(), 3);
    cluster.signal("-KILL");
    cluster.assert_all_end();
}

#[test]
fn told_to_stop_it_tells_its_nodes() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let mut cluster = Cluster::start("multi-primary", &place(&dir));
        cluster.signal(signal);
        assert_eq!(cluster.process.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(cluster.running(), Vec::<&String>::new());
        let mut last = String::new();
        cluster.out.read_line(&mut last).unwrap();
        assert_eq!(last, "stopping\n", "no node ended otherwise");
    }
}

#[test]
fn values_come_from_files_and_from_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start("paxos", &place(&dir));
    let file = place(&dir).join("cluster.toml");
    let client = |args: &[&str], input: &[u8]| {
        let mut process = Command::new(QUORATE)
            .args(args)
            .arg("--cluster")
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(input).unwrap();
        process.wait_with_output().unwrap().stdout
    };
    let value = dir.path().join("value");
    std::fs::write(&value, b"\x00\xff\n").unwrap();
    let value = value.to_str().unwrap();
    assert_eq!(client(&["put", "k", "--value-file", value], b""), b"done\n");
    assert_eq!(client(&["get", "k"], b""), b"\x00\xff\n\n");
    assert_eq!(client(&["put", "k", "--value-file", "-"], b"of a pipe"), b"done\n");
    let cas = ["cas", "k", "--expected", "of a pipe", "--value-file", "-"];
    assert_eq!(client(&cas, b"next"), b"swapped\n");
    assert_eq!(client(&["get", "k"], b""), b"next\n");
    drop(cluster);
}

#[test]
fn what_cannot_be_deployed_is_bad_usage_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    for (args, told) in [
        (["paxso"].as_slice(), "did you mean \"paxos\"?"),
        (&["synod"], "those that can: primary-backup"),
        (&["paxos", "--mode", "fast"], "paxos: there is no mode `fast`"),
        (&["primary-backup", "--servers", "1"], "add a [[server]]"),
        (&["paxos", "--servers", "0"], "1 to 64 servers"),
    ] {
        let mut command = Command::new(QUORATE);
        let output = command.arg("cluster").args(args).env("TMPDIR", dir.path()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{args:?}");
    }
}
