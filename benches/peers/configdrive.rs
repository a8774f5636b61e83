//! This project among the peers: the component called from a warm host, and its code compiled natively. `peers.py` runs it.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench fails by panicking"
)]

use std::{
    env, fs,
    io::{self, BufRead as _},
    num::NonZero,
    thread,
    time::{Duration, Instant},
};

use configdrive_checks::case::native;
use configdrive_host::{ConfigDrive, ImageFormat, Limits, Options, Sandbox};
use configdrive_support::workloads::Workload;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // `cargo test --benches` gives no arguments.
        [] => println!("run benches/peers/peers.py, which runs this program"),
        ["documents", directory] => {
            for workload in Workload::ALL {
                fs::write(format!("{directory}/{}.json", workload.name()), workload.document()).unwrap();
            }
        }
        ["sandbox"] => {
            let sandbox = Sandbox::pooled(Limits::default(), NonZero::<u32>::MIN).unwrap();
            answer(|document, fat_size| sandbox.pack(document.as_bytes(), &options(fat_size)).unwrap());
        }
        ["native"] => answer(|document, fat_size| configdrive::pack(document, &native(&options(fat_size))).unwrap()),
        ["throughput", threads, seconds] => {
            println!("{:.1}", throughput(threads.parse().unwrap(), Duration::from_secs(seconds.parse().unwrap())));
        }
        _ => panic!("unknown arguments"),
    }
}

/// Reads lines `DOCUMENT SIZE [OUT]` from stdin. For each one, packs the document, writes the base64 text to OUT if it is given, and
/// prints the elapsed nanoseconds. SIZE is the size of a FAT image in bytes, or 0 for ISO 9660.
fn answer(pack: impl Fn(&str, Option<u64>) -> String) {
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let document = fs::read_to_string(words[0]).unwrap();
        let fat_size = Some(words[1].parse().unwrap()).filter(|size| *size > 0);
        let start = Instant::now();
        let text = pack(&document, fat_size);
        let elapsed = start.elapsed();
        if let Some(file) = words.get(2) {
            fs::write(file, text).unwrap();
        }
        println!("{}", elapsed.as_nanos());
    }
}

/// Returns the number of S drives packed per second.
fn throughput(threads: usize, time: Duration) -> f64 {
    let calls = u32::try_from(threads).unwrap().try_into().unwrap();
    let sandbox = Sandbox::pooled(Limits::default(), calls).unwrap();
    let document = Workload::S.document();
    let start = Instant::now();
    let drives: usize = thread::scope(|scope| {
        let work = || {
            let mut drives = 0;
            while start.elapsed() < time {
                sandbox.pack(document.as_bytes(), &Options::default()).unwrap();
                drives += 1;
            }
            drives
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    drives as f64 / start.elapsed().as_secs_f64()
}

fn options(fat_size: Option<u64>) -> Options {
    let mut options = Options::default();
    options.format = if fat_size.is_some() { ImageFormat::Vfat } else { ImageFormat::Iso9660 };
    options.size = fat_size;
    options
}
