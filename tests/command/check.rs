//! `quorate check` as CI sees it: exit codes, JSON, and what is said of bad input.

use quorate::catalogue;
use quorate::trace::{Of, TraceFile};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// The exit code, and what went to standard output and to standard error.
pub(super) fn check(args: &[&str]) -> (i32, String, String) {
    quorate(&[&["check"], args].concat())
}

fn quorate(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(QUORATE).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_as_recorded_exits_with_0_also_where_a_violation_is_expected() {
    let (code, out, _) = check(&["primary-backup", "--instance", "asynchronous"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("expected violation of linearizable, in 11 steps"), "{out}");
    assert!(!out.contains("   1. "), "its steps were not asked for: {out}");
    assert!(out.ends_with("s\n") && out.contains("\n1 as expected, in "), "{out}");
    assert!(out.contains("a state hidden by a collision: p < "), "{out}");
}

#[test]
fn json_is_an_object_a_line() {
    let (code, out, _) = check(&["multi-primary", "--instance", "lww-stale", "--full", "--json"]);
    assert_eq!(code, 0);
    let [line] = out.lines().collect::<Vec<_>>()[..] else { panic!("{out}") };
    let report: Value = serde_json::from_str(line).unwrap();
    assert_eq!(report["instance"], "lww-stale");
    assert_eq!(report["as_expected"], true);
    let properties = report["properties"].as_array().unwrap();
    let violated = properties.iter().find(|property| property["name"] == "linearizable").unwrap();
    assert_eq!((&violated["verdict"], &violated["trace_len"]), (&"violated".into(), &6.into()));
    assert_eq!(violated["expected_len"], 6);
    assert_eq!(violated["says"], "the history that clients see is linearizable");
    assert_eq!(violated["source"], "Herlihy and Wing 1990");
    assert_eq!(violated["trace"]["actions"].as_array().unwrap().len(), 6);
    assert_eq!(report["expected"]["unique"], report["unique"]);
    assert_eq!(report["expected"]["generated"], report["generated"]);
    assert_eq!((&report["expanded"], &report["reduction"]), (&report["unique"], &Value::Null));
    assert_eq!((&report["surprises"], &report["shortfall"]), (&Value::Array(vec![]), &Value::Null));
}

#[test]
fn junit_and_sarif_are_one_document_and_json_is_a_format_too() {
    let green = ["multi-primary", "--instance", "lww-stale", "--format"];
    let incomplete = ["paxos", "--instance", "restart", "--max-states", "1000", "--format"];
    let (code, out, _) = check(&[&green[..], &["junit"]].concat());
    assert!(code == 0 && out.starts_with("<?xml"), "{out}");
    assert!(
        out.contains("failures=\"0\" errors=\"0\"") && out.ends_with("</testsuites>\n"),
        "{out}"
    );
    let (code, out, _) = check(&[&incomplete[..], &["junit"]].concat());
    assert!(code == 3 && out.contains("errors=\"1\""), "{out}");
    let (code, out, _) = check(&[&incomplete[..], &["sarif"]].concat());
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &log["version"]), (3, &"2.1.0".into()));
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let file = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(Path::new(file).is_file(), "annotations are of files in the repository: {file}");
    let (_, json, _) = check(&[&green[..], &["json"]].concat());
    assert_eq!(json.lines().count(), 1, "{json}");
}

#[test]
fn github_gets_annotations_and_a_summary_of_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("summary.md");
    std::fs::write(&path, "what another step wrote\n").unwrap();
    let args =
        ["check", "paxos", "--instance", "restart", "--max-states", "9", "--format", "github"];
    let output =
        Command::new(QUORATE).args(args).env("GITHUB_STEP_SUMMARY", &path).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{out}");
    let annotations = out.lines().filter(|line| line.starts_with("::warning file=models/paxos/"));
    assert_eq!(annotations.count(), 1, "{out}");
    let summary = std::fs::read_to_string(&path).unwrap();
    let (before, after) = summary.split_once("## quorate check: 1 incomplete, in ").unwrap();
    assert_eq!(before, "what another step wrote\n");
    assert!(after.contains("quorate check paxos --instance restart"), "{summary}");
}

#[test]
fn a_directory_for_counterexamples_is_made_and_stays_empty_where_all_is_as_expected() {
    let dir = tempfile::tempdir().unwrap();
    let lost = dir.path().join("a/lost");
    let args = ["multi-primary", "--instance", "lww-stale", "--counterexamples"];
    let (code, _, told) = check(&[&args[..], &[lost.to_str().unwrap()]].concat());
    assert!(code == 0 && told.contains("wrote 0 unexpected counterexamples"), "{told}");
    assert_eq!(lost.read_dir().unwrap().count(), 0);
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (code, _, told) = check(&[&args[..], &[file.to_str().unwrap()]].concat());
    assert!(code == 1 && told.contains("cannot make the directory"), "{code} {told}");
}

#[test]
fn json_tells_why_a_check_is_incomplete_and_of_errors() {
    let args = ["paxos", "--instance", "restart", "--max-states", "1000", "--json"];
    let (code, out, _) = check(&args);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["complete"]), (3, &false.into()), "{out}");
    assert_eq!(report["shortfall"], "the limit on states was reached");
    for args in
        [["paxso", "--json"].as_slice(), &["--json", "--nonsense"], &["--json", "--threads=x"]]
    {
        let (code, out, error) = check(args);
        let failure: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &failure["exit_code"]), (2, &2.into()), "{out}");
        assert!(!failure["error"].as_str().unwrap().starts_with("error"), "{out}");
        assert_eq!(error, "");
    }
}

#[test]
fn unknown_names_list_those_that_exist() {
    let (code, _, error) = check(&["paxos", "--instance", "nothing"]);
    assert_eq!(code, 2);
    assert!(error.contains("\"nothing\"") && error.contains("majority-down, takeover"), "{error}");
    let (code, _, error) = check(&["raft"]);
    assert_eq!(code, 2);
    assert!(error.contains("primary-backup, multi-primary"), "{error}");
    let (code, _, error) = check(&["--instance", "crash"]);
    assert_eq!(code, 2);
    assert!(error.contains("check PROTOCOL --instance crash"), "{error}");
}

#[test]
fn zeros_are_refused() {
    for (zero, told) in [
        ("--threads", "use at least 1"),
        ("--max-seconds", "limit of 0 on time"),
        ("--max-states", "limit of 0 on states"),
        ("--max-memory", "limit of 0 on memory"),
    ] {
        let (code, _, error) = check(&["synod", "--instance", "synod-rivalry", zero, "0"]);
        assert_eq!(code, 2, "{zero}: {error}");
        assert!(error.contains(told), "{zero}: {error}");
    }
}

#[test]
fn symmetry_is_not_for_staterights_search() {
    let args = ["synod", "--instance", "synod-crash-alike", "--engine", "stateright"];
    let (code, _, error) = check(&args);
    assert_eq!(code, 2);
    assert!(error.contains("knows no symmetry"), "{error}");
}

#[test]
fn a_limit_that_is_reached_is_incomplete_and_never_a_success() {
    let (code, out, _) = check(&["paxos", "--instance", "restart", "--max-states", "1000"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("INCOMPLETE: the limit on states was reached"), "{out}");
    assert!(!out.contains("as expected"), "{out}");
}

#[test]
fn ctrl_c_tells_what_was_found_so_far() {
    let mut process = Command::new(QUORATE)
        .args(["check", "multi-primary", "--deep", "--max-memory", "2000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Long enough for all that is quick: between two instances nothing is incomplete.
    std::thread::sleep(Duration::from_secs(4));
    let killed = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let mut out = String::new();
    process.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(3), "{out}");
    assert!(out.contains("INCOMPLETE: it was stopped"), "{out}");
    assert!(out.contains(" 1 incomplete, ") && out.contains(" not checked, in "), "{out}");
    assert!(out.contains(" unique states, "), "{out}");
}

/// What each line says that is too long for a terminal of 80 columns.
fn too_long(out: &str) -> Vec<&str> {
    out.lines().filter(|line| line.chars().count() > 80).collect()
}

#[test]
fn no_line_is_longer_than_80_columns() {
    for args in [
        ["check", "primary-backup", "--instance", "asynchronous", "--show-expected"].as_slice(),
        &["check", "paxos", "--instance", "majority-down", "--show-expected"],
        &["check", "two-phase-commit", "--instance", "told", "--show-expected"],
        &["check", "--property", "linearizable", "multi-primary"],
        &["check", "--mutant", "never-ask", "--show-expected"],
        &["check", "paxos", "--instance", "restart", "--max-states", "1000"],
        &["list"],
    ] {
        let (_, out, _) = quorate(args);
        assert!(out.lines().count() > 5, "{args:?}: {out}");
        assert_eq!(too_long(&out), Vec::<&str>::new(), "{args:?}");
    }
}

#[test]
fn help_fits_80_columns() {
    for command in [
        "check",
        "explore",
        "list",
        "levels",
        "cluster",
        "format",
        "run",
        "readmit",
        "get",
        "range",
        "put",
        "delete",
        "cas",
        "txn",
        "test-from",
    ] {
        for flag in ["-h", "--help"] {
            let (code, out, _) = quorate(&[command, flag]);
            assert_eq!((code, too_long(&out)), (0, vec![]), "{command} {flag}");
        }
    }
}

#[test]
fn a_crash_is_told_without_the_state_that_is_lost() {
    let (_, out, _) = check(&["paxos", "--instance", "majority-down", "--show-expected"]);
    let mut lines = out.lines().skip_while(|line| !line.ends_with(": crash"));
    assert!(lines.next().is_some(), "{out}");
    let told: Vec<_> = lines.take_while(|line| !line.contains(". ")).collect();
    assert!(told.iter().any(|line| line.contains("Up → Down")), "{told:?}");
    assert!(told.len() <= 3, "{told:?}");
}

#[test]
fn a_mutant_is_checked_by_name_and_its_killer_is_what_is_expected() {
    let (code, out, _) = check(&["--mutant", "vote-once"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("two-phase-commit mutant vote-once"), "{out}");
    assert!(out.contains("1 as expected, in "), "{out}");
    let (code, out, _) = check(&["two-phase-commit", "--mutant", "vote-once", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["mutant"]), (0, &"vote-once".into()));
    assert_eq!((&report["instance"], &report["expected"]), (&Value::Null, &Value::Null));
    assert_eq!(check(&["paxos", "--mutant", "vote-once"]).0, 2);
}

#[test]
fn a_property_alone_selects_the_instances_that_claim_it() {
    let (code, out, _) = check(&["multi-primary", "--property", "linearizable", "--json"]);
    assert_eq!(code, 0);
    let protocol = catalogue::protocol("multi-primary").unwrap();
    let claiming = protocol.cases.iter().filter(|case| {
        !case.is_deep() && case.properties().iter().any(|known| known.name == "linearizable")
    });
    let claiming: Vec<_> = claiming.map(|case| case.name().to_owned()).collect();
    let checked: Vec<_> = (out.lines())
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["instance"].clone())
        .collect();
    assert!(claiming.len() > 1);
    assert_eq!(checked, claiming);
}

#[test]
fn a_typo_is_bad_usage_at_once_and_the_nearest_name_is_told() {
    for (args, meant) in [
        (["check", "paxso"].as_slice(), "\"paxos\""),
        (&["check", "paxos", "--instance", "takover"], "\"takeover\""),
        (&["check", "--mutant", "nver-ask"], "\"never-ask\""),
        (&["check", "--property", "linearisable"], "\"linearizable\""),
        (&["explore", "paxos", "--mutant", "no-resned"], "\"no-resend\""),
        (&["explore", "paxos", "--instance", "takover", "--at", "none"], "\"takeover\""),
        (&["list", "sinod"], "\"synod\""),
    ] {
        let (code, out, error) = quorate(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {error}");
        assert!(error.contains("did you mean ") && error.contains(meant), "{args:?}: {error}");
    }
}

#[test]
fn more_threads_than_any_machine_has_are_refused() {
    let (code, _, error) = check(&["synod", "--threads", "100000000"]);
    assert!(code == 2 && error.contains("the limit of 1024"), "{code} {error}");
}

#[test]
fn a_reader_that_leaves_ends_every_command_quietly() {
    for args in
        [["list"].as_slice(), &["check", "--property", "linearizable"], &["list", "--markdown"]]
    {
        let mut process = Command::new(QUORATE)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::with_capacity(16, process.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        drop(out);
        let output = process.wait_with_output().unwrap();
        // All may have been written before the reader left.
        assert!([141, 0].contains(&output.status.code().unwrap()), "{args:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_an_error_that_is_told() {
    for args in [
        ["list"].as_slice(),
        &["list", "--guarantees"],
        &["check", "multi-primary", "--instance", "lww-stale"],
        &["check", "multi-primary", "--instance", "lww-stale", "--json"],
        &["explore", "paxos", "--port", "0"],
        &["check", "--help"],
        &["--version"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Command::new(QUORATE).args(args).stdout(full).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.contains("cannot write to standard output"), "{args:?}: {error}");
        assert!(!error.contains("panicked"), "{args:?}: {error}");
    }
}

fn written(path: &Path, args: &[&str]) -> (i32, String, Option<TraceFile>) {
    let (code, _, error) = check(&[args, &["--counterexample", path.to_str().unwrap()]].concat());
    (code, error, path.exists().then(|| TraceFile::read(path).unwrap()))
}

#[test]
fn a_counterexample_is_written_where_there_is_one_and_none_is_no_failure() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.json");
    let (code, told, file) = written(&path, &["synod", "--instance", "synod-rivalry"]);
    assert!(code == 0 && file.is_none(), "{code} {told}");
    assert!(told.contains("no property is violated") && told.contains("trace.json"), "{told}");
    let (code, told, file) = written(&path, &["--mutant", "never-ask"]);
    assert!(code == 0 && told.contains("wrote the counterexample"), "{code} {told}");
    assert_eq!(file.unwrap().of, Of::Mutant("never-ask".into()));
    let nowhere = dir.path().join("none/trace.json");
    let (code, told, _) = written(&nowhere, &["synod"]);
    assert!(code == 1 && told.contains("/none"), "{code} {told}");
}

/// The text after `flag` in an example, up to where the explanation of the example begins.
fn named<'a>(example: &'a str, flag: &str) -> Option<&'a str> {
    example.split_once(flag)?.1.split_whitespace().next()
}

#[test]
fn every_command_has_an_example_and_what_the_examples_name_exists() {
    let commands = [
        "list", "levels", "check", "explore", "format", "run", "cluster", "get", "range", "put",
        "delete", "cas", "txn",
    ];
    let protocols = catalogue::protocols();
    let mut seen = 0;
    for command in commands {
        let (code, help, _) = quorate(&[command, "--help"]);
        let examples: Vec<_> = help.lines().filter(|line| line.starts_with("  quorate ")).collect();
        assert!(code == 0 && !examples.is_empty(), "{command}: {help}");
        for example in examples {
            let mutant = named(example, "--mutant ");
            let instance = named(example, "--instance ");
            let is_mutant = |name: &str| protocols.iter().any(|known| known.mutant(name).is_ok());
            let is_case = |name: &str| protocols.iter().any(|known| known.case(name).is_ok());
            assert!(mutant.is_none_or(is_mutant), "{example}");
            assert!(instance.is_none_or(is_case), "{example}");
            seen += usize::from(mutant.is_some()) + usize::from(instance.is_some());
        }
    }
    assert!(seen >= 4, "{seen} names");
}

/// On a terminal, which `script` makes.
#[test]
fn progress_shows_percent_and_time_left() {
    let check = format!("{QUORATE} check two-phase-commit --instance rejoined");
    let output = Command::new("script").args(["-qec", &check, "/dev/null"]).output();
    let Ok(output) = output else {
        println!("skipped: there is no `script`, which makes a terminal");
        return;
    };
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("% of ") && out.contains(" left, "), "{out}");
}
