//! Components with our interface, compiled for the host: malicious ones (`build/guest.rs`) and how to tell them what to do, and ours with
//! a counter.

mod deed;

pub use deed::Deed;
use deed::{ARGUMENT, HEADER, ROOM};

/// Our own component, which counts what it does as wasmtime's fuel.
pub const COUNTING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/counting.cwasm"));
/// Does what its argument says, on every call.
pub const PUPPET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/puppet.cwasm"));
/// Others that do it before they are called.
pub const LOOPS_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/loops-at-its-start.cwasm"));
/// See [`LOOPS_AT_ITS_START`].
pub const GROWS_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/grows-at-its-start.cwasm"));
/// See [`LOOPS_AT_ITS_START`].
pub const RECURSES_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/recurses-at-its-start.cwasm"));
/// See [`LOOPS_AT_ITS_START`].
pub const TRAPS_AT_ITS_START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/traps-at-its-start.cwasm"));
/// Its memory is that large before any code runs.
pub const BEGINS_WITH_THREE_GIBIBYTES: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/begins-with-three-gibibytes.cwasm"));

impl Deed {
    /// All but [`Answer`](Self::Answer).
    pub fn bad() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().skip(1)
    }

    /// The argument that makes the puppet do it.
    pub fn argument(self) -> Vec<u8> {
        vec![self as u8, 0, 0, 0, 0, 0, 0, 0]
    }

    /// The argument that makes it do so once it has answered with the empty text.
    pub fn after_the_answer(self) -> Vec<u8> {
        [[0, self as u8, 0, 0, 0, 0, 0, 0], [0; 8], [0; 8]].concat()
    }

    /// An argument that makes it do so when it is asked for room.
    pub fn on_room_for_the_argument(self) -> Vec<u8> {
        vec![0; ROOM as usize + self as usize]
    }
}

/// The argument that makes the puppet answer with these words, of which there are two for each text or list: where it begins and
/// how much it holds. Texts stand behind the words: the first of `texts` at [`place_of_texts`].
pub fn answer(words: &[u32], texts: &[u8]) -> Vec<u8> {
    let words = words.iter().flat_map(|word| word.to_le_bytes());
    Deed::Answer.argument().into_iter().chain(words).chain(texts.iter().copied()).collect()
}

/// Where `texts` begins in the puppet's memory.
pub fn place_of_texts(words: usize) -> u32 {
    ARGUMENT + HEADER + 4 * words as u32
}
