//! Headers that carry a key.

use serde::{Deserialize, Serialize};

/// The name of a header that carries a key, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyHeader(String);

impl KeyHeader {
    /// The header of HTTP's own scheme, in which a key is a bearer token.
    pub const AUTHORIZATION: &'static str = "authorization";

    /// Headers that frame the message or lead it, and those of clouds and proxies.
    const REFUSED: [&'static str; 8] = [
        "connection",
        "cookie",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    const REFUSED_PREFIXES: [&'static str; 4] = ["content-", "proxy-", "x-amz-", "x-forwarded-"];
    const MAX_LENGTH: usize = 64;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyHeader {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let name = name.to_ascii_lowercase();
        // A token of RFC 9110 §5.6.2.
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_name = (1..=Self::MAX_LENGTH).contains(&name.len()) && name.bytes().all(is_token);
        let is_refused = Self::REFUSED.contains(&name.as_str())
            || Self::REFUSED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if is_name && !is_refused {
            Ok(Self(name))
        } else {
            Err("must be the name of a header that can carry a key, such as x-api-key")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_in_headers_that_neither_frame_nor_lead_a_message() {
        let header = |name: &str| KeyHeader::try_from(name.to_owned());
        for name in [
            "authorization",
            "Authorization",
            "x-api-key",
            "api-key",
            "Ocp-Apim-Subscription-Key",
            "x-goog-api-key",
        ] {
            assert_eq!(header(name).unwrap().as_str(), name.to_ascii_lowercase());
        }
        for name in [
            "",
            "a b",
            "a:b",
            "ä",
            "host",
            "Host",
            "content-length",
            "Content-Type",
            "cookie",
            "connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "keep-alive",
            "x-amz-security-token",
            "x-forwarded-for",
            "proxy-authorization",
        ] {
            assert!(header(name).is_err(), "{name}");
        }
        assert!(header(&"x".repeat(65)).is_err());
    }
}
