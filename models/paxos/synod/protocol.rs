//! The synod as the tools see it: checked, but not deployed.

use super::{Synod, guarantees, instances, mutants};
use crate::guarantee::Guarantee;
use crate::protocol::Protocol;
use crate::{Instance, Mutant};

impl Protocol for Synod {
    const NAME: &'static str = "synod";
    const ABOUT: &'static str = "single-decree Paxos, in the paper's roles: one value is chosen";
    type Checked = Self;
    type History = ();

    fn instances() -> Vec<Instance<Self, ()>> {
        instances::instances()
    }

    fn mutants() -> Vec<Mutant<Self, ()>> {
        mutants::mutants()
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }
}
