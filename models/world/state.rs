//! Global states, as the checkers hold them and as properties see them.

use super::cluster::{Cluster, Inner, NodeExtra};
use super::derived::Derived;
use super::interner::{Fingerprint, Interner, short};
use super::observer::Observer;
use super::parts::{Budget, Checkable, NodeOf};
use super::reads::{Reads, Tracker};
use super::setup::NetworkKind;
use stateright::actor::{Envelope, Id};
use std::any::{Any, TypeId};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A global state: ids of interned parts, and the cluster that knows what they mean.
///
/// Hashes as its fingerprint, so stateright's checkers cost little on it.
pub struct State<A: Checkable, H> {
    pub(super) ids: Box<[u32]>,
    pub(super) fingerprint: Fingerprint,
    pub(super) inner: Arc<Inner<A, H>>,
}

impl<A: Checkable, H> Clone for State<A, H> {
    fn clone(&self) -> Self {
        Self {
            ids: self.ids.clone(),
            fingerprint: self.fingerprint,
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<A: Checkable, H> PartialEq for State<A, H> {
    fn eq(&self, other: &Self) -> bool {
        self.ids == other.ids
    }
}

impl<A: Checkable, H> Eq for State<A, H> {}

impl<A: Checkable, H> Hash for State<A, H> {
    fn hash<S: Hasher>(&self, hasher: &mut S) {
        hasher.write_u64(short(self.fingerprint));
    }
}

impl<A: Checkable, H: Observer<A::Msg>> State<A, H> {
    /// The state as properties see it.
    pub fn view(&self) -> View<'_, A, H> {
        View { ids: &self.ids, inner: &self.inner, tracker: None, derived: None }
    }

    /// The same in every run; two different states share it with probability 2^-128.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The state as the engine holds it.
    pub fn packed(&self) -> &[u32] {
        &self.ids
    }
}

impl<A: Checkable, H: Observer<A::Msg>> fmt::Debug for State<A, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

/// What a property sees of a state.
pub struct View<'a, A: Checkable, H> {
    pub(super) ids: &'a [u32],
    pub(super) inner: &'a Inner<A, H>,
    /// Notes what is looked at, if that is asked for.
    pub(super) tracker: Option<&'a Tracker>,
    /// What was derived already, where states are checked one after the other.
    pub(super) derived: Option<&'a Derived>,
}

impl<'a, A: Checkable, H: Observer<A::Msg>> View<'a, A, H> {
    /// A number that two states in which these parts are the same have in common.
    pub(super) fn key(&self, reads: Reads) -> u64 {
        let of = |derived: &Derived| self.inner.key(self.ids, reads, derived);
        self.derived.map_or_else(|| of(&Derived::default()), of)
    }

    pub(super) fn note(&self, part: Reads) {
        if let Some(tracker) = self.tracker {
            tracker.note(part);
        }
    }

    /// The nodes.
    pub fn nodes(&self) -> Nodes<'a, A> {
        self.note(Reads::NODES);
        self.nodes_unnoted()
    }

    /// The same, for who says itself what it looks at.
    pub(super) fn nodes_unnoted(&self) -> Nodes<'a, A> {
        let count = self.inner.setup.actors.len();
        Nodes { ids: &self.ids[..count], known: &self.inner.tables.nodes }
    }

    /// The history so far.
    pub fn history(&self) -> &'a H {
        self.note(Reads::HISTORY);
        self.history_unnoted()
    }

    /// The same, for who says itself what it looks at.
    pub(super) fn history_unnoted(&self) -> &'a H {
        self.inner.tables.histories.value(self.ids[self.inner.history_at()])
    }

    /// What is left of the faults.
    pub fn budget(&self) -> &'a Budget {
        self.note(Reads::BUDGET);
        self.inner.tables.budgets.value(self.ids[self.inner.budget_at()])
    }

    /// Whether the link between two nodes is cut.
    pub fn is_cut(&self, one: Id, other: Id) -> bool {
        self.note(Reads::BUDGET);
        self.inner.cut_between(self.ids[self.inner.budget_at()], one, other)
    }

    /// The messages in flight, each as often as it is in flight, in no particular order.
    pub fn envelopes(&self) -> impl Iterator<Item = &'a Envelope<A::Msg>> {
        self.note(Reads::MESSAGES);
        self.envelopes_unnoted()
    }

    /// The same, for who says itself what it looks at.
    pub(super) fn envelopes_unnoted(
        &self,
    ) -> impl Iterator<Item = &'a Envelope<A::Msg>> + use<'a, A, H> {
        let (inner, items) = (self.inner, &self.ids[self.inner.items_at()..]);
        let envelopes = items.iter().flat_map(|item| inner.envelopes_of(item));
        envelopes.map(|envelope| inner.tables.envelopes.value(*envelope))
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// The envelopes that an item is.
    pub(super) fn envelopes_of<'a>(&'a self, item: &'a u32) -> &'a [u32] {
        match self.setup.network {
            NetworkKind::Ordered => self.tables.channels.value(*item).queue.as_slice(),
            NetworkKind::Set | NetworkKind::Single | NetworkKind::Multiset => {
                std::slice::from_ref(item)
            }
        }
    }
}

impl<A: Checkable, H: Observer<A::Msg>> View<'_, A, H> {
    /// What `make` makes of this state: a function of the state alone, known by its type, so that
    /// two closures are two functions; it captures nothing. Where states are checked one after the other it is made once for
    /// all conditions.
    pub fn derive<T, F>(&self, make: F) -> Arc<T>
    where
        T: Any + Send + Sync,
        F: for<'v> Fn(&View<'v, A, H>) -> T + 'static,
    {
        const { assert!(size_of::<F>() == 0, "what derives captures nothing") };
        let Some(derived) = self.derived else { return Arc::new(make(self)) };
        let made_by = TypeId::of::<F>();
        let key = |reads: Reads| self.inner.key(self.ids, reads, derived);
        if let Some((value, reads)) = derived.find(made_by, key)
            && let Ok(value) = value.downcast()
        {
            self.note(reads);
            return value;
        }
        let tracker = Tracker::default();
        let value = Arc::new(make(&View { tracker: Some(&tracker), ..*self }));
        let reads = tracker.reads();
        derived.remember((made_by, key(reads)), reads, Arc::<T>::clone(&value));
        self.note(reads);
        value
    }
}

/// All of a state but what is in flight.
///
/// What is said of a message beside it does not depend on other messages. So with more of them in
/// flight, a condition about each of them never holds where it did not, and one about some of them
/// always holds where it did.
pub struct Around<'a, A: Checkable, H>(pub(super) &'a View<'a, A, H>);

impl<'a, A: Checkable, H: Observer<A::Msg>> Around<'a, A, H> {
    /// The nodes.
    pub fn nodes(&self) -> Nodes<'a, A> {
        self.0.nodes()
    }

    /// The history so far.
    pub fn history(&self) -> &'a H {
        self.0.history()
    }

    /// What is left of the faults.
    pub fn budget(&self) -> &'a Budget {
        self.0.budget()
    }

    /// Whether the link between two nodes is cut.
    pub fn is_cut(&self, one: Id, other: Id) -> bool {
        self.0.is_cut(one, other)
    }
}

impl<A: Checkable, H: Observer<A::Msg>> View<'_, A, H> {
    /// How many messages in flight satisfy `f`. Each is asked, so that it depends on no order which of
    /// them panics.
    pub(super) fn count_messages(
        &self,
        f: impl Fn(&Envelope<A::Msg>, &Around<'_, A, H>) -> bool,
    ) -> usize {
        let around = Around(self);
        self.envelopes().filter(|envelope| f(envelope, &around)).count()
    }
}

/// The nodes of a state.
pub struct Nodes<'a, A: Checkable> {
    ids: &'a [u32],
    known: &'a Interner<NodeOf<A>, NodeExtra<A>>,
}

impl<'a, A: Checkable> Nodes<'a, A> {
    /// A node, by id.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn node(&self, id: Id) -> &'a NodeOf<A> {
        self.known.value(self.ids[usize::from(id)])
    }

    /// A node's state, unless it is down.
    pub fn state(&self, id: Id) -> Option<&'a A::State> {
        self.node(id).state()
    }

    /// All nodes, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &'a NodeOf<A>> {
        self.ids.iter().map(|id| self.known.value(*id))
    }

    /// The states of the nodes that are up, with their ids.
    pub fn up(&self) -> impl Iterator<Item = (Id, &'a A::State)> {
        self.iter().filter_map(|node| Some((node.id, node.state()?)))
    }
}

impl<A: Checkable, H: Observer<A::Msg>> fmt::Debug for View<'_, A, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_map();
        for node in self.nodes().iter() {
            out.entry(&Bare(self.inner.name(node.id)), node);
        }
        let mut envelopes: Vec<_> = self.envelopes().collect();
        if self.inner.setup.network != NetworkKind::Ordered {
            envelopes.sort_unstable();
        }
        out.entry(&Bare("in flight".into()), &Envelopes(&envelopes));
        out.entry(&Bare("budget".into()), self.budget());
        out.entry(&Bare("history".into()), self.history());
        out.finish()
    }
}

/// Prints without quotes.
struct Bare(String);

impl fmt::Debug for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

struct Envelopes<'a, M>(&'a [&'a Envelope<M>]);

impl<M: fmt::Debug> fmt::Debug for Envelopes<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|envelope| {
            let (src, dst) = (usize::from(envelope.src), usize::from(envelope.dst));
            Bare(format!("{src} → {dst}: {:?}", envelope.msg))
        });
        f.debug_list().entries(lines).finish()
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// A node's name: its actor's, with its id.
    pub(super) fn name(&self, id: Id) -> String {
        let id = usize::from(id);
        match self.setup.actors.get(id).map(stateright::actor::Actor::name) {
            Some(name) if !name.is_empty() => format!("{name} {id}"),
            _ => format!("node {id}"),
        }
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// A packed state as properties see it.
    pub fn view<'a>(&'a self, state: &'a [u32]) -> View<'a, A, H> {
        View { ids: state, inner: &self.0, tracker: None, derived: None }
    }

    /// A packed state as stateright's checkers hold it.
    pub fn state(&self, packed: &[u32]) -> State<A, H> {
        State {
            ids: packed.into(),
            fingerprint: self.fingerprint(packed),
            inner: Arc::clone(&self.0),
        }
    }

    /// Which condition a leads-to property must reach.
    pub fn target_of(&self, property: usize) -> Option<usize> {
        let properties = &self.setup().properties;
        let is_leads_to =
            |at: &usize| matches!(properties[*at].kind, super::property::Kind::LeadsTo(_));
        is_leads_to(&property).then(|| properties.len() + (0..property).filter(is_leads_to).count())
    }

    /// Which condition is the boundary.
    pub fn boundary(&self) -> Option<usize> {
        self.setup().boundary.as_ref().map(|_| self.0.conditions.len() - 1)
    }
}
