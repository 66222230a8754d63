//! Top-ups: limits of an account that are raised for a time, with a reason.

use std::num::NonZeroU64;

use axum::extract::State;
use domain::access::quota::{LimitName, TopUp};
use domain::models::limit::read_amount;
use domain::models::{DisplayName, TopUpId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use service::http::extract::{Actor, Ids, Query};
use service::http::json::{Body, Created, Message};
use service::http::page::{Limit, List, Walk};
use service::http::quota::Amount;
use service::http::{ApiError, Code};
use service::store::{Removal, TopUpCreation};

use crate::app::App;
use crate::users::visible;

/// The longest time of a top-up: 92 days.
const LONGEST: SignedDuration = SignedDuration::from_hours(92 * 24);

/// The fields whose values the audit trail tells.
const TOLD: [&str; 4] = ["limit", "add", "until", "reason"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTopUp {
    account: UserId,
    limit: LimitName,
    /// The number of requests or tokens; USD for a limit of cost.
    add: Number,
    until: Timestamp,
    reason: DisplayName,
}

/// A top-up as administrators see it.
#[derive(Serialize)]
pub(crate) struct TopUpObject {
    id: TopUpId,
    account: UserId,
    limit: LimitName,
    add: Amount,
    until: Timestamp,
    reason: DisplayName,
    created_at: Timestamp,
    created_by: UserId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    account: Option<UserId>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// `GET /api/v1/admin/top-ups`: those in force, oldest first.
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(filter): Query<Filter>,
) -> Result<List<TopUpObject>, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "top-ups", &actor.user.id);
    let span = walk.span(filter.limit, filter.cursor.as_deref())?;
    let shown = |account: &UserId, top_ups: Vec<TopUp>| {
        let account = account.clone();
        top_ups
            .into_iter()
            .map(move |top_up| TopUpObject::new(account.clone(), top_up))
            .collect::<Vec<_>>()
    };
    let mut found = if let Some(account) = filter.account {
        shown(&account, app.store.top_ups(&account).await?)
    } else {
        let accounts = app.store.all_top_ups().await?;
        let each = accounts.into_iter().map(|of| shown(&of.account, of.top_ups));
        each.flatten().collect()
    };
    found.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    Ok(walk.part(found, &span, |top_up| top_up.id.as_str()))
}

/// `POST /api/v1/admin/top-ups`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewTopUp>,
) -> Result<Created<TopUpObject>, ApiError> {
    let account = visible(&app, &actor, &new.account).await?.id;
    let now = app.store.clock().now();
    let top_up = new.checked(&actor, now)?;
    let shown = TopUpObject::new(account.clone(), top_up.clone());
    let audit = actor
        .audit(now, "top_up.create", &account, vec![])
        .creating(&TOLD, &shown);
    match app.store.create_top_up(&account, &top_up, &audit).await? {
        TopUpCreation::Done => Ok(Created(shown)),
        TopUpCreation::TooMany => Err(ApiError::new(
            Code::Conflict,
            "the account has 20 top-ups already; delete one first",
        )),
        TopUpCreation::AccountGone => Err(ApiError::not_found("user")),
    }
}

/// `DELETE /api/v1/admin/top-ups/{account}/{id}`
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    Ids(account, id): Ids<UserId, TopUpId>,
) -> Result<Message, ApiError> {
    let no_top_up = || ApiError::not_found("top-up");
    let in_force = app.store.top_ups(&account).await?;
    let top_up = in_force.into_iter().find(|top_up| top_up.id == id);
    let old = TopUpObject::new(account.clone(), top_up.ok_or_else(no_top_up)?);
    let audit = actor
        .audit(app.store.clock().now(), "top_up.delete", &account, vec![])
        .deleting(&TOLD, &old);
    match app.store.delete_top_up(&account, &id, &audit).await? {
        Removal::Done => Ok(Message("the top-up is ended")),
        Removal::NotFound => Err(no_top_up()),
    }
}

impl NewTopUp {
    fn checked(self, actor: &Actor, now: Timestamp) -> Result<TopUp, ApiError> {
        if self.until <= now || self.until > now + LONGEST {
            return Err(ApiError::invalid("until", "must be in the future, and within 92 days"));
        }
        Ok(TopUp {
            id: TopUpId::generate(),
            add: amount(&self.limit, &self.add)?,
            limit: self.limit,
            until: self.until,
            reason: self.reason,
            created_at: now,
            created_by: actor.user.id.clone(),
        })
    }
}

/// The amount that is added, in the unit in which the limit is counted.
fn amount(limit: &LimitName, add: &Number) -> Result<u64, ApiError> {
    let amount = read_amount(limit.unit(), add);
    amount
        .map(NonZeroU64::get)
        .map_err(|message| ApiError::invalid("add", message))
}

impl TopUpObject {
    fn new(account: UserId, top_up: TopUp) -> Self {
        Self {
            id: top_up.id,
            account,
            add: Amount::of(top_up.limit.unit(), top_up.add),
            limit: top_up.limit,
            until: top_up.until,
            reason: top_up.reason,
            created_at: top_up.created_at,
            created_by: top_up.created_by,
        }
    }
}
