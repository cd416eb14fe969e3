//! The receiver of a transfer in pieces.
//!
//! A key whose versions do not fit one piece comes in several. Until it is whole, its versions are
//! kept aside: the context of a few of them could cover another, which their reader would not have
//! been shown (a version vector cannot leave a gap), and that one would be lost when the context is
//! used.
//!
//! A piece says where the one before it ended, and is taken only by a receiver that is there. So
//! of several copies of a piece only the first is taken, and followed by a request for the next: a
//! transfer is never more than one stream, however many writes come out of order meanwhile. And a
//! receiver that lost in a crash what it had aside begins again from the first piece.

use super::bugs::Bug;
use super::message::{Mark, Partly, Piece, Resume};
use super::store::Update;

/// How far a node is with what it fetches from another in several pieces. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transfer {
    /// How to go on.
    pub resume: Resume,
    /// The versions that came of a key that is not whole yet: the one of the mark.
    pub aside: Vec<Update>,
}

/// What a piece brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// All versions of keys of which no more are to come.
    pub(super) whole: Vec<Update>,
    /// The transfer from here on; `None` if it is complete.
    pub(super) open: Option<Transfer>,
}

impl Transfer {
    /// Takes a piece, if it follows what came of the transfer before.
    pub(super) fn take(before: Option<&Self>, piece: Piece, bug: Option<Bug>) -> Option<Taken> {
        let Piece { upto, after, updates, next } = piece;
        let follows = match (before, &after) {
            (None, None) => true,
            (Some(Self { resume, .. }), Some(after)) => {
                (resume.upto == upto || bug == Some(Bug::UptoRenewed)) && resume.after == *after
            }
            (None, Some(_)) | (Some(_), None) => false,
        };
        if !follows && bug != Some(Bug::TakeAnyPiece) {
            return None;
        }
        let began_again = match (&after, &next) {
            (Some(after), Some(next)) => after.is_before_a_change(next),
            _ => false,
        };
        let aside = before.filter(|_| !began_again).map_or(&[][..], |transfer| &transfer.aside);
        let open_key = next.as_ref().filter(|mark| mark.partly.is_some()).map(|mark| &mark.key);
        let is_open =
            |update: &Update| open_key == Some(&update.key) && bug != Some(Bug::MergeHalfKeys);
        let (aside, whole) = aside.iter().cloned().chain(updates).partition(is_open);
        let open = next.map(|after| Self { resume: Resume { upto, after }, aside });
        Some(Taken { whole, open })
    }
}

impl Mark {
    /// Whether the next piece, which ended in the same key, began that key again, because it had
    /// changed.
    fn is_before_a_change(&self, next: &Self) -> bool {
        match (&self.partly, &next.partly) {
            (Some(Partly { of: before, .. }), Some(Partly { of, .. })) => {
                self.key == next.key && before != of
            }
            _ => false,
        }
    }
}
