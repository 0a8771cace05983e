//! INT: interrupts.

mod int001_line_interrupts_only;
mod int002_msi_x_table_outside_bar;
mod int003_io_apic_not_covered;
mod int004_x2apic_opt_out;
mod int005_unknown_interrupt_source;
mod int006_chipset_cannot_remap_interrupts;
mod int007_south_bridge_io_apic_missing;
mod int010_msi_without_64_bit;
mod int011_msi_x_structures_overlap;

pub(in crate::rules) use int001_line_interrupts_only::INT001;
pub(in crate::rules) use int002_msi_x_table_outside_bar::INT002;
pub(in crate::rules) use int003_io_apic_not_covered::INT003;
pub(in crate::rules) use int004_x2apic_opt_out::INT004;
pub(in crate::rules) use int005_unknown_interrupt_source::INT005;
pub(in crate::rules) use int006_chipset_cannot_remap_interrupts::INT006;
pub(in crate::rules) use int007_south_bridge_io_apic_missing::INT007;
pub(in crate::rules) use int010_msi_without_64_bit::INT010;
pub(in crate::rules) use int011_msi_x_structures_overlap::INT011;
