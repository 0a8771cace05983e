//! A bus in the MCFG table has functions that show 256 bytes only.

use std::collections::BTreeMap;
use std::fmt;

use crate::addr::Segment;
use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// On each bus that the MCFG table maps, some Express function shows more than 256 bytes of
    /// configuration space.
    ///
    /// ## Why it matters
    ///
    /// The table promises what the hardware or the system does not deliver: a region at a wrong address,
    /// or one that the system did not dare to use. Without extended space there is no ACS, and nothing
    /// below counts as isolated.
    ///
    /// ## How it is decided
    ///
    /// By the size of configuration space that the operating system states. A bus where every Express
    /// function has 256 bytes fires, unless it lies behind conventional PCI, which carries no more. A
    /// kernel that was told not to use memory mapped configuration space (`pci=nommconf`) proves nothing,
    /// and neither do texts that show what they were asked for.
    ///
    /// ## What to do
    ///
    /// Firmware: state the address that the chipset decodes.
    ///
    /// Hyper-V and VFIO: a firmware update; `dmesg` shows why a region is not used (CFG023).
    CFG024 = {
        name: "extended-space-unreachable",
        summary: "A bus in the MCFG table has functions that show 256 bytes only",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::PciFirmware33.at("4.1.2 MCFG Table Description"),
            Document::Pcie60.at("7.2.2 PCI Express Enhanced Configuration Access Mechanism"),
            Document::LinuxPci.at("probe.c, pci_cfg_space_size"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The bus.
#[derive(Debug)]
struct Unreachable(Segment, u8);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "bus {}:{:02x} is mapped, and its functions show 256 bytes",
            self.0, self.1
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some((_, mcfg)) = facts.host.acpi().mcfg().next() else {
        return Outcome::NotApplicable("no MCFG table was captured");
    };
    let cmdline = facts.host.capture().host.get("cmdline");
    let cmdline = cmdline.map(|bytes| String::from_utf8_lossy(bytes));
    if cmdline.is_some_and(|text| text.contains("nommconf")) {
        return Outcome::NotApplicable("the kernel was told not to use it");
    }
    let mut buses: BTreeMap<(Segment, u8), (FunctionId, bool)> = BTreeMap::new();
    for (id, function) in facts.host.iter() {
        let key = (function.at.segment, function.at.bus());
        let Some(size) = function.config.size() else {
            continue;
        };
        if mcfg.find(key.0, key.1).is_none()
            || function.express().present().is_none()
            || behind_conventional(facts, id)
        {
            continue;
        }
        let (_, reached) = buses.entry(key).or_insert((id, false));
        *reached |= size > 256;
    }
    if buses.is_empty() {
        return Outcome::NotApplicable("no system stated the size of a mapped function's space");
    }
    let places = buses.into_iter().filter(|(_, (_, reached))| !reached);
    let places = places.map(|((segment, bus), (id, _))| {
        let evidence = Evidence::new(Locus::Lists(id), "size of the space", Value::Number(256));
        (
            Unreachable(segment, bus),
            evidence.wanting(Value::Number(4096)),
        )
    });
    several(&CFG024, Subject::Host, Confidence::Medium, places)
}

fn behind_conventional(facts: &Facts<'_, '_>, id: FunctionId) -> bool {
    facts.topology.upstream(id).skip(1).any(|hop| {
        !matches!(
            facts.topology.kind(hop),
            FunctionKind::RootPort | FunctionKind::UpstreamPort | FunctionKind::DownstreamPort
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::mcfg;
    use crate::testing::{Dev, Machine};

    fn with(size: Option<u16>, edit: impl FnOnce(&mut Machine)) -> Answer {
        let table = mcfg(&[(0xe000_0000, 0, 0, 0xff)]);
        let mut machine = Machine::with_device(Dev::endpoint()).with_table_bytes("MCFG", table);
        for (at, record) in &mut machine.capture.functions {
            let size = if at.bus() == 0 { Some(4096) } else { size };
            record.config = std::mem::take(&mut record.config).with_size(size);
        }
        edit(&mut machine);
        answer(&CFG024, &machine, "")
    }

    #[test]
    fn a_mapped_bus_with_short_spaces_fires() {
        assert_eq!(with(Some(4096), |_| {}), Answer::Clean);
        assert_eq!(
            with(Some(256), |_| {}),
            fired("bus 0000:01 is mapped, and its functions show 256 bytes")
        );
        // Bus 0 alone tells.
        assert_eq!(with(None, |_| {}), Answer::Clean);
    }

    #[test]
    fn a_kernel_that_was_told_so_proves_nothing() {
        let told = with(Some(256), |machine| {
            let line = b"ro pci=nommconf".to_vec();
            machine.capture.host.insert("cmdline".to_owned(), line);
        });
        assert_eq!(told, Answer::NotApplicable);
    }
}
