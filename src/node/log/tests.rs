//! What a damaged log recovers: all that was synced, or nothing at all.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;

/// A list of numbers, saved by appending, or as a complete image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Numbers {
    complete: bool,
    list: Vec<u32>,
}

impl Durable for Numbers {
    fn absorb(&mut self, delta: Self) {
        if delta.complete {
            *self = delta;
        } else {
            self.list.extend(delta.list);
        }
    }
}

/// What another version of a protocol might save.
#[derive(Serialize, Deserialize)]
struct Other(Option<String>);

impl Durable for Other {
    fn absorb(&mut self, _: Self) {}
}

fn delta(number: u32) -> Numbers {
    Numbers { complete: number == 0, list: vec![number] }
}

const OWNER: Owner = Owner { cluster: 1, node: 2, directory: 3 };

fn list(log: &Log<Numbers>) -> Vec<u32> {
    log.image().as_ref().map_or(vec![], |numbers| numbers.list.clone())
}

/// A log of the numbers from 0, in batches of two; with the length of each synced prefix.
fn written(dir: &Path, batches: u32) -> Vec<u64> {
    create(dir, &OWNER).unwrap();
    let mut log = Log::open(dir, &OWNER).unwrap();
    let mut ends = vec![log.len()];
    for batch in 0..batches {
        log.append(vec![delta(2 * batch), delta(2 * batch + 1)]).unwrap();
        ends.push(log.len());
    }
    ends
}

fn expected(batches: usize) -> Vec<u32> {
    (0..2 * batches as u32).collect()
}

#[test]
fn what_was_saved_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), 3);
    for _ in 0..2 {
        assert_eq!(list(&Log::open(dir.path(), &OWNER).unwrap()), expected(3));
    }
}

#[test]
fn a_missing_foreign_or_alien_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = |owner| Log::<Numbers>::open(dir.path(), owner).err().unwrap();
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
    let error = Log::<Other>::open(dir.path(), &OWNER).err().unwrap();
    assert!(matches!(error, LogError::Undecodable { .. }), "{error}");
    assert_eq!(list(&Log::open(dir.path(), &OWNER).unwrap()), expected(1));
}

#[test]
fn a_torn_append_is_cut_off_and_the_log_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    written(dir.path(), 2);
    let whole = std::fs::read(&path).unwrap();
    for garbage in [vec![0; 1], vec![0; 8], vec![0; 5000], vec![255; 20]] {
        std::fs::write(&path, [whole.clone(), garbage].concat()).unwrap();
        let mut log = Log::open(dir.path(), &OWNER).unwrap();
        assert_eq!(list(&log), expected(2));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), log.len());
        log.append(vec![delta(4), delta(5)]).unwrap();
        assert_eq!(list(&Log::open(dir.path(), &OWNER).unwrap()), expected(3));
    }
}

/// A file that notes what is written.
struct Noted {
    content: io::Cursor<Vec<u8>>,
    written: Vec<(u64, usize)>,
}

impl Read for Noted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

impl Seek for Noted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

impl Write for Noted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.push((self.content.position(), bytes.len()));
        self.content.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_behind_the_mark_is_written_again_as_it_is() {
    let bytes: Vec<u8> = (0..2 * CHUNK + 20).map(|n| (n % 251) as u8).collect();
    let mut file = Noted { content: io::Cursor::new(bytes.clone()), written: Vec::new() };
    write_again(&mut file, 5..2 * CHUNK as u64 + 10).unwrap();
    let (first, second) = (5 + CHUNK as u64, 5 + 2 * CHUNK as u64);
    assert_eq!(file.written, [(5, CHUNK), (first, CHUNK), (second, 5)]);
    assert_eq!(file.content.into_inner(), bytes);
}

#[test]
fn a_synced_record_behind_the_mark_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    written(dir.path(), 2);
    let before = std::fs::read(&path).unwrap();
    let mut log = Log::open(dir.path(), &OWNER).unwrap();
    log.append(vec![delta(4), delta(5)]).unwrap();
    // The power failed before the new mark reached the disk.
    let mut after = std::fs::read(&path).unwrap();
    after[..RECORDS as usize].copy_from_slice(&before[..RECORDS as usize]);
    std::fs::write(&path, &after).unwrap();
    assert_eq!(list(&Log::open(dir.path(), &OWNER).unwrap()), expected(3));
}

#[test]
fn truncation_anywhere_within_what_was_synced_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let ends = written(dir.path(), 3);
    let whole = std::fs::read(&path).unwrap();
    for len in (0..ends[0]).step_by(97).chain(ends[0]..ends[3]) {
        std::fs::write(&path, &whole[..len as usize]).unwrap();
        let error = Log::<Numbers>::open(dir.path(), &OWNER).err();
        assert!(
            matches!(error, Some(LogError::Lost { .. } | LogError::Header { .. })),
            "truncated to {len}: {error:?}"
        );
    }
}

#[test]
fn a_log_that_outgrew_its_state_is_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let mut log = Log::open(dir.path(), &OWNER).unwrap();
    (log.small, log.rewrite_at) = (8192, 8192);
    let image = |n| Numbers { complete: true, list: vec![n; 100] };
    let mut longest = 0;
    for n in 0..200 {
        log.append(vec![image(n)]).unwrap();
        longest = longest.max(std::fs::metadata(dir.path().join(FILE)).unwrap().len());
    }
    assert!(longest < 8192 + 1024, "{longest}");
    // A rewrite that was interrupted leaves a file that does not matter.
    std::fs::write(dir.path().join(NEW_FILE), b"half").unwrap();
    let reopened = Log::<Numbers>::open(dir.path(), &OWNER).unwrap();
    assert_eq!(reopened.image(), &Some(image(199)));
    assert!(!dir.path().join(NEW_FILE).exists());
}

#[test]
fn a_log_whose_state_grows_is_not_rewritten_at_every_append() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let mut log = Log::open(dir.path(), &OWNER).unwrap();
    (log.small, log.rewrite_at) = (8192, 8192);
    let mut rewrites = 0;
    for n in 1..600 {
        let before = log.len();
        log.append(vec![Numbers { complete: false, list: vec![n; 20] }]).unwrap();
        rewrites += u32::from(log.len() < before);
    }
    assert!(rewrites < 10, "{rewrites}");
    assert_eq!(list(&Log::open(dir.path(), &OWNER).unwrap()).len(), 599 * 20);
}

#[test]
fn a_record_that_is_too_long_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    written(dir.path(), 1);
    let mut log = Log::open(dir.path(), &OWNER).unwrap();
    let before = std::fs::read(&path).unwrap();
    // Two short lists, each with its flag and its length, and their number.
    log.longest = 7;
    let longer = vec![delta(2), Numbers { complete: false, list: vec![3, 4] }];
    let error = log.append(longer).unwrap_err();
    assert!(matches!(error, LogError::TooLong { len: 8, longest: 7, .. }), "{error:?}");
    assert!(error.to_string().contains("delete keys"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // What fits goes on.
    log.append(vec![delta(2), delta(3)]).unwrap();
    assert_eq!(list(&log), expected(2));
    assert_eq!(list(&Log::open(dir.path(), &OWNER).unwrap()), expected(2));
}

#[test]
fn a_log_whose_state_is_too_long_for_a_record_goes_on_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), &OWNER).unwrap();
    let mut log = Log::open(dir.path(), &OWNER).unwrap();
    (log.small, log.rewrite_at, log.longest) = (8192, 8192, 1000);
    let mut attempts = Vec::new();
    for n in 0..500 {
        let before = (log.len(), log.rewrite_at);
        log.append(vec![Numbers { complete: false, list: vec![n; 20] }]).unwrap();
        assert!(log.len() > before.0, "it was rewritten");
        if log.rewrite_at != before.1 {
            attempts.push(log.rewrite_at);
        }
    }
    // Tried each time that it has doubled, not at every append.
    assert_eq!(attempts.len(), 2, "{attempts:?}");
    assert!(!dir.path().join(NEW_FILE).exists());
    assert_eq!(list(&Log::open(dir.path(), &OWNER).unwrap()).len(), 500 * 20);
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
        if let Ok(log) = Log::open(dir.path(), &OWNER) {
            prop_assert_eq!(list(&log), expected(usize::from(header)));
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
        if let Ok(log) = Log::open(dir.path(), &OWNER) {
            prop_assert_eq!(list(&log), expected(batches as usize));
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
        let path = dir.path().join(FILE);
        let ends = written(dir.path(), batches);
        let before = std::fs::read(&path).unwrap();
        let mut log = Log::open(dir.path(), &OWNER).unwrap();
        log.append(vec![delta(2 * batches), delta(2 * batches + 1)]).unwrap();
        let after = std::fs::read(&path).unwrap();
        // The record was not synced, so its mark is not there.
        let synced = ends[batches as usize] as usize;
        let keep = synced + keep.index(after.len() - synced + 1);
        let torn = [&before[..synced], &after[synced..keep], noise.as_slice()].concat();
        // The noise may happen to be the rest of the record.
        let whole = torn[synced..].starts_with(&after[synced..]);
        std::fs::write(&path, torn).unwrap();
        let recovered = list(&Log::open(dir.path(), &OWNER).unwrap());
        if whole {
            prop_assert_eq!(recovered, expected(batches as usize + 1));
        } else {
            prop_assert_eq!(recovered, expected(batches as usize));
        }
    }
}
