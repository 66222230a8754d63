//! The sign-in of a person whose decision a program redeems.

use std::net::IpAddr;

use domain::access::oauth::client::{Refreshing, refreshing, token_seconds};
use domain::access::oauth::credentials::REFRESH_TOKEN;
use domain::access::sign_in::{ClientId, How, SignIn};
use domain::access::sign_in_request::Approval;
use domain::models::{SignInId, UserId};
use jiff::SignedDuration;
use service::http::origin::Origin;
use service::http::sign_in_object::{SignInObject, TOLD};
use service::store::{Redemption, Span, Ticket};

use super::error::OAuthError;
use super::issue::{TokenResponse, next_token};
use crate::app::App;

/// Sign-ins of one person at once; a further one ends the oldest.
const MOST: usize = 20;

/// A program that is let in, and the decision that lets it in.
pub(super) struct Admitted<'a> {
    pub(super) client: ClientId,
    pub(super) how: How,
    /// The program's address.
    pub(super) address: Option<IpAddr>,
    pub(super) approval: &'a Approval,
    pub(super) ticket: Ticket<'a>,
}

/// Begins the sign-in, once for each ticket; `None` if the ticket is used or its time over.
pub(super) async fn begin(
    app: &App,
    origin: &Origin,
    admitted: &Admitted<'_>,
) -> Result<Option<TokenResponse>, OAuthError> {
    make_room(app, origin, &admitted.approval.user).await?;
    let (now, settings) = (app.store.clock().now(), app.store.settings().await?);
    let seconds = i64::from(settings.sign_in_minutes) * 60;
    let owner = (admitted.approval.user.clone(), admitted.approval.epoch);
    let times = (now, now + SignedDuration::from_secs(seconds));
    let begun = SignIn::new(owner, admitted.client, admitted.how.clone(), times).asked_from(admitted.address);
    let lifetime = token_seconds(admitted.client, settings.access_token_seconds, seconds);
    let token = next_token(&begun, now + SignedDuration::from_secs(lifetime), now);
    let (sign_in, response) = token.map_err(|_| OAuthError::InvalidGrant)?;
    let refresh = (refreshing(admitted.client) != Refreshing::Never).then(|| REFRESH_TOKEN.generate());
    // The person has done it, where the person was.
    let person = Origin {
        address: admitted.approval.address,
        ..origin.clone()
    };
    let audit = person
        .audit(&sign_in.owner, "sign_in.create", &sign_in.id, now)
        .creating(&TOLD, &SignInObject::from(&sign_in));
    let redeemed = app.store.redeem(admitted.ticket, &sign_in, refresh.as_deref(), &audit);
    match redeemed.await? {
        Redemption::Done => Ok(Some(response.with_refresh(refresh))),
        Redemption::OwnerGone => Err(OAuthError::InvalidGrant),
        Redemption::Overtaken => Ok(None),
    }
}

/// Ends the oldest sign-ins of `owner`, so that there is room for one more.
async fn make_room(app: &App, origin: &Origin, owner: &UserId) -> Result<(), OAuthError> {
    let span = Span {
        after: None,
        limit: 2 * MOST,
    };
    let known = app.store.sign_ins(owner, &span).await?.items;
    for oldest in known.iter().take((known.len() + 1).saturating_sub(MOST)) {
        let audit = origin
            .audit("system", "sign_in.end", &oldest.id, app.store.clock().now())
            .deleting(&TOLD, &SignInObject::from(oldest));
        // Its owner may have ended it meanwhile.
        let _ = app.store.end_sign_in(&oldest.id, &audit).await?;
    }
    Ok(())
}

/// Ends what a credential has opened that two have: one of them should not.
pub(super) async fn end_reused(app: &App, origin: &Origin, id: &SignInId) -> Result<(), OAuthError> {
    let now = app.store.clock().now();
    let audit = origin.audit("anonymous", "sign_in.reuse", id, now);
    let _ = app.store.end_sign_in(id, &audit).await?;
    Ok(())
}
