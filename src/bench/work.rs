//! What clients ask for.

use super::load::{Keys, Load};
use crate::models::kv::offer::{Acks, Ask, LogAsk};
use crate::models::kv::{Bytes, Op};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Makes the requests of the clients of one thread.
pub(super) struct Work {
    keys: Keys,
    reads: u8,
    value: Bytes,
    batch: Option<usize>,
    /// How many keys each client has put, where they are new, or how many batches of it are acknowledged.
    put: Vec<u64>,
    /// The number of the first client.
    first: usize,
    /// So that a second run on the same cluster has new keys as well.
    run: u64,
    random: StdRng,
}

impl Work {
    pub(super) fn new(load: &Load, first: usize, clients: usize) -> Self {
        let random = StdRng::seed_from_u64(load.seed ^ (first as u64) << 32);
        Self {
            keys: load.keys,
            reads: load.reads,
            value: vec![b'v'; load.value_bytes].into(),
            batch: load.batch,
            put: vec![0; clients],
            first,
            run: load.seed,
            random,
        }
    }

    /// The next request of this client, and whether it is a get.
    pub(super) fn next(&mut self, client: usize) -> (Ask, bool) {
        if let Some(batch) = self.batch {
            return (self.next_batch(client, batch), false);
        }
        let is_read = self.random.random_range(0..100) < self.reads;
        let put = &mut self.put[client];
        let number = match self.keys {
            Keys::Of(count) => self.random.random_range(0..count as u64),
            Keys::New if is_read && *put > 0 => self.random.random_range(0..*put),
            Keys::New => {
                *put += u64::from(!is_read);
                put.saturating_sub(1)
            }
        };
        let key = match self.keys {
            Keys::Of(_) => shared_key(number),
            Keys::New => format!("{:x}.{}.{number}", self.run, self.first + client).as_str().into(),
        };
        let op = if is_read { Op::Get { key } } else { Op::Put { key, value: self.value.clone() } };
        (op.into(), is_read)
    }

    /// A batch has the number after that of the last one that was acknowledged.
    fn next_batch(&self, client: usize, batch: usize) -> Ask {
        let sequence = self.put[client] + 1;
        let messages = vec![self.value.clone(); batch];
        Ask::Log(LogAsk::Produce { sequence, messages, acks: Acks::All })
    }

    /// What this client asked for is done.
    pub(super) fn acknowledged(&mut self, client: usize) {
        self.put[client] += u64::from(self.batch.is_some());
    }

    /// This client goes on in a new session, as another producer.
    pub(super) fn begin_anew(&mut self, client: usize) {
        if self.batch.is_some() {
            self.put[client] = 0;
        }
    }

    /// The first put of a key.
    pub(super) fn fill(&self, number: usize) -> Ask {
        Op::Put { key: shared_key(number as u64), value: self.value.clone() }.into()
    }
}

fn shared_key(number: u64) -> Bytes {
    format!("key {number}").as_str().into()
}

#[cfg(test)]
mod tests {
    use super::super::tally::tests::load;
    use super::*;
    use std::collections::BTreeSet;

    fn key(ask: &Ask) -> String {
        let Ask::One { op, .. } = ask else { panic!("{ask:?}") };
        op.key().to_string()
    }

    #[test]
    fn new_keys_are_put_once_and_gets_are_of_those() {
        let mut load = load();
        (load.keys, load.reads) = (Keys::New, 30);
        let mut work = Work::new(&load, 5, 2);
        let mut put = BTreeSet::new();
        let mut gets = 0;
        for turn in 0..2000 {
            let (ask, is_read) = work.next(turn % 2);
            if is_read {
                gets += 1;
                // The very first may be of a key that nobody has put yet.
                assert!(put.contains(&key(&ask)) || put.len() < 3, "{ask:?}");
            } else {
                assert!(put.insert(key(&ask)), "twice: {ask:?}");
            }
        }
        assert!((450..750).contains(&gets), "{gets}");
    }

    #[test]
    fn each_client_numbers_its_batches() {
        let mut load = load();
        load.batch = Some(3);
        let mut work = Work::new(&load, 0, 2);
        for (client, number) in [(0, 1), (1, 1), (0, 2), (0, 3)] {
            let (Ask::Log(LogAsk::Produce { sequence, messages, .. }), false) = work.next(client)
            else {
                panic!("no batch");
            };
            assert_eq!((sequence, messages.len()), (number, 3));
            work.acknowledged(client);
        }
        let number = |ask: &Ask| match ask {
            Ask::Log(LogAsk::Produce { sequence, .. }) => *sequence,
            other => panic!("{other:?}"),
        };
        assert_eq!([number(&work.next(1).0), number(&work.next(1).0)], [2, 2], "it has no answer");
        work.begin_anew(1);
        assert_eq!(number(&work.next(1).0), 1);
    }

    #[test]
    fn shared_keys_are_those_that_were_filled() {
        let mut load = load();
        (load.keys, load.reads) = (Keys::Of(10), 0);
        let mut work = Work::new(&load, 0, 1);
        let filled: BTreeSet<String> = (0..10).map(|number| key(&work.fill(number))).collect();
        let used: BTreeSet<String> = (0..500).map(|_| key(&work.next(0).0)).collect();
        assert_eq!(used, filled);
    }
}
