//! Which life of a server speaks: on which data directory, and how old that is.
//!
//! Every datagram between servers carries it in one word. The directory identifies a disk that was
//! lost and replaced; the age and the run identify an old copy of a directory. Each start on a
//! directory makes it older, and so does some time of running, durably; a copy begins from the age
//! that it was copied at, and when it comes to the age of the original it is another run that does.

/// How many bits of the word hold the age: a start a second for 48 days, or 80 years of running.
const AGE: u32 = 22;
const MOST: u32 = (1 << AGE) - 1;
/// Where the run is in the word.
const RUN: u32 = AGE;
/// The bit that says that the directory was made for a newcomer.
const NEWCOMER: u64 = 1 << (RUN + u16::BITS);
/// The bits of what was drawn when the directory was formatted.
const DIRECTORY: u64 = !(NEWCOMER | (NEWCOMER - 1));

/// A life of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// The upper 25 bits of what was drawn when the directory was formatted.
    directory: u64,
    /// Whether it was formatted for a server that had lost another one.
    pub(super) newcomer: bool,
    /// How often it was started on, or had run for some time.
    pub(super) age: u32,
    /// Drawn at each start.
    pub(super) run: u16,
}

impl Life {
    pub(super) fn new(directory: u64, newcomer: bool, age: u32, run: u16) -> Self {
        Self { directory: directory & DIRECTORY, newcomer, age: age.min(MOST), run }
    }

    /// The same directory at another age.
    pub(super) fn at(self, age: u32, run: u16) -> Self {
        Self::new(self.directory, self.newcomer, age, run)
    }

    pub(super) fn of_word(word: u64) -> Self {
        let (age, run) = (word & u64::from(MOST), word >> RUN & u64::from(u16::MAX));
        Self::new(word, word & NEWCOMER != 0, age as u32, run as u16)
    }

    pub(super) fn word(self) -> u64 {
        let newcomer = if self.newcomer { NEWCOMER } else { 0 };
        self.directory | newcomer | u64::from(self.run) << RUN | u64::from(self.age)
    }

    /// The same at whatever age.
    pub(super) fn without_age(self) -> Self {
        Self { age: 0, ..self }
    }

    /// The name of the directory, for an operator.
    pub(super) fn incarnation(self) -> String {
        format!("{:016x}", self.at(0, 0).word())
    }

    pub(super) fn same_directory(self, other: Self) -> bool {
        self.directory == other.directory
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_word_tells_the_life(directory: u64, newcomer: bool, age in 0..=MOST, run: u16) {
            let life = Life::new(directory, newcomer, age, run);
            prop_assert_eq!(Life::of_word(life.word()), life);
            prop_assert_eq!((life.newcomer, life.age, life.run), (newcomer, age, run));
            let other = Life::new(directory ^ 1 << 63, newcomer, age, run);
            prop_assert!(!life.same_directory(other) && life.word() != other.word());
            prop_assert!(life.same_directory(life.at(0, 0)));
            prop_assert_eq!(life.incarnation(), life.at(7, 7).incarnation());
        }
    }

    #[test]
    fn ages_are_counted_to_the_last_and_no_further() {
        assert_eq!(Life::new(7 << 40, false, u32::MAX, 0).age, MOST);
    }
}
