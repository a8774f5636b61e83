//! The drives that every measurement makes: documents of instances, from a few small files to nearly as much as fits on a drive.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// A drive to be measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Workload {
    /// 49 small files.
    S,
    /// S with 64 KiB of user data, which is in every version's directory.
    M,
    /// S and 16 MiB that do not compress.
    L,
    /// S and 48 MiB of text.
    Xl,
    /// S as a FAT image of 64 MiB, as Nova makes it.
    V,
}

impl Workload {
    pub const ALL: [Self; 5] = [Self::S, Self::M, Self::L, Self::Xl, Self::V];

    pub fn name(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::M => "M",
            Self::L => "L",
            Self::Xl => "XL",
            Self::V => "V",
        }
    }

    /// Returns the size of the FAT image in bytes, or `None` for an ISO 9660 image.
    pub fn fat_size(self) -> Option<u64> {
        (self == Self::V).then_some(64 << 20)
    }

    pub fn document(self) -> String {
        match self {
            Self::S | Self::V => document(user_data(1 << 10), &[]),
            Self::M => document(user_data(64 << 10), &[]),
            Self::L => document(user_data(1 << 10), &[noise(16 << 20)]),
            Self::Xl => document(user_data(1 << 10), &[log(48 << 20)]),
        }
    }
}

/// Returns the document of the golden case `full`, with this user data and these injected files.
pub fn document(user_data: Vec<u8>, files: &[Vec<u8>]) -> String {
    let mut document: Value = serde_json::from_str(include_str!("../../golden/full/document.json")).unwrap();
    document["instance"]["user_data"] = STANDARD.encode(user_data).into();
    document["network_info"][0]["network"]["meta"]["injected"] = false.into();
    let file = |(index, content)| json!({"path": format!("/srv/{index}"), "contents": STANDARD.encode(content)});
    document["injected_files"] = files.iter().enumerate().map(file).collect();
    document.to_string()
}

/// Returns a shell script that installs certificates: much of it is base64.
pub fn user_data(size: usize) -> Vec<u8> {
    let mut numbers = Numbers::new(1);
    let mut text = String::from("#!/bin/sh\n");
    while text.len() < size {
        let line = numbers.below(1000);
        text += &format!("install --mode 0644 /dev/stdin /etc/ssl/certs/site-{line}.pem <<EOF\n");
        let bytes: [u8; 36] = std::array::from_fn(|_| numbers.below(256) as u8);
        text += &STANDARD.encode(bytes);
        text += "\nEOF\n";
    }
    text.truncate(size);
    text.into_bytes()
}

/// Returns the log of a service.
pub fn log(size: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "instance", "volume", "attached", "to", "node", "port", "bound", "waiting", "for", "image", "cache", "lock",
        "released", "after", "seconds", "network",
    ];
    let mut numbers = Numbers::new(2);
    let mut text = String::with_capacity(size + 1000);
    let mut millisecond = 0;
    while text.len() < size {
        millisecond += numbers.below(3000);
        let (second, host) = (millisecond / 1000, numbers.below(40));
        let level = ["INFO", "INFO", "INFO", "DEBUG", "WARNING"][numbers.below(5)];
        text += &format!(
            "2026-01-{:02} {:02}:{:02}:{:02}.{:03} compute-{host} {level} nova.virt.ironic.driver [req-{:08x}]",
            1 + second / 86400 % 28,
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            millisecond % 1000,
            numbers.below(1 << 32),
        );
        for _ in 0..4 + numbers.below(12) {
            text += " ";
            text += WORDS[numbers.below(16).min(numbers.below(16))];
        }
        text += "\n";
    }
    text.truncate(size);
    text.into_bytes()
}

/// Returns bytes that do not compress.
pub fn noise(size: usize) -> Vec<u8> {
    let mut numbers = Numbers::new(3);
    std::iter::repeat_with(|| numbers.next().to_le_bytes()).flatten().take(size).collect()
}

/// xorshift64: the same numbers everywhere.
struct Numbers(u64);

impl Numbers {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }
}
