//! Headers that no setting may put into a request to a backend (api.md §6, promise 38).

/// They carry credentials or frame the message.
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

/// True if an extra header of this name is refused when it is configured.
pub(crate) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Azure's, Google's and Anthropic's: a backend's key is stored as a secret, and never shown.
    let is_key = name.ends_with("api-key");
    is_key || RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
