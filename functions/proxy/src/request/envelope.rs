//! The envelope of a Messages request: Anthropic's own, or that of a cloud which has its models.

use bytes::Bytes;
use domain::models::catalog::Protocol;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use service::http::ApiError;
use service::outbound::backend::MessagesCall;

use super::body::RequestBody;
use super::native_settings::VERSION;
use crate::patch::Patch;

const VERSION_MEMBER: &str = "anthropic_version";
/// Vertex's name for the API's first version
/// (<https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>).
const FIRST_IN_VERTEX: (&str, &str) = ("2023-06-01", "vertex-2023-10-16");

/// The envelope of a Messages request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// The model stands in the body, the API's version in a header.
    Own,
    /// The version stands in the body, and the model only where it is not in the path.
    Vertex { version: String, names_model: bool },
}

impl Envelope {
    /// That of `call` to a backend of `protocol`. What goes into the body is taken out of the `headers`.
    pub(crate) fn of(protocol: Protocol, call: MessagesCall, headers: &mut HeaderMap) -> Self {
        if protocol != Protocol::AnthropicVertex {
            return Self::Own;
        }
        let (first, in_vertex) = FIRST_IN_VERTEX;
        let version = headers.remove(VERSION);
        let version = version.as_ref().and_then(|version| HeaderValue::to_str(version).ok());
        Self::Vertex {
            version: version
                .filter(|version| *version != first)
                .unwrap_or(in_vertex)
                .to_owned(),
            names_model: call == MessagesCall::CountTokens,
        }
    }

    /// The members of a request that are not in its body.
    pub(super) fn left_out(&self) -> &'static [&'static str] {
        match self {
            Self::Own => &[],
            Self::Vertex { names_model: true, .. } => &[VERSION_MEMBER],
            Self::Vertex { names_model: false, .. } => &[VERSION_MEMBER, "model"],
        }
    }

    /// The member that is in its body alone.
    pub(super) fn added(&self, members: &RequestBody<'_>) -> Option<Patch> {
        let Self::Vertex { version, .. } = self else {
            return None;
        };
        let version = Value::from(version.as_str());
        Some(Patch::insert(
            members.start(),
            format!(r#""{VERSION_MEMBER}":{version},"#),
        ))
    }

    /// True if the model is named in the body.
    pub(super) fn names_model(&self) -> bool {
        match self {
            Self::Own => true,
            Self::Vertex { names_model, .. } => *names_model,
        }
    }

    /// The patches that put a request in Anthropic's own form, which was made here, into this envelope.
    pub(crate) fn patches_unread(&self, body: &Bytes) -> Result<Vec<Patch>, ApiError> {
        if *self == Self::Own {
            return Ok(Vec::new());
        }
        let members = RequestBody::parse(body)?;
        let left_out: Vec<String> = self.left_out().iter().map(ToString::to_string).collect();
        let mut patches = members.without(&left_out);
        patches.extend(self.added(&members));
        Ok(patches)
    }
}
