//! Counts the states of an abstract model, within bounds from the command line.

use super::args::Args;
use super::format::Format;
use super::progress::Bar;
use crate::catalogue::{Abstract, Kind, Protocol, UnknownName};
use crate::check::CountLimits;
use crate::check::report::Report;
use crate::cli::{CliError, out, tell};
use crate::models::bound::NoBound;

pub(super) fn execute(protocols: &[Protocol], name: &str, args: &Args) -> Result<u8, CliError> {
    let [protocol] = protocols else {
        return Err(CliError::Usage(format!(
            "--abstract-model needs a protocol: quorate check PROTOCOL --abstract-model {name}"
        )));
    };
    let model = protocol.abstract_model(name)?;
    check_usage(protocol, model, args)?;
    let report = count(protocol, model, args)?;
    let show = tell::Show { property: args.property.as_deref(), expected: args.show_expected };
    match args.format() {
        Format::Json => out::json(&report)?,
        _ => out::print(tell::abstract_model(&report, model.about(), &show, out::width()))?,
    }
    Ok(super::exit_code(&[&report], false))
}

fn check_usage(protocol: &Protocol, model: &dyn Abstract, args: &Args) -> Result<(), CliError> {
    if !matches!(args.format(), Format::Text | Format::Json) {
        return Err(CliError::Usage("an abstract model is reported as text or JSON".into()));
    }
    let known: Vec<_> = model.properties().iter().map(|property| property.name).collect();
    match args.property.as_ref().filter(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let (protocol, kind) = (Some(protocol.name), Kind::Property);
            Err(UnknownName { protocol, kind, name: name.clone(), known }.into())
        }
    }
}

fn count(protocol: &Protocol, model: &dyn Abstract, args: &Args) -> Result<Report, CliError> {
    let changed: Vec<_> = args.bounds.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    let limits = args.limits();
    let limits = CountLimits { time: limits.time, states: limits.states };
    let bar = Bar::new(
        format!("{} {}", protocol.name, model.name()),
        changed.is_empty().then_some(model.expected().unique),
        args.format() != Format::Text,
    );
    let findings = model.count(&changed, limits, &|progress| bar.show(progress, None));
    bar.clear();
    let findings = findings.map_err(|error| refused(protocol, model, error))?;
    Ok(Report::of_abstract_model(protocol.name, model, &changed, findings))
}

fn refused(protocol: &Protocol, model: &dyn Abstract, error: NoBound) -> CliError {
    match error {
        NoBound::Unknown(name) => {
            let known = model.bounds().iter().map(|bound| bound.name).collect();
            UnknownName { protocol: Some(protocol.name), kind: Kind::Bound, name, known }.into()
        }
        NoBound::OutOfRange { name, range, number } => CliError::Usage(format!(
            "the bound {name} of {} is {} to {}, not {number}",
            model.name(),
            range.start(),
            range.end(),
        )),
    }
}
