//! Writes results: instance by instance, or as one document at the end.

use super::args::Args;
use super::format::{self, Checked, Format};
use crate::check::report::Report;
use crate::cli::{CliError, at, out, tell};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Where GitHub Actions wants a summary of the job, in Markdown.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

pub(super) struct Output<'a> {
    format: Format,
    show: tell::Show<'a>,
}

impl<'a> Output<'a> {
    pub(super) fn new(args: &'a Args) -> Self {
        let show = tell::Show { property: args.property.as_deref(), expected: args.show_expected };
        Self { format: args.format(), show }
    }

    /// Writes what can be written when one check has ended.
    pub(super) fn one(&self, one: Checked<'_>) -> Result<(), CliError> {
        let tables = || tell::report(one.report, one.subject, &self.show, out::width());
        match self.format {
            Format::Text => out::print(tables()),
            Format::Github => out::print(tables() + &format::annotations(one)),
            Format::Json => out::json(one.report),
            Format::Junit | Format::Sarif => Ok(()),
        }
    }

    /// Writes what can be written when all have.
    pub(super) fn end(
        &self,
        all: &[Checked<'_>],
        asked: &tell::Asked<'_>,
        elapsed: Duration,
    ) -> Result<(), CliError> {
        let reports: Vec<&Report> = all.iter().map(|one| one.report).collect();
        let summary = || tell::summary(&reports, asked, elapsed, out::width());
        match self.format {
            Format::Text => out::print(summary()),
            Format::Github => {
                let total = tell::total(&reports, asked, elapsed);
                append(&format::summary(all, asked.failed, &total))?;
                out::print(summary())
            }
            Format::Json => Ok(()),
            Format::Junit => out::print(format::junit(all, asked.failed)?),
            Format::Sarif => out::json(&format::sarif(all, asked.failed)),
        }
    }
}

/// Appends to the job's summary, where there is one.
fn append(summary: &str) -> Result<(), CliError> {
    let Some(path) = std::env::var_os(SUMMARY).map(PathBuf::from) else { return Ok(()) };
    let file = OpenOptions::new().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(summary.as_bytes()))
        .map_err(at("append to the job's summary", &path))
}
