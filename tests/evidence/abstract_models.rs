//! Every abstract model against its recorded verdicts and counts.

use quorate::catalogue::protocols;
use quorate::check::CountLimits;
use quorate::check::report::{Conclusion, Report};

/// A model with more states is searched as far as its violations: they are near its initial state.
const WHOLE: u64 = 800_000;
const AS_FAR: u64 = 300_000;

#[test]
fn every_abstract_model_is_as_recorded() {
    let mut counted = (0, 0);
    for protocol in protocols() {
        for model in &protocol.abstract_models {
            let expected = model.expected();
            let is_whole = expected.unique <= WHOLE;
            let limits = CountLimits { states: (!is_whole).then_some(AS_FAR), time: None };
            let findings = model.count(&[], limits, &|_| {}).unwrap();
            let at = format!("{} {}", protocol.name, model.name());
            for (property, steps) in expected.violated {
                let found = findings.trace(property.name).map(|trace| trace.actions.len());
                assert_eq!(found, Some(*steps), "{at}: {property}");
            }
            let report = Report::of_abstract_model(protocol.name, model.as_ref(), &[], findings);
            let conclusion = if is_whole { Conclusion::AsExpected } else { Conclusion::Incomplete };
            assert_eq!(report.conclusion(), conclusion, "{at}: {:?}", report.surprises);
            counted.0 += usize::from(is_whole);
            counted.1 += expected.violated.len();
        }
    }
    assert!(counted.0 >= 2 && counted.1 >= 8, "only {counted:?}");
}
