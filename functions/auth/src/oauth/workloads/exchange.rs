//! The exchange of an identity token for an access token.

use axum::extract::{Request, State};
use domain::access::sign_in::{ClientId, How, SignIn};
use domain::access::workload_token::{Named, named};
use domain::models::UserId;
use domain::models::audit::AuditEntry;
use jiff::SignedDuration;
use serde_json::json;
use service::http::error::shown;
use service::http::json::{MAX_MANAGEMENT_BODY, read_any};
use service::http::origin::Origin;
use service::http::sign_in_object::{SignInObject, TOLD};
use service::store::{Redemption, Ticket};

use super::judge::{Admitted, Refusal, judge};
use super::request::Assertion;
use crate::app::App;
use crate::oauth::error::OAuthError;
use crate::oauth::issue::{TokenResponse, next_token};

/// `POST /v1/oauth/token`
pub(crate) async fn exchange_json(
    State(app): State<App>,
    origin: Origin,
    request: Request,
) -> Result<TokenResponse, OAuthError> {
    let body = read_any(request, MAX_MANAGEMENT_BODY).await?;
    exchange(&app, &origin, &Assertion::of_json(&body)?).await
}

/// The access token for an identity token, if exactly one rule lets it in. All refusals are the same to its sender.
pub(crate) async fn exchange(app: &App, origin: &Origin, assertion: &Assertion) -> Result<TokenResponse, OAuthError> {
    let whom = named(&assertion.token);
    let judged = match &whom {
        Some(whom) => judge(app, assertion, whom).await,
        None => Err(Refusal::Form),
    };
    match judged {
        Ok(admitted) => admit(app, origin, assertion, admitted).await,
        Err(Refusal::Store(failure)) => Err(failure.into()),
        Err(refusal) => {
            record(app, origin, assertion, &whom.unwrap_or_default(), &refusal).await;
            Err(OAuthError::InvalidGrant)
        }
    }
}

async fn admit(
    app: &App,
    origin: &Origin,
    assertion: &Assertion,
    admitted: Admitted,
) -> Result<TokenResponse, OAuthError> {
    let Admitted { rule, account, subject } = admitted;
    let now = app.store.clock().now();
    let ends_at = now + SignedDuration::from_secs(i64::from(rule.token_seconds));
    let how = How::Workload {
        rule: rule.id.clone(),
        subject,
    };
    let owner = (account.id, account.sign_in_epoch);
    let begun = SignIn::new(owner, ClientId::Workload, how, (now, ends_at)).asked_from(origin.address);
    let (sign_in, response) = next_token(&begun, ends_at, now).map_err(|_| OAuthError::InvalidGrant)?;
    let audit = origin
        .audit(&sign_in.owner, "workload.exchange", &sign_in.id, now)
        .creating(&TOLD, &SignInObject::from(&sign_in));
    let redeemed = app.store.redeem(Ticket::Rule(&rule), &sign_in, None, &audit);
    if redeemed.await? != Redemption::Done {
        return Err(OAuthError::InvalidGrant);
    }
    Ok(if assertion.is_exchange {
        response.exchanged()
    } else {
        response
    })
}

/// Tells the log and the audit trail whom was refused and why: so many times as there is room for, since anybody can
/// send tokens.
async fn record(app: &App, origin: &Origin, assertion: &Assertion, whom: &Named, refusal: &Refusal) {
    let rule = assertion.rule.as_ref().map_or("", |rule| rule.as_str());
    let (issuer, subject) = (shown(&whom.issuer), shown(&whom.subject));
    tracing::warn!(request.id = %origin.request_id, rule, reason = %refusal, "a workload was refused");
    let told = json!({"rule": rule, "iss": issuer, "sub": subject, "reason": refusal.to_string()});
    let target = if rule.is_empty() { "workloads" } else { rule };
    let entry = AuditEntry {
        result: refusal.to_string(),
        ..origin.audit("anonymous", "workload.refuse", target, app.store.clock().now())
    };
    let entry = entry.creating(&["rule", "iss", "sub", "reason"], &told);
    let Ok(nobody) = UserId::parse("anonymous") else { return };
    if let Err(error) = app.store.record_refused_change(&nobody, &entry).await {
        tracing::warn!(%error, "a refused workload could not be recorded");
    }
}
