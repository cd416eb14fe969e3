//! One test per claim: each asserts the state and exactly what is given out.

mod checked;

use super::*;
