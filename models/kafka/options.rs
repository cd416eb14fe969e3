//! What a cluster file may choose for Kafka: words of its `mode`, by Kafka's names where it has any.

use super::config::{Config, Flush, Timing};
use crate::paxos::{self, Quorums};
use crate::quorum::majority;
use crate::timing::fits;
use crate::topology::{Topology, Unsuitable};

const CONTROLLERS: &str = "controllers";
const MIN_ISR: &str = "min.insync.replicas";
const FLUSH: &str = "flush";
const UNCLEAN: &str = "unclean.leader.election.enable";
const RETENTION: &str = "retention.bytes";

/// How much of a log is kept where the cluster file does not say it.
const DEFAULT_RETENTION: usize = 16 << 20;
/// The least and the most that may be kept.
const RETENTIONS: std::ops::RangeInclusive<usize> = (64 << 10)..=(256 << 20);
/// A log that holds so many times what it keeps takes no more.
const FULL: usize = 8;

/// How many decisions a controller keeps for those that lag. Each has all that is known after it, so a
/// snapshot is as large as one of them.
const KEPT_DECISIONS: usize = 8;

/// The configuration of such a cluster.
pub(super) fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    let words = || topology.mode.as_deref().unwrap_or_default().split_whitespace();
    let most = topology.servers().saturating_sub(1);
    if most == 0 {
        let advice = "add a [[server]] for each broker";
        return Err(Unsuitable(format!("server 0 is the controller; {advice}")));
    }
    let mut controllers = 1;
    for (word, number) in words().filter_map(|word| Some((word, word.strip_prefix(CONTROLLERS)?))) {
        let number = number.strip_prefix('=').and_then(|number| number.parse().ok());
        controllers = number.filter(|number| (1..=most).contains(number)).ok_or_else(|| {
            let servers = topology.servers();
            let use_it = format!("`{CONTROLLERS}=N` with N from 1 to {most}, of {servers} servers");
            Unsuitable(wrong(word, &use_it))
        })?;
    }
    topology.check_roles(|id| if id < controllers { "controller" } else { "broker" })?;
    let brokers = topology.servers() - controllers;
    let (timing, elections) = timing(topology, controllers > 1)?;
    let mut config = Config::new(brokers, brokers / 2 + 1, timing);
    if controllers > 1 {
        config.quorum = Some(quorum(controllers, elections)?);
    }
    config.flush = Flush::EachAppend;
    config.retention_bytes = Some(DEFAULT_RETENTION);
    for word in words().filter(|word| !word.starts_with(CONTROLLERS)) {
        choose(&mut config, word).map_err(Unsuitable)?;
    }
    config.max_log_bytes = config.retention_bytes.unwrap_or(DEFAULT_RETENTION) * FULL;
    Ok(config)
}

/// The controllers as replicas. One decision is open at a time, as is checked.
fn quorum(controllers: usize, timing: paxos::Timing) -> Result<paxos::Config, Unsuitable> {
    let majorities = Quorums::majorities(controllers);
    let mut quorum = paxos::Config::new(controllers, majorities, timing)
        .map_err(|error| Unsuitable(error.to_string()))?;
    (quorum.window, quorum.keep) = (1, KEPT_DECISIONS);
    Ok(quorum)
}

fn wrong(word: &str, use_it: &str) -> String {
    format!("the mode says `{word}`; use {use_it}")
}

/// Does as a word of the mode says.
fn choose(config: &mut Config, word: &str) -> Result<(), String> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let wrong = |use_it: String| wrong(word, &use_it);
    match (name, value) {
        (MIN_ISR, number) => {
            let brokers = config.brokers;
            config.min_isr = (number.parse().ok())
                .filter(|min| (1..=brokers).contains(min))
                .ok_or_else(|| wrong(format!("`{MIN_ISR}=N` with N from 1 to {brokers}")))?;
        }
        (FLUSH, "sync") => config.flush = Flush::EachAppend,
        (FLUSH, "lazy") => config.flush = Flush::Later,
        (FLUSH, _) => return Err(wrong(format!("`{FLUSH}=sync` or `{FLUSH}=lazy`"))),
        (UNCLEAN, "true") => config.unclean = true,
        (UNCLEAN, "false") => config.unclean = false,
        (UNCLEAN, _) => return Err(wrong(format!("`{UNCLEAN}=true` or `{UNCLEAN}=false`"))),
        (RETENTION, number) => {
            let kept = number.parse().ok().filter(|bytes| RETENTIONS.contains(bytes));
            let (least, most) = (RETENTIONS.start(), RETENTIONS.end());
            let kept = kept
                .ok_or_else(|| wrong(format!("`{RETENTION}=N` with N from {least} to {most}")))?;
            config.retention_bytes = Some(kept);
        }
        _ => {
            let known = [CONTROLLERS, MIN_ISR, FLUSH, UNCLEAN, RETENTION].join(", ");
            return Err(wrong(known));
        }
    }
    Ok(())
}

/// Of brokers, and of the elections of several controllers.
fn timing(topology: &Topology, elect: bool) -> Result<(Timing, paxos::Timing), Unsuitable> {
    let (mut timing, mut elections) = (Timing::default(), paxos::Timing::default());
    let Timing { suspect, resend, lag, flush, retry, .. } = &mut timing;
    let (suspect, resend, lag) = (("suspect", suspect), ("resend", resend), ("lag", lag));
    let (flush, retry) = (("flush", flush), ("retry", retry));
    if elect {
        let [beat, wait, lead, _] = elections.named();
        topology.timing.set([suspect, resend, lag, flush, retry, beat, wait, lead])?;
    } else {
        topology.timing.set([suspect, resend, lag, flush, retry])?;
    }
    let resend = ("resend", &timing.resend);
    let one_lost = "one lost heartbeat would make a live broker suspected";
    fits(2, resend, ("suspect", &timing.suspect), one_lost)?;
    fits(2, resend, ("lag", &timing.lag), "one lost fetch would make a live follower lag")?;
    let elections = elections.checked()?;
    Ok((timing, elections))
}

/// What survives in such a cluster, in a sentence.
pub(super) fn survives(config: &Config) -> String {
    let Config { brokers, min_isr, flush, unclean, .. } = config;
    let down = brokers - min_isr;
    let decided = match config.controllers() {
        1 => "a leader that dies is replaced while the controller is up".to_owned(),
        of => format!(
            "a leader that dies is replaced while {} of {of} controllers are up",
            majority(of)
        ),
    };
    let going = format!(
        "writes go on while {min_isr} of {brokers} brokers are in sync, so with {down} of them down"
    );
    let safe = match (flush, min_isr - 1) {
        _ if *unclean => "a broker that misses acknowledged records may be elected when nobody else \
                          can be, and then they are lost"
            .to_owned(),
        (Flush::EachAppend, _) => {
            "what is acknowledged is on the disks of all in-sync replicas, and survives the death of \
             all brokers"
                .to_owned()
        }
        (Flush::Later, 0) => {
            "what is acknowledged is lost if one broker is killed at a bad moment: nothing is on \
             disk before some time later"
                .to_owned()
        }
        (Flush::Later, lost) => format!(
            "what is acknowledged survives {lost} broker{} killed before the others have caught up \
             again, and not {min_isr}: nothing is on disk before some time later",
            if lost == 1 { "" } else { "s" }
        ),
    };
    format!("{going}; {decided}; {safe}")
}

/// Whether all that is acknowledged survives whatever happens to brokers.
pub(super) fn loses_nothing(config: &Config) -> bool {
    config.flush == Flush::EachAppend && !config.unclean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::Timings;
    use crate::topology::tests::topology;
    use stateright::actor::Id;
    use std::collections::BTreeMap;

    fn chosen(mode: &str, servers: usize) -> Result<Config, String> {
        config(&topology(mode, &vec![""; servers])).map_err(|error| error.to_string())
    }

    #[test]
    fn kafkas_names_choose() {
        let plain = chosen("", 4).unwrap();
        assert_eq!((plain.min_isr, plain.flush, plain.unclean), (2, Flush::EachAppend, false));
        assert!(loses_nothing(&plain));
        let mode = "min.insync.replicas=3 flush=lazy retention.bytes=65536";
        let lazy = chosen(mode, 4).unwrap();
        assert_eq!((lazy.min_isr, lazy.flush), (3, Flush::Later));
        assert_eq!(lazy.retention_bytes, Some(65_536));
        assert!(!loses_nothing(&lazy));
        let unclean = chosen("unclean.leader.election.enable=true", 4).unwrap();
        assert!(unclean.unclean && !loses_nothing(&unclean));
    }

    #[test]
    fn several_controllers_have_the_first_ids_and_decide_one_thing_at_a_time() {
        let config = chosen("controllers=3 min.insync.replicas=3", 6).unwrap();
        assert_eq!((config.controllers(), config.brokers, config.min_isr), (3, 3, 3));
        assert!(config.broker_ids().eq((3..6).map(Id::from)));
        let quorum = config.quorum.unwrap();
        assert_eq!((quorum.quorums(), quorum.window), (Quorums { prepare: 2, accept: 2 }, 1));
        assert!(chosen("controllers=1", 4).unwrap().quorum.is_none());
    }

    #[test]
    fn timings_of_elections_are_those_of_several_controllers() {
        let mut of = topology("controllers=3", &[""; 6]);
        of.timing = timings([("election", [200, 300]), ("resend", [10, 20])]);
        let chosen = config(&of).unwrap();
        assert_eq!(chosen.timing.resend.end.as_millis(), 20);
        of.timing = timings([("election", [30, 40]), ("resend", [10, 20])]);
        assert!(config(&of).is_err(), "a lost heartbeat would depose a leader");
        of.mode = None;
        let error = config(&of).unwrap_err().to_string();
        assert!(error.contains("does not know"), "{error}");
    }

    fn timings<const N: usize>(table: [(&str, [u64; 2]); N]) -> Timings {
        let table: BTreeMap<_, _> = table.map(|(name, range)| (name.to_owned(), range)).into();
        table.try_into().unwrap()
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_advice() {
        for (mode, advice) in [
            ("min.insync.replicas=4", "from 1 to 3"),
            ("min.insync.replicas=0", "from 1 to 3"),
            ("min.insync.replicas", "from 1 to 3"),
            ("flush=never", "`flush=sync` or `flush=lazy`"),
            ("unclean.leader.election.enable=yes", "=true"),
            ("retention.bytes=1", "from 65536"),
            ("acks=0", "min.insync.replicas, flush"),
            ("controllers=4", "from 1 to 3, of 4 servers"),
            ("controllers=0", "`controllers=N`"),
            ("controllers", "`controllers=N`"),
            ("controllers=2 min.insync.replicas=3", "from 1 to 2"),
        ] {
            let error = chosen(mode, 4).unwrap_err();
            assert!(error.contains(advice), "{mode}: {error}");
        }
        assert!(chosen("", 1).unwrap_err().contains("controller"));
        let error = config(&topology("", &["broker", ""])).unwrap_err().to_string();
        assert!(error.contains("server 0 is the controller"), "{error}");
        let roles = ["controller", "broker", "", ""];
        let error = config(&topology("controllers=2", &roles)).unwrap_err().to_string();
        assert!(error.contains("server 1 is the controller"), "{error}");
    }

    #[test]
    fn what_survives_is_said() {
        let says = |mode, text| {
            let said = survives(&chosen(mode, 4).unwrap());
            assert!(said.contains(text), "{mode}: {said}");
        };
        says("", "2 of 3 brokers are in sync, so with 1 of them down");
        says("", "survives the death of all brokers");
        says("flush=lazy", "survives 1 broker killed");
        says("flush=lazy min.insync.replicas=3", "survives 2 brokers killed");
        says("flush=lazy min.insync.replicas=1", "lost if one broker is killed");
        says("unclean.leader.election.enable=true", "may be elected");
        says("", "while the controller is up");
        let several = survives(&chosen("controllers=3", 6).unwrap());
        assert!(several.contains("while 2 of 3 controllers are up"), "{several}");
    }
}
