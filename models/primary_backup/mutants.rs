//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
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
}
