//! The calls into Windows, behind the safe trait of the library.
//!
//! Everything here reads: no device is opened, no driver loaded, no value written. One program
//! of the box is run, PowerShell, where the Hyper-V role is installed.

#![allow(
    unsafe_code,
    reason = "Windows is called through its C interface, here and nowhere else"
)]

mod devices;
mod firmware;
mod hyperv;
mod registry;
mod run;
mod system;

use std::collections::{BTreeMap, BTreeSet};

use assignable::capture::WindowsHost;
use assignable::collect::windows::{RawNode, RawResource, RegistryValue, Source};
use windows_sys::Win32::Foundation::GetLastError;
use windows_sys::core::GUID;

use registry::{number, text};

/// Nodes, keys and values of one list, at most.
const MAX_ITEMS: u32 = 100_000;
/// Bytes of one value or table, at most.
const MAX_BYTES: u32 = 16 << 20;

/// This host.
pub(crate) struct Host {
    /// Device instance handles by instance id in upper case.
    handles: BTreeMap<String, u32>,
    /// Whether the Hyper-V role may be asked.
    ask_hyperv: bool,
}

impl Host {
    pub(crate) const fn new(ask_hyperv: bool) -> Self {
        Self {
            handles: BTreeMap::new(),
            ask_hyperv,
        }
    }
}

impl Source for Host {
    fn nodes(&mut self) -> Result<Vec<RawNode>, String> {
        let mut all = Vec::new();
        for enumerator in ["PCI", "PCIP", "ACPI"] {
            let listed = match devices::enumerate(enumerator, false) {
                Ok(listed) => listed,
                Err(_) if enumerator != "PCI" => continue,
                Err(why) => return Err(why),
            };
            let there: BTreeSet<String> = devices::enumerate(enumerator, true)?
                .into_iter()
                .map(|(node, _)| node.instance_id.to_ascii_uppercase())
                .collect();
            for (mut node, handle) in listed {
                let upper = node.instance_id.to_ascii_uppercase();
                // Of ACPI, the root buses alone.
                let root = upper.contains(r"\PNP0A08\") || upper.contains(r"\PNP0A03\");
                if enumerator == "ACPI" && !root {
                    continue;
                }
                node.present = there.contains(&upper);
                node.registry = devices::device_parameters(&node.instance_id);
                self.handles.insert(upper, handle);
                all.push(node);
            }
        }
        Ok(all)
    }

    fn resources(&mut self, instance_id: &str) -> Result<Vec<RawResource>, String> {
        if on_wine() {
            return Err("Wine has no lists of resources".to_owned());
        }
        let handle = self.handles.get(&instance_id.to_ascii_uppercase());
        let Some(&handle) = handle else {
            return Err("no handle of the device".to_owned());
        };
        devices::log_conf(handle)
    }

    fn tables(&mut self) -> Result<Vec<Vec<u8>>, String> {
        firmware::tables()
    }

    fn windows(&mut self) -> WindowsHost {
        const VERSION: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
        const CONTROL: &str = r"SYSTEM\CurrentControlSet\Control";
        const OPTIONS: &str = r"SYSTEM\CurrentControlSet\Control\ProductOptions";
        const POLICIES: &str = r"SOFTWARE\Policies\Microsoft\Windows\HyperV";
        const VIRTUALIZATION: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Virtualization";
        let kind = text(OPTIONS, "ProductType").map(|kind| {
            match kind.as_str() {
                "WinNT" => "workstation",
                "LanmanNT" => "domain-controller",
                _ => "server",
            }
            .to_owned()
        });
        let mut registry = BTreeMap::new();
        for (key, name) in [
            (POLICIES, "RequireSecureDeviceAssignment"),
            (POLICIES, "RequireSupportedDeviceAssignment"),
            (VIRTUALIZATION, "IOVEnableOverride"),
        ] {
            if let Some(number) = number(key, name) {
                registry.insert(format!(r"{key}\{name}"), number.into());
            }
        }
        // The options that the loader handed to the kernel; anybody may read them.
        if let Some(options) = text(CONTROL, "SystemStartOptions") {
            registry.insert(format!(r"{CONTROL}\SystemStartOptions"), options.into());
        }
        WindowsHost {
            edition: text(VERSION, "EditionID"),
            product: text(VERSION, "ProductName"),
            product_type: kind,
            build: text(VERSION, "CurrentBuildNumber").and_then(|build| build.parse().ok()),
            registry,
            physical_address_bits: system::address_bits(),
            ..WindowsHost::default()
        }
    }

    fn registry(&mut self, key: &str, name: &str) -> Result<Option<RegistryValue>, String> {
        registry::value(key, name)
    }

    fn boot_entry(&mut self) -> Option<String> {
        system::boot_entry()
    }

    fn hyperv(&mut self) -> Result<Option<Vec<u8>>, String> {
        let role = text(r"SYSTEM\CurrentControlSet\Services\vmms", "ImagePath");
        match role {
            None => Ok(None),
            Some(_) if !self.ask_hyperv => Err("not asked: --no-hyperv".to_owned()),
            Some(_) => hyperv::ask().map(Some),
        }
    }

    fn platform(&mut self) -> BTreeMap<String, String> {
        const BIOS: &str = r"HARDWARE\DESCRIPTION\System\BIOS";
        [
            ("sys_vendor", "SystemManufacturer"),
            ("product_name", "SystemProductName"),
            ("board_vendor", "BaseBoardManufacturer"),
            ("board_name", "BaseBoardProduct"),
            ("bios_vendor", "BIOSVendor"),
            ("bios_version", "BIOSVersion"),
            ("bios_date", "BIOSReleaseDate"),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), text(BIOS, value)?)))
        .collect()
    }

    fn elevated(&mut self) -> bool {
        system::elevated()
    }
}

/// In braces, as the registry and the makers of properties write it.
fn guid_text(guid: &GUID) -> String {
    let GUID {
        data1,
        data2,
        data3,
        data4,
    } = guid;
    let rest: String = data4.iter().map(|byte| format!("{byte:02X}")).collect();
    let (fourth, fifth) = rest.split_at(4);
    format!("{{{data1:08X}-{data2:04X}-{data3:04X}-{fourth}-{fifth}}}")
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn last_error(what: &str) -> String {
    // SAFETY: the function has no arguments.
    let code = unsafe { GetLastError() };
    match code {
        0 => format!("{what} gives nothing on this system"),
        code => format!(
            "{what}: {}",
            std::io::Error::from_raw_os_error(code.cast_signed())
        ),
    }
}

/// Wine, where this program is tested, ends a program that calls what it lacks.
fn on_wine() -> bool {
    use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
    let name = wide("ntdll.dll");
    // SAFETY: both names end in NUL, and the module stays loaded.
    unsafe {
        GetProcAddress(
            GetModuleHandleW(name.as_ptr()),
            c"wine_get_version".as_ptr().cast(),
        )
    }
    .is_some()
}
