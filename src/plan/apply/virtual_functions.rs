//! Virtual functions of a card.

use super::{ChangeError, fact, registers, with_tree};
use crate::addr::Sbdf;
use crate::bytes::Observed;
use crate::capture::Capture;

/// Switches virtual functions on or off. They appear where the capability puts them, as
/// functions of which nothing but their place is known.
pub(super) fn switch(capture: &mut Capture, at: Sbdf, count: u16) -> Result<(), ChangeError> {
    let wrong = ChangeError::TooManyVirtualFunctions(at);
    let (addresses, present) = with_tree(capture, |host, _| {
        let id = host.find(at).ok_or(wrong.clone())?;
        let function = host.function(id);
        let present: Vec<Sbdf> = host
            .virtual_functions_of(id)
            .map(|vf| host.function(vf).at)
            .collect();
        let sriov = match function.sriov() {
            Observed::Present(sriov) => sriov,
            // What was reported can be switched off without the registers.
            Observed::NotCaptured if count == 0 => return Ok((Vec::new(), present)),
            _ => return Err(wrong.clone()),
        };
        let most = function.most_virtual_functions();
        if count > 0 && most.is_none_or(|most| count > most) {
            return Err(wrong.clone());
        }
        let addresses: Option<Vec<Sbdf>> = (0..count)
            .map(|number| sriov.vf_address(at, number))
            .collect();
        Ok((addresses.ok_or(wrong.clone())?, present))
    })?;
    for vf in present {
        capture.functions.remove(&vf);
    }
    for vf in addresses {
        let record = capture.function(vf);
        record.properties.physical_function = Some(fact(at.to_string()));
    }
    switch_vfs(capture, at, count);
    Ok(())
}

/// VF Enable and NumVFs in the capability, and the reported number.
fn switch_vfs(capture: &mut Capture, at: Sbdf, count: u16) {
    let base = with_tree(capture, |host, _| {
        let sriov = host.function(host.find(at)?).sriov().present()?;
        Some(sriov.window().base())
    });
    let record = capture.function(at);
    if record.properties.sriov_num_vfs.is_some() {
        record.properties.sriov_num_vfs = Some(fact(count));
    }
    let Some(base) = base else {
        return;
    };
    let control = record.config.u16(base + 8).unwrap_or(0) & !1 | u16::from(count > 0);
    registers::put(record, base + 8, &control.to_le_bytes());
    registers::put(record, base + 0x10, &count.to_le_bytes());
}
