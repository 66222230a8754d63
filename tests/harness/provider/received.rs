//! What the provider was asked.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::Gate;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    abandoned: Gate,
}

impl Received {
    pub fn new(method: Method, path: String, headers: HeaderMap) -> Self {
        Self {
            method,
            path,
            headers,
            body: Bytes::new(),
            abandoned: Gate::new(),
        }
    }

    /// The value of a header, or `""`.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Waits until the gateway has closed the connection before the reply was at its end.
    pub async fn abandoned(&self) {
        self.abandoned.opened().await;
    }

    pub(super) fn abandon(&self) {
        self.abandoned.open();
    }
}
