//! INT: interrupts.

mod int001_line_interrupts_only;
mod int002_msi_x_table_outside_bar;
mod int004_x2apic_opt_out;

pub(in crate::rules) use int001_line_interrupts_only::INT001;
pub(in crate::rules) use int002_msi_x_table_outside_bar::INT002;
pub(in crate::rules) use int004_x2apic_opt_out::INT004;
