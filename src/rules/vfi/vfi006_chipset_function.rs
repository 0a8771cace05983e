//! The function is a part of the chipset that the host lives on.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::{self, ClassCode, HeaderType};

rule! {
    /// ## What it checks
    ///
    /// The function is no host bridge, ISA bridge, IOMMU or SMBus controller.
    ///
    /// ## Why it matters
    ///
    /// vfio-pci binds to everything with an endpoint's header, these included. The host loses
    /// its memory controller's registers, its timers and sensors or its power management with
    /// them, and a guest that owns them can disturb the machine.
    ///
    /// ## How it is decided
    ///
    /// By the class codes 0600, 0601, 0806 and 0c05. Bridges with a bridge's header are another
    /// rule (VFI001). Without the class the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: see DDA001 and DDA003.
    ///
    /// VFIO: leave it to the host. Where it shares the IOMMU group of a device that is wanted,
    /// no driver may be bound to it; it need not be given to the guest.
    VFI006 = {
        name: "chipset-function",
        summary: "The function is part of the chipset that the host lives on",
        severity: Medium,
        effects: Effects::new(Effect::None, Effect::Condition),
        cites: [
            Document::LinuxVfio.at("pci/vfio_pci_core.c, vfio_pci_core_register_device"),
            Document::PciCodes111.at("1.7 and 1.13 Base Classes 06h and 0Ch"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// What it is.
#[derive(Debug)]
struct ChipsetFunction(&'static str);

impl fmt::Display for ChipsetFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = if self.0.starts_with('h') { "a" } else { "an" };
        write!(f, "is {article} {}", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let Some(class) = function.identity.class else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    if function
        .layout()
        .is_some_and(|layout| layout != HeaderType::ENDPOINT)
    {
        return Outcome::NotApplicable("a port or bridge");
    }
    let Some(name) = name(class) else {
        return Outcome::Clean;
    };
    let evidence = match function.config.field(pci::CLASS_CODE) {
        Some(value) if function.responds() => Evidence::new(
            Locus::Config(id, Span::new(pci::CLASS_CODE.offset, 3)),
            pci::CLASS_CODE.name,
            Value::Register { value, bytes: 3 },
        ),
        _ => Evidence::new(
            Locus::Reported(id, "class"),
            pci::CLASS_CODE.name,
            Value::AsReported,
        ),
    };
    Outcome::Fired(Finding::new(
        &VFI006,
        Subject::Function(id),
        Confidence::Medium,
        ChipsetFunction(name),
        evidence,
    ))
}

/// The field's name for a chipset function.
const fn name(class: ClassCode) -> Option<&'static str> {
    match class.base_and_sub() {
        0x0600 => Some("host bridge"),
        0x0601 => Some("ISA bridge"),
        0x0806 => Some("IOMMU"),
        0x0c05 => Some("SMBus controller"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine, reported};

    fn on_root(class: u32) -> Answer {
        let machine = Machine::new().with("00:1f.0", Dev::conventional().class(class));
        answer(&VFI006, &machine, "00:1f.0")
    }

    #[test]
    fn chipset_functions_fire_by_their_class() {
        assert_eq!(on_root(0x06_00_00), fired("is a host bridge"));
        assert_eq!(on_root(0x06_01_00), fired("is an ISA bridge"));
        assert_eq!(on_root(0x08_06_00), fired("is an IOMMU"));
        assert_eq!(on_root(0x0c_05_00), fired("is an SMBus controller"));
    }

    #[test]
    fn devices_of_neighbouring_classes_are_clean() {
        for class in [0x06_80_00, 0x08_80_00, 0x0c_03_30, 0x01_08_02] {
            assert_eq!(on_root(class), Answer::Clean);
        }
    }

    #[test]
    fn ports_are_another_rule() {
        let machine = Machine::with_port();
        assert_eq!(answer(&VFI006, &machine, "00:01.0"), Answer::NotApplicable);
    }

    #[test]
    fn without_a_class_nothing_can_be_said() {
        let unread = || Dev::endpoint().unread();
        assert_eq!(
            answer_for(&VFI006, unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
        let known = unread().report(|p| p.class = Some(reported(0x06_01_00)));
        assert_eq!(answer_for(&VFI006, known), fired("is an ISA bridge"));
    }
}
