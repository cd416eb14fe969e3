//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::zab) const REDUCED: &[Reduced] = &[
    Reduced::new("broadcast", 495, 1_849),
    Reduced::new("takeover", 576, 1_706),
    Reduced::new("takeover-heard", 8_508, 34_442),
    Reduced::new("crash", 3_297, 7_314),
    Reduced::new("joiner", 164, 304),
    Reduced::new("snap", 276, 514),
    Reduced::new("local-reads", 247, 547),
    Reduced::new("session-order", 1_135, 2_942),
    Reduced::new("asynchronous", 1_884, 5_308),
    Reduced::new("late-leader", 68_053, 312_453),
    Reduced::new("observer", 102, 221),
    Reduced::new("observer-takeover", 4_947, 21_306),
    Reduced::new("leaving-busy", 1_779, 5_201),
    Reduced::new("recovery", 6_763, 13_667),
];
