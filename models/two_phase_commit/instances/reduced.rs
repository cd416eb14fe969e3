//! What the reduced checks find.
//!
//! Votes and decisions are counted, so about half of the states are left out, and each of the others
//! takes longer: of the deep instances those are recorded that are quicker for it.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::two_phase_commit) const REDUCED: &[Reduced] = &[
    Reduced::new("helping", 230, 672),
    Reduced::new("forgetful", 4_685, 16_217),
    Reduced::new("rivalry", 2_710, 8_073),
    Reduced::new("recovery", 4_450, 14_169),
    Reduced::new("condition", 9_831, 28_366),
    Reduced::new("participants", 18_658, 66_353),
    Reduced::new("contention", 36_637, 108_109),
    Reduced::new("twice", 65_748, 235_206),
    Reduced::new("asynchronous-recovery", 82_564, 341_068),
    Reduced::new("mixed", 934_465, 4_039_113),
    Reduced::new("writers", 7_866_272, 35_492_009),
];
