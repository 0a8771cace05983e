//! RSV: memory that the firmware reserves for a device.

mod rsv001_reserved_memory;

pub(in crate::rules) use rsv001_reserved_memory::RSV001;
