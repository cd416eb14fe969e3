//! Three ways to replicate a state machine side by side, as a generated page.
//!
//! What an operation costs is rehearsed, as for the table of [guarantees](super::guarantees). What
//! a protocol needs is shown twice by checks: by an instance in which that is enough, and by a mutant
//! (or an instance) without it, and the property that is lost. Written by hand is only which belongs to
//! which, and what was measured.

use super::guarantees::{cost, survivors};
use super::{Case, Protocol};
use std::fmt::Write;

/// The protocols that are compared.
const COMPARED: [&str; 3] = ["paxos", "zab", "primary-backup"];

/// What a protocol needs.
struct Need {
    protocol: &'static str,
    /// From what.
    from: &'static str,
    what: &'static str,
    /// An instance in which that is enough.
    enough: &'static str,
    without: Without,
}

/// What shows that it is needed.
enum Without {
    /// A mutant that goes without it.
    Mutant(&'static str),
    /// An instance that goes without it, and the property that it must violate.
    Instance(&'static str, &'static str),
}
use Without::{Instance, Mutant};

const fn need(
    protocol: &'static str,
    from: &'static str,
    what: &'static str,
    enough: &'static str,
    without: Without,
) -> Need {
    Need { protocol, from, what, enough, without }
}

const LINKS: &str = "links";
const DISKS: &str = "disks";
const SERVERS: &str = "servers";

/// What each needs. Of links none needs more than that what arrives was sent: they may lose, repeat and
/// reorder, and the rows say what stands in for order.
const NEEDS: [Need; 22] = [
    need("paxos", LINKS, "votes are counted by sender", "rivalry", Mutant("count-twice")),
    need(
        "paxos",
        LINKS,
        "a vote counts in its ballot only",
        "rivalry",
        Mutant("count-votes-across"),
    ),
    need(
        "paxos",
        DISKS,
        "a vote is durable before it is sent",
        "asynchronous-follower",
        Mutant("vote-early"),
    ),
    need(
        "paxos",
        DISKS,
        "a promise is durable before it is sent",
        "asynchronous-restart",
        Mutant("promise-early"),
    ),
    need(
        "paxos",
        SERVERS,
        "a quorum for each command",
        "succession",
        Mutant("small-accept-quorum"),
    ),
    need("paxos", SERVERS, "a quorum for each read", "reads", Mutant("answer-locally")),
    need(
        "paxos",
        SERVERS,
        "a quorum that is up",
        "minority-down",
        Instance("majority-down", "answered"),
    ),
    need(
        "zab",
        LINKS,
        "a follower appends only behind the transaction before",
        "takeover",
        Mutant("accept-gap"),
    ),
    need(
        "zab",
        LINKS,
        "a NEWLEADER that comes again changes nothing",
        "lossy",
        Mutant("reinstall-newleader"),
    ),
    need(
        "zab",
        DISKS,
        "a history is durable before it is acknowledged",
        "asynchronous",
        Mutant("ack-early"),
    ),
    need(
        "zab",
        DISKS,
        "the history is saved with the epoch of its leader",
        "crash",
        Mutant("epoch-before-history"),
    ),
    need("zab", SERVERS, "a quorum for each transaction", "takeover", Mutant("small-quorum")),
    need(
        "zab",
        SERVERS,
        "a quorum for each read that must be new",
        "session-order",
        Instance("local-reads", "linearizable"),
    ),
    need(
        "zab",
        SERVERS,
        "observers count for nothing",
        "observer-takeover",
        Mutant("count-observer"),
    ),
    need(
        "primary-backup",
        LINKS,
        "a backup applies in the order of numbers",
        "lossy",
        Mutant("ignore-gap"),
    ),
    need(
        "primary-backup",
        LINKS,
        "operations of an older view are refused",
        "rivalry",
        Mutant("no-fencing"),
    ),
    need(
        "primary-backup",
        DISKS,
        "a backup acknowledges what is durable",
        "asynchronous-disk-backup",
        Mutant("ack-early"),
    ),
    need(
        "primary-backup",
        DISKS,
        "a view is durable before it is announced",
        "asynchronous-disk-failover",
        Mutant("view-early"),
    ),
    need(
        "primary-backup",
        DISKS,
        "a replica without its disk copies the state first",
        "replaced",
        Mutant("start-as-first"),
    ),
    need(
        "primary-backup",
        SERVERS,
        "all backups of the view for each operation",
        "trio",
        Instance("asynchronous", "no-lost-update"),
    ),
    need(
        "primary-backup",
        SERVERS,
        "a view service that remembers its views",
        "crash",
        Mutant("forget-view"),
    ),
    need(
        "primary-backup",
        SERVERS,
        "only certified replicas are promoted",
        "rejoin",
        Mutant("promote-anybody"),
    ),
];

/// The page, as Markdown.
pub fn markdown(protocols: &[Protocol]) -> String {
    let mut text = String::from(
        "# Multi-Paxos, Zab and primary-backup\n\n\
         Generated by `quorate list --comparison`; a test fails when it is out of date.\n\n\
         All three replicate the same state machine, survive `kill -9` of a server, and may be put in each \
         other's place with a line of the cluster file (primary-backup with a server more, its view service). \
         They differ in what they wait for.\n\n\
         ## What an operation costs\n\n\
         Messages and delays of one operation while the cluster is at rest and nothing is lost, with the \
         request and the reply; which servers may crash, all at once and for good, while puts are still \
         answered.\n\n\
         | protocol | a put: messages, delays | a get: messages, delays | tolerated crash failures |\n\
         |---|---|---|---|\n",
    );
    let named = |name: &str| protocols.iter().find(|protocol| protocol.name == name);
    for protocol in COMPARED.into_iter().filter_map(named) {
        for row in &protocol.guarantees {
            let sample = &row.sample;
            let read = sample.read.map_or("–".into(), |read| cost(read(2), read(1)));
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {}, {}: {} | {} | {read} | {} |",
                protocol.name,
                row.mode,
                sample.about,
                cost((sample.write)(2), (sample.write)(1)),
                survivors(sample),
            );
        }
    }
    text += "\n## What each needs, and what it loses without it\n\n\
             Links may lose, repeat and reorder messages; that what arrives was sent is all that any of them \
             needs of links. Each need is shown by an instance in which it is enough, and by a mutant or an \
             instance without it that violates a property.\n\n\
             | protocol | of | it needs | enough in | without it | is lost |\n|---|---|---|---|---|---|\n";
    for (protocol, need) in NEEDS.iter().filter_map(|need| Some((named(need.protocol)?, need))) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | `{}` | {} |",
            need.protocol,
            need.from,
            need.what,
            need.enough,
            lost(protocol, &need.without).unwrap_or_default(),
        );
    }
    text + MEASURED
}

/// What goes without a need, and the property that is lost.
fn lost(protocol: &Protocol, without: &Without) -> Option<String> {
    let (name, property) = match without {
        Mutant(name) => (*name, protocol.mutant(name).ok()?.killed_by()),
        Instance(name, property) => (*name, *property),
    };
    let kind = if matches!(without, Mutant(_)) { "mutant " } else { "" };
    let says = protocol.properties().into_iter().find(|it| it.name == property)?.says;
    Some(format!("{kind}`{name}` | `{property}`: {says}"))
}

/// The needs that the checks do not show: an instance that is not there or does not hold, a mutant that is
/// not there, an instance that is not expected to violate what it should.
pub fn unfounded(protocols: &[Protocol]) -> Vec<String> {
    let is_founded = |need: &Need| {
        let protocol = protocols.iter().find(|protocol| protocol.name == need.protocol)?;
        let violates = |case: &dyn Case, property: &str| {
            case.expected().violated.iter().any(|(known, _)| known.name == property)
        };
        let property = match need.without {
            Mutant(name) => protocol.mutant(name).ok()?.killed_by(),
            Instance(name, property) => {
                let case = protocol.case(name).ok()?;
                violates(case, property).then_some(property)?
            }
        };
        let enough = protocol.case(need.enough).ok()?;
        let has = enough.properties().iter().any(|known| known.name == property);
        (has && !violates(enough, property)).then_some(())
    };
    let told = |need: &Need| format!("{}: {}, in {}", need.protocol, need.what, need.enough);
    NEEDS.iter().filter(|need| is_founded(need).is_none()).map(told).collect()
}

/// What was measured, with the commands that repeat it.
const MEASURED: &str = include_str!("measured.md");
