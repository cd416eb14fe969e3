//! Retention: a log forgets its oldest records, but not what they come to. A follower that would
//! need them gets that instead, in pieces that fit datagrams.
//!
//! Only records that are committed and on disk are forgotten. What they come to is the same at all
//! brokers, so a follower may go on with the pieces of one leader where another left off. While a
//! follower is on its way, its leader forgets no more, until its log has grown to twice the size at
//! which it otherwise does: then the follower is too slow, or gone.

use super::bugs::Bug;
use super::log::{Base, Log};
use super::message::{Content, Fetch};
use super::state::{BrokerState, Install, Leading};
use super::storage::{DiskRecord, Storage};
use super::topic::TopicPiece;
use super::turn::Turn;
use crate::Saved;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::transfer::{Cut, Held};

impl Turn<'_, '_> {
    /// Forgets the oldest records, if the log has more than twice what it is to keep.
    pub(super) fn trim(&mut self) {
        let Some(kept) = self.config.retention_bytes else { return };
        let BrokerState { log, hw, flushed, .. } = &**self.state;
        let is_awaited = self.state.leading().is_some_and(|it| !it.installing.is_empty());
        let patience = if is_awaited { 4 } else { 2 };
        if log.bytes() <= kept.saturating_mul(patience) {
            return;
        }
        let committed = if self.has(Bug::ForgetUncommitted) { log.end() } else { *hw };
        let start = log.start_of_last(kept).min(committed).min(*flushed);
        if start <= log.start() {
            return;
        }
        self.save(DiskRecord::Trimmed(start));
        let state = self.state.to_mut();
        state.log.trim(start);
        state.hw = state.hw.max(start);
        if let Some(leading) = state.leading_mut() {
            leading.installing.clear();
        }
    }

    /// A follower asks for records that are forgotten: it gets the next piece of what they come to.
    pub(super) fn on_fetch_before_start(&mut self, fetch: &Fetch) {
        let src = self.src;
        let base = self.state.log.base();
        let mix = self.has(Bug::MixPieces);
        let held = fetch.held.as_ref().filter(|held| held.of == base.image.slot || mix);
        let piece = next_piece(base, held, self.config.max_fetch_bytes);
        let is_new = |leading: &Leading| !leading.installing.contains(&src);
        if self.state.leading().is_some_and(is_new)
            && let Some(leading) = self.state.to_mut().leading_mut()
        {
            leading.installing.insert(src);
        }
        if let Some(piece) = piece {
            self.answer_fetch(fetch, piece);
        }
    }

    /// A follower has all that was forgotten.
    pub(super) fn release(&mut self) {
        let src = self.src;
        if self.state.leading().is_some_and(|leading| leading.installing.contains(&src))
            && let Some(leading) = self.state.to_mut().leading_mut()
        {
            leading.installing.remove(&src);
        }
    }

    /// The next piece came. When all are there, the log begins with them: until then nothing of it
    /// counts.
    pub(super) fn on_piece(
        &mut self,
        (slot, epoch): (u64, u64),
        index: u32,
        piece: TopicPiece,
        next: Option<Cut>,
    ) {
        let state = self.state.to_mut();
        let mix = self.config.bug == Some(Bug::MixPieces);
        let known = state.install.as_ref().map_or(0, |install| install.pieces.image.slot);
        if slot < known && !mix {
            return;
        }
        let is_held = |install: &Install| install.pieces.image.slot == slot || mix;
        let install = state.install.take().filter(is_held);
        let mut install =
            install.unwrap_or_else(|| Install { epoch, pieces: SnapshotInstall::begin(slot) });
        if index != install.pieces.received {
            state.install = Some(install).filter(|install| install.pieces.received > 0);
            return;
        }
        if mix {
            install.pieces.image.slot = slot;
        }
        let is_last = next.is_none();
        install.pieces.add(piece, next);
        if is_last || self.config.bug == Some(Bug::InstallEarly) {
            self.install(install);
        } else {
            state.install = Some(install);
        }
        self.fetch();
    }

    fn install(&mut self, install: Install) {
        let Install { epoch, pieces: SnapshotInstall { image, .. } } = install;
        let state = self.state.to_mut();
        state.log = Log::beginning_with(Base { epoch, image });
        let start = state.log.start();
        (state.flushed, state.hw) = (start, start);
        self.save(Storage::Broker(Saved::Complete(self.state.on_disk())));
    }
}

/// The piece of what a base comes to that follows those which the asker holds.
fn next_piece(base: &Base, held: Option<&Held>, limit: usize) -> Option<Content> {
    let (cut, index) = held.map_or((None, 0), |held| (Some(&held.end), held.count));
    let (piece, next) = base.image.pieces_after(cut, limit).next()?;
    let (slot, epoch) = (base.image.slot, base.epoch);
    Some(Content::Piece { slot, epoch, index, piece, next })
}
