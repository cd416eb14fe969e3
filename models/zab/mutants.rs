//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

use super::bounds::{Bounds, get, put, read};
use super::bugs::Bug;
use super::properties::{self as claims, Actor, History};
use super::situations::{
    alone, asynchronous, committed, crowded, forked, forsaken, late, late_election, late_for_all,
    leaving, lossy, lossy_election, one_look, readers, syncing, watched,
};
use crate::Mutant;
use crate::seeded::{mutants, mutants_of};
use crate::world::{CHECKPOINT, NetworkKind};

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    mutants_of(seeded())
}

mutants! {
    Actor, History, Bug, Bounds::seeded;
    EpochBeforeHistory: "a follower saves the epoch of NEWLEADER, and its history in a later step",
        "epoch-before-history" by claims::LEADER_COMPLETE in committed();
    AckBeforeHistory: "a follower acknowledges NEWLEADER, and saves its history in a later step",
        "ack-before-history" by claims::LEADER_COMPLETE in committed();
    HistoryAfterUpToDate: "a follower saves the history of NEWLEADER only after UPTODATE",
        "history-after-uptodate" by claims::LEADER_COMPLETE in committed();
    KeepMemory: "a server that lost its leader counts all of its history as committed",
        "keep-memory" by claims::DURABLE in one_look();
    LateLogWrite: "a proposal of a former epoch is appended after synchronisation",
        "late-log-write" by claims::PROCESS in one_look();
    AckProposalFirst: "a follower acknowledges proposals before its ACK-LD was heard, and the leader gives up",
        "ack-proposal-first" by claims::STEADY in Bounds { resends: 1, ..alone(vec![]) };
    DropCommitInSync: "a follower ignores COMMIT between ACK-LD and UPTODATE",
        "drop-commit-in-sync" by claims::CAUGHT_UP in Bounds { servers: 2, network: NetworkKind::Single, ..alone(vec![put("a")]) };
    HoleInDiff: "the leader leaves the first transaction out of a DIFF",
        "hole-in-diff" by claims::PREFIX in late();
    DiffWithoutTrunc: "a follower with a transaction too many gets a DIFF without a TRUNC",
        "diff-without-trunc" by claims::PREFIX in late();
    PartialSnapKept: "a snapshot counts as soon as its first piece came",
        "partial-snap-kept" by claims::SNAPSHOT in late_for_all();
    ForgetAcceptedEpoch: "a server does not save the epoch that it accepts",
        "forget-accepted-epoch" by claims::ACCEPTED in Bounds { clients: vec![], crashes: 1, restarts: 1, ..one_look() };
    AcceptEqualEpoch: "epochs are bare numbers, and one that was accepted is accepted again from another server",
        "accept-equal-epoch" by claims::ONE_LEADER in Bounds { clients: vec![], looks: 2, within: None, ..one_look() };
    MostEntriesWins: "the history with the largest transaction identifier wins, whatever its epoch",
        "most-entries-wins" by claims::LEADER_COMPLETE in forked();
    OwnHistory: "a prospective leader keeps its own history",
        "own-history" by claims::LEADER_COMPLETE in one_look();
    CommitOldByCount: "a leader broadcasts before a quorum acknowledged its history",
        "commit-old-by-count" by claims::PRIMARY_INTEGRITY in Bounds { clients: vec![(1, vec![put("a")])], looks: 1, ..committed() };
    ProposeToSyncedOnly: "a follower gets only what is proposed after its ACK-LD",
        "propose-to-synced-only" by claims::CAUGHT_UP in Bounds { network: NetworkKind::Single, ..alone(vec![put("a")]) };
    UpToDateWithAckZxid: "UPTODATE commits up to what ACK-LD acknowledged, and no further",
        "uptodate-with-ackld-zxid" by claims::CAUGHT_UP in Bounds { network: NetworkKind::Single, ..alone(vec![put("a")]) };
    AcceptGap: "a follower appends what the leader proposes, whatever is before it",
        "accept-gap" by claims::LOCAL_ORDER in Bounds::three(vec![put("a"), put("b")]);
    ReinstallNewLeader: "a NEWLEADER that comes again truncates what was acknowledged since",
        "reinstall-newleader" by claims::DURABLE in Bounds { servers: 2, ..alone(vec![put("a")]) };
    IgnoreLastZxid: "a server serves a client that has seen more",
        "ignore-last-zxid" by claims::SESSION in Bounds { retries: 1, ..readers(0, vec![read(), read()]) },
        "ignore-last-zxid-in-order" by claims::SEQUENTIAL in Bounds { retries: 1, ..readers(0, vec![read(), read()]) };
    ForgetWaiting: "a read that waited is not answered when the server has caught up",
        "forget-waiting" by claims::READS_SERVED in Bounds { retries: 1, ..readers(0, vec![read(), read()]) };
    EndlessWaiting: "any number of reads may wait",
        "endless-waiting" by claims::BOUNDED in crowded();
    SyncLocally: "a server answers a sync without a quorum",
        "sync-locally" by claims::LINEARIZABLE in syncing();
    ReuseZxid: "a leader gives all transactions of its epoch one number",
        "reuse-zxid" by claims::INTEGRITY in Bounds::three(vec![put("a"), put("b")]);
    TakeOldProposal: "a follower appends proposals of any epoch, wherever its history ends",
        "take-old-proposal" by claims::GLOBAL_ORDER in Bounds { clients: vec![(1, vec![put("a")])], ..one_look() };
    ForgetCurrentEpoch: "a server does not save the epoch whose history it took over",
        "forget-current-epoch" by claims::ACKED in Bounds { clients: vec![], crashes: 1, ..one_look() };
    ForgetAppended: "a server does not save what it appends",
        "forget-appended" by claims::ACKED in Bounds { crashes: 1, ..Bounds::three(vec![put("a")]) };
    ForgetDelivered: "a server does not save what it delivers",
        "forget-delivered" by CHECKPOINT in Bounds::three(vec![put("a")]);
    InstallOlder: "a snapshot replaces a newer history",
        "install-older" by claims::ACKED in late_for_all();
    SnapshotWithoutSessions: "a snapshot lacks the client sessions",
        "snapshot-without-sessions" by claims::SNAPSHOT in late_for_all();
    SmallQuorum: "one acknowledgment fewer than a quorum is enough",
        "small-quorum" by claims::DURABLE in Bounds::three(vec![put("a")]);
    NoDedupe: "there are no client sessions: a duplicated request is applied twice",
        "no-dedupe" by claims::EXACTLY_ONCE in Bounds { within: Some(claims::short(2)), ..Bounds::three(vec![put("a")]) };
    AnswerLocally: "a leader answers a read from its own state",
        "answer-locally" by claims::LINEARIZABLE in Bounds {
            clients: vec![(1, vec![put("a")]), (0, vec![get(), get()])],
            ..one_look()
        };
    EndlessOpen: "any number of transactions may be open",
        "endless-open" by claims::BOUNDED in Bounds { open: 1, clients: vec![(0, vec![put("a")]), (0, vec![put("b")])], ..Bounds::three(vec![]) };
    KeepLog: "a server never forgets its log",
        "keep-log" by claims::BOUNDED in Bounds { keep: 0, ..Bounds::three(vec![put("a")]) };
    ResendOnce: "a leader sends again once",
        "resend-once" by claims::ARMED in Bounds { resends: 1, ..Bounds::three(vec![]) },
        "resend-once-in-vain" by claims::ESTABLISHED in lossy_election();
    NoResend: "a leader does not send again what was not acknowledged",
        "no-resend" by claims::ANSWERED in lossy();
    NeverGiveUp: "a leader goes on without a quorum",
        "never-give-up" by claims::GIVEN_UP in forsaken();
    AckEarly: "a follower acknowledges a history that is not on its disk yet",
        "ack-early" by claims::ACKED in asynchronous();
    CountEarly: "a leader counts its own history before that is on its disk",
        "count-early" by claims::DURABLE in asynchronous();
    LeadEarly: "a leader sends its history before that is on its disk, and counts it",
        "lead-early" by claims::DURABLE in late_election();
    CountObserver: "the ACK-LD of an observer counts for a quorum",
        "count-observer" by claims::PRIMARY_INTEGRITY in Bounds { clients: vec![(1, vec![put("a")])], looks: 1, observers: 1, ..committed() };
    ObserverElects: "an observer is asked who may lead, and its answers count for a quorum",
        "observer-elects" by claims::DURABLE in Bounds { observers: 1, ..one_look() };
    ObserverLooks: "an observer that misses the leader tries to lead",
        "observer-looks" by claims::OBSERVER in Bounds { clients: vec![], observers: 1, within: None, ..one_look() };
    InformEarly: "observers are told of what is proposed",
        "inform-early" by claims::OBSERVED in watched(vec![]);
    HearObservers: "a leader goes on while it hears observers only",
        "hear-observers" by claims::GIVEN_UP in Bounds { observers: 1, ..forsaken() };
    LeaveSilently: "a leader that is to stop does not say so",
        "leave-silently" by claims::FOLLOWED in leaving();
    SucceedNobody: "no server would lead when the leader leaves",
        "succeed-nobody" by claims::FOLLOWED in leaving();
}
