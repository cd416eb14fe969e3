//! What another process still holds, but not for long: one that was killed a moment ago ends a little
//! later than the command that killed it.

use std::thread;
use std::time::{Duration, Instant};

/// How long something may still be held.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);

/// Takes something, and tries again for a moment while the error says that it is `held`.
pub(super) fn once_released<T, E>(
    held: impl Fn(&E) -> bool,
    mut take: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let begin = Instant::now();
    loop {
        match take() {
            Err(error) if held(&error) && begin.elapsed() < PATIENCE => thread::sleep(PAUSE),
            other => return other,
        }
    }
}
