//! The version that a node of a tree must have, of a write.

use super::CliError;
use crate::models::kv::Op;
use crate::models::kv::offer::Ask;
use crate::models::kv::tree::TreeAsk;

/// The argument of a write to a tree of nodes.
#[derive(clap::Args)]
pub(super) struct Versioned {
    /// Only if the node has this version, as `quorate stat` shows it (zookeeper)
    #[arg(long, value_name = "N")]
    version: Option<u32>,
}

impl Versioned {
    /// The request for a write, if it has a version; `other` is an option that goes with none.
    pub(super) fn ask(&self, op: &Op, other: Option<&str>) -> Result<Option<Ask>, CliError> {
        let Some(version) = self.version else { return Ok(None) };
        if let Some(other) = other {
            let text = format!("--version and {other} are for different protocols");
            return Err(CliError::Usage(text));
        }
        let path = op.key().clone();
        Ok(match op {
            Op::Put { value, .. } => Some(TreeAsk::Set { path, data: value.clone(), version }),
            Op::Delete { .. } => Some(TreeAsk::Delete { path, version }),
            _ => None,
        }
        .map(Ask::Tree))
    }
}
