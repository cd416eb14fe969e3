//! The counterexample that `--counterexample` writes: an unexpected one if there is any.

use crate::cli::{CliError, at, out, program, quoted};
use quorate::check::report::Report;
use quorate::trace::{Of, TraceFile};
use std::io;
use std::path::Path;

/// Refuses a place where no file can be, before anything is checked.
pub(super) fn check_place(path: &Path) -> Result<(), CliError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    if path.is_dir() {
        let source = io::Error::from(io::ErrorKind::IsADirectory);
        return Err(at("write the counterexample", path)(source));
    }
    let found = std::fs::metadata(dir).map_err(at("write the counterexample in", dir))?;
    if found.is_dir() {
        return Ok(());
    }
    Err(at("write the counterexample in", dir)(io::ErrorKind::NotADirectory.into()))
}

/// Writes one, and says which; that there is none is no failure.
pub(super) fn write(reports: &[Report], wanted: Option<&str>, path: &Path) -> Result<(), CliError> {
    let mut all: Vec<_> = reports
        .iter()
        .flat_map(|report| report.counterexamples().into_iter().map(move |found| (report, found)))
        .filter(|(_, (property, _))| wanted.is_none_or(|wanted| wanted == property.name))
        .collect();
    all.sort_by_key(|(_, (property, _))| property.is_expected_violation());
    let Some((report, (property, trace))) = all.first() else {
        let what = wanted.map_or("no property".into(), |name| format!("{name:?} is not violated"));
        let what = if wanted.is_none() { format!("{what} is violated") } else { what };
        out::remark(format!("{what}: there is no counterexample to write to {}", path.display()));
        return Ok(());
    };
    let of = match report.mutant {
        Some(mutant) => Of::Mutant(mutant.into()),
        None => Of::Instance(report.name().into()),
    };
    TraceFile::new(report.protocol, of, property.name, trace).write(path)?;
    let expected = if property.is_expected_violation() { "expected" } else { "unexpected" };
    out::remark(format!(
        "wrote the counterexample to {:?} in {} {} ({expected}); step through it with: \
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
