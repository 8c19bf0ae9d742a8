//! What is seen from outside, on this computer alone: numbers for Prometheus.
//!
//! Invariants: counts and moments only, nobody's id, name or address; bound to the loopback, and a
//! request whose `Host` names another machine is refused, so that no web page reaches it by a name
//! that it makes point here.

mod machine;
mod numbers;
mod page;

pub use numbers::{Numbers, Outcome, Standing, Work};
pub use page::Page;
