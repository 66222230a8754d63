//! The code that a browser has brought to its program (RFC 6749 §4.1.3, RFC 7636).

use domain::access::oauth::credentials::AUTHORIZATION_CODE;
use domain::access::oauth::pkce::is_proof;
use domain::access::sign_in::How;
use domain::access::sign_in_request::CodeGrant;
use service::http::origin::Origin;
use service::store::Ticket;

use super::client_of;
use super::error::OAuthError;
use super::form::Form;
use super::issue::TokenResponse;
use super::person::{Admitted, begin, end_reused};
use crate::app::App;

/// Gives tokens for a code, once. A second time ends what the first has opened (RFC 6749 §4.1.2).
pub(super) async fn redeem(app: &App, origin: &Origin, form: &Form) -> Result<TokenResponse, OAuthError> {
    let code = form.required("code", "code is missing")?;
    let grant = grant(app, origin, code).await?;
    let is_own = client_of(form)? == grant.client
        && form.get("redirect_uri") == Some(grant.redirect_uri.as_str())
        && form
            .get("code_verifier")
            .is_some_and(|verifier| is_proof(verifier, &grant.challenge));
    if !is_own {
        return Err(OAuthError::InvalidGrant);
    }
    let admitted = Admitted {
        client: grant.client,
        how: How::Code,
        address: origin.address,
        approval: &grant.approval,
        ticket: Ticket::Code(code),
    };
    if let Some(response) = begin(app, origin, &admitted).await? {
        return Ok(response);
    }
    // Somebody has redeemed it at the same moment.
    self::grant(app, origin, code).await?;
    Err(OAuthError::InvalidGrant)
}

/// The grant of a code that has given nothing yet.
async fn grant(app: &App, origin: &Origin, code: &str) -> Result<CodeGrant, OAuthError> {
    if !AUTHORIZATION_CODE.fits(code) {
        return Err(OAuthError::InvalidGrant);
    }
    let grant = app.store.code_grant(code).await?.ok_or(OAuthError::InvalidGrant)?;
    if let Some(opened) = &grant.sign_in {
        end_reused(app, origin, opened).await?;
        return Err(OAuthError::InvalidGrant);
    }
    Ok(grant)
}
