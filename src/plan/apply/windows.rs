//! What Windows and Hyper-V report about the host as a whole.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::capture::{Capture, HyperV, WindowsHost};

/// Takes reasons against assignment that a change does away with from what Hyper-V reported:
/// those that hold one of these parts. Where none is left, what it would report is not known.
pub(super) fn drop_reasons(capture: &mut Capture, parts: &[&str]) {
    edit(capture, HyperV::NAME, |hyperv: &mut HyperV| {
        let reasons = &mut hyperv.iov_support_reasons;
        let before = reasons.len();
        reasons.retain(|reason| {
            let reason = reason.to_lowercase();
            !parts.iter().any(|part| reason.contains(part))
        });
        if before > 0 && reasons.is_empty() {
            hyperv.iov_support = None;
        }
    });
}

/// Boot options let Windows start the hypervisor and use the IOMMU.
pub(super) fn boot_with_iommu(capture: &mut Capture) {
    edit(capture, WindowsHost::NAME, |windows: &mut WindowsHost| {
        for (option, value) in &mut windows.boot {
            for (name, off, on) in [
                ("hypervisoriommupolicy", "disable", "enable"),
                ("hypervisorlaunchtype", "off", "auto"),
            ] {
                if option.eq_ignore_ascii_case(name) && value.eq_ignore_ascii_case(off) {
                    on.clone_into(value);
                }
            }
        }
    });
}

/// The host runs a server edition; which, is open.
pub(super) fn server_edition(capture: &mut Capture) {
    edit(capture, WindowsHost::NAME, |windows: &mut WindowsHost| {
        windows.product_type = Some("server".to_owned());
        windows.product = None;
        windows.edition = None;
    });
}

/// Changes a member below `host/` where it is there and can be read.
fn edit<T: DeserializeOwned + Serialize>(
    capture: &mut Capture,
    name: &str,
    change: impl FnOnce(&mut T),
) {
    if let Some(bytes) = capture.host.get_mut(name)
        && let Ok(mut value) = serde_json::from_slice(bytes)
    {
        change(&mut value);
        if let Ok(text) = serde_json::to_vec(&value) {
            *bytes = text;
        }
    }
}
