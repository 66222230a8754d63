//! Parts of a request's head as types, whose refusals are errors of ours instead of axum's plain text.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use http::header::IF_MATCH;
use http::request::Parts;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::error::{ApiError, Code};
use super::json;
use super::origin::Origin;
use super::session_caller::SessionCaller;
use domain::models::audit::{AuditEntry, Authority};
use domain::models::user::User;

/// The route's one parameter, as an id. A text that cannot be one names nothing: 404.
#[derive(Clone, Debug)]
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: TryFrom<String>> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::not_found("object"))?
            .0;
        T::try_from(text).map(Self).map_err(|_| ApiError::not_found("object"))
    }
}

/// The route's two parameters, likewise.
#[derive(Clone, Debug)]
pub struct Ids<T, U>(pub T, pub U);

impl<S: Send + Sync, T: TryFrom<String>, U: TryFrom<String>> FromRequestParts<S> for Ids<T, U> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((first, second)) = path.map_err(|_| ApiError::not_found("object"))?;
        match (T::try_from(first), U::try_from(second)) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            _ => Err(ApiError::not_found("object")),
        }
    }
}

/// The query string as `T`. Wrong values are 400 and name the field (promise 28).
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| json::refusal(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// The version that the caller has seen (`If-Match: "<version>"`, RFC 9110 §13.1.1), where one is given.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        if values.next().is_some() {
            return Err(ApiError::invalid("If-Match", "must not come twice"));
        }
        let version = value
            .to_str()
            .ok()
            .and_then(|text| text.trim().trim_matches('"').parse().ok());
        version
            .map(|version| Self(Some(version)))
            .ok_or_else(|| ApiError::invalid("If-Match", "must be a version in quotes"))
    }
}

impl IfMatch {
    /// The condition of a change that expects no version.
    pub const ANY: Self = Self(None);

    /// The condition of a change of this version.
    pub fn version(version: u64) -> Self {
        Self(Some(version))
    }

    /// Refuses when the header or the body's `version` names another version than the `current` one.
    pub fn check(self, in_body: Option<u64>, current: u64) -> Result<(), ApiError> {
        let matches = [self.0, in_body]
            .into_iter()
            .flatten()
            .all(|expected| expected == current);
        if matches { Ok(()) } else { Err(version_conflict()) }
    }
}

/// Somebody else's change came between.
pub fn version_conflict() -> ApiError {
    ApiError::new(
        Code::VersionConflict,
        "this has been changed since it was read; read it again",
    )
}

/// Who makes a change, for the audit trail.
#[derive(Clone, Debug)]
pub struct Actor {
    pub user: Arc<User>,
    pub origin: Origin,
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(parts).ok_or_else(ApiError::unauthorized)
    }
}

impl Actor {
    /// The person whom the gate has authenticated.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        Some(Self {
            user: Arc::clone(&parts.extensions.get::<SessionCaller>()?.user),
            origin: Origin::of(parts),
        })
    }

    /// The same actor after a change of `user`: who changes the own account goes on with the session that it has then.
    #[must_use]
    pub fn after(&self, user: &User) -> Self {
        let own = (self.user.id == user.id).then(|| Arc::new(user.clone()));
        Self {
            user: own.unwrap_or_else(|| Arc::clone(&self.user)),
            origin: self.origin.clone(),
        }
    }

    /// The audit entry of a change of the fields `changed` that this actor makes. The change is refused once the
    /// actor's session has ended (promise 61).
    pub fn audit(&self, at: Timestamp, action: &str, target: impl ToString, changed: Vec<String>) -> AuditEntry {
        let entry = AuditEntry {
            changed,
            authority: Some(Authority {
                user: self.user.id.clone(),
                session: self.user.session,
            }),
            ..self.origin.audit(&self.user.id, action, target, at)
        };
        entry.by(&self.user)
    }
}
