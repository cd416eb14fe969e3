//! How a log lies in its file.
//!
//! ```text
//!    0  header   magic 8 | format version 4 | cluster 8 | node 8 | directory 8 | CRC-32
//!  512  mark A   synced length 8 | CRC-32
//! 1024  mark B   the same; marks are written in turns, so that a torn one leaves the other
//! 4096  records  tag 4 | length 4 | synced length 8 | CRC-32 of the payload | CRC-32 of the head |
//!                payload
//!       zeros    up to the end of the file, to be written over
//! ```
//!
//! Each part of the header region lies in its own disk sector. The checksum of a record's head also
//! covers the directory's number and the record's position: nothing passes for a head that was not
//! written there, by this node, as one; not even what a client chose.

use super::disk::DiskFile;
use std::io;

/// The version of this layout and of the encoding of what is in it.
pub(super) const VERSION: u32 = 3;
/// Where the records begin.
pub(super) const RECORDS: u64 = 4096;
/// The bytes of a record besides its payload.
pub(super) const RECORD_HEAD: usize = 24;
/// The most bytes of a payload: what its length, of 4 bytes, can say.
pub(super) const LONGEST: u32 = u32::MAX;

const MAGIC: [u8; 8] = *b"quorate\0";
const HEADER: usize = 40;
const MARKS: [u64; 2] = [512, 1024];
const TAG: [u8; 4] = *b"rec\n";
/// How much is read at a time where heads are looked for.
const CHUNK: usize = 1 << 20;
const BLOCK: usize = 4096;
static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// The node and the data directory that a log belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) struct Owner {
    /// The fingerprint of the cluster.
    pub(in crate::node) cluster: u64,
    /// The id of the node.
    pub(in crate::node) node: u64,
    /// The random number of the data directory, drawn when it was formatted.
    pub(in crate::node) directory: u64,
}

/// The beginning of a file.
pub(super) enum Header {
    Good(Owner),
    /// Not a log at all.
    Alien,
    /// A log of another version.
    Version(u32),
    /// A log whose header was damaged.
    Damaged,
}

pub(super) fn write_header(file: &mut dyn DiskFile, owner: &Owner) -> io::Result<()> {
    let mut header = Vec::with_capacity(RECORDS as usize);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    for word in [owner.cluster, owner.node, owner.directory] {
        header.extend(word.to_le_bytes());
    }
    header.extend(crc32fast::hash(&header).to_le_bytes());
    // The whole region, so that the file is never shorter than its marks say.
    header.resize(RECORDS as usize, 0);
    file.write_all_at(&header, 0)
}

pub(super) fn read_header(file: &dyn DiskFile) -> io::Result<Header> {
    let mut header = [0; HEADER];
    match file.read_all_at(&mut header, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Header::Damaged),
        other => other?,
    }
    let (content, crc) = header.split_at(HEADER - 4);
    if crc32fast::hash(content).to_le_bytes() != crc {
        return Ok(if content.starts_with(&MAGIC) { Header::Damaged } else { Header::Alien });
    }
    if !content.starts_with(&MAGIC) {
        return Ok(Header::Alien);
    }
    match word4(content, 8) {
        VERSION => {
            let [cluster, node, directory] = [12, 20, 28].map(|at| word8(content, at));
            Ok(Header::Good(Owner { cluster, node, directory }))
        }
        version => Ok(Header::Version(version)),
    }
}

/// Which of the two marks was written last.
#[derive(Clone, Copy, Default)]
pub(super) struct Turn(usize);

/// Writes the mark whose turn it is: all before `synced` is on the disk.
pub(super) fn write_mark(file: &mut dyn DiskFile, turn: Turn, synced: u64) -> io::Result<Turn> {
    let turn = Turn(1 - turn.0);
    let mark = synced.to_le_bytes();
    let crc = crc32fast::hash(&mark).to_le_bytes();
    file.write_all_at(&[mark.as_slice(), &crc].concat(), MARKS[turn.0])?;
    Ok(turn)
}

/// Writes both marks of a new file.
pub(super) fn write_marks(file: &mut dyn DiskFile, synced: u64) -> io::Result<Turn> {
    let turn = write_mark(file, Turn(1), synced)?;
    write_mark(file, turn, synced)
}

/// The higher of the marks that are whole; `None` if neither is.
pub(super) fn read_marks(file: &dyn DiskFile) -> io::Result<Option<(Turn, u64)>> {
    let mut best = None;
    for (turn, at) in MARKS.into_iter().enumerate() {
        let mut mark = [0; 12];
        match file.read_all_at(&mut mark, at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            other => other?,
        }
        let found = word8(&mark, 0);
        if crc32fast::hash(&mark[..8]) == word4(&mark, 8)
            && best.is_none_or(|(_, synced)| found > synced)
        {
            best = Some((Turn(turn), found));
        }
    }
    Ok(best)
}

/// The head of a record, which stands before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The length of the payload.
    pub(super) len: u32,
    /// All before this position was durable when the record was written.
    pub(super) synced: u64,
    /// The checksum of the payload.
    pub(super) crc: u32,
}

impl Head {
    /// That of a record with this payload.
    pub(super) fn of(payload: &[u8], synced: u64) -> Self {
        Self { len: payload.len() as u32, synced, crc: crc32fast::hash(payload) }
    }

    /// Its bytes at position `at` of the log of `owner`.
    pub(super) fn bytes(&self, owner: &Owner, at: u64) -> [u8; RECORD_HEAD] {
        let mut head = [0; RECORD_HEAD];
        head[..4].copy_from_slice(&TAG);
        head[4..8].copy_from_slice(&self.len.to_le_bytes());
        head[8..16].copy_from_slice(&self.synced.to_le_bytes());
        head[16..20].copy_from_slice(&self.crc.to_le_bytes());
        let crc = head_crc(owner, at, &head[..20]);
        head[20..].copy_from_slice(&crc.to_le_bytes());
        head
    }

    /// Reads one; `None` if these bytes are none. Any bytes at all may be given.
    fn parse(owner: &Owner, at: u64, bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(&TAG) || bytes.len() < RECORD_HEAD {
            return None;
        }
        let head = Self { len: word4(bytes, 4), synced: word8(bytes, 8), crc: word4(bytes, 16) };
        let is_whole = head_crc(owner, at, &bytes[..20]) == word4(bytes, 20);
        (is_whole && head.synced <= at).then_some(head)
    }

    /// How long the record is.
    pub(super) fn record_len(&self) -> u64 {
        RECORD_HEAD as u64 + u64::from(self.len)
    }
}

fn head_crc(owner: &Owner, at: u64, head: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&owner.directory.to_le_bytes());
    hasher.update(&at.to_le_bytes());
    hasher.update(head);
    hasher.finalize()
}

/// Reads the record at `at`, where the file ends at `end`; `None` if there is no whole record.
pub(super) fn read_record(
    file: &dyn DiskFile,
    owner: &Owner,
    at: u64,
    end: u64,
) -> io::Result<Option<(Head, Vec<u8>)>> {
    let mut head = [0; RECORD_HEAD];
    if end - at < RECORD_HEAD as u64 {
        return Ok(None);
    }
    file.read_all_at(&mut head, at)?;
    // Before anything of that size is allocated.
    let Some(head) = Head::parse(owner, at, &head).filter(|head| head.record_len() <= end - at)
    else {
        return Ok(None);
    };
    let mut payload = vec![0; head.len as usize];
    file.read_all_at(&mut payload, at + RECORD_HEAD as u64)?;
    Ok((crc32fast::hash(&payload) == head.crc).then_some((head, payload)))
}

/// The bytes between two positions, where there is no whole record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Remains {
    /// Whether there is anything but zeros.
    pub(super) written: bool,
    /// Up to where the log was durable, by the heads of records that are there.
    pub(super) synced: u64,
}

/// Looks for heads from `at` to `end`, at every position: the record that should begin at `at` may
/// have lost its length.
pub(super) fn search(
    file: &dyn DiskFile,
    owner: &Owner,
    mut at: u64,
    end: u64,
) -> io::Result<Remains> {
    let mut remains = Remains::default();
    let mut chunk = vec![0; CHUNK.min((end - at) as usize)];
    while at < end {
        let len = chunk.len().min((end - at) as usize);
        file.read_all_at(&mut chunk[..len], at)?;
        for (number, block) in chunk[..len].chunks(BLOCK).enumerate() {
            // Most is zeros.
            if *block == ZEROS[..block.len()] {
                continue;
            }
            remains.written = true;
            let from = number * BLOCK;
            for from in from..from + block.len() {
                if let Some(head) = Head::parse(owner, at + from as u64, &chunk[from..len]) {
                    remains.synced = remains.synced.max(head.synced);
                }
            }
        }
        if at + len as u64 == end {
            break;
        }
        // A head may lie across the border.
        at += (len - RECORD_HEAD) as u64;
    }
    Ok(remains)
}

fn word4(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
}

fn word8(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}
