//! Accounts as a list: filtered, in pages, and as a table for spreadsheets.

use axum::extract::State;
use axum::response::Response;
use domain::access::accounts::{Reach, reach};
use domain::models::user::{Profile, Role, Status, User};
use serde::Deserialize;
use service::http::ApiError;
use service::http::accept::{Bom, Format};
use service::http::csv::Table;
use service::http::extract::{Actor, Query};
use service::http::page::{Limit, Walk};
use service::store::Page;

use crate::app::App;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    status: Option<Status>,
    role: Option<Role>,
    department: Option<String>,
    /// Some part of the e-mail address or the name.
    q: Option<String>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    #[serde(default, rename = "bom")]
    _bom: Bom,
}

/// The columns of a table of accounts.
const COLUMNS: [&str; 10] = [
    "id",
    "email",
    "name",
    "role",
    "status",
    "department",
    "quota_policy",
    "has_password",
    "created_at",
    "updated_at",
];

/// `GET /api/v1/admin/users`
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    format: Format,
    Query(filter): Query<Filter>,
) -> Result<Response, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "users", &actor.user.id);
    let span = walk.span(filter.limit, filter.cursor.as_deref())?;
    let reach = reach(&actor.user);
    let part = filter.q.as_deref().map(str::to_lowercase);
    let keep = |user: &User| reach.covers(user) && filter.fits(user, part.as_deref());
    let page = match (&reach, &filter.department) {
        (Reach::Everybody, department) => app.store.users(department.as_deref(), &span, keep).await?,
        (Reach::Department(own), _) => app.store.users(Some(own.as_str()), &span, keep).await?,
        (Reach::Nobody, _) => Page {
            items: vec![],
            next: None,
        },
    };
    let table = Table {
        list: walk.list(page, |user| Profile::from(user)),
        columns: COLUMNS.to_vec(),
        name: "users",
    };
    table.respond(format)
}

impl Filter {
    /// True if the account is one that is asked for. `part` is `q` in small letters.
    fn fits(&self, user: &User, part: Option<&str>) -> bool {
        let has = |text: &str| part.is_none_or(|part| text.to_lowercase().contains(part));
        self.status.is_none_or(|status| user.status == status)
            && self.role.is_none_or(|role| user.role == role)
            && self
                .department
                .as_deref()
                .is_none_or(|wanted| user.department.as_ref().is_some_and(|own| own.as_str() == wanted))
            && (has(user.email.as_str()) || has(user.name.as_str()))
    }
}
