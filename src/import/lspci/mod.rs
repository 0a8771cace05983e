//! Text printed by `lspci`.

pub mod verbose;
