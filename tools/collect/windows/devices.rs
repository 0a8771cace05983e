//! Device nodes and their properties (SetupAPI), and what is allocated to them (configuration
//! manager).

use std::collections::BTreeMap;
use std::ptr::{null, null_mut};

use assignable::collect::windows::{RawNode, RawProperty, RawResource};
use windows_sys::Win32::Devices::DeviceAndDriverInstallation as dev;
use windows_sys::Win32::Foundation::DEVPROPKEY;
use windows_sys::core::GUID;

use super::registry::number;
use super::{MAX_BYTES, MAX_ITEMS, guid_text, last_error, on_wine, wide};

/// A node, and the handle of its device.
pub(super) type Handled = (RawNode, u32);

/// The nodes of an enumerator, present or not; with `present_only` those that are, without
/// their properties.
pub(super) fn enumerate(enumerator: &str, present_only: bool) -> Result<Vec<Handled>, String> {
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
        let node = RawNode {
            registry: BTreeMap::new(),
            instance_id,
            present: false,
            properties,
        };
        nodes.push((node, data.DevInst));
    }
    // SAFETY: the set was opened above and is used no more.
    unsafe { dev::SetupDiDestroyDeviceInfoList(set) };
    Ok(nodes)
}

fn size_of_u32<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap_or(0)
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
    format!("{} {}", guid_text(&key.fmtid), key.pid)
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
pub(super) fn log_conf(handle: u32) -> Result<Vec<RawResource>, String> {
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

/// Settings of interrupts and of DMA remapping.
pub(super) fn device_parameters(instance_id: &str) -> BTreeMap<String, u32> {
    const MSI: &str = r"Interrupt Management\MessageSignaledInterruptProperties";
    let base = format!(r"SYSTEM\CurrentControlSet\Enum\{instance_id}\Device Parameters");
    [
        (MSI, "MSISupported"),
        (MSI, "MessageNumberLimit"),
        ("DMA Management", "RemappingSupported"),
    ]
    .into_iter()
    .filter_map(|(folder, name)| {
        let number = number(&format!(r"{base}\{folder}"), name)?;
        Some((format!(r"{folder}\{name}"), number))
    })
    .collect()
}
