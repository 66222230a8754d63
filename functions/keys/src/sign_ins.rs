//! A person's own sign-ins: the programs that were let in, and how to end that.

use axum::extract::State;
use domain::access::sign_in::SignIn;
use domain::models::SignInId;
use serde::Deserialize;
use service::http::ApiError;
use service::http::caller::SessionCaller;
use service::http::extract::{Actor, Id, Query};
use service::http::json::{Data, Message};
use service::http::page::{Limit, List, Walk};
use service::http::sign_in_object::{SignInObject, TOLD};
use service::store::Removal;

use crate::app::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// `GET /api/v1/user/sign-ins`: oldest first.
pub(crate) async fn list(
    State(app): State<App>,
    caller: SessionCaller,
    Query(page): Query<PageQuery>,
) -> Result<List<SignInObject>, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "own-sign-ins", &caller.user.id);
    let span = walk.span(page.limit, page.cursor.as_deref())?;
    let found = app.store.sign_ins(&caller.user.id, &span).await?;
    Ok(walk.list(found, |sign_in| SignInObject::from(sign_in)))
}

/// `GET /api/v1/user/sign-ins/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id<SignInId>,
) -> Result<Data<SignInObject>, ApiError> {
    Ok(Data(SignInObject::from(&own(&app, &actor, &id).await?)))
}

/// `DELETE /api/v1/user/sign-ins/{id}`
pub(crate) async fn end(State(app): State<App>, actor: Actor, Id(id): Id<SignInId>) -> Result<Message, ApiError> {
    let sign_in = own(&app, &actor, &id).await?;
    let audit = actor
        .audit(app.store.clock().now(), "sign_in.end", &id, vec![])
        .deleting(&TOLD, &SignInObject::from(&sign_in));
    match app.store.end_sign_in(&id, &audit).await? {
        Removal::Done => Ok(Message("the sign-in is ended")),
        Removal::NotFound => Err(no_sign_in()),
    }
}

/// The caller's sign-in; another person's is not found (promise 14).
async fn own(app: &App, actor: &Actor, id: &SignInId) -> Result<SignIn, ApiError> {
    let sign_in = app.store.sign_in(id).await?;
    sign_in
        .filter(|sign_in| sign_in.owner == actor.user.id)
        .ok_or_else(no_sign_in)
}

fn no_sign_in() -> ApiError {
    ApiError::not_found("sign-in")
}
