//! Other events of the month: logins, changes of the configuration, backends that went out and came back.

use std::time::Duration;

use domain::access::quota::{Field, LimitName, TopUp};
use domain::models::audit::AuditEntry;
use domain::models::catalog::Catalog;
use domain::models::health::{CheckFinding, FailureClass, Health};
use domain::models::policy::Policy;
use domain::models::user::User;
use domain::models::{DisplayName, PolicyName, TopUpId};
use jiff::{Timestamp, ToSpan as _};
use service::store::Store;

use super::dice::Dice;
use super::people::{DAYS, Person};
use super::trail::{by, unnamed};
use crate::demo_error::DemoError;

/// Backends by their path, with the hours since they went out, the reason, and the minutes until they came back.
const TURNS: [(&str, i64, FailureClass, Option<i64>); 6] = [
    ("/moonshot/", 620, FailureClass::RateLimited, Some(4)),
    ("/moonshot/", 171, FailureClass::RateLimited, Some(9)),
    ("/shanghai-2/", 140, FailureClass::Timeout, Some(26)),
    ("/frankfurt-1/", 92, FailureClass::Connect, Some(14)),
    ("/moonshot/", 47, FailureClass::RateLimited, Some(3)),
    ("/locked/", 7, FailureClass::Credentials, None),
];

/// The time of a check that is answered.
const LATENCY: Duration = Duration::from_millis(38);

/// Lets backends go out and come back.
pub(super) async fn turn_backends(store: &Store, catalog: &Catalog, now: Timestamp) -> Result<(), DemoError> {
    for backend in catalog.entries().flat_map(|entry| &entry.backends) {
        let mut health = backend.health.clone();
        for (path, hours, reason, minutes) in TURNS {
            if backend.base_url.contains(path) {
                health = turned(health, now - hours.hours(), reason, minutes);
            }
        }
        store.update_health(&backend.id, &health).await?;
    }
    Ok(())
}

fn turned(health: Health, out: Timestamp, reason: FailureClass, minutes: Option<i64>) -> Health {
    let health = health.after_check(out, CheckFinding::Failed(reason));
    let Some(minutes) = minutes else { return health };
    let reachable = CheckFinding::Reachable {
        latency: LATENCY,
        finding: None,
        by_hand: false,
    };
    health.after_check(out + minutes.minutes(), reachable)
}

/// Logins of everybody: some on a Monday, some with a wrong password first.
pub(super) async fn sign_in(store: &Store, people: &[Person], now: Timestamp) -> Result<(), DemoError> {
    let mut dice = Dice::new(5);
    for person in people {
        for week in 0..4 {
            let days = week * 7 + i64::try_from(dice.between(0, 7)).unwrap_or_default();
            let minutes = i64::try_from(dice.between(10, 600)).unwrap_or_default();
            let at = now - (days * 24).hours() - minutes.minutes();
            if at < person.user.created_at {
                continue;
            }
            if dice.happens(90) {
                store.record(&refused_login(&person.user, at - 20.seconds())).await?;
            }
            store
                .record(&by(&person.user, at, "session.create", &person.user.id))
                .await?;
        }
    }
    Ok(())
}

fn refused_login(user: &User, at: Timestamp) -> AuditEntry {
    AuditEntry {
        result: "invalid_credentials".to_owned(),
        ..unnamed(by(user, at, "session.create", &user.email))
    }
}

/// Changes by the administrator: a rate that was too low, and more room for somebody for a time.
pub(super) async fn change(store: &Store, admin: &User, people: &[Person], now: Timestamp) -> Result<(), DemoError> {
    let name = PolicyName::parse("engineering")?;
    if let Some(old) = store.read_policy(&name).await? {
        let at = now - (9 * 24 + 2).hours();
        let new = Policy {
            rate_limit: std::num::NonZeroU64::new(240),
            updated_at: Some(at),
            version: old.version + 1,
            ..old.clone()
        };
        let mut entry = by(admin, at, "policy.update", &name);
        entry.changed = vec!["rate_limit".to_owned()];
        store.update_policy(&new, &entry.telling(&old, &new)).await?;
    }
    let busiest = people.iter().max_by_key(|person| person.habit.busy);
    let Some(person) = busiest else { return Ok(()) };
    let at = now - 30.hours();
    let top_up = TopUp {
        id: TopUpId::generate(),
        limit: LimitName::Field(Field::RequestQuotaDaily),
        add: 100,
        until: now + ((DAYS - 25) * 24).hours(),
        reason: DisplayName::parse("Launch week")?,
        created_at: at,
        created_by: admin.id.clone(),
    };
    let entry = by(admin, at, "top_up.create", &person.user.id).creating(&["limit", "add", "until", "reason"], &top_up);
    store.create_top_up(&person.user.id, &top_up, &entry).await?;
    Ok(())
}
