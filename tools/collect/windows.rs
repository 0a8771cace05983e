//! The calls into Windows, behind the safe trait of the library.
//!
//! Everything here reads: no device is opened, no driver loaded, no value written.

#![allow(
    unsafe_code,
    reason = "Windows is called through its C interface, here and nowhere else"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::ptr::{null, null_mut};

use assignable::capture::{HyperV, WindowsHost};
use assignable::collect::windows::{RawNode, RawProperty, RawResource, Source};
use windows_sys::Win32::Devices::DeviceAndDriverInstallation as dev;
use windows_sys::Win32::Foundation::{DEVPROPKEY, ERROR_SUCCESS, GetLastError};
use windows_sys::Win32::System::Registry as reg;
use windows_sys::Win32::System::SystemInformation as sys;
use windows_sys::core::GUID;

/// Nodes, keys and values of one list, at most.
const MAX_ITEMS: u32 = 100_000;
/// Bytes of one value or table, at most.
const MAX_BYTES: u32 = 16 << 20;
/// `ACPI`, as a provider of firmware tables.
const ACPI: u32 = u32::from_be_bytes(*b"ACPI");

/// This host.
pub(crate) struct Host {
    /// Device instance handles by instance id in upper case.
    handles: BTreeMap<String, u32>,
}

impl Host {
    pub(crate) const fn new() -> Self {
        Self {
            handles: BTreeMap::new(),
        }
    }

    /// The nodes of an enumerator.
    fn enumerate(&mut self, enumerator: &str, present_only: bool) -> Result<Vec<RawNode>, String> {
        let name = wide(enumerator);
        let present = if present_only { dev::DIGCF_PRESENT } else { 0 };
        // SAFETY: the name ends in NUL and lives through the call; the other pointers are null,
        // which the function allows.
        let set = unsafe {
            dev::SetupDiGetClassDevsW(
                null(),
                name.as_ptr(),
                null_mut(),
                dev::DIGCF_ALLCLASSES | present,
            )
        };
        // INVALID_HANDLE_VALUE
        if set == -1 {
            return Err(last_error("SetupDiGetClassDevs"));
        }
        let mut nodes = Vec::new();
        for index in 0..MAX_ITEMS {
            let mut data = dev::SP_DEVINFO_DATA {
                cbSize: size_of_u32::<dev::SP_DEVINFO_DATA>(),
                ..Default::default()
            };
            // SAFETY: the set is open, and the structure has its size in it.
            if unsafe { dev::SetupDiEnumDeviceInfo(set, index, &raw mut data) } == 0 {
                break;
            }
            let Some(instance_id) = instance_id(set, &data) else {
                continue;
            };
            let properties = if present_only {
                Vec::new()
            } else {
                properties(set, &data)
            };
            self.handles
                .insert(instance_id.to_ascii_uppercase(), data.DevInst);
            nodes.push(RawNode {
                registry: BTreeMap::new(),
                instance_id,
                present: false,
                properties,
            });
        }
        // SAFETY: the set was opened above and is used no more.
        unsafe { dev::SetupDiDestroyDeviceInfoList(set) };
        Ok(nodes)
    }
}

impl Source for Host {
    fn nodes(&mut self) -> Result<Vec<RawNode>, String> {
        let mut all = Vec::new();
        for enumerator in ["PCI", "PCIP", "ACPI"] {
            let listed = match self.enumerate(enumerator, false) {
                Ok(listed) => listed,
                Err(_) if enumerator != "PCI" => continue,
                Err(why) => return Err(why),
            };
            let there: BTreeSet<String> = self
                .enumerate(enumerator, true)?
                .into_iter()
                .map(|node| node.instance_id.to_ascii_uppercase())
                .collect();
            for mut node in listed {
                let upper = node.instance_id.to_ascii_uppercase();
                // Of ACPI, the root buses alone.
                let root = upper.contains(r"\PNP0A08\") || upper.contains(r"\PNP0A03\");
                if enumerator == "ACPI" && !root {
                    continue;
                }
                node.present = there.contains(&upper);
                node.registry = device_parameters(&node.instance_id);
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
        log_conf(handle)
    }

    fn tables(&mut self) -> Result<Vec<Vec<u8>>, String> {
        // SAFETY: without a buffer the function gives the size that it needs.
        let size = unsafe { sys::EnumSystemFirmwareTables(ACPI, null_mut(), 0) };
        if size == 0 {
            return Err(last_error("EnumSystemFirmwareTables"));
        }
        let mut names = vec![0_u8; size.min(MAX_BYTES) as usize];
        let room = u32::try_from(names.len()).unwrap_or(0);
        // SAFETY: the buffer has the length that is given.
        let filled = unsafe { sys::EnumSystemFirmwareTables(ACPI, names.as_mut_ptr(), room) };
        names.truncate(filled.min(room) as usize);
        let (ids, _) = names.as_chunks::<4>();
        let mut seen = BTreeSet::new();
        let mut tables: Vec<Vec<u8>> = Vec::new();
        for id in ids {
            if seen.insert(*id) {
                tables.extend(firmware_table(u32::from_le_bytes(*id)));
            }
        }
        // Several SSDTs share a signature: the registry holds the others.
        for signature in [
            "SSDT", "SSD1", "SSD2", "SSD3", "SSD4", "SSD5", "SSD6", "SSD7",
        ] {
            registry_tables(&format!(r"HARDWARE\ACPI\{signature}"), 0, &mut tables);
        }
        Ok(tables)
    }

    fn windows(&mut self) -> WindowsHost {
        const VERSION: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
        const OPTIONS: &str = r"SYSTEM\CurrentControlSet\Control\ProductOptions";
        const POLICIES: &str = r"SOFTWARE\Policies\Microsoft\Windows\HyperV";
        const VIRTUALIZATION: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Virtualization";
        let text = |key: &str, name: &str| registry_text(key, name);
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
            if let Some(number) = registry_number(key, name) {
                registry.insert(format!(r"{key}\{name}"), number.into());
            }
        }
        WindowsHost {
            edition: text(VERSION, "EditionID"),
            product: text(VERSION, "ProductName"),
            product_type: kind,
            build: text(VERSION, "CurrentBuildNumber").and_then(|build| build.parse().ok()),
            registry,
            physical_address_bits: address_bits(),
            ..WindowsHost::default()
        }
    }

    fn hyperv(&mut self) -> Result<Option<HyperV>, String> {
        let role = registry_text(r"SYSTEM\CurrentControlSet\Services\vmms", "ImagePath");
        match role {
            None => Ok(None),
            Some(_) => Err(
                "this program does not ask the Hyper-V role; Collect-Assignable.ps1 does"
                    .to_owned(),
            ),
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
        .filter_map(|(name, value)| Some((name.to_owned(), registry_text(BIOS, value)?)))
        .collect()
    }

    fn elevated(&mut self) -> bool {
        // SAFETY: the function has no arguments.
        unsafe { windows_sys::Win32::UI::Shell::IsUserAnAdmin() != 0 }
    }
}

fn size_of_u32<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap_or(0)
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

fn instance_id(set: dev::HDEVINFO, data: &dev::SP_DEVINFO_DATA) -> Option<String> {
    // MAX_DEVICE_ID_LEN is 200.
    let mut buffer = [0_u16; 512];
    let mut needed = 0;
    // SAFETY: buffer and lengths belong together; the set is open.
    let done = unsafe {
        dev::SetupDiGetDeviceInstanceIdW(set, data, buffer.as_mut_ptr(), 512, &raw mut needed)
    };
    let end = buffer.iter().position(|&unit| unit == 0)?;
    (done != 0).then(|| String::from_utf16_lossy(buffer.get(..end).unwrap_or_default()))
}

fn properties(set: dev::HDEVINFO, data: &dev::SP_DEVINFO_DATA) -> Vec<RawProperty> {
    let mut keys = if on_wine() {
        Vec::new()
    } else {
        own_keys(set, data)
    };
    // The PCI driver's properties are computed when they are asked for.
    for (_, key) in assignable::spec::windows::NAMED_KEYS {
        let Some(key) = parse_key(key) else { continue };
        if !keys.iter().any(|known| same_key(known, &key)) {
            keys.push(key);
        }
    }
    keys.iter()
        .filter_map(|key| property(set, data, key))
        .collect()
}

/// The keys that Windows lists for a node.
fn own_keys(set: dev::HDEVINFO, data: &dev::SP_DEVINFO_DATA) -> Vec<DEVPROPKEY> {
    let mut count = 0;
    // SAFETY: without a buffer the function gives the number of keys.
    unsafe {
        dev::SetupDiGetDevicePropertyKeys(set, data, null_mut(), 0, &raw mut count, 0);
    }
    let mut keys = vec![DEVPROPKEY::default(); count.min(MAX_ITEMS) as usize];
    let room = u32::try_from(keys.len()).unwrap_or(0);
    // SAFETY: the buffer has as many keys as given.
    let done = unsafe {
        dev::SetupDiGetDevicePropertyKeys(set, data, keys.as_mut_ptr(), room, &raw mut count, 0)
    };
    if done == 0 {
        keys.clear();
    }
    keys
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

fn property(
    set: dev::HDEVINFO,
    data: &dev::SP_DEVINFO_DATA,
    key: &DEVPROPKEY,
) -> Option<RawProperty> {
    let (mut kind, mut needed) = (0, 0);
    let mut bytes = vec![0_u8; 1024];
    loop {
        let room = u32::try_from(bytes.len()).ok()?;
        // SAFETY: the buffer has the length that is given; the set is open.
        let done = unsafe {
            dev::SetupDiGetDevicePropertyW(
                set,
                data,
                key,
                &raw mut kind,
                bytes.as_mut_ptr(),
                room,
                &raw mut needed,
                0,
            )
        };
        if done != 0 {
            bytes.truncate(needed as usize);
            break;
        }
        if needed <= room || needed > MAX_BYTES {
            return None;
        }
        bytes.resize(needed as usize, 0);
    }
    Some(RawProperty {
        key: key_text(key),
        kind,
        bytes,
    })
}

/// `{FMTID} pid`.
fn key_text(key: &DEVPROPKEY) -> String {
    let GUID {
        data1,
        data2,
        data3,
        data4,
    } = key.fmtid;
    let rest: String = data4.iter().map(|byte| format!("{byte:02X}")).collect();
    let (fourth, fifth) = rest.split_at(4);
    format!(
        "{{{data1:08X}-{data2:04X}-{data3:04X}-{fourth}-{fifth}}} {}",
        key.pid
    )
}

fn parse_key(text: &str) -> Option<DEVPROPKEY> {
    let (guid, pid) = text.strip_prefix('{')?.split_once("} ")?;
    let digits: String = guid.chars().filter(|c| *c != '-').collect();
    Some(DEVPROPKEY {
        fmtid: GUID::from_u128(u128::from_str_radix(&digits, 16).ok()?),
        pid: pid.parse().ok()?,
    })
}

fn same_key(one: &DEVPROPKEY, other: &DEVPROPKEY) -> bool {
    key_text(one) == key_text(other)
}

/// The descriptors of the allocated configuration.
fn log_conf(handle: u32) -> Result<Vec<RawResource>, String> {
    let mut conf = 0;
    // SAFETY: the result is written to a variable of the right type.
    let code = unsafe { dev::CM_Get_First_Log_Conf(&raw mut conf, handle, dev::ALLOC_LOG_CONF) };
    match code {
        dev::CR_SUCCESS => {}
        // A device may have none.
        dev::CR_NO_MORE_LOG_CONF => return Ok(Vec::new()),
        code => return Err(format!("CM_Get_First_Log_Conf: error {code}")),
    }
    let mut found = Vec::new();
    let mut current = conf;
    for _ in 0..4096 {
        let (mut next, mut kind) = (0, 0);
        // SAFETY: results are written to variables of the right types; ResType_All is 0.
        let code = unsafe { dev::CM_Get_Next_Res_Des(&raw mut next, current, 0, &raw mut kind, 0) };
        if current != conf {
            // SAFETY: the handle was given by the call before and is used no more.
            unsafe { dev::CM_Free_Res_Des_Handle(current) };
        }
        if code != dev::CR_SUCCESS {
            break;
        }
        current = next;
        let mut size = 0;
        // SAFETY: as above.
        let sized = unsafe { dev::CM_Get_Res_Des_Data_Size(&raw mut size, next, 0) };
        if sized != dev::CR_SUCCESS || size > MAX_BYTES {
            continue;
        }
        let mut bytes = vec![0_u8; size as usize];
        // SAFETY: the buffer has the size that is given.
        let read = unsafe { dev::CM_Get_Res_Des_Data(next, bytes.as_mut_ptr().cast(), size, 0) };
        if read == dev::CR_SUCCESS {
            found.push(RawResource { kind, bytes });
        }
    }
    // SAFETY: the handle was given above and is used no more.
    unsafe { dev::CM_Free_Log_Conf_Handle(conf) };
    Ok(found)
}

fn firmware_table(id: u32) -> Option<Vec<u8>> {
    // SAFETY: without a buffer the function gives the size that it needs.
    let size = unsafe { sys::GetSystemFirmwareTable(ACPI, id, null_mut(), 0) };
    if size == 0 || size > MAX_BYTES {
        return None;
    }
    let mut table = vec![0_u8; size as usize];
    // SAFETY: the buffer has the size that is given.
    let filled = unsafe { sys::GetSystemFirmwareTable(ACPI, id, table.as_mut_ptr(), size) };
    table.truncate(filled.min(size) as usize);
    (!table.is_empty()).then_some(table)
}

/// A registry key below `HKEY_LOCAL_MACHINE`, open for reading.
struct Key(reg::HKEY);

impl Key {
    fn open(path: &str) -> Option<Self> {
        let path = wide(path);
        let mut key = null_mut();
        // SAFETY: the path ends in NUL; the result is written to a variable of the right type.
        let code = unsafe {
            reg::RegOpenKeyExW(
                reg::HKEY_LOCAL_MACHINE,
                path.as_ptr(),
                0,
                reg::KEY_READ,
                &raw mut key,
            )
        };
        (code == ERROR_SUCCESS).then_some(Self(key))
    }

    fn value(&self, name: &str) -> Option<(u32, Vec<u8>)> {
        let name = wide(name);
        let (mut kind, mut size) = (0, 0);
        // SAFETY: without a buffer the function gives type and size.
        let code = unsafe {
            reg::RegQueryValueExW(
                self.0,
                name.as_ptr(),
                null(),
                &raw mut kind,
                null_mut(),
                &raw mut size,
            )
        };
        if code != ERROR_SUCCESS || size > MAX_BYTES {
            return None;
        }
        let mut bytes = vec![0_u8; size as usize];
        // SAFETY: the buffer has the size that is given.
        let code = unsafe {
            reg::RegQueryValueExW(
                self.0,
                name.as_ptr(),
                null(),
                &raw mut kind,
                bytes.as_mut_ptr(),
                &raw mut size,
            )
        };
        bytes.truncate(size as usize);
        (code == ERROR_SUCCESS).then_some((kind, bytes))
    }

    fn child(&self, index: u32) -> Option<String> {
        let mut name = [0_u16; 256];
        let mut length = 256;
        // SAFETY: the buffer has the length that is given; the others may be null.
        let code = unsafe {
            reg::RegEnumKeyExW(
                self.0,
                index,
                name.as_mut_ptr(),
                &raw mut length,
                null(),
                null_mut(),
                null_mut(),
                null_mut(),
            )
        };
        let name = name.get(..length as usize)?;
        (code == ERROR_SUCCESS).then(|| String::from_utf16_lossy(name))
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is open and used no more.
        unsafe { reg::RegCloseKey(self.0) };
    }
}

fn registry_text(path: &str, name: &str) -> Option<String> {
    let (kind, bytes) = Key::open(path)?.value(name)?;
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| u16::from_le_bytes(pair));
    let text: Vec<u16> = units.take_while(|&unit| unit != 0).collect();
    let is_text = kind == reg::REG_SZ || kind == reg::REG_EXPAND_SZ;
    (is_text && !text.is_empty()).then(|| String::from_utf16_lossy(&text))
}

fn registry_number(path: &str, name: &str) -> Option<u32> {
    let (kind, bytes) = Key::open(path)?.value(name)?;
    let number = bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    number.filter(|_| kind == reg::REG_DWORD)
}

/// The copies of tables below a key: OEM id, table id and revision are keys of their own.
fn registry_tables(path: &str, depth: u32, tables: &mut Vec<Vec<u8>>) {
    let Some(key) = Key::open(path).filter(|_| depth < 5) else {
        return;
    };
    if let Some((reg::REG_BINARY, table)) = key.value("00000000") {
        tables.push(table);
    }
    for index in 0..256 {
        let Some(child) = key.child(index) else { break };
        registry_tables(&format!(r"{path}\{child}"), depth + 1, tables);
    }
}

/// Settings of interrupts and of DMA remapping.
fn device_parameters(instance_id: &str) -> BTreeMap<String, u32> {
    const MSI: &str = r"Interrupt Management\MessageSignaledInterruptProperties";
    let base = format!(r"SYSTEM\CurrentControlSet\Enum\{instance_id}\Device Parameters");
    [
        (MSI, "MSISupported"),
        (MSI, "MessageNumberLimit"),
        ("DMA Management", "RemappingSupported"),
    ]
    .into_iter()
    .filter_map(|(folder, name)| {
        let number = registry_number(&format!(r"{base}\{folder}"), name)?;
        Some((format!(r"{folder}\{name}"), number))
    })
    .collect()
}

/// Width of physical addresses (CPUID 8000_0008h, EAX 7:0).
fn address_bits() -> Option<u8> {
    #[cfg(target_arch = "x86_64")]
    {
        let highest = std::arch::x86_64::__cpuid(0x8000_0000).eax;
        let bits = std::arch::x86_64::__cpuid(0x8000_0008).eax & 0xff;
        u8::try_from(bits).ok().filter(|_| highest >= 0x8000_0008)
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}
