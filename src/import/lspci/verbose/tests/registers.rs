//! Registers of capabilities.

use super::{TOP, capability, image};

#[test]
fn the_port_type_is_read_from_each_of_its_names() {
    for (name, kind) in [
        ("Endpoint", 0),
        ("Legacy Endpoint", 1),
        ("Unknown type 2", 2),
        ("Root Port (Slot-)", 4),
        ("Upstream Port", 5),
        ("Downstream Port (Slot-)", 6),
        ("PCI-Express to PCI/PCI-X Bridge", 7),
        ("PCI/PCI-X to PCI-Express Bridge (Slot-)", 8),
        ("Root Complex Integrated Endpoint", 9),
        ("Root Complex Event Collector", 10),
    ] {
        for (tail, message) in [(", MSI 1f", 0x1f), (", IntMsgNum 31", 31), (" IRQ 2", 2)] {
            let image = capability(&format!("[40] Express (v2) {name}{tail}"));
            assert_eq!(image.bits(0x42, 0, 4), Some(2), "{name}");
            assert_eq!(image.bits(0x42, 4, 4), Some(kind), "{name}");
            assert_eq!(image.bits(0x42, 9, 5), Some(message), "{name}{tail}");
            let slot = name.contains("Slot").then_some(0);
            assert_eq!(image.bits(0x42, 8, 1), slot, "{name}");
        }
    }
    // The short form has no version.
    let image = capability("[40] Express Root Port (Slot+), MSI 00");
    assert_eq!(
        (image.bits(0x42, 0, 4), image.bits(0x42, 4, 5)),
        (None, Some(0x14))
    );
}

#[test]
fn express_registers_are_inverted_exactly() {
    let image = capability(
        "[70] Express (v2) Endpoint, MSI 00
\t\tDevCap:\tMaxPayload 256 bytes, PhantFunc 0, Latency L0s unlimited, L1 <8us
\t\t\tExtTag+ AttnBtn- AttnInd- PwrInd- RBE+ FLReset+ SlotPowerLimit 75W
\t\tDevCtl:\tCorrErr+ NonFatalErr+ FatalErr- UnsupReq-
\t\t\tRlxdOrd+ ExtTag- PhantFunc- AuxPwr- NoSnoop+ FLReset-
\t\t\tMaxPayload 128 bytes, MaxReadReq 512 bytes
\t\tDevSta:\tCorrErr+ NonFatalErr- FatalErr- UnsupReq+ AuxPwr- TransPend-
\t\tLnkCap:\tPort #5, Speed 16GT/s, Width x4, ASPM L0s L1, Exit Latency L0s <2us, L1 <16us
\t\t\tClockPM+ Surprise- LLActRep- BwNot- ASPMOptComp+
\t\tLnkCtl:\tASPM L1 Enabled; RCB 128 bytes, Disabled- CommClk+
\t\t\tExtSynch- ClockPM- AutWidDis- BWInt- AutBWInt-
\t\tLnkSta:\tSpeed 8GT/s (downgraded), Width x2 (downgraded)
\t\t\tTrErr- Train- SlotClk+ DLActive- BWMgmt- ABWMgmt-
\t\tDevCap2: Completion Timeout: Range ABCD, TimeoutDis+ NROPrPrP- LTR+
\t\t\t 10BitTagComp- 10BitTagReq- OBFF Not Supported, ExtFmt+ EETLPPrefix-
\t\tDevCtl2: Completion Timeout: 65ms to 210ms, TimeoutDis- LTR+ OBFF Disabled,",
    );
    // Payload 1, phantom 0, tag 1, L0s 7, L1 3; role-based errors; FLR.
    assert_eq!(image.bits(0x74, 0, 16), Some(0x87e1));
    assert_eq!(
        (image.bits(0x74, 28, 1), image.bits(0x74, 16, 1)),
        (Some(1), None)
    );
    // Errors 3, relaxed 1, payload 0, no snoop 1, read request 2, FLR 0.
    assert_eq!(image.u16(0x78), Some(0x2813));
    assert_eq!(image.bits(0x7a, 0, 6), Some(0b00_1001));
    // Speed 4, width 4, ASPM 3, L0s 5, L1 4, clock PM 1, ASPM optionality 1, port 5.
    assert_eq!(image.bits(0x7c, 0, 23), Some(0x46_5c44));
    assert_eq!(image.u8(0x7f), Some(5));
    assert_eq!(
        (image.bits(0x80, 0, 2), image.bits(0x80, 3, 2)),
        (Some(2), Some(1))
    );
    assert_eq!(image.bits(0x80, 6, 6), Some(1));
    assert_eq!(image.u16(0x82), Some(0x1023));
    assert_eq!(
        (image.bits(0x94, 0, 5), image.bits(0x94, 10, 2)),
        (Some(0x1f), Some(2))
    );
    // No port that could forward ARI: not printed, not known.
    assert_eq!(image.bits(0x94, 5, 1), None);
    assert_eq!(
        (image.bits(0x98, 0, 5), image.bits(0x98, 10, 1)),
        (Some(6), Some(1))
    );
}

#[test]
fn slots_and_ari_forwarding_are_read_from_a_port() {
    let image = capability(
        "[40] Express (v2) Downstream Port (Slot+), MSI 00
\t\tSltCap:\tAttnBtn- PwrCtrl+ MRL- AttnInd- PwrInd- HotPlug+ Surprise-
\t\t\tSlot #300, PowerLimit 25.000W; Interlock- NoCompl+
\t\tSltCtl:\tEnable: AttnBtn- PwrFlt- MRL- PresDet+ CmdCplt- HPIrq+ LinkChg+
\t\t\tControl: AttnInd Off, PwrInd On, Power- Interlock-
\t\tSltSta:\tStatus: AttnBtn- PowerFlt- MRL- CmdCplt- PresDet+ Interlock-
\t\t\tChanged: MRL- PresDet+ LinkState+
\t\tDevCap2: Completion Timeout: Not Supported, TimeoutDis-, LTR+, OBFF Not Supported ARIFwd+
\t\tDevCtl2: Completion Timeout: 50us to 50ms, TimeoutDis-, LTR-, OBFF Disabled ARIFwd-",
    );
    assert_eq!(
        (image.bits(0x54, 0, 7), image.bits(0x54, 19, 13)),
        (Some(0x42), Some(300))
    );
    // Enables 28h, attention off 11b, power on 01b, link change 1.
    assert_eq!(image.bits(0x58, 0, 13), Some(0x11e8));
    assert_eq!(
        (image.bits(0x5a, 2, 7), image.bits(0x5a, 0, 2)),
        (Some(0b101_0010), Some(0))
    );
    assert_eq!(
        (image.bits(0x64, 5, 1), image.bits(0x68, 5, 1)),
        (Some(1), Some(0))
    );
}

#[test]
fn early_versions_print_the_slot_in_hexadecimal() {
    let image = capability(
        "[40] Express (v2) Root Port (Slot+), MSI 00
\t\tSltCap:\tAttnBtn+ PwrCtrl+ MRL+ AttnInd+ PwrInd+ HotPlug- Surprise-
\t\t\tSlot # 40, PowerLimit 0.000000; Interlock+ NoCompl-",
    );
    assert_eq!(image.bits(0x54, 19, 13), None);
    assert_eq!(image.bits(0x54, 17, 2), Some(1));
}

#[test]
fn access_control_is_read_flag_by_flag() {
    let names = [
        "SrcValid",
        "TransBlk",
        "ReqRedir",
        "CmpltRedir",
        "UpstreamFwd",
        "EgressCtrl",
        "DirectTrans",
    ];
    for set in 0..128_u64 {
        let flags = |set: u64| {
            let flag = |bit: usize| if set >> bit & 1 == 1 { '+' } else { '-' };
            let flags = names.iter().enumerate();
            flags
                .map(|(bit, name)| format!("{name}{}", flag(bit)))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let text = format!(
            "[148 v1] Access Control Services\n\t\tACSCap:\t{}\n\t\tACSCtl:\t{}",
            flags(set),
            flags(!set)
        );
        let image = capability(&text);
        assert_eq!(image.bits(0x14c, 0, 7), Some(set));
        assert_eq!(image.bits(0x14e, 0, 7), Some(!set & 0x7f));
        assert_eq!(
            (image.bits(0x14c, 7, 1), image.bits(0x14e, 7, 1)),
            (None, None)
        );
    }
}

#[test]
fn a_wrapped_line_is_still_one_register() {
    let image = image(&format!(
        "{TOP}> \tCapabilities: [148 v1] Access Control Services
> \t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+
> EgressCtrl- DirectTrans+
> \t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+
> CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-
"
    ));
    assert_eq!(
        (image.bits(0x14c, 0, 7), image.bits(0x14e, 0, 7)),
        (Some(0x5f), Some(0x05))
    );
}

#[test]
fn message_interrupts_are_read_in_all_their_forms() {
    let image = capability(
        "[50] MSI: Enable+ Count=4/16 Maskable+ 64bit+
\t\tAddress: 00000001fee01004  Data: 4026
\t\tMasking: 0000fffe  Pending: 00000001",
    );
    // Enable, 16 capable = 4, 4 enabled = 2, 64-bit, maskable.
    assert_eq!(image.bits(0x52, 0, 9), Some(0x1a9));
    assert_eq!(image.bits(0x54, 0, 64), Some(0x0000_0001_fee0_1004));
    assert_eq!((image.u16(0x5c), image.u16(0x5e)), (Some(0x4026), None));
    assert_eq!((image.u32(0x60), image.u32(0x64)), (Some(0xfffe), Some(1)));
    let narrow = capability(
        "[50] MSI: Enable- Count=1/1 Maskable+ 64bit-
\t\tAddress: fee01004  Data: 4026
\t\tMasking: 00000001  Pending: 00000000",
    );
    assert_eq!(
        (narrow.u32(0x54), narrow.u16(0x58)),
        (Some(0xfee0_1004), Some(0x4026))
    );
    assert_eq!((narrow.u32(0x5c), narrow.u32(0x60)), (Some(1), Some(0)));
    for old in [
        "[50] Message Signalled Interrupts: 64bit+ Queue=2/4 Enable+",
        "[50] Message Signalled Interrupts: Mask- 64bit+ Count=4/16 Enable+",
        "[50] MSI: Mask- 64bit+ Count=4/16 Enable+",
    ] {
        let image = capability(old);
        assert_eq!(
            (image.u8(0x50), image.bits(0x52, 0, 8)),
            (Some(5), Some(0xa9)),
            "{old}"
        );
    }
}

#[test]
fn msix_has_its_tables_at_bars() {
    let image = capability(
        "[b0] MSI-X: Enable+ Count=17 Masked-
\t\tVector table: BAR=2 offset=00002000
\t\tPBA: BAR=4 offset=00003008",
    );
    assert_eq!(
        (image.bits(0xb2, 0, 11), image.bits(0xb2, 14, 2)),
        (Some(16), Some(0b10))
    );
    assert_eq!(
        (image.u32(0xb4), image.u32(0xb8)),
        (Some(0x2002), Some(0x300c))
    );
    let most = capability("[b0] MSI-X: Enable- Mask+ TabSize=2048");
    assert_eq!(
        (most.bits(0xb2, 0, 11), most.bits(0xb2, 14, 2)),
        (Some(2047), Some(0b01))
    );
}

#[test]
fn power_management_names_mean_two_things() {
    let image = capability(
        "[80] Power Management version 3
\t\tFlags: PMEClk- DSI+ D1+ D2- AuxCurrent=375mA PME(D0+,D1-,D2+,D3hot-,D3cold+)
\t\tStatus: D3 NoSoftRst+ PME-Enable+ DSel=5 DScale=2 PME+",
    );
    // Version 3, DSI, current 7, D1; PME# from D0, D2 and D3cold. Bit 4 is not printed.
    assert_eq!(image.bits(0x82, 0, 4), Some(3));
    assert_eq!(image.bits(0x82, 5, 11), Some(0b101_0101_1111));
    assert_eq!(image.bits(0x82, 9, 2), Some(0b01));
    assert_eq!(image.bits(0x82, 11, 5), Some(0b10101));
    assert_eq!(
        (image.bits(0x84, 0, 2), image.bits(0x84, 3, 1)),
        (Some(3), Some(1))
    );
    assert_eq!(image.bits(0x84, 8, 8), Some(0b1100_1011));
}

#[test]
fn resets_of_conventional_functions_are_read() {
    let image = capability(
        "[98] PCI Advanced Features\n\t\tAFCap: TP+ FLR+\n\t\tAFCtrl: FLR-\n\t\tAFStatus: TP-",
    );
    assert_eq!(
        (image.bits(0x9b, 0, 2), image.bits(0x9c, 0, 1)),
        (Some(3), Some(0))
    );
    assert_eq!((image.bits(0x9d, 0, 1), image.u8(0x9a)), (Some(0), None));
}

#[test]
fn translation_and_its_relatives_are_read() {
    let ats = capability(
        "[1c4 v1] Address Translation Service (ATS)
\t\tATSCap:\tInvalidate Queue Depth: 1f
\t\tATSCtl:\tEnable+, Smallest Translation Unit: 0a",
    );
    assert_eq!(
        (ats.bits(0x1c8, 0, 5), ats.bits(0x1ca, 0, 5)),
        (Some(31), Some(10))
    );
    assert_eq!(ats.bits(0x1ca, 15, 1), Some(1));
    let pasid = capability(
        "[200 v1] Process Address Space ID (PASID)
\t\tPASIDCap: Exec+ Priv-, Max PASID Width: 14
\t\tPASIDCtl: Enable+ Exec- Priv+",
    );
    assert_eq!(
        (pasid.bits(0x204, 1, 2), pasid.bits(0x204, 8, 5)),
        (Some(1), Some(20))
    );
    assert_eq!(pasid.bits(0x206, 0, 3), Some(0b101));
    let pri = capability(
        "[210 v1] Page Request Interface (PRI)
\t\tPRICtl: Enable- Reset+
\t\tPRISta: RF- UPRGI+ Stopped+ PASID+
\t\tPage Request Capacity: 00000200, Page Request Allocation: 00000020",
    );
    assert_eq!(
        (pri.bits(0x214, 0, 2), pri.bits(0x216, 0, 2)),
        (Some(2), Some(2))
    );
    assert_eq!(
        (pri.bits(0x216, 8, 1), pri.bits(0x216, 15, 1)),
        (Some(1), Some(1))
    );
    assert_eq!((pri.u32(0x218), pri.u32(0x21c)), (Some(0x200), Some(0x20)));
    let ari = capability(
        "[160 v1] Alternative Routing-ID Interpretation (ARI)
\t\tARICap:\tMFVC- ACS+, Next Function: 12
\t\tARICtl:\tMFVC- ACS-, Function Group: 3",
    );
    assert_eq!((ari.bits(0x164, 0, 2), ari.u8(0x165)), (Some(2), Some(12)));
    assert_eq!(
        (ari.bits(0x166, 0, 2), ari.bits(0x166, 4, 3)),
        (Some(0), Some(3))
    );
}

#[test]
fn virtual_functions_are_counted_in_the_registers() {
    let image = capability(
        "[160 v1] Single Root I/O Virtualization (SR-IOV)
\t\tIOVCap:\tMigration-, Interrupt Message Number: 0a1
\t\tIOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy+
\t\tIOVSta:\tMigration-
\t\tInitial VFs: 64, Total VFs: 65, Number of VFs: 7, Function Dependency Link: 01
\t\tVF offset: 128, stride: 2, Device ID: 154c
\t\tSupported Page Size: 00000553, System Page Size: 00000001
\t\tRegion 0: Memory at 0000006092c00000 (64-bit, prefetchable)
\t\tRegion 3: Memory at 92d00000 (32-bit, non-prefetchable)
\t\tVF Migration: offset: 00000000, BIR: 0",
    );
    assert_eq!(
        (image.bits(0x164, 0, 1), image.bits(0x164, 21, 11)),
        (Some(0), Some(0xa1))
    );
    assert_eq!(image.bits(0x168, 0, 5), Some(0b11001));
    assert_eq!(
        (image.u16(0x16c), image.u16(0x16e), image.u16(0x170)),
        (Some(64), Some(65), Some(7))
    );
    assert_eq!(
        (image.u8(0x172), image.u16(0x174), image.u16(0x176)),
        (Some(1), Some(128), Some(2))
    );
    assert_eq!(
        (image.u16(0x17a), image.u32(0x17c), image.u32(0x180)),
        (Some(0x154c), Some(0x553), Some(1))
    );
    assert_eq!(
        (image.u32(0x184), image.u32(0x188)),
        (Some(0x92c0_000c), Some(0x60))
    );
    assert_eq!(
        (image.u32(0x18c), image.u32(0x190)),
        (None, Some(0x92d0_0000))
    );
}

#[test]
fn sizes_of_resizable_bars_are_sets() {
    let image = capability(
        "[200 v1] Physical Resizable BAR
\t\tBAR 0: current size: 8GB, supported: 256MB 512MB 1GB 2GB 4GB 8GB 512TB
\t\tBAR 2: current size: 2MB, supported: 2MB 4MB",
    );
    assert_eq!(image.u16(0x200), Some(0x15));
    // 2^8 to 2^13 MiB from bit 4 on; 512 TiB is 2^29 MiB, bit 1 of the upper set.
    assert_eq!(image.bits(0x204, 4, 28), Some(0x3f00));
    assert_eq!(
        (image.bits(0x208, 0, 3), image.bits(0x208, 5, 3)),
        (Some(0), Some(2))
    );
    assert_eq!(
        (image.bits(0x208, 8, 6), image.u16(0x20a)),
        (Some(13), Some(2))
    );
    assert_eq!(
        (image.bits(0x20c, 4, 28), image.bits(0x210, 0, 3)),
        (Some(6), Some(2))
    );
    assert_eq!(
        (image.bits(0x210, 8, 6), image.bits(0x210, 5, 3)),
        (Some(1), None)
    );
}

#[test]
fn one_line_capabilities_hold_their_numbers() {
    let serial = capability("[140 v1] Device Serial Number 00-1b-21-ff-ff-01-02-03");
    assert_eq!(serial.bits(0x144, 0, 64), Some(0x001b_21ff_ff01_0203));
    // Without a version it may have been printed backwards.
    assert_eq!(
        capability("[140] Device Serial Number 00-1b-21-ff-ff-01-02-03").u32(0x144),
        None
    );
    let vendor = capability("[150 v1] Vendor Specific Information: ID=0002 Rev=3 Len=100 <?>");
    assert_eq!(vendor.u32(0x154), Some(0x1003_0002));
    let designated =
        capability("[150 v1] Designated Vendor-Specific: Vendor=1e98 ID=0008 Rev=1 Len=36: CXL");
    assert_eq!(
        (designated.u32(0x154), designated.u16(0x158)),
        (Some(0x0241_1e98), Some(8))
    );
    let debug = capability("[58] Debug port: BAR=1 offset=00a0");
    assert_eq!(debug.u16(0x5a), Some(0x20a0));
    assert_eq!(
        capability("[84] Vendor Specific Information: Len=6c <?>").u8(0x86),
        Some(0x6c)
    );
}

#[test]
fn enhanced_allocation_entries_follow_each_other() {
    let text = "00:02.0 Ethernet controller [0200]: Cavium Device [177d:a01e]
\tControl: I/O- Mem+ BusMaster+
\tStatus: Cap+ DEVSEL=fast
\tCapabilities: [98] Enhanced Allocation (EA): NumEntries=2
\t\tEntry 0: Enable+ Writable- EntrySize=3
\t\t\t BAR Equivalent Indicator: BAR 0
\t\t\t PrimaryProperties: memory space, non-prefetchable
\t\t\t SecondaryProperties: entry unavailable for use, PrimaryProperties should be used
\t\t\t Base: 843000000000
\t\t\t MaxOffset: 003fffff
\t\tEntry 1: Enable+ Writable+ EntrySize=2
\t\t\t BAR Equivalent Indicator: VF-BAR 1
\t\t\t PrimaryProperties: VF memory space, non-prefetchable
\t\t\t SecondaryProperties: [0a]
\t\t\t Base: 92000000
\t\t\t MaxOffset: 0000ffff
";
    let image = image(text);
    assert_eq!(image.bits(0x9a, 0, 6), Some(2));
    assert_eq!(
        (image.bits(0x9c, 0, 3), image.bits(0x9c, 4, 20)),
        (Some(3), Some(0xff000))
    );
    assert_eq!(image.bits(0x9c, 30, 2), Some(0b10));
    // A base of 64 bits has bit 1 set and its upper half behind the lower half of the offset.
    assert_eq!(image.bits(0xa0, 1, 31), Some(1));
    assert_eq!(image.bits(0xa4, 1, 31), Some(0x3f_fffc >> 1));
    assert_eq!(image.u32(0xa8), Some(0x8430));
    assert_eq!(
        (image.bits(0xac, 0, 3), image.bits(0xac, 4, 20)),
        (Some(2), Some(0x0a04a))
    );
    assert_eq!(
        (image.bits(0xac, 30, 2), image.bits(0xb0, 1, 31)),
        (Some(3), Some(0x4900_0000))
    );
}
