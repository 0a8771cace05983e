//! Proxmox VE: `qm set`.

use std::fmt::Write as _;

use super::qemu::{firmware_options, header};
use super::shell::quote;
use super::{devices_added, machines, refusal};
use crate::report::{Report, SimulationReport, safe};
use crate::sim::assign::Vm;
use crate::sim::assign::scenario::Firmware;

/// A shell script with one `qm set` for each device, and the way back as comments. Proxmox
/// binds the devices to vfio-pci itself when the guest starts.
pub(super) fn script(report: &Report<'_>, played: &SimulationReport<'_>) -> String {
    let mut out = header(played);
    for (index, _) in played.simulation.steps.iter().enumerate() {
        if let Some(why) = refusal(played, index) {
            let _ = writeln!(out, "# {}", safe(&why));
        }
    }
    let mut undo = String::new();
    for (index, vm) in machines(played) {
        machine(&mut out, &mut undo, report, played, index, vm);
    }
    if !undo.is_empty() {
        let _ = write!(out, "\n# To undo, with the guests off:\n{undo}");
    }
    out
}

fn machine(
    out: &mut String,
    undo: &mut String,
    report: &Report<'_>,
    played: &SimulationReport<'_>,
    index: usize,
    vm: &Vm,
) {
    let number = vm.name.parse::<u32>().is_ok();
    let find = if number {
        format!("vmid={}", vm.name)
    } else {
        format!(
            "vmid=$(qm list | awk -v name={} '$2 == name {{ print $1 }}')",
            quote(&awk_value(&vm.name))
        )
    };
    let _ = writeln!(out, "\n{find}\n: \"${{vmid:?no such guest}}\"");
    let _ = writeln!(undo, "# {find}");
    let _ = writeln!(out, "qm set \"$vmid\" --machine q35");
    if vm.firmware() == Firmware::Ovmf {
        let _ = writeln!(out, "qm set \"$vmid\" --bios ovmf");
    }
    let bits = vm.config.address_bits;
    let bits = bits.map_or_else(|| "host".to_owned(), |bits| bits.to_string());
    let _ = writeln!(out, "qm set \"$vmid\" --cpu host,phys-bits={bits}");
    let arguments: Vec<String> = firmware_options(vm)
        .into_iter()
        .map(|(option, value)| format!("{option} {value}"))
        .collect();
    if !arguments.is_empty() {
        let _ = writeln!(
            out,
            "qm set \"$vmid\" --args {}",
            quote(&arguments.join(" "))
        );
        let _ = writeln!(undo, "# qm set \"$vmid\" --delete args");
    }
    for (id, slot) in devices_added(played, index).zip(0..) {
        let at = report.facts.host.function(id).at;
        let _ = writeln!(out, "qm set \"$vmid\" --hostpci{slot} {at},pcie=1");
        let _ = writeln!(undo, "# qm set \"$vmid\" --delete hostpci{slot}");
    }
    if vm.running {
        let _ = writeln!(out, "qm start \"$vmid\"");
    }
}

/// awk reads escapes in values that are given with `-v`.
fn awk_value(text: &str) -> String {
    text.replace('\\', "\\\\")
}
