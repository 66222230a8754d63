//! A person with a session, as handlers get one.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::ApiError;
use domain::access::session::Session;
use domain::models::user::User;

/// Whom a [`SessionGate`](super::caller::SessionGate) has authenticated: only a route behind one has it.
#[derive(Clone, Debug)]
pub struct SessionCaller {
    pub user: Arc<User>,
    pub session: Session,
}

impl<S: Sync> FromRequestParts<S> for SessionCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(ApiError::unauthorized)
    }
}
