//! Keys and values of the registry below `HKEY_LOCAL_MACHINE`, open for reading.

use std::ptr::{null, null_mut};

use assignable::collect::windows::RegistryValue;
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS};
use windows_sys::Win32::System::Registry as reg;

use super::{MAX_BYTES, wide};

/// An open key.
pub(super) struct Key(reg::HKEY);

impl Key {
    /// `None` where there is no such key.
    pub(super) fn open(path: &str) -> Result<Option<Self>, String> {
        let name = wide(path);
        let mut key = null_mut();
        // SAFETY: the path ends in NUL; the result is written to a variable of the right type.
        let code = unsafe {
            reg::RegOpenKeyExW(
                reg::HKEY_LOCAL_MACHINE,
                name.as_ptr(),
                0,
                reg::KEY_READ,
                &raw mut key,
            )
        };
        match code {
            ERROR_SUCCESS => Ok(Some(Self(key))),
            ERROR_FILE_NOT_FOUND => Ok(None),
            code => Err(error(path, code)),
        }
    }

    /// `None` where there is no such value.
    pub(super) fn value(&self, name: &str) -> Result<Option<RegistryValue>, String> {
        let wide = wide(name);
        let (mut kind, mut size) = (0, 0);
        // SAFETY: without a buffer the function gives type and size.
        let code = unsafe {
            reg::RegQueryValueExW(
                self.0,
                wide.as_ptr(),
                null(),
                &raw mut kind,
                null_mut(),
                &raw mut size,
            )
        };
        match code {
            ERROR_SUCCESS if size <= MAX_BYTES => {}
            ERROR_SUCCESS => return Err(format!("{name}: {size} bytes are too many")),
            ERROR_FILE_NOT_FOUND => return Ok(None),
            code => return Err(error(name, code)),
        }
        let mut bytes = vec![0_u8; size as usize];
        // SAFETY: the buffer has the size that is given.
        let code = unsafe {
            reg::RegQueryValueExW(
                self.0,
                wide.as_ptr(),
                null(),
                &raw mut kind,
                bytes.as_mut_ptr(),
                &raw mut size,
            )
        };
        bytes.truncate(size as usize);
        match code {
            ERROR_SUCCESS => Ok(Some(RegistryValue { kind, bytes })),
            code => Err(error(name, code)),
        }
    }

    /// The name of a key below, by its number.
    pub(super) fn child(&self, index: u32) -> Option<String> {
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

fn error(what: &str, code: u32) -> String {
    let error = std::io::Error::from_raw_os_error(code.cast_signed());
    format!("{what}: {error}")
}

/// A value by its key and name; `None` where one of them is missing.
pub(super) fn value(path: &str, name: &str) -> Result<Option<RegistryValue>, String> {
    match Key::open(path)? {
        Some(key) => key.value(name),
        None => Ok(None),
    }
}

/// A text that is there and not empty.
pub(super) fn text(path: &str, name: &str) -> Option<String> {
    let value = value(path, name).ok().flatten()?;
    let is_text = value.kind == reg::REG_SZ || value.kind == reg::REG_EXPAND_SZ;
    value.texts().into_iter().next().filter(|_| is_text)
}

/// A `REG_DWORD` that is there.
pub(super) fn number(path: &str, name: &str) -> Option<u32> {
    let value = value(path, name).ok().flatten()?;
    let number = value.number().filter(|_| value.kind == reg::REG_DWORD)?;
    u32::try_from(number).ok()
}
