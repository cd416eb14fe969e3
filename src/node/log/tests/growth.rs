//! A log that outgrows its state.

use super::*;

/// Saves, and has the log rewritten where it is long.
fn grow(log: &mut Log<Numbers>, numbers: impl Iterator<Item = Numbers>, state: &mut Numbers) {
    for delta in numbers {
        state.absorb(delta.clone());
        append(log, &[delta]).unwrap();
        if log.is_long() {
            log.rewrite(Some(Numbers { complete: true, ..state.clone() }));
        }
    }
}

fn list_of(n: u32, len: usize, complete: bool) -> Numbers {
    Numbers { complete, list: vec![n; len] }
}

/// Until none goes on, or the log has failed.
pub(super) fn wait_for_rewrite(log: &mut Log<Numbers>) {
    let begin = Instant::now();
    while log.rewrite_at.is_none() && log.durable().is_ok() {
        assert!(begin.elapsed() < Duration::from_mins(1), "it is not rewritten");
        std::thread::yield_now();
    }
}

#[test]
fn a_log_that_outgrew_its_state_is_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let mut log = open_small(FileSystem, dir.path(), 8192, 1 << 20);
    let mut state = list_of(0, 0, true);
    for round in 0..4 {
        grow(&mut log, (0..50).map(|n| list_of(50 * round + n, 100, true)), &mut state);
        wait_for_rewrite(&mut log);
    }
    let (_, rewritten) = log.close().unwrap();
    assert!(rewritten > 1, "{rewritten}");
    // A rewrite that was interrupted leaves a file that does not matter.
    std::fs::write(dir.path().join(journal::NEW_FILE), b"half").unwrap();
    assert_eq!(list(dir.path()).unwrap(), vec![199; 100]);
    assert!(!dir.path().join(journal::NEW_FILE).exists());
}

#[test]
fn a_log_whose_state_grows_is_not_rewritten_at_every_append() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let mut log = open_small(FileSystem, dir.path(), 8192, 1 << 20);
    let mut state = list_of(0, 0, false);
    grow(&mut log, (1..600).map(|n| list_of(n, 20, false)), &mut state);
    wait_for_rewrite(&mut log);
    let (_, rewritten) = log.close().unwrap();
    assert!((1..10).contains(&rewritten), "{rewritten}");
    assert_eq!(list(dir.path()).unwrap().len(), 599 * 20);
}

/// It takes up to 4 MiB of what waits.
#[test]
fn what_is_saved_during_a_sync_shares_a_record_and_stays_in_order() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    for number in 0..1000 {
        log.save(&[delta(number)], number % 3 == 0, Instant::now()).unwrap();
    }
    while log.durable().unwrap() < log.awaited() {
        log.wait().unwrap();
    }
    let (records, _) = log.close().unwrap();
    assert!(records < 200, "{records} records");
    assert_eq!(list(dir.path()).unwrap(), expected(500));
}

#[test]
fn what_nothing_waits_for_is_written_with_the_next_save_or_after_a_while() {
    let (disk, dir) = simulated();
    let (mut log, _) = open_on(disk.clone(), &dir).unwrap();
    disk.set_fault(None);
    let now = Instant::now();
    log.save(&[delta(0), delta(1)], false, now).unwrap();
    assert_eq!((log.awaited(), log.deadline()), (0, Some(now + LAZY_AGE)));
    log.tick(now + LAZY_AGE / 2);
    assert_eq!(log.writing(), 0);
    log.save(&[delta(2)], true, now).unwrap();
    assert_eq!((log.awaited(), log.deadline()), (1, None));
    log.save(&[delta(3)], false, now).unwrap();
    log.tick(now + LAZY_AGE);
    assert_eq!(log.awaited(), 1, "nothing waits for it");
    while log.durable().unwrap() < 2 {
        log.wait().unwrap();
    }
    let found = open_on::<Numbers>(disk.after_power_failure(0), &dir).unwrap().1;
    assert_eq!(numbers(found), expected(2));
    let much = Numbers { complete: false, list: vec![u32::MAX; LAZY_BYTES / 5 + 1] };
    log.save(&[much], false, now).unwrap();
    assert_eq!((log.deadline(), log.awaited()), (None, 1), "it is much, so it is written");
}

#[test]
fn a_record_that_is_too_long_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    written(dir.path(), 1);
    let before = std::fs::read(&path).unwrap();
    // Two short lists, each with its flag and its length, and their number.
    let mut log = open_small(FileSystem, dir.path(), 8192, 7);
    let longer = [delta(2), Numbers { complete: false, list: vec![3, 4] }];
    let error = log.save(&longer, true, Instant::now()).unwrap_err();
    assert!(matches!(error, LogError::TooLong { len: 8, longest: 7, .. }), "{error:?}");
    assert!(error.to_string().contains("delete keys"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_log_whose_state_is_too_long_for_a_record_goes_on_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let mut log = open_small(FileSystem, dir.path(), 8192, 1000);
    let (mut state, mut attempts) = (list_of(0, 0, false), 0);
    for n in 0..500 {
        grow(&mut log, std::iter::once(list_of(n, 20, false)), &mut state);
        attempts += u32::from(log.rewrite_at.is_none());
        wait_for_rewrite(&mut log);
    }
    // Tried each time that it has doubled, not at every append.
    assert_eq!(attempts, 3);
    assert_eq!(log.close().unwrap().1, 0);
    assert_eq!(list(dir.path()).unwrap().len(), 500 * 20);
    assert!(!dir.path().join(journal::NEW_FILE).exists());
}
