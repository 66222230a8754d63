//! Quotas in the database: a user's meter is one item, admission is one update of it, settlement one transaction
//! (promises 40 to 46; the arithmetic is in `access/quota`, the whole is described in `docs/quotas.md`).

mod beginning;
mod borrower;
mod builder;
mod counters;
mod give_back;
mod known;
mod lend;
#[cfg(test)]
mod limits;
mod overdue;
mod recall;
mod reset;
mod room;
mod slices;
mod slots;
mod update;

use std::sync::Arc;
use std::time::Duration;

use super::keys;
use super::retry::Attempts;
use super::transaction::Commit;
use super::{Store, StoreError};
use domain::access::quota::{self, ActualUsage, Adjustment, AdmissionRequest, Meter, StoredReservation};
use domain::models::usage::UsageRecord;
use domain::models::{UsageId, UserId};

pub use beginning::Seen;
pub(super) use builder::value;
pub use known::Admission;
use known::Known;
use room::Room;
pub(super) use slices::{BudgetCounters, owner_limits};

/// Attempts of one admission or settlement while others change the meter.
const TRIES: u32 = 16;
/// Within which an admission is there or the store is down (docs/api.md §9).
const TIMEOUT: Duration = Duration::from_secs(2);

/// The meter's place in the transaction of a settlement.
const METER: usize = 0;

/// How a settlement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    Done,
    /// Somebody has settled the request before; nothing was changed.
    AlreadyDone,
}

/// How the update of a meter ended.
enum Update {
    /// The meter afterwards.
    Done(Arc<Meter>),
    /// The condition failed: the meter as it is, if there is one.
    Refused(Option<Arc<Meter>>),
}

impl Store {
    /// Admits one request of `user` and reserves what it may use, all in one update, or says which limit is in the
    /// way. `id` is the server's own for this request: repeated, it is admitted once.
    pub async fn admit(
        &self,
        user: &UserId,
        id: &UsageId,
        request: &AdmissionRequest<'_>,
    ) -> Result<Admission, StoreError> {
        let asking = Box::pin(self.admit_with_retries(user, id, request));
        tokio::time::timeout(TIMEOUT, asking)
            .await
            .map_err(|late| StoreError::Unavailable(late.into()))?
    }

    async fn admit_with_retries(
        &self,
        user: &UserId,
        id: &UsageId,
        request: &AdmissionRequest<'_>,
    ) -> Result<Admission, StoreError> {
        let mut known = self.memory.meters.get(user).map_or(Known::Nothing, Known::Seen);
        let mut begun = self.beginning_of(user, request, &known).await?;
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let request = &AdmissionRequest {
                limits: begun.as_ref().unwrap_or(request.limits),
                ..*request
            };
            let found = match self.add_reservation(user, id, request, &known).await {
                Ok(Update::Done(meter)) => return self.admitted(user, id, meter),
                Ok(Update::Refused(found)) => found,
                // A settlement of the same user was under way.
                Err(StoreError::Conflict) => {
                    attempts.collided().await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            known = match found {
                // An earlier attempt had succeeded, and its response was lost.
                Some(meter) if meter.reservations.contains_key(id) => {
                    return self.admitted(user, id, meter);
                }
                Some(meter) => Known::Seen(meter),
                None => Known::Absent,
            };
            match self.make_room(user, request, known).await? {
                Room::Refused(refused) => return Ok(refused),
                Room::Look(now, limits) => {
                    known = now;
                    begun = limits.or(begun);
                }
            }
            attempts.overtaken()?;
        }
    }

    /// One attempt to add the reservation, on the condition that the meter is as it is known.
    async fn add_reservation(
        &self,
        user: &UserId,
        id: &UsageId,
        request: &AdmissionRequest<'_>,
        known: &Known,
    ) -> Result<Update, StoreError> {
        let present = self.clock.now();
        let (change, condition) = match known {
            Known::Nothing => update::add(&quota::plan_at(None, request, present), id, None)?,
            Known::Seen(meter) => update::add(&quota::plan_at(Some(meter), request, present), id, Some(meter))?,
            Known::Absent => update::create(&quota::plan_at(Some(&Meter::default()), request, present), id)?,
        };
        let written = self
            .update_and_see::<Meter>(&keys::meter(user), change, condition)
            .await?;
        Ok(match written {
            Ok(meter) => Update::Done(Arc::new(meter)),
            Err(found) => Update::Refused(found.map(Arc::new)),
        })
    }

    fn admitted(&self, user: &UserId, id: &UsageId, meter: Arc<Meter>) -> Result<Admission, StoreError> {
        self.remember(user, &meter);
        let reservation = meter.reservations.get(id).cloned().ok_or(StoreError::Conflict)?;
        Ok(Admission::Admitted { reservation, meter })
    }

    fn remember(&self, user: &UserId, meter: &Arc<Meter>) {
        self.memory.meters.insert(user.clone(), Arc::clone(meter));
    }

    /// Puts what the request came to in the place of what was reserved, and records it; both or neither,
    /// and once, however often it is repeated.
    ///
    /// A reservation whose record is there already is the work of an admission that was lost and arrived when all was
    /// over: it is taken out, and all that it holds is given back.
    pub async fn settle(
        &self,
        reservation: &StoredReservation,
        record: &UsageRecord,
    ) -> Result<Settlement, StoreError> {
        self.end(reservation, &record.request.user, &record.id, Some(record))
            .await
    }

    /// Takes out a reservation of `user` of which no record is wanted. Like a request that delivered nothing it stays
    /// counted in the rate of requests alone.
    pub async fn withdraw(
        &self,
        reservation: &StoredReservation,
        user: &UserId,
        id: &UsageId,
    ) -> Result<Settlement, StoreError> {
        self.end(reservation, user, id, None).await
    }

    async fn end(
        &self,
        reservation: &StoredReservation,
        user: &UserId,
        id: &UsageId,
        mut record: Option<&UsageRecord>,
    ) -> Result<Settlement, StoreError> {
        let key = keys::meter(user);
        let mut current: Option<Meter> = None;
        let mut actual = record.map_or(ActualUsage::NOTHING, ActualUsage::from);
        let mut done = Settlement::Done;
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let adjustment = quota::correct(reservation, actual, current.as_ref(), self.clock.now());
            let (change, condition) = update::remove(&adjustment, reservation, id);
            let mut transaction = self.transaction().update(&key, change, condition)?;
            if let Some(record) = record {
                transaction = transaction.recorded(record, reservation.facts.kept_days)?;
            }
            match transaction.commit().await? {
                Commit::Done => {
                    self.forget_reservation(user, id, &adjustment);
                    return Ok(done);
                }
                Commit::Refused(places) if !places.contains(&METER) => {
                    (actual, record, done) = (ActualUsage::NOTHING, None, Settlement::AlreadyDone);
                }
                Commit::Refused(_) => {
                    current = self.get::<Meter>(&key).await?;
                    let is_open = |meter: &Meter| meter.reservations.contains_key(id);
                    if !current.as_ref().is_some_and(is_open) {
                        return Ok(Settlement::AlreadyDone);
                    }
                }
            }
            attempts.overtaken()?;
        }
    }

    fn forget_reservation(&self, user: &UserId, id: &UsageId, adjustment: &Adjustment) {
        if let Some(known) = self.memory.meters.get(user) {
            let mut meter = Meter::clone(&known);
            meter.reservations.remove(id);
            adjustment.apply(&mut meter);
            self.memory.meters.insert(user.clone(), Arc::new(meter));
        }
    }

    /// The user's meter as it is now; `None` for a user who was never limited.
    pub async fn meter(&self, user: &UserId) -> Result<Option<Meter>, StoreError> {
        self.get(&keys::meter(user)).await
    }
}
