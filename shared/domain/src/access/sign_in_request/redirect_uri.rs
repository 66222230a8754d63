//! The address on a person's own computer to which a code goes (RFC 8252 §7.3).

use serde::{Deserialize, Serialize};

/// `http://{127.0.0.1|[::1]|localhost}:port/callback`, and nothing else: no code leaves the computer that asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("http://")?.strip_suffix("/callback")?;
        let (host, port) = rest.rsplit_once(':')?;
        let number: u16 = port.parse().ok()?;
        // As numbers are written: no sign, no zero before them.
        let formed = matches!(host, "127.0.0.1" | "[::1]" | "localhost") && number > 0 && number.to_string() == port;
        formed.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("must be http://127.0.0.1:port/callback")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_a_code_goes_to_the_computer_that_asked_alone() {
        for good in [
            "http://127.0.0.1:1/callback",
            "http://[::1]:65535/callback",
            "http://localhost:8080/callback",
        ] {
            assert!(RedirectUri::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "https://127.0.0.1:1/callback",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:01/callback",
            "http://127.0.0.1:+1/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:1/callback/",
            "http://127.0.0.1:1/callback?a=b",
            "http://127.0.0.1:1/callback#f",
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:1//callback",
            "http://127.0.0.2:1/callback",
            "http://LOCALHOST:1/callback",
            "http://localhost.evil.example:1/callback",
            "http://evil.example:1/callback",
            "http://127.0.0.1:1@evil.example:1/callback",
            "http://evil.example#@127.0.0.1:1/callback",
            "HTTP://127.0.0.1:1/callback",
            " http://127.0.0.1:1/callback",
        ] {
            assert_eq!(RedirectUri::parse(bad), None, "{bad}");
        }
    }
}
