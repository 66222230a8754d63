//! The audit trail: reading it. No route changes or deletes an entry.

use axum::extract::State;
use axum::response::Response;
use domain::models::audit::AuditEntry;
use domain::models::{BackendId, Email, KeyId, UserId};
use jiff::SignedDuration;
use service::http::ApiError;
use service::http::accept::Format;
use service::http::csv::Table;
use service::http::extract::{Actor, Query};
use service::http::names::{Ids, Names};
use service::http::page::Walk;
use service::store::StoreError;
use service::time_query;

use crate::app::App;

/// The time for which entries are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The columns of a table. The fields that changed are one cell, and so are their values.
const COLUMNS: [&str; 13] = [
    "id",
    "at",
    "actor",
    "actor_name",
    "actor_email",
    "address",
    "action",
    "target",
    "target_name",
    "changed",
    "values",
    "result",
    "request_id",
];

time_query! {
    Filter {
        /// An id or an address.
        actor: Option<String>,
        action: Option<String>,
        /// An id, or the address of a person.
        target: Option<String>,
        result: Option<String>,
    }
}

/// `GET /api/v1/admin/audit`, newest first.
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    format: Format,
    Query(filter): Query<Filter>,
) -> Result<Response, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "audit", &actor.user.id);
    let span = filter.span(&walk)?;
    let now = app.store.clock().now();
    let (from, until) = filter.period().time(now)?.into_inner();
    let target = filter.person(&app).await?;
    let keep = |entry: &AuditEntry| filter.fits(entry, target.as_ref());
    let page = app
        .store
        .audit_entries(from.max(now - KEPT), until.min(now), &span, keep)
        .await?;
    let names = names(&app, &page.items).await?;
    let table = Table {
        list: walk.list(page, Clone::clone).with_names(names),
        columns: COLUMNS.to_vec(),
        name: "audit",
    };
    table.respond(format)
}

/// The names of the ids: of actors as they were, of targets as they are.
async fn names(app: &App, entries: &[AuditEntry]) -> Result<Names, StoreError> {
    let mut ids = Ids::default();
    for AuditEntry {
        actor, action, target, ..
    } in entries
    {
        match action.split('.').next() {
            Some("admin" | "quota" | "top_up" | "user") => ids.users.extend(UserId::parse(target)),
            Some("backend") => ids.backends.extend(BackendId::parse(target)),
            // Keys lie under their owners: those of others than the actor are not found.
            Some("key" | "session_key") => ids
                .keys
                .extend(UserId::parse(actor).ok().zip(KeyId::parse(target).ok())),
            _ => {}
        }
    }
    let mut names = Names::of(&app.store, ids).await?;
    for entry in entries.iter().rev() {
        if let (Ok(id), Some(name), Some(email)) = (UserId::parse(&entry.actor), &entry.actor_name, &entry.actor_email)
        {
            names.add_person(&id, name, email);
        }
    }
    Ok(names)
}

impl Filter {
    /// The account whose address is the target, if the target is an address.
    async fn person(&self, app: &App) -> Result<Option<UserId>, StoreError> {
        match self.target.as_deref().map(Email::parse) {
            Some(Ok(email)) => Ok(app.store.user_by_email(&email).await?.map(|user| user.id)),
            Some(Err(_)) | None => Ok(None),
        }
    }

    fn fits(&self, entry: &AuditEntry, person: Option<&UserId>) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        let is_actor = || {
            let (wanted, address) = (self.actor.as_deref(), entry.actor_email.as_ref());
            wanted.is_some_and(|wanted| {
                address.is_some_and(|address| [address.folded(), address.kept()].contains(&wanted.to_lowercase()))
            })
        };
        (is(&self.actor, &entry.actor) || is_actor())
            && is(&self.action, &entry.action)
            && (is(&self.target, &entry.target) || person.is_some_and(|id| id.as_str() == entry.target))
            && is(&self.result, &entry.result)
    }
}
