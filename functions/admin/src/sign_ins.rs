//! Everybody's sign-ins: which programs were let in by whom, and how to end that. Managers see and end those of their
//! department.

use std::collections::HashSet;

use axum::extract::State;
use domain::access::accounts::{Reach, reach};
use domain::access::sign_in::SignIn;
use domain::models::{SignInId, UserId};
use serde::{Deserialize, Serialize};
use service::http::ApiError;
use service::http::extract::{Actor, Id, Query};
use service::http::json::{Data, Message};
use service::http::names::{Ids, Names};
use service::http::page::{Limit, List, Walk};
use service::http::sign_in_object::{SignInObject, TOLD};
use service::store::Removal;

use crate::app::App;
use crate::users::people;
use crate::users::visible;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    user: Option<UserId>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// The number of sign-ins that were ended.
#[derive(Serialize)]
pub(crate) struct Ended {
    ended: usize,
}

/// `GET /api/v1/admin/sign-ins`: oldest first, of one person or of all whom the actor sees.
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(filter): Query<Filter>,
) -> Result<List<SignInObject>, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let name = filter.user.as_ref().map_or("", UserId::as_str);
    let walk = Walk::new(&keys, &format!("sign-ins {name}"), &actor.user.id);
    let span = walk.span(filter.limit, filter.cursor.as_deref())?;
    let page = if let Some(user) = &filter.user {
        let owner = visible(&app, &actor, user).await?;
        app.store.sign_ins(&owner.id, &span).await?
    } else {
        let seen = seen(&app, &actor).await?;
        let keep = |sign_in: &SignIn| seen.as_ref().is_none_or(|seen| seen.contains(&sign_in.owner));
        app.store.all_sign_ins(&span, keep).await?
    };
    let ids = Ids {
        users: page.items.iter().map(|sign_in| sign_in.owner.clone()).collect(),
        ..Ids::default()
    };
    let names = Names::of(&app.store, ids).await?;
    Ok(walk.list(page, |sign_in| SignInObject::from(sign_in)).with_names(names))
}

/// `GET /api/v1/admin/sign-ins/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id<SignInId>,
) -> Result<Data<SignInObject>, ApiError> {
    Ok(Data(SignInObject::from(&reached(&app, &actor, &id).await?)))
}

/// `DELETE /api/v1/admin/sign-ins/{id}`
pub(crate) async fn end(State(app): State<App>, actor: Actor, Id(id): Id<SignInId>) -> Result<Message, ApiError> {
    let sign_in = reached(&app, &actor, &id).await?;
    let audit = actor
        .audit(app.store.clock().now(), "sign_in.end", &id, vec![])
        .deleting(&TOLD, &SignInObject::from(&sign_in));
    match app.store.end_sign_in(&id, &audit).await? {
        Removal::Done => Ok(Message("the sign-in is ended")),
        Removal::NotFound => Err(no_sign_in()),
    }
}

/// `DELETE /api/v1/admin/users/{id}/sign-ins`: all of one person. Repeating it finishes what was cut short.
pub(crate) async fn end_all(State(app): State<App>, actor: Actor, Id(id): Id<UserId>) -> Result<Data<Ended>, ApiError> {
    let owner = visible(&app, &actor, &id).await?;
    let ended = end_where(&app, &actor, &owner.id, |_| true).await?;
    Ok(Data(Ended { ended }))
}

/// Ends those sign-ins of `owner` that `which` names, each with its entry in the audit trail.
pub(crate) async fn end_where(
    app: &App,
    actor: &Actor,
    owner: &UserId,
    which: impl Fn(&SignIn) -> bool,
) -> Result<usize, ApiError> {
    let now = app.store.clock().now();
    let audit = |sign_in: &SignIn| {
        actor
            .audit(now, "sign_in.end", &sign_in.id, vec![])
            .deleting(&TOLD, &SignInObject::from(sign_in))
    };
    Ok(app.store.end_sign_ins(owner, which, audit).await?)
}

/// The sign-in, if the actor may know of its owner.
async fn reached(app: &App, actor: &Actor, id: &SignInId) -> Result<SignIn, ApiError> {
    let sign_in = app.store.sign_in(id).await?.ok_or_else(no_sign_in)?;
    match visible(app, actor, &sign_in.owner).await {
        Ok(_) => Ok(sign_in),
        Err(_) if reach(&actor.user) != Reach::Everybody => Err(no_sign_in()),
        Err(error) => Err(error),
    }
}

/// The people whose sign-ins the actor sees, unless it is everybody's.
async fn seen(app: &App, actor: &Actor) -> Result<Option<HashSet<UserId>>, ApiError> {
    let reach = reach(&actor.user);
    match reach {
        Reach::Everybody => return Ok(None),
        Reach::Nobody => return Ok(Some(HashSet::new())),
        Reach::Department(_) => {}
    }
    let mut seen = HashSet::new();
    people::each(&app.store, &reach, None, |user| {
        seen.insert(user.id);
    })
    .await?;
    Ok(Some(seen))
}

fn no_sign_in() -> ApiError {
    ApiError::not_found("sign-in")
}
