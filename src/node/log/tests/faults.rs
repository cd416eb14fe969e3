//! A disk that fails, a process that is killed, power that fails: nothing that was reported durable
//! is lost, and nothing is reported durable that is not.

use super::*;
use growth::wait_for_rewrite;
use sim::{Call, Fault};
use std::io::ErrorKind;

/// Saves numbers until the log fails, or `most` are saved, and has the log rewritten now and then.
/// How many were saved and how many reported durable.
fn work(log: &mut Log<Numbers>, from: u32, most: u32) -> (u32, u32, Option<LogError>) {
    let (mut saved, mut waiting, mut durable) = (from, std::collections::VecDeque::new(), from);
    let mut step = |log: &mut Log<Numbers>, saved: &mut u32| -> Result<(), LogError> {
        log.save(&[delta(*saved), delta(*saved + 1)], *saved % 3 != 2, Instant::now())?;
        *saved += 2;
        // A save that is not handed over yet goes with the next.
        waiting.push_back((log.handed + u64::from(!log.pending.is_empty()), *saved));
        if saved.is_multiple_of(5) {
            log.wait()?;
        }
        let ticket = log.durable()?;
        while let Some((_, number)) = waiting.pop_front_if(|(handed, _)| *handed <= ticket) {
            durable = number;
        }
        if saved.is_multiple_of(20) {
            while log.rewrite_at.is_none() {
                log.durable()?;
                std::thread::yield_now();
            }
        }
        if log.is_long() {
            log.rewrite(Some(Numbers { complete: true, list: (0..*saved).collect() }));
        }
        Ok(())
    };
    let failed = (0..most).find_map(|_| step(log, &mut saved).err());
    (saved, durable, failed)
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_reported_durable() {
    crash_everywhere(|disk, _| disk.after_kill());
}

#[test]
fn a_power_failure_at_any_moment_loses_nothing_that_was_reported_durable() {
    crash_everywhere(SimDisk::after_power_failure);
}

/// At each call of the disk, twice in a row.
fn crash_everywhere(after: impl Fn(&SimDisk, u64) -> SimDisk) {
    let mut rewrites = 0;
    for at in 0..160 {
        let (mut disk, dir) = simulated();
        let mut known = 0;
        for round in 0..2 {
            let opened = Journal::open::<Numbers>(Arc::new(disk.clone()), &dir, &OWNER).unwrap();
            assert_eq!(numbers(opened.1), (0..known).collect::<Vec<_>>());
            let wake = Sleeper::new().unwrap().wake();
            let mut log = Log::start(opened.0, wake, RECORDS + 300, 1 << 20);
            disk.set_fault(Some(Fault::Crash(at)));
            let (saved, durable, _) = work(&mut log, known, 60);
            drop(log);
            let renames = disk.calls().into_iter().filter(|call| *call == Call::Rename).count();
            rewrites += renames;
            disk = after(&disk, 7 * at as u64 + round);
            let recovered = open_on::<Numbers>(disk.clone(), &dir).unwrap().1;
            let recovered = numbers(recovered);
            known = recovered.len() as u32;
            assert_eq!(recovered, (0..known).collect::<Vec<_>>(), "not a prefix");
            assert!((durable..=saved).contains(&known), "{durable} {known} {saved}, at {at}");
        }
    }
    assert!(rewrites > 100, "{rewrites} rewrites");
}

/// The kinds of errors that a disk gives while it works.
#[test]
fn a_write_or_sync_that_fails_ends_the_log_and_loses_nothing_that_was_reported_durable() {
    for at in 0..12 {
        for (fault, action) in [
            (Fault::Fails(Call::Write, at, ErrorKind::Other), "write to"),
            (Fault::Fails(Call::Sync, at, ErrorKind::Other), "sync"),
            (Fault::Full(RECORDS + 40 * at as u64), "write to"),
        ] {
            let (disk, dir) = simulated();
            let (mut log, _) = open_on(disk.clone(), &dir).unwrap();
            disk.set_fault(Some(fault));
            let (saved, durable, error) = work(&mut log, 0, 500);
            let Some(LogError::Io { action: found, path, .. }) = error else {
                // The zeros ahead could not be written: nobody needs them.
                assert!(matches!(fault, Fault::Fails(Call::Write, 1, _)), "{fault:?} {error:?}");
                continue;
            };
            assert_eq!((found, path), (action, dir.join(FILE)), "{fault:?}");
            drop(log);
            for disk in [disk.after_kill(), disk.after_power_failure(at as u64)] {
                let known = numbers(open_on(disk, &dir).unwrap().1).len() as u32;
                assert!((durable..=saved).contains(&known), "{durable} {known} {saved}");
            }
        }
    }
}

#[test]
fn short_writes_are_gone_on_with() {
    let (disk, dir) = simulated();
    let (mut log, _) = open_on(disk.clone(), &dir).unwrap();
    disk.set_fault(Some(Fault::Short(100_000)));
    let much = Numbers { complete: true, list: (0..100_000).collect() };
    append(&mut log, &[much]).unwrap();
    drop(log);
    let found = numbers(open_on(disk.after_power_failure(3), &dir).unwrap().1);
    assert_eq!(found, (0..100_000).collect::<Vec<_>>());
}

/// Bytes that are read from the kernel's memory are not known to be on the disk.
#[test]
fn a_disk_that_fails_when_the_log_is_opened_is_refused() {
    let (disk, dir) = simulated();
    let (mut log, _) = open_on(disk.clone(), &dir).unwrap();
    append_batch(&mut log, 0);
    let disk = disk.after_kill();
    for (call, expected) in
        [(Call::Sync, "sync"), (Call::Write, "write to"), (Call::SetLength, "truncate")]
    {
        let disk = disk.after_kill();
        disk.set_fault(Some(Fault::Fails(call, 0, ErrorKind::Other)));
        let error = open_on::<Numbers>(disk, &dir).err();
        assert!(
            matches!(error, Some(LogError::Io { action, .. }) if action == expected),
            "{call:?} {error:?}"
        );
    }
    assert_eq!(numbers(open_on(disk, &dir).unwrap().1), expected(1));
}

/// As long as the log is as it was; where it may have got another file, the node must stop.
#[test]
fn a_rewrite_that_fails_is_given_up_and_the_log_goes_on() {
    let fails = |call, at| Fault::Fails(call, at, ErrorKind::StorageFull);
    for (fault, is_given_up) in [
        (fails(Call::Create, 0), true),
        (fails(Call::Rename, 0), false),
        (fails(Call::SyncDir, 0), false),
    ] {
        let (disk, dir) = simulated();
        let mut log = open_small(disk.clone(), &dir, RECORDS + 300, 1 << 20);
        disk.set_fault(Some(fault));
        let (saved, durable, error) = work(&mut log, 0, 2000);
        assert_eq!(error.is_none(), is_given_up, "{fault:?} {error:?}");
        assert!(!is_given_up || log.rewritten > 0, "it is tried again");
        drop(log);
        let known = numbers(open_on(disk.after_power_failure(1), &dir).unwrap().1).len() as u32;
        assert!((durable..=saved).contains(&known), "{durable} {known} {saved}");
    }
}

/// Its sync fails, and the log's do not.
#[test]
fn a_state_that_cannot_be_written_is_given_up() {
    let (disk, dir) = simulated();
    let mut log = open_small(disk.clone(), &dir, 4096, 1 << 20);
    append_batch(&mut log, 0);
    disk.set_fault(Some(Fault::Fails(Call::Sync, 0, ErrorKind::Other)));
    log.rewrite(Some(Numbers { complete: true, list: vec![0, 1] }));
    wait_for_rewrite(&mut log);
    append_batch(&mut log, 1);
    assert_eq!(log.close().unwrap().1, 0);
    assert_eq!(numbers(open_on(disk.after_kill(), &dir).unwrap().1), expected(2));
}
