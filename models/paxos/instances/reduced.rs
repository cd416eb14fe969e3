//! What the reduced checks find.
//!
//! Requests, proposals, votes and promises are counted, since the paper's invariants are about a lack of
//! them. Most of what is left out differs in answers to a deposed leader and in redirects: so reduction
//! pays where there are elections.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::paxos) const REDUCED: &[Reduced] = &[
    Reduced::new("nothing-kept", 314, 954),
    Reduced::new("far-ahead", 876, 3_341),
    Reduced::new("snapshot", 3_458, 15_593),
    Reduced::new("parts", 8_706, 24_749),
    Reduced::new("contest", 1_397, 5_263),
    Reduced::new("rivalry", 8_086, 39_439),
    Reduced::new("quorums-1-3", 5_830, 20_143),
    Reduced::new("quorums-3-1", 3_655, 11_564),
    Reduced::new("succession", 8_059, 29_532),
    Reduced::new("gaps", 20_707, 67_313),
    Reduced::new("restart", 43_549, 181_592),
    Reduced::new("sessions", 31_999, 167_967),
    Reduced::new("comeback", 632_257, 2_873_496),
    Reduced::new("comeback-both", 3_439_346, 17_304_016),
    Reduced::new("comeback-any", 22_695_479, 151_966_560),
    Reduced::new("comeback-1-3", 1_502_801, 5_780_640),
    Reduced::new("asynchronous-leader", 13_227, 65_493),
    Reduced::new("asynchronous-follower", 3_599, 17_153),
    Reduced::new("asynchronous-reads", 230_737, 1_250_695),
    Reduced::new("asynchronous-snapshot", 31_489, 170_524),
    Reduced::new("asynchronous-1-2", 41_036, 145_898),
    Reduced::new("asynchronous-restart", 2_956_285, 17_456_479),
    Reduced::new("reads-refused", 98, 204),
    Reduced::new("reads", 30_461, 119_916),
    Reduced::new("transfer", 4_718, 18_146),
    Reduced::new("outrun", 4_796, 20_559),
    Reduced::new("steady", 111, 318),
    Reduced::new("pre-vote", 54_002, 217_392),
    Reduced::new("leaving-busy", 21_133, 76_742),
    Reduced::new("eviction", 8_852, 32_695),
    Reduced::new("eviction-takeover", 23_851, 78_715),
    Reduced::new("eviction-snapshot", 17_274, 88_362),
    Reduced::new("eviction-bytes", 2_727, 9_131),
    Reduced::new("slots", 14_547, 43_303),
    Reduced::new("slots-snapshot", 42_622, 216_524),
    Reduced::new("slots-read", 51_429, 156_714),
];
