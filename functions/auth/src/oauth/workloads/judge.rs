//! The judgement which rule lets a token in.

use domain::access::id_token::{TokenError, signing_keys};
use domain::access::workload_token::{self, Named, WorkloadClaims};
use domain::models::user::{Status, User, UserKind};
use domain::models::workload::Workload;
use serde_json::Value;
use service::store::StoreError;
use tokio::sync::OnceCell;

use super::request::Assertion;
use crate::app::App;
use crate::identity_provider::{ClaimsError, ProviderError};

/// The reason why a token is refused. For the log and the audit trail; its sender learns none of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it is no token")]
    Form,
    #[error("there is no rule of this id")]
    NoRule,
    #[error("the rule is for another issuer")]
    OtherIssuer,
    #[error("the rule is switched off")]
    Off,
    #[error("no rule names its issuer")]
    UnknownIssuer,
    #[error("the issuer's keys cannot be had: {0}")]
    Keys(#[from] ProviderError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("its claims are not those of the rule")]
    Claims,
    #[error("its claims are those of no rule")]
    NoneFits,
    #[error("its claims are those of several rules; name one")]
    SeveralFit,
    #[error("the rule's service account is another one, or none that may be used")]
    Account,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token that was believed, the rule that it fits, and the account that the rule names.
pub(super) struct Admitted {
    pub(super) rule: Workload,
    pub(super) account: User,
    pub(super) subject: String,
}

/// Whom `assertion` lets in, and as whom. Nobody is asked for keys but the issuer that a rule names.
pub(super) async fn judge(app: &App, assertion: &Assertion, named: &Named) -> Result<Admitted, Refusal> {
    let rules = candidates(app, assertion, named).await?;
    let (rule, claims) = the_one(app, assertion, rules).await?;
    let account = app.store.user(&rule.user).await?;
    let is_usable = |user: &User| {
        let expected = assertion.service_account.as_ref();
        user.kind == UserKind::Service && user.status == Status::Active && expected.is_none_or(|id| *id == user.id)
    };
    Ok(Admitted {
        account: account.filter(is_usable).ok_or(Refusal::Account)?,
        subject: claims.subject,
        rule,
    })
}

/// The rules that may let it in: the one that is named, or those of the issuer.
async fn candidates(app: &App, assertion: &Assertion, named: &Named) -> Result<Vec<Workload>, Refusal> {
    if let Some(id) = &assertion.rule {
        let rule = app.store.workload(id).await?.ok_or(Refusal::NoRule)?;
        return match (rule.issuer == named.issuer, rule.enabled) {
            (true, true) => Ok(vec![rule]),
            (true, false) => Err(Refusal::Off),
            (false, _) => Err(Refusal::OtherIssuer),
        };
    }
    let rules = app.store.workloads().await?;
    let of_issuer: Vec<Workload> = rules
        .into_iter()
        .filter(|rule| rule.enabled && rule.issuer == named.issuer)
        .collect();
    if of_issuer.is_empty() {
        return Err(Refusal::UnknownIssuer);
    }
    Ok(of_issuer)
}

/// The only rule that the token fits.
async fn the_one(
    app: &App,
    assertion: &Assertion,
    rules: Vec<Workload>,
) -> Result<(Workload, WorkloadClaims), Refusal> {
    let is_named = assertion.rule.is_some();
    let (mut fitting, mut disbelieved) = (Vec::new(), None);
    // All are rules of one issuer, whose signature is checked once.
    let published = OnceCell::new();
    for rule in rules {
        let claims = match &rule.jwks {
            Some(jwks) => by_own_keys(app, &assertion.token, &rule.issuer, jwks),
            None => published
                .get_or_init(|| app.issuers.verify(&assertion.token, &rule.issuer))
                .await
                .clone()
                .map_err(Refusal::from),
        };
        match claims {
            Ok(claims) if !claims.is_for(&rule.audience) => disbelieved = Some(TokenError::Audience.into()),
            Ok(claims) if rule.fits(|name| claims.claim(name)) => fitting.push((rule, claims)),
            Ok(_) => {}
            Err(refusal) => disbelieved = Some(refusal),
        }
    }
    match (fitting.pop(), fitting.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(Refusal::SeveralFit),
        (None, _) => Err(disbelieved.unwrap_or(if is_named { Refusal::Claims } else { Refusal::NoneFits })),
    }
}

/// The claims of a token by the keys that its rule holds.
fn by_own_keys(app: &App, token: &str, issuer: &str, jwks: &Value) -> Result<WorkloadClaims, Refusal> {
    let keys = signing_keys(jwks.to_string().as_bytes()).ok_or(TokenError::UnknownKey)?;
    Ok(workload_token::verify(token, &keys, issuer, app.store.clock().now())?)
}

impl From<ClaimsError> for Refusal {
    fn from(error: ClaimsError) -> Self {
        match error {
            ClaimsError::Provider(error) => error.into(),
            ClaimsError::Token(error) => error.into(),
        }
    }
}
