//! Quotas in the database: a user's meter is one item, admission is one update of it, settlement one transaction
//! (promises 40 to 46; the arithmetic is in `access/quota`, the whole of it is told in `docs/quotas.md`).

mod overdue;
mod update;

use std::sync::Arc;
use std::time::Duration;

use super::keys;
use super::transaction::{Commit, backoff};
use super::{Store, StoreError};
use domain::access::quota::{self, ActualUsage, Adjustment, AdmissionRequest, Meter, Refusal, StoredReservation};
use domain::models::policy::Mode;
use domain::models::usage::UsageRecord;
use domain::models::{UsageId, UserId};

/// How often one admission or settlement is asked for while others change the meter.
const TRIES: u32 = 16;
/// Within which an admission is there or the store is down (docs/api.md §9).
const TIMEOUT: Duration = Duration::from_secs(2);

/// The meter's place in the transaction of a settlement.
const METER: usize = 0;

/// How the question for one more request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    Admitted {
        /// What was reserved, to be settled.
        reservation: StoredReservation,
        /// The meter with it.
        meter: Arc<Meter>,
    },
    Refused(Refusal),
}

/// How a settlement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    Done,
    /// Somebody has settled the request before; nothing was changed.
    AlreadyDone,
}

/// What a process knows of a meter before it asks.
enum Known {
    /// Nothing: it is supposed that others have used it today.
    Nothing,
    Absent,
    /// As it was last seen.
    Seen(Arc<Meter>),
}

/// How the update of a meter ended.
enum Asked {
    Added(Arc<Meter>),
    /// It is as it was: this.
    Found(Option<Arc<Meter>>),
}

impl Store {
    /// Admits one request of `user` and reserves what it may use, all in one update, or tells which limit is in the
    /// way. `id` is the server's own for this request: asked for again, it is admitted once.
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
        for attempt in 1..=TRIES {
            let found = match self.ask(user, id, request, &known).await {
                Ok(Asked::Added(meter)) => return self.admitted(user, id, meter),
                Ok(Asked::Found(found)) => found,
                // A settlement of the same user's was under way.
                Err(StoreError::Conflict) => {
                    backoff(attempt).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            known = match found {
                // An earlier try had succeeded, and its answer was lost.
                Some(meter) if meter.reservations.contains_key(id) => return self.admitted(user, id, meter),
                Some(meter) => Known::Seen(meter),
                None => Known::Absent,
            };
            if let Some(refusal) = known.refusal(request) {
                self.remember(user, known);
                return Ok(Admission::Refused(refusal));
            }
        }
        Err(StoreError::Conflict)
    }

    async fn ask(
        &self,
        user: &UserId,
        id: &UsageId,
        request: &AdmissionRequest<'_>,
        known: &Known,
    ) -> Result<Asked, StoreError> {
        let (change, condition) = match known {
            Known::Nothing => update::add(&quota::plan(None, request), id)?,
            Known::Seen(meter) => update::add(&quota::plan(Some(meter), request), id)?,
            Known::Absent => update::create(&quota::plan(Some(&Meter::default()), request), id)?,
        };
        let written = self
            .update_and_see::<Meter>(&keys::meter(user), change, condition)
            .await?;
        Ok(match written {
            Ok(meter) => Asked::Added(Arc::new(meter)),
            Err(found) => Asked::Found(found.map(Arc::new)),
        })
    }

    fn admitted(&self, user: &UserId, id: &UsageId, meter: Arc<Meter>) -> Result<Admission, StoreError> {
        self.memory.meters.insert(user.clone(), Arc::clone(&meter));
        let reservation = meter.reservations.get(id).cloned().ok_or(StoreError::Conflict)?;
        Ok(Admission::Admitted { reservation, meter })
    }

    fn remember(&self, user: &UserId, known: Known) {
        if let Known::Seen(meter) = known {
            self.memory.meters.insert(user.clone(), meter);
        }
    }

    /// Puts what the request came to in the place of what was reserved, and enters it in the books; both or neither,
    /// and once, whoever asks how often.
    ///
    /// A reservation whose record is there already is the work of an admission that was lost and arrived when all was
    /// over: it is taken out, and all that it holds is given back.
    pub async fn settle(
        &self,
        reservation: &StoredReservation,
        record: &UsageRecord,
    ) -> Result<Settlement, StoreError> {
        let key = keys::meter(&record.user);
        let mut current: Option<Meter> = None;
        let (mut actual, mut is_new) = (ActualUsage::from(record), true);
        for _ in 0..TRIES {
            let adjustment = quota::correct(reservation, actual, current.as_ref(), self.clock.now());
            let (change, condition) = update::remove(&adjustment, reservation, &record.id);
            let transaction = self.transaction().update(&key, change, condition)?;
            let transaction = if is_new {
                transaction.recorded(record, reservation.facts.kept_days)?
            } else {
                transaction
            };
            match transaction.commit().await? {
                Commit::Done => {
                    self.forget_hold(record, &adjustment);
                    return Ok(if is_new {
                        Settlement::Done
                    } else {
                        Settlement::AlreadyDone
                    });
                }
                Commit::Refused(places) if !places.contains(&METER) => (actual, is_new) = (ActualUsage::NOTHING, false),
                Commit::Refused(_) => {
                    current = self.get(&key).await?;
                    if !current
                        .as_ref()
                        .is_some_and(|meter| meter.reservations.contains_key(&record.id))
                    {
                        return Ok(Settlement::AlreadyDone);
                    }
                }
            }
        }
        Err(StoreError::Conflict)
    }

    fn forget_hold(&self, record: &UsageRecord, adjustment: &Adjustment) {
        if let Some(known) = self.memory.meters.get(&record.user) {
            let mut meter = Meter::clone(&known);
            meter.reservations.remove(&record.id);
            adjustment.apply(&mut meter);
            self.memory.meters.insert(record.user.clone(), Arc::new(meter));
        }
    }

    /// The user's meter as it is now; `None` for a user who was never limited.
    pub async fn meter(&self, user: &UserId) -> Result<Option<Meter>, StoreError> {
        self.get(&keys::meter(user)).await
    }
}

impl Known {
    /// Why a meter that was read has no room, where the policy is enforced.
    fn refusal(&self, request: &AdmissionRequest<'_>) -> Option<Refusal> {
        let empty = Meter::default();
        let meter = match self {
            Self::Seen(meter) => meter,
            Self::Nothing | Self::Absent => &empty,
        };
        let is_enforced = request.policy.mode == Mode::Enforce;
        is_enforced
            .then(|| quota::judge(meter, request.policy, request.demand, request.now))
            .flatten()
    }
}
