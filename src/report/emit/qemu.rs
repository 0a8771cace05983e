//! QEMU command lines, with the binding of the devices around them.

use std::fmt::Write as _;

use super::shell::{bind, option_value, quote, unbind};
use super::{devices_added, machines, refusal, taken};
use crate::report::{Report, SimulationReport, safe};
use crate::sim::assign::scenario::Firmware;
use crate::sim::assign::{DeviceState, Vm};

/// A shell script: bind, one command line for each VM, and the way back as comments.
pub(super) fn script(report: &Report<'_>, played: &SimulationReport<'_>) -> String {
    let host = report.facts.host;
    let mut out = header(played);
    for (index, _) in played.simulation.steps.iter().enumerate() {
        if let Some(why) = refusal(played, index) {
            let _ = writeln!(out, "# {}", safe(&why));
        }
    }
    let taken = taken(played);
    out.push_str("\nmodprobe vfio-pci\n");
    for &(id, _) in &taken {
        let _ = writeln!(out, "{}", bind(host.function(id).at));
    }
    for (index, vm) in machines(played) {
        out.push('\n');
        command_line(&mut out, report, played, index, vm);
    }
    undo(&mut out, report, played);
    out
}

/// First lines of a script.
pub(super) fn header(played: &SimulationReport<'_>) -> String {
    format!(
        "#!/bin/sh\n# {}\n# Made from a dump: read it before you run it, as root, on that host.\nset -eu\n",
        safe(played.title.unwrap_or("Commands of a simulated assignment"))
    )
}

/// The commands that give the devices back, as comments.
pub(super) fn undo(out: &mut String, report: &Report<'_>, played: &SimulationReport<'_>) {
    let taken = taken(played);
    if taken.is_empty() {
        return;
    }
    out.push_str("\n# To undo, with the guests off:\n");
    for (id, initial) in taken.into_iter().rev() {
        if initial == DeviceState::Dismounted {
            continue;
        }
        for line in unbind(report.facts.host.function(id).at).lines() {
            let _ = writeln!(out, "# {line}");
        }
    }
}

/// The options that a guest's address space depends on, each with its value.
pub(super) fn firmware_options(vm: &Vm) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    if let Some(hint) = vm
        .config
        .mmio64_mb
        .filter(|_| vm.firmware() == Firmware::Ovmf)
    {
        options.push((
            "-fw_cfg",
            format!("name=opt/ovmf/X-PciMmio64Mb,string={hint}"),
        ));
    }
    if let Some(hole) = vm.config.hole64 {
        options.push(("-global", format!("q35-pcihost.pci-hole64-size={}", hole.0)));
    }
    options
}

fn command_line(
    out: &mut String,
    report: &Report<'_>,
    played: &SimulationReport<'_>,
    index: usize,
    vm: &Vm,
) {
    let mut options: Vec<(&str, String)> = vec![
        ("-name", format!("guest={}", option_value(&vm.name))),
        ("-machine", "q35,accel=kvm".to_owned()),
        (
            "-cpu",
            match vm.config.address_bits {
                Some(bits) => format!("host,host-phys-bits=off,phys-bits={bits}"),
                None => "host".to_owned(),
            },
        ),
        ("-m", format!("{}M", vm.memory().div_ceil(1 << 20))),
    ];
    if vm.firmware() == Firmware::Ovmf {
        options.push((
            "-drive",
            "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd".to_owned(),
        ));
    }
    options.extend(firmware_options(vm));
    for (id, number) in devices_added(played, index).zip(1..) {
        let at = report.facts.host.function(id).at;
        options.push((
            "-device",
            format!("pcie-root-port,id=port{number},bus=pcie.0,chassis={number},slot={number}"),
        ));
        options.push((
            "-device",
            format!("vfio-pci,host={at},id=hostdev{number},bus=port{number}"),
        ));
    }
    out.push_str("# Add disks, network and display as the guest needs them.\nqemu-system-x86_64");
    for (option, value) in options {
        let _ = write!(out, " \\\n  {option} {}", quote(&value));
    }
    out.push('\n');
}
