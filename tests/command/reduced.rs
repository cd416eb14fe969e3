//! `quorate check` where states may be left out that others cover.

use super::check::check;
use serde_json::Value;

/// Fewer states, the same verdicts, the same shortest counterexample; and other counts are to be as
/// recorded.
#[test]
fn a_check_is_reduced_where_that_is_recorded() {
    let of = ["multi-primary", "--instance", "lww-stale", "--json"];
    let [reduced, full] = [&[][..], &["--full"][..]].map(|how| {
        let (code, out, _) = check(&[&of[..], how].concat());
        assert_eq!(code, 0, "{out}");
        serde_json::from_str::<Value>(out.trim()).unwrap()
    });
    assert_eq!(reduced["reduction"], "cover");
    assert!(reduced["expanded"].as_u64() < full["unique"].as_u64());
    assert_eq!(reduced["expected"]["expanded"], reduced["expanded"]);
    assert_eq!(reduced["expected"].get("unique"), None);
    assert!(reduced["bytes_per_state"].as_f64().unwrap() > 0.0);
    let told = |report: &Value| {
        let properties = report["properties"].as_array().unwrap().iter();
        let violated = properties.clone().find(|property| property["name"] == "linearizable");
        let verdicts = properties.map(|property| property["verdict"].clone()).collect::<Vec<_>>();
        (verdicts, violated.unwrap()["trace"].clone())
    };
    assert_eq!(told(&reduced), told(&full));
    let (code, out, _) = check(&["multi-primary", "--instance", "lww-stale"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains(" expanded: reduced, ") && out.contains("  as expected*"), "{out}");
}

/// To search all states of what has too many would take long, and end in a limit.
#[test]
fn states_that_nobody_has_counted_are_all_searched_only_if_the_instance_is_named() {
    let reduction = |chosen: &[&str]| {
        let limited = ["multi-primary", "--full", "--json", "--max-states", "1"];
        let (_, out, _) = check(&[&limited[..], chosen].concat());
        let reports = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut uncounted = reports.filter(|report| report["instance"] == "mv-lossy-pieces");
        uncounted.next().unwrap()["reduction"].clone()
    };
    assert_eq!(reduction(&["--deep"]), "cover");
    assert_eq!(reduction(&["--instance", "mv-lossy-pieces"]), Value::Null);
}
