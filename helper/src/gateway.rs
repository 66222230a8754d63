//! The address of a gateway, as a person gives it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An address to which tokens may be sent: https, or this computer. Without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct GatewayUrl(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GatewayUrlError {
    #[error("write the gateway's address: https://gateway.example")]
    Form,
    #[error("a gateway on another computer needs https")]
    PlainText,
}

impl GatewayUrl {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of `path`, which begins with a slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// True if `url` is below this address: what a gateway says of itself leads nowhere else.
    pub(crate) fn holds(&self, url: &str) -> bool {
        url.strip_prefix(&self.0).is_some_and(|path| path.starts_with('/'))
    }
}

impl FromStr for GatewayUrl {
    type Err = GatewayUrlError;

    fn from_str(text: &str) -> Result<Self, GatewayUrlError> {
        let url = Url::parse(text).map_err(|_| GatewayUrlError::Form)?;
        let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !is_bare || url.password().is_some() || !matches!(url.scheme(), "http" | "https") {
            return Err(GatewayUrlError::Form);
        }
        if url.scheme() == "http" && !is_loopback(url.host()) {
            return Err(GatewayUrlError::PlainText);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

fn is_loopback(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl fmt::Display for GatewayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<GatewayUrl> for String {
    fn from(url: GatewayUrl) -> Self {
        url.0
    }
}

impl TryFrom<String> for GatewayUrl {
    type Error = GatewayUrlError;

    fn try_from(text: String) -> Result<Self, GatewayUrlError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_by_https_or_stays_on_this_computer() {
        for (text, url) in [
            ("https://Gateway.Example/", "https://gateway.example"),
            ("https://gateway.example/prod/", "https://gateway.example/prod"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080/", "http://localhost:8080"),
            ("http://[::1]:1", "http://[::1]:1"),
        ] {
            assert_eq!(text.parse::<GatewayUrl>().unwrap().as_str(), url);
        }
        for plain in [
            "http://gateway.example",
            "http://10.0.0.1",
            "http://localhost.evil.example",
        ] {
            assert_eq!(plain.parse::<GatewayUrl>(), Err(GatewayUrlError::PlainText), "{plain}");
        }
        for wrong in [
            "gateway.example",
            "ftp://127.0.0.1",
            "https://a:b@c",
            "https://a?b",
            "https://a#b",
        ] {
            assert_eq!(wrong.parse::<GatewayUrl>(), Err(GatewayUrlError::Form), "{wrong}");
        }
    }

    #[test]
    fn an_address_below_it_is_its_own() {
        let gateway: GatewayUrl = "https://a.example/prod".parse().unwrap();
        assert!(gateway.holds("https://a.example/prod/oauth/token"));
        for other in [
            "https://a.example/prodother",
            "https://a.example",
            "https://b.example/prod/oauth",
        ] {
            assert!(!gateway.holds(other), "{other}");
        }
    }
}
