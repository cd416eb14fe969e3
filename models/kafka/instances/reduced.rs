//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::kafka) const REDUCED: &[Reduced] = &[
    Reduced::new("steady", 62, 136),
    Reduced::new("leader-reads", 47, 81),
    Reduced::new("shrink-expand", 790, 1_891),
    Reduced::new("lossy-restart", 2_720, 8_621),
    Reduced::new("clean-restart", 4_072, 11_417),
    Reduced::new("synchronous", 30_201, 89_085),
    Reduced::new("retry", 3_051, 9_115),
    Reduced::new("batches", 2_421, 8_157),
    Reduced::new("follower-reads", 4_000, 14_608),
    Reduced::new("failover", 12_733, 40_559),
    Reduced::new("acks-one", 940, 2_626),
    Reduced::new("acks-zero", 9, 11),
    Reduced::new("unclean-election", 25_564, 73_476),
    Reduced::new("two-lost", 31_191, 108_093),
    Reduced::new("not-idempotent", 35, 52),
    Reduced::new("stale-follower", 40, 64),
    Reduced::new("map", 322, 531),
    Reduced::new("map-failover", 9_562, 27_117),
    Reduced::new("retention", 55_299, 251_064),
    Reduced::new("controller-restart", 1_842, 5_467),
    Reduced::new("controllers", 9_201, 26_043),
    Reduced::new("controllers-produce", 36_631, 126_880),
    Reduced::new("controller-paxos", 76_120, 326_791),
    Reduced::new("zombie-read", 15_452, 53_760),
    Reduced::new("lossy-restart-shrink", 159_240, 608_228),
    Reduced::new("appends", 38_599, 133_357),
    Reduced::new("retention-failover", 81_058, 298_064),
    Reduced::new("failover-twice", 42_563, 116_946),
    Reduced::new("mixed", 16_263, 53_817),
];
