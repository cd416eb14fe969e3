//! The seeded bug.

use super::Msg;
use super::storage::Table;
use crate::durable::Saved;
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! { Forget }

impl Seeded<Msg, Saved<Table>> for Bug {
    fn forgets(self, _: Id, saved: &Saved<Table>) -> bool {
        match self {
            Self::Forget => !saved.records().is_empty(),
        }
    }
}
