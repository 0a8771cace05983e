//! Results for programs. Each version is a module of its own; within a version fields are only
//! ever added.

pub mod v1;
