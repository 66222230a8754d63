//! Rules for workloads: whose identity tokens let a program in, and as which service account.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claim_pattern::ClaimPattern;
use super::{UserId, WorkloadId};

/// Claims of one rule.
const MAX_CLAIMS: usize = 20;
/// Characters of an issuer, an audience, and a claim's name.
const MAX_CHARS: usize = 512;

/// A rule. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    pub id: WorkloadId,
    #[serde(default)]
    pub preset: Option<Preset>,
    /// `iss`, letter by letter.
    pub issuer: String,
    /// `aud`, which may name nothing else.
    pub audience: String,
    /// Patterns of claims, all of which must fit.
    pub claims: BTreeMap<String, ClaimPattern>,
    /// The service account that the workload comes in as.
    pub user: UserId,
    pub token_seconds: u32,
    pub enabled: bool,
    /// The issuer's keys (RFC 7517), where it cannot be reached.
    #[serde(default)]
    pub jwks: Option<Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// Issuers that are well known, and what a rule for them must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// GitHub Actions: <https://docs.github.com/en/actions/reference/security/oidc>.
    Github,
    /// GitLab.com CI: <https://docs.gitlab.com/ci/secrets/id_token_authentication/>.
    Gitlab,
    /// Projected tokens of a cluster's service accounts.
    Kubernetes,
    /// Outbound identity federation of an AWS account.
    Aws,
    /// Service accounts of Google Cloud.
    Gcp,
    /// Managed identities and applications of one tenant of Microsoft Entra ID.
    Azure,
}

impl Preset {
    const ALL: [Self; 6] = [
        Self::Github,
        Self::Gitlab,
        Self::Kubernetes,
        Self::Aws,
        Self::Gcp,
        Self::Azure,
    ];

    /// The issuer, where all customers have the same one.
    pub const fn issuer(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("https://token.actions.githubusercontent.com"),
            Self::Gitlab => Some("https://gitlab.com"),
            Self::Gcp => Some("https://accounts.google.com"),
            Self::Kubernetes | Self::Aws | Self::Azure => None,
        }
    }

    /// Claims of which a rule must have one: names can be given away, these ids cannot.
    const fn wanted(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Github => Some(["repository_owner_id", "repository_id"]),
            Self::Gitlab => Some(["namespace_id", "project_id"]),
            Self::Kubernetes | Self::Aws | Self::Gcp | Self::Azure => None,
        }
    }

    /// True if `issuer` can be one of this preset's.
    fn has(self, issuer: &str) -> bool {
        let tenant = |start: &str| {
            issuer
                .strip_prefix(start)
                .is_some_and(|rest| !rest.starts_with("common"))
        };
        match self {
            Self::Github | Self::Gitlab | Self::Gcp => self.issuer() == Some(issuer),
            Self::Kubernetes => true,
            Self::Aws => issuer.ends_with(".tokens.sts.global.api.aws"),
            Self::Azure => tenant("https://login.microsoftonline.com/") || tenant("https://sts.windows.net/"),
        }
    }

    /// The preset whose issuer it is, whether or not a rule names it.
    fn of_issuer(issuer: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.issuer() == Some(issuer))
    }
}

/// The reason why a rule cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadError {
    #[error("must have 1 to 512 characters")]
    Length(&'static str),
    #[error("is none of this preset's issuers")]
    Issuer,
    #[error("must have `sub`, and more of it than stars")]
    Subject,
    #[error("may name at most 20 claims")]
    TooManyClaims,
    #[error("must have `{0}` or `{1}` for this issuer, without stars: names can be given away, ids cannot")]
    NoId(&'static str, &'static str),
}

impl WorkloadError {
    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Length(field) => field,
            Self::Issuer => "issuer",
            Self::Subject | Self::TooManyClaims | Self::NoId(..) => "claims",
        }
    }
}

impl Workload {
    /// Refuses a rule that would let in whom nobody has named.
    pub fn check(&self) -> Result<(), WorkloadError> {
        let is_long = |text: &str| text.is_empty() || text.chars().count() > MAX_CHARS;
        for (field, text) in [("issuer", &self.issuer), ("audience", &self.audience)] {
            if is_long(text) {
                return Err(WorkloadError::Length(field));
            }
        }
        if self.claims.keys().any(|name| is_long(name)) {
            return Err(WorkloadError::Length("claims"));
        }
        if self.claims.len() > MAX_CLAIMS {
            return Err(WorkloadError::TooManyClaims);
        }
        if self.preset.is_some_and(|preset| !preset.has(&self.issuer)) {
            return Err(WorkloadError::Issuer);
        }
        if !self.claims.get("sub").is_some_and(ClaimPattern::names_something) {
            return Err(WorkloadError::Subject);
        }
        let wanted = self.preset.or(Preset::of_issuer(&self.issuer)).and_then(Preset::wanted);
        match wanted {
            Some([one, other]) if ![one, other].iter().any(|name| self.has_exact(name)) => {
                Err(WorkloadError::NoId(one, other))
            }
            _ => Ok(()),
        }
    }

    /// True if the rule wants one value of the claim and no other.
    fn has_exact(&self, name: &str) -> bool {
        self.claims.get(name).is_some_and(ClaimPattern::is_exact)
    }

    /// True if all claims of the rule fit what `claim` tells of a token.
    pub fn fits(&self, claim: impl Fn(&str) -> Option<String>) -> bool {
        let mut wanted = self.claims.iter();
        wanted.all(|(name, pattern)| claim(name).is_some_and(|value| pattern.fits(&value)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(changes: &Value) -> Workload {
        let mut rule = json!({
            "id": "ci", "issuer": "https://issuer.example.com", "audience": "https://gateway.example.com",
            "claims": {"sub": "repo:acme/app:*"}, "user": "u", "token_seconds": 3600, "enabled": true,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
        });
        rule.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        serde_json::from_value(rule).unwrap()
    }

    #[test]
    fn p106_w16_a_rule_names_somebody_and_by_an_id_where_names_can_be_given_away() {
        assert_eq!(rule(&json!({})).check(), Ok(()));
        for claims in [
            json!({}),
            json!({"sub": "*"}),
            json!({"sub": "*:*/*"}),
            json!({"ref": "main"}),
        ] {
            assert_eq!(
                rule(&json!({"claims": claims})).check(),
                Err(WorkloadError::Subject),
                "{claims}"
            );
        }
        let github = |preset: Value, claims: Value| {
            let issuer = Preset::Github.issuer();
            rule(&json!({"preset": preset, "issuer": issuer, "claims": claims})).check()
        };
        let no_id = Err(WorkloadError::NoId("repository_owner_id", "repository_id"));
        for preset in [json!("github"), json!(null)] {
            assert_eq!(github(preset.clone(), json!({"sub": "repo:acme/app:*"})), no_id);
            let stars = json!({"sub": "repo:acme/app:*", "repository_id": "*"});
            assert_eq!(github(preset.clone(), stars), no_id);
            let id = json!({"sub": "repo:acme/app:*", "repository_id": "42"});
            assert_eq!(github(preset, id), Ok(()));
        }
    }

    #[test]
    fn p106_a_preset_has_its_issuers_and_no_others() {
        for (preset, issuer, right) in [
            (
                "github",
                "https://token.actions.githubusercontent.com.evil.example",
                false,
            ),
            ("azure", "https://login.microsoftonline.com/common/v2.0", false),
            (
                "azure",
                "https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111/v2.0",
                true,
            ),
            ("aws", "https://abc.tokens.sts.global.api.aws", true),
            ("aws", "https://abc.example.com", false),
            ("kubernetes", "https://kubernetes.default.svc", true),
        ] {
            let checked = rule(&json!({"preset": preset, "issuer": issuer})).check();
            assert_eq!(checked != Err(WorkloadError::Issuer), right, "{issuer}");
        }
    }

    #[test]
    fn p106_w4_all_claims_must_fit() {
        let rule = rule(&json!({"claims": {"sub": "s*", "repository_id": "42"}}));
        let tells = |id: Option<&'static str>| {
            move |name: &str| match name {
                "sub" => Some("subject".to_owned()),
                "repository_id" => id.map(ToOwned::to_owned),
                _ => None,
            }
        };
        assert!(rule.fits(tells(Some("42"))));
        assert!(!rule.fits(tells(Some("43"))));
        assert!(!rule.fits(tells(None)));
    }
}
