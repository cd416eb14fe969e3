//! What a cluster file may choose for Kafka: words of its `mode`, by Kafka's names where it has any.

use super::config::{Acks, Config, Flush, Timing};
use crate::timing::{TimingError, fits};
use crate::topology::{Topology, Unsuitable};

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

/// The configuration of such a cluster.
pub(super) fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    let brokers = topology.servers().saturating_sub(1);
    if brokers == 0 {
        let advice = "add a [[server]] for each broker";
        return Err(Unsuitable(format!("server 0 is the controller; {advice}")));
    }
    topology.check_roles(|id| if id == 0 { "controller" } else { "broker" })?;
    let timing = timing(topology)?;
    let mut config = Config::new(brokers, brokers / 2 + 1, timing);
    config.flush = Flush::EachAppend;
    config.retention_bytes = Some(DEFAULT_RETENTION);
    for word in topology.mode.as_deref().unwrap_or_default().split_whitespace() {
        choose(&mut config, word).map_err(Unsuitable)?;
    }
    config.max_log_bytes = config.retention_bytes.unwrap_or(DEFAULT_RETENTION) * FULL;
    Ok(config)
}

/// Does as a word of the mode says.
fn choose(config: &mut Config, word: &str) -> Result<(), String> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let wrong = |use_it: String| format!("the mode says `{word}`; use {use_it}");
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
        _ => return Err(wrong(format!("{MIN_ISR}, {FLUSH}, {UNCLEAN} and {RETENTION}"))),
    }
    Ok(())
}

fn timing(topology: &Topology) -> Result<Timing, TimingError> {
    let mut timing = Timing::default();
    let Timing { suspect, resend, lag, flush, retry, .. } = &mut timing;
    topology.timing.set([
        ("suspect", suspect),
        ("resend", resend),
        ("lag", lag),
        ("flush", flush),
        ("retry", retry),
    ])?;
    let resend = ("resend", &timing.resend);
    let one_lost = "one lost heartbeat would make a live broker suspected";
    fits(2, resend, ("suspect", &timing.suspect), one_lost)?;
    fits(2, resend, ("lag", &timing.lag), "one lost fetch would make a live follower lag")?;
    Ok(timing)
}

/// What survives in such a cluster, in a sentence.
pub(super) fn survives(config: &Config) -> String {
    let Config { brokers, min_isr, flush, unclean, .. } = config;
    let down = brokers - min_isr;
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
    format!("{going}; {safe}")
}

/// Whether all that is acknowledged survives whatever happens to brokers.
pub(super) fn loses_nothing(config: &Config) -> bool {
    config.flush == Flush::EachAppend && !config.unclean && config.acks == Acks::All
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::topology;

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
    fn what_makes_no_sense_is_refused_with_advice() {
        for (mode, advice) in [
            ("min.insync.replicas=4", "from 1 to 3"),
            ("min.insync.replicas=0", "from 1 to 3"),
            ("min.insync.replicas", "from 1 to 3"),
            ("flush=never", "`flush=sync` or `flush=lazy`"),
            ("unclean.leader.election.enable=yes", "=true"),
            ("retention.bytes=1", "from 65536"),
            ("acks=0", "min.insync.replicas, flush"),
        ] {
            let error = chosen(mode, 4).unwrap_err();
            assert!(error.contains(advice), "{mode}: {error}");
        }
        assert!(chosen("", 1).unwrap_err().contains("controller"));
        let error = config(&topology("", &["broker", ""])).unwrap_err().to_string();
        assert!(error.contains("server 0 is the controller"), "{error}");
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
    }
}
