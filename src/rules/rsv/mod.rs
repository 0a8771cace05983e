//! RSV: memory that the firmware reserves for a device.

mod rsv001_reserved_memory;
mod rsv002_reserved_memory_direct;

pub(in crate::rules) use rsv001_reserved_memory::RSV001;
pub(in crate::rules) use rsv002_reserved_memory_direct::RSV002;
