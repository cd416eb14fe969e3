//! The bounds of instances as options of their own, `--servers 3`: those of all protocols of the list.

use super::Args;
use crate::catalogue::Catalogue;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::collections::BTreeSet;

/// The command line with an option for each bound. They are not shown by `--help`, where `--bound` says
/// where to find them.
pub(crate) fn with_bounds(command: Command, catalogue: &Catalogue) -> Command {
    command.mut_subcommand("check", |check| {
        let taken: BTreeSet<String> =
            check.get_arguments().map(|arg| arg.get_id().to_string()).collect();
        let names = names(catalogue).into_iter().filter(|name| !taken.contains(*name));
        let option = |name| {
            Arg::new(name)
                .long(name)
                .value_name("N")
                .value_parser(value_parser!(u64))
                .conflicts_with_all(["instance", "mutant", "deep", "abstract_model"])
                .hide(true)
        };
        check.args(names.map(option).collect::<Vec<_>>())
    })
}

/// Puts the bounds that were given by options of their own beside those of `--bound`.
pub(crate) fn take_bounds(args: &mut Args, matches: &ArgMatches, catalogue: &Catalogue) {
    for name in names(catalogue) {
        if let Ok(Some(number)) = matches.try_get_one::<u64>(name) {
            args.bounds.push((name.to_owned(), *number));
        }
    }
}

fn names(catalogue: &Catalogue) -> BTreeSet<&'static str> {
    let choices = catalogue.protocols.iter().filter_map(|protocol| protocol.choice.as_ref());
    choices.flat_map(|choice| choice.bounds()).map(|bound| bound.name).collect()
}
