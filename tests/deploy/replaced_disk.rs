//! A server whose data directory was formatted again, or is an old copy: the others do not listen
//! to it, until it returns as a newcomer where the protocol takes it back.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PROTOCOLS: [&str; 4] = ["paxos", "primary-backup", "multi-primary", "two-phase-commit"];

fn replace_disk(cluster: &mut Cluster, id: usize) {
    cluster.kill(id);
    std::fs::remove_dir_all(cluster.data(id)).unwrap();
    cluster.format(id);
    cluster.restart(id);
}

/// A value is chosen by 0 and 1; then 1 forgets it, and 0 is down. 2 never had it: were 1 to be
/// heard, both would be a majority that says that there is no such value.
#[test]
fn an_acceptor_that_forgot_is_no_part_of_a_majority() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(cluster.client(&["put", "k", "old", "--timeout", "20s"]).0, 0);
    // 1 and 2 have to have heard each other.
    cluster.kill(0);
    assert_eq!(cluster.client(&["put", "k", "older", "--timeout", "20s"]).0, 0);
    cluster.await_line(2, |line| line.contains("heard for the first time server=1"));
    cluster.restart(0);
    cluster.kill(2);
    assert_eq!(cluster.client(&["put", "fresh", "v", "--timeout", "20s"]).0, 0);
    cluster.kill(0);
    replace_disk(&mut cluster, 1);
    cluster.restart(2);
    assert_eq!(cluster.client(&["get", "fresh", "--timeout", "4s"]).0, 3);
    cluster.await_line(2, |line| line.contains("server 1 has another data directory"));
    cluster.restart(0);
    assert_eq!(cluster.client(&["get", "fresh", "--timeout", "20s"]), said(0, "v\n"));
}

/// Puts, so that the servers talk to each other, until server 0 has logged such a line; answered or
/// not.
fn talk_until(cluster: &Cluster, line: &str) {
    let begin = Instant::now();
    for n in 0.. {
        if cluster.log(0).contains(line) {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "not `{line}`:\n{}", cluster.log(0));
        cluster.client(&["put", &n.to_string(), "v", "--timeout", "500ms"]);
    }
}

#[test]
fn a_replaced_disk_is_refused_under_each_protocol_and_readmit_says_what_to_do() {
    for protocol in PROTOCOLS {
        let mut cluster = Cluster::start(protocol, 3, KEYS);
        talk_until(&cluster, "heard for the first time server=2");
        replace_disk(&mut cluster, 2);
        talk_until(&cluster, "server 2 has another data directory");
    }
    for (protocol, server) in [("paxos", "2"), ("two-phase-commit", "1"), ("primary-backup", "0")] {
        let cluster = Cluster::start(protocol, 3, KEYS);
        let data = cluster.data(1);
        let new = cluster.dir.path().join("new");
        let (data, new) = (data.to_str().unwrap(), new.to_str().unwrap());
        let commands: [&[&str]; 2] = [
            &["readmit", server, "--data", data],
            &["format", "--newcomer", "--id", server, "--data", new],
        ];
        for command in commands {
            let output = cluster.quorate(command);
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(1) && text.contains("cannot return"), "{text}");
        }
        assert!(!Path::new(new).exists(), "nothing is formatted");
    }
}

fn readmit(cluster: &Cluster, server: &str, at: usize) {
    let data = cluster.data(at);
    let done = cluster.quorate(&["readmit", server, "--data", data.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
}

/// Waits until a node logs a status that is as wanted, after so many bytes of its log.
fn await_status(cluster: &Cluster, id: usize, after: usize, is_it: impl Fn(&str) -> bool) {
    let begin = Instant::now();
    loop {
        let log = cluster.log(id);
        let mut news = log[after..].lines().filter(|line| line.contains("the node is now"));
        if news.next_back().is_some_and(&is_it) {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "server {id}:\n{log}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Puts, each of a key of its own, for as long as a server of primary-backup does this; those that
/// were acknowledged.
fn write_while(cluster: &mut Cluster, act: impl FnOnce(&mut Cluster)) -> Vec<String> {
    let stop = AtomicBool::new(false);
    let file = cluster.dir.path().join("cluster.toml");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut acknowledged = Vec::new();
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let key = format!("{n}");
                let done = Command::new(env!("CARGO_BIN_EXE_quorate"))
                    .args(["put", &key, "v", "--timeout", "20s", "--cluster"])
                    .arg(&file)
                    .output()
                    .unwrap();
                if done.status.success() {
                    acknowledged.push(key);
                }
            }
            acknowledged
        });
        act(cluster);
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    })
}

/// Under writes, the disks of a backup and then of the primary are lost. Each returns as a
/// newcomer. Then the others go one by one, and the last one has every write that was acknowledged.
#[test]
fn a_replica_of_primary_backup_returns_without_its_disk_and_no_acknowledged_write_is_lost() {
    let mut cluster = Cluster::start("primary-backup", 4, KEYS);
    await_status(&cluster, 1, 0, |line| line.contains("now primary, view"));
    cluster.await_line(0, |line| line.contains("heard for the first time server=2"));
    let acknowledged = write_while(&mut cluster, |cluster| {
        for lost in [2, 1] {
            std::thread::sleep(Duration::from_millis(500));
            let before = cluster.log(lost).len();
            cluster.kill(lost);
            std::fs::remove_dir_all(cluster.data(lost)).unwrap();
            cluster.format_as(lost, &["--newcomer"]);
            cluster.restart(lost);
            await_status(cluster, lost, before, |line| line.contains("newcomer"));
            let others = (0..4).filter(|other| *other != lost);
            others.for_each(|other| readmit(cluster, &lost.to_string(), other));
            await_status(cluster, lost, before, |line| {
                line.contains("now backup, view") && line.contains("members")
            });
        }
        await_status(cluster, 0, 0, |line| {
            ["1", "2", "3"].iter().all(|id| members(line).contains(id))
        });
    });
    assert!(acknowledged.len() > 20, "{acknowledged:?}");
    for gone in [3, 2] {
        cluster.kill(gone);
        assert_eq!(cluster.client(&["put", "after", "v", "--timeout", "30s"]).0, 0);
    }
    for key in acknowledged {
        assert_eq!(cluster.client(&["get", &key, "--timeout", "20s"]), said(0, "v\n"), "{key}");
    }
}

fn members(line: &str) -> Vec<&str> {
    line.split_once("members ").map_or(vec![], |(_, members)| members.split(' ').collect())
}

/// Waits until a server returns a value.
fn await_value(cluster: &Cluster, server: &str, key: &str, value: &str) {
    let begin = Instant::now();
    let get = ["get", key, "--server", server, "--timeout", "20s"];
    while cluster.client(&get) != said(0, &format!("{value}\n")) {
        assert!(begin.elapsed() < Duration::from_secs(20), "server {server} has no {key}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A node that acknowledged writes loses its disk, twice. It serves nobody until all others listen
/// to it, then it has what they have. What it writes from then on comes to them: they would take
/// writes with its old dots for those that they know.
#[test]
fn a_node_of_multi_primary_returns_with_what_the_others_have_and_with_new_dots() {
    let mut cluster = Cluster::start("multi-primary", 3, KEYS);
    let put = |cluster: &Cluster, key: &str, value: &str| {
        let put = ["put", key, value, "--server", "2", "--timeout", "20s"];
        assert_eq!(cluster.client(&put), said(0, "done\n"));
    };
    for (life, key) in ["first", "second", "third"].into_iter().enumerate() {
        put(&cluster, "again", key);
        put(&cluster, key, "v");
        ["0", "1"].into_iter().for_each(|server| await_value(&cluster, server, key, "v"));
        ["0", "1"].into_iter().for_each(|server| await_value(&cluster, server, "again", key));
        if life == 2 {
            break;
        }
        let before = cluster.log(2).len();
        cluster.kill(2);
        std::fs::remove_dir_all(cluster.data(2)).unwrap();
        cluster.format_as(2, &["--newcomer"]);
        cluster.restart(2);
        await_status(&cluster, 2, before, |line| line.contains("newcomer"));
        readmit(&cluster, "2", 0);
        assert_eq!(cluster.client(&["get", key, "--server", "2", "--timeout", "2s"]).0, 3);
        readmit(&cluster, "2", 1);
        await_status(&cluster, 2, before, |line| line.contains("now node"));
        await_value(&cluster, "2", key, "v");
        await_value(&cluster, "2", "again", key);
    }
    assert_eq!(cluster.client(&["get", "first", "--server", "2"]), said(0, "v\n"));
}

/// A directory that was formatted as if the server were new is no newcomer's, whatever an operator
/// said to the others.
#[test]
fn a_directory_that_was_not_formatted_for_a_newcomer_is_not_readmitted() {
    let mut cluster = Cluster::start("primary-backup", 3, KEYS);
    talk_until(&cluster, "heard for the first time server=2");
    readmit(&cluster, "2", 0);
    replace_disk(&mut cluster, 2);
    talk_until(&cluster, "server 2 has another data directory");
    assert!(!cluster.log(0).contains("readmitted"));
}

/// Waits until a node has ended because another does not listen to it; what it said, after so many
/// bytes of its log.
fn await_refusal(cluster: &mut Cluster, id: usize, after: usize, why: &str) -> String {
    let begin = Instant::now();
    while !cluster.has_failed(id) {
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", cluster.log(id));
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = cluster.log(id)[after..].to_owned();
    assert!(said.contains(why), "{said}");
    said
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    std::fs::set_permissions(to, Permissions::from_mode(0o700)).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn an_old_copy_of_a_data_directory_is_refused() {
    let mut cluster = Cluster::start("primary-backup", 3, KEYS);
    talk_until(&cluster, "heard for the first time server=2");
    let (data, copy) = (cluster.data(2), cluster.dir.path().join("copy"));
    copy_dir(&data, &copy);
    cluster.kill(2);
    cluster.restart(2);
    talk_until(&cluster, "the server is older server=2");
    cluster.kill(2);
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&copy, &data).unwrap();
    let before = cluster.log(2).len();
    cluster.restart(2);
    await_refusal(&mut cluster, 2, before, "or a later state of this one");
}

/// Together they are a majority that has forgotten, and neither remembers the other; the third
/// does.
#[test]
fn servers_that_lost_their_disks_at_once_stop_as_long_as_one_remembers() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(cluster.client(&["put", "k", "v", "--timeout", "20s"]).0, 0);
    for lost in [1, 2] {
        cluster.await_line(0, |line| line.contains(&format!("first time server={lost}")));
        cluster.kill(lost);
        std::fs::remove_dir_all(cluster.data(lost)).unwrap();
        cluster.format(lost);
    }
    let before = [1, 2].map(|lost| cluster.log(lost).len());
    [1, 2].iter().for_each(|lost| cluster.restart(*lost));
    for (lost, before) in [1, 2].into_iter().zip(before) {
        let said = await_refusal(&mut cluster, lost, before, "server 0 knows another");
        assert!(!said.contains("the node is now"), "it took part: {said}");
    }
}
