//! `--consistency`: the level of one request.

use super::CliError;
use crate::models::kv::offer::Ask;
use crate::models::kv::{Level, Op};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The argument of a request that chooses how many replicas it waits for.
#[derive(clap::Args)]
pub(super) struct Leveled {
    /// Wait for so many replicas (quorum-store); without it, for as many as the cluster file says. A
    /// serial request is ordered with all others of the key
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    consistency: Option<Level>,
}

fn level() -> impl TypedValueParser<Value = Level> {
    // The parser lets no other name pass.
    PossibleValuesParser::new(Level::ALL.map(Level::name))
        .map(|name| Level::named(&name).unwrap_or_default())
}

impl Leveled {
    /// What to ask for, if there is a level; it excludes the option `other`, which was given.
    pub(super) fn ask(
        &self,
        op: &Op,
        context: Option<&String>,
        other: Option<&str>,
    ) -> Result<Option<Ask>, CliError> {
        match (self.consistency, other) {
            (Some(_), Some(other)) => {
                let text = format!("--consistency and {other} are of different protocols");
                Err(CliError::Usage(text))
            }
            (Some(level), None) => {
                Ok(Some(Ask::At { op: op.clone(), level, context: context.cloned() }))
            }
            (None, _) => Ok(None),
        }
    }
}
