//! The specification under each rule, within bounds that whoever counts its states may change.

use super::{
    COMMITTED_LATER, KafkaReplication, LEADER_IN_ISR, PARTED, STRONG_ISR, Truncation, WEAK_ISR,
};
use crate::Expected;
use crate::abstract_model::AbstractModel;
use crate::bound::Bound;
use crate::world::Statement;

type Rule = AbstractModel<KafkaReplication>;

const BOUNDS: &[Bound<KafkaReplication>] = &[
    Bound {
        name: "replicas",
        about: "how many replicas there are: Replicas",
        range: 1..=8,
        get: |model| model.replicas.into(),
        set: |model, count| model.replicas = count as u8,
    },
    Bound {
        name: "log-size",
        about: "how many records a log holds: LogSize",
        range: 1..=255,
        get: |model| model.log_size as u64,
        set: |model, count| model.log_size = count as usize,
    },
    Bound {
        name: "max-records",
        about: "how many records are written in all: MaxRecords",
        range: 0..=255,
        get: |model| model.max_records.into(),
        set: |model, count| model.max_records = count as u8,
    },
    Bound {
        name: "max-leader-epoch",
        about: "the last leader epoch, from 0: MaxLeaderEpoch",
        range: 0..=254,
        get: |model| model.max_leader_epoch.into(),
        set: |model, epoch| model.max_leader_epoch = epoch as u8,
    },
];

/// The specification under each rule by which a follower truncates its log, the newest first.
pub fn abstract_models() -> Vec<Rule> {
    vec![
        Rule { expected: counted(737_794, 1_967_560, &[]), ..under(Truncation::Kip320) },
        Rule {
            expected: counted(1_437_076, 4_966_921, &[(STRONG_ISR, 12), (WEAK_ISR, 11)]),
            ..under(Truncation::Kip320FirstTry)
        },
        Rule {
            expected: counted(1_616_461, 6_718_690, &[(STRONG_ISR, 10), (WEAK_ISR, 10)]),
            ..under(Truncation::Kip279)
        },
        Rule {
            expected: counted(1_613_089, 5_796_838, &[(STRONG_ISR, 10), (WEAK_ISR, 10)]),
            ..under(Truncation::Kip101)
        },
        Rule {
            expected: counted(1_988_158, 7_491_589, &[(STRONG_ISR, 8), (WEAK_ISR, 8)]),
            ..under(Truncation::HighWatermark)
        },
    ]
}

fn counted(unique: u64, generated: u64, violated: &'static [(Statement, usize)]) -> Expected {
    Expected { unique, generated, violated }
}

/// 3 replicas, logs of 2 records, 2 records, leader epochs 0 to 2: TLC's counts are published.
fn under(rule: Truncation) -> Rule {
    let (name, about) = match rule {
        Truncation::HighWatermark => (
            "high-watermark",
            "a follower truncates its log to its own high watermark: before KIP-101",
        ),
        Truncation::Kip101 => {
            ("kip-101", "a follower truncates its log to where the leader's larger epochs begin")
        }
        Truncation::Kip279 => ("kip-279", "a follower truncates its log to where the logs part"),
        Truncation::Kip320FirstTry => (
            "kip-320-first-try",
            "as kip-279, at any time, and a fetch says the epoch of the last record",
        ),
        Truncation::Kip320 => {
            ("kip-320", "as kip-279, and leader and follower must be in one leader epoch")
        }
    };
    let model =
        KafkaReplication { replicas: 3, log_size: 2, max_records: 2, max_leader_epoch: 2, rule };
    Rule {
        name,
        about,
        source: "Gustafson 2018, the TLA+ module KafkaReplication and its extensions",
        model,
        bounds: BOUNDS,
        properties: &[WEAK_ISR, STRONG_ISR, LEADER_IN_ISR, COMMITTED_LATER, PARTED],
        expected: counted(0, 0, &[]),
    }
}
