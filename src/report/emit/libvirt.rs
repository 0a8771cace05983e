//! libvirt: a domain for each VM.

use std::fmt::Write as _;

use super::{EmitError, devices_added, machines, refusal};
use crate::addr::Sbdf;
use crate::report::{Report, SimulationReport, safe};
use crate::sim::assign::Vm;
use crate::sim::assign::scenario::Firmware;

/// The domains, one after the other. With `managed='yes'` libvirt takes the devices from their
/// drivers when a guest starts and gives them back when it ends, so that there is nothing to
/// undo but the definition.
pub(super) fn domains(
    report: &Report<'_>,
    played: &SimulationReport<'_>,
) -> Result<String, EmitError> {
    let mut out = String::new();
    for (index, vm) in machines(played) {
        if vm.name.contains('/') {
            return Err(EmitError::Name(vm.name.clone()));
        }
        domain(&mut out, report, played, index, vm);
    }
    Ok(out)
}

fn domain(
    out: &mut String,
    report: &Report<'_>,
    played: &SimulationReport<'_>,
    index: usize,
    vm: &Vm,
) {
    let hint = vm
        .config
        .mmio64_mb
        .filter(|_| vm.firmware() == Firmware::Ovmf);
    let namespace = match hint {
        Some(_) => " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'",
        None => "",
    };
    let _ = writeln!(out, "<domain type='kvm'{namespace}>");
    let title = played.title.unwrap_or("Commands of a simulated assignment");
    let mut notes = vec![
        safe(title),
        "Made from a dump. Do: virsh define FILE, virsh start NAME. Undo: virsh shutdown NAME, \
         virsh undefine NAME."
            .to_owned(),
    ];
    let steps = 0..played.simulation.steps.len();
    notes.extend(steps.filter_map(|step| refusal(played, step)));
    for note in notes {
        let _ = writeln!(out, "  <!-- {} -->", comment(&note));
    }
    let _ = writeln!(out, "  <name>{}</name>", escape(&vm.name));
    let _ = writeln!(
        out,
        "  <memory unit='MiB'>{}</memory>\n  <vcpu>2</vcpu>",
        vm.memory().div_ceil(1 << 20)
    );
    match vm.firmware() {
        Firmware::Ovmf => out.push_str("  <os firmware='efi'>\n"),
        Firmware::Seabios => out.push_str("  <os>\n"),
    }
    out.push_str("    <type arch='x86_64' machine='q35'>hvm</type>\n  </os>\n");
    out.push_str("  <features>\n    <acpi/>\n  </features>\n");
    match vm.config.address_bits {
        Some(bits) => {
            let _ = writeln!(
                out,
                "  <cpu mode='host-passthrough'>\n    <maxphysaddr mode='emulate' bits='{bits}'/>\n  </cpu>"
            );
        }
        None => out.push_str(
            "  <cpu mode='host-passthrough'>\n    <maxphysaddr mode='passthrough'/>\n  </cpu>\n",
        ),
    }
    out.push_str("  <devices>\n");
    if let Some(hole) = vm.config.hole64 {
        let _ = writeln!(
            out,
            "    <controller type='pci' index='0' model='pcie-root'>\n      \
             <pcihole64 unit='KiB'>{}</pcihole64>\n    </controller>",
            hole.0 >> 10
        );
    }
    for id in devices_added(played, index) {
        hostdev(out, report.facts.host.function(id).at);
    }
    out.push_str("  </devices>\n");
    if let Some(hint) = hint {
        let _ = writeln!(
            out,
            "  <qemu:commandline>\n    <qemu:arg value='-fw_cfg'/>\n    \
             <qemu:arg value='name=opt/ovmf/X-PciMmio64Mb,string={hint}'/>\n  </qemu:commandline>"
        );
    }
    out.push_str("</domain>\n");
}

fn hostdev(out: &mut String, at: Sbdf) {
    let bdf = at.bdf;
    let _ = writeln!(
        out,
        "    <hostdev mode='subsystem' type='pci' managed='yes'>\n      <source>\n        \
         <address domain='0x{:04x}' bus='0x{:02x}' slot='0x{:02x}' function='0x{:x}'/>\n      \
         </source>\n    </hostdev>",
        at.segment.0,
        bdf.bus(),
        bdf.device(),
        bdf.function()
    );
}

/// Text between tags.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text inside a comment, in which two hyphens end it.
fn comment(text: &str) -> String {
    let mut text = text.replace("--", "- -");
    if text.ends_with('-') {
        text.push(' ');
    }
    safe(&text)
}
