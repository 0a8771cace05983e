//! The device interrupts by line alone.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Span;
use crate::capture::ScriptSentence;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, pci, windows};

rule! {
    /// ## What it checks
    ///
    /// A device that interrupts can do so by message (MSI or MSI-X).
    ///
    /// ## Why it matters
    ///
    /// A line is shared between devices and cannot be remapped. Hyper-V has no way to give one
    /// to a guest; on Linux the kernel must mask the line for every interrupt.
    ///
    /// ## How it is decided
    ///
    /// Without either capability and with an interrupt pin the device depends on the line. A
    /// device without a pin and without capabilities does not interrupt at all, which is fine.
    /// Where the capabilities were not captured, Windows' property InterruptSupport decides if
    /// it was reported; else the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: use another device; there is no override.
    ///
    /// VFIO: it works if the device honours Interrupt Disable in its command register, or if
    /// nothing else uses the line.
    INT001 = {
        name: "line-interrupts-only",
        summary: "The device interrupts by line and cannot do so by message",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::Note),
        lint: Device,
        cites: [
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::Pcie60.at("6.1.4 Message Signaled Interrupt (MSI/MSI-X) Support"),
            Document::LinuxVfio.at("pci/vfio_pci_intrs.c"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The line, where known.
#[derive(Debug)]
struct LineOnly {
    pin: Option<u8>,
}

impl fmt::Display for LineOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pin {
            Some(pin @ 1..=4) => {
                let letter = char::from(b'A' + pin - 1);
                write!(f, "uses INT{letter}# and has neither MSI nor MSI-X")
            }
            Some(pin) => write!(f, "uses interrupt pin {pin} and has neither MSI nor MSI-X"),
            None => f.write_str("Windows reports line interrupts alone"),
        }
    }
}

/// Bits of Windows' property InterruptSupport.
const WINDOWS_LINE: u32 = 1;
const WINDOWS_MESSAGE: u32 = 2 | 4;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let interrupts = function.interrupts;
    let pin = interrupts.line;
    match (interrupts.by_message(), pin) {
        (Some(true), _) | (Some(false), Some(0)) => Outcome::Clean,
        (Some(false), Some(_)) => {
            let span = Span::new(pci::INTERRUPT_PIN.offset, 1);
            let seen = pin.map_or(Value::Absent, Value::byte);
            let evidence = Evidence::new(Locus::Config(id, span), pci::INTERRUPT_PIN.name, seen);
            let messages = Evidence::new(Locus::Lists(id), "MSI and MSI-X", Value::Absent);
            fired(id, pin, evidence, Some(messages))
        }
        _ => match function.windows.interrupt_support {
            None => printed(facts, id),
            Some(support) if support & WINDOWS_MESSAGE != 0 || support & WINDOWS_LINE == 0 => {
                Outcome::Clean
            }
            Some(support) => {
                let property = windows::INTERRUPT_SUPPORT;
                let locus = Locus::Reported(id, property.key);
                let seen = Value::Number(support.into());
                fired(id, None, Evidence::new(locus, property.name, seen), None)
            }
        },
    }
}

/// What Microsoft's survey script printed of the device, where its text was captured.
fn printed(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let node = facts.host.nodes().of_function(function);
    let says = node
        .and_then(|node| node.survey.as_ref())
        .map(|fact| &fact.value.says);
    let said = |sentence| says.is_some_and(|says| says.contains(&sentence));
    if said(ScriptSentence::LineInterrupts) {
        let locus = Locus::Reported(id, windows::INTERRUPT_SUPPORT.key);
        let evidence = Evidence::new(locus, "SurveyDDA.ps1", Value::AsReported);
        fired(id, None, evidence, None)
    } else if said(ScriptSentence::MessageInterrupts) || said(ScriptSentence::NoInterrupts) {
        Outcome::Clean
    } else {
        Outcome::CannotTell(Missing::standard(id, function))
    }
}

fn fired(id: FunctionId, pin: Option<u8>, primary: Evidence, other: Option<Evidence>) -> Outcome {
    Outcome::Fired(
        Finding::new(
            &INT001,
            Subject::Function(id),
            Confidence::High,
            LineOnly { pin },
            primary,
        )
        .with(other),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn without_messages() -> Dev {
        let mut device = Dev::endpoint();
        device.msix = None;
        device
    }

    #[test]
    fn a_pin_without_message_capabilities_fires() {
        assert_eq!(
            answer_for(&INT001, without_messages()),
            fired("uses INTA# and has neither MSI nor MSI-X")
        );
    }

    #[test]
    fn either_capability_is_enough() {
        let mut msi = without_messages();
        msi.msi = true;
        assert_eq!(answer_for(&INT001, msi), Answer::Clean);
        assert_eq!(answer_for(&INT001, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn a_device_without_interrupts_is_fine() {
        let silent = without_messages().byte(0x3d, 0);
        assert_eq!(answer_for(&INT001, silent), Answer::Clean);
    }

    #[test]
    fn what_was_not_captured_says_nothing() {
        assert_eq!(
            answer_for(&INT001, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }

    #[test]
    fn windows_answers_where_configuration_space_does_not() {
        let with = |support: u32| {
            let device = Dev::endpoint().unread();
            answer_for(&INT001, device.windows(windows::INTERRUPT_SUPPORT, support))
        };
        assert_eq!(with(1), fired("Windows reports line interrupts alone"));
        assert_eq!(with(5), Answer::Clean);
        assert_eq!(with(0), Answer::Clean);
    }
}
