//! `quorate check --disk`: a check that is killed goes on where it was.

use super::check::check;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const OF: [&str; 5] = ["primary-backup", "--instance", "asynchronous", "--json", "--threads=2"];

fn report(more: &[&str]) -> (i32, Value) {
    let (code, out, err) = check(&[&OF[..], more].concat());
    assert!(!out.is_empty(), "{err}");
    let mut report: Value = serde_json::from_str(out.trim()).unwrap();
    for differs in ["seconds", "bytes_per_state"] {
        report.as_object_mut().unwrap().remove(differs);
    }
    (code, report)
}

/// Starts a check on disk and kills it once there is a checkpoint; whether it was killed in time.
fn kill(disk: &[&str], checkpoint: &Path) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .arg("check")
        .args(OF)
        .args(disk)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let before = std::fs::metadata(checkpoint).and_then(|file| file.modified()).ok();
    loop {
        let now = std::fs::metadata(checkpoint).and_then(|file| file.modified()).ok();
        if now.is_some() && now != before {
            // SIGKILL.
            child.kill().unwrap();
            child.wait().unwrap();
            return checkpoint.exists();
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(begin.elapsed() < Duration::from_mins(2), "no checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_check_that_is_killed_again_and_again_finds_the_same() {
    let whole = report(&["--full"]);
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    let disk = ["--disk", place, "--checkpoint-seconds", "0"];
    let checkpoint = dir.path().join("primary-backup-asynchronous/checkpoint");
    assert!(kill(&disk, &checkpoint), "it was over too soon");
    let resumed = [&disk[..], &["--resume"]].concat();
    let kills = (0..3).take_while(|_| kill(&resumed, &checkpoint)).count();
    assert!(kills > 0, "it was over too soon");
    // It may be over just before the last kill.
    if checkpoint.exists() {
        assert_eq!(report(&resumed), whole);
    }
    assert!(!checkpoint.exists());
    assert_eq!(report(&disk), whole, "and once more from the start");
}

#[test]
fn a_checkpoint_is_resumed_only_where_there_is_one_and_never_lost() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    let (code, out, _) = check(&[&OF[..], &["--disk", place, "--resume"]].concat());
    assert!(code == 1 && out.contains("there is no checkpoint"), "{code}: {out}");
    let disk = ["--disk", place, "--checkpoint-seconds", "0", "--max-states", "2000"];
    assert_eq!(report(&disk).0, 3);
    let (code, out, _) = check(&[&OF[..], &disk].concat());
    assert!(code == 1 && out.contains("holds a checkpoint"), "{code}: {out}");
    let (code, _, err) = check(&["primary-backup", "--resume"]);
    assert!(code == 2 && err.contains("--disk"), "{code}: {err}");
}
