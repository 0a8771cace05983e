//! ACPI tables: what analyses read of them, and every byte with its name.
//!
//! The tables are those of the corpus; with `ASSIGNABLE_EXTRA_CORPUS`, every DMAR and IVRS below
//! its `acpi` folder too.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a measurement without its input is none"
)]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;

use assignable::corpus;
use assignable::decode::acpi::{self, Table};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn tables() -> Vec<Vec<u8>> {
    let mut found = BTreeSet::new();
    let cases = corpus::load_all(Path::new("corpus")).expect("the corpus is there");
    for case in cases.into_values() {
        let capture = case.expect("every case loads").capture;
        found.extend(capture.tables.into_values());
    }
    if let Some(root) = std::env::var_os("ASSIGNABLE_EXTRA_CORPUS") {
        let folders = std::fs::read_dir(Path::new(&root).join("acpi"))
            .into_iter()
            .flatten();
        for folder in folders.flatten() {
            for name in ["DMAR.bin", "IVRS.bin"] {
                found.extend(std::fs::read(folder.path().join(name)).ok());
            }
        }
    }
    let remapping = |bytes: &Vec<u8>| bytes.starts_with(b"DMAR") || bytes.starts_with(b"IVRS");
    found.into_iter().filter(remapping).collect()
}

fn decode(criterion: &mut Criterion) {
    let tables = tables();
    let mut group = criterion.benchmark_group("all DMAR and IVRS tables");
    group.throughput(Throughput::Elements(tables.len() as u64));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let decode =
                |bytes: &Vec<u8>| Table::decode(black_box(bytes)).map(|table| table.faults.len());
            tables.iter().filter_map(decode).sum::<usize>()
        });
    });
    group.bench_function("every byte named", |bencher| {
        bencher.iter(|| {
            let dump =
                |bytes: &Vec<u8>| acpi::dump(black_box(bytes)).map(|table| table.parts.len());
            tables.iter().filter_map(dump).sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
