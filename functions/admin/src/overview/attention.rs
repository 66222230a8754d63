//! Things that want an administrator's attention.

use std::ops::Range;

use domain::models::DisplayName;
use domain::models::catalog::Catalog;
use domain::models::health::Availability;
use domain::models::policy::{Mode, Policy};
use domain::models::shadow::Finding;
use domain::models::sso::StepResult;
use domain::models::utc_hour::UtcHour;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use service::store::{Store, StoreError};

use super::counts::{People, Users};
use super::limits;
use super::notice::{Attention, Kind};
use crate::app::App;

/// The accounts and the time that the overview is of.
pub(super) struct Scope<'a> {
    pub(super) is_admin: bool,
    pub(super) department: Option<&'a DisplayName>,
    pub(super) hours: Range<UtcHour>,
}

/// All that wants attention. Backends and single sign-on are for administrators alone.
pub(super) async fn list(
    app: &App,
    scope: &Scope<'_>,
    people: &People,
    users: &Users,
) -> Result<Vec<Attention>, StoreError> {
    let store = &app.store;
    let mut list = Vec::new();
    if scope.is_admin {
        let (catalog, sso) = tokio::try_join!(store.read_catalog(), failed_sso(store))?;
        list.extend(no_model(&catalog));
        list.extend(backends_out(&catalog, store.clock().now()));
        list.extend(sso);
    }
    if people.pending > 0 {
        list.push(Attention {
            since: people.pending_since,
            count: Some(people.pending),
            ..Attention::new(Kind::Approvals)
        });
    }
    let (shadow, near) = tokio::try_join!(findings(store, scope), limits::near(store, users))?;
    list.extend(near);
    list.extend(shadow);
    Ok(list)
}

fn no_model(catalog: &Catalog) -> Option<Attention> {
    let mut models = catalog.entries().filter(|entry| entry.model.enabled);
    let serves = models.any(|entry| entry.backends.iter().any(|backend| backend.enabled));
    (!serves).then(|| Attention::new(Kind::NoModel))
}

fn backends_out(catalog: &Catalog, now: Timestamp) -> impl Iterator<Item = Attention> {
    let entries = catalog.entries().filter(|entry| entry.model.enabled);
    let backends = entries
        .flat_map(|entry| &entry.backends)
        .filter(|backend| backend.enabled);
    backends
        .filter(move |backend| backend.health.availability(now) != Availability::Available)
        .map(|backend| Attention {
            since: backend.health.since,
            reason: backend.health.last_failure.map(|class| class.name().to_owned()),
            ..Attention::new(Kind::BackendOut).about(&backend.id, &backend.name)
        })
}

/// The failed test, while single sign-on is on.
async fn failed_sso(store: &Store) -> Result<Option<Attention>, StoreError> {
    let (config, test) = tokio::try_join!(store.sso_config(), store.sso_test())?;
    let is_on = config.is_some_and(|config| config.enabled);
    Ok(test.filter(|test| is_on && !test.passed).map(|test| {
        let failed = test.steps.into_iter().find(|step| step.result == StepResult::Fail);
        Attention {
            since: Some(test.tested_at),
            reason: failed.and_then(|step| step.reason),
            ..Attention::new(Kind::SsoFailed)
        }
    }))
}

/// Policies in shadow mode with findings on the UTC days that the overview touches.
async fn findings(store: &Store, scope: &Scope<'_>) -> Result<Vec<Attention>, StoreError> {
    let day = |hour: UtcHour| hour.date_in(&TimeZone::UTC);
    let days = &(day(scope.hours.start)..=day(scope.hours.end.plus(-1)));
    let policies = store.policies().await?;
    let in_shadow = policies.iter().filter(|policy| policy.mode == Mode::Shadow);
    let each = in_shadow.map(|policy| async move {
        let mut found = store.findings(&policy.name, days).await?;
        let is_shown =
            |finding: &Finding| scope.department.is_none() || finding.department.as_ref() == scope.department;
        found.retain(is_shown);
        Ok::<_, StoreError>(in_shadow_mode(policy, &found))
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

fn in_shadow_mode(policy: &Policy, found: &[Finding]) -> Option<Attention> {
    let first = found.iter().map(|finding| finding.day).min()?;
    Some(Attention {
        since: Some(UtcHour::of_day(first, 0).begin()),
        count: Some(found.iter().map(|finding| finding.requests).sum()),
        ..Attention::new(Kind::Shadow).about(&policy.name, &policy.name)
    })
}
