//! Alerts of limits that have come to a percent which somebody wants to know of. Whoever sees the meter makes them; who
//! has asked for none pays nothing.

use std::time::Duration;

use domain::access::digest::sha256_hex;
use domain::access::quota::{self, Limits, Meter, Warning};
use domain::models::alert::{Alert, AlertedKey};
use domain::models::notify::Notify;
use jiff::Timestamp;
use service::store::{NewAlert, Store};

use crate::grant::Grant;

/// Time for the alerts of one request, which waits for them: the next one that sees the meter makes what is missing.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Makes the alerts that `meter` asks for, if the caller's policy or the settings want any.
pub(super) async fn warn(store: &Store, grant: &Grant, limits: &Limits, meter: &Meter, at: Timestamp) {
    let settings = store.settings().await.unwrap_or_default();
    let Some(Notify { at: percents, .. }) = grant.policy.notify.as_ref().or(settings.alerts.as_ref()) else {
        return;
    };
    let warnings = quota::warnings(meter, limits, percents, at);
    if warnings.is_empty() {
        return;
    }
    let new = |warning: Warning| NewAlert {
        alert: alert(grant, &warning, at),
        warning,
    };
    let alerts: Vec<NewAlert> = warnings.into_iter().map(new).collect();
    let making = Box::pin(store.alert(&grant.caller.user.id, meter, &alerts));
    match tokio::time::timeout(TIMEOUT, making).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "alerts could not be made yet"),
        Err(_) => tracing::error!("alerts could not be made in time"),
    }
}

fn alert(grant: &Grant, warning: &Warning, at: Timestamp) -> Alert {
    let (user, key) = (&grant.caller.user, &grant.caller.key);
    let Warning { usage, last, .. } = warning;
    let named = format!("{}#{}", user.id, warning.name());
    Alert {
        id: format!("alert_{}", &sha256_hex(&named)[..32]),
        at,
        user: user.id.clone(),
        user_name: user.name.clone(),
        user_email: user.email.clone(),
        department: user.department.clone(),
        key: (usage.level == quota::AccountKind::Key).then(|| AlertedKey {
            id: key.id.clone(),
            name: key.name.clone(),
            prefix: key.key_prefix.clone(),
        }),
        policy: grant.policy.name.clone(),
        is_enforced: usage.is_enforced,
        limit: usage.budget(),
        percent: last.percent,
        amount: usage.value,
        used: usage.used,
        reserved: usage.reserved,
        resets_at: Some(usage.resets_at).filter(|at| *at < Timestamp::MAX),
        attempts: 0,
        sent_at: None,
        failure: None,
    }
}
