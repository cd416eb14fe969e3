//! `quorate check paxos --servers 3`: instances within bounds that are chosen.

use super::check::check;
use quorate::catalogue::{NoChoice, Subject, protocol, protocols};
use quorate::trace::Of;
use serde_json::Value;

fn json(args: &[&str]) -> (i32, Value) {
    let (code, out, err) = check(&[args, &["--json"]].concat());
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}")))
}

/// What is recorded of an instance is found of the same bounds, too.
#[test]
fn an_instance_of_the_bounds_of_a_recorded_one_has_its_states() {
    let same: [(&[&str], &str, &str); 4] = [
        (&["paxos", "--clients", "2", "--crashes", "1", "--restarts", "1"], "paxos", "rivalry"),
        (&["paxos", "--bound", "clients=2,crashes=1,restarts=1"], "paxos", "rivalry"),
        (&["primary-backup", "--servers", "3", "--suspicions", "1"], "primary-backup", "trio"),
        (&["kafka", "--consumers", "1"], "kafka", "steady"),
    ];
    for (args, name, instance) in same {
        let recorded = protocol(name).unwrap().case(instance).unwrap().expected();
        let (code, found) = json(&[args, &["--full"]].concat());
        assert_eq!((code, &found["as_expected"]), (0, &true.into()), "{found}");
        assert_eq!(
            (&found["unique"], &found["generated"]),
            (&recorded.unique.into(), &recorded.generated.into(),)
        );
        assert_eq!(found["expected"], Value::Null, "nothing is recorded: {found}");
    }
}

#[test]
fn it_is_named_by_its_bounds_and_reduced_where_that_hides_nothing() {
    let args = ["primary-backup", "--suspicions", "1", "--servers", "3", "--servers", "2"];
    let (code, _, err) = check(&args);
    assert!(code == 2 && err.contains("cannot be used multiple times"), "{err}");
    let (code, found) = json(&["primary-backup", "--suspicions", "1", "--servers", "3"]);
    assert_eq!((code, &found["instance"]), (0, &"servers=3,suspicions=1".into()));
    assert_eq!(found["reduction"], "cover", "{found}");
}

#[test]
fn a_limit_leaves_an_estimate_of_the_states() {
    let args = ["two-phase-commit", "--instance", "condition", "--max-depth", "9"];
    let (code, found) = json(&args);
    assert_eq!((code, &found["complete"]), (3, &false.into()), "{found}");
    assert!(found["estimate"]["growth"].as_f64() > Some(0.0), "{found}");
    let (_, out, _) = check(&args);
    assert!(out.contains("states were found, "), "{out}");
    let (_, whole) = json(&["two-phase-commit", "--instance", "condition"]);
    assert_eq!(whole["estimate"], Value::Null);
}

#[test]
fn nonsense_is_refused_with_the_reason() {
    let refused: [(&[&str], &str); 10] = [
        (&["paxos", "--servers", "9"], "the bound servers is 1 to 7, not 9"),
        (&["paxos", "--servers", "two"], "invalid value 'two'"),
        (&["paxos", "--restarts", "1"], "1 restarts need as many crashes, and there are 0"),
        (&["paxos", "--accept-quorum", "1"], "no quorums of 2 and 1 are possible"),
        (&["paxos", "--suspicions", "1"], "paxos has no bound named \"suspicions\""),
        (&["kafka", "--servers", "2"], "of 2 brokers 3 cannot be in sync"),
        (&["kafka", "--bound", "elections=1"], "one controller elects nobody"),
        (&["--servers", "2"], "quorate check PROTOCOL --bound servers=2"),
        (&["paxos", "--servers", "2", "--instance", "rivalry"], "cannot be used with"),
        (&["paxos", "--bound", "servers"], "a bound is NAME=N"),
    ];
    for (args, why) in refused {
        let (code, out, err) = check(args);
        assert!(code == 2 && out.is_empty() && err.contains(why), "{args:?}: {err}");
    }
}

#[test]
fn a_trace_finds_it_again_by_its_name() {
    let paxos = protocol("paxos").unwrap();
    let subject = |name: &str| paxos.subject(&Of::Instance(name.into())).map(Subject::name);
    assert_eq!(subject("servers=2,clients=1"), Ok("clients=1,servers=2"));
    assert_eq!(subject("servers"), Err(paxos.case("servers").err().unwrap().into()));
    assert_eq!(subject("servers=x"), Err(NoChoice::Malformed("servers=x".into())));
}

/// What is built where nothing is chosen, and the name of each bound on the command line.
#[test]
fn every_choice_of_every_protocol_can_be_asked_for() {
    for protocol in protocols() {
        let Some(choice) = &protocol.choice else { continue };
        let bounds = choice.bounds();
        let plain: Vec<_> = bounds.iter().map(|bound| (bound.name, bound.recorded)).collect();
        assert!(choice.within(&plain).is_ok_and(|it| !it.properties().is_empty()));
        for bound in bounds {
            assert!(bound.range.contains(&bound.recorded), "{}: {}", protocol.name, bound.name);
            let beyond = (bound.range.end() + 1).to_string();
            let option = format!("--{}", bound.name);
            let (code, _, err) = check(&[protocol.name, &option, &beyond]);
            let why = format!("the bound {} is", bound.name);
            assert!(code == 2 && err.contains(&why), "{}: {err}", protocol.name);
        }
    }
}
