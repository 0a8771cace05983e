//! What a guest of the lab needs beside a shell: asking VFIO, and a way out.
//!
//! Built by `rustc` alone, because the package forbids the unsafe code that ioctl needs.
//!
//! `guest vfio` prints a line for each function of each group: its address and
//! `opened`, `not-viable`, or `refused` with the step and the error.
//! `guest send` writes standard input to the debug console at port 0xe9.

use std::ffi::{CString, c_char, c_int, c_ulong, c_void};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

unsafe extern "C" {
    fn ioctl(file: c_int, request: c_ulong, argument: *mut c_void) -> c_int;
    fn close(file: c_int) -> c_int;
}

// include/uapi/linux/vfio.h: _IO(';', 100 + n)
const SET_IOMMU: c_ulong = 0x3b66;
const GROUP_GET_STATUS: c_ulong = 0x3b67;
const GROUP_SET_CONTAINER: c_ulong = 0x3b68;
const GROUP_GET_DEVICE_FD: c_ulong = 0x3b6a;
const TYPE1_IOMMU: usize = 1;
const VIABLE: u32 = 1;

fn call(file: &File, request: c_ulong, argument: *mut c_void) -> io::Result<c_int> {
    // SAFETY: each caller passes what the request takes, and it lives across the call.
    match unsafe { ioctl(file.as_raw_fd(), request, argument) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}

fn open(path: &str) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

fn vfio() -> io::Result<()> {
    let mut groups: Vec<u32> = fs::read_dir("/sys/kernel/iommu_groups")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    groups.sort_unstable();
    for group in groups {
        let folder = format!("/sys/kernel/iommu_groups/{group}/devices");
        let mut members: Vec<String> = fs::read_dir(&folder)?
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        members.sort();
        let driver = |member: &str| {
            let link = fs::read_link(format!("{folder}/{member}/driver")).ok()?;
            Some(link.file_name()?.to_str()?.to_owned())
        };
        // Ports, bridges and what kept its driver cannot be opened, whatever VFIO says.
        let asked: Vec<&String> = members
            .iter()
            .filter(|member| driver(member).as_deref() == Some("vfio-pci"))
            .collect();
        if asked.is_empty() {
            continue;
        }
        let refused = |step: &str, error: &io::Error| {
            for member in &asked {
                println!("{member} refused {step}: {error}");
            }
        };
        let file = match open(&format!("/dev/vfio/{group}")) {
            Ok(file) => file,
            Err(error) => {
                refused("open", &error);
                continue;
            }
        };
        let mut status = [8_u32, 0];
        call(&file, GROUP_GET_STATUS, status.as_mut_ptr().cast())?;
        if status[1] & VIABLE == 0 {
            for member in &asked {
                println!("{member} not-viable");
            }
            continue;
        }
        let container = open("/dev/vfio/vfio")?;
        let mut number = container.as_raw_fd();
        if let Err(error) = call(&file, GROUP_SET_CONTAINER, (&raw mut number).cast()) {
            refused("set-container", &error);
            continue;
        }
        if let Err(error) = call(&container, SET_IOMMU, TYPE1_IOMMU as *mut c_void) {
            refused("set-iommu", &error);
            continue;
        }
        for member in asked {
            let name = CString::new(member.as_str())?;
            let name: *const c_char = name.as_ptr();
            match call(&file, GROUP_GET_DEVICE_FD, name.cast_mut().cast()) {
                Ok(device) => {
                    println!("{member} opened");
                    // SAFETY: the descriptor is ours and used nowhere else.
                    unsafe { close(device) };
                }
                Err(error) => println!("{member} refused device: {error}"),
            }
        }
    }
    Ok(())
}

/// The port is a byte wide, and every write to `/dev/port` goes to the port of its offset.
fn send() -> io::Result<()> {
    let port = OpenOptions::new().write(true).open("/dev/port")?;
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    for byte in bytes.chunks(1) {
        port.write_all_at(byte, 0xe9)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("vfio") => vfio(),
        Some("send") => send(),
        _ => Err(io::Error::other("usage: guest vfio|send")),
    }
}
