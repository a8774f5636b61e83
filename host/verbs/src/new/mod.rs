//! The verb `new`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::{document::random_uuid, error::Error, output};

/// Write a commented document to start from
///
/// The document is YAML. It has examples for DHCP, static addresses, bonds and VLANs, a new UUID, and can be built as it is.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  configdrive new -o web-01.yaml\n  configdrive build -i web-01.yaml -o web-01.iso\n\n  \
    configdrive new --kind network -o network.yaml\n  \
    configdrive build --hostname web-01 --network-data network.yaml -o web-01.iso"
)]
pub struct New {
    /// Kind of document
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// Write the document to FILE, which must not exist [default: standard output]
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
}

/// The kinds of documents.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
enum Kind {
    /// An instance, as Nova describes it
    Instance,
    /// Metadata, user data and network data, as Ironic's API accepts them
    #[default]
    Metadata,
    /// Only network data, for the option --network-data
    Network,
}

impl New {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        if self.output != Path::new("-") && self.output.symlink_metadata().is_ok() {
            return Err(Error::Usage(format!("{:?} already exists; name a new file", self.output)));
        }
        output::write_text(&self.output, &document(self.kind, &random_uuid()?))
    }
}

fn document(kind: Kind, uuid: &str) -> String {
    let rest = match kind {
        Kind::Instance => include_str!("instance.yaml"),
        Kind::Metadata => include_str!("metadata.yaml"),
        Kind::Network => return NETWORK.to_owned(),
    };
    let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    rest.replace("UUID", uuid) + "network_data:\n" + &NETWORK.lines().map(indented).collect::<String>()
}

const NETWORK: &str = include_str!("network.yaml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_network_one_level_deeper() {
        for kind in [Kind::Instance, Kind::Metadata] {
            let text = document(kind, "1be26c0b-03f2-4d2e-ae87-c02d7f33c123");
            assert!(text.contains("\n  uuid: \"1be26c0b-03f2-4d2e-ae87-c02d7f33c123\"\n"), "{text}");
            assert!(
                text.contains("\nnetwork_data:\n  # The machine's") && text.contains("\n  links:\n    - id: eth0\n"),
                "{text}"
            );
            assert!(!text.lines().any(|line| line.ends_with(' ')));
        }
    }
}
