//! Values one after the other, in pieces, so that growing moves nothing: in memory, or but for the last
//! piece in a scratch file.

use super::spill::{PIECE, Spill};
use std::cell::RefCell;
use std::io;

/// What can be written to disk.
pub(super) trait Value: Copy + Default {
    fn write(values: &[Self], bytes: &mut Vec<u8>);
    fn read(bytes: &[u8], values: &mut Vec<Self>);
}

impl Value for u8 {
    fn write(values: &[Self], bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(values);
    }

    fn read(bytes: &[u8], values: &mut Vec<Self>) {
        values.extend_from_slice(bytes);
    }
}

impl Value for u64 {
    fn write(values: &[Self], bytes: &mut Vec<u8>) {
        values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
    }

    fn read(bytes: &[u8], values: &mut Vec<Self>) {
        let (whole, _) = bytes.as_chunks();
        values.extend(whole.iter().map(|bytes| Self::from_le_bytes(*bytes)));
    }
}

/// Values one after the other.
#[derive(Default)]
pub(super) struct Pieces<T> {
    all: Vec<Piece<T>>,
    pub(super) len: u64,
    in_memory: usize,
    spill: Option<Spill>,
    /// The piece that was read last, and its number.
    last_read: RefCell<Option<(u64, Vec<T>)>>,
}

enum Piece<T> {
    Memory(Vec<T>),
    /// A full one, by where it is in the scratch file.
    Disk(u64),
}

impl<T: Value> Pieces<T> {
    const EACH: usize = PIECE / size_of::<T>();

    /// Most of them in a scratch file.
    pub(super) fn on_disk(spill: Spill) -> Self {
        Self { spill: Some(spill), ..Self::default() }
    }

    pub(super) fn push(&mut self, value: T) {
        let at = self.len as usize;
        if at.is_multiple_of(Self::EACH) {
            self.write_last();
            // The first one grows, since a small search needs no more.
            let room = if at == 0 { 64 } else { Self::EACH };
            self.all.push(Piece::Memory(Vec::with_capacity(room)));
            self.in_memory += 1;
        }
        if let Some(Piece::Memory(last)) = self.all.last_mut() {
            last.push(value);
        }
        self.len += 1;
    }

    /// Writes the last piece, which is full, to the scratch file, if there is one.
    fn write_last(&mut self) {
        if let (Some(spill), Some(last)) = (&mut self.spill, self.all.last_mut())
            && let Piece::Memory(values) = last
        {
            let mut bytes = Vec::with_capacity(PIECE);
            T::write(values, &mut bytes);
            if let Some(at) = spill.write(&bytes) {
                *last = Piece::Disk(at);
                self.in_memory -= 1;
            }
        }
    }

    /// The value at a place; the default if it cannot be read.
    pub(super) fn get(&self, at: u64) -> T {
        let (piece, at) = (at as usize / Self::EACH, at as usize % Self::EACH);
        match &self.all[piece] {
            Piece::Memory(values) => values[at],
            Piece::Disk(place) => {
                let mut read = self.last_read.borrow_mut();
                if read.as_ref().is_none_or(|(known, _)| known != place) {
                    *read = self.read(*place).ok().map(|values| (*place, values));
                }
                read.as_ref().map_or_else(T::default, |(_, values)| values[at])
            }
        }
    }

    fn read(&self, place: u64) -> io::Result<Vec<T>> {
        let mut bytes = vec![0; PIECE];
        if let Some(spill) = &self.spill {
            spill.read(place, &mut bytes)?;
        }
        let mut values = Vec::with_capacity(Self::EACH);
        T::read(&bytes, &mut values);
        Ok(values)
    }

    /// Calls `write` with all values as bytes, piece by piece.
    pub(super) fn save(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        for piece in &self.all {
            let mut bytes = Vec::with_capacity(PIECE);
            match piece {
                Piece::Memory(values) => T::write(values, &mut bytes),
                Piece::Disk(place) => T::write(&self.read(*place)?, &mut bytes),
            }
            write(&bytes)?;
        }
        Ok(())
    }

    /// Appends so many values, whose bytes `take` gives, so many at a time.
    pub(super) fn load<E>(
        &mut self,
        count: u64,
        take: &mut dyn FnMut(u64) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        let (mut left, mut values) = (count, Vec::new());
        while left > 0 {
            let some = left.min(Self::EACH as u64);
            T::read(&take(some * size_of::<T>() as u64)?, &mut values);
            values.drain(..).for_each(|value| self.push(value));
            left -= some;
        }
        Ok(())
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        match self.all.last_mut()? {
            Piece::Memory(values) => values.last_mut(),
            Piece::Disk(_) => None,
        }
    }

    /// What went wrong with the scratch file, if anything did.
    pub(super) fn failure(&self) -> Option<&str> {
        self.spill.as_ref()?.failure()
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        let first = match self.all.first() {
            Some(Piece::Memory(values)) => values.capacity() * size_of::<T>(),
            Some(Piece::Disk(_)) | None => 0,
        };
        let others = self.in_memory.saturating_sub(usize::from(first > 0)) * PIECE;
        let list = self.all.capacity() * size_of::<Piece<T>>();
        (first + others + list) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn values_are_where_they_were_put(count in 0..40_000_u64, spills: bool) {
            let dir = tempfile::tempdir().unwrap();
            let mut pieces = if spills {
                Pieces::on_disk(Spill::new(dir.path(), "pieces").unwrap())
            } else {
                Pieces::default()
            };
            (0..count).for_each(|value| pieces.push(value * 3));
            prop_assert!((0..count).all(|at| pieces.get(at) == at * 3));
            prop_assert_eq!((pieces.len, pieces.failure()), (count, None));
            let mut saved = Vec::new();
            pieces.save(&mut |bytes| { saved.extend_from_slice(bytes); Ok(()) }).unwrap();
            let (mut loaded, mut saved) = (Pieces::<u64>::default(), saved.into_iter());
            let mut take = |count| -> Result<Vec<u8>, ()> {
                Ok(saved.by_ref().take(count as usize).collect())
            };
            loaded.load(count, &mut take).unwrap();
            prop_assert!(loaded.len == count && (0..count).all(|at| loaded.get(at) == at * 3));
            let most = if spills { 2 } else { count as usize / 8192 + 2 };
            prop_assert!(pieces.bytes() < ((most * PIECE) + 4096) as u64, "{} bytes", pieces.bytes());
        }
    }
}
