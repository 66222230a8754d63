//! Places at a backend that takes only so many requests at once: counted for all processes together, and each gone by
//! itself if the process that took it dies.

use std::collections::HashMap;
use std::iter;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::item::Range;
use super::keys::{self, BACKEND, CATALOG};
use super::retry::Attempts;
use super::table::Table;
use super::write::Written;
use super::{Store, StoreError};
use domain::access::quota::LATEST_EXPIRY;
use domain::models::BackendId;
use domain::random;

/// Attempts while others change the leases.
const TRIES: u32 = 8;
/// Leases of dead processes that one write removes at most: an expression has its limits.
const REMOVED_AT_ONCE: usize = 50;
/// Characters of a lease's id.
const ID_LENGTH: usize = 10;

/// A place at a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    backend: BackendId,
    id: String,
}

/// The leases of one backend: until which second each holds.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leases {
    leases: HashMap<String, i64>,
}

/// The id of a backend.
#[derive(Deserialize)]
struct Named {
    id: BackendId,
}

impl Store {
    /// A place among the `most` requests that may be under way at the backend; `None` when all are taken, or the
    /// backend is gone. It is free again at `until` if nobody gives it back.
    ///
    /// One write where nobody has died; its size, and so its price, grows with the leases (about 25 bytes each).
    pub async fn take_lease(
        &self,
        backend: &BackendId,
        most: u32,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let lease = Lease {
            backend: backend.clone(),
            id: random::base62(ID_LENGTH),
        };
        let key = keys::leases(backend);
        let mut dead = Vec::new();
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let (change, room) = add(&lease, until, most, &dead);
            let current = match self.update_if::<Leases>(&key, change, room).await? {
                Written::Done => return Ok(Some(lease)),
                Written::Refused(Some(current)) => current,
                Written::Refused(None) => return Ok(None),
            };
            // An earlier attempt had succeeded, and its response was lost.
            if current.leases.contains_key(&lease.id) {
                return Ok(Some(lease));
            }
            dead = current.dead_at(self.clock.now().as_second());
            let is_full = current.leases.len() - dead.len() >= most as usize;
            if is_full {
                return Ok(None);
            }
            attempts.overtaken()?;
        }
    }

    /// The numbers of requests under way at these backends, which take only so many.
    pub async fn leases_taken(
        &self,
        backends: impl Iterator<Item = &BackendId>,
    ) -> Result<HashMap<BackendId, usize>, StoreError> {
        let now = self.clock.now().as_second();
        let taken = backends.map(async |backend| {
            let leases: Option<Leases> = self.get(&keys::leases(backend)).await?;
            Ok::<_, StoreError>((backend.clone(), leases.map_or(0, |leases| leases.held_at(now))))
        });
        Ok(try_join_all(taken).await?.into_iter().collect())
    }

    /// Makes all places free, for an installation of which no process runs.
    pub async fn forget_leases(&self) -> Result<(), StoreError> {
        let range = Range {
            table: Table::Catalog,
            index: None,
            pk: CATALOG,
            prefix: BACKEND,
            newest_first: false,
        };
        let backends: Vec<Named> = self.all(&range).await?;
        for Named { id } in backends {
            let none = Expression::new("SET #leases = :none")
                .name("#leases", "leases")
                .value(":none", AttributeValue::M(HashMap::new()));
            // Those of before each had its partition have no item yet.
            let _: Written<Leases> = self.update_if(&keys::leases(&id), none, Expression::always()).await?;
        }
        Ok(())
    }

    /// Holds the place until `until`; false if it is no longer there.
    pub async fn renew_lease(&self, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
        let renew = Expression::new("SET #leases.#id = :until")
            .name("#leases", "leases")
            .name("#id", &lease.id)
            .number(":until", until.as_second());
        let is_there = Expression::new("attribute_exists(#leases.#id)");
        let written: Written<Leases> = self.update_if(&keys::leases(&lease.backend), renew, is_there).await?;
        Ok(matches!(written, Written::Done))
    }

    /// Makes the place free. Doing it twice changes nothing.
    pub async fn give_lease_back(&self, lease: &Lease) -> Result<(), StoreError> {
        let remove = Expression::new("REMOVE #leases.#id")
            .name("#leases", "leases")
            .name("#id", &lease.id);
        let _: Written<Leases> = self
            .update_if(
                &keys::leases(&lease.backend),
                remove,
                Expression::new("attribute_exists(#leases.#id)"),
            )
            .await?;
        Ok(())
    }
}

impl Leases {
    fn held_at(&self, now: i64) -> usize {
        self.leases.values().filter(|until| now < **until).count()
    }

    fn dead_at(&self, now: i64) -> Vec<(String, i64)> {
        let latest = now + LATEST_EXPIRY.as_secs();
        let dead = self
            .leases
            .iter()
            .filter(|(_, until)| **until <= now || **until > latest);
        dead.take(REMOVED_AT_ONCE)
            .map(|(id, until)| (id.clone(), *until))
            .collect()
    }
}

/// The largest change of leases: all that one write removes are dead.
#[cfg(test)]
pub(super) fn of_most_dead() -> (Expression, Expression) {
    let lease = Lease {
        backend: BackendId::generate(),
        id: random::base62(ID_LENGTH),
    };
    let dead: Vec<_> = of(REMOVED_AT_ONCE).leases.into_iter().collect();
    add(&lease, Timestamp::MAX, u32::MAX, &dead)
}

/// So many leases.
#[cfg(test)]
pub(super) fn of(count: usize) -> Leases {
    let leases = (0..count).map(|_| (random::base62(ID_LENGTH), 1_796_000_000)).collect();
    Leases { leases }
}

/// Adds `lease` in the place of the `dead`, if they are there as they were seen and there is room without them.
fn add(lease: &Lease, until: Timestamp, most: u32, dead: &[(String, i64)]) -> (Expression, Expression) {
    let places: Vec<_> = (0..dead.len()).map(|number| format!("#leases.#d{number}")).collect();
    let remove = if dead.is_empty() {
        String::new()
    } else {
        format!(" REMOVE {}", places.join(", "))
    };
    let seen = places
        .iter()
        .enumerate()
        .map(|(number, place)| format!("{place} = :d{number}"));
    let room: Vec<_> = iter::once("size(#leases) < :most".to_owned()).chain(seen).collect();
    let mut change = Expression::new(format!("SET #leases.#id = :until{remove}"))
        .name("#leases", "leases")
        .name("#id", &lease.id);
    change = change.number(":until", until.as_second());
    let mut room = Expression::new(room.join(" AND ")).number(":most", most as usize + dead.len());
    for (number, (id, until)) in dead.iter().enumerate() {
        change = change.name(&format!("#d{number}"), id);
        room = room.number(&format!(":d{number}"), until);
    }
    (change, room)
}
