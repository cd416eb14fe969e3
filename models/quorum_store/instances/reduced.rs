//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::quorum_store) const REDUCED: &[Reduced] = &[
    Reduced::new("one-one", 125, 246),
    Reduced::new("no-repair", 329, 735),
    Reduced::new("read-one-write-all", 129, 247),
    Reduced::new("skew-no-repair", 1_626, 3_767),
    Reduced::new("abd", 3_768, 9_364),
    Reduced::new("skew", 76, 114),
    Reduced::new("hybrid-rivals", 819, 2_041),
    Reduced::new("query-two-writers", 699, 1_747),
    Reduced::new("query-in-turn", 156, 226),
    Reduced::new("query-crash", 458, 1_162),
    Reduced::new("failed-write-appears", 818, 1_869),
    Reduced::new("strict", 272, 620),
    Reduced::new("sloppy", 555, 1_624),
    Reduced::new("equal-timestamps", 540, 1_522),
    Reduced::new("gc-on-timer", 274, 751),
    Reduced::new("gc-after-repair", 521, 1_513),
    Reduced::new("abd-crash", 7_253, 24_914),
    Reduced::new("query-three-clients", 13_694, 44_729),
    Reduced::new("gc-within-read", 281, 603),
    Reduced::new("gc-stale-answer", 924, 2_492),
    Reduced::new("move", 327, 613),
    Reduced::new("move-two-clients", 685, 1_664),
    Reduced::new("move-crash", 1_423, 4_321),
    Reduced::new("join-one", 1_174, 3_925),
    Reduced::new("concurrent-lost", 147, 401),
    Reduced::new("siblings-one", 142, 264),
    Reduced::new("siblings-own-write", 141, 201),
    Reduced::new("siblings", 829, 2_289),
    Reduced::new("siblings-resolved", 208, 325),
    Reduced::new("siblings-deleted", 208, 325),
    Reduced::new("siblings-handed-on", 190, 336),
    Reduced::new("siblings-crash", 10_048, 37_738),
];
