use super::*;
use crate::range::AddrRange;
use crate::spec::pcie::PortType;

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

fn read(text: &str) -> KernelLog {
    KernelLog::read(text.as_bytes())
}

fn function(messages: &[&str]) -> LoggedFunction {
    let lines: String = messages
        .iter()
        .map(|message| format!("[    0.1] pci 0000:00:1c.0: {message}\n"))
        .collect();
    let mut log = read(&lines);
    log.functions
        .remove(&at("0000:00:1c.0"))
        .unwrap_or_default()
}

const BRIDGE: &str = "[8086:a338] type 01 class 0x060400 PCIe Root Port";
const DEVICE: &str = "[10de:1eb8] type 00 class 0x030200";

/// Decorations as dmesg, journald, syslog, serial consoles, mails and scripts make them.
const DECORATIONS: &[&str] = &[
    "",
    "[    0.632345] ",
    "   [Di Mär 24 07:10:54 2026] ",
    "> > ",
    "<6>[    0.5] ",
    "Jan 05 08:40:49 host kernel: ",
    "Nov  6 20:29:32 nick kernel: [    0.000000] ",
    "[    1.599926 <    0.260579>] ",
    "2024-12-17 14:39:28,478 DEBUG:\t",
    "2026-03-24T07:10:54+0100 host kernel: ",
    "[    0.000000] [      T0] ",
    "host kernel: ",
    "kernel: ",
    "kern  :info  : [Fri May 22 09:34:57 2026] ",
    "6,339,5140900,-;",
    "<6>1 2026-05-22T09:34:57.123456Z host kernel - - - ",
    "<6>1 2026-05-22T09:34:57.123456+02:00 host kernel - - [meta sequenceId=\"7\"] [    0.632345] ",
];

#[test]
fn a_function_is_read_behind_every_decoration() {
    for prefix in DECORATIONS {
        let log = read(&format!(
            "{prefix}Linux version 6.8.0-45-generic (builder@host) #1 SMP\r\n\
             {prefix}Command line: quiet intel_iommu=on\r\n\
             {prefix}pci 0000:00:1c.0: {BRIDGE}\r\n\
             {prefix}pcieport 0000:00:1c.0: Adding to iommu group 12\r\n\
             {prefix}DMAR: DRHD base: 0x000000fed91000 flags: 0x1\r\n"
        ));
        let function = log.functions.get(&at("0000:00:1c.0")).expect(prefix);
        assert_eq!(
            function.ids,
            Some(Said::new((0x8086, 0xa338), 3)),
            "{prefix}"
        );
        assert_eq!(function.layout, Some(Said::new(1, 3)));
        assert_eq!(function.class, Some(Said::new(0x06_0400, 3)));
        assert_eq!(function.group, Some(Said::new(Some(12), 4)));
        assert_eq!(function.driver, Some(Said::new("pcieport".to_owned(), 4)));
        assert_eq!(log.release.unwrap().value, "6.8.0-45-generic", "{prefix}");
        assert_eq!(log.command_line.unwrap().value, "quiet intel_iommu=on");
        let unit = Unit {
            base: 0xfed9_1000,
            flags: 1,
        };
        assert_eq!(log.remapping.units, [Said::new(unit, 5)], "{prefix}");
    }
}

#[test]
fn the_identity_is_read_in_the_words_of_each_generation() {
    let old = function(&["[8086:a338] type 1 class 0x000604"]);
    assert_eq!(old.base_class.unwrap().value, 0x0604);
    assert_eq!(old.layout.unwrap().value, 1);
    let older = function(&["found [8086:a338] class 000604 header type 01"]);
    assert_eq!(
        (older.base_class, older.layout),
        (old.base_class, old.layout)
    );
    let new = function(&[BRIDGE]);
    assert_eq!(
        (new.class.unwrap().value, new.base_class),
        (0x06_0400, None)
    );
    assert_eq!(
        LoggedFunction::port_type(&new.kind.unwrap().value),
        Some(Some(PortType::ROOT_PORT))
    );
    let conventional = function(&["[8086:a338] type 00 class 0x060100 conventional PCI endpoint"]);
    assert_eq!(
        LoggedFunction::port_type(&conventional.kind.unwrap().value),
        Some(None)
    );
    assert_eq!(
        function(&["[8086:a338] type 00 class 0x060100 something new"]).kind,
        None
    );
}

#[test]
fn a_function_that_does_not_answer_has_no_ids() {
    let dead = function(&["[ffff:ffff] type 7f class 0xffffff"]);
    assert_eq!(dead, LoggedFunction::default());
}

#[test]
fn bars_are_numbered_by_register_or_by_the_kernel() {
    let check = |messages: &[&str], index: u8, start: Option<u64>, len: u64| {
        let mut all = vec![DEVICE];
        all.extend(messages);
        let range = function(&all)
            .resources
            .get(&index)
            .expect(messages[0])
            .value;
        assert_eq!((range.start, range.len), (start, len), "{messages:?}");
        range
    };
    let bar = check(
        &["reg 0x14: [mem 0x6000000000-0x600fffffff 64bit pref]"],
        1,
        Some(0x60_0000_0000),
        1 << 28,
    );
    assert!(bar.wide && bar.prefetchable && !bar.io);
    let io = check(&["BAR 4 [io  0x3000-0x307f]"], 4, Some(0x3000), 0x80);
    assert!(io.io && !io.wide);
    check(
        &["reg 10 64bit mmio pref: [0xf6800000-0xf6bfffff]"],
        0,
        Some(0xf680_0000),
        1 << 22,
    );
    check(&["reg 20 io port: [0xf140-0xf147]"], 4, Some(0xf140), 8);
    check(
        &["reg 0x30: [mem 0xfe000000-0xfe07ffff pref]"],
        6,
        Some(0xfe00_0000),
        1 << 19,
    );
    check(
        &["ROM [mem 0xfe000000-0xfe07ffff pref]"],
        6,
        Some(0xfe00_0000),
        1 << 19,
    );
    check(
        &["BAR 0: assigned [mem 0xa0000000-0xa0ffffff]"],
        0,
        Some(0xa000_0000),
        1 << 24,
    );
    check(
        &["BAR 0 [mem 0xa0000000-0xa0ffffff]: assigned"],
        0,
        Some(0xa000_0000),
        1 << 24,
    );
    check(
        &["VF(n) BAR0 space: [mem 0x1000-0x4fff 64bit] (contains BAR0 for 4 VFs)"],
        7,
        Some(0x1000),
        0x4000,
    );
    check(
        &["VF BAR 2 [mem 0x1000-0x4fff 64bit]: contains BAR 2 for 4 VFs"],
        9,
        Some(0x1000),
        0x4000,
    );
    check(&["reg 0x10: [mem 0x00000000-0x0001ffff]"], 0, None, 1 << 17);
}

#[test]
fn the_last_word_about_a_resource_stands() {
    let found = function(&[
        DEVICE,
        "BAR 0 [mem 0xa0000000-0xa0ffffff]",
        "BAR 0 [mem 0xa0000000-0xa0ffffff]: releasing",
        "BAR 0 [mem 0xb0000000-0xb0ffffff]: assigned",
        "BAR 1 [mem size 0x10000000 64bit pref]: can't assign; no space",
        "BAR 1 [mem size 0x10000000 64bit pref]: failed to assign",
    ]);
    assert_eq!(found.resources[&0].value.start, Some(0xb000_0000));
    assert_eq!(found.resources[&1].value.start, None);
    assert_eq!(found.resources[&1].value.len, 1 << 28);
    assert_eq!(found.notes[0].value.kind, NoteKind::NotAssigned);
    // What the register said is kept apart.
    assert_eq!(found.read_from_register[&0].value.start, Some(0xa000_0000));
    assert!(!found.read_from_register.contains_key(&1));
}

#[test]
fn windows_of_bridges_have_one_number_each_whatever_the_kernel_calls_them() {
    for message in [
        "bridge window [io  0x3000-0x3fff]",
        "bridge window [io  0x3000-0x3fff]: assigned",
        "BAR 13: assigned [io  0x3000-0x3fff]",
        "BAR 7: assigned [io  0x3000-0x3fff]",
    ] {
        let bridge = function(&[BRIDGE, message]);
        assert_eq!(bridge.resources[&13].value.start, Some(0x3000), "{message}");
    }
    let bridge = function(&[
        BRIDGE,
        "PCI bridge to [bus 02-3a]",
        "  bridge window [mem 0xa0000000-0xa0ffffff]",
        "  bridge window [mem 0x6000000000-0x600fffffff 64bit pref]",
        "  bridge window [mem 0xc0000000-0xffffffff window] (subtractive decode)",
        "bridge window [io  0x1000-0x0fff] to [bus 02] add_size 1000",
        "PCI bridge to [bus 02-39]",
    ]);
    assert_eq!(bridge.buses.unwrap(), Said::new((2, 0x39), 7));
    let windows: Vec<_> = bridge
        .resources
        .iter()
        .map(|(i, w)| (*i, w.value.start))
        .collect();
    assert_eq!(
        windows,
        [(14, Some(0xa000_0000)), (15, Some(0x60_0000_0000))]
    );
}

#[test]
fn groups_are_left_again_and_old_kernels_name_them_otherwise() {
    assert_eq!(
        function(&["Adding to iommu group 7"]).group.unwrap().value,
        Some(7)
    );
    assert_eq!(
        function(&["Adding to iommu group 7", "Removing from iommu group 7"])
            .group
            .unwrap()
            .value,
        None
    );
    let old = read("[    0.9] iommu: Adding device 0000:00:1c.0 to group 7\n");
    assert_eq!(
        old.functions[&at("0000:00:1c.0")].group,
        Some(Said::new(Some(7), 1))
    );
    let many = function(&["Adding to iommu group 7777777777"]);
    assert_eq!(many.group, None);
}

#[test]
fn the_last_boot_that_names_devices_counts() {
    let first = "Linux version 5.0 x\npci 0000:00:01.0: [8086:0001] type 00 class 0x020000\n";
    let second = "Linux version 6.0 x\npci 0000:00:02.0: [8086:0002] type 00 class 0x020000\n";
    let log = read(&[first, second, "Linux version 7.0 (of the report)\n"].concat());
    assert_eq!(log.release.unwrap().value, "6.0");
    assert_eq!(
        log.functions.into_keys().collect::<Vec<_>>(),
        [at("0000:00:02.0")]
    );
}

#[test]
fn a_line_that_may_be_cut_says_nothing() {
    let log = read(
        "pci 0000:00:1c.0: [8086:a338] type 01 class 0x060400\npci 0000:00:1c.0: Adding to iommu group 1",
    );
    assert_eq!(log.functions[&at("0000:00:1c.0")].group, None);
}

#[test]
fn root_buses_have_ranges_windows_and_nodes() {
    let log = read(
        "ACPI: PCI Root Bridge [PC02] (domain 0000 [bus 16-63])\n\
         PCI host bridge to bus 0000:16\n\
         pci_bus 0000:16: root bus resource [io  0x4000-0x5fff window]\n\
         pci_bus 0000:16: root bus resource [mem 0x202000000000-0x203fffffffff window]\n\
         pci_bus 0000:16: root bus resource [bus 16-63]\n\
         pci_bus 0000:16: on NUMA node 1\n\
         PCI: ECAM [mem 0x80000000-0x8fffffff] (base 0x80000000) for domain 0000 [bus 00-ff]\n\
         PCI: MMCONFIG for domain 0001 [bus 00-3f] at [mem 0x70000000-0x73ffffff] (base 0x70000000)\n\
         ACPI: PCI Root Bridge [PCI1] (0002:40)\n",
    );
    let bus = &log.root_buses[&(Segment(0), 0x16)];
    assert_eq!(bus.name, Some(Said::new("PC02".to_owned(), 1)));
    assert_eq!(bus.last_bus, Some(Said::new(0x63, 5)));
    assert_eq!(bus.windows.len(), 2);
    assert_eq!(bus.windows[1].value.start, Some(0x2020_0000_0000));
    assert_eq!(bus.numa_node, Some(Said::new(1, 6)));
    let ecam = |segment, bus| log.root_buses[&(Segment(segment), bus)].ecam.unwrap().value;
    assert_eq!(
        ecam(0, 0),
        AddrRange::new(0x8000_0000, 0x8fff_ffff).unwrap()
    );
    assert_eq!(
        ecam(1, 0),
        AddrRange::new(0x7000_0000, 0x73ff_ffff).unwrap()
    );
    assert_eq!(log.root_buses[&(Segment(2), 0x40)].last_bus, None);
}

#[test]
fn remapping_is_told_by_units_reserved_memory_and_states() {
    let log = read(
        "DMAR: IOMMU enabled\n\
         DMAR: Host address width 39\n\
         DMAR: DRHD base: 0x000000fed90000 flags: 0x0\n\
         DMAR: dmar0: reg_base_addr fed90000 ver 4:0 cap 1c0000c40660462 ecap 29a00f0505e\n\
         DMAR: RMRR base: 0x0000008d000000 end: 0x0000008f7fffff\n\
         DMAR: Setting identity map for device 0000:00:1d.0 [0xdd1ec000 - 0xdd20bfff]\n\
         DMAR-IR: Enabled IRQ remapping in x2apic mode\n\
         iommu: Default domain type: Translated (set via kernel command line)\n\
         DMAR: Intel(R) Virtualization Technology for Directed I/O\n\
         pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40\n\
         AMD-Vi: Found IOMMU at 0000:20:00.2 cap 0x40\n\
         Warning: PCIe ACS overrides enabled; This may allow non-IOMMU protected peer-to-peer DMA\n",
    );
    let told = &log.remapping;
    assert_eq!(
        told.units[0].value,
        Unit {
            base: 0xfed9_0000,
            flags: 0
        }
    );
    assert_eq!(told.registers[0].value.extended_capability, 0x29a_00f0_505e);
    assert_eq!(
        told.reserved[0],
        Said::new(AddrRange::new(0x8d00_0000, 0x8f7f_ffff).unwrap(), 5)
    );
    assert_eq!(told.identity_maps[0].value.at, at("0000:00:1d.0"));
    let units: Vec<_> = told.amd_units.iter().map(|unit| unit.value.at).collect();
    assert_eq!(units, [at("0000:00:00.2"), at("0000:20:00.2")]);
    let states: Vec<_> = told
        .states
        .iter()
        .map(|state| (state.value, state.line))
        .collect();
    assert_eq!(
        states,
        [
            (State::Requested, 1),
            (State::InterruptRemapping, 7),
            (State::TranslatedByDefault, 8),
            (State::DmaRemapping, 9),
            (State::AcsOverride, 12),
        ]
    );
    let last = told.last_of(&[State::TranslatedByDefault, State::PassthroughByDefault]);
    assert_eq!(last.unwrap().line, 8);
}

#[test]
fn trouble_is_noted_with_its_words() {
    let device = function(&[
        DEVICE,
        "Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.",
        "BAR 1: can't reserve [mem 0xe0000000-0xefffffff 64bit pref]",
        "Unable to change power state from D3cold to D0, device inaccessible",
        "vfio_ecap_init: hiding ecap 0x19@0x270",
    ]);
    let kinds: Vec<_> = device.notes.iter().map(|note| note.value.kind).collect();
    let expected = [
        NoteKind::RmrrRefused,
        NoteKind::NotClaimed,
        NoteKind::NoAnswer,
        NoteKind::CapabilityHidden,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn other_texts_name_no_function() {
    for text in [
        "00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:a338] (rev f0)\n\tKernel driver in use: pcieport\n",
        "boltd[9]: [cd] newly connected (/sys/devices/pci0000:00/0000:00:1d.0/domain0/0-1)\n",
        "pci 0000:00:1C.0: [8086:a338] type 01 class 0x060400\n",
        "pci 0000:00:20.0: [8086:a338] type 01 class 0x060400\n",
        "IOMMU Group 1 0000:00:1c.0: Adding to iommu group 3\n",
        "pci 0000:00:1c.0: [8086:a33] type 01 class 0x060400\n",
        "pci 0000:00:1c.0: [8086:a338] type 01 class 0x0604\n",
    ] {
        let log = read(text);
        assert!(log.functions.is_empty(), "{text}");
    }
}
