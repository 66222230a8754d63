//! Headers that no setting may put into a request to a backend (api.md §6, promise 38).

/// Headers that carry credentials or frame the message.
const RESERVED: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const RESERVED_PREFIXES: [&str; 3] = ["x-forwarded-", "x-amz-", "proxy-"];

/// Words of names of headers that carry credentials. Such a value is a secret: it goes into `api_key`, which is never
/// shown and stays with its address.
const CREDENTIALS: [&str; 9] = [
    "apikey",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "key",
    "password",
    "secret",
    "token",
];

/// True if an extra header of this name is refused when it is configured.
pub(crate) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    carries_credential(&name)
        || RESERVED.contains(&name.as_str())
        || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// True for names such as `x-api-key`, `api-key`, `x-auth-token`, `subscription-key`, `x-access-tokens`, `xapikey`.
fn carries_credential(name: &str) -> bool {
    let is_credential = |word: &str| CREDENTIALS.contains(&word) || CREDENTIALS.contains(&word.trim_end_matches('s'));
    name.split(['-', '_', '.']).any(is_credential)
        || ["apikey", "token", "secret", "password"]
            .iter()
            .any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p22_ha2_headers_that_carry_credentials_are_not_set_as_headers() {
        for name in [
            "x-api-key",
            "api-key",
            "X-Auth-Token",
            "Ocp-Apim-Subscription-Key",
            "apikey",
            "x-goog-api-key",
            "cookie",
            "set-cookie",
            "Authorization",
            "X-Authorization",
            "x-access-token",
            "xapikey",
            "x_api_key",
            "x-amz-security-token",
            "client-secret",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in [
            "x-source",
            "user-agent",
            "openai-organization",
            "x-keyboard",
            "anthropic-beta",
            "http-referer",
            "x-title",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
