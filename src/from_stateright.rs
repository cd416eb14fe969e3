//! From stateright: a model as it is, checked by this crate.
//!
//! [`Setup::from`](crate::models::world::Setup) takes any `ActorModel` of
//! [stateright](https://docs.rs/stateright) 0.31: its actors, its network with the messages that are
//! in it at the start, its losses and crashes, its history, its boundary and its properties. Nothing
//! in the model changes; these lines take the place of `model.checker().spawn_bfs().join()`:
//!
//! ```
//! use quorate::check::Checker;
//! use quorate::models::world::{Reads, Setup};
//! # use stateright::Expectation;
//! # use stateright::actor::{Actor, ActorModel, Id, Network, Out};
//! # use std::borrow::Cow;
//! # struct Pinger;
//! # impl Actor for Pinger {
//! #     type Msg = u8;
//! #     type Timer = ();
//! #     type State = u8;
//! #     type Storage = ();
//! #     type Random = ();
//! #     fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
//! #         o.send(Id::from(1 - usize::from(id)), 1);
//! #         0
//! #     }
//! #     fn on_msg(&self, _: Id, met: &mut Cow<'_, u8>, src: Id, ping: u8, o: &mut Out<Self>) {
//! #         *met.to_mut() = ping;
//! #         if ping < 3 {
//! #             o.send(src, ping + 1);
//! #         }
//! #     }
//! # }
//! # fn model() -> ActorModel<Pinger, (), ()> {
//! #     ActorModel::new((), ())
//! #         .actors([Pinger, Pinger])
//! #         .init_network(Network::new_unordered_nonduplicating([]))
//! #         .property(Expectation::Eventually, "one has seen three", |_, state| {
//! #             state.actor_states.iter().any(|met| **met == 3)
//! #         })
//! # }
//!
//! let cluster = Setup::from(model()) // an ActorModel, as it is
//!     .looks_at("one has seen three", Reads::NODES) // may be left out: see below
//!     .cluster();
//! let outcome = Checker::new(&cluster).threads(2).check()?;
//! for property in &outcome.properties {
//!     println!("{}: {:?}", property.name, property.verdict);
//! }
//! assert!(outcome.holds(), "{outcome:?}");
//! # Ok::<(), quorate::check::CheckError>(())
//! ```
//!
//! An actor's messages and timers must be `Ord`, as stateright demands, its history must be
//! `PartialEq`, and all of its types must be `Send + Sync`.
//!
//! # The same by another name
//!
//! | stateright | here |
//! |---|---|
//! | `.checker()`, `.threads(n)`, `.spawn_bfs().join()` | [`Checker::new(&cluster)`](crate::check::Checker), `.threads(n)`, `.check()` |
//! | `.unique_state_count()`, `.state_count()` | [`outcome.unique`](crate::check::Outcome), `outcome.generated`: equal numbers |
//! | `.assert_properties()` | `assert!(outcome.holds())` |
//! | `.discovery(name)` | `outcome.property(name)`, its verdict and `.trace()`; `.actions(&cluster)` names the steps |
//! | `.target_max_depth(n)`, `.target_state_count(n)`, `.timeout(t)` | [`Limits`](crate::check::Limits): `depth` is `n - 1`, since it counts steps; and a limit of memory |
//! | `.finish_when(…)` | `.until_violation()`, `.until_violated(name)` |
//! | `.symmetry()` | [`Checker::symmetric(&cluster, Symmetry::among(…))`](crate::check::Checker::symmetric), which the search verifies |
//! | `.spawn_simulation(…)` | [`Walks`](crate::check::Walks) |
//! | `.serve(address)` | [`explore::serve`](crate::explore::serve): the same Explorer |
//!
//! # What you get
//!
//! * **Liveness that holds.** `Expectation::Eventually` is decided under
//!   [fairness](crate::models::world::Fairness), with cycles and where paths join; a counterexample
//!   is a lasso. Leads-to properties can be added to the setup.
//! * **The shortest counterexamples**, and the same ones with any number of threads.
//! * **A property is asked less often**, if [`looks_at`](crate::models::world::Setup) says which
//!   parts of a state it looks at: one about linearizability is asked once for each history. A wrong
//!   claim is noticed.
//! * **Other networks, disks and faults** for the same actors: the setup's methods replace what the
//!   model says. `.rules(Rules::Quorate)` bounds crashes in total, and a node that is down keeps
//!   nothing but its disk; `.disk(DiskKind::WriteBack)` loses saves that were not written yet; budgets
//!   bound timers. `.without_last_delivery()` leaves the message that was delivered last out of the
//!   state, where stateright's duplicating network keeps it: fewer states, the same verdicts.
//! * **Panics** of handlers and properties are violations with a trace.
//! * **The commands**: a [`Protocol`](crate::models::Protocol) whose instances are such clusters is
//!   checked, explored and replayed by [`cli::main`](crate::cli::main), with recorded counts.
//!
//! # What differs
//!
//! States are told apart by `PartialEq`, and not by their hashes alone. Where stateright's
//! fingerprints are equal for different states, it takes them for one and counts fewer: if the `Hash`
//! of a state leaves fields out, and where nodes have timers, or choices, of the same names (stateright 0.31
//! hashes them node after node, without their numbers).
//!
//! What is no part of an `ActorModel`, but of its checker, is not adopted: symmetry, limits, and when
//! to stop.
//!
//! # Stateright's own examples
//!
//! The ten of stateright 0.31 run as they are, with equal counts (unique and generated), with these
//! exceptions. A search of theirs ends once every property is decided; so to those that decide all of
//! theirs a property that always holds was added, in both, so that all states are counted. Up to a
//! limit of depth the unique states are equal, and this crate, which looks beyond the limit whether
//! there is more, counts the steps back from there, too.
//!
//! | example | unique | generated |
//! |---|---:|---:|
//! | `2pc` with 3, 5, 6 resource managers | 288; 8,832; 50,816 | 1,146; 58,146; 402,306 |
//! | `increment` with 2 threads | 13 | 15 |
//! | `increment_lock` with 2, 3, 4, 5 threads | 17; 61; 257; 1,301 | 17; 61; 257; 1,301 |
//! | `single-copy-register`, 2 clients, 1 and 2 servers | 93; 62 | 121; 81 |
//! | the same, duplicating network | 1,323; 375 | 6,219; 1,703 |
//! | `linearizable-register`, 2 clients; the same on ordered links | 544; 620 | 875; 883 |
//! | the same, 3 clients, ordered links | 46,516 | 82,294 |
//! | `paxos`, 2 clients; the same on ordered links | 16,668; 34,521 | 32,971; 112,970 |
//! | `timers`, 5 steps; the same on ordered links | 854; 1,096 | 2,327; 2,621 |
//! | the same, duplicating network | 1,022 | 3,509 (theirs 2,735) |
//! | `lww-register`, 4 steps | 4,835 | 11,466 (theirs 9,287) |
//! | `interaction`, 19 steps | 43,035 | 214,489 (theirs 147,377) |
//! | `raft` with 2 servers, 9 steps | 3,629 (theirs 3,194) | 8,985 (theirs 7,440) |
//!
//! In `raft` nodes have timers of the same names, which stateright's fingerprints confuse, as said above.
//!
//! # A plain model
//!
//! A `stateright::Model` that is no `ActorModel` is checked as it is, too:
//!
//! ```
//! use quorate::check::{Checker, PlainModel};
//! # use stateright::{Model, Property};
//! # struct Clock;
//! # impl Model for Clock {
//! #     type State = u8;
//! #     type Action = u8;
//! #     fn init_states(&self) -> Vec<u8> {
//! #         vec![0, 6]
//! #     }
//! #     fn actions(&self, _: &u8, actions: &mut Vec<u8>) {
//! #         actions.push(1);
//! #     }
//! #     fn next_state(&self, hour: &u8, passed: u8) -> Option<u8> {
//! #         Some((hour + passed) % 12)
//! #     }
//! #     fn properties(&self) -> Vec<Property<Self>> {
//! #         vec![
//! #             Property::always("before thirteen", |_: &Self, hour| *hour < 13),
//! #             Property::eventually("noon", |_: &Self, hour| *hour == 0),
//! #         ]
//! #     }
//! # }
//!
//! let model = PlainModel::new(Clock); // a Model, as it is
//! let outcome = Checker::of_model(&model).threads(2).check()?;
//! for property in &outcome.properties {
//!     let shown = property.verdict.trace().map(|trace| model.actions(trace));
//!     println!("{}: {:?} by {shown:?}", property.name, property.verdict);
//! }
//! assert!(outcome.holds(), "{outcome:?}");
//! # Ok::<(), quorate::check::CheckError>(())
//! ```
//!
//! The counts are stateright's, the traces are shortest ones, and `Expectation::Eventually` is decided
//! with cycles: something happens again and again while something can, and a step out of the
//! boundary is possible and never taken. States have no parts that could be known by numbers, so there
//! are no memory tables for handlers, no reduction, no symmetry, and nothing is kept on disk. A state that
//! waits is known by the actions that lead to it, a byte or so each, and is made again when its turn comes; of one
//! that was met ten bytes are kept. So a check takes far less memory than stateright's search, the less
//! the larger states are, in 0.8 to 1.4 times its time (`cargo bench --bench engine_ratio`): what can happen
//! in a state must be the same, in the same order, each time (else
//! [`keeping_states`](crate::check::PlainModel::keeping_states)). A condition that panics is a violation; an action
//! that panics ends the check in an error.
