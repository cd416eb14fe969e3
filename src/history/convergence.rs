//! The judge of multi-primary histories: what nodes may eventually hold, by what is known of which
//! write replaced which.
//!
//! There is no order in time here: a node answers without asking another. What is known is
//! *causal*. A write that a node took replaces what that node certainly had, and a write with a
//! context replaces the values that its client had read. So, of a write, it may be certain that it
//! is replaced, certain that it is not, or neither. The values that are found must not include a
//! write of the first kind and must include every one of the second.

use quorate_models::kv::Bytes;
use std::collections::BTreeSet;
use std::time::Duration;

/// How concurrent writes of a key are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The later one by the clocks stays, and all nodes here have the same clock; but it may be
    /// set, so that it orders only writes that are this far apart.
    LastWriterWins(Duration),
    /// All stay, as siblings.
    MultiValue,
}

/// What a write replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// What its node holds.
    Held,
    /// The values that its client had read.
    Seen(BTreeSet<Bytes>),
}

/// A write, of one key. Its value is its own; a delete writes no value.
#[derive(Clone, Debug)]
pub struct Write {
    /// The node that was asked.
    pub node: usize,
    /// Its value; `None` for a delete.
    pub value: Option<Bytes>,
    /// What it replaces.
    pub replaces: Replaces,
    /// When it was asked for.
    pub begin: Duration,
    /// When it was acknowledged; `None` if it was not, and may or may not have happened.
    pub end: Option<Duration>,
    /// Whether it may have been done twice: asked for while its node lost its disk, which does not
    /// know then what it did. The second time it is another write, of the same value.
    pub may_repeat: bool,
}

/// A read of that key that was answered.
#[derive(Clone, Debug)]
pub struct Read {
    /// The node that was asked.
    pub node: usize,
    /// The values that it returned: none where the key is absent.
    pub values: BTreeSet<Bytes>,
    /// When it was asked.
    pub begin: Duration,
    /// When it answered.
    pub end: Duration,
}

/// What happened to one key.
#[derive(Clone, Debug, Default)]
pub struct KeyHistory {
    /// The writes, in any order.
    pub writes: Vec<Write>,
    /// The reads, in any order.
    pub reads: Vec<Read>,
}

impl KeyHistory {
    /// Whether node `node` certainly had the write by then: it took it, or returned it to a read.
    fn had(&self, node: usize, write: &Write, by: Duration) -> bool {
        let took = write.node == node && write.end.is_some_and(|end| end < by);
        took || self.reads.iter().any(|read| {
            let told = write.value.as_ref().is_some_and(|value| read.values.contains(value));
            read.node == node && read.end < by && told
        })
    }

    /// Whether, where `later` is, `earlier` certainly is not.
    fn certainly_replaces(&self, rule: Rule, later: &Write, earlier: &Write) -> bool {
        if earlier.may_repeat {
            return false;
        }
        if let Rule::LastWriterWins(margin) = rule
            && earlier.end.is_some_and(|end| end + margin < later.begin)
        {
            return true;
        }
        match &later.replaces {
            Replaces::Held => self.had(later.node, earlier, later.begin),
            Replaces::Seen(values) => {
                earlier.value.as_ref().is_some_and(|value| values.contains(value))
            }
        }
    }

    /// Whether, where `later` is, `earlier` may not be.
    fn possibly_replaces(&self, rule: Rule, later: &Write, earlier: &Write) -> bool {
        match (&later.replaces, rule) {
            // It cannot have been known before it was written.
            (Replaces::Held, Rule::MultiValue) => later.end.is_none_or(|end| earlier.begin <= end),
            (Replaces::Seen(_), Rule::MultiValue) => self.certainly_replaces(rule, later, earlier),
            (_, Rule::LastWriterWins(_)) => !self.certainly_replaces(rule, earlier, later),
        }
    }

    /// What is wrong with `found`, read at a node that has at least the writes for which `has`
    /// holds.
    fn flaw(
        &self,
        rule: Rule,
        found: &BTreeSet<Bytes>,
        has: impl Fn(&Write) -> bool,
    ) -> Option<String> {
        for value in found {
            let Some(write) = self.writes.iter().find(|w| w.value.as_ref() == Some(value)) else {
                return Some(format!("{value:?} was never written"));
            };
            let replaced = (self.writes.iter())
                .find(|later| has(later) && self.certainly_replaces(rule, later, write));
            if let Some(later) = replaced {
                return Some(format!("{value:?} is there again, though replaced by {later:?}"));
            }
        }
        let is_possible = |write: &Write, earlier: &Write| {
            !std::ptr::eq(write, earlier) && self.possibly_replaces(rule, write, earlier)
        };
        let lost = self.writes.iter().filter(|write| has(write)).find(|write| {
            let is_found = write.value.as_ref().is_none_or(|value| found.contains(value));
            !is_found && !self.writes.iter().any(|later| is_possible(later, write))
        });
        if let Some(lost) = lost {
            return Some(format!("{lost:?} is lost"));
        }
        match rule {
            Rule::LastWriterWins(_) if found.len() > 1 => Some("there are siblings".into()),
            Rule::LastWriterWins(_) if found.is_empty() => self.absence_flaw(rule, has),
            _ => None,
        }
    }

    /// With last-writer-wins, a key is absent only if no write is there or a delete may be the
    /// last.
    fn absence_flaw(&self, rule: Rule, has: impl Fn(&Write) -> bool) -> Option<String> {
        let last = |write: &&Write| {
            let is_replaced =
                |later: &Write| has(later) && self.certainly_replaces(rule, later, write);
            !self.writes.iter().any(is_replaced)
        };
        let may_be_deleted = self.writes.iter().filter(last).any(|write| write.value.is_none());
        let write = self.writes.iter().find(|write| has(write))?;
        (!may_be_deleted).then(|| format!("the key is absent in spite of {write:?}"))
    }

    /// What is wrong with the values that all nodes return when each has every acknowledged write.
    pub fn final_flaw(&self, rule: Rule, found: &BTreeSet<Bytes>) -> Option<String> {
        self.flaw(rule, found, |write| write.end.is_some())
    }

    /// What is wrong with a read: its node has at least what it acknowledged itself before.
    pub fn read_flaw(&self, rule: Rule, read: &Read) -> Option<String> {
        let has = |write: &Write| {
            write.node == read.node && write.end.is_some_and(|end| end < read.begin)
        };
        let flaw = self.flaw(rule, &read.values, has);
        let unborn = (self.writes.iter()).find(|w| {
            w.begin > read.end && w.value.as_ref().is_some_and(|v| read.values.contains(v))
        });
        flaw.or_else(|| unborn.map(|write| format!("{write:?} was read before it was written")))
    }

    /// The first flaw of any read.
    pub fn reads_flaw(&self, rule: Rule) -> Option<String> {
        let flaw = |read| Some(format!("{read:?}: {}", self.read_flaw(rule, read)?));
        self.reads.iter().find_map(flaw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Replaces::{Held, Seen};

    const CLOCK: Rule = Rule::LastWriterWins(Duration::from_millis(500));

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn set(values: &[&str]) -> BTreeSet<Bytes> {
        values.iter().map(|value| Bytes::from(*value)).collect()
    }

    /// A write that was acknowledged in 1 ms.
    fn write(node: usize, begin: u64, value: &str, replaces: Replaces) -> Write {
        let value = (!value.is_empty()).then(|| value.into());
        let (begin, end) = (ms(begin), Some(ms(begin + 1)));
        Write { node, value, replaces, begin, end, may_repeat: false }
    }

    fn pending(write: Write) -> Write {
        Write { end: None, ..write }
    }

    fn read(node: usize, begin: u64, values: &[&str]) -> Read {
        Read { node, values: set(values), begin: ms(begin), end: ms(begin + 1) }
    }

    /// Whether all nodes may eventually hold these values.
    fn may_end(rule: Rule, writes: &[Write], found: &[&str]) -> bool {
        let history = KeyHistory { writes: writes.to_vec(), reads: Vec::new() };
        history.final_flaw(rule, &set(found)).is_none()
    }

    #[test]
    fn siblings_stay_until_they_are_replaced() {
        let blind = |node, value| write(node, 0, value, Seen(set(&[])));
        let two = [blind(0, "a"), blind(1, "b")];
        assert!(may_end(Rule::MultiValue, &two, &["a", "b"]));
        assert!(!may_end(Rule::MultiValue, &two, &["a"]), "lost");
        assert!(!may_end(Rule::MultiValue, &two, &["a", "b", "c"]), "never written");
        let three = [&two[..], &[write(2, 5, "c", Seen(set(&["a"])))]].concat();
        assert!(may_end(Rule::MultiValue, &three, &["b", "c"]));
        assert!(!may_end(Rule::MultiValue, &three, &["a", "b", "c"]), "replaced");
        assert!(!may_end(Rule::MultiValue, &three, &["c"]), "lost");
        let unknown = [&two[..], &[pending(write(2, 5, "c", Seen(set(&["a"]))))]].concat();
        assert!(may_end(Rule::MultiValue, &unknown, &["a", "b"]));
        assert!(may_end(Rule::MultiValue, &unknown, &["b", "c"]));
        assert!(may_end(Rule::MultiValue, &unknown, &["b"]), "its replacement may be replaced");
    }

    #[test]
    fn a_write_that_may_be_done_twice_may_be_there_although_it_was_replaced() {
        let replacer = write(1, 5, "b", Seen(set(&["a"])));
        let pair = |may_repeat| {
            let first = Write { may_repeat, ..pending(write(0, 0, "a", Held)) };
            [first, replacer.clone()]
        };
        assert!(!may_end(Rule::MultiValue, &pair(false), &["a", "b"]));
        assert!(may_end(Rule::MultiValue, &pair(true), &["a", "b"]));
        assert!(may_end(Rule::MultiValue, &pair(true), &["b"]), "it need not be");
        assert!(!may_end(Rule::MultiValue, &pair(true), &["a", "b", "c"]), "never written");
    }

    #[test]
    fn a_write_without_a_context_replaces_what_its_node_had() {
        let elsewhere = [write(0, 0, "a", Held), write(1, 5, "b", Held)];
        assert!(may_end(Rule::MultiValue, &elsewhere, &["a", "b"]));
        assert!(may_end(Rule::MultiValue, &elsewhere, &["b"]), "it may have come there before");
        assert!(!may_end(Rule::MultiValue, &elsewhere, &["a"]), "lost");
        let here = [write(0, 0, "a", Held), write(0, 5, "b", Held)];
        assert!(may_end(Rule::MultiValue, &here, &["b"]));
        assert!(!may_end(Rule::MultiValue, &here, &["a", "b"]), "replaced");
        let deleted = [write(0, 0, "a", Held), write(0, 5, "", Held)];
        assert!(may_end(Rule::MultiValue, &deleted, &[]));
        assert!(!may_end(Rule::MultiValue, &deleted, &["a"]), "deleted");
    }

    #[test]
    fn the_last_writer_is_the_last_by_cause_or_by_far() {
        let near = [write(0, 0, "a", Held), write(1, 5, "b", Held)];
        assert!(may_end(CLOCK, &near, &["a"]) && may_end(CLOCK, &near, &["b"]));
        assert!(!may_end(CLOCK, &near, &["a", "b"]), "siblings");
        assert!(!may_end(CLOCK, &near, &[]), "nobody deleted it");
        for later in [write(0, 5, "b", Held), write(1, 900, "b", Held)] {
            let both = [near[0].clone(), later];
            assert!(may_end(CLOCK, &both, &["b"]));
            assert!(!may_end(CLOCK, &both, &["a"]), "replaced");
        }
        let deleted = [write(0, 0, "", Held), write(0, 900, "a", Held)];
        assert!(!may_end(CLOCK, &deleted, &[]), "written after it was deleted");
        let maybe = [write(0, 0, "a", Held), pending(write(1, 0, "", Held))];
        assert!(may_end(CLOCK, &maybe, &[]) && may_end(CLOCK, &maybe, &["a"]));
    }

    #[test]
    fn a_read_tells_what_its_node_acknowledged() {
        let writes = vec![write(0, 0, "a", Held)];
        let flaw = |read: Read, rule| {
            let history = KeyHistory { writes: writes.clone(), reads: vec![read] };
            history.reads_flaw(rule).is_some()
        };
        for rule in [Rule::MultiValue, CLOCK] {
            assert!(!flaw(read(0, 5, &["a"]), rule));
            assert!(flaw(read(0, 5, &[]), rule), "forgotten");
            assert!(!flaw(read(1, 5, &[]), rule), "it need not have come there");
        }
        let early = vec![write(0, 10, "a", Held)];
        let history = KeyHistory { writes: early, reads: vec![read(1, 5, &["a"])] };
        assert!(history.reads_flaw(CLOCK).is_some(), "read before it was written");
        // A node has a write that was read from it.
        let writes = vec![pending(write(0, 0, "a", Held)), write(1, 9, "b", Held)];
        let history = KeyHistory { writes, reads: vec![read(1, 5, &["a"])] };
        assert!(history.final_flaw(Rule::MultiValue, &set(&["a", "b"])).is_some());
    }
}
