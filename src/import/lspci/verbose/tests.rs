//! Short texts made by hand, with the register values that the specifications give.

mod hostile;
mod registers;

use super::*;

/// The image of a text that goes on behind its last line.
fn image(text: &str) -> ConfigImage {
    read(text, true).0
}

fn read(text: &str, whole: bool) -> (ConfigImage, Vec<SourceLines>) {
    let lines: Vec<Line<'_>> = (1..)
        .zip(text.lines())
        .map(|(number, text)| Line { number, text })
        .collect();
    let (mut image, mut cite) = (ConfigImage::empty(), Vec::new());
    let trust = Trust {
        whole,
        bar_types: true,
    };
    reconstruct("lspci.txt", &lines, trust, &mut image, &mut cite);
    (image, cite)
}

/// Lines that every function has with `-vv`, so that the rest counts as complete.
const TOP: &str = "\
00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:a33c] (rev f0) (prog-if 00 [Normal decode])
\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx+
\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-
";

/// A capability of an otherwise empty function.
fn capability(text: &str) -> ConfigImage {
    image(&format!("{TOP}\tCapabilities: {text}\n"))
}

#[test]
fn the_header_is_what_the_words_say() {
    let image = image(
        "00:14.0 USB controller [0c03]: Intel Corporation Device [8086:a36d] (rev 10) (prog-if 30 [XHCI])
\tSubsystem: Dell Device [1028:0869]
\tControl: I/O- Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr+ Stepping- SERR- FastB2B- DisINTx+
\tStatus: Cap+ 66MHz- UDF- FastB2B+ ParErr- DEVSEL=medium >TAbort- <TAbort- <MAbort+ >SERR- <PERR- INTx-
\tLatency: 64 (500ns min, 1000ns max), Cache Line Size: 32 bytes
\tInterrupt: pin C routed to IRQ 128
\tRegion 0: Memory at 92420000 (64-bit, non-prefetchable) [size=64K]
\tRegion 4: I/O ports at e000 [size=32]
\tCapabilities: [70] Power Management version 2
\tKernel driver in use: xhci_hcd",
    );
    assert_eq!(image.u32(0x00), Some(0xa36d_8086));
    // Command 0446h: memory, master, parity, INTx off. Bits 11 to 15 are not printed.
    assert_eq!(image.bits(0x04, 0, 11), Some(0x446));
    assert_eq!(image.bits(0x04, 11, 1), None);
    // Status: INTx 0, list 1, 66 MHz 0, UDF 0, fast back-to-back 1, parity 0, timing 01b, target
    // aborts 0, master abort 1.
    assert_eq!(image.bits(0x06, 3, 13), Some(0b0_0100_0101_0010));
    assert_eq!(image.u8(0x08), Some(0x10));
    assert_eq!(image.bits(0x08, 8, 24), Some(0x0c_0330));
    assert_eq!((image.u8(0x0c), image.u8(0x0d)), (Some(8), Some(64)));
    // Whether there are more functions is not printed.
    assert_eq!(
        (image.bits(0x0e, 0, 7), image.bits(0x0e, 7, 1)),
        (Some(0), None)
    );
    assert_eq!(image.bits(0x0f, 7, 1), Some(0));
    assert_eq!(image.bits(0x10, 0, 4), Some(0b0100));
    assert_eq!(
        (image.bits(0x20, 0, 1), image.bits(0x20, 1, 1)),
        (Some(1), None)
    );
    // Addresses are the kernel's.
    assert_eq!(image.bits(0x10, 4, 1), None);
    assert_eq!(image.bits(0x10, 4, 28), None);
    assert_eq!(image.u32(0x2c), Some(0x0869_1028));
    assert_eq!(image.bits(0x34, 2, 6), Some(0x70 >> 2));
    assert_eq!(image.bits(0x34, 0, 1), None);
    assert_eq!(image.u8(0x3d), Some(3));
    assert_eq!((image.u8(0x3e), image.u8(0x3f)), (Some(2), Some(4)));
    assert_eq!((image.u8(0x70), image.bits(0x71, 2, 6)), (Some(1), Some(0)));
}

#[test]
fn the_short_form_knows_what_its_missing_words_mean() {
    let image = image(
        "00:00.0 0600: 8086:1237 (rev 02)
\tSubsystem: 1af4:1100
\tFlags: bus master, medium devsel, latency 32, IRQ 16, IOMMU group 3
\tMemory at fe000000 (64-bit, prefetchable) [size=16M]
\tCapabilities: <access denied>",
    );
    assert_eq!(image.u32(0x00), Some(0x1237_8086));
    assert_eq!(image.bits(0x04, 2, 1), Some(1));
    for bit in [5, 7, 9] {
        assert_eq!(image.bits(0x04, bit, 1), Some(0), "{bit}");
    }
    // I/O and memory space are not printed in this form.
    assert_eq!(
        (image.bits(0x04, 0, 1), image.bits(0x04, 1, 1)),
        (None, None)
    );
    assert_eq!(
        (image.bits(0x06, 5, 2), image.bits(0x06, 9, 2)),
        (Some(0), Some(1))
    );
    assert_eq!(image.u8(0x0d), Some(32));
    assert_eq!(image.bits(0x08, 8, 24), Some(0x06_0000));
    assert_eq!(image.u32(0x2c), Some(0x1100_1af4));
    // There is a list, and nothing is known of it.
    assert_eq!(
        (image.bits(0x06, 4, 1), image.bits(0x34, 2, 6)),
        (Some(1), None)
    );
    // The regions have no numbers here, and the pin is not printed.
    assert_eq!((image.bits(0x10, 0, 4), image.u8(0x3d)), (None, None));
}

#[test]
fn names_without_numbers_are_no_ids() {
    let text = "00:00.0 Host bridge: Intel Corporation 440FX (rev 02)
\tSubsystem: Red Hat, Inc. Qemu virtual machine
\tFlags: fast devsel
";
    let image = image(text);
    assert_eq!(
        (image.u16(0), image.u16(2), image.u32(0x2c)),
        (None, None, None)
    );
    assert_eq!(image.bits(0x08, 16, 16), None);
    assert_eq!(image.u8(0x08), Some(2));
}

#[test]
fn ids_of_a_virtual_function_are_not_its_registers() {
    let text = |regions: &str| {
        format!(
            "02:10.0 Ethernet controller [0200]: Intel Corporation 82576 [8086:10ca] (rev 01)
\tControl: I/O- Mem- BusMaster- SpecCycle- DisINTx-
\tStatus: Cap+ 66MHz- DEVSEL=fast
{regions}\tCapabilities: [a0] Express (v2) Endpoint, MSI 00
"
        )
    };
    let real = "\tRegion 0: Memory at fe800000 (64-bit, prefetchable) [size=16K]\n";
    assert_eq!(image(&text(real)).u16(0), Some(0x8086));
    assert_eq!(image(&text(real)).bits(0x10, 0, 4), Some(0b1100));
    let marked = "\tRegion 0: Memory at fe800000 (64-bit, prefetchable) [virtual] [size=16K]\n";
    assert_eq!(image(&text(marked)).u16(0), None);
    assert_eq!(image(&text(marked)).bits(0x10, 0, 4), None);
}

#[test]
fn a_bridge_shows_buses_windows_and_control() {
    let image = image(&format!(
        "{TOP}\tBus: primary=00, secondary=03, subordinate=1f, sec-latency=64
\tI/O behind bridge: 0001e000-0002ffff
\tMemory behind bridge: 91000000-911fffff
\tPrefetchable memory behind bridge: 0000006000000000-000000601fffffff
\tSecondary status: 66MHz+ FastB2B- ParErr- DEVSEL=slow >TAbort- <TAbort- <MAbort+ <SERR- <PERR-
\tBridgeCtl: Parity+ SERR- NoISA- VGA+ VGA16+ MAbort- >Reset- FastB2B-
\t\tPriDiscTmr- SecDiscTmr- DiscTmrStat- DiscTmrSERREn+
\tCapabilities: [40] Subsystem: Intel Corporation Device [8086:7270]
"
    ));
    assert_eq!(image.bits(0x0e, 0, 7), Some(1));
    assert_eq!(image.u32(0x18), Some(0x401f_0300));
    // Base 1e000h, limit 2ffffh, 32-bit: type 1 in the low half of each byte.
    assert_eq!((image.u8(0x1c), image.u8(0x1d)), (Some(0xe1), Some(0xf1)));
    assert_eq!((image.u16(0x30), image.u16(0x32)), (Some(1), Some(2)));
    assert_eq!(
        (image.u16(0x20), image.u16(0x22)),
        (Some(0x9100), Some(0x9110))
    );
    assert_eq!(
        (image.u16(0x24), image.u16(0x26)),
        (Some(0x0001), Some(0x1ff1))
    );
    assert_eq!((image.u32(0x28), image.u32(0x2c)), (Some(0x60), Some(0x60)));
    assert_eq!(
        (image.bits(0x1e, 5, 1), image.bits(0x1e, 9, 2)),
        (Some(1), Some(2))
    );
    assert_eq!(image.bits(0x1e, 13, 1), Some(1));
    // Parity, VGA, VGA 16-bit, SERR of the discard timer.
    assert_eq!(image.bits(0x3e, 0, 12), Some(0x819));
    assert_eq!(image.u32(0x44), Some(0x7270_8086));
    // Of a bridge early versions never print the pin.
    assert_eq!(image.u8(0x3d), None);
}

#[test]
fn windows_that_the_kernel_may_have_given_are_no_registers() {
    let image = image(&format!(
        "{TOP}\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0
\tI/O behind bridge: [disabled] [32-bit]
\tMemory behind bridge: 91000000-911fffff [size=2M] [32-bit]
\tPrefetchable memory behind bridge: 6000000000-601fffffff [size=512M] [64-bit]
"
    ));
    assert_eq!(image.u8(0x19), Some(1));
    for offset in 0x1c..0x34 {
        assert_eq!(image.u8(offset), None, "{offset:#x}");
    }
}

#[test]
fn a_small_io_window_leaves_its_width_open() {
    let text = format!(
        "{TOP}\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0
\tI/O behind bridge: 0000d000-0000efff
"
    );
    let image = image(&text);
    assert_eq!(
        (image.bits(0x1c, 4, 4), image.bits(0x1d, 4, 4)),
        (Some(0xd), Some(0xe))
    );
    assert_eq!((image.bits(0x1c, 0, 4), image.u16(0x30)), (None, None));
}

#[test]
fn a_cardbus_bridge_has_its_own_header() {
    let image = image(
        "03:00.0 CardBus bridge [0607]: Ricoh Co Ltd RL5c476 II [1180:0476] (rev b6)
\tSubsystem: Lenovo Device [17aa:20c6]
\tControl: I/O+ Mem+ BusMaster+ DisINTx-
\tStatus: Cap+ 66MHz- DEVSEL=medium
\tBus: primary=03, secondary=04, subordinate=07, sec-latency=176
\tMemory window 0: f4000000-f7fff000 (prefetchable)
\tBridgeCtl: Parity- SERR- ISA- VGA- MAbort- >Reset+ 16bInt+ PostWrite+
\t16-bit legacy interface ports at 0001
\tCapabilities: [dc] Power Management version 2
",
    );
    assert_eq!(image.bits(0x0e, 0, 7), Some(2));
    assert_eq!(image.u32(0x18), Some(0xb007_0403));
    assert_eq!(
        (image.bits(0x14, 2, 6), image.u8(0x34)),
        (Some(0xdc >> 2), None)
    );
    assert_eq!(
        (image.bits(0x3e, 6, 2), image.bits(0x3e, 10, 1)),
        (Some(0b11), Some(1))
    );
    assert_eq!(
        (image.u32(0x40), image.u16(0x44)),
        (Some(0x20c6_17aa), Some(1))
    );
    assert_eq!(image.u32(0x2c), None);
}

#[test]
fn a_function_that_is_gone_has_no_registers() {
    let image = image(
        "01:00.0 VGA compatible controller [0300]: NVIDIA Device [10de:1f99] (rev ff) (prog-if ff)
\t!!! Unknown header type 7f
\tKernel driver in use: nouveau
",
    );
    assert!(image.is_empty());
}

#[test]
fn a_list_links_its_entries_in_the_order_printed() {
    let image = image(&format!(
        "{TOP}\tCapabilities: [80] Power Management version 3
\tCapabilities: [40] #13 [0306]
\tCapabilities: [48] Something that nobody knows
\tCapabilities: [100 v1] Null
\tCapabilities: [1b0 v2] Access Control Services
\tCapabilities: [140 v1] Extended Capability ID 0x2b
\tCapabilities: [f00 v1] Virtual Channel
\tKernel driver in use: pcieport"
    ));
    assert_eq!(image.bits(0x34, 2, 6), Some(0x80 >> 2));
    assert_eq!(
        (image.u8(0x80), image.bits(0x81, 2, 6)),
        (Some(1), Some(0x40 >> 2))
    );
    assert_eq!(
        (image.u8(0x40), image.bits(0x41, 2, 6)),
        (Some(0x13), Some(0x48 >> 2))
    );
    assert_eq!(image.u16(0x42), Some(0x0306));
    assert_eq!((image.u8(0x48), image.bits(0x49, 2, 6)), (None, Some(0)));
    let header = |at| (image.u16(at), image.bits(at, 16, 4), image.bits(at, 22, 10));
    assert_eq!(header(0x100), (Some(0), Some(1), Some(0x1b0 >> 2)));
    assert_eq!(header(0x1b0), (Some(0x0d), Some(2), Some(0x140 >> 2)));
    assert_eq!(header(0x140), (Some(0x2b), Some(1), Some(0xf00 >> 2)));
    // Two ids have this name: 0002h and 0009h.
    assert_eq!(header(0xf00), (None, Some(1), Some(0)));
    assert_eq!(image.bits(0xf00, 4, 12), Some(0));
}

#[test]
fn a_list_that_does_not_end_has_no_end() {
    let tail = |last: &str| {
        let text = format!("{TOP}\tCapabilities: [80] Power Management version 3\n{last}");
        image(&text).bits(0x81, 2, 6)
    };
    assert_eq!(tail(""), Some(0));
    assert_eq!(tail("\tCapabilities: <access denied>\n"), None);
    assert_eq!(tail("\tCapabilities: <available only to root>\n"), None);
    assert_eq!(
        tail("\tCapabilities: [80] <chain looped>\n"),
        Some(0x80 >> 2)
    );
    assert_eq!(
        tail("\tCapabilities: [44] <chain broken>\n"),
        Some(0x44 >> 2)
    );
    assert_eq!(tail("\t[...]\n"), None);
    let broken = image(&format!("{TOP}\tCapabilities: [44] <chain broken>\n"));
    assert_eq!(
        (broken.u8(0x44), broken.bits(0x45, 2, 6)),
        (Some(0xff), None)
    );
}

#[test]
fn a_list_without_entries_has_a_null_pointer() {
    let said = image(&format!("{TOP}\tKernel driver in use: x\n"));
    assert_eq!(said.bits(0x34, 2, 6), Some(0));
    let silent = image("00:00.0 0600: 8086:1237\n\tFlags: fast devsel\n");
    assert_eq!(
        (silent.bits(0x34, 2, 6), silent.bits(0x06, 4, 1)),
        (None, None)
    );
}

#[test]
fn without_extended_capabilities_nothing_is_known_at_100h() {
    let image = capability("[80] Express (v2) Root Port (Slot+), MSI 00");
    assert_eq!(image.extent(), 0x83 + 1);
}

#[test]
fn a_selection_of_lines_makes_no_list() {
    let image = image(
        "00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:a33c] (rev f0)
\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00
\tCapabilities: [100 v1] Access Control Services
\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
",
    );
    assert_eq!(
        (image.u8(0x40), image.bits(0x106, 0, 7)),
        (Some(0x10), Some(0x1d))
    );
    assert_eq!(
        (image.bits(0x34, 2, 6), image.bits(0x41, 2, 6)),
        (None, None)
    );
    assert_eq!(
        (image.bits(0x100, 22, 10), image.bits(0x0e, 0, 7)),
        (None, None)
    );
    assert_eq!(image.u16(0), None);
}

#[test]
fn the_citation_is_the_line_that_says_so() {
    let (_, cite) = read(
        &format!("{TOP}\tCapabilities: [80] Power Management version 3\n\t\tStatus: D3 PME-\n"),
        true,
    );
    let line = |offset| {
        cite.iter()
            .filter_map(|lines| lines.line_of(offset))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (line(0x00), line(0x80), line(0x84)),
        (vec![1], vec![4], vec![5])
    );
    assert_eq!((line(0x04), line(0x07)), (vec![2], vec![3]));
    assert!(
        cite.iter()
            .all(|lines| lines.source == "lspci.txt" && lines.bytes_per_line == 0)
    );
}
