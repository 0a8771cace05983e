//! The kernel's log: the lines that concern PCI, ACPI, remapping and VFIO.
//!
//! `/dev/kmsg` gives one record for each read: `level,sequence,microseconds,flags;message`,
//! then lines of further facts that begin with a space (Documentation/ABI/testing/dev-kmsg).

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use crate::import::log_lines::concerns;

/// `O_NONBLOCK` of the generic Linux system call interface, which all architectures share
/// but MIPS, SPARC, Alpha and PA-RISC.
const O_NONBLOCK: i32 = 0o4000;
/// The kernel has no record longer than this.
const RECORD: usize = 16 << 10;
/// Records that are read at most: far more than the largest log buffer holds.
const MAX_RECORDS: usize = 1_000_000;

/// What the kernel's buffer held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// Lines as `dmesg` prints them.
    pub(super) text: String,
    /// Records that the buffer no longer holds, the first of all.
    pub(super) lost: u64,
}

/// Reads the buffer of the running kernel without waiting for new records.
pub(super) fn read(device: &Path) -> io::Result<Log> {
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(O_NONBLOCK).open(device)?;
    if !file.metadata()?.file_type().is_char_device() {
        return Err(io::Error::other("not the kernel's log"));
    }
    records(file)
}

fn records(mut source: impl Read) -> io::Result<Log> {
    let mut log = Log::default();
    let mut record = vec![0; RECORD];
    let mut first = true;
    for _ in 0..MAX_RECORDS {
        let length = match source.read(&mut record) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => break,
                io::ErrorKind::Interrupted => continue,
                // The record was overwritten; the next read goes on behind it.
                io::ErrorKind::BrokenPipe => continue,
                _ => return Err(error),
            },
        };
        let record = String::from_utf8_lossy(record.get(..length).unwrap_or_default());
        let Some((sequence, time, message)) = fields(&record) else {
            continue;
        };
        if std::mem::take(&mut first) {
            log.lost = sequence;
        }
        if concerns(message) {
            let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
            let _ = writeln!(log.text, "[{seconds:>5}.{micros:06}] {message}");
        }
    }
    Ok(log)
}

/// Sequence number, microseconds since boot, and the message.
fn fields(record: &str) -> Option<(u64, u64, &str)> {
    let (prefix, rest) = record.split_once(';')?;
    let mut prefix = prefix.split(',').skip(1);
    let mut number = || prefix.next()?.parse().ok();
    Some((number()?, number()?, rest.lines().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one record for each read, like the device.
    struct Records(Vec<io::Result<&'static str>>);

    impl Read for Records {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let record = self.0.remove(0)?;
            to[..record.len()].copy_from_slice(record.as_bytes());
            Ok(record.len())
        }
    }

    #[test]
    fn records_become_the_lines_of_dmesg() {
        let log = records(Records(vec![
            Ok("5,0,0,-;Linux version 6.1\n"),
            Ok("6,1,123456,-;usb 1-1: SerialNumber: 17\n SUBSYSTEM=usb\n DEVICE=c189:0\n"),
            Ok(
                "6,2,12345678,-;pci 0000:00:02.0: BAR 0 [mem 0xfe000000-0xfe000fff]\n SUBSYSTEM=pci\n",
            ),
            Ok("garbage"),
        ]))
        .unwrap();
        let expected = "[    0.000000] Linux version 6.1\n\
            [   12.345678] pci 0000:00:02.0: BAR 0 [mem 0xfe000000-0xfe000fff]\n";
        assert_eq!(log.text, expected);
        assert_eq!(log.lost, 0);
    }

    #[test]
    fn a_buffer_that_lost_its_beginning_is_noticed() {
        let log = records(Records(vec![
            Err(io::ErrorKind::BrokenPipe.into()),
            Ok("6,814,2,-;DMAR: IOMMU enabled\n"),
        ]))
        .unwrap();
        assert_eq!(log.text, "[    0.000002] DMAR: IOMMU enabled\n");
        assert_eq!(log.lost, 814);
    }

    #[test]
    fn a_device_that_fails_is_an_error() {
        let denied = Records(vec![Err(io::ErrorKind::PermissionDenied.into())]);
        assert!(records(denied).is_err());
    }
}
