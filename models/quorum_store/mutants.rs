//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

use super::bounds::{
    Bounds, cas, cells, in_order, in_turn, lossy, missed, purging, purging_twice,
    purging_within_read, put, reader, repeating, repeating_serially, rivalry, rivals, serial_get,
    three_deleting, twins, two_keys, two_keys_serially, unfinished, with,
};
use super::bugs::Bug;
use super::config::{Handoff, Purge, Stamps, WriteMode};
use super::history::History;
use super::message::Level;
use super::moving::{
    joining, joining_one, ordered_at_once, taken_over_in_turn, taken_over_lossily,
    taken_over_serially,
};
use super::properties::{self as claims, Actor};
use super::several_bounds::{at_once_elsewhere, handed, missed_beside, own_write, returning};
use super::several_claims as several;
use crate::Mutant;
use crate::seeded::{mutants, mutants_of};
use crate::world::{CHECKPOINT, NetworkKind};

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    mutants_of(seeded())
}

mutants! {
    Actor, History, Bug, Bounds::seeded;
    AnswerBeforeRepair: "a read sends its repair, and answers before that is acknowledged",
        "answer-before-repair" by claims::MONOTONIC in reader(vec![put(0, "a")]);
    RepairOneFewer: "a read waits for one replica fewer than it read",
        "repair-one-fewer" by claims::MONOTONIC in reader(vec![put(0, "a")]),
        "repair-one-fewer-atomic" by claims::LINEARIZABLE in reader(vec![put(0, "a")]);
    CountDuplicates: "an acknowledgment that comes twice counts twice",
        "count-duplicates" by claims::HELD in Bounds { held: 3, ..Bounds::new(3, vec![vec![with(Level::All, put(0, "a"))]]) };
    CountHints: "a hint that the coordinator keeps counts as an acknowledgment",
        "count-hints" by claims::REGULAR in missed(Handoff::Strict),
        "count-hints-beside" by several::SEES_ACKNOWLEDGED in missed_beside();
    DigestIsEnough: "digests are compared by their timestamps alone",
        "digest-is-enough" by claims::LINEARIZABLE in twins();
    LastArrivalWins: "of equal timestamps the version that arrives last wins",
        "last-arrival-wins" by claims::LINEARIZABLE in twins();
    ClockNotPastRead: "a hybrid clock does not move past the timestamps that its node sees",
        "clock-not-past-read" by claims::CAUSAL in rivals();
    QueryOneFewer: "a write asks one replica fewer for the newest timestamp",
        "query-one-fewer" by claims::NOT_OUTLIVED in Bounds { write: WriteMode::Query, ..in_turn() };
    PurgeUnrepaired: "a tombstone goes before all replicas have it",
        "purge-unrepaired" by claims::DELETED in Bounds { purge: Purge::AfterRepair, resends: Some(1), ..three_deleting() };
    LateHint: "a version that is older than a tombstone that went is taken again",
        "late-hint" by claims::DELETED in purging();
    RefuseLate: "a value that is older than a tombstone of another key that went is never taken, whoever holds it",
        "refuse-late" by claims::ANSWERED in two_keys();
    StaleAnswer: "such a value is taken from an answer that was given before the tombstone went",
        "stale-answer" by claims::DELETED in purging_twice();
    TrustAbsent: "a read takes a value for the newest though its tombstone may have gone at another replica meanwhile",
        "trust-absent" by claims::DELETED in purging_within_read();
    CommitUntaken: "a replica acknowledges a commit whose value it did not take, because that came late",
        "commit-untaken" by claims::HELD in two_keys_serially();
    ForgetWrite: "a replica acknowledges a version that it did not save",
        "forget-write" by claims::HELD in Bounds { crashes: 1, ..reader(vec![put(0, "a")]) },
        "forget-write-unread" by CHECKPOINT in Bounds::new(3, vec![vec![put(0, "a")]]);
    NoHints: "hints are kept and never sent",
        "no-hints" by claims::HINTS_ARRIVE in Bounds { handoff: Handoff::Strict, deadlines: 1, resends: Some(0), repairs: Some(0), ..lossy(vec![with(Level::One, put(0, "a"))]) };
    NoRepairTimer: "nodes do not exchange what they have",
        "no-repair-timer" by claims::CONVERGES in Bounds { resends: Some(0), retries: Some(0), ..lossy(vec![with(Level::One, put(0, "a"))]) };
    ResendNothing: "a coordinator sends everything once",
        "resend-nothing" by claims::ANSWERED in Bounds { repairs: Some(0), ..lossy(vec![put(0, "a")]) };
    MixCells: "of equal timestamps the larger of each byte wins",
        "mix-cells" by claims::WRITTEN in cells(Stamps::Bare);
    FailDone: "a write that enough replicas have is reported as failed",
        "fail-done" by claims::NO_EFFECT in reader(vec![put(0, "a")]);
    SerialReadWithoutProposal: "a serial read proposes nothing (CASSANDRA-12126)",
        "serial-read-without-proposal" by claims::SETTLED in unfinished([serial_get(1), serial_get(1)]);
    FailedCasWithoutProposal: "a compare-and-swap whose condition does not hold proposes nothing (CASSANDRA-12126)",
        "failed-cas-without-proposal" by claims::SETTLED in unfinished([cas(1, Some("z"), "b"), serial_get(1)]);
    SkipUnfinished: "an accepted proposal of a smaller ballot is not finished",
        "skip-unfinished" by claims::LINEARIZABLE in rivalry();
    FinishCommitted: "a proposal is finished that the most recent commit covers",
        "finish-committed" by claims::LINEARIZABLE in in_order(vec![vec![cas(0, None, "a"), cas(0, Some("a"), "b"), serial_get(1)]]);
    NoRefresh: "replicas that miss the most recent commit do not get it before the proposal",
        "no-refresh" by claims::KNOWN in Bounds {
            network: NetworkKind::Single,
            ..Bounds::new(3, vec![vec![cas(0, None, "a")], vec![serial_get(2)]])
        };
    BreakPromise: "an acceptor accepts a smaller ballot than it promised",
        "break-promise" by claims::KEPT in Bounds { network: NetworkKind::Set, ..rivalry() };
    BareBallots: "ballots do not name their node",
        "bare-ballots" by claims::ONE_UPDATE in rivalry();
    ForgetPromise: "an acceptor does not save what it promises",
        "forget-promise" by claims::KEPT in Bounds { crashes: 1, ..Bounds::new(3, vec![vec![serial_get(0)]]) };
    ForgetAccepted: "an acceptor does not save what it accepts",
        "forget-accepted" by claims::KEPT in Bounds { crashes: 1, ..Bounds::new(3, vec![vec![serial_get(0)]]) };
    ForgetTaken: "a node does not save which timestamp it gave to whose write",
        "forget-taken" by claims::LINEARIZABLE in repeating();
    IgnorePending: "pending replicas are neither asked nor written to",
        "ignore-pending" by claims::LINEARIZABLE in taken_over_in_turn();
    PendingNotCounted: "a request in a move waits for as many replicas as before",
        "pending-not-counted" by claims::LINEARIZABLE in taken_over_in_turn();
    NaturalReads: "a read in a move waits for as many replicas as before, as Cassandra's do",
        "natural-reads" by claims::LINEARIZABLE in taken_over_in_turn();
    ReadyEarly: "a new replica is read from before it has copied what it holds",
        "ready-early" by claims::LINEARIZABLE in taken_over_in_turn();
    StreamFromOne: "a new replica copies from one replica of before",
        "stream-from-one" by claims::OWNED in joining_one();
    CopyNoPromises: "what was promised and accepted is not copied",
        "copy-no-promises" by claims::LINEARIZABLE in taken_over_serially(&[&[cas(2, None, "a")], &[cas(1, None, "b")]]);
    ServeOldEpochs: "a replica does what is asked of it in the view of before",
        "serve-old-epochs" by claims::PLACED in taken_over_in_turn();
    CountOldAnswers: "an answer that was given in another view counts, such as that of a node that was replaced",
        "count-old-answers" by claims::OWNED in joining(&[&[put(0, "a")]]);
    NumberAlone: "a view is known by its number alone, whoever made it",
        "number-alone" by claims::OWNED in ordered_at_once(),
        "number-alone-read" by claims::LINEARIZABLE in ordered_at_once();
    NamelessView: "every view says that the first node made it",
        "nameless-view" by claims::ONE_VIEW in ordered_at_once();
    KeepAcks: "a write that is under way keeps its acknowledgments when the view changes",
        "keep-acks" by claims::OWNED in taken_over_in_turn();
    KeepMoved: "a node keeps what it holds no longer",
        "keep-moved" by claims::PLACED in taken_over_in_turn();
    ForgetView: "a node does not save the view that it adopts",
        "forget-view" by claims::LINEARIZABLE in Bounds { crashes: 1, restarts: 1, ..taken_over_in_turn() },
        "forget-view-unread" by CHECKPOINT in taken_over_in_turn();
    NoMoveTimer: "a mover sends everything once",
        "no-move-timer" by claims::MOVES_END in taken_over_lossily();
    DotsAnywhere: "a node that does not hold the key gives its writes dots",
        "dots-anywhere" by several::NO_LOST_UPDATE in handed();
    PendingGives: "a node gives dots of a key that it does not hold yet, and held before",
        "pending-gives" by several::NO_LOST_UPDATE in returning();
    IgnoreContext: "a write replaces whatever its coordinator holds, whatever its client knew",
        "ignore-context" by several::NO_LOST_UPDATE in at_once_elsewhere();
    BlindWrites: "a write replaces nothing, whatever its client knew",
        "blind-writes" by several::NO_FALSE_SIBLING in own_write();
    KeepReplaced: "the join of two rows keeps what one of them has replaced",
        "keep-replaced" by several::NO_FALSE_SIBLING in own_write();
    DropConcurrent: "of two rows the one that knows more stays, and the values of the other go",
        "drop-concurrent" by several::NO_LOST_UPDATE in at_once_elsewhere();
    OneSibling: "a read returns one of the siblings, and a context of all",
        "one-sibling" by several::TRUE_CONTEXT in at_once_elsewhere();
    BeginAgain: "a serial write that was begun before a crash is begun again when it comes again",
        "begin-again" by claims::LINEARIZABLE in repeating_serially();
}
