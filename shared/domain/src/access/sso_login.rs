//! Logins by single sign-on under way.

use serde::{Deserialize, Serialize};

use super::sign_in_request::SignInRequest;
use crate::models::UserId;

/// A login that has begun at the provider, kept under the digest of its `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoAttempt {
    pub nonce: String,
    /// PKCE's secret (RFC 7636), redeemed with the code.
    pub verifier: String,
    /// The digest of the cookie of the browser that began.
    pub browser: String,
    /// The digest of the secret of the page that began, if it has sent one (PKCE's challenge, by `S256`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    #[serde(default)]
    pub purpose: Purpose,
    /// Of the configuration: any change of it ends the login.
    pub config_version: u64,
}

/// The purpose of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A session.
    #[default]
    Session,
    /// The decision whether a program is let in.
    SignIn(Box<SignInRequest>),
}

/// A person who has come back, kept under the digest of the one-time code that the console redeems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoGrant {
    pub user: UserId,
    /// Of the attempt: who redeems the code knows its verifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    pub config_version: u64,
}
