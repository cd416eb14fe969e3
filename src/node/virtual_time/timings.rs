//! Timings that are refused, and the ones for slow links, which do what they promise.

use super::Run;
use crate::node::cluster_file::ClusterFile;
use crate::node::deploy::open_client;
use quorate_models::Deploy;
use quorate_models::kv::{Map, Outcome};
use quorate_models::multi_primary::MultiPrimary;
use quorate_models::paxos::Paxos;
use quorate_models::primary_backup::PrimaryBackup;
use quorate_models::two_phase_commit::TwoPhaseCommit;
use stateright::actor::Id;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// A cluster of `D` with four servers and this `[timing]`; or what is wrong with its file.
fn cluster<D: Deploy>(timing: &str) -> Result<ClusterFile, String> {
    let mut text = format!("name = \"far\"\nprotocol = \"{}\"\n{timing}\n", D::NAME);
    for id in 0..4 {
        write!(text, "[[server]]\nid = {id}\naddress = \"127.0.0.1:{}\"\n", 7000 + id).unwrap();
    }
    ClusterFile::parse(&text, Path::new("cluster.toml")).map_err(|error| error.to_string())
}

/// Why a server of such a cluster does not start.
fn refusal<D: Deploy>(timing: &str) -> String {
    let cluster = match cluster::<D>(&format!("[timing]\n{timing}")) {
        Ok(cluster) => cluster,
        Err(error) => return error,
    };
    D::server(&cluster.topology(), Id::from(1)).err().unwrap().to_string()
}

#[test]
fn a_timing_that_is_no_range_is_refused_with_its_line() {
    for wrong in ["[60, 40]", "[0, 40]", "[1, 3600001]"] {
        let refused = refusal::<Paxos<Map>>(&format!("heartbeat = {wrong}"));
        assert!(
            refused.contains(&format!("`heartbeat = {wrong}`: give the shortest")),
            "{refused}"
        );
        assert!(refused.contains("line 3") || refused.contains("line 4"), "{refused}");
    }
    assert!(refusal::<Paxos<Map>>("heartbeat = 40").contains("cluster.toml"));
    assert!(refusal::<Paxos<Map>>("heartbeat = [40]").contains("cluster.toml"));
}

#[test]
fn a_timing_of_another_protocol_is_refused_by_every_protocol() {
    let told = |refused: String| {
        assert!(refused.contains("has `elections`") && refused.contains("retry"), "{refused}");
    };
    told(refusal::<Paxos<Map>>("elections = [1, 2]"));
    told(refusal::<PrimaryBackup<Map>>("elections = [1, 2]"));
    told(refusal::<TwoPhaseCommit>("elections = [1, 2]"));
    told(refusal::<MultiPrimary>("elections = [1, 2]"));
}

#[test]
fn timings_that_do_not_go_together_are_refused_with_what_to_do() {
    let told = |refused: String, advice: &str| assert!(refused.contains(advice), "{refused}");
    // One that is given is checked against the default of the other.
    let refused = refusal::<Paxos<Map>>("heartbeat = [100, 200]");
    told(refused, "`election` begins at 75 ms, and one lost heartbeat would depose");
    told(refusal::<Paxos<Map>>("heartbeat = [100, 200]"), "make it begin at 400 ms at least");
    told(refusal::<Paxos<Map>>("election = [100, 110]"), "`election` varies by 10 ms");
    let refused = refusal::<PrimaryBackup<Map>>("ping = [200, 300]");
    told(refused, "make it begin at 600 ms at least (2 times the longest `ping`)");
    told(refusal::<PrimaryBackup<Map>>("overdue = [100, 150]"), "`overdue` begins at 100 ms");
    told(refusal::<PrimaryBackup<Map>>("copy = [700, 900]"), "`copy` begins at 700 ms");
    told(refusal::<TwoPhaseCommit>("deadline = [100, 900]"), "2 times the longest `resend`");
}

#[test]
fn what_is_not_given_keeps_its_default_and_the_fingerprint_does_not_tell() {
    let given = cluster::<Paxos<Map>>("[timing]\nretry = [700, 900]").unwrap();
    assert!(Paxos::<Map>::server(&given.topology(), Id::from(0)).is_ok());
    assert!(open_client::<Paxos<Map>>(&given, None).is_ok());
    let (mut heartbeat, mut retry) =
        (Duration::ZERO..Duration::ZERO, Duration::ZERO..Duration::ZERO);
    given.timing.set([("heartbeat", &mut heartbeat), ("retry", &mut retry)]).unwrap();
    assert_eq!(heartbeat, Duration::ZERO..Duration::ZERO);
    assert_eq!(retry, Duration::from_millis(700)..Duration::from_millis(900));
    assert_eq!(given.fingerprint(), cluster::<Paxos<Map>>("").unwrap().fingerprint());
}

const SECOND: Duration = Duration::from_secs(1);

/// A minute with a round trip of a second, one request each second.
fn far<D: Deploy>(timing: &str, seed: u64) -> Run<D> {
    Run::new(&cluster::<D>(timing).unwrap(), SECOND / 2, seed)
}

#[test]
fn far_apart_the_next_leader_is_found_and_further_only_with_the_timings_for_it() {
    for seed in 0..20 {
        let answers = |timing, round_trip: Duration| {
            let cluster = cluster::<Paxos<Map>>(timing).unwrap();
            let mut run = Run::<Paxos<Map>>::new(&cluster, round_trip / 2, seed);
            run.until(10 * SECOND);
            run.kill(0);
            run.answers.clear();
            run.until(60 * SECOND);
            run.answers.len()
        };
        let slow = include_str!("../../../models/timing/slow-paxos.toml");
        let near = [slow, ""].map(|timing| answers(timing, SECOND));
        assert!(near.iter().all(|answers| *answers >= 30), "seed {seed}: {near:?}");
        let far = [slow, ""].map(|timing| answers(timing, 4 * SECOND));
        assert!(far[0] >= 20 && far[1] == 0, "seed {seed}: {far:?}");
    }
}

#[test]
fn far_apart_no_backup_is_left_out_with_the_timings_for_it_but_some_are_with_the_defaults() {
    for seed in 0..20 {
        let view = |timing| {
            let mut run = far::<PrimaryBackup<Map>>(timing, seed);
            run.until(60 * SECOND);
            (run.status(0).epoch.unwrap().1, run.answers.len())
        };
        let begin = far::<PrimaryBackup<Map>>("", seed).status(0).epoch.unwrap().1;
        let (number, answers) =
            view(include_str!("../../../models/timing/slow-primary-backup.toml"));
        assert!(number == begin && answers >= 50, "seed {seed}: {number}, {answers}");
        assert_ne!(view("").0, begin, "seed {seed}");
    }
}

#[test]
fn far_apart_transactions_commit_with_the_timings_for_it_and_not_with_the_defaults() {
    for seed in 0..20 {
        let committed = |timing| {
            let mut run = far::<TwoPhaseCommit>(timing, seed);
            run.until(60 * SECOND);
            run.answers.iter().filter(|answer| matches!(answer, Outcome::Committed(_))).count()
        };
        let (slow, default) = (
            committed(include_str!("../../../models/timing/slow-two-phase-commit.toml")),
            committed(""),
        );
        assert!(slow >= 50, "seed {seed}: {slow}");
        assert_eq!(default, 0, "seed {seed}");
    }
}
