//! The dialect of a route.

/// The dialect of a route, which is also the shape of its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
    Management,
    /// Token endpoints (RFC 6749 §5.2).
    OAuth,
}

impl Dialect {
    /// The dialect of the route that a path names, also of one that does not exist.
    pub fn of_path(path: &str) -> Self {
        // Rerankers are called without a version, and with another one.
        if matches!(path, "/rerank" | "/v2/rerank") {
            return Self::OpenAi;
        }
        match path.strip_prefix("/v1/") {
            Some("oauth/token") => Self::OAuth,
            Some(rest) if rest == "messages" || rest.starts_with("messages/") => Self::Anthropic,
            Some(_) => Self::OpenAi,
            None if path.starts_with("/oauth/") => Self::OAuth,
            None => Self::Management,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_is_that_of_the_path() {
        for (path, dialect) in [
            ("/v1/chat/completions", Dialect::OpenAi),
            ("/v1/messages", Dialect::Anthropic),
            ("/v1/messages/count_tokens", Dialect::Anthropic),
            ("/v1/oauth/token", Dialect::OAuth),
            ("/oauth/token", Dialect::OAuth),
            ("/v1/messagesque", Dialect::OpenAi),
            ("/v2/rerank", Dialect::OpenAi),
            ("/api/v1/auth/login", Dialect::Management),
        ] {
            assert_eq!(Dialect::of_path(path), dialect, "{path}");
        }
    }
}
