//! The audit trail: reading it. No route changes or deletes an entry.

use axum::extract::State;
use domain::models::audit::AuditEntry;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use service::http::ApiError;
use service::http::extract::{Actor, Query};
use service::http::page::{Limit, List, Walk};

use crate::app::App;

/// Retention of entries.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    actor: Option<String>,
    action: Option<String>,
    target: Option<String>,
    result: Option<String>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// `GET /api/v1/admin/audit`, newest first.
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(filter): Query<Filter>,
) -> Result<List<AuditEntry>, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "audit", &actor.user.id);
    let span = walk.span(filter.limit, filter.cursor.as_deref())?;
    let now = app.store.clock().now();
    let from = filter.from.unwrap_or(now - KEPT).max(now - KEPT);
    let until = filter.to.unwrap_or(now).min(now);
    let page = app
        .store
        .audit_entries(from, until, &span, |entry| filter.fits(entry))
        .await?;
    Ok(walk.list(page, Clone::clone))
}

impl Filter {
    fn fits(&self, entry: &AuditEntry) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        is(&self.actor, &entry.actor)
            && is(&self.action, &entry.action)
            && is(&self.target, &entry.target)
            && is(&self.result, &entry.result)
    }
}
