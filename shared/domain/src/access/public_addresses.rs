//! The addresses at which clients reach the gateway: `PUBLIC_URL`. No request names one that is not listed.

use std::str::FromStr;

use url::Url;

/// Addresses without a slash at their end, several where there are a public and a private one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicAddresses(Vec<String>);

impl FromStr for PublicAddresses {
    type Err = String;

    /// Addresses like `https://gateway.example`, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let addresses = parts.map(|part| {
            let url = Url::parse(part).ok();
            let is_plain = |url: &Url| {
                matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
            };
            match url.filter(is_plain) {
                Some(_) => Ok(part.trim_end_matches('/').to_owned()),
                None => Err(format!("{part} is not an address like https://gateway.example")),
            }
        });
        Ok(Self(addresses.collect::<Result<_, _>>()?))
    }
}

impl PublicAddresses {
    /// These addresses and another one.
    #[must_use]
    pub fn and(mut self, address: String) -> Self {
        self.0.push(address);
        self
    }

    /// The address that stands for all.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// The address by which a request with this `Host` has called the gateway; the first one for a host that none has.
    pub fn of_host(&self, host: Option<&str>) -> Option<&str> {
        let named = host.and_then(|host| self.0.iter().find(|address| is_at(address, host)));
        named.map(String::as_str).or_else(|| self.first())
    }

    /// The listed address that `text` is.
    pub fn listed(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|address| *address == text).map(String::as_str)
    }
}

/// True if `host`, with its port where that is not the scheme's own, is that of `address`.
fn is_at(address: &str, host: &str) -> bool {
    let Ok(address) = Url::parse(address) else { return false };
    let called = Url::parse(&format!("{}://{host}", address.scheme()));
    called.is_ok_and(|called| called.origin() == address.origin() && called.path() == "/")
}

/// Scheme, host and port of an address, as browsers send them in `Origin`.
pub fn origin_of(address: &str) -> Option<String> {
    Some(Url::parse(address).ok()?.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d2_a_host_chooses_among_the_addresses_and_names_no_other() {
        let addresses: PublicAddresses = "https://gateway.example/prod/, https://10.0.0.5:8443, http://[::1]:8080"
            .parse()
            .unwrap();
        for (host, address) in [
            (Some("gateway.example"), "https://gateway.example/prod"),
            (Some("GATEWAY.example:443"), "https://gateway.example/prod"),
            (Some("10.0.0.5:8443"), "https://10.0.0.5:8443"),
            (Some("[::1]:8080"), "http://[::1]:8080"),
            (Some("evil.example"), "https://gateway.example/prod"),
            (Some("gateway.example:80"), "https://gateway.example/prod"),
            (Some("gateway.example@evil.example"), "https://gateway.example/prod"),
            (Some("10.0.0.5:8443/evil"), "https://gateway.example/prod"),
            (None, "https://gateway.example/prod"),
        ] {
            assert_eq!(addresses.of_host(host), Some(address), "{host:?}");
        }
        assert_eq!(addresses.listed("https://10.0.0.5:8443"), Some("https://10.0.0.5:8443"));
        assert_eq!(addresses.listed("https://evil.example"), None);
        assert_eq!(PublicAddresses::default().of_host(Some("evil.example")), None);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in ["gateway.example", "ftp://a", "https://a?b", "https://a,https://b#c"] {
            assert!(wrong.parse::<PublicAddresses>().is_err(), "{wrong}");
        }
        assert_eq!(
            origin_of("https://a.example:443/prod").as_deref(),
            Some("https://a.example")
        );
    }
}
