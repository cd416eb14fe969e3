//! How a log lies in its file.
//!
//! ```text
//!    0  header   magic 8 | format version 4 | cluster 8 | node 8 | directory 8 | CRC-32
//!  512  mark A   synced length 8 | CRC-32
//! 1024  mark B   the same; marks are written in turns, so that a torn one leaves the other
//! 4096  records  length 4 | CRC-32 over position, length and payload | payload
//! ```
//!
//! Each part of the header region lies in its own disk sector. The position in a record's
//! checksum keeps a record from passing for one elsewhere.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// The version of this layout and of the encoding of what is in it.
pub(super) const VERSION: u32 = 2;
/// Where the records begin.
pub(super) const RECORDS: u64 = 4096;
/// The bytes of a record besides its payload.
pub(super) const RECORD_HEAD: u64 = 8;
/// The most bytes of a payload: what its length, of 4 bytes, can say.
pub(super) const LONGEST: u32 = u32::MAX;

const MAGIC: [u8; 8] = *b"quorate\0";
const HEADER: usize = 40;
const MARKS: [u64; 2] = [512, 1024];

/// To whom a log belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) struct Owner {
    /// The fingerprint of the cluster.
    pub(in crate::node) cluster: u64,
    /// The id of the node.
    pub(in crate::node) node: u64,
    /// The random number of the data directory, drawn when it was formatted.
    pub(in crate::node) directory: u64,
}

/// What is at the beginning of a file.
pub(super) enum Header {
    Good(Owner),
    /// Not a log at all.
    Alien,
    /// A log of another version.
    Version(u32),
    /// A log whose header was damaged.
    Damaged,
}

pub(super) fn write_header(file: &mut File, owner: &Owner) -> io::Result<()> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    for word in [owner.cluster, owner.node, owner.directory] {
        header.extend(word.to_le_bytes());
    }
    header.extend(crc32fast::hash(&header).to_le_bytes());
    // The whole region, so that the file is never shorter than its marks say.
    header.resize(RECORDS as usize, 0);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)
}

pub(super) fn read_header(file: &mut File) -> io::Result<Header> {
    let mut header = [0; HEADER];
    file.seek(SeekFrom::Start(0))?;
    match file.read_exact(&mut header) {
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
    let word = |at: usize| content[at..].first_chunk().map_or(0, |w| u64::from_le_bytes(*w));
    match content[8..].first_chunk().map_or(0, |v| u32::from_le_bytes(*v)) {
        VERSION => {
            Ok(Header::Good(Owner { cluster: word(12), node: word(20), directory: word(28) }))
        }
        version => Ok(Header::Version(version)),
    }
}

/// Which of the two marks was written last.
#[derive(Clone, Copy)]
pub(super) struct Turn(usize);

/// Writes the mark whose turn it is: all before `synced` is on the disk.
pub(super) fn write_mark(file: &mut File, turn: Turn, synced: u64) -> io::Result<Turn> {
    let turn = Turn(1 - turn.0);
    let mark = synced.to_le_bytes();
    file.seek(SeekFrom::Start(MARKS[turn.0]))?;
    file.write_all(&[mark.as_slice(), &crc32fast::hash(&mark).to_le_bytes()].concat())?;
    Ok(turn)
}

/// Writes both marks of a new file.
pub(super) fn write_marks(file: &mut File, synced: u64) -> io::Result<Turn> {
    let turn = write_mark(file, Turn(1), synced)?;
    write_mark(file, turn, synced)
}

/// The higher of the marks that are whole; `None` if neither is.
pub(super) fn read_marks(file: &mut File) -> io::Result<Option<(Turn, u64)>> {
    let mut best = None;
    for (turn, at) in MARKS.into_iter().enumerate() {
        let mut mark = [0; 12];
        file.seek(SeekFrom::Start(at))?;
        match file.read_exact(&mut mark) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            other => other?,
        }
        let Some((synced, crc)) = mark.split_first_chunk::<8>() else { continue };
        let found = u64::from_le_bytes(*synced);
        if crc32fast::hash(synced).to_le_bytes() == crc
            && best.is_none_or(|(_, synced)| found > synced)
        {
            best = Some((Turn(turn), found));
        }
    }
    Ok(best)
}

/// A record's length and checksum; its payload, of at most [`LONGEST`] bytes, follows.
pub(super) fn record_head(at: u64, payload: &[u8]) -> [u8; RECORD_HEAD as usize] {
    let len = payload.len() as u32;
    let mut head = [0; RECORD_HEAD as usize];
    head[..4].copy_from_slice(&len.to_le_bytes());
    head[4..].copy_from_slice(&checksum(at, len, payload).to_le_bytes());
    head
}

/// Reads the record at `at`, where the file ends at `end`; `None` if there is no whole record.
pub(super) fn read_record(file: &mut impl Read, at: u64, end: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(room) = (end - at).checked_sub(RECORD_HEAD) else { return Ok(None) };
    let mut word = [0; 4];
    file.read_exact(&mut word)?;
    let len = u32::from_le_bytes(word);
    file.read_exact(&mut word)?;
    let crc = u32::from_le_bytes(word);
    // Before anything of that size is allocated.
    if u64::from(len) > room {
        return Ok(None);
    }
    let mut payload = vec![0; len as usize];
    file.read_exact(&mut payload)?;
    Ok((checksum(at, len, &payload) == crc).then_some(payload))
}

fn checksum(at: u64, len: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&at.to_le_bytes());
    hasher.update(&len.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
