//! Two-phase commit as processes: what its commands print, also while a node is down. That
//! transactions stay atomic whichever node is killed is the business of `tests/faults`.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use quorate::models::two_phase_commit::Sharding;

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
