//! Stateright's web Explorer on an instance.

use quorate_models::world::{
    self, Caption, Checkable, Cluster, Judged, Observer, State, safety_properties,
};
use stateright::{Expectation, Model, Path, Property};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use thiserror::Error;

/// Why the Explorer cannot be served.
#[derive(Debug, Error)]
pub enum ExploreError {
    /// The address cannot be used.
    #[error("cannot serve the Explorer on {address}: {source}; choose another port with --port")]
    Address {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// It has ended, which it should not.
    #[error("the Explorer on {address} has ended")]
    Ended {
        /// Where it was.
        address: SocketAddr,
    },
}

/// A counterexample that the page is opened at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The property that it is a counterexample to, or an example of.
    pub property: String,
    /// The kind of the property.
    pub kind: &'static str,
    /// Its steps, as traces name them.
    pub actions: Vec<String>,
    /// Where the cycle of a lasso begins.
    pub cycle: Option<usize>,
}

/// An Explorer that is being served.
pub struct Served {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Served {
    /// Where it is, with the port that was found.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits while it is served: until the process ends.
    ///
    /// # Errors
    /// When it is not served any more.
    pub fn wait(self) -> Result<(), ExploreError> {
        let _ = self.server.join();
        Err(ExploreError::Ended { address: self.address })
    }
}

/// Serves the Explorer; when this returns, it answers.
///
/// # Errors
/// When the address cannot be used.
pub fn serve<A: Checkable, H: Observer<A::Msg>>(
    cluster: Cluster<A, H>,
    address: SocketAddr,
    shown: Option<Shown>,
) -> Result<Served, ExploreError> {
    // Stateright panics on a port in use, so it is tried first; port 0 becomes a free one.
    let free = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    let address = free.map_err(|source| ExploreError::Address { address, source })?;
    let page = Page::new(cluster, shown);
    let server = thread::spawn(move || {
        let _ = page.checker().serve(address);
    });
    while TcpStream::connect(address).is_err() {
        if server.is_finished() {
            return Err(ExploreError::Ended { address });
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(Served { address, server })
}

/// The cluster, with what is said of the counterexample that the page is opened at.
struct Page<A: Checkable, H> {
    cluster: Cluster<A, H>,
    shown: Option<Opened<A, H>>,
    /// By name, what the page calls each property: its name and what it says.
    titles: BTreeMap<&'static str, &'static str>,
}

struct Opened<A: Checkable, H> {
    actions: Vec<String>,
    caption: Caption,
    /// A liveness property, which stateright does not know, as something to be reached: the
    /// state where the cycle begins.
    lasso: Option<(&'static str, State<A, H>)>,
}

impl<A: Checkable, H: Observer<A::Msg>> Page<A, H> {
    fn new(cluster: Cluster<A, H>, shown: Option<Shown>) -> Self {
        let shown = shown.map(|shown| Opened::new(&cluster, shown));
        // For as long as the process serves the page.
        let title = |property: &world::Property<A, H>| -> &'static str {
            format!("{}: {}", property.name, property.says).leak()
        };
        let of = cluster.properties().iter();
        let titles = of.filter(|it| it.name != it.says).map(|it| (it.name, title(it))).collect();
        Self { cluster, shown, titles }
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Opened<A, H> {
    fn new(cluster: &Cluster<A, H>, shown: Shown) -> Self {
        let Shown { property, kind, actions, cycle } = shown;
        let text = match cycle {
            None => format!("{kind} {property}: {} steps", actions.len()),
            Some(cycle) if cycle == actions.len() => {
                format!("{kind} {property}: after {cycle} steps nothing more happens")
            }
            Some(cycle) => {
                format!(
                    "{kind} {property}: steps {} to {}, repeated for ever",
                    cycle + 1,
                    actions.len()
                )
            }
        };
        let lasso = cycle.and_then(|cycle| {
            // A name for as long as the process serves the page.
            let name: &'static str = format!("lasso of {kind} {property}").leak();
            Some((name, after(cluster, &actions[..cycle])?))
        });
        Self { actions, caption: Caption { text, cycle }, lasso }
    }

    /// Whether these steps are on the way of the counterexample, or go on from its end.
    fn is_along<T: std::fmt::Debug>(&self, steps: &[T]) -> bool {
        self.actions.iter().zip(steps).all(|(known, step)| *known == format!("{step:?}"))
    }
}

/// The state after some steps.
fn after<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    actions: &[String],
) -> Option<State<A, H>> {
    let mut state = cluster.state(cluster.initial());
    for wanted in actions {
        let mut possible = Vec::new();
        cluster.actions(&state, &mut possible);
        let action = possible.into_iter().find(|action| format!("{action:?}") == *wanted)?;
        state = cluster.next_state(&state, action)?;
    }
    Some(state)
}

impl<A: Checkable, H: Observer<A::Msg>> Judged for Page<A, H> {
    fn judge(&self, at: usize, state: &State<A, H>) -> bool {
        self.cluster.judge(at, state)
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Model for Page<A, H> {
    type State = State<A, H>;
    type Action = <Cluster<A, H> as Model>::Action;

    fn init_states(&self) -> Vec<Self::State> {
        self.cluster.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.cluster.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.cluster.next_state(state, action)
    }

    fn format_action(&self, action: &Self::Action) -> String {
        self.cluster.format_action(action)
    }

    fn format_step(&self, state: &Self::State, action: Self::Action) -> Option<String> {
        self.cluster.format_step(state, action)
    }

    fn as_svg(&self, path: Path<Self::State, Self::Action>) -> Option<String> {
        let steps: Vec<_> = path.clone().into_actions();
        let shown = self.shown.as_ref().filter(|shown| shown.is_along(&steps));
        Some(self.cluster.diagram(path, shown.map(|shown| &shown.caption)))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let lasso = self.shown.as_ref().and_then(|shown| shown.lasso.as_ref());
        let lasso = lasso.map(|(name, _)| Property {
            expectation: Expectation::Sometimes,
            name,
            condition: |page: &Self, state: &State<A, H>| {
                let lasso = page.shown.as_ref().and_then(|shown| shown.lasso.as_ref());
                lasso.is_some_and(|(_, begin)| begin == state)
            },
        });
        let titled = |property: Property<Self>| {
            let name = self.titles.get(property.name).copied().unwrap_or(property.name);
            Property { name, ..property }
        };
        safety_properties(&self.cluster).into_iter().map(titled).chain(lasso).collect()
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        self.cluster.within_boundary(state)
    }
}
