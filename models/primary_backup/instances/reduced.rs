//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::primary_backup) const REDUCED: &[Reduced] = &[
    Reduced::new("trio", 11_269, 30_077),
    Reduced::new("asynchronous", 4_283, 10_318),
    Reduced::new("retry", 14_194, 42_327),
    Reduced::new("crash", 53_085, 144_775),
    Reduced::new("rejoin", 20_023, 78_376),
    Reduced::new("rivalry", 4_811, 13_406),
    Reduced::new("batches", 6_577, 18_752),
    Reduced::new("queue", 193, 361),
    Reduced::new("replaced", 40_713, 129_540),
    Reduced::new("replaced-crash", 224_190, 971_129),
    Reduced::new("sessions", 995, 1_991),
    Reduced::new("slots", 17_596, 48_781),
    Reduced::new("asynchronous-disk-primary", 1_761, 4_199),
    Reduced::new("asynchronous-disk-backup", 9_272, 23_330),
    Reduced::new("asynchronous-disk-failover", 148_543, 630_567),
    Reduced::new("large", 240_031, 845_773),
    Reduced::new("vast", 637_548, 3_426_845),
    Reduced::new("three", 1_012_797, 3_540_890),
    Reduced::new("rivalry-crash", 1_032_307, 3_575_135),
    Reduced::new("replaced-three", 497_533, 2_828_293),
    Reduced::new("replaced-twice", 510_241, 2_215_810),
    Reduced::new("asynchronous-disk-rivalry", 71_992, 264_449),
    Reduced::new("sessions-failover", 86_842, 243_371),
];
