//! The SR-IOV capability contradicts itself.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The numbers of an SR-IOV capability fit together: some virtual functions, no more enabled
    /// than there are, offset and stride where they are needed, a device id, and page sizes that
    /// include 4 KiB.
    ///
    /// ## Why it matters
    ///
    /// Systems refuse to enable virtual functions of such a device, or place them where nothing
    /// answers.
    ///
    /// ## How it is decided
    ///
    /// TotalVFs is not zero; InitialVFs equals it unless migration is supported, and is never
    /// above it; NumVFs is not above it; with NumVFs above zero the first offset is not zero, and
    /// above one the stride is not; the VF device id is neither 0000h nor FFFFh; bit 0 of the
    /// supported page sizes is set, and the system page size is one of them.
    ///
    /// ## What to do
    ///
    /// Device: correct the capability.
    ///
    /// Hyper-V and VFIO: a firmware update of the device.
    CFG031 = {
        name: "sriov-inconsistent",
        summary: "The SR-IOV capability contradicts itself",
        severity: Medium,
        effects: Effects::NONE,
        lint: Device,
        cites: [
            Document::Pcie60.at("9.3.3 SR-IOV Extended Capability"),
            Document::LinuxPci.at("iov.c, sriov_init"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// What does not fit.
#[derive(Debug)]
enum Inconsistent {
    None,
    Initial(u16, u16),
    Visible(u16, u16),
    Offset,
    Stride,
    DeviceId(u16),
    PageSizes(u32, u32),
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("TotalVFs is 0"),
            Self::Initial(initial, total) => {
                write!(f, "InitialVFs is {initial}, TotalVFs is {total}")
            }
            Self::Visible(number, total) => write!(f, "NumVFs is {number}, TotalVFs is {total}"),
            Self::Offset => f.write_str("the first VF offset is 0"),
            Self::Stride => f.write_str("the VF stride is 0 with several VFs"),
            Self::DeviceId(id) => write!(f, "the VF device id is {id:#06x}"),
            Self::PageSizes(supported, system) => write!(
                f,
                "the supported page sizes are {supported:#x}, the system page size is {system:#x}"
            ),
        }
    }
}

/// VF migration is supported: bit 0 of the capabilities.
const MIGRATION: u32 = 1;

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let sriov = match function.sriov() {
        Observed::Present(sriov) => sriov,
        Observed::Absent => return Outcome::NotApplicable("no SR-IOV"),
        _ => return Outcome::CannotTell(Missing::extended(id, function)),
    };
    let window = sriov.window();
    let read = || {
        Some((
            window.u32(0x04)?,
            sriov.initial_vfs()?,
            sriov.total_vfs()?,
            sriov.num_vfs()?,
            sriov.first_vf_offset()?,
            sriov.vf_stride()?,
            sriov.vf_device_id()?,
            window.u32(0x1c)?,
            window.u32(0x20)?,
        ))
    };
    let Some((caps, initial, total, number, offset, stride, device, pages, page)) = read() else {
        return Outcome::CannotTell(Missing::extended(id, function));
    };
    let migration = caps & MIGRATION != 0;
    let (at, len, fault) = if total == 0 {
        (0x0e, 2, Inconsistent::None)
    } else if initial > total || (initial != total && !migration) {
        (0x0c, 2, Inconsistent::Initial(initial, total))
    } else if number > total {
        (0x10, 2, Inconsistent::Visible(number, total))
    } else if number > 0 && offset == 0 {
        (0x14, 2, Inconsistent::Offset)
    } else if number > 1 && stride == 0 {
        (0x16, 2, Inconsistent::Stride)
    } else if device == 0 || device == 0xffff {
        (0x1a, 2, Inconsistent::DeviceId(device))
    } else if pages & 1 == 0 || !page.is_power_of_two() || pages & page == 0 {
        (0x1c, 4, Inconsistent::PageSizes(pages, page))
    } else {
        return Outcome::Clean;
    };
    let span = window.span(at, len);
    let seen = match len {
        2 => window.u16(at).map(Value::word),
        _ => window.u32(at).map(Value::dword),
    };
    Outcome::Fired(Finding::new(
        &CFG031,
        Subject::Function(id),
        Confidence::High,
        fault,
        Evidence::new(
            Locus::Config(id, span),
            "SR-IOV Extended Capability",
            seen.unwrap_or(Value::Absent),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    /// A capability with eight VFs; a test changes some bytes, at offsets behind the header.
    fn with(changes: &[(usize, u16)]) -> Answer {
        let mut body = [0; 0x3c];
        let usual = [
            (0x08, 8),
            (0x0a, 8),
            (0x10, 0x80),
            (0x12, 1),
            (0x16, 0x154c),
        ];
        let pages = [(0x18, 0x553), (0x1c, 1)];
        for &(at, value) in usual.iter().chain(&pages).chain(changes) {
            body[at..at + 2].copy_from_slice(&u16::to_le_bytes(value));
        }
        answer_for(&CFG031, Dev::endpoint().extended(0x10, &body))
    }

    #[test]
    fn the_numbers_must_fit_together() {
        assert_eq!(with(&[]), Answer::Clean);
        assert_eq!(with(&[(0x0a, 0)]), fired("TotalVFs is 0"));
        assert_eq!(with(&[(0x08, 4)]), fired("InitialVFs is 4, TotalVFs is 8"));
        assert_eq!(with(&[(0x08, 4), (0x00, 1)]), Answer::Clean);
        assert_eq!(with(&[(0x0c, 9)]), fired("NumVFs is 9, TotalVFs is 8"));
        assert_eq!(
            with(&[(0x0c, 1), (0x10, 0)]),
            fired("the first VF offset is 0")
        );
        assert_eq!(with(&[(0x0c, 1), (0x12, 0)]), Answer::Clean);
        assert_eq!(
            with(&[(0x0c, 2), (0x12, 0)]),
            fired("the VF stride is 0 with several VFs")
        );
        assert_eq!(with(&[(0x16, 0xffff)]), fired("the VF device id is 0xffff"));
        assert_eq!(
            with(&[(0x1c, 4)]),
            fired("the supported page sizes are 0x553, the system page size is 0x4")
        );
        assert_eq!(answer_for(&CFG031, Dev::endpoint()), Answer::NotApplicable);
    }
}
