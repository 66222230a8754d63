//! Settles requests that nobody has settled: their process died, or could not reach the database until its end. Each is
//! charged as reserved, so that delivered work is never free (promise 45). What users hold of limits above them and have
//! not used for a while goes back to its owners.
//!
//! Runs are safe to repeat and to overlap: a request is settled once, whoever settles it.

use domain::access::quota::StoredReservation;
use domain::models::circumstances::Circumstances;
use domain::models::tokens::Tokens;
use domain::models::usage::{Outcome, UsageRecord};
use domain::models::{UsageId, UserId};
use jiff::Timestamp;
use service::config::Config;
use service::store::{Settlement, Store, StoreError};

/// The status of a request whose process died, whatever its client received.
const STATUS: u16 = 500;

/// The parts that the janitor works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    store: Store,
}

impl App {
    /// The function over the services that `config` names.
    pub fn connect(config: &Config) -> Self {
        Self::new(Store::connect(config))
    }

    /// The function over a store that exists already.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

/// Settles every reservation that has expired. One user's trouble does not keep the others waiting; the first error
/// is told at the end.
pub async fn settle_overdue(app: &App) -> Result<(), StoreError> {
    let now = app.store.clock().now();
    settle_of(app, app.store.overdue_users().await?, |reservation| {
        reservation.has_expired(now)
    })
    .await
}

/// Settles every reservation, also those that have not expired: at the start of the only process of an installation,
/// whose end has left them behind (OP3).
pub async fn settle_left_behind(app: &App) -> Result<(), StoreError> {
    settle_of(app, app.store.users_with_reservations().await?, |_| true).await
}

async fn settle_of(
    app: &App,
    users: Vec<UserId>,
    is_over: impl Fn(&StoredReservation) -> bool,
) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for user in users {
        if let Err(error) = settle_user(&app.store, &user, &is_over).await {
            tracing::error!(user.id = %user, %error, "reservations could not be settled");
            outcome = outcome.and(Err(error));
        }
    }
    outcome
}

async fn settle_user(
    store: &Store,
    user: &UserId,
    is_over: impl Fn(&StoredReservation) -> bool,
) -> Result<(), StoreError> {
    let Some(mut meter) = store.meter(user).await? else {
        return Ok(());
    };
    let now = store.clock().now();
    for (id, reservation) in meter
        .reservations
        .iter()
        .filter(|(_, reservation)| is_over(reservation))
    {
        let record = abandoned(user, id, reservation, now);
        if store.settle(reservation, &record).await? == Settlement::Done {
            tracing::warn!(
                settled_by_janitor = 1,
                request.id = %record.request.request_id,
                user.id = %user,
                model = %record.request.model,
                "settled for a process that did not"
            );
        }
    }
    meter.reservations.retain(|_, reservation| !is_over(reservation));
    if let Some(returned) = store.return_idle(user, &meter).await? {
        meter = returned;
    }
    store.requeue(user, &meter).await
}

/// The record of a request of which nothing is known but what was reserved for it.
fn abandoned(user: &UserId, id: &UsageId, reservation: &StoredReservation, now: Timestamp) -> UsageRecord {
    UsageRecord {
        id: id.clone(),
        request: reservation.facts.request(user, now),
        backend: None,
        status: STATUS,
        outcome: Outcome::Abandoned,
        tokens: Tokens {
            input: reservation.input_tokens,
            output: reservation.output_tokens,
            ..Tokens::default()
        },
        estimated: true,
        cost: domain::models::price::MicroUsd(reservation.cost),
        price: reservation
            .facts
            .price
            .and_then(|from| Timestamp::from_second(from).ok()),
        duration_ms: u64::try_from(now.as_millisecond() - reservation.facts.at).unwrap_or_default(),
        first_byte_ms: None,
        circumstances: Circumstances::default(),
    }
}

#[cfg(test)]
mod tests {
    use domain::access::quota::StoredFacts;

    use super::*;

    #[test]
    fn p45_a_request_that_nobody_settled_is_charged_as_reserved() {
        let facts = StoredFacts {
            at: 1000,
            ..StoredFacts::fixture()
        };
        let (expires_at, day, month) = (900, 19_700_101, 197_001);
        let reservation = StoredReservation {
            expires_at,
            day,
            month,
            place: None,
            input_tokens: 5,
            output_tokens: 7,
            cost: 11,
            facts,
            counted: Vec::new(),
            taken: Vec::new(),
        };
        let (user, id, now) = (
            UserId::parse("u").unwrap(),
            UsageId::parse("x").unwrap(),
            Timestamp::from_second(901).unwrap(),
        );
        let record = abandoned(&user, &id, &reservation, now);
        assert_eq!((record.tokens.input, record.tokens.output), (5, 7));
        assert_eq!((record.cost.0, record.estimated), (11, true));
        assert_eq!(
            (record.outcome, record.duration_ms, record.is_error()),
            (Outcome::Abandoned, 900_000, true)
        );
    }
}
