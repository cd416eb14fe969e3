//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::primary_backup) const REDUCED: &[Reduced] = &[
    Reduced::new("trio", 11_269, 30_077),
    Reduced::new("asynchronous", 4_283, 10_318),
    Reduced::new("retry", 14_194, 42_327),
    Reduced::new("crash", 38_026, 103_643),
    Reduced::new("rejoin", 20_023, 78_376),
    Reduced::new("rivalry", 4_811, 13_406),
    Reduced::new("batches", 6_577, 18_752),
    Reduced::new("queue", 193, 361),
    Reduced::new("replaced", 40_713, 129_540),
    Reduced::new("replaced-crash", 177_734, 859_503),
    Reduced::new("sessions", 995, 1_991),
];
