//! The tables of an instance: what each handler run does, in numbers from 1, as TLA+ counts.

use super::bound::Bound;
use super::error::ExportError;
use super::numbering::Numbering;
use super::parts::{Effect, Event, Message, Part};
use super::survey::Survey;
use super::truth::{Truth, truths};
use crate::models::world::{Setting, Tabular};
use std::collections::BTreeMap;

/// The tables of an instance. All numbers are from 1; 0 is none.
#[derive(Clone, Debug)]
pub struct Tables {
    /// How its world is set.
    pub setting: Setting,
    /// How many states were met.
    pub states: usize,
    pub(super) messages: Vec<Message>,
    /// The links that messages travel on, by number.
    pub(super) links: Vec<(usize, usize)>,
    pub(super) events: Vec<Event>,
    pub(super) parts: Vec<Part>,
    pub(super) effects: Vec<Effect>,
    /// What each history becomes, by what it sees.
    pub(super) histories: Vec<BTreeMap<usize, usize>>,
    /// What is bounded.
    pub(super) left: Vec<Bound>,
    pub(super) start: Start,
    /// By condition: in which states it holds.
    pub(super) truths: Vec<Truth>,
}

/// The initial state.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) node: String,
    pub(super) left: String,
    pub(super) history: usize,
    pub(super) network: String,
}

impl Tables {
    /// The tables of a cluster that has `limit` states at most.
    ///
    /// # Errors
    /// When it has more, when something panics, or when its rules or conditions are such that there is
    /// no table of them.
    pub fn of(cluster: &dyn Tabular, limit: usize) -> Result<Self, ExportError> {
        let survey = Survey::new(cluster, limit)?;
        let mut numbering = Numbering::of(&survey);
        let (events, left, parts) = numbering.happenings(&survey);
        numbering.describe(&survey);
        let mut histories = vec![BTreeMap::new(); numbering.histories.list.len()];
        for ((before, what), after) in &survey.observed {
            let before = numbering.histories.of(before);
            let after = numbering.histories.of(after);
            histories[before - 1].insert(numbering.seen.of(what), after);
        }
        let truths = truths(&survey, &mut numbering, &left)?;
        let start = start(&survey, &mut numbering, &left);
        Ok(Self {
            states: survey.states.len(),
            messages: numbering.described,
            links: numbering.links.list,
            effects: numbering.effects.list,
            setting: survey.setting,
            events,
            parts,
            histories,
            left,
            start,
            truths,
        })
    }
}

fn start(survey: &Survey<'_>, numbering: &mut Numbering, left: &[Bound]) -> Start {
    let state = &survey.states[0];
    Start {
        node: numbering.node(survey, state),
        left: Numbering::left(survey, state, left),
        history: numbering.histories.of(&survey.history(state)),
        network: numbering.network(survey, state),
    }
}
