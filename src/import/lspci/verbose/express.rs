//! PCI Express (PCIe 6.0, 7.5.3).

mod link;
mod slot;

use super::body::{Body, Flags, behind, hex, log2, number, set_flags};
use super::text::Statement;
use crate::spec::pcie::PortType;

/// Port types with the words that lspci has for them.
const TYPES: &[(&str, PortType)] = &[
    ("Endpoint", PortType::ENDPOINT),
    ("Legacy Endpoint", PortType::LEGACY_ENDPOINT),
    ("Root Port", PortType::ROOT_PORT),
    ("Upstream Port", PortType::UPSTREAM_PORT),
    ("Downstream Port", PortType::DOWNSTREAM_PORT),
    ("PCI-Express to PCI/PCI-X Bridge", PortType::PCIE_TO_PCI),
    ("PCI/PCI-X to PCI-Express Bridge", PortType::PCI_TO_PCIE),
    ("Root Complex Integrated Endpoint", PortType::RC_ENDPOINT),
    ("Root Complex Event Collector", PortType::RC_EVENT_COLLECTOR),
];
const DEVICE_CAPABILITY: Flags = &[
    ("ExtTag", 5),
    ("AttnBtn", 12),
    ("AttnInd", 13),
    ("PwrInd", 14),
    ("RBE", 15),
    ("FLReset", 28),
];
const DEVICE_CONTROL: Flags = &[
    ("CorrErr", 0),
    ("NonFatalErr", 1),
    ("FatalErr", 2),
    ("UnsupReq", 3),
    ("RlxdOrd", 4),
    ("ExtTag", 8),
    ("PhantFunc", 9),
    ("AuxPwr", 10),
    ("NoSnoop", 11),
    ("BrConfRtry", 15),
    ("FLReset", 15),
];
/// The words of versions before 3.6.
const DEVICE_CONTROL_OLD: Flags = &[
    ("Correctable", 0),
    ("Non-Fatal", 1),
    ("Fatal", 2),
    ("Unsupported", 3),
];
const DEVICE_STATUS: Flags = &[
    ("CorrErr", 0),
    ("NonFatalErr", 1),
    ("UncorrErr", 1),
    ("FatalErr", 2),
    ("UnsupReq", 3),
    ("UnsuppReq", 3),
    ("AuxPwr", 4),
    ("TransPend", 5),
];
const DEVICE_CAPABILITY_2: Flags = &[
    ("TimeoutDis", 4),
    ("ARIFwd", 5),
    ("NROPrPrP", 10),
    ("LTR", 11),
    ("10BitTagComp", 16),
    ("10BitTagReq", 17),
    ("ExtFmt", 20),
    ("EETLPPrefix", 21),
];
const ATOMIC_CAPABILITY: Flags = &[("Routing", 6), ("32bit", 7), ("64bit", 8), ("128bitCAS", 9)];
const DEVICE_CONTROL_2: Flags = &[("TimeoutDis", 4), ("ARIFwd", 5), ("LTR", 10)];
const ATOMIC_CONTROL: Flags = &[("ReqEn", 6), ("EgressBlck", 7)];
/// Ranges of completion timeouts; what has no word of its own is "Unknown".
const RANGES: &[(&str, u64)] = &[
    ("Not Supported", 0),
    ("Range A", 1),
    ("Range B", 2),
    ("Range AB", 3),
    ("Range BC", 6),
    ("Range ABC", 7),
    ("Range BCD", 14),
    ("Range ABCD", 15),
];
const TIMEOUTS: &[(&str, u64)] = &[
    ("50us to 50ms", 0),
    ("50us to 100us", 1),
    ("1ms to 10ms", 2),
    ("16ms to 55ms", 5),
    ("65ms to 210ms", 6),
    ("260ms to 900ms", 9),
    ("1s to 3.5s", 10),
    ("4s to 13s", 13),
    ("17s to 64s", 14),
];

pub(super) fn set(name: &str, body: &mut Body<'_, '_, '_>) {
    let port = flags(name, body);
    device(body);
    link::set(port, body);
    slot::set(body);
    device_2(body);
}

/// `Express (v2) Root Port (Slot+), MSI 00`; `-v` leaves the version out.
fn flags(name: &str, body: &mut Body<'_, '_, '_>) -> Option<PortType> {
    let line = body.capability.line;
    let mut rest = name.strip_prefix("Express ")?;
    if let Some((version, after)) = rest
        .strip_prefix("(v")
        .and_then(|rest| rest.split_once(") "))
    {
        if let Some(version) = number(version, 10) {
            body.set(line, 0x02, 0, 4, version);
        }
        rest = after;
    }
    let at = body.base.saturating_add(0x02);
    set_flags(body.writer, &Statement::new(line, rest), at, &[("Slot", 8)]);
    let message = match behind(rest, "MSI ").and_then(|rest| hex(rest, 2)) {
        Some(message) => Some(message),
        // The versions before 3.0 have the same number under another name.
        None => behind(rest, "IntMsgNum ")
            .or_else(|| behind(rest, "IRQ "))
            .and_then(|rest| number(rest, 10)),
    };
    if let Some(message) = message {
        body.set(line, 0x02, 9, 5, message);
    }
    // The first of what may follow ends the name.
    let ends = [" (Slot", ", MSI ", ", IntMsgNum ", " IRQ "];
    let end = ends.iter().filter_map(|end| rest.find(end)).min();
    let kind = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
    let known = TYPES
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|&(_, port)| port);
    let number = || {
        kind.strip_prefix("Unknown type ")
            .and_then(|rest| number(rest, 10))
    };
    let port = known.or_else(|| u8::try_from(number()?).ok().map(PortType))?;
    body.set(line, 0x02, 4, 4, u64::from(port.0));
    Some(port)
}

fn device(body: &mut Body<'_, '_, '_>) {
    let payload = |bytes: u64| log2(bytes)?.checked_sub(7);
    body.number("DevCap:", "MaxPayload ", 10, (0x04, 0, 3), payload);
    body.number("DevCap:", "PhantFunc ", 10, (0x04, 3, 2), |count| {
        log2(count + 1)
    });
    body.word("DevCap:", "Latency L0s ", (0x04, 6, 3), link::L0S);
    body.word("DevCap:", "L1 ", (0x04, 9, 3), link::L1);
    body.flags("DevCap:", 0x04, DEVICE_CAPABILITY);
    body.flags("DevCtl:", 0x08, DEVICE_CONTROL);
    body.flags("DevCtl:", 0x08, DEVICE_CONTROL_OLD);
    body.number("DevCtl:", "MaxPayload ", 10, (0x08, 5, 3), payload);
    body.number("DevCtl:", "MaxReadReq ", 10, (0x08, 12, 3), payload);
    body.flags("DevSta:", 0x0a, DEVICE_STATUS);
}

fn device_2(body: &mut Body<'_, '_, '_>) {
    body.word("DevCap2:", "Completion Timeout: ", (0x24, 0, 4), RANGES);
    body.flags("DevCap2:", 0x24, DEVICE_CAPABILITY_2);
    body.flags("AtomicOpsCap:", 0x24, ATOMIC_CAPABILITY);
    body.word("DevCtl2:", "Completion Timeout: ", (0x28, 0, 4), TIMEOUTS);
    body.flags("DevCtl2:", 0x28, DEVICE_CONTROL_2);
    body.flags("AtomicOpsCtl:", 0x28, ATOMIC_CONTROL);
}
