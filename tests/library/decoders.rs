//! gzip and Python's zlib decode what the encoder writes, at the sizes at which it changes its strategy. (The encoder's own tests
//! do the same with libdeflate.)

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_support::{trials, trials::Trial};

pub fn trials() -> Vec<Trial> {
    trials![gzip_decodes_every_image, python_decodes_every_image]
}

fn gzip_decodes_every_image() {
    for (name, image) in images() {
        let gzip = STANDARD.decode(configdrive::encode(&image).unwrap()).unwrap();
        assert!(piped(Command::new("gzip").arg("-dc"), gzip) == image, "{name}");
    }
}

fn python_decodes_every_image() {
    const READ: &str = "import base64, sys, zlib
decoder = zlib.decompressobj(31)
sys.stdout.buffer.write(decoder.decompress(base64.b64decode(sys.stdin.buffer.read(), validate=True)))
assert decoder.eof and not decoder.unused_data";
    for (name, image) in images() {
        let text = configdrive::encode(&image).unwrap();
        assert!(piped(Command::new("python3").args(["-c", READ]), text.into_bytes()) == image, "{name}");
    }
}

/// Returns images of zeros and noise of sizes around the thresholds: alone, at the start, in the middle and at the end.
fn images() -> Vec<(String, Vec<u8>)> {
    // A long run of zeros; one that takes one more byte of its block; a stored block.
    const THRESHOLDS: [usize; 3] = [32_768, 33_025, 65_535];
    let mut images = vec![("empty".to_owned(), vec![])];
    for size in THRESHOLDS.into_iter().flat_map(|size| size - 1..=size + 1) {
        let noise: Vec<u8> =
            (0..size as u64).map(|n| (n * n).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]).collect();
        let (zeros, text) = (vec![0; size], b"text ".repeat(size / 5));
        let parts = [&zeros, &noise, &text].map(Vec::as_slice);
        for order in [&[0][..], &[1], &[0, 1], &[1, 0], &[2, 0, 1], &[1, 0, 2], &[2, 1, 0, 1, 1, 2, 0, 0]] {
            let image = order.iter().filter_map(|part| parts.get(*part)).copied().collect::<Vec<_>>().concat();
            images.push((format!("{order:?} of {size}"), image));
        }
    }
    images
}

fn piped(command: &mut Command, input: Vec<u8>) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}
