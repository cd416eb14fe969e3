//! One test per claim: what the handlers do, what the incidents were, and that the logs change as the
//! specification says.

mod brokers;
mod leader;
mod refinement;
mod scenarios;
mod voters;
