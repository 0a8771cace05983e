//! Importers: what people send, into captures.

pub mod lspci;
