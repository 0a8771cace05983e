//! RST: bringing a device back to a clean state.

mod rst001_no_function_level_reset;
mod rst002_no_reset_of_its_own;

pub(in crate::rules) use rst001_no_function_level_reset::RST001;
pub(in crate::rules) use rst002_no_reset_of_its_own::RST002;
