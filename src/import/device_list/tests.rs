use super::*;
use crate::capture::{FunctionProperties, Method};
use crate::import::Diagnostic;

fn imported(text: &str) -> (Capture, Vec<Diagnostic>) {
    assert!(is_list(text.as_bytes()), "{text}");
    let mut diagnostics = Diagnostics::new("list.txt");
    let capture = read(text.as_bytes(), "list.txt", &mut diagnostics);
    (capture, diagnostics.into_vec())
}

fn function<'c>(capture: &'c Capture, at: &str) -> &'c FunctionProperties {
    &capture.functions[&at.parse().unwrap()].properties
}

/// Vendor, device, class with interface, class without.
fn identity(facts: &FunctionProperties) -> (Option<u16>, Option<u16>, Option<u32>, Option<u16>) {
    let value = |fact: &Option<crate::capture::Reported<u16>>| fact.as_ref().map(|f| f.value);
    (
        value(&facts.vendor),
        value(&facts.device),
        facts.class.as_ref().map(|class| class.value),
        value(&facts.base_class),
    )
}

const QUOTED: &str = "$ lspci -mm\n\
    00:01.0 \"PCI bridge\" \"Intel Corporation\" \"6th-10th Gen Core Processor PCIe Controller (x16)\" -r07 \"\" \"\"\n\
    01:00.0 \"VGA compatible controller\" \"NVIDIA Corporation\" \"TU104GL [Tesla T4]\" -ra1 -p00 \"Dell\" \"A \\\"quoted\\\" card\"\n";

#[test]
fn lines_with_quotes_are_functions_and_names_are_looked_up() {
    let (capture, diagnostics) = imported(QUOTED);
    let card = function(&capture, "01:00.0");
    assert_eq!(
        identity(card),
        (Some(0x10de), Some(0x1eb8), Some(0x03_0000), None)
    );
    let origin = &card.device.as_ref().unwrap().origin;
    assert_eq!((origin.method, origin.line), (Method::Name, Some(3)));
    assert_eq!(card.revision.as_ref().unwrap().value, 0xa1);
    assert_eq!(
        card.subsystem_vendor, None,
        "a name of a subsystem is no id"
    );
    let bridge = function(&capture, "00:01.0");
    assert_eq!(bridge.base_class.as_ref().unwrap().value, 0x0604);
    let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|said| said.contains("1 line of other content skipped: 1")),
        "{said:?}"
    );
}

#[test]
fn numbers_in_quotes_are_taken_as_they_are() {
    for (list, class) in [
        (
            "01:00.1 \"0108\" \"144d\" \"a808\" -p02 \"144d\" \"a801\"\n",
            Some(0x01_0802),
        ),
        (
            "0000:01:00.1 \"Non-Volatile memory controller [0108]\" \"Samsung [144d]\" \
             \"NVMe SSD [x] [a808]\" -r00 \"Samsung [144d]\" \"Device [a801]\"\n",
            None,
        ),
    ] {
        let (capture, _) = imported(list);
        let disk = function(&capture, "01:00.1");
        let base = class.is_none().then_some(0x0108);
        assert_eq!(identity(disk), (Some(0x144d), Some(0xa808), class, base));
        assert_eq!(disk.vendor.as_ref().unwrap().origin.method, Method::Other);
        assert_eq!(disk.subsystem_device.as_ref().unwrap().value, 0xa801);
    }
}

#[test]
fn records_of_lspci_have_driver_group_and_node_with_their_lines() {
    let text = "Slot:\t0000:01:00.0\nClass:\tEthernet controller [0200]\nVendor:\tIntel Corporation [8086]\nDevice:\tI350 Gigabit Network Connection [1521]\nSVendor:\tIntel Corporation [8086]\nSDevice:\tAdapter [5002]\nPhySlot:\t2\nRev:\t01\nProgIf:\t00\nDriver:\tigb\nModule:\tigb\nNUMANode:\t1\nIOMMUGroup:\t13\n\nDevice:\t02:00.0\nClass:\t0300\nVendor:\t10de\nDevice:\t1eb8\n\n";
    let (capture, _) = imported(text);
    let nic = function(&capture, "01:00.0");
    assert_eq!(
        identity(nic),
        (Some(0x8086), Some(0x1521), Some(0x02_0000), None)
    );
    let group = nic.iommu_group.as_ref().unwrap();
    assert_eq!((group.value, group.origin.line), (13, Some(13)));
    let driver = nic.driver.as_ref().unwrap();
    assert_eq!(
        (driver.value.as_str(), driver.origin.line),
        ("igb", Some(10))
    );
    assert_eq!(nic.numa_node.as_ref().unwrap().value, 1);
    assert_eq!(nic.slot.as_ref().unwrap().value, "2");
    let old = function(&capture, "02:00.0");
    assert_eq!(
        identity(old),
        (Some(0x10de), Some(0x1eb8), None, Some(0x0300))
    );
}

const PROXMOX: &str = "root@pve:~# pvesh get /nodes/pve/hardware/pci --pci-class-blacklist \"\"\n\
┌──────────┬────────┬──────────────┬────────────┬────────┬─────────────┐\n\
│ class    │ device │ id           │ iommugroup │ vendor │ device_name │\n\
╞══════════╪════════╪══════════════╪════════════╪════════╪═════════════╡\n\
│ 0x030000 │ 0x1eb8 │ 0000:01:00.0 │         13 │ 0x10de │ TU104GL     │\n\
│          │        │              │            │        │ [Tesla T4]  │\n\
├──────────┼────────┼──────────────┼────────────┼────────┼─────────────┤\n\
│ 0x020000 │ 0x1521 │ 0000:02:00.0 │         -1 │ 0x8086 │             │\n\
└──────────┴────────┴──────────────┴────────────┴────────┴─────────────┘\n";

#[test]
fn the_table_of_proxmox_is_read_with_its_frame_without_and_cut() {
    let bare: String = PROXMOX
        .replace('│', " ")
        .lines()
        .filter(|line| !line.starts_with(['┌', '╞', '├', '└']))
        .flat_map(|line| [line.trim(), "\n"])
        .collect();
    let cut: String = PROXMOX
        .lines()
        .map(|line| line.chars().take(61).chain(['\n']).collect::<String>())
        .collect();
    for text in [
        PROXMOX,
        &bare,
        &cut,
        &format!("> {}", PROXMOX.replace('\n', "\n> ")),
    ] {
        let (capture, _) = imported(text);
        assert_eq!(capture.functions.len(), 2, "{text}");
        let card = function(&capture, "01:00.0");
        assert_eq!(
            identity(card),
            (Some(0x10de), Some(0x1eb8), Some(0x03_0000), None)
        );
        assert_eq!(card.iommu_group.as_ref().unwrap().value, 13);
        assert_eq!(
            function(&capture, "02:00.0").iommu_group,
            None,
            "-1 is none"
        );
    }
}

#[test]
fn the_json_of_proxmox_cites_the_line_of_the_address() {
    let text = "[\n{\"class\":\"0x030000\",\"device\":\"0x1eb8\",\"id\":\"0000:01:00.0\",\"iommugroup\":13,\"vendor\":\"0x10de\",\"subsystem_vendor\":\"0x10de\",\"subsystem_device\":\"0x12a2\"},\n{\"class\":\"0x020000\",\"device\":\"0x1521\",\n\"id\":\"0000:02:00.0\",\"iommugroup\":-1,\"vendor\":\"0x8086\"}]\nroot@pve:~#\n";
    let (capture, _) = imported(text);
    assert_eq!(capture.functions.len(), 2);
    let card = function(&capture, "01:00.0");
    assert_eq!(card.iommu_group.as_ref().unwrap().origin.line, Some(2));
    assert_eq!(card.subsystem_device.as_ref().unwrap().value, 0x12a2);
    let nic = function(&capture, "02:00.0");
    assert_eq!(nic.vendor.as_ref().unwrap().origin.line, Some(4));
    assert_eq!(nic.iommu_group, None);
}

#[test]
fn records_of_esxcli_are_functions() {
    let text = "0000:02:00.0\n   Address: 0000:02:00.0\n   Segment: 0x0000\n   Vendor Name: Intel Corporation\n   Device Name: I350 Gigabit Network Connection\n   Vendor ID: 0x8086\n   Device ID: 0x1521\n   SubVendor ID: 0x15d9\n   SubDevice ID: 0x1521\n   Device Class: 0x0200\n   Device Class Name: Ethernet controller\n   Programming Interface: 0x00\n   Revision ID: 0x01\n   Module Name: igbn\n   Passthru Capable: true\n\n";
    let (capture, _) = imported(text);
    assert_eq!(capture.functions.len(), 1);
    let nic = function(&capture, "02:00.0");
    assert_eq!(
        identity(nic),
        (Some(0x8086), Some(0x1521), Some(0x02_0000), None)
    );
    assert_eq!(nic.driver.as_ref().unwrap().value, "igbn");
    assert_eq!(
        nic.name.as_ref().unwrap().value,
        "Ethernet controller: Intel Corporation I350 Gigabit Network Connection"
    );
}

#[test]
fn both_generations_of_pciconf_are_read() {
    let new = "igb0@pci0:1:10:0:\tclass=0x020000 rev=0x01 hdr=0x00 vendor=0x8086 device=0x1521 subvendor=0x8086 subdevice=0x5002\n    vendor     = 'Intel Corporation'\n    device     = 'I350 Gigabit Network Connection'\n    bar   [10] = type Memory, range 32, base 0xdf200000, size 1048576, enabled\n    bar   [18] = type Prefetchable Memory, range 64, base 0, size 268435456, disabled\n    cap 10[a0] = PCI-Express 2 endpoint max data 256(512) FLR NS\n";
    let old =
        "igb0@pci0:1:10:0:\tclass=0x020000 card=0x50028086 chip=0x15218086 rev=0x01 hdr=0x00\n";
    for text in [new, old] {
        let (capture, _) = imported(text);
        let nic = function(&capture, "01:0a.0");
        assert_eq!(
            identity(nic),
            (Some(0x8086), Some(0x1521), Some(0x02_0000), None)
        );
        assert_eq!(nic.subsystem_device.as_ref().unwrap().value, 0x5002);
        assert_eq!(nic.driver.as_ref().unwrap().value, "igb");
        let config = &capture.functions[&"01:0a.0".parse().unwrap()].config;
        assert_eq!(config.known_bits(), 7, "the header layout and nothing else");
    }
    let (capture, _) = imported(new);
    let resources = &function(&capture, "01:0a.0").resources;
    assert_eq!(resources.len(), 2);
    assert_eq!(resources[0].value.len, Some(1 << 20));
    assert_eq!(
        (resources[1].value.index, resources[1].value.unassigned),
        (2, true)
    );
    let none = "none3@pci0:0:31:5:\tclass=0x0c8000 card=0x0 chip=0xa3248086 rev=0x10 hdr=0x00\n";
    assert_eq!(function(&imported(none).0, "00:1f.5").driver, None);
}

#[test]
fn a_second_list_of_another_machine_is_refused_with_the_reason() {
    let list = |device: &str| {
        format!(
            "00:00.0 \"0600\" \"8086\" \"{device}\" \"\" \"\"\n01:00.0 \"0200\" \"8086\" \"{device}\" \"\" \"\"\n"
        )
    };
    let (capture, diagnostics) = imported(&(list("1111") + &list("2222")));
    assert_eq!(
        function(&capture, "01:00.0").device.as_ref().unwrap().value,
        0x1111
    );
    let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|said| said.contains("another list of devices begins here")),
        "{said:?}"
    );
    // The same list twice, once with names, is one machine.
    let (capture, diagnostics) = imported(&(list("1521") + &list("1521")));
    assert_eq!(capture.functions.len(), 2);
    assert_eq!(diagnostics.len(), 1);
}

#[test]
fn other_texts_are_no_lists() {
    for text in [
        "01:00.0 Ethernet controller: Intel \"quoted\"\n",
        "\tAddress: 00000000fee00000  Data: 0000\n",
        "Physical Slot: 2\n",
        "Device: 7\n",
        "class device id vendors\n",
        "jane@pci-lab: class=0x0\n",
        "[{\"InstanceId\":\"PCI\\\\VEN_8086\"}]",
        "",
    ] {
        assert!(!is_list(text.as_bytes()), "{text}");
    }
}
