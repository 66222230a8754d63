//! One change of many accounts: each is judged and made for itself, with a result and an audit entry of its own.

use axum::extract::State;
use domain::models::user::{Role, Status};
use domain::models::{DisplayName, Email, PolicyName, UserId};
use serde::{Deserialize, Serialize};
use service::http::ApiError;
use service::http::extract::{Actor, IfMatch};
use service::http::json::{Body, Data};
use service::http::language::{Language, RefusalLanguage};
use service::http::managed::member::Member;

use super::form::UserPatch;
use super::{change, ends_all};
use crate::app::App;
use crate::refusal::Refusal;

/// Accounts of one request.
const MAX_IDS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    ids: Vec<UserId>,
    change: BulkChange,
}

/// The change of many accounts, with the fields that they can have in common. Approving is `{"status": "active"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkChange {
    status: Option<Status>,
    role: Option<Role>,
    #[serde(default)]
    department: Member<DisplayName>,
    #[serde(default)]
    quota_policy: Member<PolicyName>,
}

#[derive(Default, Serialize)]
pub(crate) struct Report {
    changed: usize,
    refused: usize,
    skipped: usize,
    /// In the order in which they were changed: that of the request, the caller's own account last.
    results: Vec<AccountReport>,
}

#[derive(Serialize)]
struct AccountReport {
    id: UserId,
    #[serde(flatten)]
    result: AccountResult,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum AccountResult {
    Changed {
        email: Email,
    },
    Refused(Refusal),
    /// The gateway failed at an account before; nothing was done.
    Skipped,
}

/// `POST /api/v1/admin/users/bulk`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    RefusalLanguage(language): RefusalLanguage,
    Body(bulk): Body<Bulk>,
) -> Result<Data<Report>, ApiError> {
    let (ids, patch) = bulk.checked(&actor.user.id)?;
    let mut report = Report::default();
    let mut failed = false;
    for id in ids {
        if failed {
            report.add(id, AccountResult::Skipped);
            continue;
        }
        let result = change(&app, &actor, IfMatch::ANY, &id, &patch).await;
        if let Err(error) = &result {
            failed = ends_all(error);
            if failed && report.results.is_empty() {
                return result.map(|_| Data(report));
            }
        }
        report.add(id, AccountResult::new(result.map(|profile| profile.email), language));
    }
    Ok(Data(report))
}

impl Bulk {
    /// The accounts, each once and the caller's own last, since its change may end the session; and the change.
    fn checked(self, own: &UserId) -> Result<(Vec<UserId>, UserPatch), ApiError> {
        let Self { mut ids, change } = self;
        if ids.is_empty() || ids.len() > MAX_IDS {
            return Err(ApiError::invalid("ids", format!("must name 1 to {MAX_IDS} accounts")));
        }
        let twice = (1..ids.len()).find(|place| ids[..*place].contains(&ids[*place]));
        if let Some(place) = twice {
            return Err(ApiError::invalid(format!("ids[{place}]"), "must not be named twice"));
        }
        let patch = change.into_patch();
        if patch.changed().is_empty() {
            return Err(ApiError::invalid("change", "must change something"));
        }
        ids.sort_by_key(|id| id == own);
        Ok((ids, patch))
    }
}

impl BulkChange {
    fn into_patch(self) -> UserPatch {
        UserPatch {
            email: None,
            password: Member::Absent,
            name: None,
            role: self.role,
            department: self.department,
            quota_policy: self.quota_policy,
            status: self.status,
            identity: Member::Absent,
            revoke_keys: Member::Absent,
            version: None,
        }
    }
}

impl AccountResult {
    fn new(result: Result<Email, ApiError>, language: Language) -> Self {
        match result {
            Ok(email) => Self::Changed { email },
            Err(error) => Self::Refused(Refusal::new(&error, language)),
        }
    }
}

impl Report {
    fn add(&mut self, id: UserId, result: AccountResult) {
        match result {
            AccountResult::Changed { .. } => self.changed += 1,
            AccountResult::Refused(_) => self.refused += 1,
            AccountResult::Skipped => self.skipped += 1,
        }
        self.results.push(AccountReport { id, result });
    }
}
