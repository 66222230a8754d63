//! A reservation, as it lies in the meter until it is settled.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, Demand};
use super::bucket::WindowBucket;
use super::counted::Counted;
use super::slice::Taken;
use crate::models::usage::{ClientKind, Endpoint, RequestFacts};
use crate::models::{DisplayName, KeyId, ModelId, RequestId, UserId};

/// Time from now after which no reservation expires that a right clock has made; an exchange lasts a quarter of an
/// hour.
pub const LATEST_EXPIRY: SignedDuration = SignedDuration::from_hours(1);

/// One admitted request: the amounts, where they were counted, and the facts for its record if nobody settles it. It is
/// stored as bytes, its members in this order (`packed.rs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct StoredReservation {
    /// Until when it counts as under way, in seconds since 1970. Afterwards the janitor settles it.
    #[serde(rename = "x")]
    pub expires_at: i64,
    /// The day and the month that it was counted in.
    #[serde(rename = "d")]
    pub day: i32,
    #[serde(rename = "m")]
    pub month: i32,
    /// Where its tokens are in the window, if they are counted there.
    #[serde(rename = "w", default)]
    pub place: Option<WindowBucket>,
    #[serde(rename = "i")]
    pub input_tokens: u64,
    #[serde(rename = "o")]
    pub output_tokens: u64,
    #[serde(rename = "c")]
    pub cost: u64,
    #[serde(rename = "a")]
    pub facts: StoredFacts,
    /// The counters of limits that have one of their own.
    #[serde(skip)]
    pub counted: Vec<Counted>,
    /// The slices of upper limits that it was taken from.
    #[serde(skip)]
    pub taken: Vec<Taken>,
}

/// The facts of a request as they are stored, for the record of one that nobody settles. The user is in the item's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFacts {
    /// When, in milliseconds since 1970.
    #[serde(rename = "a")]
    pub at: i64,
    #[serde(rename = "r")]
    pub request_id: RequestId,
    #[serde(rename = "k")]
    pub key: KeyId,
    #[serde(rename = "d", default)]
    pub department: Option<DisplayName>,
    #[serde(rename = "m")]
    pub model: ModelId,
    #[serde(rename = "e")]
    pub endpoint: Endpoint,
    #[serde(rename = "c")]
    pub client: ClientKind,
    #[serde(rename = "s")]
    pub streamed: bool,
    /// How many days the record is kept, by the settings of that moment; `None` for no record.
    #[serde(rename = "l", default)]
    pub kept_days: Option<u32>,
    /// The entry of the model's prices that the reservation is by: its beginning, in seconds since 1970.
    #[serde(skip)]
    pub price: Option<i64>,
}

impl StoredFacts {
    pub fn new(request: &RequestFacts, kept_days: Option<u32>) -> Self {
        Self {
            at: request.at.as_millisecond(),
            request_id: request.request_id.clone(),
            key: request.key.clone(),
            department: request.department.clone(),
            model: request.model.clone(),
            endpoint: request.endpoint,
            client: request.client,
            streamed: request.streamed,
            kept_days,
            price: None,
        }
    }

    /// The facts of a request of `user`. A time that cannot be, or that is to come, is taken for `now`.
    pub fn request(&self, user: &UserId, now: Timestamp) -> RequestFacts {
        let at = Timestamp::from_millisecond(self.at).ok();
        RequestFacts {
            request_id: self.request_id.clone(),
            at: at.filter(|at| *at <= now + LATEST_EXPIRY).unwrap_or(now),
            user: user.clone(),
            key: self.key.clone(),
            department: self.department.clone(),
            model: self.model.clone(),
            endpoint: self.endpoint,
            client: self.client,
            streamed: self.streamed,
        }
    }
}

impl StoredReservation {
    /// What the counters hold for it.
    pub fn amounts(&self) -> Amounts {
        Demand {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost: self.cost,
        }
        .amounts()
    }

    /// True if it counts as under way no longer. One of a clock that was wrong would wait for that clock's time.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        let now = now.as_second();
        self.expires_at <= now || self.expires_at > now + LATEST_EXPIRY.as_secs()
    }
}
