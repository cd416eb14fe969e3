//! Seals: what proves that an order comes from an operator, who has a key that servers have and clients do not.

use super::message::Order;
use crate::membership::{Change, Epoch};
use crate::topology::{Code, is_same_code};
use std::fmt;
use std::sync::Arc;

/// Seals orders, and checks seals. The same at all nodes.
#[derive(Clone)]
pub struct Seals(Code);

impl Seals {
    /// With a code that servers can make and clients cannot.
    pub fn new(code: Code) -> Self {
        Self(code)
    }

    /// An order to change this view.
    pub fn order(&self, change: Change, epoch: Epoch) -> Order {
        // Numbers always have an encoding.
        let bytes = postcard::to_allocvec(&("ring", change, epoch)).unwrap_or_default();
        Order { change, epoch, seal: (self.0)(&bytes) }
    }

    /// Whether an order was made with the code.
    pub fn accepts(&self, order: &Order) -> bool {
        is_same_code(self.order(order.change, order.epoch).seal, order.seal)
    }
}

/// No proof is asked for.
impl Default for Seals {
    fn default() -> Self {
        Self(Arc::new(|_| [0; 16]))
    }
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals")
    }
}
