//! What a console shows, and what PowerShell writes of its objects.

use std::fmt::Write as _;

use super::{NVME, PATH, PORT, ROWS, at, check, imported, json_value};
use crate::capture::{DeviceNodes, HyperV, ScriptAnswer, WindowsHost};
use crate::import::Import;
use crate::spec::windows;

/// The list that `Get-PnpDeviceProperty … | Format-List` prints.
fn list() -> String {
    let mut text = String::new();
    for (key, kind, value) in ROWS {
        let _ = write!(
            text,
            "InstanceId : {NVME}\nKeyName    : {key}\nType       : {kind}\nData       : {value}\n\n"
        );
    }
    text
}

const BOOT: &str = "\
Windows Boot Loader
-------------------
identifier              {current}
path                    \\Windows\\system32\\winload.efi
hypervisorlaunchtype    Auto
pciexpress              ForceDisable
";

fn host<T: serde::de::DeserializeOwned>(import: &Import, name: &str) -> T {
    serde_json::from_slice(&import.capture.host[name]).unwrap()
}

fn transcript() -> String {
    let stars = "*".repeat(22);
    format!(
        "{stars}\r\nWindows PowerShell transcript start\r\nUsername: HOST\\someone\r\n{stars}\r\n\
         Transcript started, output file is C:\\t.txt\r\n\
         PS C:\\> Get-VMHost | Format-List Iov*\r\n\r\nIovSupport        : True\r\n\
         IovSupportReasons : \r\n\r\n\
         PS C:\\> bcdedit /enum\r\n\r\n{}\r\n\
         PS C:\\> Get-PnpDevice | Get-PnpDeviceProperty | Format-List\r\n\r\n{}\
         {stars}\r\nWindows PowerShell transcript end\r\n{stars}\r\n",
        BOOT.replace('\n', "\r\n"),
        list().replace('\n', "\r\n"),
    )
}

#[test]
fn a_transcript_is_read_command_by_command() {
    let text = transcript();
    check(&text);
    let import = imported(&[text.as_bytes()]);
    let windows: WindowsHost = host(&import, WindowsHost::NAME);
    assert_eq!(windows.boot_option("PciExpress"), Some("ForceDisable"));
    let hyperv: HyperV = host(&import, HyperV::NAME);
    assert_eq!(hyperv.iov_support, Some(true));
    // The lines that are cited are those of the whole text.
    let drive = &import.capture.functions[&at("0000:03:00.0")];
    let fact = &drive.properties.windows[windows::DEVICE_TYPE.key];
    let line = fact.origin.line.unwrap();
    let cited = text.lines().nth(line as usize - 1).unwrap();
    assert_eq!(cited, format!("InstanceId : {NVME}"));
}

#[test]
fn a_transcript_in_any_encoding_is_the_same() {
    let text = transcript();
    let units = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        let units = mark.into_iter().chain(text.encode_utf16());
        units.flat_map(order).collect()
    };
    for bytes in [
        units(u16::to_le_bytes, true),
        units(u16::to_be_bytes, true),
        units(u16::to_le_bytes, false),
        units(u16::to_be_bytes, false),
    ] {
        let import = imported(&[&bytes]);
        assert!(import.errors.is_empty(), "{:?}", import.errors);
        let plain = imported(&[text.as_bytes()]);
        assert_eq!(import.capture.functions, plain.capture.functions);
    }
}

/// What the survey script said of each device.
fn answers(import: &Import) -> Vec<ScriptAnswer> {
    let nodes = DeviceNodes::parse(import.capture.devnodes.as_ref().unwrap()).unwrap();
    let nodes = nodes.nodes.into_iter();
    nodes.filter_map(|node| Some(node.survey?.value)).collect()
}

#[test]
fn a_survey_within_a_transcript_keeps_its_sentences() {
    let text = format!(
        "PS C:\\> .\\SurveyDDA.ps1\nNVMe drive\nExpress Endpoint -- more secure.\n    \
         And all of the interrupts are message-based, assignment can work.\n{PATH}\n\
         PS C:\\> bcdedit /enum\n\n{BOOT}\nPS C:\\> \n"
    );
    let import = imported(&[text.as_bytes()]);
    let answers = answers(&import);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].name, "NVMe drive");
    assert_eq!(answers[0].says.len(), 2);
    let windows: WindowsHost = host(&import, WindowsHost::NAME);
    assert_eq!(windows.boot_option("hypervisorlaunchtype"), Some("Auto"));
}

/// Revisions of the script that people spread print a label before the path and the name again;
/// people quote its output as comments with arrows behind.
#[test]
fn a_survey_in_a_comment_or_from_another_revision_keeps_its_path() {
    let sentences = "Express Endpoint -- more secure.\n    And its interrupts are message-based, \
                     assignment can work.\n    And it requires at least: 278 MB of MMIO gap space\n";
    let other =
        format!("NVMe drive\n{sentences}NVMe drive\nLocation Path: {PATH}\nMMIO Space: 278 MiB\n");
    let comment: String = format!("NVMe drive\n{sentences}{PATH}\n")
        .lines()
        .map(|line| format!("# {line}              <---- read this\n"))
        .collect();
    for text in [other, comment] {
        let answers = answers(&imported(&[text.as_bytes()]));
        assert_eq!(answers.len(), 1, "{text}");
        assert_eq!(answers[0].name, "NVMe drive");
        assert_eq!(answers[0].says.len(), 3);
        assert_eq!(answers[0].mmio_megabytes, Some(278));
        assert_eq!(answers[0].location_path.as_deref(), Some(PATH));
    }
}

#[test]
fn a_refused_dismount_within_a_transcript_names_its_device() {
    let text = format!(
        "PS C:\\> Get-VM\nPS C:\\> Dismount-VMHostAssignableDevice -LocationPath \"{PATH}\"\n\
         Dismount-VMHostAssignableDevice : The operation failed.\nThe manufacturer of this device \
         has not supplied any directives for securing this device while exposing it to a virtual \
         machine.\nPS C:\\>\n"
    );
    let import = imported(&[text.as_bytes()]);
    let nodes = DeviceNodes::parse(import.capture.devnodes.as_ref().unwrap()).unwrap();
    let node = nodes.nodes.iter().find(|n| n.dismount.is_some()).unwrap();
    assert_eq!(node.list(windows::LOCATION_PATHS).next(), Some(PATH));
    let line = node.dismount.as_ref().unwrap().origin.line;
    assert_eq!(line, Some(2));
}

#[test]
fn boot_options_alone_say_something_of_the_host_only() {
    let export =
        serde_json::json!([{ "InstanceId": NVME, "BusNumber": 3, "Address": 0 }]).to_string();
    let import = imported(&[export.as_bytes(), BOOT.as_bytes()]);
    let windows: WindowsHost = host(&import, WindowsHost::NAME);
    assert_eq!(windows.boot_option("pciexpress"), Some("ForceDisable"));
    assert!(!imported(&[BOOT.as_bytes()]).is_usable());
}

/// An object of `Export-Clixml` as Windows PowerShell 5.1 writes it.
fn object(id: usize, members: &str) -> String {
    format!(
        "<Obj RefId=\"{id}\"><TN RefId=\"0\"><T>System.Object</T></TN>\
         <ToString>MSFT_PnpDeviceProperty</ToString><Props>{members}</Props>\
         <MS><Obj N=\"__ClassMetadata\" RefId=\"9{id}\"><LST><S>a</S></LST></Obj></MS></Obj>\n"
    )
}

fn clixml(objects: &str) -> String {
    format!(
        "<Objs Version=\"1.1.0.1\" \
         xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n{objects}</Objs>"
    )
}

#[test]
fn objects_written_as_xml_are_read() {
    let mut objects = String::new();
    for (id, (key, kind, value)) in ROWS.iter().enumerate() {
        let data = match json_value(value) {
            serde_json::Value::Array(items) => {
                let items: String = items
                    .iter()
                    .map(|item| format!("<S>{}</S>", item.as_str().unwrap()))
                    .collect();
                format!("<Obj N=\"Data\" RefId=\"5{id}\"><LST>{items}</LST></Obj>")
            }
            _ if *kind == "Boolean" => "<B N=\"Data\">false</B>".to_owned(),
            _ => format!("<U32 N=\"Data\">{value}</U32>"),
        };
        let instance = NVME.replace('&', "&amp;");
        objects += &object(
            id,
            &format!(
                "<S N=\"InstanceId\">{instance}</S><S N=\"KeyName\">{key}</S>\
                 <Obj N=\"Type\" RefId=\"6{id}\"><TNRef RefId=\"1\" /><ToString>{kind}</ToString>\
                 <U32>7</U32></Obj>{data}<Nil N=\"PSComputerName\" />"
            ),
        );
    }
    check(&clixml(&objects));
    // One list in the place of many objects.
    let one = format!("<Obj RefId=\"100\"><LST>{objects}</LST></Obj>");
    check(&clixml(&one));
    // PowerShell writes UTF-16 by default.
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(clixml(&objects).encode_utf16().flat_map(u16::to_le_bytes));
    let import = imported(&[&bytes]);
    assert!(import.capture.functions.contains_key(&at("0000:03:00.0")));
}

#[test]
fn a_cut_or_deep_xml_is_read_as_far_as_it_goes() {
    let whole = clixml(&object(
        0,
        "<S N=\"InstanceId\">PCI\\VEN_1\\3&amp;0&amp;0&amp;08</S>",
    ));
    for cut in 0..whole.len() {
        let _ = imported(&[whole.as_bytes().get(..cut).unwrap()]);
    }
    let deep = clixml(&"<Obj><LST>".repeat(100_000));
    assert!(!imported(&[deep.as_bytes()]).is_usable());
}

#[test]
fn a_printed_list_of_devices_is_read_unless_its_ids_are_cut() {
    let table = |id: &str| {
        format!(
            "\n{:10} {:12} {:30} InstanceId\n{:10} {:12} {:30} ----------\n\
             {:10} {:12} {:30} {id}\n{:10} {:12} {:30} {PORT}\n\n",
            "Status",
            "Class",
            "FriendlyName",
            "------",
            "-----",
            "------------",
            "OK",
            "SCSIAdapter",
            "Laufwerk für Daten",
            "OK",
            "System",
            "Root port",
        )
    };
    let import = imported(&[table(NVME).as_bytes()]);
    let nodes = DeviceNodes::parse(import.capture.devnodes.as_ref().unwrap()).unwrap();
    let node = nodes.find(NVME).unwrap();
    assert_eq!(
        node.text(windows::FRIENDLY_NAME),
        Some("Laufwerk für Daten")
    );
    assert_eq!(node.problem_code(), Some(0));
    assert!(nodes.find(PORT).is_some());
    let cut = imported(&[table("PCI\\VEN_144D&DEV_A820...").as_bytes()]);
    let nodes = DeviceNodes::parse(cut.capture.devnodes.as_ref().unwrap()).unwrap();
    assert_eq!(nodes.nodes.len(), 1);
    let said = cut.diagnostics.iter().map(ToString::to_string);
    assert!(said.into_iter().any(|d| d.contains("1 row")));
}

#[test]
fn a_printed_pool_is_read_and_wrapped_values_are_joined() {
    let (first, second) = NVME.split_at(40);
    let text = format!(
        "{:40} {:32} ResourcePoolName\n{:40} {:32} ----------------\n\
         {first:40} {PATH:32} Primordial\n{second:40}\n\n",
        "InstanceID", "LocationPath", "----------", "------------",
    );
    let export =
        serde_json::json!([{ "InstanceId": NVME, "BusNumber": 3, "Address": 0 }]).to_string();
    let import = imported(&[export.as_bytes(), text.as_bytes()]);
    let hyperv: HyperV = host(&import, HyperV::NAME);
    let pool = hyperv.pool.unwrap();
    assert_eq!(pool.len(), 1);
    assert_eq!(pool[0].location_path.as_deref(), Some(PATH));
    assert_eq!(pool[0].pool.as_deref(), Some("Primordial"));
}
