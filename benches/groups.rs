//! Predicted IOMMU groups of machines of several sizes, on one thread.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a bench fails by panicking"
)]

use std::hint::black_box;

use assignable::analysis::groups::{Groups, Settings};
use assignable::host::Host;
use assignable::iommu::Iommu;
use assignable::synth;
use assignable::topology::Topology;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn groups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("groups");
    for functions in [1_000, 10_000, 60_000] {
        let capture = synth::scale(functions).expect("the description is valid");
        let host = Host::from_capture(&capture);
        let topology = Topology::of(&host);
        let iommu = Iommu::of(&host, &topology);
        let settings = Settings::for_host(&host);
        group.throughput(Throughput::Elements(capture.functions.len() as u64));
        group.sample_size(20);
        group.bench_with_input(
            BenchmarkId::from_parameter(functions),
            &settings,
            |bencher, settings| {
                bencher.iter(|| Groups::predict(black_box(&host), &topology, &iommu, settings));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, groups);
criterion_main!(benches);
