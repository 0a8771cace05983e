//! ACS, in the registers and on the kernel's command line.

use super::windows::drop_reasons;
use super::{ChangeError, with_tree};
use crate::addr::Sbdf;
use crate::bytes::{ConfigImage, Observed};
use crate::capture::Capture;
use crate::decode::config::ext::acs::AcsFlags;
use crate::spec::pci::EXPRESS_SIZE;
use crate::spec::pcie::ExtCapId;
use crate::spec::windows::{self, iov_reason};

/// Where a new capability is put.
enum Place {
    /// The capability is there, at this offset.
    There(u16),
    /// Behind the last one of the list, whose header is here; the new one goes to `at`.
    Behind { last: u16, at: u16 },
}

/// Gives a function all ACS services that isolation asks for, switched on; or takes the
/// capability away.
pub(super) fn set_acs(capture: &mut Capture, at: Sbdf, on: bool) -> Result<(), ChangeError> {
    let Some(place) = find(capture, at) else {
        // What has no capability isolates nothing already.
        return if on {
            Err(ChangeError::NotCaptured(at))
        } else {
            Ok(())
        };
    };
    let record = capture.function(at);
    let mut bytes = record.config.bytes().to_vec();
    let mut known = match record.config.known_mask() {
        Some(mask) => mask.to_vec(),
        None => vec![0xff; bytes.len()],
    };
    let size = usize::from(EXPRESS_SIZE);
    bytes.resize(size, 0);
    known.resize(size, 0);
    let mut put = |offset: u16, value: u16| {
        let offset = usize::from(offset);
        for (index, byte) in value.to_le_bytes().into_iter().enumerate() {
            if let (Some(place), Some(mask)) =
                (bytes.get_mut(offset + index), known.get_mut(offset + index))
            {
                (*place, *mask) = (byte, 0xff);
            }
        }
    };
    let all = AcsFlags::REQUIRED.bits();
    match place {
        Place::There(offset) => {
            let capability = record.config.u16(offset + 4).unwrap_or(0);
            let control = record.config.u16(offset + 6).unwrap_or(0);
            if on {
                put(offset + 4, capability | all);
                put(offset + 6, control | all);
            } else {
                // A null capability, which keeps the list whole (PCIe 6.0, 7.9.28).
                put(offset, 0);
            }
        }
        Place::Behind { last, at: new } if on => {
            let header = record.config.u16(last + 2).unwrap_or(0);
            put(last + 2, header & 0xf | new << 4);
            put(new, ExtCapId::ACS.0);
            put(new + 2, 1);
            put(new + 4, all);
            put(new + 6, all);
        }
        Place::Behind { .. } => return Ok(()),
    }
    let size = record.config.size();
    record.config = ConfigImage::from_masked(bytes, known).with_size(size);
    withdraw_windows(capture);
    let is_root_port = with_tree(capture, |host, topology| {
        let id = host.find(at)?;
        Some(topology.kind(id).is_downstream_port() && topology.parent(id).is_none())
    });
    if on && is_root_port == Some(true) {
        drop_reasons(capture, &[iov_reason::ROOT_PORT_ACS]);
    }
    Ok(())
}

/// Where the ACS capability is, or would be. `None` where the extended space was not captured.
fn find(capture: &Capture, at: Sbdf) -> Option<Place> {
    with_tree(capture, |host, _| {
        let function = host.function(host.find(at)?);
        match function.acs() {
            Observed::Present(acs) => return Some(Place::There(acs.window().base())),
            Observed::Absent => {}
            Observed::NotCaptured | Observed::Malformed(_) => return None,
        }
        let config = function.config;
        let (mut last, mut end) = (0x100_u16, 0x100_u16);
        let mut steps = 0;
        while let Some(header) = config.u32(last).filter(|_| steps < 1024) {
            steps += 1;
            let next = u16::try_from(header >> 20).ok()? & !3;
            end = end.max(last);
            if next < 0x100 {
                break;
            }
            last = next;
        }
        // Behind everything that is captured and not zero, so that nothing is overwritten.
        let used = config.bytes().iter().rposition(|&byte| byte != 0)?;
        let behind = u16::try_from(used + 1)
            .ok()?
            .max(end + 8)
            .next_multiple_of(0x10);
        let fits = behind.checked_add(8)? <= EXPRESS_SIZE;
        (fits && config.u32(last).is_some()).then_some(Place::Behind { last, at: behind })
    })
}

/// Adds the option to the kernel's command line.
pub(super) fn set_override(capture: &mut Capture, option: &str) {
    let line = capture.host.entry("cmdline".to_owned()).or_default();
    let text = String::from_utf8_lossy(line).trim_end().to_owned();
    let text = format!("{text} pcie_{option}\n");
    *line = text.trim_start().as_bytes().to_vec();
}

/// What Windows found about isolation before says nothing about the changed host.
pub(super) fn withdraw_windows(capture: &mut Capture) {
    for record in capture.functions.values_mut() {
        record
            .properties
            .windows
            .remove(windows::ACS_UP_HIERARCHY.key);
    }
}
