//! The formats for CI: a problem is described once, and each format writes it in its own way.

mod github;
mod junit;
mod problem;
mod sarif;

pub(super) use github::{annotations, summary};
pub(super) use junit::junit;
pub(super) use problem::{Checked, Format};
pub(super) use sarif::sarif;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Protocol, Subject, multi_primary};
    use crate::check::report::{Expectation, Report, ReportedVerdict, Surprise};
    use crate::check::{Limits, Options};

    const LINEARIZABLE: &str = "linearizable";

    /// `lww-stale`, as if it were said to be linearizable.
    fn surprising(protocol: &Protocol) -> Report {
        let case = protocol.case("lww-stale").unwrap();
        let findings = case.check(&Options::default(), &|_| {}).unwrap();
        let mut report = Report::new("multi-primary", case, findings);
        for property in &mut report.properties {
            if property.name == LINEARIZABLE {
                property.expected = Some(Expectation::Holds);
            }
        }
        report.surprises = vec![
            Surprise { property: Some(LINEARIZABLE), says: "is violated, expected holds".into() },
            Surprise { property: None, says: "92 unique states, expected 93".into() },
        ];
        report.as_expected = false;
        report
    }

    fn incomplete(protocol: &Protocol) -> Report {
        let case = protocol.case("lww-rivals").unwrap();
        let limits = Limits { states: Some(10), ..Limits::default() };
        let findings = case.check(&Options { limits, ..Options::default() }, &|_| {}).unwrap();
        Report::new("multi-primary", case, findings)
    }

    fn with_all(test: impl Fn(&[Checked<'_>])) {
        let protocol = multi_primary();
        let reports = [surprising(&protocol), incomplete(&protocol)];
        let of = |report| {
            let subject = protocol.case(Report::name(report)).unwrap();
            Checked { report, subject: subject as &dyn Subject }
        };
        test(&[of(&reports[0]), of(&reports[1])]);
    }

    #[test]
    fn junit_has_a_failure_with_its_steps_a_failure_of_the_counts_and_an_error() {
        with_all(|all| {
            let xml = junit(all, &[]).unwrap();
            assert_eq!(xml.matches("<failure ").count(), 2, "{xml}");
            assert_eq!(xml.matches("<error ").count(), 1, "{xml}");
            assert!(xml.contains("quorate explore multi-primary --at lost.json"), "{xml}");
            assert!(xml.contains("   1. "), "the steps are listed: {xml}");
            let undecided = all[1].report.properties.iter();
            let undecided = undecided.filter(|p| p.verdict == ReportedVerdict::Incomplete).count();
            assert_eq!(xml.matches("<skipped message=\"not decided\"").count(), undecided, "{xml}");
            assert!(xml.contains("92 unique states, expected 93"), "{xml}");
        });
    }

    #[test]
    fn github_has_an_annotation_a_line_at_the_property_and_a_summary() {
        with_all(|all| {
            let told: Vec<_> = all.iter().map(|one| annotations(*one)).collect();
            let lines: Vec<_> = told.iter().flat_map(|text| text.lines()).collect();
            assert_eq!(lines.len(), 3, "{told:?}");
            let place = "::error file=models/multi_primary/properties.rs,line=";
            assert!(lines[0].starts_with(place), "{}", lines[0]);
            assert!(lines[0].contains("%0A   1. "), "{}", lines[0]);
            assert!(lines[2].starts_with("::warning "), "{}", lines[2]);
            let markdown = summary(all, &[], "0 as expected");
            assert!(markdown.contains("| multi-primary | `lww-stale` | 30 "), "{markdown}");
            assert!(markdown.contains("### multi-primary lww-stale: "), "{markdown}");
        });
    }

    #[test]
    fn sarif_has_a_result_for_each_problem_with_its_place_and_the_steps() {
        with_all(|all| {
            let log = sarif(all, &[]);
            let results = log["runs"][0]["results"].as_array().unwrap();
            let levels: Vec<_> = results.iter().map(|result| &result["level"]).collect();
            assert_eq!(levels, ["error", "error", "warning"]);
            let place = &results[0]["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "models/multi_primary/properties.rs");
            let steps = &results[0]["codeFlows"][0]["threadFlows"][0]["locations"];
            assert_eq!(steps.as_array().unwrap().len(), 6);
            let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
            let rule = rules.iter().find(|rule| rule["id"] == results[0]["ruleId"]).unwrap();
            assert_eq!(rule["id"], "multi-primary/linearizable");
            let says = &rule["shortDescription"]["text"];
            assert_eq!(says, "the history that clients see is linearizable");
        });
    }

    #[test]
    fn what_is_as_expected_is_no_problem() {
        let protocol = multi_primary();
        let case = protocol.case("lww-stale").unwrap();
        let findings = case.check(&Options::default(), &|_| {}).unwrap();
        let report = Report::new("multi-primary", case, findings);
        let one = Checked { report: &report, subject: case };
        assert!(one.problems().is_empty());
        assert_eq!(annotations(one), "");
        assert!(!junit(&[one], &[]).unwrap().contains("<failure"));
    }

    #[test]
    fn an_instance_that_ended_in_an_error_is_told_in_each_format() {
        let error = crate::cli::CliError::Usage("paxos lossy: no memory".into());
        let failed = [error];
        assert!(junit(&[], &failed).unwrap().contains("paxos lossy: no memory"));
        assert!(summary(&[], &failed, "1 in error").contains("paxos lossy: no memory"));
        assert_eq!(sarif(&[], &failed)["runs"][0]["results"].as_array().unwrap().len(), 1);
    }
}
