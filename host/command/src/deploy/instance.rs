//! The options for a node's `instance_info` and the steps of its deployment.

use std::{ffi::OsStr, path::Path, str::FromStr};

use clap::{Args, ValueEnum};
use configdrive_host::ironic::{DeploySteps, InstanceInfo};
use configdrive_verbs::{Error as VerbError, Source, input};
use serde_json::Value;

use super::error::Error;

/// What Ironic must know about the instance besides its drive.
#[derive(Args, Clone)]
#[command(next_help_heading = "Instance")]
pub struct InstanceOptions {
    /// Deploy this image: a URL, or a Glance image's UUID (`image_source`) [default: what the node's `instance_info` has]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// The image's MD5, SHA-256 or SHA-512 in hexadecimal digits, or the URL of a file with it
    #[arg(long, value_name = "SUM")]
    image_checksum: Option<Checksum>,
    /// Whether the image is of a whole disk or of the root partition (`image_type`) [default: Ironic decides]
    #[arg(long, value_enum)]
    image_type: Option<ImageType>,
    /// The image's format, such as raw or qcow2 (`image_disk_format`) [default: Ironic detects it]
    #[arg(long, value_name = "FORMAT")]
    image_disk_format: Option<String>,
    /// The URL or the Glance UUID of a partition image's kernel (`kernel`)
    #[arg(long, value_name = "IMAGE")]
    kernel: Option<String>,
    /// The URL or the Glance UUID of a partition image's initial RAM disk (`ramdisk`)
    #[arg(long, value_name = "IMAGE")]
    ramdisk: Option<String>,
    /// Size of the root partition in GiB, for partition images (`root_gb`)
    #[arg(long, value_name = "GIB", value_parser = size)]
    root_gb: Option<u32>,
    /// A capability of the instance, such as boot_mode=uefi; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    capability: Vec<Member>,
    /// Any other member of the node's `instance_info`; JSON values are sent as such, others as strings; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    instance_info: Vec<Member>,
    /// Deploy steps to request: a JSON list, a JSON or YAML file, or `-` for standard input
    #[arg(long, value_name = "STEPS")]
    deploy_steps: Option<String>,
}

impl InstanceOptions {
    /// Returns what to set in the node's `instance_info`.
    pub fn info(&self) -> Result<InstanceInfo, Error> {
        let mut info = InstanceInfo::default();
        for Member { name, value } in &self.instance_info {
            info.insert(name, serde_json::from_str(value).unwrap_or_else(|_| Value::from(value.as_str())));
        }
        let describes_image = [
            ("--image-checksum", self.image_checksum.is_some()),
            ("--image-type", self.image_type.is_some()),
            ("--image-disk-format", self.image_disk_format.is_some()),
            ("--kernel", self.kernel.is_some()),
            ("--ramdisk", self.ramdisk.is_some()),
        ];
        match (&self.image, describes_image.into_iter().find(|(_, is_given)| *is_given)) {
            // Otherwise it would describe whatever image the node had before.
            (None, Some((option, _))) => {
                return Err(VerbError::Usage(format!("{option} describes an image; add --image")).into());
            }
            (Some(image), _) => info.insert("image_source", image.as_str()),
            (None, None) => {}
        }
        match &self.image_checksum {
            Some(Checksum::Plain(sum)) => info.insert("image_checksum", sum.as_str()),
            Some(Checksum::Hash { algorithm, digits }) => {
                info.insert("image_os_hash_algo", *algorithm);
                info.insert("image_os_hash_value", digits.as_str());
            }
            None => {}
        }
        let image_type = self.image_type.map(|kind| match kind {
            ImageType::WholeDisk => "whole-disk",
            ImageType::Partition => "partition",
        });
        for (name, value) in [
            ("image_type", image_type),
            ("image_disk_format", self.image_disk_format.as_deref()),
            ("kernel", self.kernel.as_deref()),
            ("ramdisk", self.ramdisk.as_deref()),
        ] {
            if let Some(value) = value {
                info.insert(name, value);
            }
        }
        if let Some(size) = self.root_gb {
            info.insert("root_gb", size);
        }
        for Member { name, value } in &self.capability {
            info.insert_into("capabilities", name, value.as_str());
        }
        Ok(info)
    }

    /// Reads the deploy steps, if there are any.
    pub fn steps(&self, limit: usize) -> Result<Option<DeploySteps>, Error> {
        let Some(steps) = &self.deploy_steps else { return Ok(None) };
        let (source, text) = match steps.trim_start().starts_with('[') {
            true => (Source::Option("--deploy-steps".into()), steps.clone()),
            false => {
                let file = input::read(Path::new(OsStr::new(steps)), limit, input::Expected::DeploySteps)?;
                (file.source.clone(), input::text(file.bytes, &file.source)?)
            }
        };
        let steps = DeploySteps::parse(&text);
        Ok(Some(steps.map_err(|error| VerbError::Config { source, message: error.to_string() })?))
    }
}

fn size(number: &str) -> Result<u32, &'static str> {
    number.parse().ok().filter(|size| *size > 0).ok_or("expected a whole number of GiB of at least 1")
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum ImageType {
    WholeDisk,
    Partition,
}

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
struct Member {
    name: String,
    value: String,
}

impl FromStr for Member {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err("expected NAME=VALUE"),
        }
    }
}

/// A checksum as Ironic accepts it. `image_checksum` is an MD5 or a URL.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Checksum {
    Plain(String),
    Hash { algorithm: &'static str, digits: String },
}

impl FromStr for Checksum {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Plain(text.to_owned()));
        }
        let digits = text.to_ascii_lowercase();
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match digits.len() {
            32 if is_hexadecimal => Ok(Self::Plain(digits)),
            64 if is_hexadecimal => Ok(Self::Hash { algorithm: "sha256", digits }),
            128 if is_hexadecimal => Ok(Self::Hash { algorithm: "sha512", digits }),
            _ => Err(
                "expected 32, 64 or 128 hexadecimal digits (MD5, SHA-256 or SHA-512), or an http:// or https:// URL",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: InstanceOptions,
    }

    fn info(flags: &[&str]) -> Result<Value, String> {
        let cli = Cli::try_parse_from([&["configdrive"], flags].concat()).map_err(|error| error.to_string())?;
        Ok(json!(cli.options.info().map_err(|error| error.to_string())?))
    }

    #[test]
    fn flags_are_members_of_instance_info() {
        let sha256 = "A".repeat(64);
        assert_eq!(
            info(&[
                "--image=http://h/a.qcow2",
                "--image-checksum",
                &sha256,
                "--image-type=partition",
                "--root-gb=20",
                "--capability=boot_mode=uefi",
                "--capability=secure_boot=true",
                "--instance-info=root_device={\"wwn\": \"0x4\"}",
                "--instance-info=swap_mb=512",
                "--instance-info=display_name=web=1",
            ]),
            Ok(json!({
                "image_source": "http://h/a.qcow2", "image_os_hash_algo": "sha256",
                "image_os_hash_value": "a".repeat(64), "image_type": "partition", "root_gb": 20,
                "capabilities": {"boot_mode": "uefi", "secure_boot": "true"},
                "root_device": {"wwn": "0x4"}, "swap_mb": 512, "display_name": "web=1",
            }))
        );
        assert_eq!(info(&[]), Ok(json!({})));
        let md5 = "0".repeat(32);
        for sum in [&*md5, "https://h/SUMS"] {
            let image = ["--image=x", "--image-checksum", sum];
            assert_eq!(info(&image), Ok(json!({"image_source": "x", "image_checksum": sum})));
        }
        for flags in [&["--image=x", "--image-checksum=sha1"][..], &["--root-gb=0"], &["--capability=x"]] {
            assert!(info(flags).is_err(), "{flags:?}");
        }
        assert_eq!(info(&["--kernel=x"]), Err("--kernel describes an image; add --image".into()));
    }
}
