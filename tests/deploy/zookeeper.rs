//! The data tree on Zab as processes: sessions that outlive servers and not their clients, watches,
//! sequential nodes, and errors that say what to do.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Sessions live for so many milliseconds without their clients.
const SESSION: &str = "[timing]\nsession = [1000, 1100]\n";
/// The same.
const TIMEOUT: Duration = Duration::from_secs(1);

fn start(servers: usize, more: &str) -> Cluster {
    Cluster::start("zookeeper", servers, &format!("{more}{KEYS}{SESSION}"))
}

fn asked(cluster: &Cluster, args: &[&str]) -> (i32, String) {
    cluster.client(&[args, &["--timeout", "20s"]].concat())
}

/// The exit code and the error.
fn refused(cluster: &Cluster, args: &[&str]) -> (Option<i32>, String) {
    let output = cluster.quorate(&[args, &["--timeout", "20s"]].concat());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A command that goes on, and ends with the test at the latest.
struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn await_children(cluster: &Cluster, path: &str, names: &str) -> Duration {
    let begin = Instant::now();
    while asked(cluster, &["children", path]) != said(0, names) {
        assert!(begin.elapsed() < Duration::from_secs(20), "{path} has not the children {names:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    begin.elapsed()
}

#[test]
fn an_ephemeral_node_survives_servers_and_goes_with_its_client() {
    let mut cluster = start(3, "");
    assert_eq!(asked(&cluster, &["create", "/locks"]), said(0, "/locks\n"));
    let lock = ["create", "/locks/lock-", "--ephemeral", "--sequential"];
    let mut first = Running::start(cluster.command(&lock));
    assert_eq!(first.line(), "/locks/lock-0000000000");
    let mut second = Running::start(cluster.command(&lock));
    assert_eq!(second.line(), "/locks/lock-0000000001", "a number comes once");
    let both = "lock-0000000000\nlock-0000000001\n";
    assert_eq!(asked(&cluster, &["children", "/locks"]), said(0, both));

    // Server 0 leads at first, and is pinged. Its successor gives all sessions their time, and hears
    // of their clients.
    cluster.kill(0);
    std::thread::sleep(TIMEOUT * 5 / 2);
    assert_eq!(asked(&cluster, &["children", "/locks"]), said(0, both));
    cluster.restart(0);

    // The next in turn watches the node before its own, and its client hears that this is gone.
    let watch = ["watch", "/locks/lock-0000000000", "--for", "20s"];
    let mut turn = Running::start(cluster.command(&watch));
    first.kill();
    let took = await_children(&cluster, "/locks", "lock-0000000001\n");
    assert!(took > TIMEOUT / 4, "its session ends after a while: {took:?}");
    assert_eq!(turn.line(), "/locks/lock-0000000000: deleted");
    assert_eq!(turn.child.wait().unwrap().code(), Some(0));

    // A client that is asked to stop closes its session.
    let pid = second.child.id().to_string();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    assert_eq!(second.child.wait().unwrap().code(), Some(0));
    assert_eq!(asked(&cluster, &["children", "/locks"]), said(0, ""));
}

#[test]
fn a_watch_fires_once_when_what_it_is_of_changes() {
    let cluster = start(3, "");
    let watch = |args: &[&str]| {
        let args = [&["watch", "--for", "20s"], args].concat();
        let running = Running::start(cluster.command(&args));
        // Until the watch is left: nothing shows it from outside.
        std::thread::sleep(Duration::from_millis(500));
        running
    };
    assert_eq!(asked(&cluster, &["create", "/a", "1"]), said(0, "/a\n"));
    let mut changed = watch(&["/a", "--json"]);
    let mut children = watch(&["/", "--children", "--server", "2"]);
    let mut created = watch(&["/b"]);
    assert_eq!(asked(&cluster, &["put", "/a", "2"]), said(0, "done\n"));
    assert_eq!(changed.line(), "{\"event\":\"data changed\",\"path\":\"/a\"}");
    assert_eq!(asked(&cluster, &["create", "/b"]), said(0, "/b\n"));
    assert_eq!(created.line(), "/b: created");
    assert_eq!(children.line(), "/: children changed");
    for mut running in [changed, children, created] {
        assert_eq!(running.child.wait().unwrap().code(), Some(0));
    }
    let (code, error) = refused(&cluster, &["watch", "/a", "--for", "100ms"]);
    assert!(code == Some(1) && error.contains("nothing happened"), "{error}");
}

/// Three servers, and an observer with the highest id.
#[test]
fn the_commands_of_the_map_work_on_nodes_and_errors_say_what_to_do() {
    let cluster = start(4, "role = \"observer\"\n");
    assert_eq!(asked(&cluster, &["put", "color", "green"]), said(0, "done\n"));
    assert_eq!(asked(&cluster, &["get", "/color"]), said(0, "green\n"));
    assert_eq!(
        asked(&cluster, &["cas", "color", "--expected", "green", "blue"]),
        said(0, "swapped\n")
    );
    let seen = asked(&cluster, &["sync", "--json"]).1;
    let seen: serde_json::Value = serde_json::from_str(&seen).unwrap();
    let local = ["get", "color", "--local", "--seen", seen["seen"].as_str().unwrap()];
    let at_observer = [local.as_slice(), &["--server", "3"]].concat();
    assert_eq!(asked(&cluster, &at_observer), said(0, "blue\n"));
    let (code, stat) = asked(&cluster, &["stat", "/color", "--json"]);
    let stat: serde_json::Value = serde_json::from_str(&stat).unwrap();
    assert_eq!((code, &stat["version"], &stat["children"]), (0, &1.into(), &0.into()), "{stat}");
    assert_eq!(asked(&cluster, &["put", "color", "red", "--version", "1"]).0, 0);
    assert_eq!(asked(&cluster, &["create", "/color/deep"]), said(0, "/color/deep\n"));

    for (args, exit, told) in [
        (["put", "color", "red", "--version", "1"].as_slice(), 1, "`quorate stat` shows which"),
        (&["put", "none", "red", "--version", "0"], 1, "there is no such node"),
        (&["create", "/none/deep"], 1, "parents first"),
        (&["create", "/color"], 1, "`quorate put` sets its data"),
        (&["create", "/none/deep", "--ephemeral"], 1, "parents first"),
        (&["delete", "color"], 1, "delete them first"),
        (&["delete", "color", "--version", "7"], 1, "another version"),
        (&["stat", "/none"], 1, "there is no such node"),
        (&["children", "/none"], 1, "there is no such node"),
        (&["create", "/a//b"], 2, "is no path of a node"),
        (&["range", ""], 2, "does not offer range"),
        (&["create", "/a", "--for", "1s"], 2, "--ephemeral"),
        (&["get", "none"], 1, "the key is absent"),
    ] {
        let (code, error) = refused(&cluster, args);
        assert_eq!(code, Some(exit), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
    }
    assert_eq!(asked(&cluster, &["delete", "/color/deep"]), said(0, "done\n"));
    assert_eq!(asked(&cluster, &["delete", "color", "--version", "2"]), said(0, "done\n"));
    let brief = ["create", "/brief", "--ephemeral", "--for", "100ms"];
    assert_eq!(asked(&cluster, &brief), said(0, "/brief\n"));
    assert_eq!(asked(&cluster, &["children", "/"]), said(0, ""));
}

/// The tree, its sessions and what was asked survive the death of all servers.
#[test]
fn acknowledged_writes_survive_the_death_of_any_minority_and_of_all() {
    let mut cluster = start(3, "");
    assert_eq!(asked(&cluster, &["put", "chain", "0"]), said(0, "done\n"));
    let mut owner = Running::start(cluster.command(&["create", "/owner", "--ephemeral"]));
    assert_eq!(owner.line(), "/owner");
    for victim in 0..3 {
        cluster.kill(victim);
        cluster.swap(victim as u32, victim as u32 + 1);
        cluster.restart(victim);
    }
    (0..3).for_each(|id| cluster.kill(id));
    (0..3).for_each(|id| cluster.restart(id));
    assert_eq!(asked(&cluster, &["get", "chain"]), said(0, "3\n"));
    assert_eq!(asked(&cluster, &["children", "/"]), said(0, "chain\nowner\n"));
}
