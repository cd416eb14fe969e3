//! The counterexample that `--counterexample` writes: an unexpected one if there is any.

use crate::check::report::{PropertyReport, Report};
use crate::cli::{CliError, at, joined, out, program, quoted};
use crate::trace::{Of, Trace, TraceFile};
use std::io;
use std::path::Path;

/// Refuses a place where no file can be, before anything is checked.
pub(super) fn check_place(path: &Path, write: &'static str) -> Result<(), CliError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(at(write, path)(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let found = std::fs::metadata(dir).map_err(at(write, path))?;
    if found.is_dir() {
        return Ok(());
    }
    Err(at(write, path)(io::ErrorKind::NotADirectory.into()))
}

/// Writes one, and says which; that there is none is no failure.
pub(super) fn write(
    reports: &[&Report],
    wanted: Option<&str>,
    path: &Path,
) -> Result<(), CliError> {
    let Some((report, property, trace)) = picked(reports, wanted) else {
        let what = wanted.map_or("no property is violated".into(), |name| {
            format!("the property {name} is not violated")
        });
        out::remark(format!("{what}: there is no counterexample to write to {}", path.display()));
        return Ok(());
    };
    file(report, property, trace).write(path)?;
    let expected = match property.turn() {
        0 => "not expected",
        1 => "as expected",
        _ => "nothing is recorded of it",
    };
    out::remark(format!(
        "wrote the counterexample to {} in {} {} ({expected}); step through it with: \
         {} explore {} --at {}",
        property.name,
        report.protocol,
        report.name(),
        program(),
        report.protocol,
        quoted(path),
    ));
    Ok(())
}

fn file(report: &Report, property: &PropertyReport, trace: &Trace) -> TraceFile {
    let of = match report.mutant {
        Some(mutant) => Of::Mutant(mutant.into()),
        None => Of::Instance(report.name().into()),
    };
    TraceFile::new(report.protocol, of, property.name, trace)
}

/// Writes each unexpected counterexample into `dir`, and says how many.
pub(super) fn write_unexpected(reports: &[&Report], dir: &Path) -> Result<(), CliError> {
    let mut count = 0;
    for report in reports {
        let found = report.counterexamples().into_iter();
        for (property, trace) in found.filter(|(property, _)| property.is_unexpected_violation()) {
            file(report, property, trace).write(&dir.join(file_name(report, property.name)))?;
            count += 1;
        }
    }
    let what = if count == 1 { "counterexample" } else { "counterexamples" };
    out::remark(format!("wrote {count} unexpected {what} to {}", quoted(dir)));
    Ok(())
}

/// Such as `paxos.lossy.agreement.json`.
fn file_name(report: &Report, property: &str) -> String {
    let property = joined(property, "-");
    format!("{}.{}.{property}.json", report.protocol, report.name())
}

type Found<'a> = (&'a Report, &'a PropertyReport, &'a Trace);

/// The first unexpected violation, or else the first expected one; of one property if it is named.
fn picked<'a>(reports: &[&'a Report], wanted: Option<&str>) -> Option<Found<'a>> {
    let all = reports.iter().copied().flat_map(|report| {
        report.counterexamples().into_iter().map(move |(property, trace)| (report, property, trace))
    });
    all.filter(|(_, property, _)| wanted.is_none_or(|wanted| wanted == property.name))
        .min_by_key(|(_, property, _)| property.turn())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::multi_primary;
    use crate::check::Options;
    use crate::check::report::Expectation;

    fn report(instance: &str) -> Report {
        let protocol = multi_primary();
        let case = protocol.case(instance).unwrap();
        Report::new("multi-primary", case, case.check(&Options::default(), &|_| {}).unwrap())
    }

    #[test]
    fn an_unexpected_violation_comes_before_an_expected_one() {
        let mut reports = [report("lww-stale"), report("mv-stale")];
        let all =
            |reports: &[Report; 2]| picked(&reports.each_ref(), None).map(|found| found.0.name());
        assert_eq!(all(&reports), Some("lww-stale"));
        for property in &mut reports[1].properties {
            if property.name == "linearizable" {
                property.expected = Some(Expectation::Holds);
            }
        }
        let (found, property, _) = picked(&reports.each_ref(), None).unwrap();
        assert_eq!((found.name(), property.name), ("mv-stale", "linearizable"));
        assert!(picked(&reports.each_ref(), Some("no such property")).is_none());

        let dir = tempfile::tempdir().unwrap();
        write_unexpected(&reports.each_ref(), dir.path()).unwrap();
        let files: Vec<_> =
            dir.path().read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["multi-primary.mv-stale.linearizable.json"]);
    }
}
