//! The programs that read drives.

use core::{fmt, ops::BitOr};

/// A set of programs that read a drive.
#[derive(Clone, Copy, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Readers(u8);

macro_rules! readers {
    ($($(#[$doc:meta])* $constant:ident = $bit:literal, $name:literal;)*) => {
        impl Readers {
            $($(#[$doc])* pub const $constant: Self = Self(1 << $bit);)*

            /// Each reader by its name.
            pub const ALL: &[(&'static str, Self)] = &[$(($name, Self::$constant)),*];
        }
    };
}

readers! {
    /// cloud-init.
    CLOUD_INIT = 0, "cloud-init";
    /// glean.
    GLEAN = 1, "glean";
    /// cloudbase-init.
    CLOUDBASE_INIT = 2, "cloudbase-init";
    /// Ironic's conductor.
    IRONIC = 3, "ironic";
    /// Ironic's agent.
    AGENT = 4, "ironic-python-agent";
}

impl Readers {
    /// The readers inside an instance.
    pub const INSIDE: Self = Self(Self::CLOUD_INIT.0 | Self::GLEAN.0 | Self::CLOUDBASE_INIT.0);

    /// Returns the union of both sets.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the readers' names, in the order of [`Self::ALL`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(move |(_, reader)| self.contains(*reader)).map(|(name, _)| *name)
    }

    /// Returns whether all of the `other` readers are in the set.
    pub fn contains(self, other: Self) -> bool {
        self | other == self
    }
}

impl BitOr for Readers {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
