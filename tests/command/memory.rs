//! `quorate check --max-memory`: what the system sees of the process is what was allowed.

use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The most memory that a process had so far, in KiB; `None` once it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// The most memory of a check in MiB, and its report.
fn checked(more: &[&str]) -> (u64, Value) {
    let child = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(["check", "primary-backup", "--instance", "vast", "--full", "--json"])
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (id, mut most) = (child.id(), 0);
    let watch = std::thread::spawn(move || {
        while let Some(now) = peak(id) {
            most = now.max(most);
            std::thread::sleep(Duration::from_millis(2));
        }
        most
    });
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (watch.join().unwrap() >> 10, serde_json::from_str(text.trim()).unwrap())
}

#[test]
fn a_limit_on_memory_is_kept_as_the_system_sees_it() {
    // It ends so soon that what it takes at last is often missed.
    let program =
        (0..10).map(|_| checked(&["--max-states", "1", "--threads", "2"]).0).max().unwrap();
    for (limit, threads) in [("16", "1"), ("48", "2")] {
        let allowed: u32 = limit.parse().unwrap();
        let (held, report) = checked(&["--max-memory", limit, "--threads", threads]);
        assert_eq!(report["shortfall"], "the memory limit was reached");
        let counted =
            report["bytes_per_state"].as_f64().unwrap() * report["unique"].as_f64().unwrap();
        let counted = counted / f64::from(1 << 20);
        let all = f64::from(allowed);
        assert!(counted <= all && counted > all * 0.7, "{counted} of {allowed} MiB");
        // What the allocator keeps beside what is allocated is a part of that.
        let most = program + u64::from(allowed + allowed / 4);
        assert!(held <= most, "{held} MiB, of which the program {program}; at most {most}");
    }
}
