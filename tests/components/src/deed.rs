/// What the puppet does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deed {
    /// Answers with what stands in its argument, be it nonsense.
    Answer,
    /// Loops for ever.
    Loop,
    /// Takes memory for ever.
    Grow,
    /// Makes a table larger until it is refused, then traps.
    GrowTable,
    /// Calls itself for ever.
    Recurse,
    /// Executes `unreachable`.
    Trap,
    /// Reads where it has no memory.
    Outside,
    /// Calls a function that is not there.
    Null,
    /// Overwrites its memory for ever, which is an instruction that takes long.
    Fill,
    /// Says that its answer stands where it has no memory.
    Misplaced,
    /// Says that its answer stands at an odd address.
    Unaligned,
}

impl Deed {
    /// In the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Answer,
        Self::Loop,
        Self::Grow,
        Self::GrowTable,
        Self::Recurse,
        Self::Trap,
        Self::Outside,
        Self::Null,
        Self::Fill,
        Self::Misplaced,
        Self::Unaligned,
    ];
}

/// Where the first argument stands in the puppet's memory.
pub const ARGUMENT: u32 = 1024;

/// Of an argument, in bytes: what to do now, what to do after the answer, and nothing. The answer follows.
pub const HEADER: u32 = 8;

/// An argument larger by the number of a deed is one as soon as room is asked for it.
pub const ROOM: u32 = 50_000;
