#![no_main]

use configdrive_checks::inspect::Sectors;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|input: &[u8]| configdrive_checks::inspect::check(input));

// Most mutations stay within a sector, so that the following sectors keep their place.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let Some(mut sectors) = data.get(..size).and_then(Sectors::parse) else {
        return fuzzer_mutate(data, size, max_size);
    };
    let seed = seed as usize;
    let chosen = seed / 16 % sectors.0.len().max(1);
    match (seed % 16, sectors.0.get_mut(chosen)) {
        (0, _) | (_, None) => return fuzzer_mutate(data, size, max_size),
        (1, Some(_)) => drop(sectors.0.remove(chosen)),
        (2, Some(sector)) => {
            let copy = sector.clone();
            let place = seed / 4096 % sectors.0.len();
            match seed / 256 % 2 {
                0 => sectors.0.insert(place, copy),
                _ => sectors.0[place] = copy,
            }
        }
        (_, Some(sector)) => {
            let length = sector.len();
            sector.resize(Sectors::SIZE, 0);
            let length = fuzzer_mutate(sector, length, Sectors::SIZE);
            sector.truncate(length);
        }
    }
    let input = sectors.input();
    match data.get_mut(..input.len().min(max_size)) {
        Some(place) if place.len() == input.len() => {
            place.copy_from_slice(&input);
            input.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});
