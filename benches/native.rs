//! Benches of the component's code, compiled natively: each step, and whether its cost grows linearly with its input.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs, reason = "a bench fails by panicking")]

use configdrive::{ImageFormat, Options};
use configdrive_support::workloads::{self, Workload};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

criterion_group!(benches, whole_job, steps, growth);
criterion_main!(benches);

/// Measures the whole job: document to base64 text.
fn whole_job(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pack");
    group.sample_size(10);
    for workload in Workload::ALL {
        let (document, options) = (workload.document(), options(workload));
        group.bench_function(workload.name(), |bencher| {
            bencher.iter(|| configdrive::pack(&document, &options).unwrap());
        });
    }
}

/// Measures each step: document to files, document to image, image to base64 text.
fn steps(criterion: &mut Criterion) {
    for workload in [Workload::S, Workload::M, Workload::L] {
        let (document, options) = (workload.document(), options(workload));
        let image = configdrive::build_drive(&document, &options).unwrap();
        let mut group = criterion.benchmark_group(workload.name());
        group.sample_size(10);
        group.bench_function("files", |bencher| bencher.iter(|| configdrive::files(&document, &options).unwrap()));
        group.bench_function("build-drive", |bencher| {
            bencher.iter(|| configdrive::build_drive(&document, &options).unwrap());
        });
        group.bench_function("encode", |bencher| bencher.iter(|| configdrive::encode(&image).unwrap()));
    }
}

/// Measures growth by the number of files and by bytes. If the cost is linear, the rates that criterion prints stay constant.
fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("files");
    group.sample_size(10);
    for count in [10, 100, 1000, 10_000] {
        let files: Vec<_> = (0..count).map(|index| format!("{index:0100}").into_bytes()).collect();
        let document = workloads::document(vec![], &files);
        group.throughput(Throughput::Elements(count));
        group.bench_with_input(BenchmarkId::from_parameter(count), &document, |bencher, document| {
            bencher.iter(|| configdrive::pack(document, &Options::default()).unwrap());
        });
    }
    group.finish();

    for (name, content) in [("text", workloads::log as fn(usize) -> Vec<u8>), ("noise", workloads::noise)] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        // No more than about 47 MiB of noise fit into the base64 text that Ironic accepts.
        for mebibytes in [1, 4, 16, 40] {
            let document = workloads::document(vec![], &[content(mebibytes << 20)]);
            group.throughput(Throughput::Bytes((mebibytes as u64) << 20));
            group.bench_with_input(BenchmarkId::from_parameter(mebibytes), &document, |bencher, document| {
                bencher.iter(|| configdrive::pack(document, &Options::default()).unwrap());
            });
        }
    }
}

fn options(workload: Workload) -> Options {
    let format = if workload.fat_size().is_some() { ImageFormat::Vfat } else { ImageFormat::Iso9660 };
    Options { format, size: workload.fat_size(), ..Options::default() }
}
