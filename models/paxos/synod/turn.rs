//! One event at one node: the context of the handlers, for each role.

use super::config::{Config, Synod};
use super::state::{Acceptor, Learner, Proposer};
use crate::turn::Turn;

/// One event at an acceptor.
pub(super) type Accepting<'a, 's> = Turn<'a, 's, Config, Acceptor, Synod>;
/// One event at a proposer.
pub(super) type Proposing<'a, 's> = Turn<'a, 's, Config, Proposer, Synod>;
/// One event at the learner.
pub(super) type Learning<'a, 's> = Turn<'a, 's, Config, Learner, Synod>;
