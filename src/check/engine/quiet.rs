//! Silence for panics that are caught: a handler that panics is a violation, reported once and with
//! its trace, rather than a backtrace for each time that the search comes by.

use crate::models::world::{is_guarded, note_place};
use std::panic;
use std::sync::Once;

static INSTALLED: Once = Once::new();

/// From now on a panic that is caught is not printed, but remembered with its place. All others
/// are printed as before.
pub(in crate::check) fn install() {
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if is_guarded() {
                note_place(panic.location().map_or_else(String::new, ToString::to_string));
            } else {
                before(panic);
            }
        }));
    });
}
