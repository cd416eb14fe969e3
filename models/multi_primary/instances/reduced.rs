//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::multi_primary) const REDUCED: &[Reduced] = &[
    Reduced::new("lww-stale", 28, 41),
    Reduced::new("mv-stale", 28, 41),
    Reduced::new("lww-one-node", 520, 1_354),
    Reduced::new("mv-one-node", 570, 1_402),
    Reduced::new("lww-rivals", 782, 2_010),
    Reduced::new("mv-rivals", 1_681, 4_674),
    Reduced::new("lww-delete", 10_984, 38_853),
    Reduced::new("mv-resolve", 4_707, 14_308),
    Reduced::new("mv-delete", 3_672, 11_983),
    Reduced::new("mv-forger", 47, 95),
    Reduced::new("mv-mistaken", 218, 703),
    Reduced::new("mv-pieces", 3_950, 10_686),
    Reduced::new("lww-sessions", 1_889, 5_240),
    Reduced::new("mv-replaced-three", 368, 851),
    Reduced::new("mv-replaced", 1_444, 4_024),
    Reduced::new("lww-replaced", 4_068, 8_402),
    Reduced::new("mv-replaced-delete", 1_327, 3_486),
    Reduced::new("mv-replaced-twice", 2_812, 5_498),
    Reduced::new("lww-three", 4_444, 16_282),
    Reduced::new("mv-three", 4_808, 17_823),
    Reduced::new("mv-three-delete", 76_392, 391_574),
    Reduced::new("lww-three-delete", 297_412, 1_706_850),
    Reduced::new("mv-half-key", 41_041, 140_627),
    Reduced::new("mv-lossy-pieces", 64_136, 215_975),
    Reduced::new("lww-replaced-delete", 16_711, 50_358),
];
