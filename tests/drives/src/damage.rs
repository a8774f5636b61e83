//! Drives that are damaged.

use crate::trees;

/// Damages an image in `rounds` ways, the same on every machine, and passes each result to `show`, until that returns an error.
pub fn each<E>(image: &mut [u8], rounds: usize, mut show: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut numbers = trees::numbers(image.len() as u64);
    let mut number = |below: usize| numbers.next().expect("endless") as usize % below;
    // Readers ignore most of the zeros.
    let places: Vec<usize> = (0..image.len()).filter(|&at| image[at] != 0).collect();
    for _ in 0..rounds {
        let mut before = Vec::new();
        for _ in 0..=number(6) {
            let at = places[number(places.len())];
            let from = places[number(places.len())];
            let length = number(64).min(image.len() - at.max(from)).max(1);
            before.push((at, image[at..at + length].to_vec()));
            match number(4) {
                0 => image[at] ^= 1 << number(8),
                1 => image[at] = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff][number(7)],
                2 => image[at] = number(256) as u8,
                // Another structure in place of this one.
                _ => image.copy_within(from..from + length, at),
            }
        }
        show(image)?;
        for (at, bytes) in before.into_iter().rev() {
            image[at..at + bytes.len()].copy_from_slice(&bytes);
        }
    }
    Ok(())
}
