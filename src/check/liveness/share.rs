//! Work that threads share out among themselves, one item after the other.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work on each of `items`, with so many threads, of which the calling one is one: it calls
/// `begin` with each item that it takes.
pub(crate) fn share<T: Send, I: IntoIterator<Item = T, IntoIter: Send>>(
    threads: usize,
    items: I,
    mut begin: impl FnMut(&T),
    work: impl Fn(T) + Sync,
) {
    let items = Mutex::new(items.into_iter());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
        while let Some(item) = next() {
            begin(&item);
            work(item);
        }
    });
}
