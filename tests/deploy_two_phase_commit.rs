//! Two-phase commit as processes: transactions stay atomic while coordinator and participants are
//! killed and come back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use quorate::models::two_phase_commit::Sharding;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::KEYS;
use support::processes::{Cluster, said};

const PARTICIPANTS: usize = 2;

/// Two keys, one at each participant.
fn keys() -> [String; PARTICIPANTS] {
    [1, 2].map(|participant| {
        let is_there = |key: &String| {
            let owner = Sharding::Hash.owner(&key.as_str().into(), PARTICIPANTS);
            usize::from(owner) == participant
        };
        (0..1000).map(|n| format!("account-{n}")).find(is_there).unwrap()
    })
}

#[test]
fn transactions_answer_with_text_and_exit_codes() {
    let mut cluster = Cluster::start("two-phase-commit", 3, KEYS);
    let put = ["put", "color", "green", "--timeout", "20s"];
    assert_eq!(cluster.client(&put), said(0, "done\n"));
    assert_eq!(cluster.client(&["get", "color"]), said(0, "green\n"));
    let swap = ["cas", "color", "--expected", "green", "blue"];
    assert_eq!(cluster.client(&swap), said(0, "swapped\n"));
    assert_eq!(cluster.client(&swap), said(1, "not swapped: the value is blue\n"));
    let [a, b] = keys();
    let (put_a, put_b) = (format!("{a}=1"), format!("{b}=2"));
    let txn = ["txn", "--expect-absent", &a, "--put", &put_a, "--put", &put_b, "--get", &a];
    let lines = format!("expect-absent {a}: holds\nput {a}: done\nput {b}: done\nget {a}: is 1\n");
    assert_eq!(cluster.client(&txn), (0, lines));
    let (code, text) = cluster.client(&txn);
    assert!(code == 1 && text.starts_with("aborted, nothing was done: expect-absent"), "{text}");
    let json = "{\"committed\":true,\"results\":[{\"key\":\"color\",\"op\":\"get\",\"value\":\"blue\"},\
                {\"done\":true,\"key\":\"color\",\"op\":\"delete\"}]}\n";
    let txn = ["txn", "--get", "color", "--delete", "color", "--json"];
    assert_eq!(cluster.client(&txn), said(0, json));
    assert_eq!(cluster.client(&["get", "color", "--json"]), said(1, "{\"value\":null}\n"));
    assert_eq!(cluster.client(&["txn"]).0, 2);
    assert_eq!(cluster.client(&["get", "color", "--server", "1"]).0, 2);
    // A participant that is down makes its keys unavailable, and only those.
    cluster.kill(1);
    let output = cluster.quorate(&["txn", "--get", &a, "--timeout", "3s"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && text.contains("did not answer in time"), "{text}");
    assert_eq!(cluster.client(&["get", &b]), said(0, "2\n"));
    // Without its coordinator, nothing goes on.
    cluster.kill(0);
    assert_eq!(cluster.client(&["get", &b, "--timeout", "500ms"]).0, 3);
    cluster.restart(0);
    cluster.restart(1);
    assert_eq!(cluster.client(&["get", &a, "--timeout", "20s"]), said(0, "1\n"));
}

#[test]
fn other_protocols_name_the_one_that_offers_transactions() {
    let cluster = Cluster::start("primary-backup", 2, "");
    let output = cluster.quorate(&["txn", "--put", "a=1"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("`primary-backup`") && text.contains("two-phase-commit"), "{text}");
}

/// Both balances, read in one transaction.
fn balances(cluster: &Cluster, [a, b]: &[String; 2]) -> (u32, u32) {
    let begin = Instant::now();
    loop {
        let txn = ["txn", "--get", a, "--get", b, "--timeout", "10s"];
        let (code, text) = cluster.client(&txn);
        if code == 0 {
            let found: Vec<u32> = text
                .lines()
                .map(|line| line.split_once(": is ").unwrap().1.parse().unwrap())
                .collect();
            return (found[0], found[1]);
        }
        assert!(begin.elapsed() < Duration::from_mins(1), "no answer for a minute: {text}");
    }
}

/// Starts a transfer of 1 that is done only if the balances are still `from` and `to`.
fn transfer(cluster: &Cluster, [a, b]: &[String; 2], (from, to): (u32, u32), time: &str) -> Child {
    let mut command = cluster.command(&["txn", "--timeout", time]);
    for (option, key, balance) in
        [("--expect", a, from), ("--expect", b, to), ("--put", a, from - 1), ("--put", b, to + 1)]
    {
        command.arg(option).arg(format!("{key}={balance}"));
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A transfer is done at both participants or at neither, whoever is killed in its midst: for
/// certain when it was acknowledged, not when it was aborted. Of rivals, at most one is done.
#[test]
fn a_transfer_is_atomic_whoever_is_killed() {
    let mut cluster = Cluster::start("two-phase-commit", 3, KEYS);
    let keys = keys();
    let [a, b] = &keys;
    let (put_a, put_b) = (format!("{a}=100"), format!("{b}=100"));
    let open = ["txn", "--put", &put_a, "--put", &put_b, "--timeout", "20s"];
    assert_eq!(cluster.client(&open).0, 0);
    let mut acknowledged = 0;
    for round in 0..12 {
        let (from, to) = balances(&cluster, &keys);
        assert_eq!(from + to, 200, "in round {round}");
        // Every other time, the clients learn nothing of what becomes of it.
        let (time, dead) = if round % 2 == 0 { ("4s", 100) } else { ("300ms", 800) };
        let rivals: Vec<Child> = (0..3)
            .map(|_| {
                std::thread::sleep(Duration::from_millis(rand::random_range(0..3)));
                transfer(&cluster, &keys, (from, to), time)
            })
            .collect();
        cluster.kill(round % 3);
        std::thread::sleep(Duration::from_millis(dead));
        cluster.restart(round % 3);
        let codes: Vec<_> =
            rivals.into_iter().map(|mut rival| rival.wait().unwrap().code().unwrap()).collect();
        let (now_from, now_to) = balances(&cluster, &keys);
        assert_eq!(now_from + now_to, 200, "in round {round}: {codes:?}");
        let done = codes.iter().filter(|code| **code == 0).count();
        assert!(done <= 1, "{done} of the rivals were done in round {round}");
        match (done, codes.contains(&3)) {
            (0, false) => assert_eq!(now_from, from, "aborted and done in round {round}"),
            (0, true) => assert!(now_from == from || now_from + 1 == from, "in round {round}"),
            _ => assert_eq!(now_from + 1, from, "acknowledged and not done in round {round}"),
        }
        eprintln!("round {round}: {codes:?}, {from} became {now_from}");
        acknowledged += done;
    }
    assert!(acknowledged > 0, "no transfer was acknowledged");
    let before = balances(&cluster, &keys);
    (0..3).for_each(|id| cluster.kill(id));
    (0..3).for_each(|id| cluster.restart(id));
    assert_eq!(balances(&cluster, &keys), before);
}
