//! One function's configuration space: header and both lists, then the views that verdicts use.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a bench fails by panicking"
)]
#![expect(
    clippy::expect_used,
    reason = "a measurement without its input is none"
)]

use std::hint::black_box;

use assignable::bytes::ConfigImage;
use assignable::decode::config::bar::bars;
use assignable::decode::config::cap::express::Express;
use assignable::decode::config::ext::acs::Acs;
use assignable::decode::config::ext::sriov::SrIov;
use assignable::decode::config::{ConfigSpace, structure_of};
use assignable::spec::pci::{CapId, HeaderType};
use assignable::spec::pcie::ExtCapId;
use assignable::synth;
use criterion::{Criterion, criterion_group, criterion_main};

/// A network card with most of what a function can have: 4096 bytes, 15 capabilities.
const CARD: &str = r#"
[[root]]
[[root.device]]
kind = "rciep"
class = "ethernet"
msi = 32
rom = "512K"
flr = true
af = {}
vendor = ["00010203"]
serial = "0x1122334455667788"
acs = "full"
ari = true
ats = true
pri = true
pasid = 20
sriov = { total = 64, bars = ["mem64p 64K", "3: mem64p 16K"], msix = 5 }
rebar = [{ bar = 0, sizes = ["1M", "2M"], current = "1M" }]
"#;

fn card() -> ConfigImage {
    let capture = synth::synthesise(CARD).expect("the description is valid");
    let record = capture
        .functions
        .into_values()
        .next()
        .expect("there is one function");
    record.config
}

fn decode(criterion: &mut Criterion) {
    let image = card();
    let mut group = criterion.benchmark_group("one function");
    group.bench_function("index", |bencher| {
        bencher.iter(|| ConfigSpace::decode(black_box(&image)));
    });
    let space = ConfigSpace::decode(&image).value;
    group.bench_function("views", |bencher| {
        bencher.iter(|| {
            let (image, space) = (black_box(&image), black_box(&space));
            let express = space.standard(image, CapId::EXPRESS).map(Express::new);
            let acs = space.extended(image, ExtCapId::ACS).map(Acs::new);
            let sriov = space.extended(image, ExtCapId::SR_IOV).map(SrIov::new);
            (
                express.map(Express::has_flr),
                acs.map(Acs::control),
                sriov.map(SrIov::total_vfs),
                bars(image, HeaderType::ENDPOINT),
            )
        });
    });
    group.bench_function("registers", |bencher| {
        bencher.iter(|| {
            let image = black_box(&image);
            space
                .capabilities
                .iter()
                .filter_map(|entry| Some((structure_of(entry.id)?, image.window(entry.offset))))
                .map(|(structure, window)| (structure.registers)(window).len())
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
