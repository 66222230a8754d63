//! Backends that fail, each in one of the ways that the table of failures names.

use harness::provider::{Provider, Reply, openai};
use harness::tls::TlsBackend;
use serde_json::json;

/// A backend that fails in one way.
pub(super) enum Failing {
    Scripted {
        provider: Provider,
        is_silent: bool,
    },
    Elsewhere {
        base_url: String,
        _server: Option<TlsBackend>,
    },
}

impl Failing {
    pub(super) fn new(failure: &str, stream: bool) -> Self {
        match failure {
            "connection refused" => {
                let mut provider = Provider::start();
                provider.kill();
                Self::Scripted {
                    provider,
                    is_silent: false,
                }
            }
            "name without address" => Self::Elsewhere {
                base_url: "http://name.invalid".into(),
                _server: None,
            },
            "unknown authority" => {
                let server = TlsBackend::start(&["http/1.1"], &openai::completion("Hello"));
                Self::Elsewhere {
                    base_url: server.base_url(),
                    _server: Some(server),
                }
            }
            _ => {
                let provider = Provider::always(reply(failure, stream));
                Self::Scripted {
                    provider,
                    is_silent: failure.starts_with("stall before") || failure.starts_with("stall after"),
                }
            }
        }
    }

    pub(super) fn base_url(&self) -> String {
        match self {
            Self::Scripted { provider, .. } => provider.base_url(),
            Self::Elsewhere { base_url, .. } => base_url.clone(),
        }
    }

    /// How long its first byte is waited for, where it never comes.
    pub(super) fn timeout_ms(&self) -> Option<u64> {
        matches!(self, Self::Scripted { is_silent: true, .. }).then_some(200)
    }

    /// How often it was asked, where that can be seen.
    pub(super) fn asked(&self) -> String {
        match self {
            Self::Scripted { provider, .. } if provider.is_running() => provider.received().len().to_string(),
            _ => "-".into(),
        }
    }
}

fn refused(status: u16, message: &str) -> Reply {
    Reply::error(status, &json!({"error": {"message": message}}))
}

fn reply(failure: &str, stream: bool) -> Reply {
    let head = || {
        if stream {
            Reply::events()
        } else {
            Reply::json(&openai::completion("Hello")).cut(0)
        }
    };
    let begun = || {
        if stream {
            head().event(&openai::chunk("Hel"))
        } else {
            Reply::json(&openai::completion("Hello")).cut(9)
        }
    };
    let told = json!({"error": {"message": "so it is"}});
    match failure {
        "closed before the head" => Reply::raw("").close(),
        "reset before the head" => Reply::raw("").reset(),
        "stall before the head" => Reply::silence(),
        "garbage for a head" => Reply::raw("!%&/ garbage\r\n\r\n").close(),
        "reset after the head" => head().reset(),
        "stall after the head" => head().stall(),
        "truncated" => begun().close(),
        "reset in the answer" => begun().reset(),
        "stall in the answer" => begun().stall(),
        "no end mark" => begun().end(),
        "no JSON" if stream => begun().bytes("data: {\"choices\": [\n\n").stall(),
        "no JSON" => Reply::new(200, "application/json", "{\"choices\": ["),
        "HTML" => Reply::new(200, "text/html", "<html>Welcome!</html>"),
        "error with status 200" => Reply::json(&told),
        "endless line" => Reply::events().bytes("x".repeat(4096)).endless(),
        "endless events" => Reply::events().event(&openai::chunk("Hel")).endless(),
        "redirect" => Reply::redirect("http://127.0.0.1:1/v1/chat/completions"),
        "403 for the content" => refused(403, "your input was flagged by moderation"),
        "403 for the key" => refused(403, "this API key has no rights"),
        "404 for the model" => refused(404, "the model `x` does not exist"),
        "429 for 7 s" => Reply::error(429, &told).header("retry-after", "7"),
        status => Reply::error(status.parse().unwrap(), &told),
    }
}
