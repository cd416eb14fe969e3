//! What the reduced checks find.

use crate::Reduced;

/// By instance: the states that are expanded, and those that are generated from them.
pub(in crate::multi_primary) const REDUCED: &[Reduced] = &[
    Reduced::new("lww-stale", 33, 51),
    Reduced::new("mv-stale", 49, 81),
    Reduced::new("lww-one-node", 1_409, 3_514),
    Reduced::new("mv-one-node", 2_748, 7_961),
    Reduced::new("lww-rivals", 1_541, 3_917),
    Reduced::new("mv-rivals", 11_248, 28_771),
    Reduced::new("lww-delete", 10_984, 38_853),
    Reduced::new("mv-resolve", 8_095, 23_220),
    Reduced::new("mv-delete", 3_672, 11_983),
    Reduced::new("mv-forger", 68, 132),
    Reduced::new("mv-mistaken", 527, 1_521),
    Reduced::new("mv-pieces", 16_546, 44_514),
    Reduced::new("lww-sessions", 4_383, 11_621),
    Reduced::new("mv-replaced-three", 472, 1_247),
    Reduced::new("mv-replaced", 4_692, 13_488),
    Reduced::new("lww-replaced", 5_830, 12_117),
    Reduced::new("mv-replaced-delete", 1_727, 4_476),
    Reduced::new("mv-replaced-twice", 3_129, 6_009),
    Reduced::new("lww-three", 9_515, 35_130),
    Reduced::new("mv-three", 18_733, 69_217),
    Reduced::new("mv-three-delete", 134_238, 683_885),
    Reduced::new("lww-three-delete", 527_856, 3_018_806),
    Reduced::new("mv-half-key", 70_999, 243_750),
    Reduced::new("mv-lossy-pieces", 282_931, 953_920),
    Reduced::new("lww-replaced-delete", 19_613, 57_786),
];
