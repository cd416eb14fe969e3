//! The guarantees of each protocol, as a generated table.
//!
//! The README and the documentation of `models` show it; a test fails when they are out of date.
//! Every cell comes from the recorded verdicts of the instances, which the tests compare with what
//! a check finds, or from a rehearsal on the cluster named in the first column; see
//! [`Guarantee`].

use super::{Case, Protocol};
use quorate_models::guarantee::{Guarantee, Reading, Sample};
use quorate_models::world::Statement;
use quorate_models::world::rehearsal::{Cost, subsets};
use stateright::actor::Id;
use std::fmt::Write;

/// The table, as Markdown.
pub fn markdown(protocols: &[Protocol]) -> String {
    let mut text = String::from(
        "| protocol | consistency | tolerated crash failures (writes stay available) | durable \
         | clients checked at once | a write: messages, delays | a read: messages, delays |\n\
         |---|---|---|---|---:|---:|---:|\n",
    );
    let rows = protocols.iter().flat_map(|it| it.guarantees.iter().map(move |row| (it, row)));
    for (protocol, row) in rows {
        let cases: Vec<&dyn Case> = protocol
            .cases
            .iter()
            .map(AsRef::as_ref)
            .filter(|case| (row.covers)(case.name()))
            .collect();
        let sample = &row.sample;
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {}, {}: {} | {} | {} | {} | {} | {} | {} |",
            protocol.name,
            row.mode,
            sample.about,
            told(&row.consistency, &cases),
            survivors(sample),
            durable(row, &cases),
            clients(sample, &cases),
            cost((sample.write)(2), (sample.write)(1)),
            sample.read.map_or("–".into(), |read| cost(read(2), read(1))),
        );
    }
    text
}

/// The words for the verdicts, in the order of the readings.
fn told(readings: &[Reading], cases: &[&dyn Case]) -> String {
    let words: Vec<&str> = (readings.iter())
        .filter_map(|reading| match verdict(reading.property, cases) {
            Some(true) => Some(reading.holds),
            Some(false) => Some(reading.violated),
            None => None,
        })
        .filter(|words| !words.is_empty())
        .collect();
    words.join("; ")
}

/// Whether a property holds in all instances that have it; `None` if none has.
fn verdict(property: Statement, cases: &[&dyn Case]) -> Option<bool> {
    let mut with =
        cases.iter().filter(|case| case.properties().iter().any(|p| p.name == property.name));
    let violated =
        |case: &&dyn Case| case.expected().violated.iter().any(|(known, _)| *known == property);
    let first = with.next()?;
    Some(!violated(first) && !with.any(violated))
}

/// How many clients were checked at once; those of single-decree Paxos are proposers.
fn clients(sample: &Sample, cases: &[&dyn Case]) -> String {
    let most = cases.iter().map(|case| case.shape().clients).max();
    most.filter(|_| sample.read.is_some()).map_or("–".into(), |most| most.to_string())
}

/// The data that survive, and how many crashes and restarts that was checked with.
fn durable(row: &Guarantee, cases: &[&dyn Case]) -> String {
    let restarts = cases.iter().map(|case| case.shape().restarts).max().unwrap_or(0);
    let checked = match restarts {
        0 => "checked without restarts".to_owned(),
        1 => "checked with a crash and restart".to_owned(),
        more => format!("checked with {more} crashes and restarts"),
    };
    format!("{} ({checked})", told(&row.durable, cases))
}

/// Without which servers a write proceeds: any so many, and some sets of one more.
pub(super) fn survivors(sample: &Sample) -> String {
    let servers = sample.servers;
    let survived = |size: usize| {
        let sets = subsets(servers, size);
        let of = sets.len();
        (sets.into_iter().filter(|crashed| (sample.survives)(crashed)).collect::<Vec<_>>(), of)
    };
    let any = (1..=servers).take_while(|size| {
        let (survived, of) = survived(*size);
        survived.len() == of
    });
    let any = any.last().unwrap_or(0);
    let (more, of) = survived(any + 1);
    match (any, more.as_slice()) {
        (0, []) => "none".into(),
        (0, alone) => format!("one of: {}", names(alone.iter().flatten(), sample)),
        (any, []) => format!("any {any} of {servers}"),
        (any, more) => {
            format!("any {any} of {servers}, and {} of the {of} sets of {}", more.len(), any + 1)
        }
    }
}

fn names<'a>(servers: impl Iterator<Item = &'a Id>, sample: &Sample) -> String {
    servers.map(|server| (sample.name)(*server)).collect::<Vec<_>>().join(", ")
}

/// The cost of a second operation when the first is done.
pub(super) fn cost(two: Option<Cost>, one: Option<Cost>) -> String {
    match (two, one) {
        (Some(two), Some(one)) => {
            format!("{}, {}", two.messages - one.messages, two.delays - one.delays)
        }
        _ => "–".into(),
    }
}
