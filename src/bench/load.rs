//! What is asked of a cluster.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What is asked of a cluster, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// How many clients ask, each for one thing at a time.
    pub clients: usize,
    /// The threads that drive them.
    pub threads: usize,
    /// How long a value is, in bytes.
    pub value_bytes: usize,
    /// How many of a hundred requests are gets; the others are puts.
    pub reads: u8,
    /// The keys.
    pub keys: Keys,
    /// Instead of the map, a log: each request appends so many records, of that length.
    pub batch: Option<usize>,
    /// Requests a second in an open loop; `None` for a closed loop.
    pub rate: Option<f64>,
    /// How long the load lasts before anything is measured.
    pub warm_up: Duration,
    /// How long it is measured.
    pub duration: Duration,
    /// How long a client waits for an answer, before that counts as an error.
    pub timeout: Duration,
    /// Where the choices of keys and requests come from.
    pub seed: u64,
}

/// The keys of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// So many, each as likely as any other, and all written before the run.
    Of(usize),
    /// Each put is of a new key; a get is of one that its client has put.
    New,
}

impl FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(0) => Err("there must be a key".into()),
            Ok(count) => Ok(Self::Of(count)),
            Err(_) if text == "new" => Ok(Self::New),
            Err(_) => Err("write a number of keys, or `new`".into()),
        }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(count) => write!(f, "{count}"),
            Self::New => f.write_str("new"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_a_number_or_new() {
        assert_eq!("12".parse(), Ok(Keys::Of(12)));
        assert_eq!("new".parse(), Ok(Keys::New));
        assert!("0".parse::<Keys>().is_err() && "old".parse::<Keys>().is_err());
    }
}
