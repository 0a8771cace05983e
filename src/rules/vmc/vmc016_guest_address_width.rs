//! QEMU refuses a guest whose 64-bit PCI hole exceeds its address width.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The 64-bit PCI hole of a guest ends within the address width of its processor.
    ///
    /// ## Why it matters
    ///
    /// QEMU exits with "phys-bits too low" otherwise.
    ///
    /// ## How it is decided
    ///
    /// By the memory of the guest, `hole64` and `address_bits`.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: give the guest more address bits (`host-phys-bits=on`), or a smaller `pci-
    /// hole64-size`.
    VMC016 = {
        name: "guest-address-width",
        summary: "QEMU refuses a guest whose 64-bit PCI hole exceeds its address width",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::Qemu.at("hw/i386/pc.c, pc_memory_init"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::AddressWidth(refused) => Some(format!(
            "the 64-bit PCI hole would end at {:#x}, beyond the {} address bits of the guest",
            refused.last, refused.address_bits
        )),
        _ => None,
    }
}
