//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

use super::bounds::{
    Bounds, Fences, again, alone, alternating, batched, consume, failover, forgetful, lossy,
    lossy_controllers, lossy_fence, lossy_join, lossy_restart, lossy_succession, outsider, produce,
    timed,
};
use super::bugs::Bug;
use super::config::{Acks, Flush};
use super::properties::{self as claims, Actor, History};
use crate::Mutant;
use crate::kv::Op;
use crate::seeded::{mutants, mutants_of};
use crate::world::{CHECKPOINT, Cluster};

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    mutants_of(seeded())
}

mutants! {
    Actor, History, Bug, cluster;
    TruncateToWatermark: "a follower truncates its log to its own watermark when the leader changes",
        "truncate-to-watermark" by claims::LEADER_COMPLETE in Bounds { fences: Fences::Each(1, 1), ..failover(3) };
    TrustOffsets: "a leader takes a follower's log for a prefix of its own, whatever epochs it has",
        "trust-offsets" by claims::LOG_MATCHING in alternating();
    EndOfNextEpoch: "an epoch that the leader does not know ends for it where its next larger one begins",
        "end-of-next-epoch" by claims::LOG_MATCHING in alternating();
    FetchWithoutEpoch: "fetches and answers count in any leader epoch",
        "fetch-without-epoch" by claims::STRONG_ISR in synchronous(again());
    TakeOldAnswer: "a follower takes the answers of any leader",
        "take-old-answer" by claims::CANDIDATES_COMPLETE in failover(3);
    AnswerByOffset: "an answer is to the last fetch if it has the same offset, whatever record was before it",
        "answer-by-offset" by claims::CANDIDATES_COMPLETE in Bounds { stops: 1, ..Bounds::of(2, 2).crashing(1) };
    ExpandAtWatermark: "a follower joins at the watermark, although more may be committed",
        "expand-at-watermark" by claims::CANDIDATES_COMPLETE in Bounds { fences: Fences::Any(1), ..outsider() };
    ExpandOnHearsay: "what a follower fetched in an earlier leader epoch still counts",
        "expand-on-hearsay" by claims::PROGRESS in Bounds { resends: 1, ..again() };
    CountCommittedIsr: "a leader commits without those that it asked to let join",
        "count-committed-isr" by claims::CANDIDATES_COMPLETE in outsider();
    NoPartitionEpoch: "the controller takes changes of a partition that has changed meanwhile",
        "no-partition-epoch" by claims::QUORUM_SUPERSET in Bounds { lags: 1, ..outsider() };
    AdmitFenced: "a fenced broker may join the in-sync replicas",
        "admit-fenced" by claims::NO_FENCED in Bounds { fences: Fences::Any(1), ..outsider() };
    AdmitFormerLife: "a broker may join by what was heard of its former life",
        "admit-former-life" by claims::CANDIDATES_COMPLETE in Bounds { crashable: Some(vec![3]), ..outsider().crashing(1) };
    LastReplicaStanding: "the last in-sync replica stays so, whatever it lost, and nobody else is eligible",
        "last-replica-standing" by claims::NO_LOSS in Bounds { crashable: Some(vec![1]), fences: Fences::Any(1), ..lossy_restart(1) };
    CommitBelowMin: "a leader commits while the in-sync replicas are less than the minimum",
        "commit-below-min" by claims::CANDIDATES_COMPLETE in failover(2);
    KeepCleanMark: "a start does not erase the mark of a clean stop, and any mark counts",
        "keep-clean-mark" by claims::CANDIDATES_COMPLETE in Bounds { stops: 1, ..lossy_restart(2) };
    UncleanStaysEligible: "a broker that did not stop cleanly may be elected",
        "unclean-stays-eligible" by claims::CANDIDATES_COMPLETE in lossy_restart(1);
    StopUnflushed: "a clean stop does not write the page cache",
        "stop-unflushed" by claims::CANDIDATES_COMPLETE in Bounds { stops: 1, ..lossy_restart(1) };
    ServeToEnd: "consumers read what is not committed",
        "serve-to-end" by claims::CONSISTENT_READ in readers(leading(Bounds { clients: vec![(1, produce(1)), (2, produce(1))], ..failover(2) }));
    OffsetWithinBatch: "a consumer that asks for the middle of a batch is told that the batch begins there",
        "offset-within-batch" by claims::CONSISTENT_READ in batched(&[0, 1]);
    AnswerAtAppend: "a record is acknowledged when the leader has it",
        "answer-at-append" by claims::LEADER_COMPLETE in failover(2),
        "answer-unreadable" by claims::LINEARIZABLE in timed();
    NoDedupeAfterFailover: "a new leader does not know what producers sent to the one before",
        "no-dedupe-after-failover" by claims::ONCE in Bounds { retries: 1, ..alone() };
    AcceptGap: "a producer's number may jump",
        "accept-gap" by claims::IN_ORDER in leading(Bounds { clients: vec![(1, produce(2))], ..alone() });
    SameLeaderEpoch: "a new leader does not begin a new leader epoch",
        "same-leader-epoch" by claims::ONE_LEADER in failover(2);
    SameVersion: "a decision of the controller has no version of its own",
        "same-version" by claims::METADATA in failover(2);
    KeepEligible: "eligible leader replicas stay so when the in-sync replicas suffice again",
        "keep-eligible" by claims::ISR_SHAPE in failover(3);
    ForgetDecision: "the controller does not save what it decides",
        "forget-decision" by CHECKPOINT in failover(2);
    ForgetFlush: "a broker does not save what it flushes",
        "forget-flush" by CHECKPOINT in synchronous(Bounds::of(2, 2));
    ForgetUncommitted: "a leader forgets records that are not committed",
        "forget-uncommitted" by claims::CANDIDATES_COMPLETE in forgetting(Bounds::of(2, 2));
    ForgetTrim: "a broker does not save that it forgets records",
        "forget-trim" by CHECKPOINT in forgetful([Op::put("k", "1")]);
    MixPieces: "a follower puts together pieces of what records come to at two times",
        "mix-pieces" by claims::LOG_MATCHING in forgetful([Op::put("k", "1"), Op::put("k", "2")]);
    InstallEarly: "a follower goes on with the first piece of what older records come to",
        "install-early" by claims::LOG_MATCHING in forgetful([Op::put("k", "1")]);
    NeverExpand: "nobody is let into the in-sync replicas",
        "never-expand" by claims::REJOINED in lossy_fence();
    NeverRefetch: "a fetch that was lost is not sent again",
        "never-refetch" by claims::ACKNOWLEDGED in lossy(),
        "never-replicate" by claims::REPLICATED in lossy_join();
    NeverUnfence: "a broker that was fenced stays so",
        "never-unfence" by claims::UNFENCED in lossy_fence();
    NeverAskAgain: "what a leader asks the controller for is asked once",
        "never-ask-again" by claims::SETTLED in lossy_fence();
    TellUnchosen: "a controller of several tells what it decided before that is chosen",
        "tell-unchosen" by claims::LEADER_COMPLETE in succeeded();
    DecideUnelected: "a controller of several decides by itself while it does not lead",
        "decide-unelected" by claims::METADATA in failover(2).controlled(2);
    DecideUponOpen: "a controller of several decides while what it decided before is not chosen",
        "decide-upon-open" by claims::METADATA in two_decisions();
    NeverRemind: "a controller of several sends its decisions once to the others",
        "never-remind" by claims::UNFENCED in lossy_controllers();
    PrepareOnce: "a controller that takes over asks the others for their promises once",
        "prepare-once" by claims::UNFENCED in lossy_succession();
}

/// Everything is on disk before anything is said of it.
fn synchronous(bounds: Bounds) -> Bounds {
    bounds.with(|config| config.flush = Flush::EachAppend)
}

/// Everything is on disk before anything is said of it, and nothing that is committed is kept.
fn forgetting(bounds: Bounds) -> Bounds {
    synchronous(bounds).with(|config| config.retention_bytes = Some(0))
}

/// A consumer reads at the first broker, another at the second, and only the first is fenced.
fn readers(mut bounds: Bounds) -> Bounds {
    bounds.clients.extend([(1, consume(1)), (2, consume(1))]);
    Bounds { fences: Fences::Each(1, 0), ..bounds }
}

/// The second of 2 controllers must accept what the first decides, which finds both brokers silent;
/// there is room for two proposals.
fn two_decisions() -> Bounds {
    let bounds = Bounds { fences: Fences::Each(1, 1), ..Bounds::of(2, 2) }.controlled(2);
    bounds.with(|config| {
        if let Some(quorum) = &mut config.quorum {
            quorum.window = 2;
        }
    })
}

/// One of 2 brokers commits alone. The first is fenced by the first of 2 controllers, of which the
/// second takes over.
fn succeeded() -> Bounds {
    let bounds = Bounds { clients: vec![(2, produce(1))], elections: 1, ..alone() };
    Bounds { fences: Fences::Each(1, 0), ..bounds }.controlled(2)
}

/// A record is acknowledged when the leader has it.
fn leading(bounds: Bounds) -> Bounds {
    bounds.acked(Acks::Leader)
}

fn cluster(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    let mut claims = bounds.safety();
    if bounds.lossy {
        claims.extend(bounds.liveness());
    }
    bounds.cluster(claims, bug)
}
