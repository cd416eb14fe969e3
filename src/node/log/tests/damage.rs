//! A file that was damaged, cut or torn, or is another.

use super::*;
use journal::write_again;
use proptest::prelude::*;

/// A record that another version of a protocol might save.
#[derive(Serialize, Deserialize)]
struct Other(Option<String>);

impl Durable for Other {
    fn absorb(&mut self, _: Self) {}
}

/// The file of a log of so many batches whose node was killed before a mark was written, and the
/// length of each synced prefix.
fn killed(batches: u32) -> (Vec<u8>, Vec<u64>) {
    let (disk, dir) = simulated();
    let (mut log, _) = open_on(disk.clone(), &dir).unwrap();
    let mut ends = vec![log.len()];
    for batch in 0..batches {
        append_batch(&mut log, batch);
        ends.push(log.len());
    }
    let mut content = disk.content(&dir.join(FILE)).unwrap();
    // Had it been idle for a moment.
    let (empty, _) = simulated();
    let marks = empty.content(&dir.join(FILE)).unwrap();
    content[..marks.len()].copy_from_slice(&marks);
    (content, ends)
}

#[test]
fn what_was_saved_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), 3);
    for _ in 0..2 {
        assert_eq!(list(dir.path()).unwrap(), expected(3));
    }
}

#[test]
fn a_missing_foreign_or_alien_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = |owner| {
        let wake = Sleeper::new().unwrap().wake();
        Log::<Numbers>::open(Arc::new(FileSystem), dir.path(), owner, wake).err().unwrap()
    };
    assert!(matches!(open(&OWNER), LogError::Missing { .. }));
    written(dir.path(), 1);
    assert!(matches!(open(&Owner { node: 7, ..OWNER }), LogError::Foreign { .. }));
    assert!(matches!(open(&Owner { cluster: 7, ..OWNER }), LogError::Foreign { .. }));
    assert!(matches!(open(&Owner { directory: 7, ..OWNER }), LogError::Foreign { .. }));
    std::fs::write(dir.path().join(FILE), [7; 5000]).unwrap();
    assert!(matches!(open(&OWNER), LogError::Alien { .. }));
}

#[test]
fn a_log_of_another_shape_is_refused_and_not_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), 1);
    let error = open_on::<Other>(FileSystem, dir.path()).err().unwrap();
    assert!(matches!(error, LogError::Undecodable { .. }), "{error}");
    assert_eq!(list(dir.path()).unwrap(), expected(1));
}

#[test]
fn a_torn_append_is_cut_off_and_the_log_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    written(dir.path(), 2);
    let whole = std::fs::read(&path).unwrap();
    for garbage in [vec![0; 1], vec![0; 8], vec![0; 5000], vec![255; 20], b"rec\n".repeat(9)] {
        std::fs::write(&path, [whole.clone(), garbage].concat()).unwrap();
        let (mut log, image) = open(dir.path()).unwrap();
        assert_eq!(numbers(image), expected(2));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), log.len());
        append_batch(&mut log, 2);
        drop(log);
        assert_eq!(list(dir.path()).unwrap(), expected(3));
    }
}

#[test]
fn a_closed_log_ends_with_its_records_and_an_open_one_with_zeros() {
    let dir = tempfile::tempdir().unwrap();
    let ends = written(dir.path(), 2);
    let len = || std::fs::metadata(dir.path().join(FILE)).unwrap().len();
    assert_eq!(len(), ends[2]);
    let (mut log, _) = open(dir.path()).unwrap();
    append_batch(&mut log, 2);
    let before = len();
    assert!(before > log.len() + 4096);
    append_batch(&mut log, 3);
    assert_eq!(len(), before, "a sync changes no length");
}

#[test]
fn what_is_not_known_to_be_durable_is_written_again_as_it_is() {
    let bytes: Vec<u8> = (0..2 * journal::CHUNK + 20).map(|n| (n % 251) as u8).collect();
    let (disk, path) = (SimDisk::default(), Path::new("file"));
    disk.set_content(path, bytes.clone());
    let mut file = disk.open(path).unwrap();
    write_again(&mut *file, 5..2 * journal::CHUNK as u64 + 10).unwrap();
    assert_eq!(disk.calls(), [sim::Call::Write; 3]);
    assert_eq!(disk.content(path).unwrap(), bytes);
}

#[test]
fn a_synced_record_behind_the_mark_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let (content, _) = killed(3);
    std::fs::write(dir.path().join(FILE), content).unwrap();
    assert_eq!(list(dir.path()).unwrap(), expected(3));
}

/// Where no mark says so.
#[test]
fn each_record_attests_all_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let (whole, ends) = killed(4);
    for at in ends[0]..ends[3] {
        let mut damaged = whole.clone();
        damaged[at as usize] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        let error = open(dir.path()).err();
        let expected = ends[3];
        assert!(
            matches!(error, Some(LogError::Lost { synced, .. }) if synced == expected),
            "byte {at}: {error:?}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), damaged, "nothing is changed");
    }
    // The last one may be torn.
    for at in ends[3]..ends[4] {
        let mut torn = whole.clone();
        torn[at as usize] ^= 1;
        std::fs::write(&path, torn).unwrap();
        assert_eq!(list(dir.path()).unwrap(), expected(3), "byte {at}");
    }
}

#[test]
fn an_idle_log_marks_what_its_last_record_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    create(dir.path(), &OWNER).unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    append_batch(&mut log, 0);
    let before = std::fs::read(&path).unwrap();
    let changed =
        || std::fs::read(&path).unwrap()[..RECORDS as usize] != before[..RECORDS as usize];
    let begin = Instant::now();
    while !changed() {
        assert!(begin.elapsed() < Duration::from_secs(10), "no mark");
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[log.len() as usize - 1] ^= 1;
    drop(log);
    std::fs::write(&path, damaged).unwrap();
    assert!(matches!(open(dir.path()).err(), Some(LogError::Lost { .. })));
}

#[test]
fn truncation_anywhere_within_what_was_synced_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let ends = written(dir.path(), 3);
    let whole = std::fs::read(&path).unwrap();
    for len in (0..ends[0]).step_by(97).chain(ends[0]..ends[3]) {
        std::fs::write(&path, &whole[..len as usize]).unwrap();
        let error = open(dir.path()).err();
        assert!(
            matches!(error, Some(LogError::Lost { .. } | LogError::Header { .. })),
            "truncated to {len}: {error:?}"
        );
    }
}

/// Bytes that a client chose are no head, even where they look like one of this very place.
#[test]
fn a_payload_passes_for_no_record() {
    let other = Owner { directory: 4, ..OWNER };
    let head = layout::Head { len: 0, synced: 5000, crc: 0 };
    let file = |owner: &Owner| {
        let disk = SimDisk::default();
        disk.set_content(
            Path::new("file"),
            [vec![1; 9000], head.bytes(owner, 9000).into()].concat(),
        );
        let file = disk.open(Path::new("file")).unwrap();
        layout::search(&*file, &OWNER, RECORDS, 9000 + RECORD_HEAD as u64).unwrap()
    };
    assert_eq!(file(&OWNER).synced, 5000);
    assert_eq!(file(&other).synced, 0);
}

/// Also across the border of what is read at a time.
#[test]
fn a_head_is_found_wherever_it_is() {
    let end = RECORDS + (2 << 20);
    for at in (RECORDS + (1 << 20) - 40)..(RECORDS + (1 << 20) + 40) {
        let disk = SimDisk::default();
        let head = layout::Head { len: 9, synced: 4321, crc: 7 };
        let mut content = vec![0; end as usize];
        content[at as usize..][..RECORD_HEAD].copy_from_slice(&head.bytes(&OWNER, at));
        disk.set_content(Path::new("file"), content);
        let file = disk.open(Path::new("file")).unwrap();
        let found = layout::search(&*file, &OWNER, RECORDS, end).unwrap();
        assert_eq!(found, layout::Remains { written: true, synced: 4321 }, "at {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever the file holds, it is read or refused.
    #[test]
    fn no_file_makes_it_panic(header: bool, noise: Vec<u8>, at in 0usize..4200) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        written(dir.path(), u32::from(header));
        let mut bytes = std::fs::read(&path).unwrap();
        let from = if header { at.max(40).min(bytes.len()) } else { 0 };
        bytes.splice(from..(from + noise.len()).min(bytes.len()), noise);
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(list) = list(dir.path()) {
            prop_assert_eq!(list, expected(usize::from(header)));
        }
    }

    /// Any one byte changed: everything that was synced is recovered, or the log is refused.
    #[test]
    fn corruption_never_loses_what_was_synced(
        batches in 0u32..5,
        at: prop::sample::Index,
        in_header: bool,
        flip in 1u8..,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        written(dir.path(), batches);
        let mut bytes = std::fs::read(&path).unwrap();
        let range = if in_header || batches == 0 { 0..1100 } else { 4096..bytes.len() };
        let at = range.start + at.index(range.len());
        bytes[at] ^= flip;
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(list) = list(dir.path()) {
            prop_assert_eq!(list, expected(batches as usize));
        }
    }

    /// A torn last write, with any of it on the disk: exactly what was synced, or all.
    #[test]
    fn a_torn_write_loses_only_itself(
        batches in 0u32..4,
        keep: prop::sample::Index,
        noise: Vec<u8>,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (after, ends) = killed(batches + 1);
        let synced = ends[batches as usize] as usize;
        let after = &after[..ends[batches as usize + 1] as usize];
        let keep = synced + keep.index(after.len() - synced + 1);
        let torn = [&after[..keep], noise.as_slice()].concat();
        // The noise may happen to be the rest of the record.
        let whole = torn.starts_with(after);
        std::fs::write(dir.path().join(FILE), torn).unwrap();
        let recovered = list(dir.path()).unwrap();
        prop_assert_eq!(recovered, expected(batches as usize + usize::from(whole)));
    }
}
