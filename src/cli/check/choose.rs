//! Chooses the instances and mutants to check. An unknown name is an error before any check.

use super::args::Args;
use crate::catalogue::{Abstract, Case, Kind, NoChoice, Protocol, SeededBug, Subject, UnknownName};
use crate::check::report::Report;
use crate::check::{Findings, Reduce};
use crate::cli::CliError;
use std::collections::BTreeSet;

/// An instance or a mutant, and of which protocol.
pub(super) struct Chosen<'a> {
    pub(super) protocol: &'static str,
    which: Which<'a>,
}

enum Which<'a> {
    Instance(&'a dyn Case),
    /// Of bounds from the command line.
    Built(&'static dyn Subject),
    Mutant(&'a dyn SeededBug),
}

impl Chosen<'_> {
    pub(super) fn subject(&self) -> &dyn Subject {
        match self.which {
            Which::Instance(case) => case,
            Which::Built(built) => built,
            Which::Mutant(mutant) => mutant,
        }
    }

    /// Whether somebody has counted its states, or it is none whose states are recorded: a mutant, or an
    /// instance of one's own.
    pub(super) fn is_counted(&self) -> bool {
        match self.which {
            Which::Instance(case) => case.expected().counted().is_some(),
            Which::Built(_) | Which::Mutant(_) => true,
        }
    }

    /// How many states there are, where that is recorded.
    pub(super) fn expected_states(&self, reduce: Reduce) -> Option<u64> {
        match self.which {
            Which::Instance(case) => match (reduce, case.reduced()) {
                (Reduce::Never, _) | (Reduce::Recorded, None) => case.expected().counted(),
                (Reduce::Recorded, Some(_)) | (Reduce::Always, _) => None,
            },
            Which::Built(_) | Which::Mutant(_) => None,
        }
    }

    pub(super) fn report(&self, findings: Findings) -> Report {
        match self.which {
            Which::Instance(case) => Report::new(self.protocol, case, findings),
            Which::Built(built) => Report::of_chosen(self.protocol, built, findings),
            Which::Mutant(mutant) => Report::of_mutant(self.protocol, mutant, findings),
        }
    }

    fn claims(&self, property: &str) -> bool {
        self.subject().properties().iter().any(|known| known.name == property)
    }
}

pub(super) fn chosen<'a>(
    protocols: &'a [Protocol],
    args: &Args,
) -> Result<Vec<Chosen<'a>>, CliError> {
    let mut all = match (&args.instance, &args.mutant, protocols) {
        _ if !args.bounds.is_empty() => vec![built(protocols, args)?],
        (_, Some(name), _) => mutants(protocols, name)?,
        (Some(name), None, [protocol]) => vec![instance(protocol, protocol.case(name)?)],
        (Some(name), None, _) => {
            return Err(CliError::Usage(format!(
                "--instance needs a protocol: quorate check PROTOCOL --instance {name}"
            )));
        }
        (None, None, _) => instances(protocols),
    };
    if let Some(property) = &args.property {
        let known = all.iter().flat_map(|one| one.subject().properties());
        let known: BTreeSet<_> = known.map(|property| property.name).collect();
        all.retain(|one| one.claims(property));
        if all.is_empty() {
            return Err(
                unknown(protocols, Kind::Property, property, known.into_iter().collect()).into()
            );
        }
    }
    let is_wanted = |one: &Chosen<'_>| match one.which {
        Which::Instance(case) => args.deep || args.instance.is_some() || !case.is_deep(),
        Which::Built(_) | Which::Mutant(_) => true,
    };
    if !all.iter().any(is_wanted) {
        return Err(CliError::Usage("only deep instances claim that: add --deep".into()));
    }
    all.retain(is_wanted);
    Ok(all)
}

fn instance<'a>(protocol: &Protocol, case: &'a dyn Case) -> Chosen<'a> {
    Chosen { protocol: protocol.name, which: Which::Instance(case) }
}

/// The instance of the bounds that are asked for.
fn built<'a>(protocols: &'a [Protocol], args: &Args) -> Result<Chosen<'a>, CliError> {
    let [protocol] = protocols else {
        let names: Vec<_> =
            args.bounds.iter().map(|(name, number)| format!("{name}={number}")).collect();
        return Err(CliError::Usage(format!(
            "bounds need a protocol: quorate check PROTOCOL --bound {}",
            names.join(",")
        )));
    };
    let bounds: Vec<_> =
        args.bounds.iter().map(|(name, number)| (name.as_str(), *number)).collect();
    let built = protocol.within(&bounds).map_err(|error| of_a_model(protocol, error))?;
    Ok(Chosen { protocol: protocol.name, which: Which::Built(built) })
}

/// Where there is no such bound, an abstract model may have it.
fn of_a_model(protocol: &Protocol, error: NoChoice) -> CliError {
    let NoChoice::Unknown(unknown) = &error else { return error.into() };
    let has_it =
        |model: &&dyn Abstract| model.bounds().iter().any(|bound| bound.name == unknown.name);
    match protocol.abstract_models.iter().map(AsRef::as_ref).find(has_it) {
        None => error.into(),
        Some(model) => CliError::Usage(format!(
            "{} is a bound of an abstract model: add --abstract-model {}",
            unknown.name,
            model.name()
        )),
    }
}

fn instances(protocols: &[Protocol]) -> Vec<Chosen<'_>> {
    let all = protocols
        .iter()
        .map(|protocol| protocol.cases.iter().map(move |case| instance(protocol, case.as_ref())));
    all.flatten().collect()
}

/// The mutants of this name: two protocols may have the same bug.
fn mutants<'a>(protocols: &'a [Protocol], name: &str) -> Result<Vec<Chosen<'a>>, CliError> {
    let found: Vec<_> = (protocols.iter())
        .filter_map(|protocol| {
            let which = Which::Mutant(protocol.mutant(name).ok()?);
            Some(Chosen { protocol: protocol.name, which })
        })
        .collect();
    if found.is_empty() {
        let known = protocols.iter().flat_map(|protocol| &protocol.mutants);
        let known = known.map(|mutant| mutant.name()).collect();
        return Err(unknown(protocols, Kind::Mutant, name, known).into());
    }
    Ok(found)
}

fn unknown(
    protocols: &[Protocol],
    kind: Kind,
    name: &str,
    known: Vec<&'static str>,
) -> UnknownName {
    let protocol = match protocols {
        [only] => Some(only.name),
        _ => None,
    };
    UnknownName { protocol, kind, name: name.into(), known }
}
