//! Work that threads share out among themselves, one item after the other.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work on each of `items`, with so many threads, of which the calling one is one.
pub(crate) fn share<T: Send, I: IntoIterator<Item = T, IntoIter: Send>>(
    threads: usize,
    items: I,
    work: impl Fn(T) + Sync,
) {
    let items = Mutex::new(items.into_iter());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work_on = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work_on);
        }
        work_on();
    });
}
