//! Spending from a budget: what is left is found once for each budget and kind.

use super::cluster::Inner;
use super::observer::Observer;
use super::parts::{Checkable, Spend};
use super::setup::Rules;

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// What is left of a budget; `None` if it does not suffice.
    pub(super) fn spend(&self, budget: u32, spend: Spend) -> Option<u32> {
        let kind = match spend {
            Spend::Nothing => return Some(budget),
            Spend::Crash => 0,
            Spend::Restart => 1,
            Spend::Timer(kind) => 3 + usize::from(kind),
            Spend::Disk => 2,
            Spend::Cut(link) => 3 + self.setup.faults.timers.len() + usize::from(link),
        };
        *self.tables.budgets.head(budget).extra[kind].get_or_init(|| {
            let after = self.tables.budgets.value(budget).after(spend);
            after.map(|after| self.intern_budget(after))
        })
    }

    /// What is spent of a kind, as it is numbered in [`Self::spend`]; nothing if there is no such kind.
    pub(super) fn spending(&self, kind: u32) -> Spend {
        let timers = 3..3 + self.setup.faults.timers.len() as u32;
        let links = timers.end..timers.end + self.setup.cuts.links.len() as u32;
        match kind {
            0 => Spend::Crash,
            1 => Spend::Restart,
            2 => Spend::Disk,
            _ if timers.contains(&kind) => Spend::Timer((kind - timers.start) as u8),
            _ if links.contains(&kind) => Spend::Cut((kind - links.start) as u8),
            _ => Spend::Nothing,
        }
    }

    /// Under stateright's rules the bound on crashes is on how many are down at once.
    pub(super) fn has_room_to_crash(&self, state: &[u32]) -> bool {
        let down = |id: &&u32| !self.tables.nodes.head(**id).extra.up;
        self.setup.rules == Rules::Quorate
            || state[..self.budget_at()].iter().filter(down).count()
                < usize::from(self.setup.faults.crashes)
    }
}
