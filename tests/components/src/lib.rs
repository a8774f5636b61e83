//! Components with our interface, compiled for the host: malicious ones (`build/guest.rs`) with the arguments that control them, and
//! our own with a counter.

mod deed;

pub use deed::Deed;
use deed::{ALLOCATION, ARGUMENT, HEADER};

/// Our own component, which counts its work as wasmtime's fuel.
pub const COUNTING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/counting.cwasm"));
/// A component that does what its argument says, on every call.
pub const PUPPET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/puppet.cwasm"));
/// A component that misbehaves before it is called.
pub const LOOPS_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/loops-at-its-start.cwasm"));
/// See [`LOOPS_AT_ITS_START`].
pub const GROWS_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/grows-at-its-start.cwasm"));
/// See [`LOOPS_AT_ITS_START`].
pub const RECURSES_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/recurses-at-its-start.cwasm"));
/// See [`LOOPS_AT_ITS_START`].
pub const TRAPS_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/traps-at-its-start.cwasm"));
/// A component with a memory of 3 GiB before any code runs.
pub const STARTS_WITH_THREE_GIBIBYTES: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/starts-with-three-gibibytes.cwasm"));

impl Deed {
    /// Returns all deeds except [`Answer`](Self::Answer).
    pub fn bad() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().skip(1)
    }

    /// Returns the argument that makes the puppet do it.
    pub fn argument(self) -> Vec<u8> {
        vec![self as u8, 0, 0, 0, 0, 0, 0, 0]
    }

    /// Returns the argument that makes the puppet do it after it has answered with the empty string.
    pub fn after_the_answer(self) -> Vec<u8> {
        [[0, self as u8, 0, 0, 0, 0, 0, 0], [0; 8], [0; 8]].concat()
    }

    /// Returns an argument that makes the puppet do it when it is asked to allocate the argument.
    pub fn on_allocation(self) -> Vec<u8> {
        vec![0; ALLOCATION as usize + self as usize]
    }
}

/// Returns the argument that makes the puppet answer with these words. A string or list takes two words, its address and its length.
/// The strings follow the words: `strings` starts at [`address_of_strings`].
pub fn answer(words: &[u32], strings: &[u8]) -> Vec<u8> {
    let words = words.iter().flat_map(|word| word.to_le_bytes());
    Deed::Answer.argument().into_iter().chain(words).chain(strings.iter().copied()).collect()
}

/// Returns the address of the strings in the puppet's memory.
pub fn address_of_strings(words: usize) -> u32 {
    ARGUMENT + HEADER + 4 * words as u32
}
