//! The traits through which the search and walks see what they explore.

use crate::check::liveness::Classes;
use crate::models::world::step::{Move, Step};
use crate::models::world::{
    Derived, Event, Fairness, Fingerprint, Reads, Recipe, Renamed, Scopes, Split, Unlike, Weight,
};
use std::cmp::Ordering;

/// What is claimed of a space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// Its name, unique in its space.
    pub(crate) name: &'static str,
    /// What it says.
    pub(crate) says: &'static str,
    /// When its condition must hold.
    pub(crate) kind: Kind,
    /// Whether messages decide it for good, as is claimed.
    pub(crate) is_monotone: bool,
    /// Whether that follows from the form of its condition.
    pub(crate) is_monotone_by_form: bool,
}

/// When a condition must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Always,
    Sometimes,
    Eventually,
    /// Whenever it holds, the condition at this position holds then or later.
    LeadsTo(usize),
}

impl Kind {
    /// `always`, `sometimes`, `eventually` or `leads-to`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Sometimes => "sometimes",
            Self::Eventually => "eventually",
            Self::LeadsTo(_) => "leads-to",
        }
    }

    /// Whether it is about whole behaviours rather than single states.
    pub(crate) fn is_liveness(self) -> bool {
        matches!(self, Self::Eventually | Self::LeadsTo(_))
    }
}

/// A space of states. Each is a vector of words, which mean something to the space alone.
pub(crate) trait Space: Sync {
    /// What is claimed; a claim's position is that of its condition.
    fn claims(&self) -> &[Claim];
    /// What liveness may assume.
    fn fairness(&self) -> Fairness;
    /// The state in which behaviours start.
    fn initial(&self) -> &[u32];
    /// By what a state is known.
    fn fingerprint(&self, state: &[u32]) -> Fingerprint;
    /// One for each thread.
    fn stepper(&self) -> Box<dyn Stepper<'_> + '_>;
    /// Which of two steps of a state is named first when both will do.
    fn compare(&self, state: &[u32], one: Move, other: Move) -> Ordering;
    /// The move of a state that has the name which another has in its own state.
    fn find(&self, state: &[u32], like: (&[u32], Move)) -> Option<Move>;
    /// The classes of steps to which fairness applies.
    fn classes(&self, fairness: Fairness) -> Box<dyn Classes + '_>;

    /// What the conditions look at.
    fn scopes(&self) -> Scopes;
    /// The condition that is the boundary, if there is one.
    fn boundary(&self) -> Option<usize>;
    /// The conditions that hold by what is known of each part alone.
    fn facts(&self, state: &[u32], scopes: &Scopes) -> u64;
    /// Whether condition `at` holds, unless it panics, and what it looked at to find that.
    fn verdict(&self, at: usize, state: &[u32], derived: &Derived) -> (Option<bool>, Reads);
    /// A number that two states in which these parts are the same have in common.
    fn key(&self, state: &[u32], reads: Reads, derived: &Derived) -> u64;
    /// Whether condition `at` holds; the boundary does where it panics.
    fn holds(&self, at: usize, state: &[u32]) -> bool {
        let (said, _) = self.verdict(at, state, &Derived::default());
        said.unwrap_or(Some(at) == self.boundary())
    }
    /// Whether anything has panicked so far.
    fn has_panics(&self) -> bool;
    /// Whether nothing in a state panicked and no condition does.
    fn is_without_panic(&self, state: &[u32]) -> bool;
    /// What was said by whatever panicked in a state.
    fn panic_in(&self, state: &[u32]) -> Option<String>;

    /// The memory that parts of states take.
    fn weight(&self) -> Weight;
    /// Two different parts that have one hash, in words.
    fn hash_clash(&self) -> Option<String>;

    /// Whether of two states with one core the one with more messages can do all that the other can.
    fn is_monotone(&self) -> bool;
    /// A state as its core and its messages.
    fn split<'s>(&self, state: &'s [u32]) -> Split<'s>;
    /// The hash of a message, if no property counts it.
    fn uncounted(&self, message: u32) -> Option<u64>;
    /// The exchanges of nodes that are alike, if there are any; else an error that says why not.
    fn alike(&self) -> Result<Option<Box<dyn Exchanges + '_>>, String>;
    /// How many images a state has under them, but for itself.
    fn images(&self) -> u64;

    /// What another run needs to know this one's states, if it can.
    fn recipes(&self) -> Option<&dyn Recipes>;

    /// Whether it is to be said that a state is not needed any more.
    fn is_released(&self) -> bool {
        false
    }
}

/// How states are told to another run.
pub(crate) trait Recipes {
    /// From what the parts that are known so far came about.
    fn recipe(&self) -> Recipe;
    /// Makes the parts of a recipe again.
    fn remake(&self, recipe: &Recipe) -> Renamed;
    /// Gives a state of another run the words that it has in this one, unless a part is missing.
    fn rename(&self, renamed: &Renamed, state: &mut [u32]) -> bool;
}

/// Finds the steps of states, for one thread.
pub(crate) trait Stepper<'c>: Send {
    /// Appends all steps of a state, each once.
    fn steps(&mut self, state: &[u32], of: Fingerprint, out: &mut Vec<(Move, Step<'c>)>);
    /// The step that a move is, if it is one.
    fn step(&mut self, state: &[u32], of: Fingerprint, what: Move) -> Option<Step<'c>>;
    /// Appends the state to which a step leads. Once of each step.
    fn write(&mut self, state: &[u32], step: &Step<'c>, out: &mut Vec<u32>);
    /// The steps that were found so far are not needed any more.
    fn forget(&mut self) {}
    /// The words by which a state that was written waits: the next that is asked of it is its steps.
    fn settle<'s>(&'s mut self, state: &'s [u32]) -> &'s [u32] {
        state
    }
    /// The words of a state that is not needed any more, where [that is to be said](Space::is_released).
    fn release(&mut self, _state: &[u32]) {}
    /// The memory that this thread's own results take.
    fn bytes(&self) -> u64;

    /// Whether a step changes nothing but what is in flight, and takes nothing away.
    fn only_sends(&self, state: &[u32], step: &Step<'c>) -> bool;
    /// Adds all that can be sent while the core stays as it is, where `last` led here from a state of
    /// which this was done; the fingerprint of what the state becomes. `note` sees what was done.
    fn saturate(
        &mut self,
        state: &mut Vec<u32>,
        of: Fingerprint,
        last: Option<&Step<'c>>,
        note: &mut dyn FnMut(Event),
    ) -> Fingerprint;
    /// A step as an event.
    fn event(&self, state: &[u32], what: Move) -> Option<Event>;
    /// The move that an event is in a state, if it may be possible.
    fn find(&self, state: &[u32], event: Event) -> Option<Move>;
}

/// The exchanges of nodes that are alike, for one thread.
pub(crate) trait Exchanges: Send {
    /// How many there are.
    fn count(&self) -> usize;
    /// What an exchange makes of a state, appended to `out`.
    fn image(&mut self, at: usize, state: &[u32], out: &mut Vec<u32>);
    /// The fingerprints of what each exchange makes of a state.
    fn fingerprints(&mut self, state: &[u32]) -> &[Fingerprint];
    /// Makes sure that whatever may happen in a state is the same in all its images.
    fn compare(&mut self, state: &[u32]) -> Result<(), Unlike>;
    /// Which nodes an exchange moves where.
    fn moved(&self, at: usize) -> Vec<(usize, usize)>;
    /// The memory that they take.
    fn bytes(&self) -> u64;
}
