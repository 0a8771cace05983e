//! Propositions on the list walk, and on every decoder together whatever the bytes are.

mod arbitrary;
mod walk;
