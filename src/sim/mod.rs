//! What would happen: address space laid out, assignments played step by step.
//!
//! Takes facts and a scenario, gives typed facts: placements, shortfalls, states, refusals.
//! No prose and no blame; the rules and `report` say what it means.

pub mod assign;
pub mod bars;
pub mod guest;
pub mod host_space;
pub mod layout;
pub mod policy;
mod size;

pub use size::{Bytes, BytesError};
