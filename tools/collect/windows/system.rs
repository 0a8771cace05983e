//! What the system says of itself.

use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;

use windows_sys::Wdk::System::SystemInformation as wdk;
use windows_sys::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows_sys::core::GUID;

use super::guid_text;

/// `SYSTEM_BOOT_ENVIRONMENT_INFORMATION`, whose number Microsoft does not document (90 in phnt,
/// ntexapi.h).
const BOOT_ENVIRONMENT: wdk::SYSTEM_INFORMATION_CLASS = 90;

/// The folder of the programs of the box.
pub(super) fn directory() -> Option<PathBuf> {
    let mut buffer = [0_u16; 512];
    // SAFETY: the buffer has the length that is given.
    let length = unsafe { GetSystemDirectoryW(buffer.as_mut_ptr(), 512) };
    let path = buffer
        .get(..length as usize)
        .filter(|path| !path.is_empty())?;
    Some(PathBuf::from(OsString::from_wide(path)))
}

/// The entry of the boot configuration that started the system.
pub(super) fn boot_entry() -> Option<String> {
    // The id, the kind of firmware, and flags; aligned as their structure is.
    let mut parts = [0_u64; 4];
    let mut length = 0;
    // SAFETY: the buffer has the length that is given; the length goes to a variable of its type.
    let status = unsafe {
        wdk::NtQuerySystemInformation(
            BOOT_ENVIRONMENT,
            parts.as_mut_ptr().cast(),
            32,
            &raw mut length,
        )
    };
    let [low, high, ..] = parts;
    if status < 0 || length < 16 || (low, high) == (0, 0) {
        return None;
    }
    let [a, b, c, d, e, f, g, h] = low.to_le_bytes();
    let id = GUID {
        data1: u32::from_le_bytes([a, b, c, d]),
        data2: u16::from_le_bytes([e, f]),
        data3: u16::from_le_bytes([g, h]),
        data4: high.to_le_bytes(),
    };
    // The boot store writes its entries with small letters.
    Some(guid_text(&id).to_ascii_lowercase())
}

/// Whether the program runs as administrator.
pub(super) fn elevated() -> bool {
    // SAFETY: the function has no arguments.
    unsafe { windows_sys::Win32::UI::Shell::IsUserAnAdmin() != 0 }
}

/// Width of physical addresses (CPUID 8000_0008h, EAX 7:0).
pub(super) fn address_bits() -> Option<u8> {
    #[cfg(target_arch = "x86_64")]
    {
        let highest = std::arch::x86_64::__cpuid(0x8000_0000).eax;
        let bits = std::arch::x86_64::__cpuid(0x8000_0008).eax & 0xff;
        u8::try_from(bits).ok().filter(|_| highest >= 0x8000_0008)
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}
