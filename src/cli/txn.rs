//! `quorate txn`: several operations on a cluster's map, all or none of them.

use super::client::{Common, EXIT_CODES, bytes, perform};
use super::{CliError, JSON_ERRORS};
use crate::catalogue::Catalogue;
use crate::models::kv::offer::Ask;
use crate::models::kv::{Bytes, Op, Transaction};
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, error::ErrorKind};

/// Do several operations atomically: all of them or none
///
/// They take effect in the given order, at one point in time, and a read sees the writes before it.
/// If a condition (`--expect`, `--expect-absent`) does not hold,
/// nothing is done. Prints one line for each operation.
#[derive(clap::Args)]
#[command(override_usage = "quorate txn [OPTIONS] --cluster <FILE> <OPERATION>...")]
#[command(after_help = format!(
    "A key ends at the first `=`.\n\n{EXIT_CODES}\n{JSON_ERRORS}\n\nExamples:\n  \
     quorate txn --put a=1 --put b=2 --get c --delete d --cluster cluster.toml\n  \
     quorate txn --expect a=1 --expect-absent d --put a=2 --cluster cluster.toml"
))]
pub(crate) struct Args {
    #[command(flatten)]
    ops: Ops,
    #[command(flatten)]
    pub(crate) common: Common,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    perform(catalogue, &args.common, &Ask::Together(Transaction { ops: args.ops.0.clone() }))
}

/// The operations, in the order of the command line.
struct Ops(Vec<Op>);

/// How an operation is written, and what that means.
struct Form {
    name: &'static str,
    value: &'static str,
    help: &'static str,
    op: fn(&str) -> Result<Op, String>,
}

const FORMS: [Form; 5] = [
    Form {
        name: "put",
        value: "KEY=VALUE",
        help: "Set the value of a key",
        op: |text| pair(text).map(|(key, value)| Op::Put { key, value }),
    },
    Form {
        name: "get",
        value: "KEY",
        help: "Read the value of a key",
        op: |text| Ok(Op::Get { key: bytes(text) }),
    },
    Form {
        name: "delete",
        value: "KEY",
        help: "Remove a key",
        op: |text| Ok(Op::Delete { key: bytes(text) }),
    },
    Form {
        name: "expect",
        value: "KEY=VALUE",
        help: "Do nothing unless the key has this value",
        op: |text| {
            let (key, value) = pair(text)?;
            // A value that is as expected stays as it is.
            Ok(Op::Cas { key, expected: Some(value.clone()), new: Some(value) })
        },
    },
    Form {
        name: "expect-absent",
        value: "KEY",
        help: "Do nothing unless the key is absent",
        op: |text| Ok(Op::Cas { key: bytes(text), expected: None, new: None }),
    },
];

fn pair(text: &str) -> Result<(Bytes, Bytes), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((bytes(key), bytes(value)))
}

impl clap::Args for Ops {
    fn augment_args(command: Command) -> Command {
        let names = FORMS.map(|form| form.name);
        let args = FORMS.map(|form| {
            Arg::new(form.name)
                .long(form.name)
                .value_name(form.value)
                .help(form.help)
                .action(ArgAction::Append)
                .value_parser(form.op)
        });
        let group = clap::ArgGroup::new("ops").args(names).multiple(true).required(true);
        command.args(args).group(group)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Ops {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut placed = Vec::new();
        for form in FORMS {
            let values = matches.get_many::<Op>(form.name).into_iter().flatten().cloned();
            placed.extend(matches.indices_of(form.name).into_iter().flatten().zip(values));
        }
        placed.sort_by_key(|(place, _)| *place);
        if placed.is_empty() {
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, "no operation\n"));
        }
        Ok(Self(placed.into_iter().map(|(_, op)| op).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Vec<Op>, clap::Error> {
        let command = <Ops as clap::Args>::augment_args(Command::new("txn").no_binary_name(true));
        Ops::from_arg_matches(&command.try_get_matches_from(args)?).map(|ops| ops.0)
    }

    #[test]
    fn operations_keep_their_order() {
        let args = ["--put", "a=1", "--get", "a", "--put", "b=x=y", "--expect-absent", "c"];
        let absent = Op::Cas { key: "c".into(), expected: None, new: None };
        let ops = vec![Op::put("a", "1"), Op::get("a"), Op::put("b", "x=y"), absent];
        assert_eq!(parse(&args).unwrap(), ops);
        assert!(parse(&[]).is_err());
        assert!(parse(&["--put", "a"]).unwrap_err().to_string().contains("KEY=VALUE"));
    }
}
