//! The device has an expansion ROM.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::HeaderType;

use super::Bytes;

rule! {
    /// ## What it checks
    ///
    /// The device has no expansion ROM.
    ///
    /// ## Why it matters
    ///
    /// A ROM holds firmware that starts the device, on graphics cards the drivers of the screen
    /// before the operating system. A guest may need its image, and a ROM that the host has
    /// run may look different from the one on the card.
    ///
    /// ## How it is decided
    ///
    /// By the ROM register, or the resource that the operating system reported for it. A
    /// register that reads zero may be a ROM without an address: "cannot tell", unless the
    /// operating system listed the resources of the device. Virtual functions have none.
    ///
    /// ## What to do
    ///
    /// Hyper-V: nothing; the ROM is not passed on, and drivers in the guest start the device.
    ///
    /// VFIO: for a graphics card that the host's firmware used, give an image of the ROM
    /// (`romfile=`); for other devices `rombar=0` saves time.
    BAR002 = {
        name: "expansion-rom",
        summary: "The device has an expansion ROM that a guest may need or may not get",
        severity: Info,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::Pci30.at("6.2.5.2 Expansion ROM Base Address Register"),
            Document::LinuxVfio.at("pci/vfio_pci_rdwr.c"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Its size, where reported.
#[derive(Debug)]
struct Rom {
    size: Option<u64>,
    display: bool,
}

impl fmt::Display for Rom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("has an expansion ROM")?;
        if let Some(size) = self.size {
            write!(f, " of {}", Bytes(size))?;
        }
        match self.display {
            true => f.write_str(", and is a display device"),
            false => Ok(()),
        }
    }
}

/// The ROM's place in the kernel's resource list, and its register.
const ROM_INDEX: u8 = 6;
const ROM_REGISTER: u16 = 0x30;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if function.is_virtual() {
        return Outcome::NotApplicable("a virtual function");
    }
    let resources = &function.reported.resources;
    let reported = resources
        .iter()
        .map(|resource| &resource.value)
        .find(|resource| resource.index == ROM_INDEX);
    let register = match function.layout() {
        Some(HeaderType::ENDPOINT) => function.config.u32(ROM_REGISTER),
        _ => None,
    };
    let evidence = match (reported, register) {
        (_, Some(register)) if register != 0 => Evidence::new(
            Locus::Config(id, Span::new(ROM_REGISTER, 4)),
            "Expansion ROM Base Address",
            Value::dword(register),
        ),
        (Some(_), _) => Evidence::new(
            Locus::Resource(id, 6),
            "Expansion ROM Base Address",
            Value::AsReported,
        ),
        (None, _) if !resources.is_empty() => return Outcome::Clean,
        (None, Some(_)) => return Outcome::CannotTell(Missing::of(Fact::BarSizes, id)),
        (None, None) => return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
    };
    let class = function.identity.class;
    Outcome::Fired(Finding::new(
        &BAR002,
        Subject::Function(id),
        Confidence::High,
        Rom {
            size: reported.and_then(|resource| resource.len),
            display: class.is_some_and(|class| class.is_display()),
        },
        evidence,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_rom_register_with_an_address_fires() {
        let device = Dev::endpoint().poke(0x30, &[0x00, 0x00, 0x10, 0xfe]);
        assert_eq!(answer_for(&BAR002, device), fired("has an expansion ROM"));
    }

    #[test]
    fn a_reported_rom_fires_with_its_size() {
        let device = Dev::endpoint()
            .class(0x03_00_00)
            .resource(6, 0xfe10_0000, 0x2_0000, 0x4_6200);
        assert_eq!(
            answer_for(&BAR002, device),
            fired("has an expansion ROM of 128 KiB, and is a display device")
        );
    }

    #[test]
    fn a_list_of_resources_without_it_is_clean() {
        assert_eq!(answer_for(&BAR002, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn a_register_of_zero_alone_says_nothing() {
        let device = Dev::endpoint().report(|p| p.resources.clear());
        assert_eq!(
            answer_for(&BAR002, device),
            Answer::CannotTell(Fact::BarSizes)
        );
        assert_eq!(
            answer_for(&BAR002, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
