//! The log of a Linux kernel, from `dmesg` or a journal.
//!
//! It is kept as it is for the analyses. What it says about functions becomes facts reported
//! about them, and the registers that it prints become known bits.

use memchr::{memchr, memchr3_iter, memmem};

use crate::addr::Sbdf;
use crate::capture::{
    Capture, FunctionProperties, FunctionRecord, Method, Origin, Reported, Resource,
};
use crate::decode::kernel_log::{KernelLog, LoggedFunction, LoggedRange, Said};
use crate::import::limits::MAX_KEPT_TEXT;
use crate::import::text::worded_lines;
use crate::import::writer::Writer;
use crate::spec::pci::{CLASS_CODE, HEADER_LAYOUT, HeaderType, SECONDARY_BUS, SUBORDINATE_BUS};

/// Name of the log among the facts about the host.
pub(super) const NAME: &str = "log.txt";

/// Lines with a marker that make a text a kernel log.
const ENOUGH: usize = 3;

/// What messages begin with that only a kernel prints.
const MARKERS: &[&[u8]] = &[
    b"Linux version ",
    b"Command line: ",
    b"Kernel command line: ",
    b"BIOS-e820: ",
    b"ACPI: PCI Root Bridge [",
    b"ACPI: DMAR 0x",
    b"ACPI: IVRS 0x",
    b"acpi PNP0A0",
    b"pci 0000:",
    b"pci_bus 0000:",
    b"pcieport 0000:",
    b"vfio-pci 0000:",
    b"DMAR: ",
    b"DMAR-IR: ",
    b"AMD-Vi: ",
    b"iommu: ",
];

/// First letters of the markers.
const FIRST: &[u8] = b"LCKBAapvDi";

/// Whether several lines are messages of a kernel, with or without a time before them.
pub(crate) fn is_log(text: &[u8]) -> bool {
    worded_lines(text)
        .filter(|line| is_message(line))
        .nth(ENOUGH - 1)
        .is_some()
}

/// No process, no message id, no structured data (RFC 5424, 6).
const SYSLOG: &[u8] = b" - - - ";

/// A marker stands at the start of a line, or behind `[    0.123456]`, `kernel:` or the like.
fn is_message(line: &[u8]) -> bool {
    let line = line.get(..256).unwrap_or(line);
    let begins = |text: &[u8]| {
        let text = text.trim_ascii_start();
        // Most texts are no logs: one look tells.
        let possible = text.first().is_some_and(|first| FIRST.contains(first));
        possible && MARKERS.iter().any(|marker| text.starts_with(marker))
    };
    let behind = |at: usize| line.get(at + 1..).unwrap_or_default();
    begins(line)
        || dated(line).is_some_and(begins)
        || memchr3_iter(b']', b':', b'>', line).any(|at| begins(behind(at)))
        || line.first().is_some_and(u8::is_ascii_digit)
            && memchr(b';', line).is_some_and(|at| begins(behind(at)))
        || line.first() == Some(&b'<')
            && memmem::find(line, SYSLOG).is_some_and(|at| begins(behind(at + SYSLOG.len() - 1)))
}

/// What stands behind `2024-12-17T14:39:28,123456+01:00` (`dmesg --time-format iso`).
fn dated(line: &[u8]) -> Option<&[u8]> {
    let (date, _) = line.split_at_checked(11)?;
    if date.get(4) != Some(&b'-') || date.get(10) != Some(&b'T') {
        return None;
    }
    let space = line.iter().take(40).position(|&byte| byte == b' ')?;
    Some(line.get(space..)?.trim_ascii_start())
}

/// The functions that a log names, and what it says about the machine. `source` is its name
/// below `source/`.
pub(super) fn read(text: &[u8], source: &str) -> Capture {
    let log = KernelLog::read(text);
    let mut capture = Capture::default();
    for (&at, function) in &log.functions {
        capture.functions.insert(at, record(at, function, source));
    }
    if !capture.functions.is_empty() || text.len() < MAX_KEPT_TEXT {
        capture.sources.insert(source.to_owned(), text.to_vec());
    }
    if let Some(release) = log.release {
        capture.manifest.os = Some("linux".to_owned());
        capture.manifest.os_release = Some(release.value);
    }
    capture
}

fn record(at: Sbdf, function: &LoggedFunction, source: &str) -> FunctionRecord {
    let mut record = FunctionRecord::default();
    let mut lines = Vec::new();
    let mut writer = Writer::new(source, &mut record.config, &mut lines);
    registers(at, function, &mut writer);
    record.properties = properties(function, source);
    record.properties.config_lines = lines;
    record
}

/// What the kernel printed as it read it. The ids are not among that: those of a virtual
/// function are the kernel's own.
fn registers(at: Sbdf, function: &LoggedFunction, writer: &mut Writer<'_>) {
    if let Some(layout) = function.layout {
        let field = HEADER_LAYOUT;
        writer.set(
            layout.line,
            field.offset,
            field.bit,
            field.width,
            layout.value.into(),
        );
    }
    if let Some(class) = function.class {
        writer.set(class.line, CLASS_CODE.offset, 0, 24, class.value.into());
    }
    if let Some(class) = function.base_class {
        writer.set(class.line, CLASS_CODE.offset, 8, 16, class.value.into());
    }
    let bridge = function.layout.is_some_and(|layout| {
        matches!(
            HeaderType(layout.value),
            HeaderType::BRIDGE | HeaderType::CARDBUS
        )
    });
    // A bridge that leads nowhere or back says nothing that could be used.
    if let Some(Said {
        value: (secondary, subordinate),
        line,
    }) = function.buses.filter(|_| bridge)
        && secondary > at.bus()
    {
        writer.set(line, SECONDARY_BUS.offset, 0, 8, secondary.into());
        writer.set(line, SUBORDINATE_BUS.offset, 0, 8, subordinate.into());
    }
    for (&index, bar) in &function.read_from_register {
        if index < 6 {
            bar_type(u16::from(index), bar, writer);
        }
    }
}

/// The type bits of a base address register (PCI 3.0, 6.2.5.1).
fn bar_type(index: u16, bar: &Said<LoggedRange>, writer: &mut Writer<'_>) {
    let register = 0x10 + 4 * index;
    writer.flag(bar.line, register, 0, bar.value.io);
    if bar.value.io {
        return;
    }
    writer.flag(bar.line, register, 3, bar.value.prefetchable);
    // The kernel does not tell a BAR for the first MiB from a 32-bit one, so that bit 1 stays
    // open.
    writer.flag(bar.line, register, 2, bar.value.wide);
    if bar.value.wide {
        writer.flag(bar.line, register, 1, false);
    }
}

fn properties(function: &LoggedFunction, source: &str) -> FunctionProperties {
    let origin = |line| Origin::line(Method::KernelLog, source, line);
    fn fact<T: Clone, U>(
        said: Option<&Said<T>>,
        origin: impl Fn(u32) -> Origin,
        value: impl FnOnce(T) -> U,
    ) -> Option<Reported<U>> {
        said.map(|said| Reported::new(value(said.value.clone()), origin(said.line)))
    }
    let group = function
        .group
        .as_ref()
        .filter(|group| group.value.is_some());
    FunctionProperties {
        vendor: fact(function.ids.as_ref(), origin, |ids| ids.0),
        device: fact(function.ids.as_ref(), origin, |ids| ids.1),
        class: fact(function.class.as_ref(), origin, |class| class),
        base_class: fact(function.base_class.as_ref(), origin, |class| class),
        port_type: fact(function.kind.as_ref(), origin, |kind| kind),
        driver: fact(function.driver.as_ref(), origin, |driver| driver),
        iommu_group: fact(group, origin, Option::unwrap_or_default),
        boot_vga: fact(function.boot_vga.as_ref(), origin, |boot| boot),
        resources: function
            .resources
            .iter()
            .map(|(&index, said)| Reported::new(resource(index, said.value), origin(said.line)))
            .collect(),
        ..FunctionProperties::default()
    }
}

/// A range as a resource, with the flags that the words stand for (include/linux/ioport.h).
fn resource(index: u8, range: LoggedRange) -> Resource {
    let bit = |set: bool, bit: u64| if set { bit } else { 0 };
    let flags = bit(range.io, 0x100)
        | bit(!range.io, 0x200)
        | bit(range.prefetchable, 0x2000)
        | bit(range.wide, 0x10_0000);
    Resource {
        index,
        start: range.start.unwrap_or(0),
        len: Some(range.len),
        flags: Some(flags),
        unassigned: range.start.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_known_with_and_without_a_time() {
        for prefix in [
            "",
            "[    0.632345] ",
            "   [Di Mär 24 07:10:54 2026] ",
            "> ",
            "<6>",
            "Jan 05 08:40:49 host kernel: ",
            "[    1.599926 <    0.260579>] ",
            "2024-12-17 14:39:28,478 DEBUG:\t",
            "2024-12-17T14:39:28,123456+01:00 ",
        ] {
            let text = format!(
                "{prefix}ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])\n\
                 {prefix}something else\r\n\
                 {prefix}pci 0000:00:00.0: [8086:1237] type 00 class 0x060000\n\
                 {prefix}DMAR: IOMMU enabled\n"
            );
            assert!(is_log(text.as_bytes()), "{text}");
            let two = text.split("DMAR").next().unwrap();
            assert!(!is_log(two.as_bytes()), "{two}");
        }
    }

    #[test]
    fn the_first_letters_are_those_of_the_markers() {
        for marker in MARKERS {
            assert!(FIRST.contains(&marker[0]), "{}", marker.escape_ascii());
        }
    }

    #[test]
    fn an_lspci_text_is_no_log() {
        let text = "00:01.0 PCI bridge: Intel DMAR: x\n\tKernel driver in use: pcieport\n\
            0000:01:00.0 VGA compatible controller: AMD\n\tKernel driver in use: vfio-pci\n\
            \tCapabilities: [100 v1] Vendor Specific Information: ID=0001\n\
            \tIOMMU group: 1\n";
        assert!(!is_log(text.repeat(3).as_bytes()));
    }
}
