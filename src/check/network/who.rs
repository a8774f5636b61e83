//! Sentences about what several readers do.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Display;

use crate::check::Readers;

/// The readers that a sentence is about.
#[derive(Clone, Copy)]
pub struct Who {
    pub readers: Readers,
    cloud_init: &'static str,
    glean: &'static str,
    more: &'static str,
}

impl From<Readers> for Who {
    fn from(readers: Readers) -> Self {
        Self { readers, cloud_init: "cloud-init", glean: "glean", more: "" }
    }
}

impl Who {
    /// Adds readers.
    pub fn and(self, readers: Readers) -> Self {
        Self { readers: self.readers | readers, ..self }
    }

    /// Adds Ironic, which opens the drive as well.
    pub fn and_ironic(self) -> Self {
        Self { more: IRONIC, ..self.and(Readers::IRONIC) }
    }

    /// Debian 12's cloud-init, but not newer ones.
    pub fn old_cloud_init(self) -> Self {
        Self { cloud_init: "cloud-init 22.4", ..self }
    }

    /// Newer versions of cloud-init than Debian 12's.
    pub fn new_cloud_init(self) -> Self {
        Self { cloud_init: NEWER, ..self }
    }

    /// glean where NetworkManager or systemd-networkd configure the network.
    pub fn glean_in_places(self) -> Self {
        Self { glean: "glean (on EL 10 or with systemd-networkd)", ..self }
    }

    /// Returns the sentence "… fails and configures no network because `why`".
    pub fn fails(self, why: impl Display) -> String {
        self.does("fails and configures no network", "fail and configure no network", why)
    }

    /// Returns the sentence "… `does` because `why`", with the verb in singular or plural.
    pub fn does(self, does: &str, do_: &str, why: impl Display) -> String {
        let names = self.readers.names().filter_map(|name| match name {
            "cloud-init" => Some(self.cloud_init),
            "glean" => Some(self.glean),
            // It configures nothing.
            "ironic" => None,
            name => Some(name),
        });
        let more = self.more;
        let names: Vec<_> = names.collect();
        match &*names {
            [] => String::new(),
            [NEWER] => format!("{NEWER} {do_} because {why}{more}"),
            [name] => format!("{name} {does} because {why}{more}"),
            [names @ .., last] => format!("{} and {last} {do_} because {why}{more}", names.join(", ")),
        }
    }
}

/// What Ironic does with a file that it cannot use.
pub const IRONIC: &str =
    "; if the node's network interface is flat or neutron, Ironic also rebuilds the drive or fails the deployment";

const NEWER: &str = "newer versions of cloud-init";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_agrees_with_the_readers() {
        let does = |who: Who| who.does("fails", "fail", "x");
        assert_eq!(does(Readers::GLEAN.into()), "glean fails because x");
        let both = Readers::CLOUD_INIT | Readers::GLEAN;
        assert_eq!(does(both.into()), "cloud-init and glean fail because x");
        assert_eq!(does(Who::from(both).old_cloud_init()), "cloud-init 22.4 and glean fail because x");
        assert_eq!(
            does(Who::from(Readers::CLOUD_INIT).new_cloud_init()),
            "newer versions of cloud-init fail because x"
        );
        assert_eq!(does(Readers::INSIDE.into()), "cloud-init, glean and cloudbase-init fail because x");
    }
}
