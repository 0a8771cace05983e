//! Reserved bits of the header or of a capability are set.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::bytes::Span;
use crate::host::Function;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::HeaderType;

rule! {
    /// ## What it checks
    ///
    /// Reserved bits of the header, the MSI and MSI-X capabilities and the Express capability
    /// read as zero.
    ///
    /// ## Why it matters
    ///
    /// A later specification may give such a bit a meaning, and software that knows it will act
    /// on it. Often the byte order or an offset in the device is wrong.
    ///
    /// ## How it is decided
    ///
    /// Command bits 15:11; status bits 2:1; the interrupt pin above 4; bytes 35h to 3Bh of an
    /// endpoint's header; more than 32 MSI vectors; bits 13:11 of MSI-X message control; version
    /// 0 of the Express capability.
    ///
    /// ## What to do
    ///
    /// Device: let reserved bits read as zero.
    ///
    /// Hyper-V and VFIO: nothing.
    CFG034 = {
        name: "reserved-bits-in-header",
        summary: "Reserved bits of the header or of a capability are set",
        severity: Low,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("7.5.1 PCI-Compatible Configuration Registers"),
            Document::Pcie60.at("7.7 PCI and PCIe Capabilities Required by the Base Spec in Some Situations"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The field.
#[derive(Debug)]
struct ReservedBits(&'static str);

impl fmt::Display for ReservedBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reserved bits of {} are set", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if !function.responds() || function.config.u32(0x3c).is_none() {
        return Outcome::CannotTell(Missing::standard(id, function));
    }
    let Some((what, span)) = reserved(function) else {
        return Outcome::Clean;
    };
    let at = u16::try_from(span.offset).unwrap_or(u16::MAX);
    let seen = match span.len {
        1 => function.config.u8(at).map(Value::byte),
        _ => function.config.u16(at).map(Value::word),
    };
    Outcome::Fired(Finding::new(
        &CFG034,
        Subject::Function(id),
        Confidence::High,
        ReservedBits(what),
        Evidence::new(Locus::Config(id, span), what, seen.unwrap_or(Value::Absent)),
    ))
}

/// The first register with reserved bits set.
fn reserved(function: &Function<'_>) -> Option<(&'static str, Span)> {
    let config = function.config;
    if config.u16(0x04)? & 0xf800 != 0 {
        return Some(("the command register", Span::new(0x04, 2)));
    }
    if config.u16(0x06)? & 0x0006 != 0 {
        return Some(("the status register", Span::new(0x06, 2)));
    }
    if config.u8(0x3d)? > 4 {
        return Some(("the interrupt pin", Span::new(0x3d, 1)));
    }
    if function.layout() == Some(HeaderType::ENDPOINT)
        && let Some(at) = (0x35..0x3c).find(|&at| config.u8(at).is_some_and(|byte| byte != 0))
    {
        return Some(("the header", Span::new(at, 1)));
    }
    if let Observed::Present(msi) = function.msi()
        && msi.vectors().is_some_and(|vectors| vectors > 32)
    {
        return Some(("MSI message control", msi.window().span(2, 2)));
    }
    if let Observed::Present(msix) = function.msix()
        && msix
            .window()
            .u16(2)
            .is_some_and(|control| control & 0x3800 != 0)
    {
        return Some(("MSI-X message control", msix.window().span(2, 2)));
    }
    if let Observed::Present(express) = function.express()
        && express.version() == Some(0)
    {
        return Some(("the Express capability", express.window().span(2, 2)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn each_field_is_looked_at() {
        let with = |device: Dev| answer_for(&CFG034, device);
        let set = |what: &str| fired(&format!("reserved bits of {what} are set"));
        assert_eq!(with(Dev::endpoint()), Answer::Clean);
        assert_eq!(
            with(Dev::endpoint().byte(5, 0x08)),
            set("the command register")
        );
        assert_eq!(with(Dev::endpoint().byte(5, 0x07)), Answer::Clean);
        assert_eq!(
            with(Dev::endpoint().byte(6, 0x12)),
            set("the status register")
        );
        assert_eq!(with(Dev::endpoint().byte(6, 0x11)), Answer::Clean);
        assert_eq!(
            with(Dev::endpoint().byte(0x3d, 5)),
            set("the interrupt pin")
        );
        assert_eq!(with(Dev::endpoint().byte(0x38, 1)), set("the header"));
    }
}
