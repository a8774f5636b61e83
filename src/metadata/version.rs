//! The versions of metadata that Nova writes.

use core::fmt;

use super::MetadataError;

/// A version of EC2 metadata, ordered from old to new.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Ec2Version {
    V1_0,
    V2007_01_19,
    V2007_03_01,
    V2007_08_29,
    V2007_10_10,
    V2007_12_15,
    V2008_02_01,
    V2008_09_01,
    V2009_04_04,
    Latest,
}

impl Ec2Version {
    const ALL: [Self; 10] = [
        Self::V1_0,
        Self::V2007_01_19,
        Self::V2007_03_01,
        Self::V2007_08_29,
        Self::V2007_10_10,
        Self::V2007_12_15,
        Self::V2008_02_01,
        Self::V2008_09_01,
        Self::V2009_04_04,
        Self::Latest,
    ];

    /// nova.conf's default for `[api] config_drive_skip_versions`.
    const SKIPPED: &str = "1.0 2007-01-19 2007-03-01 2007-08-29 2007-10-10 2007-12-15 2008-02-01 2008-09-01";

    /// Returns the versions that are not in `skipped`, whose names are separated by single spaces. Unknown names are ignored,
    /// as in Nova: its configuration may name versions of another release.
    pub fn not_skipped(skipped: Option<&str>) -> impl Iterator<Item = Self> {
        let skipped = skipped.unwrap_or(Self::SKIPPED);
        Self::ALL.into_iter().filter(move |version| skipped.split(' ').all(|name| name != version.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V2007_01_19 => "2007-01-19",
            Self::V2007_03_01 => "2007-03-01",
            Self::V2007_08_29 => "2007-08-29",
            Self::V2007_10_10 => "2007-10-10",
            Self::V2007_12_15 => "2007-12-15",
            Self::V2008_02_01 => "2008-02-01",
            Self::V2008_09_01 => "2008-09-01",
            Self::V2009_04_04 => "2009-04-04",
            Self::Latest => "latest",
        }
    }
}

impl fmt::Display for Ec2Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A version of OpenStack metadata, ordered from old to new and named after the release that introduced it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum OpenStackVersion {
    Folsom,
    Grizzly,
    Havana,
    Liberty,
    NewtonOne,
    NewtonTwo,
    Ocata,
    Rocky,
    Victoria,
    Epoxy,
}

impl OpenStackVersion {
    const ALL: [Self; 10] = [
        Self::Folsom,
        Self::Grizzly,
        Self::Havana,
        Self::Liberty,
        Self::NewtonOne,
        Self::NewtonTwo,
        Self::Ocata,
        Self::Rocky,
        Self::Victoria,
        Self::Epoxy,
    ];

    /// Returns the versions up to the one called `newest`, each with its directory. The last one comes twice: `latest` is another
    /// name of it.
    pub fn up_to(newest: Option<&str>) -> Result<impl Iterator<Item = (&'static str, Self)>, MetadataError> {
        let newest = match newest {
            None => Self::Epoxy,
            Some(name) => {
                let named = |version: &Self| version.name() == name;
                Self::ALL.into_iter().find(named).ok_or(MetadataError::NewestVersion)?
            }
        };
        let versions = Self::ALL.into_iter().take_while(move |version| *version <= newest);
        Ok(versions.map(|version| (version.name(), version)).chain([("latest", newest)]))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Folsom => "2012-08-10",
            Self::Grizzly => "2013-04-04",
            Self::Havana => "2013-10-17",
            Self::Liberty => "2015-10-15",
            Self::NewtonOne => "2016-06-30",
            Self::NewtonTwo => "2016-10-06",
            Self::Ocata => "2017-02-22",
            Self::Rocky => "2018-08-27",
            Self::Victoria => "2020-10-14",
            Self::Epoxy => "2025-04-04",
        }
    }
}
