//! Sums of usage by person, and numbers of accounts.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::access::accounts::Reach;
use domain::models::report::SumsObject;
use domain::models::sums::Sums;
use domain::models::user::Status;
use domain::models::utc_hour::UtcHour;
use domain::models::{DisplayName, UserId};
use jiff::Timestamp;
use serde::Serialize;
use service::http::ApiError;
use service::http::usage::divided;
use service::store::{StoreError, Whose};

use crate::app::App;
use crate::users::people;

/// Numbers of accounts.
#[derive(Default, Serialize)]
pub(super) struct People {
    /// People who have made a request.
    pub(super) active: usize,
    pub(super) all: u64,
    pub(super) pending: u64,
    #[serde(skip)]
    pub(super) pending_since: Option<Timestamp>,
}

/// The sums of each person.
pub(super) type Users = BTreeMap<UserId, Sums>;

/// The sums of each person, or why they cannot be told.
pub(super) async fn by_user(
    app: &App,
    whose: Whose<'_>,
    hours: &Range<UtcHour>,
) -> Result<Result<Users, ApiError>, StoreError> {
    let sums = app.store.usage_sums(whose, hours, |row, _| Some(row.of.user.clone()));
    Ok(divided(sums.await?))
}

/// The sums of all.
pub(super) fn total(users: &Users) -> SumsObject {
    let mut total = Sums::default();
    for sums in users.values() {
        total += *sums;
    }
    SumsObject(total)
}

/// The numbers of accounts within `reach`.
pub(super) async fn count_people(
    app: &App,
    reach: &Reach<'_>,
    department: Option<&DisplayName>,
) -> Result<People, StoreError> {
    let mut count = People::default();
    people::each(&app.store, reach, department, |user| {
        count.all += 1;
        if user.status == Status::Pending {
            count.pending += 1;
            let since = count.pending_since.get_or_insert(user.created_at);
            *since = user.created_at.min(*since);
        }
    })
    .await?;
    Ok(count)
}
