//! From a loaded capture to verdicts: decode, tree, analysis, rules, verdicts of two policies.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a bench fails by panicking"
)]

use std::hint::black_box;

use assignable::analysis::Facts;
use assignable::capture::Capture;
use assignable::host::Host;
use assignable::policy::Policy;
use assignable::rules;
use assignable::synth;
use assignable::topology::Topology;
use assignable::verdict::Verdict;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// The whole pipeline; returns how many functions are not assignable, so that nothing can be
/// left out.
fn judge(capture: &Capture) -> usize {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    [Policy::HyperV2025, Policy::Vfio]
        .into_iter()
        .map(|policy| {
            host.iter()
                .filter(|&(id, _)| Verdict::of(&run, policy, id) == Verdict::NotAssignable)
                .count()
        })
        .sum()
}

fn pipeline(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("image to verdict");
    for functions in [1_000, 10_000, 60_000] {
        let capture = synth::scale(functions).expect("the description is valid");
        group.throughput(Throughput::Elements(capture.functions.len() as u64));
        group.sample_size(if functions > 1_000 { 10 } else { 50 });
        group.bench_with_input(
            BenchmarkId::from_parameter(functions),
            &capture,
            |bencher, capture| {
                bencher.iter(|| judge(black_box(capture)));
            },
        );
    }
    group.finish();
}

fn stages(criterion: &mut Criterion) {
    let capture = synth::scale(10_000).expect("the description is valid");
    let mut group = criterion.benchmark_group("stages of 10000 functions");
    group.throughput(Throughput::Elements(capture.functions.len() as u64));
    group.sample_size(20);
    group.bench_function("host", |bencher| {
        bencher.iter(|| Host::from_capture(black_box(&capture)));
    });
    let host = Host::from_capture(&capture);
    group.bench_function("topology", |bencher| {
        bencher.iter(|| Topology::of(black_box(&host)));
    });
    let topology = Topology::of(&host);
    group.bench_function("facts", |bencher| {
        bencher.iter(|| Facts::of(black_box(&host), &topology));
    });
    let facts = Facts::of(&host, &topology);
    group.bench_function("rules", |bencher| {
        bencher.iter(|| rules::run(black_box(&facts)));
    });
    group.finish();
}

criterion_group!(benches, pipeline, stages);
criterion_main!(benches);
