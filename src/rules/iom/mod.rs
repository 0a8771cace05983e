//! IOM: remapping of DMA and interrupts.

mod iom001_no_dma_remapping;
mod iom002_interrupt_remapping_off;
mod iom003_not_covered;
mod iom004_remapping_switched_off;

pub(in crate::rules) use iom001_no_dma_remapping::IOM001;
pub(in crate::rules) use iom002_interrupt_remapping_off::IOM002;
pub(in crate::rules) use iom003_not_covered::IOM003;
pub(in crate::rules) use iom004_remapping_switched_off::IOM004;
