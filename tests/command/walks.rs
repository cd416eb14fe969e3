//! `quorate check --walks` and `quorate export --dot` as a user meets them.

use super::check::check;
use serde_json::Value;
use std::process::Command;

const BOUNDS: [&str; 3] = ["multi-primary", "--instance", "lww-rivals"];

#[test]
fn walks_say_what_they_covered_and_hold_nothing_for_proven() {
    let dir = tempfile::tempdir().unwrap();
    let plot = dir.path().join("walks.svg");
    let plot = plot.to_str().unwrap();
    let walks = ["--walks", "200", "--seed", "1", "--plot", plot];
    let (code, out, _) = check(&[&BOUNDS[..], &walks].concat());
    assert_eq!(code, 3, "{out}");
    let words: Vec<_> = out.split_whitespace().collect();
    let text = words.join(" ");
    assert!(text.contains("% of the 4,985 that are recorded in 200 walks of at most 100"), "{out}");
    assert!(out.contains("INCOMPLETE: random walks see some of the states"), "{out}");
    // The one that is expected, and the verdict.
    assert!(words.windows(2).all(|two| two != ["holds", "holds"]), "{out}");
    let drawn = std::fs::read_to_string(plot).unwrap();
    assert!(drawn.starts_with("<svg") && drawn.contains("multi-primary lww-rivals"), "{drawn}");
    let (code, out, _) = check(&[&BOUNDS[..], &["--walks", "64", "--uniform", "--json"]].concat());
    assert_eq!(code, 3, "{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["engine"], &report["complete"]), (&"walks".into(), &false.into()));
    assert_eq!(report["walks"]["is_uniform"], true);
    assert_eq!(report["walks"]["curve"].as_array().unwrap().len(), 2);
    assert_eq!(report["walks"]["curve"][1]["states"], report["unique"]);
    assert!(report["unique"].as_u64() < report["expected"]["unique"].as_u64(), "{report}");
}

#[test]
fn a_seeded_bug_that_a_walk_finds_is_as_expected() {
    let (code, out, _) = check(&["--mutant", "act-early", "--walks", "5000"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("expected violation of "), "{out}");
}

#[test]
fn options_of_a_search_and_of_walks_are_not_mixed() {
    for args in
        [&["--walks", "9", "--full"][..], &["--seed", "3"], &["--plot", "x.svg"], &["--uniform"]]
    {
        let (code, out, said) = check(args);
        assert_eq!(code, 2, "{args:?}: {out}{said}");
    }
    let (code, _, said) = check(&[&BOUNDS[..], &["--walks", "0"]].concat());
    assert_eq!(code, 2);
    assert!(said.contains("a limit of 0 on walks"), "{said}");
}

fn export(args: &[&str]) -> (i32, String, String) {
    let quorate = Command::new(env!("CARGO_BIN_EXE_quorate")).arg("export").args(args).output();
    let output = quorate.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_small_instance_is_exported_as_a_graph_and_a_large_one_is_refused() {
    let small = ["--dot", "multi-primary", "--instance", "lww-stale"];
    let (code, out, said) = export(&[&small[..], &["--max-states", "5000"]].concat());
    assert_eq!(code, 0, "{said}");
    assert!(out.starts_with("digraph states {") && out.ends_with("}\n"));
    let (code, out, said) = export(&[&small[..], &["--max-states", "5"]].concat());
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(said.contains("more than 5 states"), "{said}");
    let (code, _, said) = export(&["multi-primary", "--instance", "lww-stale"]);
    assert_eq!(code, 2);
    assert!(said.contains("--dot"), "{said}");
}
