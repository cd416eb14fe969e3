//! Traces: runs of an instance, as files that name each step in words.
//!
//! A step is named by what it does, not by a number, so that a trace can be read, and still be
//! followed by another version of the program as long as the behaviour is the same. Following it
//! is the proof that it is a behaviour of the model.

use quorate_models::world::{Checkable, Cluster, Observer, changes};
use serde::{Deserialize, Serialize};
use stateright::Model;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The version of the file format.
const FORMAT: u32 = 1;

/// The steps of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// What happens in each step.
    pub actions: Vec<String>,
    /// For a lasso, after how many steps its cycle begins: the steps from there on happen again
    /// and again. If there are none, nothing happens any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<usize>,
}

/// A trace with where it comes from, as it is in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceFile {
    /// The version of the format.
    pub format: u32,
    /// The protocol.
    pub protocol: String,
    /// The instance or mutant.
    #[serde(flatten)]
    pub of: Of,
    /// The property that the trace is a counterexample to, or an example of.
    pub property: String,
    /// The trace.
    #[serde(flatten)]
    pub trace: Trace,
}

/// What a trace is a run of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The instance of this name.
    Instance(String),
    /// The mutant of this name.
    Mutant(String),
}

/// A trace in words.
#[derive(Clone, Debug)]
pub struct Narrative {
    /// Per step: what happens, and what it changes.
    pub steps: Vec<(String, Vec<String>)>,
    /// The position of each step among those possible there, as the Explorer counts.
    pub choices: Vec<usize>,
    /// Every state, from the initial one, as the Explorer prints it.
    pub states: Vec<String>,
}

/// Why a trace cannot be used.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error("cannot read the trace {path}: {source}", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the trace {path}: {source}", path = path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no trace.
    #[error("{at} is not a trace: {source}; write one with `quorate check --counterexample FILE`")]
    Parse {
        /// The file, or what else it is.
        at: String,
        /// Why.
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error("{at} has trace format {found}, this program reads format {FORMAT}")]
    Format {
        /// The file, or what else it is.
        at: String,
        /// Its version.
        found: u32,
    },
    /// The cycle begins where there are no steps any more.
    #[error(
        "the cycle of the trace begins after {cycle} steps, but the trace has only {steps}: \
         it was cut off or edited"
    )]
    CycleBeyondEnd {
        /// Where the cycle begins.
        cycle: usize,
        /// How many steps there are.
        steps: usize,
    },
    /// The cycle is none.
    #[error(
        "the steps of the trace from step {} on do not lead back to where they begin, \
         so they are no cycle", cycle + 1
    )]
    NoCycle {
        /// Where the cycle should begin.
        cycle: usize,
    },
    /// The trace is of a property that there is not.
    #[error("the trace is of the property {name:?}, which this instance does not have")]
    UnknownProperty {
        /// Its name.
        name: String,
    },
    /// The instance cannot do what the trace says.
    #[error(
        "step {step} of the trace is not possible in this instance: {action}\n\
         The trace is of another instance, or the protocol has changed since it was written."
    )]
    Impossible {
        /// Which step, from 1.
        step: usize,
        /// What it says.
        action: String,
    },
}

impl Trace {
    /// A trace of these actions.
    pub fn of_actions<T: Debug>(actions: &[T]) -> Self {
        let actions = actions.iter().map(|action| format!("{action:?}")).collect();
        Self { actions, cycle: None }
    }

    /// Refuses a cycle that begins where there are no steps any more.
    pub(crate) fn check_cycle(&self) -> Result<(), TraceError> {
        let steps = self.actions.len();
        match self.cycle.filter(|cycle| *cycle > steps) {
            Some(cycle) => Err(TraceError::CycleBeyondEnd { cycle, steps }),
            None => Ok(()),
        }
    }

    /// Follows the trace from the initial state.
    ///
    /// # Errors
    /// At the first step that is not possible, and where the cycle of a lasso is none.
    pub fn follow<A: Checkable, H: Observer<A::Msg>>(
        &self,
        cluster: &Cluster<A, H>,
    ) -> Result<Narrative, TraceError> {
        self.check_cycle()?;
        let steps = self.actions.len();
        let mut state = cluster.state(cluster.initial());
        let mut told = Narrative { steps: vec![], choices: vec![], states: vec![] };
        told.states.push(format!("{state:#?}"));
        for (at, wanted) in self.actions.iter().enumerate() {
            let impossible = || TraceError::Impossible { step: at + 1, action: wanted.clone() };
            let mut actions = Vec::new();
            cluster.actions(&state, &mut actions);
            let choice = actions.iter().position(|action| format!("{action:?}") == *wanted);
            let choice = choice.ok_or_else(impossible)?;
            let action = actions.swap_remove(choice);
            let title = cluster.format_action(&action);
            let next = cluster.next_state(&state, action).ok_or_else(impossible)?;
            told.steps.push((title, changes(&state, &next)));
            told.choices.push(choice);
            told.states.push(format!("{next:#?}"));
            state = next;
        }
        match self.cycle.filter(|cycle| told.states[*cycle] != told.states[steps]) {
            Some(cycle) => Err(TraceError::NoCycle { cycle }),
            None => Ok(told),
        }
    }
}

impl TraceFile {
    /// A trace with where it comes from.
    pub fn new(protocol: &str, of: Of, property: &str, trace: &Trace) -> Self {
        Self {
            format: FORMAT,
            protocol: protocol.into(),
            of,
            property: property.into(),
            trace: trace.clone(),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TraceError> {
        let error = |source| TraceError::Write { path: path.into(), source };
        std::fs::write(path, self.text()).map_err(error)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is not a trace of this format.
    pub fn read(path: &Path) -> Result<Self, TraceError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TraceError::Read { path: path.into(), source })?;
        Self::parsed(&text, || path.display().to_string())
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// When it is not a trace of this format.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        Self::parsed(text, || "the text".into())
    }

    fn parsed(text: &str, at: impl Fn() -> String) -> Result<Self, TraceError> {
        let file: Self =
            serde_json::from_str(text).map_err(|source| TraceError::Parse { at: at(), source })?;
        if file.format == FORMAT {
            Ok(file)
        } else {
            Err(TraceError::Format { at: at(), found: file.format })
        }
    }

    /// The same as text, as it is in the file.
    pub fn text(&self) -> String {
        // Only maps with keys that are no strings, and types that refuse, have no JSON form.
        serde_json::to_string_pretty(self).expect("strings and numbers have a JSON form") + "\n"
    }
}

impl Narrative {
    /// Where in the Explorer the trace is: the end of its address. All steps are listed; a lasso
    /// opens at the state where its cycle begins, the cycle listed below it.
    pub fn explorer_path(&self, cycle: Option<usize>) -> String {
        let choices: Vec<_> = self.choices.iter().map(usize::to_string).collect();
        let path = [vec!["/0".to_owned()], choices].concat().join("/");
        match cycle.map(|cycle| self.choices.len().saturating_sub(cycle)) {
            None | Some(0) => path,
            Some(length) => format!("{path}?offset={length}"),
        }
    }
}
