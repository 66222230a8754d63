//! The knowledge of a meter before an attempt to admit a request, and the ways in which the question ends.

use std::sync::Arc;

use domain::access::quota::{self, AdmissionRequest, Meter, Moment, Refusal, StoredReservation};

/// The answer to the question for one more request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    Admitted {
        /// The reservation, to be settled.
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

/// The knowledge that a process has of a meter before an attempt.
pub(super) enum Known {
    /// Nothing: it is supposed that others have used it today.
    Nothing,
    Absent,
    /// The meter as it was last seen.
    Seen(Arc<Meter>),
}

impl Known {
    pub(super) fn meter(&self) -> Option<&Meter> {
        match self {
            Self::Seen(meter) => Some(meter),
            Self::Nothing | Self::Absent => None,
        }
    }

    /// The refusal by a meter that was read and has no room.
    pub(super) fn refusal(&self, request: &AdmissionRequest<'_>, now: Moment) -> Option<Refusal> {
        let empty = Meter::default();
        let meter = match self {
            Self::Seen(meter) => meter,
            Self::Nothing | Self::Absent => &empty,
        };
        quota::judge(meter, request.limits, request.demand, now)
    }
}
