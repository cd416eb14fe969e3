//! The seeded bugs: each takes away one guard or one save, and a named property must notice.
//!
//! # Guards without a mutant
//!
//! Some guards are not needed for what is claimed, or not alone, so that a mutant would survive:
//!
//! * An old request that was chosen nevertheless is not applied
//!   ([`Image::apply_once`](crate::kv::Image::apply_once)). A leader gives it no slot
//!   (`Bug::OrderOld`), so it takes three leaders, of which the first proposed it past
//!   what the second knew, for this to matter: the unit test
//!   `an_old_request_is_not_applied_whatever_slot_it_has` shows it.
//! * A piece of the log that begins after what is applied is not taken. It is the answer to a
//!   question about what was applied then, and what is applied never becomes less.
//! * A prepare request whose ballot is promised already is answered only to its leader, and while
//!   nothing is accepted in it. No other replica prepares its ballot, and once something is
//!   accepted in it that leader prepares it no more: the answer would only be large and of no use.
//! * A part of a promise counts only after the parts before it: it is asked for when they came.
//! * Votes are counted by sender, and whether the sender may be an acceptor is not asked: only
//!   replicas are sent proposals, no message is forged, and the runtime takes the answers of
//!   servers alone.
//! * A pre-vote for an earlier ballot does not count. It was true when it was given, like one of
//!   the same ballot that comes late; either could disturb a leader once, and nothing more.
//! * A client believes no redirect that is older than what it knows. A wrong redirect costs
//!   it another redirect and nothing else: unit tests in `kv/client.rs`.

mod sessions;

use super::Quorums;
use super::bounds::{Bounds, get, put, write_twice};
use super::bugs::Bug;
use super::instances::{asynchronous, reads};
use super::properties::{
    self as claims, AGREEMENT, ANSWERED, ARMED, Actor, BOUNDED, CHOSEN, ELECTED, EXACTLY_ONCE,
    FOLLOWED, GIVEN_UP, HEARD, History, KEPT, KNOWN, LEVEL, LINEARIZABLE, ONE_PROPOSAL, ONE_SLOT,
    OPEN, P2C, PREFIX, PROMISE, REMEMBERS, SNAPSHOT, STEADY, VALIDITY,
};
use crate::Mutant;
use crate::kv::Op;
use crate::seeded::{mutants, mutants_of};
use crate::world::CHECKPOINT;

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    let mut mutants = mutants_of(seeded());
    mutants.extend(sessions::mutants());
    mutants
}

mutants! {
    Actor, History, Bug, Bounds::seeded;
    ForgetPromise: "an acceptor does not save the ballot that it promises",
        "forget-promise" by PROMISE in restarting(1);
    ForgetAccepted: "an acceptor does not save what it accepts",
        "forget-accepted" by PROMISE in restarting(1);
    ForgetChosen: "a replica does not save that an accepted value is chosen",
        "forget-chosen" by CHECKPOINT in writer();
    ReuseBallot: "a proposer does not save what it proposes, and leads its ballot again after a restart",
        "reuse-ballot" by ONE_PROPOSAL in Bounds { scripts: rivals(), ..restarting(0) };
    BreakPromise: "an acceptor accepts below what it promised",
        "break-promise" by PROMISE in writer();
    PromiseLower: "an acceptor promises a smaller ballot than it promised before",
        "promise-lower" by REMEMBERS in Bounds { elections: 2, ..writer() };
    PreemptedBySmaller: "a leader gives up for a smaller ballot, and promises that",
        "preempted-by-smaller" by REMEMBERS in Bounds { elections: 2, ..writer() };
    AcknowledgeUnstored: "an acceptor acknowledges a proposal in a greater ballot than it promised without storing it",
        "acknowledge-unstored" by REMEMBERS in writer();
    AcknowledgeTooFar: "an acceptor acknowledges a proposal that is too far ahead to be stored",
        "acknowledge-too-far" by REMEMBERS in Bounds::far_ahead();
    IgnoreAccepted: "a new leader proposes its own command, whatever the promises report",
        "ignore-accepted" by AGREEMENT in Bounds::three(rivals());
    AdoptLast: "the last reported proposal wins, not the highest-numbered one",
        "adopt-last" by P2C in Bounds { within: Some(claims::in_turn()), ..Bounds::contest() };
    CountAcrossBallots: "a promise of an earlier ballot counts for the current one",
        "count-across-ballots" by P2C in Bounds { servers: 2, elections: 2, ..writer() };
    CountVotesAcross: "a vote in an earlier ballot counts for the current one",
        "count-votes-across" by CHOSEN in Bounds {
        quorums: Some(Quorums { prepare: 1, accept: 3 }),
        crashable: Some(vec![0.into()]),
        ..restarting(1)
    };
    CountTwice: "a duplicated vote counts twice",
        "count-twice" by CHOSEN in Bounds {
        quorums: Some(Quorums { prepare: 1, accept: 3 }),
        elections: 0,
        ..writer()
    };
    SmallPrepareQuorum: "one promise fewer than a quorum is enough",
        "small-prepare-quorum" by P2C in writer();
    SmallAcceptQuorum: "one vote fewer than a quorum is enough",
        "small-accept-quorum" by CHOSEN in writer();
    CutSilently: "a promise that is cut at the size limit claims to be complete",
        "cut-silently" by PROMISE in Bounds::parts();
    InventRequest: "a gap is filled with an operation that no client requested",
        "invent-request" by VALIDITY in pair(1, 2);
    NoDedupe: "there are no client sessions: a duplicated request is applied twice",
        "no-dedupe" by EXACTLY_ONCE in // One request makes a log without end.
    Bounds { elections: 0, within: Some(claims::short_log(2)), ..writer() };
    OrderOld: "a leader gives a slot to a request that is older than its client's newest",
        "order-old" by ONE_SLOT in Bounds::alone(write_twice());
    OrderTwice: "a leader gives a second slot to a request that is open",
        "order-twice" by ONE_SLOT in Bounds { elections: 0, ..writer() };
    ForgetWaiting: "a waiting request never gets a slot",
        "forget-waiting" by ANSWERED in Bounds::crowd();
    EndlessQueue: "any number of requests may wait",
        "endless-queue" by BOUNDED in Bounds { queue: 0, ..Bounds::crowd() };
    ExceedWindow: "a leader ignores the window",
        "exceed-window" by BOUNDED in Bounds { window: 1, ..pair(1, 2) };
    TakeTooFar: "an acceptor accepts any slot, however far ahead",
        "take-too-far" by BOUNDED in Bounds::far_ahead();
    StoreApplied: "an acceptor stores a vote in an applied slot, and keeps it for ever",
        "store-applied" by BOUNDED in writer();
    KeepLog: "a replica never truncates its log",
        "keep-log" by BOUNDED in Bounds { keep: 0, ..Bounds::alone(write_twice()) };
    AnswerLocally: "a leader answers a read from its own state, without asking a quorum",
        "answer-locally" by LINEARIZABLE in reads::alone();
    ApplyAnyBallot: "a learner applies a value that it accepted in a smaller ballot than the one in which the slot was chosen",
        "apply-any-ballot" by CHOSEN in Bounds { elections: 1, ..Bounds::contest() };
    LeaderLearns: "a leader learns chosen values from another leader",
        "leader-learns" by OPEN in writer();
    LeaderTakesLog: "a leader takes the log of another",
        "leader-takes-log" by OPEN in asked_before_leading(1);
    LeaderInstalls: "a leader installs the snapshot of another",
        "leader-installs" by OPEN in asked_before_leading(0);
    TruncateSilently: "a promise does not say that truncated slots are chosen",
        "truncate-silently" by PREFIX in pair(2, 1);
    NoSnapshot: "the log is truncated past what a lagging replica needs, and there is no snapshot",
        "no-snapshot" by ANSWERED in Bounds::takeover();
    InstallOlder: "a snapshot replaces a newer state",
        "install-older" by REMEMBERS in Bounds { heartbeats: 1, keep: 0, ..Bounds::alone(write_twice()) };
    InstallEarly: "a snapshot is installed before all pieces arrived",
        "install-early" by SNAPSHOT in Bounds { piece_bytes: 1, ..lagging() };
    SnapshotWithoutSessions: "a snapshot lacks the client sessions",
        "snapshot-without-sessions" by SNAPSHOT in lagging(),
        "snapshot-without-sessions-takes-over" by EXACTLY_ONCE in Bounds { keep: 0, retries: 1, scripts: vec![vec![put("a")]], ..pair(2, 1) };
    CutAnew: "a new snapshot is cut although a replica is fetching the old one",
        "cut-anew" by KEPT in Bounds::transfer();
    HoldForEver: "the log after a snapshot is kept, however long it is",
        "hold-for-ever" by BOUNDED in Bounds::outrun();
    CountAgain: "a piece that is given again counts again for how long the log may grow",
        "count-again" by BOUNDED in Bounds::transfer();
    MixPieces: "a piece of another snapshot counts",
        "mix-pieces" by SNAPSHOT in Bounds::outrun();
    StaleOffer: "an old snapshot is served for ever, although the log after it is gone",
        "stale-offer" by LEVEL in Bounds::lossy_transfer();
    NeverAsk: "a lagging replica does not ask for the missing slots",
        "never-ask" by LEVEL in Bounds::lossy_transfer();
    LogOverlap: "a piece of the log is applied from its start, although some of it was applied before",
        "log-overlap" by CHOSEN in Bounds { heartbeats: 1, ..Bounds::alone(write_twice()) };
    LearnWithoutBallot: "a value that was chosen in a greater ballot is learned without promising that ballot",
        "learn-without-ballot" by KNOWN in Bounds {
        heartbeats: 1,
        within: Some(claims::idle(2.into())),
        ..Bounds::three(vec![write_twice()])
    };
    HeedOldHeartbeat: "a heartbeat of a smaller ballot is accepted, even by a leader",
        "heed-old-heartbeat" by ARMED in Bounds { heartbeats: 1, ..writer() };
    ElectionOnce: "a replica that tried to lead does not wait for a leader again",
        "election-once" by ARMED in writer(),
        "ask-once" by ARMED in Bounds::steady();
    FollowUnarmed: "a replica that promises another's ballot does not wait for its leader",
        "follow-unarmed" by ARMED in writer();
    HeartbeatOnce: "a leader sends one heartbeat",
        "heartbeat-once" by ARMED in Bounds { heartbeats: 1, elections: 0, ..writer() };
    PrepareOnce: "a prepare request is not sent again",
        "prepare-once" by ELECTED in Bounds::lossy_election();
    NoPreVote: "a replica that misses the leader takes a ballot without a pre-vote",
        "no-pre-vote" by STEADY in Bounds::steady();
    HelpDepose: "a replica that hears the leader grants a pre-vote",
        "help-depose" by STEADY in Bounds::steady();
    SmallPreVote: "one pre-vote fewer than a quorum is enough",
        "small-pre-vote" by STEADY in Bounds::steady();
    MissForEver: "a replica that hears the leader again still misses it",
        "miss-for-ever" by HEARD in Bounds::unheard();
    LeaveSilently: "a leader that is to stop does not say so",
        "leave-silently" by FOLLOWED in Bounds::leaving();
    SucceedNobody: "no replica prepares when the leader leaves",
        "succeed-nobody" by FOLLOWED in Bounds::leaving();
    NeverPreVote: "a replica that misses the leader grants no pre-vote",
        "never-pre-vote" by FOLLOWED in Bounds::orphaned();
    NeverGiveUp: "a leader that gets nothing chosen does not step down",
        "never-give-up" by GIVEN_UP in Bounds::forsaken(),
        "never-give-up-reading" by GIVEN_UP in Bounds { scripts: vec![vec![get()]], ..Bounds::forsaken() };
    NoResend: "a leader does not resend unanswered requests",
        "no-resend" by ANSWERED in Bounds::lossy();
    JoinRound: "a read is confirmed by a round that began before it came",
        "join-round" by LINEARIZABLE in reads::round();
    ReadBehind: "a leader answers a read before it has applied what earlier ballots left to it",
        "read-behind" by LINEARIZABLE in reads::alone();
    ConfirmOld: "a replica that promised a greater ballot confirms a leader",
        "confirm-old" by LINEARIZABLE in reads::alone();
    AskOnce: "a leader asks only once whether it leads",
        "ask-whether-once" by ANSWERED in reads::lossy();
    EndlessReads: "any number of reads may wait",
        "endless-reads" by BOUNDED in reads::crowd();
    RememberReads: "a leader remembers the last read of each client for ever",
        "remember-reads" by BOUNDED in reads::crowd();
    VoteEarly: "an acceptor reports a vote before it is durable",
        "vote-early" by REMEMBERS in asynchronous::crashing(None);
    PromiseEarly: "an acceptor promises before that is durable",
        "promise-early" by REMEMBERS in asynchronous::succession();
    PrepareEarly: "a proposer asks for promises before its own is durable",
        "prepare-early" by ONE_PROPOSAL in Bounds {
        quorums: Some(Quorums { prepare: 2, accept: 1 }),
        ..asynchronous::lone()
    };
    LeadEarly: "a proposer whose promise is enough leads before that is durable",
        "lead-early" by ONE_PROPOSAL in asynchronous::lone();
    VoteLazily: "nothing waits for a vote to be durable",
        "vote-lazily" by REMEMBERS in asynchronous::crashing(None);
    PromiseLazily: "nothing waits for a promise to be durable",
        "promise-lazily" by REMEMBERS in asynchronous::succession();
}

/// Two clients that write.
fn rivals() -> Vec<Vec<Op>> {
    vec![vec![put("a")], vec![put("b")]]
}

/// Two replicas with quorums of these sizes, and two clients that write.
fn pair(prepare: usize, accept: usize) -> Bounds {
    let quorums = Some(Quorums { prepare, accept });
    Bounds { servers: 2, quorums, ..Bounds::three(rivals()) }
}

/// One client that writes.
fn writer() -> Bounds {
    Bounds::three(vec![vec![put("a")]])
}

fn restarting(elections: u8) -> Bounds {
    Bounds { crashes: 1, restarts: 1, elections, ..writer() }
}

/// A replica that is behind a log of which nothing is kept.
fn lagging() -> Bounds {
    Bounds { elections: 0, heartbeats: 1, keep: 0, ..writer() }
}

/// A replica that asks for what it misses, of which as much is kept, and then leads before it has
/// the answer.
fn asked_before_leading(keep: usize) -> Bounds {
    let within = Some(claims::elects(1.into()));
    Bounds { heartbeats: 1, keep, within, ..writer() }
}
