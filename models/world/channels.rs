//! Ordered links: a state holds a channel per pair of nodes that has messages in flight, and a
//! step takes one message from the front of one and appends others to the backs of some.

use super::cluster::{Channel, EnvelopeExtra, Inner};
use super::interner::Fingerprint;
use super::memory::recall;
use super::observer::Observer;
use super::parts::Checkable;
use super::setup::NetworkKind;
use super::step::Expander;
use std::collections::BTreeMap;

impl<A: Checkable, H: Observer<A::Msg>> Expander<'_, A, H> {
    /// What a step adds to the channels' share of the fingerprint.
    pub(super) fn weigh_channels(
        &mut self,
        items: &[u32],
        removed: Option<u32>,
        added: &[u32],
    ) -> Fingerprint {
        self.replace_channels(items, removed, added);
        let hash =
            |channel: Option<u32>| channel.map_or(0, |channel| self.inner.item_hash(channel));
        (self.replaced.iter()).fold(0, |sum: Fingerprint, (old, new)| {
            sum.wrapping_add(hash(*new)).wrapping_sub(hash(*old))
        })
    }

    /// Carries the step out on `out[first..]`, which holds the old channels.
    pub(super) fn write_channels(
        &mut self,
        items: &[u32],
        removed: Option<u32>,
        added: &[u32],
        out: &mut Vec<u32>,
        first: usize,
    ) {
        self.replace_channels(items, removed, added);
        for (old, new) in &self.replaced {
            if let Some(at) = old.and_then(|old| out[first..].iter().position(|id| *id == old)) {
                out.remove(first + at);
            }
            out.extend(*new);
        }
        out[first..].sort_unstable();
    }

    /// Which channels become which, by way of `self.replaced`.
    fn replace_channels(&mut self, items: &[u32], removed: Option<u32>, added: &[u32]) {
        let inner = self.inner;
        self.replaced.clear();
        if let Some(at) = removed {
            let old = items[at as usize];
            self.replaced.push((Some(old), inner.rest_of(old)));
        }
        for envelope in added {
            let EnvelopeExtra { sender, receiver, .. } =
                inner.tables.envelopes.head(*envelope).extra;
            let link = (sender, receiver);
            let is_ours = |channel: u32| inner.tables.channels.head(channel).extra.link == link;
            let known =
                (self.replaced.iter()).position(|(old, new)| old.or(*new).is_some_and(is_ours));
            let at = known.unwrap_or_else(|| {
                let old = items.iter().copied().find(|item| is_ours(*item));
                self.replaced.push((old, old));
                self.replaced.len() - 1
            });
            let new = match self.replaced[at].1 {
                None => self.channel_of(*envelope),
                Some(channel) => {
                    recall(&mut self.appended, &inner.tables.appended, (channel, *envelope), || {
                        inner.append(channel, *envelope)
                    })
                }
            };
            self.replaced[at].1 = Some(new);
        }
    }

    /// The channel of an envelope alone.
    fn channel_of(&mut self, envelope: u32) -> u32 {
        let at = envelope as usize;
        if let Some(known) = self.alone.get(at).copied().flatten() {
            return known;
        }
        if at >= self.alone.len() {
            self.alone.resize(at + 1, None);
        }
        let channel = self.inner.channel_of(envelope);
        self.alone[at] = Some(channel);
        channel
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// The channels that hold what was sent, sorted.
    pub(super) fn channels_of(&self, sent: &[u32]) -> Vec<u32> {
        debug_assert_eq!(self.setup.network, NetworkKind::Ordered);
        let mut channels = BTreeMap::new();
        for envelope in sent {
            let link = self.tables.envelopes.value(*envelope);
            let link = (link.src, link.dst);
            let appended = match channels.get(&link) {
                None => self.channel_of(*envelope),
                Some(channel) => self.append(*channel, *envelope),
            };
            channels.insert(link, appended);
        }
        let mut channels: Vec<u32> = channels.into_values().collect();
        channels.sort_unstable();
        channels
    }

    pub(super) fn channel_of(&self, envelope: u32) -> u32 {
        let link = self.tables.envelopes.value(envelope);
        self.intern_channel(Channel { src: link.src, dst: link.dst, queue: vec![envelope] })
    }

    pub(super) fn append(&self, channel: u32, envelope: u32) -> u32 {
        let mut channel = self.tables.channels.value(channel).clone();
        channel.queue.push(envelope);
        self.intern_channel(channel)
    }

    pub(super) fn rest_of(&self, channel: u32) -> Option<u32> {
        *self.tables.channels.head(channel).extra.rest.get_or_init(|| {
            let mut channel = self.tables.channels.value(channel).clone();
            channel.queue.remove(0);
            (!channel.queue.is_empty()).then(|| self.intern_channel(channel))
        })
    }
}
