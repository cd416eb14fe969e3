//! What must hold of a session table, judged by the requests that were applied
//! ([`Recorded`]).

use super::{Sessions, Standing};
use crate::kv::machine::{Recorded, StateMachine};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// Whether the clients that were last active, as many as the table has room for, have their
/// sessions. For tables whose byte bound is not reached.
pub fn keeps_active<M: StateMachine>(machine: &Recorded<M>, sessions: &Sessions<M::Reply>) -> bool {
    let mut seen = BTreeSet::new();
    (machine.applied.iter().rev())
        .filter(|(client, _)| seen.insert(*client))
        .take(sessions.outline().limits.clients)
        .all(|(client, seq)| matches!(sessions.standing(*client, *seq), Standing::Repeated(_)))
}

/// Whether no request that was applied is new.
pub fn knows_applied<M: StateMachine>(
    machine: &Recorded<M>,
    sessions: &Sessions<M::Reply>,
) -> bool {
    let mut applied = machine.applied.iter();
    applied.all(|(client, seq)| sessions.standing(*client, *seq) != Standing::New)
}

/// Whether the session of a client that had one is gone.
pub fn has_evicted<M: StateMachine>(machine: &Recorded<M>, sessions: &Sessions<M::Reply>) -> bool {
    let kept: BTreeSet<Id> = sessions.iter().map(|(client, _, _)| client).collect();
    machine.applied.iter().any(|(client, _)| !kept.contains(client))
}
