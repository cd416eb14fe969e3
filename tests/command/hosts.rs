//! `quorate check --hosts`: several processes on one machine, and what is said of nonsense.

use super::check::check;

/// A file of hosts with this text, and the arguments that name it.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hosts");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn what_is_no_file_of_hosts_is_refused() {
    for (text, process, why) in [
        ("127.0.0.1:4100\nnonsense\n", "0", "line 2 of the file of hosts is \"nonsense\""),
        ("127.0.0.1:4100\n", "0", "names 1 processes"),
        ("127.0.0.1:4100\n127.0.0.1:4101\n", "2", "there is no process 2"),
    ] {
        let (_dir, path) = file(text);
        let (code, _, err) = check(&["paxos", "--hosts", &path, "--process", process]);
        assert!(code == 2 && err.contains(why), "{code}: {err}");
    }
    let (code, _, err) = check(&["paxos", "--hosts", "/no/such/file", "--process", "0"]);
    assert!(code == 1 && err.contains("cannot read the file of hosts"), "{code}: {err}");
    for (args, why) in [
        (&["--hosts", "hosts"][..], "--process"),
        (&["--process", "0"], "--hosts"),
        (&["--hosts", "hosts", "--process", "0", "--reduced"], "cannot be used with"),
        (&["--hosts", "hosts", "--process", "0", "--walks", "9"], "cannot be used with"),
    ] {
        let (code, _, err) = check(&[&["paxos"], args].concat());
        assert!(code == 2 && err.contains(why), "{code}: {err}");
    }
}

#[cfg(not(feature = "hosts"))]
#[test]
fn without_the_feature_it_is_said_how_to_build_it() {
    let (_dir, path) = file("127.0.0.1:4100\n127.0.0.1:4101\n");
    let (code, _, err) = check(&["paxos", "--hosts", &path, "--process", "0"]);
    assert!(code == 2 && err.contains("--features hosts"), "{code}: {err}");
}

#[cfg(feature = "hosts")]
mod with_the_feature {
    use super::file;
    use serde_json::Value;
    use std::net::TcpListener;
    use std::process::{Child, Command, Output, Stdio};
    use std::time::{Duration, Instant};

    /// A file of hosts on this machine.
    fn hosts(processes: usize) -> (tempfile::TempDir, String) {
        // Held until all are chosen, so that they differ.
        let held: Vec<_> =
            (0..processes).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let line = |held: &TcpListener| format!("{}\n", held.local_addr().unwrap());
        file(&held.iter().map(line).collect::<String>())
    }

    fn start(path: &str, process: usize, args: &[&str]) -> Child {
        let process = process.to_string();
        Command::new(env!("CARGO_BIN_EXE_quorate"))
            .arg("check")
            .args(args)
            .args(["--hosts", path, "--process", &process])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn reports(output: &Output) -> Vec<Value> {
        let out = String::from_utf8(output.stdout.clone()).unwrap();
        let report = |line: &str| {
            let mut report: Value = serde_json::from_str(line).unwrap();
            for differs in ["seconds", "bytes_per_state"] {
                report.as_object_mut().unwrap().remove(differs);
            }
            report
        };
        out.lines().map(report).collect()
    }

    #[test]
    fn three_processes_report_what_one_does() {
        let args = ["primary-backup", "--instance", "asynchronous", "--json", "--threads=1"];
        let full = [&args[..], &["--full"]].concat();
        let one = Command::new(env!("CARGO_BIN_EXE_quorate")).arg("check").args(full).output();
        let expected = reports(&one.unwrap());
        assert!(!expected.is_empty());
        let (_dir, path) = hosts(3);
        let all = [2, 0, 1].map(|process| start(&path, process, &args));
        for child in all {
            let output = child.wait_with_output().unwrap();
            assert_eq!(reports(&output), expected, "{output:?}");
            assert!(output.stderr.is_empty(), "{output:?}");
        }
    }

    #[test]
    fn a_process_that_is_killed_ends_the_others_with_an_error() {
        let (_dir, path) = hosts(3);
        let args = ["primary-backup", "--instance", "three", "--threads=1"];
        let mut all = [0, 1, 2].map(|process| start(&path, process, &args));
        std::thread::sleep(Duration::from_secs(1));
        all[1].kill().unwrap();
        all[1].wait().unwrap();
        let begin = Instant::now();
        let [first, _, third] = all;
        for child in [first, third] {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("process 1 is lost"), "{said}");
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    }

    #[test]
    fn processes_go_on_from_their_checkpoints_after_one_is_killed() {
        let args = ["primary-backup", "--instance", "asynchronous", "--json", "--threads=1"];
        let full = [&args[..], &["--full"]].concat();
        let one = Command::new(env!("CARGO_BIN_EXE_quorate")).arg("check").args(full).output();
        let expected = reports(&one.unwrap());
        let (dir, path) = hosts(3);
        let disk = dir.path().join("disk");
        let args =
            [&args[..], &["--checkpoint-seconds=0", "--disk", disk.to_str().unwrap()]].concat();
        let all = [0, 1, 2].map(|process| start(&path, process, &args));
        let checkpoint = |process: usize| {
            disk.join(format!("primary-backup-asynchronous-process-{process}/checkpoint"))
        };
        let begin = Instant::now();
        while !checkpoint(1).exists() && begin.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let [first, mut killed, third] = all;
        killed.kill().unwrap();
        killed.wait().unwrap();
        for child in [first, third] {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("process 1 is lost") && said.contains("--resume"), "{said}");
        }
        let args = [&args[..], &["--resume"]].concat();
        for child in [2, 0, 1].map(|process| start(&path, process, &args)) {
            let output = child.wait_with_output().unwrap();
            assert_eq!(reports(&output), expected, "{output:?}");
        }
        assert!((0..3).all(|process| !checkpoint(process).exists()));
    }

    #[test]
    fn processes_with_other_arguments_do_not_check_together() {
        let (_dir, path) = hosts(2);
        let all = [["--instance", "rivalry"], ["--instance", "restart"]];
        let all =
            [0, 1].map(|process| start(&path, process, &[&["paxos"], &all[process][..]].concat()));
        for child in all {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("is about to check paxos"), "{said}");
        }
    }
}
