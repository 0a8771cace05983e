//! Texts and trees into captures: hex dumps of a large machine, and one lab machine's folder.

#![expect(
    clippy::expect_used,
    reason = "a measurement without its input is none"
)]

use std::hint::black_box;
use std::path::Path;

use assignable::import::{self, Input};
use assignable::{capture, synth};
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

criterion_group!(benches, lspci_hex, folder);
criterion_main!(benches);
