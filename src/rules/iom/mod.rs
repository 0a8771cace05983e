//! IOM: remapping of DMA and interrupts.

mod iom001_no_dma_remapping;

pub(in crate::rules) use iom001_no_dma_remapping::IOM001;
