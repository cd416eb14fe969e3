//! How much of what clients saw of one key agrees with the theory of registers, for histories of any
//! length: the judges of [`kv::registers`](quorate_models::kv::registers) for clusters that run.
//!
//! Each value is written once, so that a read shows which write it saw; what versions a store gives its
//! values is not known here. A write without an answer may take place at any later time, or never.

use super::convergence::{KeyHistory, Replaces, Rule, Write};
use quorate_models::kv::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A write; its value is its own, and `None` if it deletes.
#[derive(Clone, Debug)]
struct Written {
    value: Option<Bytes>,
    begin: Duration,
    /// `None` if it was not answered.
    end: Option<Duration>,
}

/// A read that was answered: by the server that was asked, with a value, if there was one.
#[derive(Clone, Debug)]
struct Returned {
    server: usize,
    value: Option<Bytes>,
    begin: Duration,
    end: Duration,
}

impl Written {
    fn precedes(&self, later: Duration) -> bool {
        self.end.is_some_and(|end| end < later)
    }
}

/// What happened to one key.
#[derive(Clone, Debug, Default)]
pub struct RegisterHistory {
    writes: Vec<Written>,
    reads: Vec<Returned>,
}

impl RegisterHistory {
    /// Adds a write, or without a value a delete, that ended then, if it was answered.
    pub fn write(&mut self, value: Option<Bytes>, begin: Duration, end: Option<Duration>) {
        self.writes.push(Written { value, begin, end });
    }

    /// Adds what a server returned to a read; nothing, if the key was absent.
    pub fn read(&mut self, server: usize, value: Option<Bytes>, begin: Duration, end: Duration) {
        self.reads.push(Returned { server, value, begin, end });
    }

    /// The writes that a read may have seen; a key that nobody wrote is absent.
    fn seen(&self, read: &Returned) -> impl Iterator<Item = Option<&Written>> {
        let writes = self.writes.iter().filter(|it| it.value == read.value && it.begin <= read.end);
        writes.map(Some).chain(read.value.is_none().then_some(None))
    }

    /// A read that returned what nobody had begun to write, in words.
    pub fn unwritten(&self) -> Option<String> {
        let read = self.reads.iter().find(|read| self.seen(read).next().is_none())?;
        Some(format!("{read:?} is of nothing that was written before it ended"))
    }

    /// A read that returned what was overwritten before it began (Lamport 1986, regular; of several
    /// writers Shao, Pierce and Welch 2003), in words.
    pub fn irregular(&self) -> Option<String> {
        let over = |read: &Returned, seen: Option<&Written>| {
            let ended = self.writes.iter().filter(|later| later.precedes(read.begin));
            let mut later = ended.filter(|later| seen.is_none_or(|it| it.precedes(later.begin)));
            later.next()
        };
        for read in &self.reads {
            let mut why = None;
            let is_regular = self.seen(read).any(|seen| {
                let later = over(read, seen);
                why = later.or(why);
                later.is_none()
            });
            if !is_regular {
                return Some(match why {
                    Some(later) => format!("{read:?} is of what {later:?} had overwritten"),
                    None => self.unwritten().unwrap_or_default(),
                });
            }
        }
        None
    }

    /// Three reads, one after the other, of which the first and the last returned one value and the
    /// second another, in words: versions went back (Terry et al. 1994, monotonic reads).
    pub fn back_in_time(&self) -> Option<String> {
        let mut spans: BTreeMap<&Bytes, (Duration, Duration)> = BTreeMap::new();
        for Returned { value, begin, end, .. } in &self.reads {
            let Some(value) = value else { continue };
            let (first, last) = spans.entry(value).or_insert((*end, *begin));
            (*first, *last) = ((*first).min(*end), (*last).max(*begin));
        }
        self.reads.iter().find_map(|read| {
            let between = |(value, (first, last)): &(&&Bytes, &(Duration, Duration))| {
                read.value.as_ref() != Some(**value) && *first < read.begin && read.end < *last
            };
            let (value, _) = spans.iter().find(between)?;
            Some(format!("{read:?} is between two reads of {value:?}"))
        })
    }

    /// What is wrong with the last read of each server, which was made when all writes had ended: they
    /// differ, or return what a write replaced that began more than `margin` later: by so much the
    /// clocks of servers differ at most.
    pub fn disagreement(&self, margin: Duration) -> Option<String> {
        let mut last: BTreeMap<usize, &Returned> = BTreeMap::new();
        for read in &self.reads {
            let newest = last.entry(read.server).or_insert(read);
            if newest.begin < read.begin {
                *newest = read;
            }
        }
        let mut found = last.into_values();
        let first = found.next()?;
        if let Some(other) = found.find(|other| other.value != first.value) {
            return Some(format!("servers do not agree at the end: {first:?} and {other:?}"));
        }
        // Each write is of a node of its own: nothing is concluded from which node took it.
        let writes = self.writes.iter().enumerate().map(|(node, write)| Write {
            node,
            value: write.value.clone(),
            replaces: Replaces::Held,
            begin: write.begin,
            end: write.end,
            may_repeat: false,
        });
        let history = KeyHistory { writes: writes.collect(), reads: Vec::new() };
        let values: BTreeSet<Bytes> = first.value.iter().cloned().collect();
        history.final_flaw(Rule::LastWriterWins(margin), &values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn value(text: &str) -> Option<Bytes> {
        (!text.is_empty()).then(|| text.into())
    }

    /// Writes and reads that each last a millisecond; a text that ends with `?` was not answered.
    fn history(writes: &[(u64, &str)], reads: &[(u64, &str)]) -> RegisterHistory {
        let mut history = RegisterHistory::default();
        for (at, text) in writes {
            let end = (!text.ends_with('?')).then_some(ms(at + 1));
            history.write(value(text.trim_end_matches('?')), ms(*at), end);
        }
        for (at, text) in reads {
            history.read(0, value(text), ms(*at), ms(at + 1));
        }
        history
    }

    #[test]
    fn what_nobody_wrote_is_noticed() {
        assert!(history(&[(0, "a")], &[(5, "a"), (9, "")]).unwritten().is_none());
        assert!(history(&[(0, "a")], &[(5, "b")]).unwritten().is_some());
        assert!(
            history(&[(9, "a")], &[(5, "a")]).unwritten().is_some(),
            "read before it was begun"
        );
        assert!(history(&[(9, "a")], &[(5, "b")]).irregular().is_some());
    }

    #[test]
    fn what_was_overwritten_is_not_read_in_a_regular_register() {
        let both = [(0, "a"), (5, "b")];
        assert!(history(&both, &[(9, "b")]).irregular().is_none());
        assert!(history(&both, &[(9, "a")]).irregular().is_some());
        assert!(history(&both, &[(9, "")]).irregular().is_some(), "lost");
        assert!(history(&both, &[(5, "a"), (5, "b"), (6, "a")]).irregular().is_none(), "at once");
        let unknown = [(0, "a"), (5, "b?")];
        assert!(history(&unknown, &[(9, "b"), (20, "a")]).irregular().is_none());
        let deleted = [(0, "a"), (5, ""), (9, "?")];
        assert!(history(&deleted, &[(20, "")]).irregular().is_none());
        assert!(history(&deleted, &[(20, "a")]).irregular().is_some(), "it is back");
        assert!(history(&[(0, ""), (5, "a")], &[(20, "")]).irregular().is_some());
    }

    #[test]
    fn reads_that_go_back_are_noticed() {
        let both = [(0, "a"), (0, "b?")];
        let goes_back = |reads: &[(u64, &str)]| history(&both, reads).back_in_time().is_some();
        assert!(!goes_back(&[(5, "a"), (9, "b"), (20, "b")]));
        assert!(goes_back(&[(5, "a"), (9, "b"), (20, "a")]));
        assert!(goes_back(&[(5, "a"), (9, ""), (20, "a")]));
        assert!(!goes_back(&[(5, "a"), (5, "b"), (5, "a")]), "at once");
    }

    #[test]
    fn servers_agree_at_the_end_on_the_last_write() {
        let ends = |writes: &[(u64, &str)], one: &str, other: &str| {
            let mut history = history(writes, &[(5, "z")]);
            for (server, text) in [(0, one), (1, other)] {
                history.read(server, value(text), ms(2000), ms(2001));
            }
            history.disagreement(ms(500)).is_none()
        };
        assert!(ends(&[(0, "a")], "a", "a"));
        assert!(!ends(&[(0, "a")], "a", ""));
        assert!(ends(&[(0, "a"), (9, "b")], "a", "a"), "the clocks may say so");
        assert!(!ends(&[(0, "a"), (900, "b")], "a", "a"), "lost");
        assert!(!ends(&[(0, "a")], "", ""), "lost");
        assert!(ends(&[(0, "a"), (900, "")], "", ""));
    }
}
