//! What a cluster file may choose for the quorum store: words of its `mode`.

use super::config::{
    Clock, Config, DEFAULT_REPLICAS, Handoff, MAX_TOKENS, Purge, ReadRepair, Timing, WriteMode,
};
use super::levels::{ClockQuality, Settings};
use super::seals::Seals;
use crate::causal::{Authenticator, Rule};
use crate::clock::PhysicalTime;
use crate::kv::Level;
use crate::ring::{Ring, TOKENS};
use crate::timing::{TimingError, fits};
use crate::topology::{Topology, Unsuitable};

const REPLICAS: &str = "replicas";
const CONSISTENCY: &str = "consistency";
const WRITES: &str = "write";
const REPAIR: &str = "read-repair";
const HANDOFF: &str = "handoff";
const CLOCK: &str = "clock";
const PURGE: &str = "purge";
const GRACE: &str = "grace";
const VNODES: &str = "tokens";
const MEMBERS: &str = "members";
const CONFLICTS: &str = "conflicts";

/// How long a tombstone stays where it goes at all, in seconds: Cassandra's `gc_grace_seconds`.
const DEFAULT_GRACE: u64 = 864_000;
/// The longest, in seconds: about a hundred years.
const MAX_GRACE: u64 = 3_153_600_000;

/// What a cluster file chooses.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) config: Config,
    /// The level of the requests that do not say one.
    pub(super) level: Level,
    /// Which nodes hold which keys at first. The configuration has it where some node does not hold all.
    pub(super) ring: Ring,
}

/// What is chosen for such a cluster.
pub(super) fn chosen(topology: &Topology) -> Result<Chosen, Unsuitable> {
    topology.check_roles(|_| "node")?;
    let nodes = topology.servers();
    let words = Words::of(topology.mode.as_deref().unwrap_or_default()).map_err(Unsuitable)?;
    let members = words.number(MEMBERS, 1..=nodes as u64, nodes as u64).map_err(Unsuitable)?;
    let replicas = words.number(REPLICAS, 1..=members, members.min(DEFAULT_REPLICAS as u64));
    let replicas = replicas.map_err(Unsuitable)? as usize;
    let mut config = Config::new(nodes, replicas, timing(topology)?);
    words.choose(&mut config).map_err(Unsuitable)?;
    let level = words.level().map_err(Unsuitable)?;
    let tokens = words.number(VNODES, 1..=u64::from(MAX_TOKENS), TOKENS.into());
    let first = topology.ids().into_iter().take(members as usize);
    let ring = Ring::new(first, tokens.map_err(Unsuitable)? as u16);
    // Where all nodes hold all keys, nobody needs to look for a key's place.
    config.ring = (replicas < nodes).then(|| ring.clone());
    config.physical = PhysicalTime(topology.clock);
    config.seals = Seals::new(topology.code.clone());
    let code = topology.code.clone();
    config.contexts = Authenticator::new(move |bytes| code(bytes));
    Ok(Chosen { config, level, ring })
}

/// The level of requests that do not say one: clients ask for it with each request.
pub(super) fn default_level(topology: &Topology) -> Result<Level, Unsuitable> {
    let words = Words::of(topology.mode.as_deref().unwrap_or_default());
    words.and_then(|words| words.level()).map_err(Unsuitable)
}

/// What becomes of concurrent writes, and how long the values of a key may be then.
pub(super) fn conflicts(topology: &Topology) -> Option<(Rule, usize)> {
    let config = chosen(topology).ok()?.config;
    Some((config.conflicts, config.row_bytes()))
}

/// The words `name=value` of a mode.
struct Words<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Words<'a> {
    fn of(mode: &'a str) -> Result<Self, String> {
        let known = [
            REPLICAS,
            CONSISTENCY,
            WRITES,
            REPAIR,
            HANDOFF,
            CLOCK,
            PURGE,
            GRACE,
            VNODES,
            MEMBERS,
            CONFLICTS,
        ];
        let mut words: Vec<(&str, &str)> = Vec::new();
        for word in mode.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            if !known.contains(&name) {
                let known = known.map(|name| format!("`{name}=…`")).join(", ");
                return Err(format!("the mode says `{word}`; use {known}"));
            }
            if words.iter().any(|(other, _)| *other == name) {
                return Err(format!("the mode says `{name}` twice; say it once"));
            }
            words.push((name, value));
        }
        Ok(Self(words))
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, String> {
        let Some(value) = self.value(name) else { return Ok(default) };
        value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("the mode says `{name}={value}`; use a number from {least} to {most}")
        })
    }

    /// The meaning of the value of `name`, which is the first one where none is given.
    fn one_of<T: Copy>(&self, name: &str, known: &[(&str, T)]) -> Result<T, String> {
        // Each call gives what it knows, at least one.
        let Some(value) = self.value(name) else { return Ok(known[0].1) };
        known.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning).ok_or_else(
            || {
                let words: Vec<String> =
                    known.iter().map(|(word, _)| format!("`{name}={word}`")).collect();
                format!("the mode says `{name}={value}`; use {}", words.join(" or "))
            },
        )
    }

    fn level(&self) -> Result<Level, String> {
        let levels = [Level::Quorum, Level::One, Level::All, Level::Serial];
        self.one_of(CONSISTENCY, &levels.map(|level| (level.name(), level)))
    }

    /// What becomes of concurrent writes. Those that stay side by side have no timestamps.
    fn conflicts(&self) -> Result<Rule, String> {
        let rules = [("last-writer-wins", Rule::LastWriterWins), ("multi-value", Rule::MultiValue)];
        let rule = self.one_of(CONFLICTS, &rules)?;
        let senseless = [
            (WRITES, "its writes are ordered by what they replace, not by timestamps"),
            (CLOCK, "its writes are ordered by what they replace, not by timestamps"),
            (PURGE, "of a deleted key it keeps which writes are replaced, or they would come back"),
        ];
        let said = senseless.iter().find(|(name, _)| self.value(name).is_some());
        match (rule, said, self.level()?) {
            (Rule::LastWriterWins, ..)
            | (Rule::MultiValue, None, Level::One | Level::Quorum | Level::All) => Ok(rule),
            (Rule::MultiValue, Some((name, why)), _) => Err(format!(
                "the mode says `{name}` and `{CONFLICTS}=multi-value`: {why}; leave `{name}` out"
            )),
            (Rule::MultiValue, None, Level::Serial) => Err(format!(
                "the mode says `{CONSISTENCY}=serial` and `{CONFLICTS}=multi-value`: a key of several values \
                 has no one value to agree on; use `{CONFLICTS}=last-writer-wins`"
            )),
        }
    }

    /// Does as they say.
    fn choose(&self, config: &mut Config) -> Result<(), String> {
        config.write =
            self.one_of(WRITES, &[("query", WriteMode::Query), ("clock", WriteMode::Plain)])?;
        let repairs = [("blocking", ReadRepair::Blocking), ("none", ReadRepair::None)];
        config.read_repair = self.one_of(REPAIR, &repairs)?;
        let handoffs =
            [("strict", Handoff::Strict), ("sloppy", Handoff::Sloppy), ("none", Handoff::None)];
        config.handoff = self.one_of(HANDOFF, &handoffs)?;
        let clocks = [("hybrid", Clock::Hybrid), ("physical", Clock::Physical)];
        config.clock = self.one_of(CLOCK, &clocks)?;
        let purges =
            [("never", Purge::Never), ("timer", Purge::OnTimer), ("repaired", Purge::AfterRepair)];
        config.purge = self.one_of(PURGE, &purges)?;
        if self.value(GRACE).is_some() && config.purge == Purge::Never {
            return Err(format!(
                "the mode says `{GRACE}`; that needs `{PURGE}=timer` or `{PURGE}=repaired`"
            ));
        }
        if config.handoff == Handoff::Sloppy && config.purge == Purge::AfterRepair {
            return Err(format!(
                "the mode says `{HANDOFF}=sloppy` and `{PURGE}=repaired`: a hint that counts as an \
                 acknowledgment may be the only copy of a write, and one that is older than a purged \
                 tombstone is dropped; use `{HANDOFF}=strict`"
            ));
        }
        config.conflicts = self.conflicts()?;
        config.grace = self.number(GRACE, 1..=MAX_GRACE, DEFAULT_GRACE)? * 1_000;
        if config.handoff == Handoff::Sloppy && config.replicas == config.nodes {
            return Err(format!(
                "the mode says `{HANDOFF}=sloppy`, but all nodes hold all keys, so there is no other \
                 to hand a write to; use `{REPLICAS}=N` with fewer than {} replicas",
                config.nodes
            ));
        }
        Ok(())
    }
}

fn timing(topology: &Topology) -> Result<Timing, TimingError> {
    let mut timing = Timing::default();
    let Timing { resend, deadline, hint, repair, purge, retry } = &mut timing;
    topology.timing.set([
        ("resend", resend),
        ("deadline", deadline),
        ("hint", hint),
        ("repair", repair),
        ("purge", purge),
        ("retry", retry),
    ])?;
    let otherwise = "one lost message would make a request fail";
    fits(2, ("resend", &timing.resend), ("deadline", &timing.deadline), otherwise)?;
    Ok(timing)
}

impl Chosen {
    /// What the level chooser is asked for a request of this level, by which nodes read and write
    /// alike.
    pub(super) fn settings(&self, level: Level) -> Settings {
        let Config { replicas: n, read_repair: repair, write, handoff, purge, conflicts, .. } =
            self.config;
        let (needed, serial) = (self.config.needed(level), level == Level::Serial);
        let clock = match self.config.clock {
            Clock::Hybrid => ClockQuality::Hybrid,
            Clock::Physical => ClockQuality::Skewed,
        };
        let (r, w) = (needed, needed);
        Settings { n, r, w, repair, clock, write, handoff, purge, serial, conflicts }
    }

    /// What goes on when nodes are down, and what one key is then, in a sentence.
    pub(super) fn survives(&self) -> String {
        let Self { config, level, ring } = self;
        let Config { nodes, replicas, purge, .. } = config;
        let members = ring.nodes().len();
        let needed = config.needed(*level);
        let lines = self.settings(*level).lines().unwrap_or_default();
        let provides = lines.first().map_or("nothing", |line| line.provides);
        let mut text = format!(
            "each key is on {replicas} of {members} nodes; at the level {level}, a request goes on while \
             {needed} of them answer, and a key is: {provides}"
        );
        if members < *nodes {
            text += "; the other nodes are spare, until `quorate ring` has one join";
        }
        if *level != Level::Serial && config.conflicts == Rule::LastWriterWins {
            text += "; a compare-and-swap is serial, so write a key either by it alone or never";
        }
        if *purge == Purge::OnTimer {
            text += "; a deleted value may come back from a node that was away for longer than the grace";
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::levels::Class;
    use super::*;
    use crate::timing::Timings;
    use crate::topology::tests::topology;
    use stateright::actor::Id;

    fn of(mode: &str, servers: usize) -> Result<Chosen, String> {
        chosen(&topology(mode, &vec![""; servers])).map_err(|error| error.to_string())
    }

    #[test]
    fn a_cluster_file_without_a_mode_has_what_is_atomic() {
        let plain = of("", 5).unwrap();
        let Config { replicas, write, read_repair, clock, purge, .. } = plain.config;
        assert_eq!((replicas, write), (3, WriteMode::Query));
        assert_eq!((read_repair, clock), (ReadRepair::Blocking, Clock::Hybrid));
        assert_eq!((purge, plain.level), (Purge::Never, Level::Quorum));
        assert_eq!(plain.settings(plain.level).class(), Class::Atomic);
        assert_eq!(plain.settings(Level::Serial).class(), Class::Linearizable);
        assert!(plain.config.ring.is_some() && of("", 3).unwrap().config.ring.is_none());
        assert_eq!(of("", 1).unwrap().config.replicas, 1);
        assert_eq!(of("", 2).unwrap().config.replicas, 2);
    }

    #[test]
    fn words_choose() {
        let mode = "replicas=5 consistency=one write=clock read-repair=none handoff=none \
                    clock=physical purge=timer grace=60 tokens=4";
        let all = of(mode, 7).unwrap();
        let Config { replicas, write, read_repair, handoff, clock, purge, grace, .. } = all.config;
        assert_eq!((replicas, write, read_repair), (5, WriteMode::Plain, ReadRepair::None));
        assert_eq!((handoff, clock), (Handoff::None, Clock::Physical));
        assert_eq!((purge, grace, all.level), (Purge::OnTimer, 60_000, Level::One));
        assert_eq!(all.ring, Ring::new((0..7).map(Id::from), 4));
        let spare = of("members=3", 5).unwrap();
        assert_eq!((spare.config.replicas, spare.config.nodes), (3, 5));
        assert_eq!(spare.config.ring, Some(Ring::new((0..3).map(Id::from), 16)));
        assert_eq!(of("members=2", 5).unwrap().config.replicas, 2);
        assert_eq!(all.settings(Level::One).class(), Class::Eventual);
        assert_eq!(all.settings(Level::Quorum).class(), Class::Eventual);
    }

    #[test]
    fn the_level_decides_what_a_key_is() {
        let class = |mode: &str| {
            let chosen = of(mode, 5).unwrap();
            chosen.settings(chosen.level).class()
        };
        assert_eq!(class("consistency=all"), Class::Atomic);
        assert_eq!(class("read-repair=none"), Class::Regular);
        assert_eq!(class("write=clock"), Class::Monotonic);
        assert_eq!(class("consistency=one"), Class::Eventual);
        assert_eq!(class("handoff=sloppy"), Class::Eventual);
        assert_eq!(class("purge=repaired grace=60"), Class::Atomic);
        assert_eq!(class("consistency=serial write=clock clock=physical"), Class::Linearizable);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_advice() {
        for (mode, advice) in [
            ("replicas=6", "from 1 to 5"),
            ("replicas=0", "from 1 to 5"),
            ("consistency=two", "`consistency=one`"),
            ("write", "`write=query` or `write=clock`"),
            ("purge=timer grace=0", "from 1 to"),
            ("grace=60", "needs `purge=timer`"),
            ("purge=repaired handoff=sloppy", "use `handoff=strict`"),
            ("tokens=257", "from 1 to 256"),
            ("members=6", "from 1 to 5"),
            ("members=3 replicas=4", "from 1 to 3"),
            ("quorum=2", "`replicas=…`"),
            ("clock=hybrid clock=physical", "twice"),
            ("replicas=5 handoff=sloppy", "fewer than 5"),
            ("conflicts=multi-value write=query", "leave `write` out"),
            ("conflicts=multi-value clock=hybrid", "leave `clock` out"),
            ("conflicts=multi-value purge=repaired", "leave `purge` out"),
            ("conflicts=multi-value consistency=serial", "no one value"),
            ("conflicts=crdt", "`conflicts=multi-value`"),
        ] {
            let error = of(mode, 5).map(drop).unwrap_err();
            assert!(error.contains(advice), "{mode}: {error}");
        }
        let error = chosen(&topology("", &["primary"])).map(drop).unwrap_err().to_string();
        assert!(error.contains("is the node"), "{error}");
    }

    #[test]
    fn timings_are_checked_against_each_other() {
        let with = |timing: &str| {
            let timing: Timings = toml(timing);
            chosen(&Topology { timing, ..topology("", &["", "", ""]) }).map(|it| it.config.timing)
        };
        let long = std::time::Duration::from_millis(500);
        assert_eq!(with("resend=300,500").unwrap().resend.end, long);
        let error = with("resend=600,900").unwrap_err().to_string();
        assert!(error.contains("deadline"), "{error}");
        assert!(with("heartbeat=1,2").unwrap_err().to_string().contains("resend"));
    }

    /// `name=from,to`.
    fn toml(timing: &str) -> Timings {
        let (name, range) = timing.split_once('=').unwrap();
        let (from, to) = range.split_once(',').unwrap();
        let range = [from.parse().unwrap(), to.parse().unwrap()];
        std::collections::BTreeMap::from([(name.to_owned(), range)]).try_into().unwrap()
    }

    #[test]
    fn what_survives_is_said() {
        let says = |mode, text| {
            let said = of(mode, 5).unwrap().survives();
            assert!(said.contains(text), "{mode}: {said}");
        };
        says("", "on 3 of 5 nodes");
        says("", "while 2 of them answer, and a key is: atomic");
        says("members=4", "on 3 of 4 nodes");
        says("members=4", "the other nodes are spare");
        says("consistency=one", "while 1 of them answer, and a key is: eventual");
        says("consistency=serial", "a key is: linearizable");
        says("purge=timer", "may come back");
        says("conflicts=multi-value", "concurrent writes side by side");
        assert!(!of("conflicts=multi-value", 5).unwrap().survives().contains("compare-and-swap"));
        assert!(!of("purge=repaired", 5).unwrap().survives().contains("come back"));
    }
}
