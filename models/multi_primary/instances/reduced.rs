//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::multi_primary) const REDUCED: &[Reduced] = &[
    Reduced::new("lww-stale", 28, 41),
    Reduced::new("mv-stale", 36, 63),
    Reduced::new("lww-one-node", 772, 2_124),
    Reduced::new("mv-one-node", 1_936, 6_119),
    Reduced::new("lww-rivals", 782, 2_010),
    Reduced::new("mv-rivals", 6_147, 17_741),
    Reduced::new("lww-delete", 10_984, 38_853),
    Reduced::new("mv-resolve", 5_627, 17_316),
    Reduced::new("mv-delete", 3_672, 11_983),
    Reduced::new("mv-forger", 47, 95),
    Reduced::new("mv-mistaken", 354, 1_143),
    Reduced::new("mv-pieces", 10_050, 28_008),
    Reduced::new("lww-sessions", 2_923, 8_470),
    Reduced::new("mv-replaced-three", 437, 1_163),
    Reduced::new("mv-replaced", 3_870, 11_570),
    Reduced::new("lww-replaced", 5_242, 11_190),
    Reduced::new("mv-replaced-delete", 1_375, 3_628),
    Reduced::new("mv-replaced-twice", 2_869, 5_686),
    Reduced::new("lww-three", 4_444, 16_282),
    Reduced::new("mv-three", 14_358, 53_997),
    Reduced::new("mv-three-delete", 76_392, 391_574),
    Reduced::new("lww-three-delete", 297_412, 1_706_850),
    Reduced::new("mv-half-key", 70_999, 243_750),
    Reduced::new("mv-lossy-pieces", 170_996, 593_643),
    Reduced::new("lww-replaced-delete", 16_734, 50_469),
];
