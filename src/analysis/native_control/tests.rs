use super::*;

const BRIDGE: &str = "[    0.1] ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])\n";

/// Granted, refused and the line for a bus of segment 0.
fn told(log: &str, bus: u8) -> Option<(Control, Control, u32)> {
    let outcome = NativeControl::read(log.as_bytes()).of_bus(Segment(0), bus)?;
    Some((outcome.granted, outcome.refused, outcome.line))
}

#[test]
fn what_the_kernel_controls_was_granted() {
    let log = format!(
        "{BRIDGE}[    0.2] acpi PNP0A08:00: _OSC: OS supports [ExtendedConfig ASPM MSI]\n\
         [    0.3] acpi PNP0A08:00: _OSC: OS now controls [PCIeHotplug SHPCHotplug PME AER PCIeCapability LTR]\r\n"
    );
    assert_eq!(told(&log, 0), Some((Control::all(), Control::empty(), 3)));
    let journal = log.replace("[    0.", "Jan 05 08:40:49 host kernel: [0.");
    assert_eq!(told(&journal, 0), told(&log, 0));
    let bare = log.lines().map(|line| line[10..].to_owned() + "\n");
    assert_eq!(told(&bare.collect::<String>(), 0), told(&log, 0));
}

#[test]
fn what_the_platform_does_not_support_was_refused() {
    let log = format!(
        "{BRIDGE}acpi PNP0A08:00: _OSC: platform does not support [PCIeHotplug SHPCHotplug PME LTR]\n\
         acpi PNP0A08:00: _OSC: OS now controls [AER PCIeCapability]\n"
    );
    let refused = Control::HOT_PLUG | Control::PME;
    let granted = Control::AER | Control::EXPRESS;
    assert_eq!(told(&log, 0), Some((granted, refused, 2)));
}

#[test]
fn what_was_not_asked_for_is_neither_granted_nor_refused() {
    let log = format!("{BRIDGE}acpi PNP0A08:00: _OSC: OS now controls [PME PCIeCapability LTR]\n");
    let granted = Control::PME | Control::EXPRESS;
    assert_eq!(told(&log, 0), Some((granted, Control::empty(), 2)));
    for line in [
        "acpi PNP0A08:00: _OSC: not requesting OS control; OS requires [ExtendedConfig ASPM ClockPM MSI]",
        "acpi PNP0A08:00: _OSC: OS assumes control of [PCIeHotplug AER PCIeCapability]",
        "acpi PNP0A08:00: _OSC: OS now controls [PCIeHotplug PME AER PCIeCapa",
        "ACPI: USB4 _OSC: OS controls USB3+ DisplayPort+ PCIe+ XDomain+",
        "ACPI: \\_SB_: platform _OSC: OS control mask [006e7e7e]",
        " pci0000:00: Unable to request _OSC control (_OSC support mask: 0x08)\n \
         pci0000:00: ACPI _OSC control for PCIe not granted, disabling ASPM",
    ] {
        assert_eq!(told(&format!("{BRIDGE}{line}\n"), 0), None, "{line}");
    }
}

#[test]
fn a_mask_of_an_old_kernel_refuses_what_it_lacks() {
    let request = "ACPI: PCI Root Bridge [PCI0] (0000:00)\n \
                   pci0000:00: Requesting ACPI _OSC control (0x1d)\n";
    let granted = format!("{request} pci0000:00: ACPI _OSC control (0x1c) granted\n");
    assert_eq!(
        told(&granted, 0),
        Some((Control::from_bits_truncate(0x1c), Control::HOT_PLUG, 3))
    );
    let failed = format!(
        "{request} pci0000:00: ACPI _OSC request failed (AE_SUPPORT), returned control mask: 0x0d"
    );
    assert_eq!(
        told(&failed, 0),
        Some((Control::empty(), Control::EXPRESS, 3))
    );
    let all = failed + "\n pci0000:00: ACPI _OSC control for PCIe not granted, disabling ASPM\n";
    assert_eq!(told(&all, 0), Some((Control::empty(), Control::all(), 4)));
}

#[test]
fn a_platform_that_retains_control_refuses_all() {
    for line in [
        "_OSC: platform retains control of PCIe features (AE_NOT_FOUND)",
        "_OSC failed (AE_NOT_FOUND); disabling ASPM",
        "_OSC: OS requested [PCIeHotplug PME AER PCIeCapability LTR]\nacpi PNP0A08:00: \
         _OSC: platform willing to grant []",
    ] {
        let (granted, refused, _) = told(&format!("{BRIDGE}acpi PNP0A08:00: {line}\n"), 0).unwrap();
        assert_eq!((granted, refused), (Control::empty(), Control::all()));
    }
}

#[test]
fn each_root_bridge_has_its_own_answer() {
    let log = "ACPI: PCI Root Bridge [PC00] (domain 0000 [bus 00-16])\n\
        acpi PNP0A08:00: _OSC: OS now controls [PCIeHotplug PME PCIeCapability]\n\
        ACPI: PCI Root Bridge [UNC0] (domain 0000 [bus 7f])\n\
        acpi PNP0A03:00: _OSC: platform does not support [PME]\n\
        ACPI: PCI Root Bridge [PC01] (domain 000c [bus 17-39])\n\
        acpi PNP0A08:01: _OSC: platform does not support [PCIeHotplug]\n\
        acpi PNP0A08:99: _OSC: platform does not support [AER]\n";
    let control = NativeControl::read(log.as_bytes());
    assert_eq!(control.buses.len(), 3);
    let refused = |segment, bus| control.of_bus(Segment(segment), bus).unwrap().refused;
    assert_eq!(refused(0, 0), Control::empty());
    assert_eq!(refused(0, 0x7f), Control::PME);
    assert_eq!(refused(0xc, 0x17), Control::HOT_PLUG);
}

#[test]
fn a_bus_belongs_to_the_bridge_in_whose_range_it_lies() {
    let log = "ACPI: PCI Root Bridge [PC00] (domain 0000 [bus 00-16])\n\
        acpi PNP0A08:00: _OSC: platform does not support [PME]\n\
        ACPI: PCI Root Bridge [UNC0] (domain 0000 [bus 7f])\n\
        acpi PNP0A03:00: _OSC: platform does not support [PCIeHotplug]\n\
        ACPI: PCI Root Bridge [PC01] (domain 0002 [bus 00-ff])\n\
        acpi PNP0A08:01: _OSC: platform does not support [PME]\n\
        ACPI: PCI Root Bridge [PC02] (domain 0002 [bus 80-ff])\n";
    let control = NativeControl::read(log.as_bytes());
    let refused = |segment, bus| Some(control.of_bus(Segment(segment), bus)?.refused);
    for (segment, bus, expected) in [
        (0, 0x16, Some(Control::PME)),
        (0, 0x17, None),
        (0, 0x7f, Some(Control::HOT_PLUG)),
        (0, 0x80, None),
        (1, 0x05, None),
        (2, 0x7f, Some(Control::PME)),
        (2, 0x81, None),
    ] {
        assert_eq!(refused(segment, bus), expected, "{segment}:{bus:x}");
    }
}

#[test]
fn what_is_said_of_cxl_takes_nothing_away() {
    let log = format!(
        "{BRIDGE}acpi ACPI0016:00: _OSC: OS now controls [PCIeHotplug PME AER PCIeCapability]\n\
         acpi ACPI0016:00: _OSC: platform does not support [CXLMemErrorReporting]\n\
         acpi ACPI0016:00: _OSC: OS now controls [CXLMemErrorReporting]\n"
    );
    assert_eq!(told(&log, 0), Some((Control::all(), Control::empty(), 2)));
}

#[test]
fn the_last_boot_in_a_log_counts() {
    let first = format!("{BRIDGE}acpi PNP0A08:00: _OSC: platform does not support [PCIeHotplug]\n");
    let log = format!(
        "{first}Linux version 6.1\n{BRIDGE}acpi PNP0A08:00: _OSC: OS now controls [PCIeHotplug PME AER PCIeCapability]\n"
    );
    assert_eq!(told(&log, 0), Some((Control::all(), Control::empty(), 5)));
}
