//! Instances with clients whose contexts are false.

use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use super::super::{Authenticator, Dot, Rule, ScriptedOp, VersionVector};
use super::{Bounds, get, put, put_to, with};
use crate::kv::Op;
use crate::world::Cluster;
use crate::{Expected, Instance};
use stateright::actor::Id;

/// All of them.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![mv_forger(), mv_mistaken()]
}

fn mv_forger() -> Instance<Actor, History> {
    Instance {
        name: "mv-forger",
        about: "multi-value, 2 nodes, a client that puts at one and gets, one that gets and puts at the other with a \
                context that covers that write before it is made",
        deep: false,
        cluster: || refusing(forger()),
        symmetry: None,
        expected: Expected { unique: 89, generated: 409, violated: &[] },
    }
}

fn mv_mistaken() -> Instance<Actor, History> {
    Instance {
        name: "mv-mistaken",
        about: "multi-value, 2 nodes, a client that puts two keys, one that puts the first of them \
                with the context of the second",
        deep: false,
        cluster: || refusing(mistaken()),
        symmetry: None,
        expected: Expected { unique: 1_803, generated: 12_035, violated: &[] },
    }
}

fn refusing(bounds: Bounds) -> Cluster<Actor, History> {
    let reached = [claims::overlap(), claims::bad_context()];
    bounds.cluster(with(claims::multi_value(), reached), None)
}

/// A client names a write of the other node that may not be there yet.
pub(in super::super) fn forger() -> Bounds {
    let future = VersionVector::up_to(Dot::new(Id::from(1), 1));
    let forged = ScriptedOp::Forged(Op::put("x", "b"), future);
    proving(vec![(0, vec![get(), forged]), (1, vec![put("a"), get()])])
}

/// A client takes the context of a key for that of another.
pub(in super::super) fn mistaken() -> Bounds {
    let (read, used) = (ScriptedOp::Plain(Op::get("y")), ScriptedOp::Informed(Op::put("x", "c")));
    proving(vec![(0, vec![put("a"), put_to("y", "b")]), (0, vec![read, used])])
}

/// Nodes ask for proof. The code is a checksum (FNV-1a), which these clients do not compute.
fn proving(clients: Vec<(usize, Vec<ScriptedOp>)>) -> Bounds {
    let contexts = Authenticator::new(|bytes| {
        let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        u128::from(sum).to_le_bytes()
    });
    Bounds { contexts, ..Bounds::new(2, Rule::MultiValue, clients) }
}
