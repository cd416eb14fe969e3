//! A problem that a check found, as every format reports it.

use crate::catalogue::Subject;
use crate::check::report::{Conclusion, PropertyReport, Report};
use crate::cli::{tell, word};
use crate::trace::Trace;
use clap::ValueEnum;
use std::panic::Location;

/// How wide counterexamples are in the formats: viewers scroll, and terminals are not asked.
const WIDTH: usize = 100;
/// The most that is shown of one counterexample, in bytes. GitHub refuses summaries of a mebibyte.
const MAX_STEPS: usize = 60_000;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables, for people
    Text,
    /// An object a line
    Json,
    /// JUnit's XML, for nearly every CI
    Junit,
    /// The tables, annotations, and a summary of the job in Markdown
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// A check that was run to its end, and what it was of.
#[derive(Clone, Copy)]
pub(in super::super) struct Checked<'a> {
    pub(in super::super) report: &'a Report,
    pub(in super::super) subject: &'a dyn Subject,
}

/// Something that is not as recorded, or could not be decided.
pub(super) struct Problem<'a> {
    pub(super) checked: Checked<'a>,
    pub(super) property: Option<&'a PropertyReport>,
    pub(super) says: String,
    pub(super) is_undecided: bool,
}

impl<'a> Checked<'a> {
    /// The protocol, and the instance or mutant.
    pub(super) fn title(self) -> String {
        let mutant = if self.report.mutant.is_some() { "mutant " } else { "" };
        format!("{} {mutant}{}", self.report.protocol, self.report.name())
    }

    pub(super) fn problems(self) -> Vec<Problem<'a>> {
        let surprises = self.report.surprises.iter().map(|surprise| Problem {
            checked: self,
            property: (self.report.properties.iter())
                .find(|property| Some(property.name) == surprise.property),
            says: surprise.says.clone(),
            is_undecided: false,
        });
        let shortfall = self.report.shortfall.as_ref().map(|why| Problem {
            checked: self,
            property: None,
            says: format!("incomplete: {why}"),
            is_undecided: true,
        });
        let is_incomplete = self.report.conclusion() == Conclusion::Incomplete;
        surprises.chain(shortfall.filter(|_| is_incomplete)).collect()
    }
}

impl<'a> Problem<'a> {
    pub(super) fn is_of(&self, property: &PropertyReport) -> bool {
        self.property.is_some_and(|known| known.name == property.name)
    }

    /// The counterexample, if it is a violation.
    pub(super) fn trace(&self) -> Option<&'a Trace> {
        let property = self.property?;
        property.trace.as_ref().filter(|_| property.is_unexpected_violation())
    }

    /// The counterexample in words, one step a line.
    pub(super) fn steps(&self) -> Option<String> {
        let mut steps = tell::steps(self.checked.subject, self.trace()?, WIDTH);
        if steps.len() > MAX_STEPS {
            let end = steps[..MAX_STEPS].rfind('\n').unwrap_or(0);
            steps.truncate(end);
            steps += "\n      (the rest is left out: it is too long for this format)\n";
        }
        Some(steps)
    }

    /// Where the property is claimed; of the whole check, where its first property is.
    pub(super) fn place(&self) -> Option<&'static Location<'static>> {
        let subject = self.checked.subject;
        let first = || subject.properties().first().and_then(|known| subject.place(known.name));
        self.property.and_then(|property| subject.place(property.name)).or_else(first)
    }

    /// The commands that repeat the check and open the counterexample.
    pub(super) fn commands(&self) -> Vec<String> {
        let Report { protocol, mutant, .. } = self.checked.report;
        let name = self.checked.report.name();
        let check = match mutant {
            Some(_) => format!("quorate check {protocol} --mutant {name}"),
            None => format!("quorate check {protocol} --instance {name}"),
        };
        match (self.property, self.trace()) {
            (Some(property), Some(_)) => vec![
                format!("{check} --property {} --counterexample lost.json", word(property.name)),
                format!("quorate explore {protocol} --at lost.json"),
            ],
            _ => vec![check],
        }
    }
}
