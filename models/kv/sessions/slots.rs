//! The slots of a session: how many requests a client has under way.
//!
//! A request's sequence number has its slot in the highest byte, so the numbers of slot 0 are 1, 2, 3 and
//! so on, and a client with one request at a time needs to know of no slot. In each slot the numbers
//! grow, one request at a time.

/// How many slots a session has. A session with the largest replies in all of them is still within
/// the table's bound on bytes.
pub const MAX_SLOTS: u8 = 16;
/// How far the slot is shifted in a sequence number.
const SHIFT: u32 = 56;

/// The slot of a request.
pub fn of(seq: u64) -> u8 {
    (seq >> SHIFT) as u8
}

/// The sequence number of a slot's request number `number`, which counts from 1 and is below 2^56.
pub fn seq(slot: u8, number: u64) -> u64 {
    u64::from(slot) << SHIFT | number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::map::MAX_VALUE_BYTES;
    use crate::kv::sessions::MAX_SESSION_BYTES;
    use crate::kv::txn::MAX_OUTCOME_BYTES;

    #[test]
    fn slots_do_not_mix() {
        assert_eq!((seq(0, 7), of(7)), (7, 0));
        let last = seq(MAX_SLOTS - 1, (1 << SHIFT) - 1);
        assert_eq!(of(last), MAX_SLOTS - 1);
        assert!(seq(1, 1) > seq(0, (1 << SHIFT) - 1));
    }

    #[test]
    fn a_session_with_the_largest_replies_in_all_slots_is_kept() {
        let largest = 2 * MAX_OUTCOME_BYTES.max(MAX_VALUE_BYTES);
        assert!(MAX_SESSION_BYTES >= usize::from(MAX_SLOTS) * largest);
    }
}
