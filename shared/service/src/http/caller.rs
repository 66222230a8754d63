//! Who calls: from the headers to a person or a program (promises 12, 18, 20).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::{AUTHORIZATION, USER_AGENT, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use super::edge::LoggedClient;
use super::refusal::SHOULD_RETRY;
use super::refused_change::RefusedChange;
use super::routes::{Access, Gate};
use super::trace::TraceContext;
use super::{ApiError, Code};
use crate::secrets::key_ring::KeyRing;
use crate::store::Store;
use domain::access::access_token::{Shown, is_meant_as_token};
use domain::models::UserId;
use domain::models::api_key::ApiKey;
use domain::models::usage::ClientKind;
use domain::models::user::{Status, User};

pub use super::session_caller::SessionCaller;

const API_KEY: &str = "x-api-key";
/// Agents name the conversation in it that a request is part of.
const SESSION_ID: &str = "session-id";

/// A program with an API key.
#[derive(Clone, Debug)]
pub struct ApiCaller {
    pub user: Arc<User>,
    pub key: Arc<ApiKey>,
    /// Which program it says it is.
    pub client: ClientKind,
    /// The trace that its request is part of.
    pub trace: Option<TraceContext>,
    /// The address that the log names.
    pub address: Option<IpAddr>,
    /// The conversation that its request is part of, as it names it.
    pub conversation: Option<HeaderValue>,
}

/// Authenticates people by their session tokens.
#[derive(Clone, Debug)]
pub struct SessionGate {
    store: Store,
    signing_keys: KeyRing,
}

/// Authenticates programs by their API keys.
#[derive(Clone, Debug)]
pub struct KeyGate {
    store: Store,
}

/// Lets everybody in and asks no database: for a function whose routes are open to anyone.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    async fn authenticate(&self, access: Access, _: &mut Parts) -> Result<(), ApiError> {
        match access {
            Access::Anyone => Ok(()),
            Access::Session(_) | Access::ApiKey => Err(ApiError::unauthorized()),
        }
    }

    fn store(&self) -> Option<&Store> {
        None
    }
}

impl SessionGate {
    pub fn new(store: Store, signing_keys: KeyRing) -> Self {
        Self { store, signing_keys }
    }

    /// The person whose token it is: the record decides, not the token (promise 8).
    async fn caller(&self, token: &str) -> Result<SessionCaller, ApiError> {
        let now = self.store.clock().now();
        let session = self
            .signing_keys
            .keys()
            .await?
            .verify(token, now)
            .map_err(|_| ApiError::unauthorized())?;
        match account(&self.store, &session.user, (session.number, 0)).await? {
            Some(user) if user.status == Status::Active && user.session == session.number => {
                Ok(SessionCaller { user, session })
            }
            Some(_) | None => Err(ApiError::unauthorized()),
        }
    }
}

impl Gate for SessionGate {
    /// Puts the [`SessionCaller`] into the request, if the role that its record has suffices.
    async fn authenticate(&self, access: Access, request: &mut Parts) -> Result<(), ApiError> {
        let needed = match access {
            Access::Anyone => return Ok(()),
            Access::Session(role) => role,
            Access::ApiKey => return Err(ApiError::unauthorized()),
        };
        let caller = self.caller(bearer(&request.headers)?).await?;
        let suffices = caller.user.role >= needed;
        // Also of one who is refused, who is named in the audit trail.
        request.extensions.insert(caller);
        if suffices { Ok(()) } else { Err(ApiError::forbidden()) }
    }

    async fn record(&self, refused: RefusedChange) {
        let entry = refused.entry(self.store.clock().now());
        if let Err(error) = self.store.record_refused_change(&refused.actor.user.id, &entry).await {
            tracing::warn!(actor = %refused.actor.user.id, %error, "a refused change could not be recorded");
        }
    }

    fn store(&self) -> Option<&Store> {
        Some(&self.store)
    }
}

/// The account of a credential that was issued in the session `number` and the epoch of sign-ins `epoch`: if this
/// process remembers it as it was before, another one has issued the credential since.
async fn account(store: &Store, id: &UserId, (number, epoch): (u64, u64)) -> Result<Option<Arc<User>>, ApiError> {
    let user = store.cached_user(id).await?;
    let is_older = |user: &Arc<User>| user.session < number || user.sign_in_epoch < epoch;
    if user.as_ref().is_some_and(is_older) {
        store.forget_user(id);
        return Ok(store.cached_user(id).await?);
    }
    Ok(user)
}

impl KeyGate {
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl KeyGate {
    /// The key that `credential` is, or the access token as one, and its owner, if both may be used now.
    async fn known(&self, credential: &str) -> Result<Option<(Arc<User>, Arc<ApiKey>)>, ApiError> {
        let (digest, key) = match Shown::of(credential) {
            Some(Shown::Key(digest)) => (digest, self.store.cached_api_key(&digest).await?),
            Some(Shown::Token(digest)) => (digest, self.store.cached_access_token(&digest).await?),
            None => return Ok(None),
        };
        let Some(key) = key.filter(|key| key.is_usable(self.store.clock().now())) else {
            return Ok(None);
        };
        let issued = (key.session.unwrap_or_default(), key.epoch.unwrap_or_default());
        let owner = account(&self.store, &key.owner, issued)
            .await?
            .filter(|user| admits(user, &key));
        // Worth knowing of a key that stays, but no reason to refuse.
        if owner.is_some()
            && key.stays()
            && let Err(error) = self.store.record_use(&key, &digest).await
        {
            tracing::warn!(key.id = %key.id, error = %error, "the key's last use could not be recorded");
        }
        Ok(owner.map(|user| (user, key)))
    }
}

/// True if `user` may be called for with `key`, which may end with a session or with the sign-ins of then.
fn admits(user: &User, key: &ApiKey) -> bool {
    user.status == Status::Active
        && key.session.is_none_or(|number| number == user.session)
        && key.epoch.is_none_or(|epoch| epoch == user.sign_in_epoch)
}

/// The refusal of a credential that opens nothing. Whoever has sent an access token is told not to send it again, but
/// to get another one (RFC 6750 §3.1).
fn refusal_of(credential: &str) -> ApiError {
    let refusal = ApiError::unauthorized();
    if !is_meant_as_token(credential) {
        return refusal;
    }
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    refusal.hints(HeaderMap::from_iter([
        (SHOULD_RETRY, HeaderValue::from_static("false")),
        (WWW_AUTHENTICATE, challenge),
    ]))
}

impl ApiCaller {
    /// The owner of `key`, and what `request` tells of the client.
    fn of(request: &Parts, user: Arc<User>, key: Arc<ApiKey>) -> Self {
        let agent = request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let client = match key.session {
            Some(_) => ClientKind::Console,
            None => agent.map_or(ClientKind::Other, ClientKind::of_user_agent),
        };
        Self {
            user,
            key,
            client,
            trace: request.extensions.get().cloned(),
            address: request.extensions.get().map(|LoggedClient(address)| *address),
            conversation: request.headers.get(SESSION_ID).cloned(),
        }
    }
}

impl Gate for KeyGate {
    /// Puts the [`ApiCaller`] into the request (promise 18); noise costs no look-up.
    async fn authenticate(&self, access: Access, request: &mut Parts) -> Result<(), ApiError> {
        match access {
            Access::Anyone => return Ok(()),
            Access::Session(_) => return Err(ApiError::unauthorized()),
            Access::ApiKey => (),
        }
        let credential = api_key(&request.headers)?;
        let known = self.known(credential).await?;
        let Some((user, key)) = known else {
            return Err(refusal_of(credential));
        };
        let caller = ApiCaller::of(request, user, key);
        request.extensions.insert(caller);
        Ok(())
    }

    fn store(&self) -> Option<&Store> {
        Some(&self.store)
    }
}

/// A gate by itself is all that the tests of the edge need of a function.
impl AsRef<Self> for KeyGate {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Only a route behind a [`KeyGate`] has one.
impl<S: Sync> FromRequestParts<S> for ApiCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(ApiError::unauthorized)
    }
}

/// The credential of a management request. Another one beside it is refused, though it would not be used.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let session = authorization(headers)?;
    if headers.contains_key(API_KEY) && only_key(headers)? != session {
        return Err(ApiError::unauthorized());
    }
    Ok(session)
}

/// The credential of a `/v1` request: `Authorization: Bearer` or `x-api-key`; two different ones are refused.
pub fn api_key(headers: &HeaderMap) -> Result<&str, ApiError> {
    if !headers.contains_key(API_KEY) {
        return authorization(headers);
    }
    let key = only_key(headers)?;
    if headers.contains_key(AUTHORIZATION) && authorization(headers)? != key {
        return Err(ApiError::unauthorized());
    }
    Ok(key)
}

/// The one `x-api-key`. Which of two is meant, nobody can know.
fn only_key(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(API_KEY).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(key), None) => Ok(key.trim()),
        _ => Err(ApiError::unauthorized()),
    }
}

/// The token of the one `Authorization` header.
fn authorization(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(ApiError::unauthorized)?;
    if values.next().is_some() {
        return Err(ApiError::new(
            Code::InvalidValue,
            "there must be one Authorization header",
        ));
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(ApiError::unauthorized)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(ApiError::unauthorized())
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(given: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn p12_ha8_two_credentials_in_one_request_are_refused() {
        const BEARER: (&str, &str) = ("authorization", "Bearer a");
        for good in [&[BEARER][..], &[("x-api-key", "a")], &[BEARER, ("x-api-key", "a")]] {
            assert_eq!(api_key(&headers(good)).unwrap(), "a", "{good:?}");
        }
        for bad in [
            &[("x-api-key", "a"), ("x-api-key", "b")][..],
            &[("x-api-key", "a"), ("x-api-key", "a")],
            &[BEARER, ("x-api-key", "b")],
            &[BEARER, ("x-api-key", "a"), ("x-api-key", "b")],
            &[("authorization", "Basic a"), ("x-api-key", "a")],
        ] {
            assert_eq!(
                api_key(&headers(bad)).unwrap_err().code(),
                Code::Unauthorized,
                "{bad:?}"
            );
        }
        for bad in [
            &[BEARER, ("x-api-key", "b")][..],
            &[BEARER, ("x-api-key", "a"), ("x-api-key", "a")],
        ] {
            assert_eq!(bearer(&headers(bad)).unwrap_err().code(), Code::Unauthorized, "{bad:?}");
        }
        assert_eq!(bearer(&headers(&[BEARER])).unwrap(), "a");
    }
}
