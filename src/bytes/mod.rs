//! Raw bytes of which only some are known, and what can be wrong with them.

mod fault;
mod image;
mod observed;
mod window;

pub use fault::{Decoded, Fault, FaultKind, Span};
pub use image::{BitConflict, ConfigImage};
pub use observed::Observed;
pub use window::Window;
