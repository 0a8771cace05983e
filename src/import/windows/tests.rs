//! One machine in every form that people export.

mod console;

use super::super::{Import, Input, import};
use crate::addr::{Sbdf, Segment};
use crate::capture::{DeviceNodes, HyperV, NodeResource, ScriptSentence};
use crate::spec::windows;

const PORT: &str = r"PCI\VEN_8086&DEV_6F08&SUBSYS_00000000&REV_01\3&11583659&0&18";
const NVME: &str = r"PCI\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0018";
const PATH: &str = "PCIROOT(0)#PCI(0300)#PCI(0000)";

fn imported(texts: &[&[u8]]) -> Import {
    let bytes = |(index, text): (usize, &&[u8])| Input::Bytes {
        name: format!("{index}.txt"),
        bytes: text.to_vec(),
    };
    import(&texts.iter().enumerate().map(bytes).collect::<Vec<_>>())
}

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

/// The drive as every form tells it: address, type, ACS, reserved memory.
fn check(text: &str) {
    let result = imported(&[text.as_bytes()]);
    assert!(result.errors.is_empty(), "{:?}\n{text}", result.errors);
    let drive = result.capture.functions.get(&at("0000:03:00.0"));
    let drive = drive.unwrap_or_else(|| panic!("no drive from\n{text}"));
    let properties = &drive.properties;
    assert_eq!(properties.vendor.as_ref().unwrap().value, 0x144d);
    assert_eq!(properties.device.as_ref().unwrap().value, 0xa820);
    assert_eq!(properties.subsystem_vendor.as_ref().unwrap().value, 0x1028);
    assert_eq!(properties.subsystem_device.as_ref().unwrap().value, 0x1f95);
    assert_eq!(properties.revision.as_ref().unwrap().value, 3);
    let number = |property: windows::DeviceProperty| {
        let value = &properties.windows.get(property.key)?.value;
        crate::capture::property_number(value)
    };
    assert_eq!(number(windows::DEVICE_TYPE), Some(2), "{text}");
    assert_eq!(number(windows::ACS_UP_HIERARCHY), Some(1), "{text}");
    assert_eq!(number(windows::RESERVED_MEMORY), Some(0), "{text}");
    let paths = &properties.windows[windows::LOCATION_PATHS.key].value;
    let first = crate::capture::property_texts(Some(paths)).next();
    assert_eq!(first, Some(PATH), "{text}");
    assert_eq!(properties.root_bus.as_ref().unwrap().value, 0);
}

/// Name and printed value of each property of the drive.
const ROWS: &[(&str, &str, &str)] = &[
    ("DEVPKEY_Device_BusNumber", "UInt32", "3"),
    ("{a45c254e-df1c-4efd-8020-67d146a850e0}[30]", "UInt32", "0"),
    (
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0}  37",
        "StringList",
        "{PCIROOT(0)#PCI(0300)#PCI(0000), ACPI(_SB_)#ACPI(PC00)#ACPI(BR3A)#PCI(0000)}",
    ),
    ("DEVPKEY_PciDevice_DeviceType", "UInt32", "2"),
    ("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 31", "UInt32", "1"),
    (
        "DEVPKEY_PciDevice_RequiresReservedMemoryRegion",
        "Boolean",
        "False",
    ),
];

fn json_value(text: &str) -> serde_json::Value {
    super::list::value_of(text)
}

#[test]
fn json_of_a_property_list_is_read() {
    let rows: Vec<_> = ROWS
        .iter()
        .map(|(key, kind, value)| {
            serde_json::json!({
                "InstanceId": NVME, "KeyName": key, "Type": kind, "Data": json_value(value)
            })
        })
        .collect();
    check(&serde_json::to_string(&rows).unwrap());
    // Windows PowerShell prints enumerations as objects, and wraps the list.
    let wrapped = serde_json::json!({ "value": rows, "Count": rows.len() });
    check(
        &wrapped
            .to_string()
            .replace("\"UInt32\"", r#"{"value":7,"Value":"UInt32"}"#),
    );
    // Objects behind one another, as one call for each device leaves them in a file.
    let lines: Vec<_> = rows.iter().map(ToString::to_string).collect();
    check(&lines.join("\n"));
}

#[test]
fn json_of_a_device_list_with_a_bag_of_properties_is_read() {
    let bag: serde_json::Map<_, _> = ROWS
        .iter()
        .map(|(key, _, value)| ((*key).to_owned(), json_value(value)))
        .collect();
    check(&serde_json::json!([{ "PNPDeviceID": NVME, "Bag": bag }]).to_string());
}

#[test]
fn csv_with_any_delimiter_is_read() {
    for delimiter in [",", ";", "\t"] {
        let mut text = format!(
            "#TYPE Object\n\"InstanceId\"{delimiter}\"KeyName\"{delimiter}\"Type\"{delimiter}\"Data\"\n"
        );
        for (key, kind, value) in ROWS {
            let value = value.replace('"', "\"\"");
            text += &format!(
                "\"{NVME}\"{delimiter}\"{key}\"{delimiter}\"{kind}\"{delimiter}\"{value}\"\r\n"
            );
        }
        check(&text);
    }
}

#[test]
fn list_text_is_read_and_long_values_go_on_below() {
    let mut text = String::new();
    for (key, kind, value) in ROWS {
        let (first, second) = match value.find("#ACPI(PC00)") {
            Some(cut) => value.split_at(cut),
            None => (*value, ""),
        };
        text += &format!(
            "InstanceId : {NVME}\nKeyName    : {key}\nType       : {kind}\nData       : {first}\n"
        );
        if !second.is_empty() {
            text += &format!("             {second}\n");
        }
        text += "\n";
    }
    check(&text);
}

#[test]
fn the_printed_table_is_read_unless_its_ids_are_cut() {
    let table = |id: &str| {
        let width = id.len() + 1;
        let mut text = format!("{:width$}{:54}{:12}Data\n", "InstanceId", "KeyName", "Type");
        for (key, kind, value) in ROWS {
            text += &format!("{id:width$}{key:54}{kind:12}{value}\n");
        }
        text
    };
    check(&table(NVME));
    let cut = imported(&[table("PCI\\VEN_144D...").as_bytes()]);
    assert!(!cut.is_usable());
    assert!(
        cut.diagnostics
            .iter()
            .any(|d| d.to_string().contains("6 rows name no device"))
    );
}

#[test]
fn text_of_pnputil_and_of_device_manager_is_read() {
    let mut pnputil = format!(
        "Microsoft PnP Utility\n\nInstance ID:                {NVME}\nDevice Description:         Standard NVM Express Controller\nStatus:                     Started\n    Properties:\n"
    );
    let mut manager = format!("Device instance path\n{NVME}\n");
    for (key, kind, value) in ROWS {
        let values = match json_value(value) {
            serde_json::Value::Array(items) => items,
            one => vec![one],
        };
        pnputil += &format!("        {key} [{kind}]:\n");
        manager += &format!("{key}\n");
        for value in values {
            let value = value.as_str().unwrap().to_owned();
            let hex = value.parse::<u32>().map(|n| format!("{n:08X}"));
            pnputil += &format!("            {value}\n");
            manager += &format!("{}\n", hex.unwrap_or(value));
        }
    }
    check(&pnputil);
    check(&manager);
}

#[test]
fn xml_of_pnputil_is_read_with_its_resources() {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<PnpUtil Version=\"10.0.26100\" Command=\"/enum-devices /properties /resources /format xml\">\n  <Device InstanceId=\"{}\">\n    <DeviceDescription>Standard NVM Express Controller</DeviceDescription>\n    <Status>Started</Status>\n    <Properties>\n",
        NVME.replace('&', "&amp;")
    );
    for (key, kind, value) in ROWS {
        let values = match json_value(value) {
            serde_json::Value::Array(items) => items,
            one => vec![one],
        };
        text += &format!("      <Property Key=\"{key}\" Type=\"{kind}\">");
        for value in values {
            let value = value.as_str().unwrap();
            let value = value
                .parse::<u32>()
                .map_or(value.to_owned(), |n| format!("0x{n:08x}"));
            text += &format!("<Value>{value}</Value>");
        }
        text += "</Property>\n";
    }
    text += "    </Properties>\n    <Resources>\n      <Memory>0x00000000DF200000-0x00000000DF20FFFF</Memory>\n      <IRQ>0xFFFFFFFC (-4)</IRQ>\n    </Resources>\n  </Device>\n</PnpUtil>\n";
    check(&text);
    let capture = imported(&[text.as_bytes()]).capture;
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    let resources: Vec<_> = nodes.nodes[0].resources.iter().map(|r| &r.value).collect();
    let memory = NodeResource::Memory {
        start: 0xdf20_0000,
        end: Some(0xdf20_ffff),
    };
    assert_eq!(
        resources,
        [
            &memory,
            &NodeResource::Interrupt {
                number: 0xffff_fffc
            }
        ]
    );
    assert_eq!(nodes.nodes[0].problem_code(), Some(0));
}

#[test]
fn utf_16_is_read() {
    let text = format!(
        "\u{feff}{}",
        serde_json::json!([{ "InstanceId": NVME, "KeyName": "DEVPKEY_Device_LocationInfo", "Data": "PCI-Bus 3, Gerät 0, Funktion 0" }])
    );
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let capture = imported(&[&bytes]).capture;
    assert!(capture.functions.contains_key(&at("0000:03:00.0")));
}

#[test]
fn resources_are_joined_to_devices_through_their_object_paths() {
    let doubled = NVME.replace('\\', r"\\");
    let rows = serde_json::json!([
        { "InstanceId": NVME, "KeyName": "DEVPKEY_Device_LocationInfo", "Data": "PCI bus 3, device 0, function 0" },
        { "Antecedent": r"\\H\root\cimv2:Win32_IRQResource.IRQNumber=4294967290",
          "Dependent": format!(r#"\\H\root\cimv2:Win32_PnPEntity.DeviceID="{doubled}""#) },
        { "Antecedent": r#"\\H\root\cimv2:Win32_DeviceMemoryAddress.StartingAddress="3743416320""#,
          "Dependent": format!(r#"\\H\root\cimv2:Win32_PnPEntity.DeviceID="{doubled}""#) },
        { "StartingAddress": 3_743_416_320_u64, "EndingAddress": 3_743_432_703_u64, "Caption": "Address 0xDF200000 - 0xDF203FFF" }
    ]);
    let capture = imported(&[rows.to_string().as_bytes()]).capture;
    let drive = &capture.functions[&at("0000:03:00.0")].properties;
    let bar = &drive.resources[0].value;
    assert_eq!((bar.start, bar.len), (0xdf20_0000, Some(0x4000)));
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    assert!(nodes.resources_complete);
    assert_eq!(nodes.nodes[0].resources.len(), 2);
}

#[test]
fn the_survey_scripts_console_text_becomes_facts() {
    let text = "Generating a list of PCI Express endpoint devices\n\nHP H220 Host Bus Adapter\nBIOS requires that this device remain attached to BIOS-owned memory.  Not assignable.\n\nNVIDIA GRID K520\nExpress Endpoint -- more secure.\n    And its interrupts are message-based, assignment can work.\n    And it requires at least: 176 MB of MMIO gap space\nPCIROOT(0)#PCI(0300)#PCI(0000)#PCI(0800)#PCI(0000)\n\nUnfortunately, this machine doesn't support using them in a VM.\nEnsure that the system has chipset support.\n";
    let capture = imported(&[text.as_bytes()]).capture;
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    let answers: Vec<_> = nodes
        .nodes
        .iter()
        .map(|node| &node.survey.as_ref().unwrap().value)
        .collect();
    assert_eq!(answers[0].name, "HP H220 Host Bus Adapter");
    assert_eq!(answers[0].says, [ScriptSentence::ReservedMemory]);
    let said = [
        ScriptSentence::ExpressEndpoint,
        ScriptSentence::MessageInterrupts,
        ScriptSentence::Mmio,
    ];
    assert_eq!(answers[1].says, said);
    assert_eq!(answers[1].mmio_megabytes, Some(176));
    assert_eq!(
        answers[1].location_path.as_deref(),
        Some("PCIROOT(0)#PCI(0300)#PCI(0000)#PCI(0800)#PCI(0000)")
    );
    let hyperv: HyperV = serde_json::from_slice(&capture.host[HyperV::NAME]).unwrap();
    assert_eq!(hyperv.iov_support, Some(false));
    assert_eq!(hyperv.iov_support_reasons.len(), 1);
    // Neither has an address; both have one that is made up.
    let segments: Vec<_> = capture.functions.keys().map(|at| at.segment).collect();
    assert_eq!(segments, [Segment::UNPLACED; 2]);
}

#[test]
fn an_answer_of_the_script_belongs_to_the_device_that_another_export_has() {
    let export = serde_json::json!([{ "InstanceId": NVME, "FriendlyName": "NVMe", "KeyName": "", "LocationPaths": [PATH], "Parent": PORT }]);
    let text = format!(
        "NVMe\nExpress Endpoint -- more secure.\nAnd it has no interrupts at all -- assignment can work.\n{PATH}\n"
    );
    let capture = imported(&[export.to_string().as_bytes(), text.as_bytes()]).capture;
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    assert_eq!(nodes.nodes.len(), 1);
    assert!(nodes.nodes[0].survey.is_some());
}

#[test]
fn debugger_logs_become_configuration_space() {
    // The form of the debugger's documentation.
    let text = "0: kd> !pci 602 ffff ff\nScanning the following PCI segments: 0 0x1\nPCI Segment 0 Bus 0\n01:0  14e4:16c7.10  Cmd[0146:.mb.ps]  Sts[02b0:c6...]  Ethernet Controller  SubID:103c:1321\n      00000000:  16c714e4 02b00146 02000010 00004010\nPCI Segment 0 Bus 0x54\n00:0  103c:403b.00  Cmd[0547:imb.ps]  Sts[0010:c....]  HP PCI-PCI Bridge 0x54->0x55-0x56\n";
    let capture = imported(&[text.as_bytes()]).capture;
    let network = &capture.functions[&at("0000:00:01.0")];
    assert_eq!(network.config.u16(0), Some(0x14e4));
    assert_eq!(network.config.u16(0xa), Some(0x0200));
    assert_eq!(network.config.u16(0x10), None);
    let bridge = &capture.functions[&at("0000:54:00.0")];
    assert_eq!(bridge.config.u8(0x19), Some(0x55));
    assert_eq!(bridge.config.u8(0x1a), Some(0x56));
}

#[test]
fn a_debuggers_tree_tells_ids_class_and_parent() {
    let text = "kd> !pcitree\nBus 0x0 (FDO Ext ffffdc89b9f75920)\n  (d=0,  f=0) 80866f00 devext 0xffffdc89b0759270 devstack 0xffffdc89b0759120 0600 Bridge/HOST to PCI\n  (d=2,  f=0) 80866f04 devext 0xffffdc89ba0c94c0 devstack 0xffffdc89ba0c9370 0604 Bridge/PCI to PCI\n  Bus 0x2 (FDO Ext ffffdc89ba0a8190)\n    (d=0,  f=0) 10de13bb devext 0xffffdc89b0000000 devstack 0xffffdc89b0000000 0300 Display Controller/VGA\n  (d=3,  f=0) 80866f08 devext 0xffffdc89ba0c94c0 devstack 0xffffdc89ba0c9370 0604 Bridge/PCI to PCI\n";
    let capture = imported(&[text.as_bytes()]).capture;
    let display = &capture.functions[&at("0000:02:00.0")];
    assert_eq!(display.config.u16(0), Some(0x10de));
    assert_eq!(
        display.properties.base_class.as_ref().unwrap().value,
        0x0300
    );
    assert_eq!(
        display.properties.parent.as_ref().unwrap().value,
        "0000:00:02.0"
    );
    assert_eq!(
        capture.functions[&at("0000:00:03.0")]
            .properties
            .parent
            .as_ref()
            .unwrap()
            .value,
        ""
    );
}

#[test]
fn saved_bytes_of_rweverything_become_configuration_space() {
    let row = "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F";
    let text = format!(
        "PCI\nBus 00, Device 1F, Function 03 - Intel Corporation SMBus Controller\n Device/Vendor ID\t0xA1A38086\n     {row}\n 00  86 80 A3 A1 03 00 80 02 09 00 05 0C 00 00 00 00\n 10  {row}\n"
    );
    let capture = imported(&[text.as_bytes()]).capture;
    let smbus = &capture.functions[&at("0000:00:1f.3")];
    assert_eq!(smbus.config.u16(2), Some(0xa1a3));
    assert_eq!(smbus.config.u8(0x1f), Some(0x0f));
    assert_eq!(smbus.config.u8(0x20), None);
}

#[test]
fn the_segment_stands_above_the_bus_in_the_bus_number() {
    // winlspci's fixture azure-sriov: 3690752 is 385100h, and that tool prints 3851:00.
    let rows = serde_json::json!([{ "InstanceId": r"PCI\VEN_1414&DEV_B111&SUBSYS_00000000&REV_01\6&3851&0&00", "BusNumber": 3_690_752, "Address": 0 }]);
    let capture = imported(&[rows.to_string().as_bytes()]).capture;
    assert!(capture.functions.contains_key(&at("3851:00:00.0")));
}

#[test]
fn a_dump_from_linux_names_the_same_device_by_its_path() {
    // Under Linux the drive is on bus 3, under Windows on bus 5.
    let linux = "00:00.0 Host bridge [0600]: Device [8086:6f00]\n00: 86 80 00 6f 00 00 00 00 00 00 00 06 00 00 00 00\n\n00:03.0 PCI bridge [0604]: Device [8086:6f08]\n00: 86 80 08 6f 07 04 10 00 01 00 04 06 00 00 01 00\n10: 00 00 00 00 00 00 00 00 00 03 03 00 00 00 00 00\n\n03:00.0 Non-Volatile memory controller [0108]: Device [144d:a820]\n00: 4d 14 20 a8 06 04 10 00 03 02 08 01 00 00 00 00\n";
    let rows = |device: &str| {
        serde_json::json!([{ "InstanceId": NVME.replace("A820", device), "LocationPaths": [PATH], "BusNumber": 5, "Address": 0, "Service": "stornvme" }]).to_string()
    };
    let joined = imported(&[linux.as_bytes(), rows("A820").as_bytes()]).capture;
    assert_eq!(joined.functions.len(), 3);
    assert!(
        joined.manifest.conflicts.is_empty(),
        "{:?}",
        joined.manifest.conflicts
    );
    let drive = &joined.functions[&at("0000:03:00.0")];
    assert!(
        drive
            .properties
            .windows
            .contains_key(windows::BUS_NUMBER.key)
    );
    // Another device at the same path is not joined.
    let other = imported(&[linux.as_bytes(), rows("A824").as_bytes()]).capture;
    assert!(
        other.functions[&at("0000:03:00.0")]
            .properties
            .windows
            .is_empty()
    );
    assert!(other.functions.contains_key(&at("0000:05:00.0")));
}

#[test]
fn a_capture_of_an_export_is_placed_anew_beside_other_inputs() {
    let rows = serde_json::json!([{ "InstanceId": NVME, "LocationPaths": [PATH], "BusNumber": 5, "Address": 0 }]);
    let first = imported(&[rows.to_string().as_bytes()]).capture;
    assert!(first.functions.contains_key(&at("0000:05:00.0")));
    let mut again = first.clone();
    super::lift(&mut again);
    assert!(again.functions.is_empty());
    super::place(&mut again);
    assert_eq!(again, first);
}

#[test]
fn a_phantom_is_no_function_and_a_dismounted_device_is_one() {
    let pcip = NVME.replacen("PCI", "PCIP", 1);
    let rows = serde_json::json!([
        { "InstanceId": NVME, "Present": false, "ConfigManagerErrorCode": "CM_PROB_PHANTOM", "BusNumber": 3, "Address": 0 },
        { "InstanceId": pcip, "Present": true, "ConfigManagerErrorCode": 0, "BusNumber": 3, "Address": 0, "LocationPaths": [PATH] },
    ]);
    let capture = imported(&[rows.to_string().as_bytes()]).capture;
    assert_eq!(capture.functions.len(), 1);
    let drive = &capture.functions[&at("0000:03:00.0")].properties;
    assert_eq!(drive.windows[windows::INSTANCE_ID.key].value, pcip);
    let nodes = DeviceNodes::parse(capture.devnodes.as_ref().unwrap()).unwrap();
    assert_eq!(nodes.nodes.len(), 2);
    assert_eq!(nodes.find(NVME).unwrap().function, None);
}

#[test]
fn answers_of_the_hyper_v_cmdlets_are_joined() {
    let export =
        serde_json::json!([{ "InstanceId": NVME, "BusNumber": 3, "Address": 0 }]).to_string();
    let vm = r#"[{"Name":"guest","State":2,"Generation":2,"AutomaticStopAction":3,"DynamicMemoryEnabled":false,"HighMemoryMappedIoSpace":536870912}]"#;
    let assigned =
        format!("VMName       : guest\nInstancePath : {NVME}\nLocationPath : {PATH}\n\n");
    let support =
        "IovSupport        : False\nIovSupportReasons : {Ensure that the chipset, remaps DMA}\n";
    let capture = imported(&[
        export.as_bytes(),
        vm.as_bytes(),
        assigned.as_bytes(),
        support.as_bytes(),
    ])
    .capture;
    let hyperv: HyperV = serde_json::from_slice(&capture.host[HyperV::NAME]).unwrap();
    assert_eq!(hyperv.iov_support, Some(false));
    let machine = &hyperv.machines.as_ref().unwrap()[0];
    assert_eq!(machine.automatic_stop_action.as_deref(), Some("Save"));
    assert_eq!(
        machine.devices.as_ref().unwrap()[0]
            .location_path
            .as_deref(),
        Some(PATH)
    );
    let alone = imported(&[vm.as_bytes()]);
    assert!(!alone.is_usable());
    assert!(
        alone.errors[0]
            .to_string()
            .contains("settings of a Windows host")
    );
}

#[test]
fn a_text_cut_anywhere_is_read_as_far_as_it_goes() {
    let rows: Vec<_> = ROWS
        .iter()
        .map(|(key, _, value)| serde_json::json!({ "InstanceId": NVME, "KeyName": key, "Data": json_value(value) }))
        .collect();
    let text = serde_json::to_string(&rows).unwrap();
    for cut in (1..text.len()).step_by(7) {
        let _ = imported(&[text.as_bytes().get(..cut).unwrap()]);
    }
    let whole = text.rfind(",{").unwrap();
    let cut = imported(&[text.as_bytes().get(..whole + 20).unwrap()]);
    assert!(
        cut.diagnostics
            .iter()
            .any(|d| d.to_string().contains("used what is whole"))
    );
    assert!(cut.capture.functions.contains_key(&at("0000:03:00.0")));
}

#[test]
fn other_texts_are_not_taken_for_exports() {
    for text in [
        "",
        "{}",
        "[1, 2]",
        "Dear support,\nour PCI device does not work.\nParent: me\n",
        "name,age\nann,3\n",
        "<html><body>PnpUtil</body></html>",
        "Bus 00, Device 1F, Function 03\nnothing below\n",
        "KeyName\n",
    ] {
        assert_eq!(super::Export::of(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn labels_in_another_language_leave_the_ids() {
    let text = format!(
        "Microsoft-PnP-Dienstprogramm\r\n\r\nInstanz-ID:                {NVME}\r\n\
         Ger\u{e4}tebeschreibung:        NVM Express-Standardcontroller\r\n\
         Klassenname:               SCSIAdapter\r\nStatus:                    Gestartet\r\n"
    );
    let result = imported(&[text.as_bytes()]);
    assert!(result.errors.is_empty(), "{:?}", result.errors);
    let found: Vec<_> = result.capture.functions.values().collect();
    let [drive] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(drive.properties.vendor.as_ref().unwrap().value, 0x144d);
    assert_eq!(drive.properties.device.as_ref().unwrap().value, 0xa820);
    // A sentence that names a device is no export.
    let sentence = format!("The device {NVME} needs a restart: see the manual\n");
    assert_eq!(imported(&[sentence.as_bytes()]).errors.len(), 1);
}
