//! Time zones by their IANA names.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// A time zone of the database that is part of this program, so that every process computes alike. Looked up when it
/// is parsed; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// Why a text names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a time zone as in Asia/Shanghai")]
pub struct ZoneError;

impl Zone {
    /// The zone called `name`, in any case of letters.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| ZoneError)?;
        // `Etc/Unknown` is a zone to the library, but a mistake in a policy.
        if zone.iana_name().is_some() && !zone.is_unknown() {
            Ok(Self(zone))
        } else {
            Err(ZoneError)
        }
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    pub fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;

    fn try_from(name: String) -> Result<Self, ZoneError> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p47_zones_have_iana_names() {
        for (name, known) in [
            ("UTC", "UTC"),
            ("Asia/Shanghai", "Asia/Shanghai"),
            ("europe/berlin", "Europe/Berlin"),
        ] {
            assert_eq!(Zone::parse(name).unwrap().name(), known);
        }
        for bad in [
            "",
            "Mars/Olympus",
            "+08:00",
            "CST-8",
            "Etc/Unknown",
            "../etc/passwd",
            "Asia/Shanghai ",
        ] {
            assert_eq!(Zone::parse(bad), Err(ZoneError), "{bad}");
        }
        assert_eq!(Zone::default(), Zone::parse("UTC").unwrap());
    }
}
