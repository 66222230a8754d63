//! Sign-ins: that a person, or a workload, let one program in. It is what is listed, audited and ended.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::api_key::KeyDigest;
use crate::models::api_key::ApiKey;
use crate::models::{DisplayName, KeyId, SignInId, UserId, WorkloadId};

/// Access tokens of one sign-in that live at once.
pub const MAX_TOKENS: usize = 64;

/// The programs that people are signed in with. They are fixed: nobody registers one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientId {
    ClaudeCode,
    Codex,
    /// Our own helper.
    Tidegate,
    Opencode,
    /// Whatever runs where a workload's identity token comes from.
    Workload,
}

impl ClientId {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Tidegate => "tidegate",
            Self::Opencode => "opencode",
            Self::Workload => "workload",
        }
    }

    /// The name by which lists and usage know its sign-ins.
    pub fn name(self) -> DisplayName {
        DisplayName::ours(self.as_str())
    }
}

/// The way in which a program was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "lowercase")]
pub enum How {
    /// RFC 8628.
    Device,
    /// RFC 8252, with PKCE.
    Code,
    /// A rule for workloads, and the subject that the token of its issuer named.
    Workload { rule: WorkloadId, subject: String },
}

/// A sign-in, with the digests of its living access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub id: SignInId,
    pub owner: UserId,
    pub client: ClientId,
    #[serde(flatten)]
    pub how: How,
    /// The address that the program asked from, if that is known.
    #[serde(default)]
    pub address: Option<IpAddr>,
    pub created_at: Timestamp,
    /// However often it is refreshed.
    pub ends_at: Timestamp,
    /// The owner's `sign_in_epoch` of then: a higher one ends it.
    pub epoch: u64,
    pub tokens: Vec<LivingToken>,
    pub version: u64,
}

/// An access token that may not have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivingToken {
    pub digest: KeyDigest,
    pub expires_at: Timestamp,
}

/// The sign-in has as many living tokens as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyTokens;

impl SignIn {
    /// A sign-in that begins now, of an owner with this `sign_in_epoch`. Nothing of it is written yet: it has no token.
    pub fn new(
        (owner, epoch): (UserId, u64),
        client: ClientId,
        how: How,
        (now, ends_at): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            id: SignInId::generate(),
            owner,
            client,
            how,
            address: None,
            created_at: now,
            ends_at,
            epoch,
            tokens: Vec::new(),
            version: 0,
        }
    }

    /// The same of a program that asked from `address`.
    #[must_use]
    pub fn asked_from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// The same sign-in a version later, with one more token, which ends with it at the latest. Forgets those that have
    /// ended.
    pub fn with_token(&self, token: LivingToken, now: Timestamp) -> Result<Self, TooManyTokens> {
        let mut tokens: Vec<LivingToken> = self.tokens.iter().copied().filter(|one| now < one.expires_at).collect();
        if tokens.len() >= MAX_TOKENS {
            return Err(TooManyTokens);
        }
        tokens.push(LivingToken {
            expires_at: token.expires_at.min(self.ends_at),
            ..token
        });
        Ok(Self {
            tokens,
            version: self.version + 1,
            ..self.clone()
        })
    }

    /// The item of its token that ends at `expires_at`.
    pub fn access_token(&self, expires_at: Timestamp) -> AccessToken {
        AccessToken {
            owner: self.owner.clone(),
            sign_in: self.id.clone(),
            client: self.client,
            epoch: self.epoch,
            expires_at: expires_at.min(self.ends_at),
        }
    }

    /// The rule that has let it in, if it is a workload's.
    pub fn rule(&self) -> Option<&WorkloadId> {
        match &self.how {
            How::Workload { rule, .. } => Some(rule),
            How::Device | How::Code => None,
        }
    }
}

/// An access token as it lies among API keys, under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename = "access")]
pub struct AccessToken {
    pub owner: UserId,
    pub sign_in: SignInId,
    pub client: ClientId,
    pub epoch: u64,
    pub expires_at: Timestamp,
}

impl AccessToken {
    /// The token as a key of its owner that neither narrows nor limits anything. Usage knows it by its sign-in.
    pub fn into_key(self) -> ApiKey {
        ApiKey {
            id: KeyId::from(self.sign_in),
            owner: self.owner,
            name: self.client.name(),
            key_prefix: String::new(),
            models: Vec::new(),
            limits: Vec::new(),
            slots: Vec::new(),
            expires_at: Some(self.expires_at),
            enabled: true,
            created_at: Timestamp::UNIX_EPOCH,
            last_used_at: None,
            session: None,
            epoch: Some(self.epoch),
            version: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use serde_json::json;

    use super::*;
    use crate::access::access_token::MintedToken;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(minute.minutes()).unwrap()
    }

    fn sign_in() -> SignIn {
        let owner = (UserId::parse("u").unwrap(), 2);
        SignIn::new(owner, ClientId::ClaudeCode, How::Device, (at(0), at(100)))
    }

    fn token(until: i64) -> LivingToken {
        LivingToken {
            digest: MintedToken::generate().digest,
            expires_at: at(until),
        }
    }

    #[test]
    fn p102_no_token_lives_longer_than_its_sign_in() {
        let with = sign_in().with_token(token(500), at(50)).unwrap();
        assert_eq!(with.tokens[0].expires_at, at(100));
        assert_eq!(with.access_token(at(500)).expires_at, at(100));
        assert_eq!(with.access_token(at(60)).expires_at, at(60));
    }

    #[test]
    fn p102_ended_tokens_are_forgotten_and_living_ones_are_64_at_most() {
        let mut sign_in = sign_in();
        for _ in 0..MAX_TOKENS {
            sign_in = sign_in.with_token(token(10), at(0)).unwrap();
        }
        assert_eq!(sign_in.with_token(token(20), at(9)), Err(TooManyTokens));
        let later = sign_in.with_token(token(20), at(10)).unwrap();
        assert_eq!((later.tokens.len(), later.version), (1, 65));
    }

    #[test]
    fn a_token_is_stored_with_its_kind_and_is_a_key_of_its_sign_in() {
        let sign_in = sign_in();
        let token = sign_in.access_token(at(60));
        assert_eq!(serde_json::to_value(&token).unwrap()["kind"], json!("access"));
        let key = token.into_key();
        assert_eq!(key.id.as_str(), sign_in.id.as_str());
        assert!(key.is_usable(at(59)) && !key.is_usable(at(60)));
        assert!(key.allows_model("any"));
    }

    #[test]
    fn names_of_clients_have_the_form_of_names() {
        for client in [
            ClientId::ClaudeCode,
            ClientId::Codex,
            ClientId::Tidegate,
            ClientId::Opencode,
            ClientId::Workload,
        ] {
            assert_eq!(DisplayName::parse(client.as_str()), Ok(client.name()));
            assert_eq!(serde_json::to_value(client).unwrap(), client.as_str());
        }
    }
}
