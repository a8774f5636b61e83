/// What the puppet does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deed {
    /// Answers with the content of its argument, whether valid or not.
    Answer,
    /// Loops forever.
    Loop,
    /// Takes memory forever.
    Grow,
    /// Grows a table until that is refused, then traps.
    GrowTable,
    /// Calls itself forever.
    Recurse,
    /// Executes `unreachable`.
    Trap,
    /// Reads outside its memory.
    Outside,
    /// Calls a function that does not exist.
    Null,
    /// Overwrites its memory forever, with an instruction that takes long.
    Fill,
    /// Returns an answer at an address outside its memory.
    Misplaced,
    /// Returns an answer at an odd address.
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

/// The address of the first argument in the puppet's memory.
pub const ARGUMENT: u32 = 1024;

/// The size of an argument's header in bytes: what to do now, what to do after the answer, and padding. The answer follows.
pub const HEADER: u32 = 8;

/// If an argument is larger than this by the number of a deed, the puppet does that deed when it is asked to allocate the argument.
pub const ALLOCATION: u32 = 50_000;
