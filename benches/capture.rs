//! Opening and surveying a zipped capture, against inflating and hashing its members alone.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]

use std::hint::black_box;
use std::io::{Cursor, Read};
use std::path::Path;

use assignable::analysis::Facts;
use assignable::capture;
use assignable::corpus;
use assignable::host::Host;
use assignable::rules;
use assignable::topology::Topology;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest, Sha256};

fn zipped(case: &str) -> Vec<u8> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let case = corpus::load_case(&corpus, case).expect("the case is there");
    let zip = capture::to_zip(&case.capture, Cursor::new(Vec::new())).expect("memory is writable");
    zip.into_inner()
}

/// The floor: every member unpacked and hashed, nothing understood.
fn inflate_and_hash(zip: &[u8]) -> usize {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut bytes = Vec::new();
    let mut total = 0;
    for at in 0..archive.len() {
        bytes.clear();
        archive
            .by_index(at)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        total += bytes.len();
        black_box(Sha256::digest(&bytes));
    }
    total
}

fn open_and_survey(zip: &[u8]) -> usize {
    let capture = capture::from_zip("case.zip", Cursor::new(zip)).unwrap();
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    rules::run(&facts).findings().count()
}

fn captures(criterion: &mut Criterion) {
    for case in ["lab-flat-intel-k612", "lab-sriov-intel-k61"] {
        let zip = zipped(case);
        let mut group = criterion.benchmark_group(format!("capture/{case}"));
        group.throughput(Throughput::Bytes(zip.len() as u64));
        group.bench_function("inflate and hash", |b| {
            b.iter(|| inflate_and_hash(black_box(&zip)));
        });
        group.bench_function("open", |b| {
            b.iter(|| capture::from_zip("case.zip", Cursor::new(black_box(&zip))).unwrap());
        });
        group.bench_function("open and survey", |b| {
            b.iter(|| open_and_survey(black_box(&zip)));
        });
        group.finish();
    }
}

criterion_group!(benches, captures);
criterion_main!(benches);
