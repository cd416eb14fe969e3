//! Properties: what must always, sometimes or eventually hold.
//!
//! A condition says what it looks at by what it is given, so that the checker may judge a part
//! once and remember the verdict, without trusting a declaration.

use super::parts::{Checkable, NodeOf};
use super::state::{Around, Nodes, View};
use stateright::actor::{Actor, Envelope};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

type OnNode<A> = Arc<dyn Fn(&NodeOf<A>) -> bool + Send + Sync>;
type OnNodes<A> = Arc<dyn for<'a> Fn(&Nodes<'a, A>) -> bool + Send + Sync>;
type OnHistory<H> = Arc<dyn Fn(&H) -> bool + Send + Sync>;
type OnWorld<A, H> = Arc<dyn for<'a> Fn(&View<'a, A, H>) -> bool + Send + Sync>;
type OnMessageIn<A, H> =
    Arc<dyn for<'a> Fn(&MessageOf<A>, &Around<'a, A, H>) -> bool + Send + Sync>;
type MessageOf<A> = Envelope<<A as Actor>::Msg>;
/// Of which messages something is said.
pub type OnMessage<M> = Arc<dyn Fn(&Envelope<M>) -> bool + Send + Sync>;

/// What a property states, as data: its name, its sentence and its source.
///
/// The name is short and stable: `--property`, traces, JSON and the bars of a CI know the property
/// by it. The sentence may be polished at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name, in words joined by hyphens, unique in its protocol; the field's own where it has
    /// one.
    pub name: &'static str,
    /// What it says, in one sentence, without a full stop.
    pub says: &'static str,
    /// The paper and the section that state it; empty if it is the protocol's own.
    pub source: &'static str,
}

/// A statement of one's own whose name says it all, such as `"no-loss"`.
impl From<&'static str> for Statement {
    fn from(name: &'static str) -> Self {
        Self { name, says: name, source: "" }
    }
}

/// The name alone.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Constants that are [`Statement`](crate::world::Statement)s, documented by what they say: for
/// each its name, its sentence, and its source if it has one.
///
/// ```
/// quorate_models::statements! {
///     pub AGREEMENT = "agreement", "at most one value is chosen", "Lamport 2001, section 2.1";
///     pub OVERLAP = "overlap", "requests of two clients overlapped";
/// }
/// assert_eq!(OVERLAP.source, "");
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $vis:vis $constant:ident = $name:literal, $says:literal $(, $source:literal)?;)+) => {
        $(
            #[doc = concat!("`", $name, "`: ", $says, "." $(, " ", $source, ".")?)]
            ///
            $(#[$meta])*
            $vis const $constant: $crate::world::Statement = $crate::world::Statement {
                name: $name,
                says: $says,
                source: concat!($($source)?),
            };
        )+
    };
}

/// A predicate on global states.
pub enum Condition<A: Checkable, H> {
    /// Holds of every single node. Judged once per distinct node.
    EachNode(OnNode<A>),
    /// Holds of some single node. Judged once per distinct node.
    SomeNode(OnNode<A>),
    /// About the nodes together, whatever is in flight.
    Nodes(OnNodes<A>),
    /// About the history alone. Judged once per distinct history.
    History(OnHistory<H>),
    /// Holds of every single message in flight, with what is around it.
    EachMessage(OnMessageIn<A, H>),
    /// Holds of some single message in flight, with what is around it.
    SomeMessage(OnMessageIn<A, H>),
    /// About everything.
    World(OnWorld<A, H>),
}

impl<A: Checkable, H> Clone for Condition<A, H> {
    fn clone(&self) -> Self {
        match self {
            Self::EachNode(f) => Self::EachNode(Arc::clone(f)),
            Self::SomeNode(f) => Self::SomeNode(Arc::clone(f)),
            Self::Nodes(f) => Self::Nodes(Arc::clone(f)),
            Self::History(f) => Self::History(Arc::clone(f)),
            Self::EachMessage(f) => Self::EachMessage(Arc::clone(f)),
            Self::SomeMessage(f) => Self::SomeMessage(Arc::clone(f)),
            Self::World(f) => Self::World(Arc::clone(f)),
        }
    }
}

impl<A: Checkable, H> Condition<A, H> {
    /// Every node satisfies `f`.
    pub fn each_node(f: impl Fn(&NodeOf<A>) -> bool + Send + Sync + 'static) -> Self {
        Self::EachNode(Arc::new(f))
    }

    /// Some node satisfies `f`.
    pub fn some_node(f: impl Fn(&NodeOf<A>) -> bool + Send + Sync + 'static) -> Self {
        Self::SomeNode(Arc::new(f))
    }

    /// The nodes together satisfy `f`.
    pub fn nodes(f: impl for<'a> Fn(&Nodes<'a, A>) -> bool + Send + Sync + 'static) -> Self {
        Self::Nodes(Arc::new(f))
    }

    /// The history satisfies `f`.
    pub fn history(f: impl Fn(&H) -> bool + Send + Sync + 'static) -> Self {
        Self::History(Arc::new(f))
    }

    /// Every message in flight satisfies `f`, with what is around it.
    pub fn each_message(
        f: impl for<'a> Fn(&Envelope<A::Msg>, &Around<'a, A, H>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::EachMessage(Arc::new(f))
    }

    /// Some message in flight satisfies `f`, with what is around it.
    pub fn some_message(
        f: impl for<'a> Fn(&Envelope<A::Msg>, &Around<'a, A, H>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::SomeMessage(Arc::new(f))
    }

    /// The whole state satisfies `f`.
    pub fn world(f: impl for<'a> Fn(&View<'a, A, H>) -> bool + Send + Sync + 'static) -> Self {
        Self::World(Arc::new(f))
    }
}

/// When a condition must hold.
pub enum Kind<A: Checkable, H> {
    /// It holds in every reachable state.
    Always,
    /// It holds in some reachable state: shows that the others are not vacuous.
    Sometimes,
    /// In every fair behaviour it holds at some point.
    Eventually,
    /// In every fair behaviour, whenever the property's condition holds, this one holds then or
    /// later.
    LeadsTo(Condition<A, H>),
}

impl<A: Checkable, H> Clone for Kind<A, H> {
    fn clone(&self) -> Self {
        match self {
            Self::Always => Self::Always,
            Self::Sometimes => Self::Sometimes,
            Self::Eventually => Self::Eventually,
            Self::LeadsTo(condition) => Self::LeadsTo(condition.clone()),
        }
    }
}

impl<A: Checkable, H> Kind<A, H> {
    /// `always`, `sometimes`, `eventually` or `leads-to`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Sometimes => "sometimes",
            Self::Eventually => "eventually",
            Self::LeadsTo(_) => "leads-to",
        }
    }

    /// Whether it is about whole behaviours rather than single states.
    pub fn is_liveness(&self) -> bool {
        matches!(self, Self::Eventually | Self::LeadsTo(_))
    }
}

/// A statement about the behaviours of a cluster.
pub struct Property<A: Checkable, H> {
    /// Its name, unique in its cluster: see [`Statement::name`].
    pub name: &'static str,
    /// What it says: see [`Statement::says`].
    pub says: &'static str,
    /// Its source: see [`Statement::source`].
    pub source: &'static str,
    /// When its condition must hold.
    pub kind: Kind<A, H>,
    /// The condition.
    pub condition: Condition<A, H>,
    /// Whether messages decide it for good: see [`Property::monotone`].
    pub is_monotone: bool,
    /// The messages of which also their absence may decide it: see [`Property::counting`].
    pub counted: Option<OnMessage<A::Msg>>,
    /// Where in the source it is claimed.
    pub place: &'static Location<'static>,
}

impl<A: Checkable, H> Clone for Property<A, H> {
    fn clone(&self) -> Self {
        let (kind, condition) = (self.kind.clone(), self.condition.clone());
        Self { kind, condition, counted: self.counted.clone(), ..*self }
    }
}

impl<A: Checkable, H> Property<A, H> {
    /// `condition` holds in every reachable state.
    #[track_caller]
    pub fn always(stated: impl Into<Statement>, condition: Condition<A, H>) -> Self {
        Self::new(stated, Kind::Always, condition)
    }

    /// `condition` holds in some reachable state.
    #[track_caller]
    pub fn sometimes(stated: impl Into<Statement>, condition: Condition<A, H>) -> Self {
        Self::new(stated, Kind::Sometimes, condition)
    }

    /// `condition` holds at some point of every fair behaviour.
    #[track_caller]
    pub fn eventually(stated: impl Into<Statement>, condition: Condition<A, H>) -> Self {
        Self::new(stated, Kind::Eventually, condition)
    }

    /// In every fair behaviour, whenever `from` holds, `to` holds then or later.
    #[track_caller]
    pub fn leads_to(
        stated: impl Into<Statement>,
        from: Condition<A, H>,
        to: Condition<A, H>,
    ) -> Self {
        Self::new(stated, Kind::LeadsTo(to), from)
    }

    /// Claims that whatever decides it in a state (a violation of an `always`, or what is looked for by
    /// a `sometimes`) decides it in every state that has more messages in flight and is otherwise the
    /// same. So it is if the condition of an `always` is about all messages, and that of a `sometimes`
    /// about some message; not if the violation is that a message is missing.
    ///
    /// Only then may a check leave out states that have fewer messages than another. It is of no
    /// importance for conditions that do not look at messages, and need not be said of an `always` of
    /// [each message](Condition::each_message), nor of a `sometimes` of [some
    /// message](Condition::some_message): it follows from their form. Of others the check holds the claim
    /// against the states that it meets, and ends in an error where it is wrong.
    #[must_use]
    pub fn monotone(self) -> Self {
        Self { is_monotone: true, ..self }
    }

    /// Claims that it is [monotone](Self::monotone) but for the messages of which this holds: their
    /// absence may decide it too, as that of a vote does. A check then leaves out states that have fewer
    /// messages than another only if they have the same of those.
    #[must_use]
    pub fn counting(
        self,
        is_counted: impl Fn(&Envelope<A::Msg>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { is_monotone: true, counted: Some(Arc::new(is_counted)), ..self }
    }

    /// Whether it is monotone by its form.
    pub fn is_monotone_by_form(&self) -> bool {
        matches!(
            (&self.kind, &self.condition),
            (Kind::Always, Condition::EachMessage(_))
                | (Kind::Sometimes, Condition::SomeMessage(_))
        )
    }

    #[track_caller]
    fn new(stated: impl Into<Statement>, kind: Kind<A, H>, condition: Condition<A, H>) -> Self {
        let Statement { name, says, source } = stated.into();
        let place = Location::caller();
        Self { name, says, source, kind, condition, is_monotone: false, counted: None, place }
    }
}
