use super::*;
use crate::import::diagnostic::Diagnostic;
use crate::import::tree::tests::tree;

fn read_files(files: &[(&str, &[u8])]) -> (Capture, Vec<Diagnostic>) {
    let (tree, mut diagnostics) = tree(files);
    let capture = read(tree, &mut diagnostics);
    (capture, diagnostics.into_vec())
}

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

fn value<T: Clone>(fact: &Option<Reported<T>>) -> Option<T> {
    fact.as_ref().map(|fact| fact.value.clone())
}

const PORT: &str = "sys/devices/pci0000:40/0000:40:01.0";

/// A file of an endpoint below a port.
fn endpoint(name: &str) -> String {
    format!("{PORT}/0000:41:00.0/{name}")
}

#[test]
fn the_place_in_the_tree_gives_bridge_and_root_bus() {
    let (capture, _) = read_files(&[(&endpoint("vendor"), b"0x8086\n")]);
    // The port has no file of its own, and exists all the same.
    let port = &capture.functions[&at("0000:40:01.0")].properties;
    assert_eq!(value(&port.parent).as_deref(), Some(""));
    let function = &capture.functions[&at("0000:41:00.0")].properties;
    assert_eq!(value(&function.parent).as_deref(), Some("0000:40:01.0"));
    assert_eq!(value(&function.root_bus), Some(0x40));
    assert_eq!(value(&function.vendor), Some(0x8086));
    assert_eq!(capture.functions.len(), 2);
}

#[test]
fn vital_product_data_belong_to_their_function() {
    let vpd = b"\x82\x03\x00NIC\x78";
    let (capture, _) = read_files(&[(&endpoint("config"), &[0; 64]), (&endpoint("vpd"), vpd)]);
    assert_eq!(capture.vpd[&at("0000:41:00.0")], vpd);
    let (empty, _) = read_files(&[(&endpoint("config"), &[0; 64]), (&endpoint("vpd"), b"")]);
    assert!(empty.vpd.is_empty());
}

#[test]
fn functions_behind_vmd_name_the_function_that_made_their_bus() {
    let path = "x/sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0/";
    let (capture, _) = read_files(&[(path, b"")]);
    assert_eq!(capture.functions.len(), 3);
    let port = &capture.functions[&at("10000:e0:06.0")].properties;
    assert_eq!(value(&port.parent).as_deref(), Some(""));
    assert_eq!(value(&port.root_bus), Some(0xe0));
    assert_eq!(
        value(&port.root_bus_parent).as_deref(),
        Some("0000:00:0e.0")
    );
    assert_eq!(
        value(
            &capture.functions[&at("0000:00:0e.0")]
                .properties
                .root_bus_parent
        ),
        None
    );
}

#[test]
fn the_length_of_the_file_is_the_extent_and_tells_the_size() {
    for (length, extent, size, remarks) in [
        (0, 0, None, 1),
        (63, 63, None, 1),
        (64, 64, None, 0),
        (128, 128, None, 0),
        (256, 256, Some(256), 0),
        (4096, 4096, Some(4096), 0),
        (5000, 4096, Some(4096), 1),
    ] {
        let (capture, diagnostics) = read_files(&[(&endpoint("config"), &vec![0x86; length])]);
        let config = &capture.functions[&at("0000:41:00.0")].config;
        assert_eq!(
            (config.extent(), config.size(), diagnostics.len()),
            (extent, size, remarks)
        );
    }
}

#[test]
fn attributes_become_facts() {
    let (capture, diagnostics) = read_files(&[
        (&endpoint("class"), b"0x010802\n"),
        (&endpoint("revision"), b"0x03\n"),
        (&endpoint("numa_node"), b"1\n"),
        (&endpoint("power_state"), b"D3cold\n"),
        (&endpoint("boot_vga"), b"0\n"),
        (&endpoint("reset_method"), b"flr bus\n"),
        (&endpoint("reset"), b""),
        (&endpoint("sriov_totalvfs"), b"63\n"),
        (&endpoint("sriov_numvfs"), b"4\n"),
        (&endpoint("sriov_stride"), b"2\n"),
        (&endpoint("driver_override"), b"(null)\n"),
        (&endpoint("driver -> ../../../../bus/pci/drivers/nvme"), b""),
        (&endpoint("iommu -> ../../../virtual/iommu/dmar1"), b""),
        (
            &endpoint("iommu_group -> ../../../../kernel/iommu_groups/17"),
            b"",
        ),
        (&endpoint("physfn -> ../0000:41:00.1"), b""),
    ]);
    assert_eq!(diagnostics, []);
    let facts = &capture.functions[&at("0000:41:00.0")].properties;
    assert_eq!(value(&facts.class), Some(0x01_0802));
    assert_eq!(facts.class_code(), Some(0x0108));
    assert_eq!(value(&facts.revision), Some(3));
    assert_eq!(value(&facts.numa_node), Some(1));
    assert_eq!(value(&facts.power_state).as_deref(), Some("D3cold"));
    assert_eq!(value(&facts.boot_vga), Some(false));
    assert_eq!(
        value(&facts.reset_methods),
        Some(vec!["flr".to_owned(), "bus".to_owned()])
    );
    assert_eq!(value(&facts.reset_offered), Some(true));
    assert_eq!(
        (value(&facts.sriov_total_vfs), value(&facts.sriov_num_vfs)),
        (Some(63), Some(4))
    );
    assert_eq!(value(&facts.driver).as_deref(), Some("nvme"));
    assert_eq!(value(&facts.iommu_unit).as_deref(), Some("dmar1"));
    assert_eq!(value(&facts.iommu_group), Some(17));
    assert_eq!(
        value(&facts.physical_function).as_deref(),
        Some("0000:41:00.1")
    );
    let attributes = value(&facts.attributes).unwrap();
    assert_eq!(
        attributes,
        BTreeMap::from([("sriov_stride".to_owned(), "2".to_owned())])
    );
}

#[test]
fn absent_empty_and_unknown_stay_three_things() {
    let (capture, diagnostics) = read_files(&[
        (&endpoint("reset_method"), b""),
        (&endpoint("numa_node"), b"-1\n"),
        (&endpoint("vendor"), b"banana\n"),
    ]);
    let facts = &capture.functions[&at("0000:41:00.0")].properties;
    assert_eq!(value(&facts.reset_methods), Some(Vec::new()));
    assert_eq!(value(&facts.numa_node), None);
    assert_eq!(value(&facts.vendor), None);
    assert_eq!(value(&facts.boot_vga), None);
    let port = &capture.functions[&at("0000:40:01.0")].properties;
    assert_eq!(value(&port.reset_methods), None);
    let kinds: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| &diagnostic.kind)
        .collect();
    assert_eq!(
        kinds,
        [&DiagnosticKind::Attribute {
            text: "banana".to_owned()
        }]
    );
}

#[test]
fn the_acpi_object_is_found_through_its_link_or_in_a_copy() {
    let object = "sys/devices/LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00/device:05";
    let (capture, _) = read_files(&[
        (
            &endpoint("firmware_node -> ../../../LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00/device:05"),
            b"",
        ),
        (&format!("{object}/path"), b"\\_SB_.PCI0.RP05.PXSX\n"),
        (&format!("{object}/uid"), b"3\n"),
        (&format!("{PORT}/firmware_node/path"), b"\\_SB_.PCI0.RP05\n"),
        (
            "sys/devices/pci0000:40/firmware_node -> ../LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00",
            b"",
        ),
        (
            "sys/devices/LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00/path",
            b"\\_SB_.PCI0\n",
        ),
        ("sys/devices/LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00/uid", b"0\n"),
    ]);
    let facts = &capture.functions[&at("0000:41:00.0")].properties;
    assert_eq!(
        value(&facts.acpi_path).as_deref(),
        Some("\\_SB_.PCI0.RP05.PXSX")
    );
    assert_eq!(value(&facts.attributes).unwrap()["firmware_node/uid"], "3");
    let port = &capture.functions[&at("0000:40:01.0")].properties;
    assert_eq!(value(&port.acpi_path).as_deref(), Some("\\_SB_.PCI0.RP05"));
    let buses: serde_json::Value =
        serde_json::from_slice(&capture.host["root-buses.json"]).unwrap();
    let expected = serde_json::json!({"0000:40": {"acpi_path": "\\_SB_.PCI0", "acpi_uid": "0"}});
    assert_eq!(buses, expected);
}

#[test]
fn slots_name_a_device_or_a_bus() {
    let (capture, _) = read_files(&[
        (&endpoint("vendor"), b"0x8086\n"),
        (&format!("{PORT}/0000:41:00.7/vendor"), b"0x8086\n"),
        (&format!("{PORT}/0000:41:01.0/vendor"), b"0x8086\n"),
        ("sys/bus/pci/slots/3-1/address", b"0000:41:00\n"),
        ("sys/bus/pci/slots/9/address", b"0000:40\n"),
    ]);
    let slot = |name| value(&capture.functions[&at(name)].properties.slot);
    assert_eq!(slot("0000:41:00.0").as_deref(), Some("3-1"));
    assert_eq!(slot("0000:41:00.7").as_deref(), Some("3-1"));
    assert_eq!(slot("0000:41:01.0"), None);
    assert_eq!(slot("0000:40:01.0").as_deref(), Some("9"));
}

#[test]
fn users_are_found_in_folders_and_through_class_links() {
    let (capture, _) = read_files(&[
        (&endpoint("nvme/nvme0/nvme0c0n1/"), b""),
        (&endpoint("nvme/nvme0/"), b""),
        (&format!("{PORT}/0000:41:01.0/net/eth4/address"), b""),
        (
            "sys/class/net/eth4 -> ../../devices/pci0000:40/0000:40:01.0/0000:41:01.0/net/eth4",
            b"",
        ),
        (
            "sys/block/sda -> ../devices/pci0000:40/0000:40:01.0/0000:41:02.0/ata1/host0/target0:0:0/0:0:0:0/block/sda",
            b"",
        ),
        (&format!("{PORT}/0000:41:02.0/vendor"), b"0x1022\n"),
        ("sys/class/net/lo -> ../../devices/virtual/net/lo", b""),
    ]);
    let users = |name| -> Vec<String> {
        let users = &capture.functions[&at(name)].properties.used_by;
        users.iter().map(|user| user.value.clone()).collect()
    };
    assert_eq!(users("0000:41:00.0"), ["nvme0n1"]);
    assert_eq!(users("0000:41:01.0"), ["eth4"]);
    assert_eq!(users("0000:41:02.0"), ["sda"]);
    assert_eq!(users("0000:40:01.0"), Vec::<String>::new());
}

#[test]
fn groups_give_members_and_reserved_regions() {
    let (capture, _) = read_files(&[
        (&endpoint("vendor"), b"0x8086\n"),
        (
            "sys/kernel/iommu_groups/4/devices/0000:41:00.0 -> ../../../../devices/pci0000:40/0000:40:01.0/0000:41:00.0",
            b"",
        ),
        ("sys/kernel/iommu_groups/4/type", b"DMA-FQ\n"),
        (
            "sys/kernel/iommu_groups/4/reserved_regions",
            b"0x00 0xff direct\n0xfee00000 0xfeefffff msi\n",
        ),
        (
            "sys/devices/virtual/iommu/dmar0/intel-iommu/cap",
            b"d2008c222f0606\n",
        ),
        (
            "sys/devices/pci0000:40/0000:40:00.2/iommu/ivhd0/amd-iommu/features",
            b"29d3\n",
        ),
        (
            "sys/devices/virtual/iommu/dmar0/devices/0000:41:00.0 -> ../../../../pci0000:40/0000:40:01.0/0000:41:00.0",
            b"",
        ),
    ]);
    let facts = &capture.functions[&at("0000:41:00.0")].properties;
    assert_eq!(value(&facts.iommu_group), Some(4));
    let regions = value(&facts.reserved_regions).unwrap();
    assert_eq!(regions, ["0x00 0xff direct", "0xfee00000 0xfeefffff msi"]);
    assert_eq!(
        value(
            &capture.functions[&at("0000:40:01.0")]
                .properties
                .reserved_regions
        ),
        None
    );
    let iommu: serde_json::Value = serde_json::from_slice(&capture.host["iommu.json"]).unwrap();
    assert_eq!(iommu["groups"]["4"]["type"], "DMA-FQ");
    assert_eq!(iommu["groups"]["4"]["devices"][0], "0000:41:00.0");
    assert_eq!(
        iommu["units"]["dmar0"]["attributes"]["intel-iommu/cap"],
        "d2008c222f0606"
    );
    assert_eq!(iommu["units"]["dmar0"]["devices"][0], "0000:41:00.0");
    assert_eq!(iommu["units"]["ivhd0"]["function"], "0000:40:00.2");
}

#[test]
fn tables_are_known_by_their_signature() {
    let table = |signature: &[u8], filling: u8| [signature, &[filling; 60]].concat();
    let (capture, _) = read_files(&[
        ("sys/firmware/acpi/tables/DMAR", &table(b"DMAR", 0)),
        ("sys/firmware/acpi/tables/SSDT1", &table(b"SSDT", 1)),
        ("sys/firmware/acpi/tables/dynamic/SSDT1", &table(b"SSDT", 2)),
        ("sys/firmware/acpi/tables/dynamic/SSDT9", &table(b"SSDT", 1)),
        ("sys/firmware/acpi/tables/BERT", &table(b"BERT", 0)),
        ("sys/firmware/acpi/tables/data/BERT", &[0; 64]),
    ]);
    let tables: Vec<&str> = capture.tables.keys().map(String::as_str).collect();
    assert_eq!(tables, ["BERT", "DMAR", "SSDT1", "SSDT2"]);
    assert_eq!(capture.host["acpi-data-BERT"], [0; 64]);
    assert_eq!(capture.manifest.privileges, Some(Privileges::Full));
}

#[test]
fn the_machine_is_described_without_its_serial_numbers() {
    let (capture, _) = read_files(&[
        (&endpoint("vendor"), b"0x8086\n"),
        (
            "proc/version",
            b"Linux version 6.12.95+deb12-amd64 (x@y) (gcc) #1 SMP\n",
        ),
        (
            "proc/cpuinfo",
            b"processor\t: 0\nmodel\t: 1\n\nprocessor\t: 1\n\n",
        ),
        ("proc/cmdline", b"quiet\n"),
        ("sys/class/dmi/id/sys_vendor", b"QEMU\n"),
        ("sys/class/dmi/id/product_serial", b"secret\n"),
        ("var/log/dmesg", b"[    0.0] x\n"),
    ]);
    assert_eq!(capture.manifest.os.as_deref(), Some("linux"));
    assert_eq!(
        capture.manifest.os_release.as_deref(),
        Some("6.12.95+deb12-amd64")
    );
    let platform = BTreeMap::from([("sys_vendor".to_owned(), "QEMU".to_owned())]);
    assert_eq!(capture.manifest.platform, platform);
    assert_eq!(capture.host["cpuinfo"], b"processor\t: 0\nmodel\t: 1\n");
    assert_eq!(capture.host["cmdline"], b"quiet\n");
    assert_eq!(capture.host["log.txt"], b"[    0.0] x\n");
}

#[test]
fn a_copy_that_followed_the_links_has_functions_without_a_place() {
    let (capture, _) = read_files(&[
        ("sys/bus/pci/devices/0000:41:00.0/vendor", b"0x8086\n"),
        ("sys/bus/pci/devices/0000:41:00.0/config", &[0; 64]),
        (
            "sys/bus/pci/devices/0000:42:00.0 -> ../../../devices/pci0000:00/0000:42:00.0",
            b"",
        ),
    ]);
    assert_eq!(
        capture.functions.keys().collect::<Vec<_>>(),
        [&at("0000:41:00.0")]
    );
    let record = &capture.functions[&at("0000:41:00.0")];
    assert_eq!(value(&record.properties.parent), None);
    assert_eq!(record.config.extent(), 64);
    assert_eq!(capture.manifest.privileges, Some(Privileges::User));
}

#[test]
fn a_function_in_two_places_is_read_once_and_remarked_on() {
    let (capture, diagnostics) = read_files(&[
        ("sys/devices/pci0000:00/0000:41:00.0/vendor", b"0x1\n"),
        ("sys/devices/pci0000:40/0000:41:00.0/vendor", b"0x2\n"),
    ]);
    assert_eq!(
        value(&capture.functions[&at("0000:41:00.0")].properties.vendor),
        Some(1)
    );
    let kinds: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| &diagnostic.kind)
        .collect();
    assert_eq!(kinds, [&DiagnosticKind::SecondFolder]);
}

#[test]
fn a_link_that_leads_out_of_the_machine_is_not_a_fact() {
    let (capture, diagnostics) = read_files(&[
        (&endpoint("vendor"), b"0x8086\n"),
        (
            &endpoint("driver -> ../../../../../../../../etc/passwd"),
            b"",
        ),
        (&endpoint("config -> ../../../../../../../etc/passwd"), b""),
    ]);
    let record = &capture.functions[&at("0000:41:00.0")];
    assert_eq!(record.properties.driver, None);
    assert!(record.config.is_empty());
    assert_eq!(diagnostics.len(), 2);
    assert!(
        diagnostics
            .iter()
            .all(|d| matches!(d.kind, DiagnosticKind::LinkOutside { .. }))
    );
}
