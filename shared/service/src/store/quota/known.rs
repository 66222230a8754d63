//! What is known of a meter before an attempt to admit a request, and how the question ends.

use std::sync::Arc;

use domain::access::quota::{self, AdmissionRequest, Meter, Moment, Refusal, StoredReservation};

/// How the question for one more request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    Admitted {
        /// What was reserved, to be settled.
        reservation: StoredReservation,
        /// The meter with it.
        meter: Arc<Meter>,
    },
    Refused {
        refusal: Refusal,
        /// The meter that has no room, if there is one.
        meter: Option<Arc<Meter>>,
    },
}

/// What a process knows of a meter before an attempt.
pub(super) enum Known {
    /// Nothing: it is supposed that others have used it today.
    Nothing,
    Absent,
    /// As it was last seen.
    Seen(Arc<Meter>),
}

impl Known {
    pub(super) fn meter(&self) -> Option<&Meter> {
        match self {
            Self::Seen(meter) => Some(meter),
            Self::Nothing | Self::Absent => None,
        }
    }

    /// Why a meter that was read has no room.
    pub(super) fn refusal(&self, request: &AdmissionRequest<'_>, now: Moment) -> Option<Refusal> {
        let empty = Meter::default();
        let meter = match self {
            Self::Seen(meter) => meter,
            Self::Nothing | Self::Absent => &empty,
        };
        quota::judge(meter, request.limits, request.demand, now)
    }
}
