//! Texts and trees into captures: hex dumps of a large machine, verbose text of a server (also on
//! to verdicts), and one lab machine's folder.

#![expect(
    clippy::expect_used,
    reason = "a measurement without its input is none"
)]

use std::hint::black_box;
use std::path::Path;

use assignable::analysis::Facts;
use assignable::capture::FunctionRecord;
use assignable::host::Host;
use assignable::import::{self, Input};
use assignable::policy::Policy;
use assignable::topology::Topology;
use assignable::verdict::Verdict;
use assignable::{capture, rules, synth};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Hex dump of a machine, as `lspci -n -xxxx` prints it: about 13 KB for each function.
fn hex_text(functions: usize) -> Vec<u8> {
    let machine = synth::scale(functions).expect("the description is valid");
    let text = synth::hex::lspci_text(&machine).expect("every bit is known");
    text.into_bytes()
}

fn lspci_hex(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lspci hex text");
    for functions in [100, 1_000] {
        let bytes = hex_text(functions);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let input = [Input::Bytes {
            name: "lspci.txt".to_owned(),
            bytes,
        }];
        let imported = import::import(&input).capture.functions.len();
        assert_eq!(imported, functions, "every function is read");
        group.sample_size(20);
        group.bench_function(functions.to_string(), |bencher| {
            bencher.iter(|| import::import(black_box(&input)));
        });
    }
    group.finish();
}

/// A server as `lspci -vvvnn` prints it, without hex: root ports with a card of several functions
/// below each.
fn verbose_text(functions: usize) -> Vec<u8> {
    const CONTROL: &str = "\tControl: I/O- Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr+ Stepping- SERR+ FastB2B- DisINTx+\n\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-\n\tLatency: 0, Cache Line Size: 64 bytes\n\tInterrupt: pin A routed to IRQ 42\n\tNUMA node: 0\n";
    const EXPRESS: &str = "\t\tDevCap:\tMaxPayload 512 bytes, PhantFunc 0, Latency L0s <4us, L1 <64us\n\t\t\tExtTag+ AttnBtn- AttnInd- PwrInd- RBE+ FLReset+ SlotPowerLimit 75W\n\t\tDevCtl:\tCorrErr+ NonFatalErr+ FatalErr+ UnsupReq+\n\t\t\tRlxdOrd+ ExtTag+ PhantFunc- AuxPwr- NoSnoop- FLReset-\n\t\t\tMaxPayload 256 bytes, MaxReadReq 512 bytes\n\t\tDevSta:\tCorrErr- NonFatalErr- FatalErr- UnsupReq- AuxPwr- TransPend-\n\t\tLnkCap:\tPort #0, Speed 16GT/s, Width x16, ASPM not supported\n\t\t\tClockPM- Surprise- LLActRep- BwNot- ASPMOptComp+\n\t\tLnkCtl:\tASPM Disabled; RCB 64 bytes, Disabled- CommClk+\n\t\t\tExtSynch- ClockPM- AutWidDis- BWInt- AutBWInt-\n\t\tLnkSta:\tSpeed 16GT/s, Width x16\n\t\t\tTrErr- Train- SlotClk+ DLActive- BWMgmt- ABWMgmt-\n";
    let mut text = String::new();
    for number in 0..functions {
        let (port, function) = (number / 9, number % 9);
        let (bus, device) = (port % 32 + 1, port % 32);
        let segment = port / 32;
        if function == 0 {
            text += &format!(
                "{segment:04x}:00:{device:02x}.0 PCI bridge [0604]: Intel Corporation Device [8086:352a] (rev 04) (prog-if 00 [Normal decode])\n{CONTROL}\tBus: primary=00, secondary={bus:02x}, subordinate={bus:02x}, sec-latency=0\n\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00\n{EXPRESS}\tCapabilities: [110 v1] Access Control Services\n\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-\n\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-\n\tKernel driver in use: pcieport\n\n"
            );
            continue;
        }
        text += &format!(
            "{segment:04x}:{bus:02x}:00.{} Ethernet controller [0200]: Mellanox Technologies MT2892 Family [ConnectX-6 Dx] [15b3:101d]\n\tSubsystem: Mellanox Technologies Device [15b3:0016]\n{CONTROL}\tIOMMU group: {number}\n\tRegion 0: Memory at 2{number:04x}000000 (64-bit, prefetchable) [size=16M]\n\tCapabilities: [60] Express (v2) Endpoint, MSI 00\n{EXPRESS}\tCapabilities: [9c] MSI-X: Enable+ Count=64 Masked-\n\t\tVector table: BAR=0 offset=00002000\n\t\tPBA: BAR=0 offset=00003000\n\tCapabilities: [40] Power Management version 3\n\t\tFlags: PMEClk- DSI- D1- D2- AuxCurrent=375mA PME(D0-,D1-,D2-,D3hot-,D3cold+)\n\t\tStatus: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-\n\tCapabilities: [150 v1] Alternative Routing-ID Interpretation (ARI)\n\t\tARICap:\tMFVC- ACS-, Next Function: 1\n\t\tARICtl:\tMFVC- ACS-, Function Group: 0\n\tCapabilities: [230 v1] Access Control Services\n\t\tACSCap:\tSrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-\n\t\tACSCtl:\tSrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-\n\tKernel driver in use: mlx5_core\n\tKernel modules: mlx5_core\n\n",
            function - 1
        );
    }
    text.into_bytes()
}

/// Devices that are not assignable, so that nothing can be left out.
fn judge(input: &[Input]) -> usize {
    let capture = import::import(input).capture;
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let blocked = |policy| {
        let verdicts = host
            .iter()
            .map(move |(id, _)| Verdict::of(&run, policy, id));
        verdicts
            .filter(|verdict| *verdict == Verdict::NotAssignable)
            .count()
    };
    blocked(Policy::Vfio)
}

fn lspci_verbose(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lspci verbose text");
    for functions in [320, 3_200] {
        let bytes = verbose_text(functions);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let input = [Input::Bytes {
            name: "lspci.txt".to_owned(),
            bytes,
        }];
        let import = import::import(&input);
        assert_eq!(import.capture.functions.len(), functions);
        // A port is told with the fewest words: header, windows, Express, ACS.
        let known = |record: &FunctionRecord| record.config.known_bits() >= 320;
        assert!(
            import.capture.functions.values().all(known),
            "the words are read"
        );
        group.sample_size(20);
        group.bench_function(functions.to_string(), |bencher| {
            bencher.iter(|| import::import(black_box(&input)));
        });
        if functions == 320 {
            group.bench_function("320 to verdicts", |bencher| {
                bencher.iter(|| judge(black_box(&input)));
            });
        }
    }
    group.finish();
}

fn folder(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/lab-sriov-intel/capture");
    let functions = capture::load(&folder)
        .expect("the capture is there")
        .functions
        .len();
    let mut group = criterion.benchmark_group("capture folder");
    group.throughput(Throughput::Elements(functions as u64));
    group.bench_function("load", |bencher| {
        bencher.iter(|| capture::load(black_box(&folder)).expect("the capture is there"));
    });
    group.finish();
}

criterion_group!(benches, lspci_hex, lspci_verbose, folder);
criterion_main!(benches);
