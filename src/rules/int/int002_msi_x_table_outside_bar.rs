//! The MSI-X structures lie where no BAR is.

use std::fmt;

use crate::analysis::resources;
use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Observed;
use crate::decode::config::cap::msix::BarOffset;
use crate::host::{Function, FunctionId};
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::CapId;

rule! {
    /// ## What it checks
    ///
    /// The MSI-X table and the pending bits lie within memory BARs of the device.
    ///
    /// ## Why it matters
    ///
    /// A hypervisor maps the table itself and hides it from the guest. A table outside every
    /// BAR cannot be mapped: the device falls back to fewer interrupts, or fails.
    ///
    /// ## How it is decided
    ///
    /// Both registers name a BAR and an offset; the table takes 16 bytes for each vector, the
    /// pending bits 8 bytes for each 64 vectors. The BAR must exist, be memory, and be large
    /// enough where its size is known. A register that reads zero may be a BAR without an
    /// address: then, and where the size is not known, the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: look for a firmware update of the device. Capture again after a cold
    /// start, because a device in reset shows such values.
    INT002 = {
        name: "msi-x-table-outside-bar",
        summary: "The MSI-X table or its pending bits lie outside the BARs of the device",
        severity: Medium,
        effects: Effects::everywhere(Effect::Condition),
        lint: Device,
        cites: [
            Document::Pcie60.at("7.7.2.3 Table Offset/Table BIR Register for MSI-X"),
            Document::Pcie60.at("7.7.2.4 PBA Offset/PBA BIR Register for MSI-X"),
            Document::LinuxVfio.at("pci/vfio_pci_core.c"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Which structure, where, and why it cannot be there.
#[derive(Debug)]
struct Outside {
    what: &'static str,
    place: BarOffset,
    why: Why,
}

#[derive(Clone, Copy, Debug)]
enum Why {
    NoSuchBar,
    NotMemory,
    PastEnd { needs: u64, size: u64 },
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, place, why } = self;
        write!(
            f,
            "the {what} at {:#x} of BAR {}: ",
            place.offset, place.bar
        )?;
        match why {
            Why::NoSuchBar => f.write_str("the BAR does not exist"),
            Why::NotMemory => f.write_str("the BAR is no memory"),
            Why::PastEnd { needs, size } => {
                write!(f, "{needs:#x} bytes do not fit into {size:#x}")
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let msix = match function.msix() {
        Observed::Present(msix) => msix,
        Observed::Absent => return Outcome::NotApplicable("no MSI-X"),
        _ => return Outcome::CannotTell(Missing::standard(id, function)),
    };
    let (Some(vectors), Some(_)) = (msix.vectors(), facts.profile(id).demand) else {
        return Outcome::CannotTell(Missing::of(Fact::RegisterBits, id));
    };
    let vectors = u64::from(vectors);
    let structures = [
        ("table", 0x04, msix.table(), 16 * vectors),
        (
            "pending bits",
            0x08,
            msix.pending(),
            8 * vectors.div_ceil(64),
        ),
    ];
    let mut open = None;
    for (what, register, place, len) in structures {
        match place.map(|place| (place, judge(function, place, len))) {
            Some((_, Ok(()))) => {}
            Some((place, Err(Trouble::Outside(why)))) => {
                let outside = Outside { what, place, why };
                return fired(id, function, register, outside);
            }
            Some((_, Err(Trouble::Unknown))) => open = Some(Fact::BarSizes),
            None => open = Some(Fact::RegisterBits),
        }
    }
    match open {
        Some(fact) => Outcome::CannotTell(Missing::of(fact, id)),
        None => Outcome::Clean,
    }
}

enum Trouble {
    Outside(Why),
    Unknown,
}

fn judge(function: &Function<'_>, place: BarOffset, len: u64) -> Result<(), Trouble> {
    let needs = u64::from(place.offset) + len;
    let Some(bar) = resources::bar(function, place.bar) else {
        // A list from the operating system names every BAR that there is.
        let certain = place.bar > 5 || !function.reported.resources.is_empty();
        return Err(match certain {
            true => Trouble::Outside(Why::NoSuchBar),
            false => Trouble::Unknown,
        });
    };
    if !bar.kind.is_memory() {
        return Err(Trouble::Outside(Why::NotMemory));
    }
    match bar.size.most() {
        Some(size) if size < needs => Err(Trouble::Outside(Why::PastEnd { needs, size })),
        Some(_) if bar.size.exact().is_some() => Ok(()),
        _ => Err(Trouble::Unknown),
    }
}

fn fired(id: FunctionId, function: &Function<'_>, register: u16, outside: Outside) -> Outcome {
    let msix = function.space.standard(function.config, CapId::MSI_X);
    let what = match register {
        0x04 => "Table Offset and BIR",
        _ => "PBA Offset and BIR",
    };
    let (locus, seen) = match msix {
        Observed::Present(window) => {
            let locus = Locus::Config(id, window.span(register, 4));
            (
                locus,
                window.u32(register).map_or(Value::Absent, Value::dword),
            )
        }
        _ => (Locus::Lists(id), Value::Absent),
    };
    Outcome::Fired(Finding::new(
        &INT002,
        Subject::Function(id),
        Confidence::High,
        outside,
        Evidence::new(locus, what, seen),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn msix(vectors: u16, table: u32, pending: u32) -> Dev {
        let mut device = Dev::endpoint();
        device.msix = Some((vectors, table, pending));
        device
    }

    #[test]
    fn a_table_in_a_bar_that_does_not_exist_fires() {
        assert_eq!(
            answer_for(&INT002, msix(8, 0x2003, 0x3000)),
            fired("the table at 0x2000 of BAR 3: the BAR does not exist")
        );
        assert_eq!(
            answer_for(&INT002, msix(8, 0x2000, 0x3006)),
            fired("the pending bits at 0x3000 of BAR 6: the BAR does not exist")
        );
    }

    #[test]
    fn a_table_that_runs_past_the_end_fires() {
        assert_eq!(
            answer_for(&INT002, msix(513, 0x2000, 0)),
            fired("the table at 0x2000 of BAR 0: 0x4010 bytes do not fit into 0x4000")
        );
        assert_eq!(answer_for(&INT002, msix(512, 0x2000, 0)), Answer::Clean);
    }

    #[test]
    fn a_table_in_io_space_fires() {
        let io = msix(8, 0x0002, 0x3000).bar(2, 0xe001);
        assert_eq!(
            answer_for(&INT002, io),
            fired("the table at 0x0 of BAR 2: the BAR is no memory")
        );
    }

    #[test]
    fn the_address_bounds_a_size_that_was_not_captured() {
        // fe004000h is aligned to 16 KiB and no more.
        let bounded = |table| msix(8, table, 0x1000).bar(0, 0xfe00_4000);
        assert_eq!(
            answer_for(&INT002, bounded(0x3ff0)),
            fired("the table at 0x3ff0 of BAR 0: 0x4070 bytes do not fit into 0x4000")
        );
        assert_eq!(
            answer_for(&INT002, bounded(0x2000)),
            Answer::CannotTell(Fact::BarSizes)
        );
    }

    #[test]
    fn without_msi_x_there_is_no_table() {
        let mut plain = Dev::endpoint();
        plain.msix = None;
        assert_eq!(answer_for(&INT002, plain), Answer::NotApplicable);
        assert_eq!(
            answer_for(&INT002, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
