//! Requests of programs until a person has decided, and what the decision gives them: for minutes.

mod challenge;
mod redirect_uri;
mod user_code;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sign_in::ClientId;
use crate::models::{SignInId, UserId};

pub use challenge::Challenge;
pub use redirect_uri::RedirectUri;
pub use user_code::UserCode;

/// The wish of a program to be let in, as its person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRequest {
    pub client: ClientId,
    /// The address that the program asked from, if that is known.
    pub address: Option<IpAddr>,
    pub asked_at: Timestamp,
    pub reply: Reply,
}

/// The way in which the program learns of the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "flow", rename_all = "lowercase")]
pub enum Reply {
    /// It asks, with the device code of this digest.
    Device { code: String, user_code: UserCode },
    /// The browser brings it a code.
    Code {
        redirect_uri: RedirectUri,
        challenge: Challenge,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
        /// The address by which the program knows the gateway (RFC 9207).
        issuer: String,
    },
}

/// A question that a person is shown, kept under the digest of its form's secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInQuestion {
    pub request: SignInRequest,
    /// The person who has just logged in.
    pub user: UserId,
    /// The digest of the cookie of the browser that is asked.
    pub browser: String,
}

/// The person who has let a program in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub user: UserId,
    /// Of the person, as it was then: whose sign-ins are ended meanwhile has approved nothing.
    pub epoch: u64,
    /// The person's address.
    pub address: Option<IpAddr>,
}

/// The decision on a device's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "lowercase")]
pub enum Decision {
    Approved(Approval),
    Denied,
}

/// A device's request, kept under the digest of its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    pub client: ClientId,
    pub address: Option<IpAddr>,
    pub asked_at: Timestamp,
    pub user_code: UserCode,
    /// Seconds that must pass between two questions of the program.
    pub interval: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polled_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decision>,
}

/// The grant that a browser has brought back to its program, kept under the digest of the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    pub client: ClientId,
    pub redirect_uri: RedirectUri,
    pub challenge: Challenge,
    pub approval: Approval,
    /// The sign-in that it has opened: a second time ends that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInId>,
}

/// A refresh token of a sign-in, kept under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    pub sign_in: SignInId,
    /// The moment at which it was used up, if it is one that rotates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// The answer that it got, which the token alone opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}
