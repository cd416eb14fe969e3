//! Checks that nodes which are said to be alike are alike.
//!
//! A check under symmetry expands one of the states that differ only by an exchange of nodes.
//! That is sound if an exchange takes every step to a step, and every state without a step to
//! one without. A step follows from a node and an input, and what the history becomes from the
//! history and what is observed. So whatever is met for the first time, be it a step or nothing
//! at all, is compared with all its images; what was compared is remembered. Images themselves
//! must follow the laws of exchanges: to exchange two nodes twice changes nothing.

use super::action::Action;
use super::cluster::{Cluster, Inner};
use super::interner::Fingerprint;
use super::local::Effect;
use super::observation::PANICS;
use super::observer::Observer;
use super::orbit::Orbit;
use super::pairs::Pairs;
use super::parts::{Checkable, Spend};
use super::setup::Cuts;
use super::symmetry::{Images, Symmetry};
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

/// The first difference between a state and an image of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// Under which exchange; `None` if it is about all of them.
    pub exchange: Option<usize>,
    /// What is different.
    pub what: String,
}

/// What one thread has compared so far.
pub struct Alike<'c, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    symmetry: &'c Symmetry<A, H>,
    images: Vec<Images>,
    orbit: Orbit,
    products: Vec<(usize, Vec<Option<usize>>)>,
    /// By node, once it is compared: what happens there alone, as far as it is observed.
    nodes: Vec<Option<Vec<Watched<'c>>>>,
    /// By node and envelope: what the delivery does, if it is observed.
    deliveries: HashMap<(u32, u32), Option<Watched<'c>>, FxBuildHasher>,
    /// The deliveries that were compared and are not observed, as far as there is room.
    unobserved: Pairs,
    /// The histories and items that obey the laws.
    histories: Vec<bool>,
    items: Vec<bool>,
    observations: HashSet<(u32, u32), FxBuildHasher>,
    sequences: HashSet<(u32, usize), FxBuildHasher>,
}

/// Whether this is the first time.
fn is_new(known: &mut Vec<bool>, id: u32) -> bool {
    let at = id as usize;
    if at >= known.len() {
        known.resize(at + 1, false);
    }
    !std::mem::replace(&mut known[at], true)
}

/// An effect that the history may notice.
#[derive(Clone)]
struct Watched<'c> {
    effect: &'c Effect,
    /// By exchange, what happens in the image, where messages are observed in another order there.
    reordered: Option<Vec<&'c Effect>>,
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Alike<'c, A, H> {
    /// Nothing is compared yet.
    ///
    /// # Errors
    /// When there is no such exchange.
    pub fn new(cluster: &'c Cluster<A, H>, symmetry: &'c Symmetry<A, H>) -> Result<Self, Unlike> {
        if let Some(what) = symmetry.refusal(cluster.setup().actors.len()) {
            return Err(Unlike { exchange: None, what });
        }
        if cluster.setup().cuts != Cuts::default() {
            let what = "links may be cut, and of those no image is made".into();
            return Err(Unlike { exchange: None, what });
        }
        if cluster.setup().disks().is_some() {
            let what = "disks may be lost, and of those no image is made".into();
            return Err(Unlike { exchange: None, what });
        }
        Ok(Self {
            cluster,
            symmetry,
            images: symmetry.permutations().iter().map(|_| Images::default()).collect(),
            orbit: Orbit::default(),
            products: symmetry.products(),
            nodes: Vec::new(),
            deliveries: HashMap::default(),
            unobserved: Pairs::new(),
            histories: Vec::new(),
            items: Vec::new(),
            observations: HashSet::default(),
            sequences: HashSet::default(),
        })
    }

    /// How many exchanges there are.
    pub fn exchanges(&self) -> usize {
        self.images.len()
    }

    /// What a state becomes under an exchange, appended to `out`.
    pub fn image(&mut self, at: usize, state: &[u32], out: &mut Vec<u32>) {
        self.cluster.permute(self.symmetry, at, &mut self.images[at], state, out);
    }

    /// The fingerprints of what a state becomes under each exchange.
    pub fn fingerprints(&mut self, state: &[u32]) -> &[Fingerprint] {
        self.orbit.fingerprints(self.cluster, self.symmetry, &mut self.images, state)
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> u64 {
        let maps = self.nodes.capacity() * size_of::<Option<Vec<Watched<'_>>>>()
            + self.deliveries.allocation_size();
        let sets = self.histories.capacity()
            + self.items.capacity()
            + self.observations.allocation_size()
            + self.sequences.allocation_size();
        let pairs = self.unobserved.bytes();
        (maps + sets) as u64
            + pairs
            + self.images.iter().map(Images::bytes).sum::<u64>()
            + self.orbit.bytes()
    }

    /// Makes sure that whatever may happen in a state, and what may not, is the same in all its
    /// images.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare(&mut self, state: &[u32]) -> Result<(), Unlike> {
        let inner = self.inner();
        let (nodes, items) = (&state[..inner.budget_at()], &state[inner.items_at()..]);
        let history = state[inner.history_at()];
        if is_new(&mut self.histories, history) {
            self.obeys_laws(history, Self::history)?;
        }
        for node in nodes {
            self.compare_node(history, *node)?;
        }
        for item in items {
            if is_new(&mut self.items, *item) {
                self.obeys_laws(*item, Self::item)?;
            }
            let envelope = inner.next_of(*item);
            let receiver = inner.tables.envelopes.head(envelope).extra.receiver as usize;
            let Some(node) = nodes.get(receiver) else { continue };
            self.compare_delivery(history, *node, envelope)?;
        }
        Ok(())
    }

    fn compare_node(&mut self, history: u32, node: u32) -> Result<(), Unlike> {
        let at = node as usize;
        if at >= self.nodes.len() {
            self.nodes.resize(at + 1, None);
        }
        if self.nodes[at].is_none() {
            self.nodes[at] = Some(self.compare_locals(node)?);
        }
        for watched in self.nodes[at].clone().unwrap_or_default() {
            self.compare_observed(history, &watched)?;
        }
        Ok(())
    }

    fn compare_delivery(&mut self, history: u32, node: u32, envelope: u32) -> Result<(), Unlike> {
        if self.unobserved.contains(node, envelope) {
            return Ok(());
        }
        let known = self.deliveries.get(&(node, envelope)).cloned();
        let watched = if let Some(watched) = known {
            watched
        } else {
            let watched = self.compare_effects(node, envelope)?;
            self.deliveries.insert((node, envelope), watched.clone());
            watched
        };
        let Some(watched) = watched else {
            self.unobserved.note(node, envelope);
            return Ok(());
        };
        self.compare_observed(history, &watched)
    }

    pub(super) fn inner(&self) -> &'c Inner<A, H> {
        &self.cluster.0
    }

    pub(super) fn node(&mut self, at: usize, id: u32) -> u32 {
        self.inner().image_of_node(self.symmetry, at, &mut self.images[at], id)
    }

    fn item(&mut self, at: usize, id: u32) -> u32 {
        self.inner().image_of_item(self.symmetry, at, &mut self.images[at], id)
    }

    fn history(&mut self, at: usize, id: u32) -> u32 {
        if id == PANICS {
            return id;
        }
        self.inner().image_of_history(self.symmetry, at, &mut self.images[at], id)
    }

    pub(super) fn envelope(&self, at: usize, id: u32) -> u32 {
        let permutation = &self.symmetry.permutations()[at];
        self.inner().image_of_envelope(self.symmetry, permutation, id)
    }

    /// Exchanging after exchanging is exchanging: else two states might share an image and not
    /// be images of each other.
    fn obeys_laws(
        &mut self,
        id: u32,
        image: impl Fn(&mut Self, usize, u32) -> u32,
    ) -> Result<(), Unlike> {
        let products = std::mem::take(&mut self.products);
        let mut broken = None;
        for (swap, after) in &products {
            for (first, both) in after.iter().enumerate() {
                let one_by_one = image(self, first, id);
                let one_by_one = image(self, *swap, one_by_one);
                let at_once = both.map_or(id, |both| image(self, both, id));
                if one_by_one != at_once {
                    broken = Some(first);
                }
            }
        }
        self.products = products;
        match broken {
            None => Ok(()),
            Some(_) => Err(Unlike {
                exchange: broken,
                what: "rewriting a part twice is not rewriting it at once".into(),
            }),
        }
    }

    /// What a delivery does, and what its images do.
    fn compare_effects(&mut self, node: u32, envelope: u32) -> Result<Option<Watched<'c>>, Unlike> {
        let inner = self.inner();
        if !inner.tables.nodes.head(node).extra.up {
            return Ok(None);
        }
        let effect = inner.delivery(node, envelope);
        let mut theirs = Vec::new();
        let mut reordered = false;
        for at in 0..self.exchanges() {
            let image = inner.delivery(self.node(at, node), self.envelope(at, envelope));
            let same = effect.no_op == image.no_op
                && (effect.no_op
                    || self.shape(Some(at), effect, Spend::Nothing)
                        == self.shape(None, image, Spend::Nothing));
            if !same {
                let told = inner.tables.envelopes.value(envelope);
                let action = Action::<_, A::Timer, A::Random>::Deliver(told.clone());
                let what = match (effect.no_op, image.no_op) {
                    (true, false) => "is no step, and its image is one",
                    _ => "does not go over into a step like it",
                };
                let what = format!("the delivery {action:?} {what}");
                return Err(Unlike { exchange: Some(at), what });
            }
            reordered |= self.observed(at, effect) != image.observed;
            theirs.push(image);
        }
        let is_watched = !effect.no_op && (reordered || !effect.observed.is_empty());
        Ok(is_watched.then(|| Watched { effect, reordered: reordered.then_some(theirs) }))
    }

    /// What may happen at a node alone, and at its images.
    fn compare_locals(&mut self, node: u32) -> Result<Vec<Watched<'c>>, Unlike> {
        let inner = self.inner();
        self.obeys_laws(node, Self::node)?;
        let ours = self.locals(node, None);
        let mut theirs = vec![Vec::new(); ours.len()];
        let mut reordered = vec![false; ours.len()];
        for at in 0..self.exchanges() {
            let mine = self.locals(node, Some(at));
            let image = self.node(at, node);
            let images = self.locals(image, None);
            let same = mine.len() == images.len()
                && mine.iter().zip(&images).all(|(one, other)| one.0 == other.0);
            if !same {
                let node = inner.tables.nodes.value(node);
                let what = format!(
                    "the steps of {} alone (timers, choices, crashes) are not those of its image",
                    inner.name(node.id)
                );
                return Err(Unlike { exchange: Some(at), what });
            }
            for ((_, local, effect), (.., image)) in mine.iter().zip(&images) {
                let place = ours.iter().position(|(_, known, _)| known == local).unwrap_or(0);
                reordered[place] |= self.observed(at, effect) != image.observed;
                theirs[place].push(*image);
            }
        }
        let all = ours.into_iter().zip(theirs).zip(reordered);
        let watched = all.map(|(((.., effect), theirs), reordered)| Watched {
            effect,
            reordered: reordered.then_some(theirs),
        });
        Ok(watched
            .filter(|one| one.reordered.is_some() || !one.effect.observed.is_empty())
            .collect())
    }

    /// Makes sure that the images of a history notice what it does.
    fn compare_observed(&mut self, history: u32, watched: &Watched<'c>) -> Result<(), Unlike> {
        let effect = watched.effect;
        if let Some(theirs) = &watched.reordered {
            if !self.sequences.insert((history, std::ptr::from_ref(effect).addr())) {
                return Ok(());
            }
            let ours = self.notice(history, &effect.observed);
            for (at, image) in theirs.iter().enumerate() {
                let (before, after) = (self.history(at, history), self.history(at, ours));
                if self.notice(before, &image.observed) != after {
                    return Err(Self::unlike_history(at));
                }
            }
            return Ok(());
        }
        let mut now = history;
        for (delivered, envelope) in &effect.observed {
            let ours = self.notice(now, &[(*delivered, *envelope)]);
            if self.observations.insert((now, envelope << 1 | u32::from(*delivered))) {
                for at in 0..self.exchanges() {
                    let (before, after) = (self.history(at, now), self.history(at, ours));
                    let image = self.envelope(at, *envelope);
                    if self.notice(before, &[(*delivered, image)]) != after {
                        return Err(Self::unlike_history(at));
                    }
                }
            }
            if ours == PANICS {
                break;
            }
            now = ours;
        }
        Ok(())
    }

    fn unlike_history(at: usize) -> Unlike {
        let what = "what is observed does not go over into a step of the history".into();
        Unlike { exchange: Some(at), what }
    }

    /// What a history becomes by what it observes.
    fn notice(&self, history: u32, observed: &[(bool, u32)]) -> u32 {
        let inner = self.inner();
        let mut now = history;
        for (delivered, envelope) in observed {
            if now == PANICS {
                break;
            }
            let key = (now, envelope << 1 | u32::from(*delivered));
            let before = now;
            now = inner
                .tables
                .observations
                .recall(key, || inner.on_observation(before, *envelope, *delivered));
        }
        now
    }
}
