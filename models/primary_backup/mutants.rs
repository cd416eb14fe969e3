//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

mod sessions;

use super::instances::{Bounds, rivals, write_then_read};
use super::properties::{self as claims, Actor, History};
use crate::Mutant;
use crate::world::{CHECKPOINT, Cluster};

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// The primary acknowledges before the backups have the request, in synchronous mode.
    AcknowledgeEarly,
    /// The primary answers a request that is asked again before the backups have it.
    AnswerRetryEarly,
    /// A new primary acts before its backups hold its state.
    ActEarly,
    /// A primary that is replaced goes on acting, in the new view.
    StayPrimary,
    /// A replica takes the operations of any view, not only its own.
    NoFencing,
    /// A backup applies the operation that comes, whatever its number.
    IgnoreGap,
    /// A request that comes again is applied again.
    ApplyTwice,
    /// States are compared by the number of operations alone.
    TrustNumber,
    /// A late piece of state replaces a newer state.
    InstallOld,
    /// A joining backup counts as certified before it holds the state.
    CertifyJoiner,
    /// A backup does not save what it applies.
    ForgetApplied,
    /// The view service does not save its views.
    ForgetView,
    /// A primary does not send again what a backup did not acknowledge.
    NoResend,
    /// A replica tells the view service that it is alive when it starts, and never again.
    NoPing,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::AcknowledgeEarly,
        Self::AnswerRetryEarly,
        Self::ActEarly,
        Self::StayPrimary,
        Self::NoFencing,
        Self::IgnoreGap,
        Self::ApplyTwice,
        Self::TrustNumber,
        Self::InstallOld,
        Self::CertifyJoiner,
        Self::ForgetApplied,
        Self::ForgetView,
        Self::NoResend,
        Self::NoPing,
    ];
}

/// Every bug, with the property that kills it.
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    macro_rules! mutant {
        ($bug:ident, $name:literal, $about:literal, $killed_by:expr, $bounds:expr) => {
            Mutant {
                name: $name,
                about: $about,
                killed_by: $killed_by,
                cluster: || seeded($bounds, Bug::$bug),
            }
        };
    }
    let mut mutants = vec![
        mutant!(
            AcknowledgeEarly,
            "acknowledge-early",
            "the primary acknowledges before it replicates",
            claims::LINEARIZABLE,
            reader()
        ),
        mutant!(
            AnswerRetryEarly,
            "answer-retry-early",
            "a request that is asked again is answered before the backups have it",
            claims::NO_LOSS,
            reader()
        ),
        mutant!(
            ActEarly,
            "act-early",
            "a new primary acts before its backups hold its state",
            claims::PROMOTABLE,
            reader()
        ),
        mutant!(
            StayPrimary,
            "stay-primary",
            "a primary that is replaced goes on acting, in the new view",
            claims::ONE_PRIMARY,
            reader()
        ),
        mutant!(
            NoFencing,
            "no-fencing",
            "operations of an old view are taken",
            claims::PROMOTABLE,
            Bounds::synchronous(2, rivals())
        ),
        mutant!(
            IgnoreGap,
            "ignore-gap",
            "a backup applies the operation that comes, whatever its number",
            claims::PREFIX,
            Bounds::synchronous(2, rivals())
        ),
        mutant!(
            ApplyTwice,
            "apply-twice",
            "a request that comes again is applied again",
            claims::EXACTLY_ONCE,
            Bounds { suspicions: 0, ..reader() }
        ),
        mutant!(
            TrustNumber,
            "trust-number",
            "states are taken for equal when they have as many operations",
            claims::PREFIX,
            Bounds::synchronous(2, rivals())
        ),
        mutant!(
            InstallOld,
            "install-old",
            "a late piece of state replaces a newer state",
            claims::PROMOTABLE,
            reader()
        ),
        mutant!(
            CertifyJoiner,
            "certify-joiner",
            "a joining backup may be promoted before it holds the state",
            claims::PROMOTABLE,
            reader()
        ),
        mutant!(
            ForgetApplied,
            "forget-applied",
            "a backup does not save what it applies",
            CHECKPOINT,
            reader()
        ),
        mutant!(
            ForgetView,
            "forget-view",
            "the view service does not save its views",
            claims::ONE_PRIMARY,
            Bounds { crashes: 1, restarts: 1, suspicions: 2, ..reader() }
        ),
    ];
    mutants.extend([
        Mutant {
            name: "no-resend",
            about: "what a backup did not acknowledge is not sent again",
            killed_by: claims::ANSWERED,
            cluster: || Bounds::lossy().cluster(claims::liveness(), Some(Bug::NoResend)),
        },
        Mutant {
            name: "no-ping",
            about: "a replica says that it is alive when it starts, and never again",
            killed_by: claims::CONVERGED,
            cluster: || Bounds::lossy_views().cluster(vec![claims::converged()], Some(Bug::NoPing)),
        },
    ]);
    mutants.extend(sessions::mutants());
    mutants
}

/// The smallest world that has all of failover, state transfer and a read.
fn reader() -> Bounds {
    Bounds::synchronous(2, write_then_read())
}

fn seeded(bounds: Bounds, bug: Bug) -> Cluster<Actor, History> {
    bounds.cluster(claims::safety(), Some(bug))
}
