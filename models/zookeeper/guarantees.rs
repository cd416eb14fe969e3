//! The guarantees of ZooKeeper: its rows of the table.

use super::{Config, Request, State, Timing, What, ZooKeeper, properties};
use crate::guarantee::{Guarantee, Reading, Sample};
use crate::world::rehearsal::{Rehearsal, answered};
use crate::zab::{self, Zxid};

pub(super) fn guarantees() -> Vec<Guarantee> {
    let is_fenced = |name: &str| name.starts_with("lock-fenced");
    let is_unfenced = |name: &str| name == "lock-unfenced";
    let row = |mode, covers, consistency| Guarantee {
        mode,
        covers,
        consistency,
        durable: vec![Reading {
            property: properties::AGREEMENT,
            holds: "delivered transactions, at a quorum",
            violated: "not even delivered transactions",
        }],
        sample: sample(),
    };
    let order = Reading {
        property: properties::IN_ORDER,
        holds: "no late use by an earlier holder",
        violated: "**late uses by earlier holders**",
    };
    let exclusion = Reading {
        property: properties::EXCLUSION,
        holds: "one holder at a time",
        violated: "**two clients believe that they hold it**",
    };
    let is_other = |name: &str| !name.starts_with("lock-");
    let tree = vec![
        Reading {
            property: properties::LINEARIZABLE,
            holds: "linearizable writes",
            violated: "**not linearizable**",
        },
        Reading {
            property: properties::WATCH_ORDER,
            holds: "events before the state that fired them",
            violated: "**events after the state that fired them**",
        },
    ];
    vec![
        row("the data tree", is_other, tree),
        row("a lock whose resource ignores tokens", is_unfenced, vec![exclusion, order]),
        row("a lock with fencing tokens", is_fenced, vec![exclusion, order]),
    ]
}

fn sample() -> Sample {
    Sample {
        about: "3 servers",
        servers: 3,
        name: |id| format!("server {}", usize::from(id)),
        write: |count| rehearsed(set(), count).cost(),
        read: Some(|count| rehearsed(get(), count).cost()),
        survives: |crashed| Rehearsal::survives(|| rehearsed(set(), 1), crashed),
    }
}

fn set() -> What {
    What::Write(Request::set_data("/", "a", None).into())
}

fn get() -> What {
    What::Read { op: Request::get_data("/").into(), seen: Zxid::default(), watch: false }
}

fn rehearsed(what: What, count: usize) -> Rehearsal<ZooKeeper> {
    let servers = 3;
    let zab = zab::Config::new(servers, Timing::model());
    let actors = zab.map_or_else(Vec::new, |zab| {
        let config = Config::new(zab, Timing::model());
        let all = config.zab().server_ids().map(|_| config.server());
        all.chain([config.client(vec![what; count])]).collect()
    });
    let is_done = answered(servers, count, |state| match state {
        State::Client(client) => Some(client.client.done),
        State::Server(_) | State::Resource(_) => None,
    });
    Rehearsal { actors, servers, is_done }
}
