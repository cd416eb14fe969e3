//! The cluster as a `stateright::Model`: stateright's checkers and Explorer work on it.

use super::action::{Action, ActionOf};
use super::changes::changes;
use super::cluster::{Cluster, MAX_CONDITIONS};
use super::observer::Observer;
use super::parts::Checkable;
use super::property::Kind;
use super::state::State;
use super::step::Move;
use stateright::{Expectation, Model, Path};

impl<A: Checkable, H: Observer<A::Msg>> Model for Cluster<A, H> {
    type State = State<A, H>;
    type Action = ActionOf<A>;

    fn init_states(&self) -> Vec<Self::State> {
        vec![self.state(self.initial())]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        let mut expander = self.expander();
        let mut moves = Vec::new();
        expander.moves(&state.ids, &mut moves);
        moves.retain(|what| expander.step(&state.ids, state.fingerprint, *what).is_some());
        actions.extend(moves.iter().map(|what| self.action(&state.ids, *what)));
        // Ids differ between runs; the order of actions must not, since links count by it.
        actions.sort_unstable();
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        let what = self.find_move(&state.ids, &action)?;
        self.take(state, what)
    }

    fn format_action(&self, action: &Self::Action) -> String {
        let name = |id| self.0.name(id);
        match action {
            Action::Deliver(e) => format!("{} → {}: {:?}", name(e.src), name(e.dst), e.msg),
            Action::Drop(e) => format!("lost: {} → {}: {:?}", name(e.src), name(e.dst), e.msg),
            Action::Timeout(id, timer) => format!("{}: timer {timer:?}", name(*id)),
            Action::Choose(id, key, choice) => format!("{}: {key} = {choice:?}", name(*id)),
            Action::Crash(id) => format!("{}: crash", name(*id)),
            Action::Restart(id) => format!("{}: restart", name(*id)),
            Action::Flush(id) => format!("{}: disk write", name(*id)),
            Action::Replace(id) => format!("disk replaced: {}", name(*id)),
            Action::Cut(one, other) => format!("cut: {} and {}", name(*one), name(*other)),
        }
    }

    fn format_step(&self, state: &Self::State, action: Self::Action) -> Option<String> {
        let next = self.next_state(state, action)?;
        Some(changes(state, &next).join("\n"))
    }

    fn as_svg(&self, path: Path<Self::State, Self::Action>) -> Option<String> {
        Some(self.diagram(path, None))
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        safety_properties(self)
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        self.boundary().is_none_or(|at| self.holds(at, &state.ids))
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// The state after a move, if it is a step.
    fn take(&self, state: &State<A, H>, what: Move) -> Option<State<A, H>> {
        let mut expander = self.expander();
        let step = expander.step(&state.ids, state.fingerprint, what)?;
        let mut ids = Vec::with_capacity(state.ids.len() + 4);
        expander.write(&state.ids, &step, &mut ids);
        let fingerprint = step.fingerprint;
        let inner = std::sync::Arc::clone(&self.0);
        Some(State { ids: ids.into_boxed_slice(), fingerprint, inner })
    }
}

/// A model whose properties are known by position.
///
/// Stateright's properties are plain functions, which cannot carry a position; one function is made
/// for each.
pub trait Judged: Model {
    /// Whether the condition of property `at` holds.
    fn judge(&self, at: usize, state: &Self::State) -> bool;
}

impl<A: Checkable, H: Observer<A::Msg>> Judged for Cluster<A, H> {
    fn judge(&self, at: usize, state: &Self::State) -> bool {
        self.holds(at, &state.ids)
    }
}

type Judge<M> = fn(&M, &<M as Model>::State) -> bool;

/// The conditions of a model's properties, by position.
fn judges<M: Judged>() -> [Judge<M>; MAX_CONDITIONS] {
    fn judge<M: Judged, const AT: usize>(model: &M, state: &M::State) -> bool {
        model.judge(AT, state)
    }
    macro_rules! table {
        ($($at:literal)*) => { [$(judge::<M, $at>),*] };
    }
    table!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60
        61 62
    )
}

/// The safety properties of a cluster, for a model that judges them by the same positions.
pub fn safety_properties<A, H, M>(cluster: &Cluster<A, H>) -> Vec<stateright::Property<M>>
where
    A: Checkable,
    H: Observer<A::Msg>,
    M: Judged,
{
    let conditions = judges::<M>();
    (cluster.setup().properties.iter().zip(conditions))
        .filter_map(|(property, condition)| {
            let expectation = match property.kind {
                Kind::Always => Expectation::Always,
                Kind::Sometimes => Expectation::Sometimes,
                // Stateright cannot decide liveness on graphs with cycles.
                Kind::Eventually | Kind::LeadsTo(_) => return None,
            };
            Some(stateright::Property { expectation, name: property.name, condition })
        })
        .collect()
}
