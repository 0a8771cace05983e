//! Virtual functions that a function has switched on.

use crate::bytes::Observed;
use crate::host::Function;
use crate::spec::pci;

/// How many virtual functions are enabled: as the kernel reported it, else by the SR-IOV
/// capability. `Absent` where the function cannot have any, as where the operating system
/// itself reaches no extended configuration space.
pub fn enabled_vfs(function: &Function<'_>) -> Observed<u16> {
    if let Some(reported) = &function.reported.sriov_num_vfs {
        return Observed::Present(reported.value);
    }
    if function.config.size() == Some(pci::CONVENTIONAL_SIZE) {
        return Observed::Absent;
    }
    function
        .sriov()
        .and_then(|sriov| match (sriov.enabled(), sriov.num_vfs()) {
            (Some(false), _) => Observed::Present(0),
            (Some(true), Some(count)) => Observed::Present(count),
            _ => Observed::NotCaptured,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dev, Machine, at, reported};

    fn of(device: Dev) -> Observed<u16> {
        Machine::with_device(device).facts(|facts| {
            let id = facts.host.find(at("01:00.0")).unwrap();
            enabled_vfs(facts.host.function(id))
        })
    }

    #[test]
    fn a_number_of_vfs_counts_only_while_they_are_on() {
        let device = |on| Dev::endpoint().sriov(on, 4, 0x80, 1);
        assert_eq!(of(device(true)), Observed::Present(4));
        assert_eq!(of(device(false)), Observed::Present(0));
        assert_eq!(of(Dev::endpoint()), Observed::Absent);
        assert_eq!(of(device(true).cut(0x100)), Observed::NotCaptured);
    }

    #[test]
    fn an_operating_system_without_extended_space_switches_none_on() {
        let mut machine = Machine::with_device(Dev::endpoint().cut(0x100));
        let record = machine.capture.function(at("01:00.0"));
        record.config = std::mem::take(&mut record.config).with_size(Some(0x100));
        machine.facts(|facts| {
            let id = facts.host.find(at("01:00.0")).unwrap();
            assert_eq!(enabled_vfs(facts.host.function(id)), Observed::Absent);
        });
    }

    #[test]
    fn what_the_kernel_reports_counts_first() {
        let device = Dev::endpoint()
            .sriov(false, 0, 0x80, 1)
            .report(|p| p.sriov_num_vfs = Some(reported(2)));
        assert_eq!(of(device), Observed::Present(2));
    }
}
