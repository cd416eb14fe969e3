//! The abstract model of two-phase commit: Gray and Lamport 2006, section 3 and appendix, the
//! module *`TwoPhase`* in TLA+.
//!
//! One transaction; resource managers (our participants) and a transaction manager (our
//! coordinator). No crashes, since what they could do is already allowed: a resource manager or the
//! transaction manager may abort at any time before it is bound, and any action may never
//! happen. Actions are here exactly the specification's, repetitions included, so that the number
//! of states is the one that TLC reports; [`refinement`](super::refinement) shows that the
//! protocol only makes its steps.

use crate::Expected;
use crate::abstract_model::AbstractModel;
use crate::bound::Bound;
use crate::statements;
use stateright::{Model, Property};
use std::collections::BTreeSet;

statements! {
    pub CONSISTENT = "consistent", "no resource manager commits while another aborts",
        "Gray and Lamport 2006, section 3, TCConsistent";
    pub ALL_ABORT = "all-abort", "all resource managers abort";
    pub ALL_COMMIT = "all-commit", "all resource managers commit";
}

/// The specification, within bounds for which TLC's counts are published.
pub fn abstract_model() -> AbstractModel<TwoPhase> {
    AbstractModel {
        name: "two-phase",
        about: "one transaction of resource managers and a transaction manager",
        source: "Gray and Lamport 2006, the TLA+ module TwoPhase",
        model: TwoPhase { resource_managers: 3 },
        bounds: &[Bound {
            name: "resource-managers",
            about: "how many resource managers there are: RM",
            range: 1..=64,
            get: |model| model.resource_managers as u64,
            set: |model, count| model.resource_managers = count as usize,
        }],
        properties: &[CONSISTENT, ALL_ABORT, ALL_COMMIT],
        expected: Expected { unique: 288, generated: 1_146, violated: &[] },
    }
}

/// The specification, for resource managers numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoPhase {
    /// How many resource managers there are.
    pub resource_managers: usize,
}

/// The state of a resource manager: `rmState[r]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RmState {
    /// At work.
    Working,
    /// It can go either way.
    Prepared,
    /// It committed.
    Committed,
    /// It aborted.
    Aborted,
}

/// The state of the transaction manager: `tmState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TmState {
    /// It has not decided.
    Init,
    /// It decided to commit.
    Committed,
    /// It decided to abort.
    Aborted,
}

/// A message: an element of `msgs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// This resource manager is prepared.
    Prepared(usize),
    /// The transaction committed.
    Commit,
    /// The transaction aborted.
    Abort,
}

/// A state of the specification.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TwoPhaseState {
    /// The resource managers.
    pub rm_state: Vec<RmState>,
    /// The transaction manager.
    pub tm_state: TmState,
    /// The resource managers from which it has heard that they are prepared.
    pub tm_prepared: BTreeSet<usize>,
    /// All messages that were sent.
    pub msgs: BTreeSet<Message>,
}

/// A step of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TwoPhaseAction {
    /// `TMCommit`.
    TmCommit,
    /// `TMAbort`.
    TmAbort,
    /// `TMRcvPrepared(r)`.
    TmRcvPrepared(usize),
    /// `RMPrepare(r)`.
    RmPrepare(usize),
    /// `RMChooseToAbort(r)`.
    RmChooseToAbort(usize),
    /// `RMRcvCommitMsg(r)`.
    RmRcvCommitMsg(usize),
    /// `RMRcvAbortMsg(r)`.
    RmRcvAbortMsg(usize),
}

impl TwoPhase {
    /// The one initial state.
    pub fn initial(&self) -> TwoPhaseState {
        TwoPhaseState {
            rm_state: vec![RmState::Working; self.resource_managers],
            tm_state: TmState::Init,
            tm_prepared: BTreeSet::new(),
            msgs: BTreeSet::new(),
        }
    }

    /// The steps that are enabled in a state.
    pub fn enabled(&self, state: &TwoPhaseState) -> Vec<TwoPhaseAction> {
        let undecided = state.tm_state == TmState::Init;
        let all = state.tm_prepared.len() == self.resource_managers;
        let has = |message| state.msgs.contains(&message);
        let mut steps = Vec::new();
        let mut add = |enabled, step| {
            if enabled {
                steps.push(step);
            }
        };
        add(undecided && all, TwoPhaseAction::TmCommit);
        add(undecided, TwoPhaseAction::TmAbort);
        for rm in 0..self.resource_managers {
            let working = state.rm_state[rm] == RmState::Working;
            add(undecided && has(Message::Prepared(rm)), TwoPhaseAction::TmRcvPrepared(rm));
            add(working, TwoPhaseAction::RmPrepare(rm));
            add(working, TwoPhaseAction::RmChooseToAbort(rm));
            add(has(Message::Commit), TwoPhaseAction::RmRcvCommitMsg(rm));
            add(has(Message::Abort), TwoPhaseAction::RmRcvAbortMsg(rm));
        }
        steps
    }

    /// The state after a step that is enabled.
    pub fn after(mut state: TwoPhaseState, step: TwoPhaseAction) -> TwoPhaseState {
        match step {
            TwoPhaseAction::TmCommit => {
                state.tm_state = TmState::Committed;
                state.msgs.insert(Message::Commit);
            }
            TwoPhaseAction::TmAbort => {
                state.tm_state = TmState::Aborted;
                state.msgs.insert(Message::Abort);
            }
            TwoPhaseAction::TmRcvPrepared(rm) => {
                state.tm_prepared.insert(rm);
            }
            TwoPhaseAction::RmPrepare(rm) => {
                state.rm_state[rm] = RmState::Prepared;
                state.msgs.insert(Message::Prepared(rm));
            }
            TwoPhaseAction::RmChooseToAbort(rm) | TwoPhaseAction::RmRcvAbortMsg(rm) => {
                state.rm_state[rm] = RmState::Aborted;
            }
            TwoPhaseAction::RmRcvCommitMsg(rm) => state.rm_state[rm] = RmState::Committed,
        }
        state
    }
}

impl Model for TwoPhase {
    type State = TwoPhaseState;
    type Action = TwoPhaseAction;

    fn init_states(&self) -> Vec<TwoPhaseState> {
        vec![self.initial()]
    }

    fn actions(&self, state: &TwoPhaseState, actions: &mut Vec<TwoPhaseAction>) {
        actions.extend(self.enabled(state));
    }

    fn next_state(&self, state: &TwoPhaseState, step: TwoPhaseAction) -> Option<TwoPhaseState> {
        Some(Self::after(state.clone(), step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(CONSISTENT.name, |_: &Self, state: &TwoPhaseState| {
                let has = |what| state.rm_state.contains(&what);
                !(has(RmState::Committed) && has(RmState::Aborted))
            }),
            Property::sometimes(ALL_ABORT.name, |_: &Self, state: &TwoPhaseState| {
                state.rm_state.iter().all(|rm| *rm == RmState::Aborted)
            }),
            Property::sometimes(ALL_COMMIT.name, |_: &Self, state: &TwoPhaseState| {
                state.rm_state.iter().all(|rm| *rm == RmState::Committed)
            }),
        ]
    }
}
