//! The fault model.

mod observer;

pub use observer::Observer;
