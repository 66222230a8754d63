//! What becomes of an admission that a meter has not taken: it is refused for a limit that is proven to be full, or tried
//! again by what is known now.

use std::sync::Arc;

use super::super::{Store, StoreError};
use super::beginning::Seen;
use super::known::{Admission, Known};
use super::lend::{self, Borrowed};
use domain::access::quota::{AdmissionRequest, Limits, Meter, Moment};
use domain::models::UserId;

/// The state of things after an attempt that failed.
pub(super) enum Room {
    Refused(Admission),
    /// There may be room by what is known now, under these limits if they are other ones.
    Look(Known, Option<Limits>),
}

impl Store {
    /// What to expect in the next attempt of a request that `known` did not admit.
    pub(super) async fn make_room(
        &self,
        user: &UserId,
        request: &AdmissionRequest<'_>,
        known: Known,
    ) -> Result<Room, StoreError> {
        let beginning = self.beginning_of(user, request, &known).await?;
        let request = &AdmissionRequest {
            limits: beginning.as_ref().unwrap_or(request.limits),
            ..*request
        };
        if let Some(refused) = self.refusal(user, request, &known).await {
            return Ok(Room::Refused(refused));
        }
        Ok(match self.borrow(user, request, &known).await? {
            None => Room::Look(known, beginning),
            Some(Borrowed::Look(now)) => Room::Look(now, beginning),
            Some(Borrowed::Gone(gone)) => Room::Look(known, Some(lend::without(request.limits, &gone))),
            Some(Borrowed::Refused(refusal)) => Room::Refused(Admission::Refused { refusal, meter: None }),
        })
    }

    /// The refusal of a request for which a meter that was read has no room; the meter is remembered.
    async fn refusal(&self, user: &UserId, request: &AdmissionRequest<'_>, known: &Known) -> Option<Admission> {
        let now = Moment {
            at: request.now,
            present: self.clock.now(),
        };
        let refusal = known.refusal(request, now)?;
        let Known::Seen(meter) = known else {
            return Some(Admission::Refused { refusal, meter: None });
        };
        let begun = self.begin_counters(user, (meter, request.limits), now).await;
        let meter = begun.unwrap_or_else(|| Arc::clone(meter));
        self.remember(user, &meter);
        Some(Admission::Refused {
            refusal,
            meter: Some(meter),
        })
    }

    /// The limits of the request with what those begin with that `known` does not count yet, if there are any.
    pub(super) async fn beginning_of(
        &self,
        user: &UserId,
        request: &AdmissionRequest<'_>,
        known: &Known,
    ) -> Result<Option<Limits>, StoreError> {
        let seen = Seen {
            user,
            key: Some(&request.facts.key),
            now: request.now,
        };
        match known {
            Known::Nothing => Ok(None),
            Known::Absent => self.beginning(seen, request.limits, &Meter::default()).await,
            Known::Seen(meter) => self.beginning(seen, request.limits, meter).await,
        }
    }
}
