//! One request: what it reserves, what it uses, and how a process handles it.

use std::cell::RefCell;
use std::rc::Rc;

use domain::access::quota::{AdmissionRequest, Demand, Limits, StoredFacts, StoredReservation};
use domain::models::circumstances::Circumstances;
use domain::models::price::MicroUsd;
use domain::models::tokens::Tokens;
use domain::models::usage::{Outcome, RequestFacts, UsageRecord};
use domain::models::{KeyId, ModelId, RequestId, UsageId, UserId};
use jiff::Timestamp;
use service::store::{Admission, Store};

use crate::dice::Dice;
use crate::schedule::Doors;

use super::{History, LIFETIME};

/// Tries of a settlement, as of a process that is in a hurry.
const TRIES: usize = 3;

/// One request as a process handles it.
pub(super) struct Request {
    pub(super) id: UsageId,
    pub(super) user: UserId,
    /// The same with the key and the model that it asks for.
    pub(super) limits: Limits,
    pub(super) asked: (KeyId, ModelId),
    pub(super) demand: Demand,
    pub(super) actual: (Outcome, Tokens),
    pub(super) store: Store,
    pub(super) doors: Doors,
    pub(super) history: Rc<RefCell<History>>,
}

impl Request {
    pub(super) async fn run(self) {
        let now = self.store.clock().now();
        let facts = self.facts(now);
        let expires_at = (now + LIFETIME).as_second();
        let request = AdmissionRequest {
            limits: &self.limits,
            demand: self.demand,
            facts: &facts,
            now,
            expires_at,
        };
        let reservation = match self.store.admit(&self.user, &self.id, &request).await {
            Ok(Admission::Admitted { reservation, .. }) => reservation,
            Ok(Admission::Refused { .. }) => return self.history.borrow_mut().refused += 1,
            Err(_) => return self.history.borrow_mut().failed += 1,
        };
        let record = self.record(&reservation, now);
        self.history.borrow_mut().dispatched.insert(self.id.clone());
        self.doors.wait().await;
        self.history.borrow_mut().actual.insert(self.id.clone(), self.actual);
        for _ in 0..TRIES {
            if self.store.settle(&reservation, &record).await.is_ok() {
                return;
            }
        }
    }

    fn facts(&self, now: Timestamp) -> StoredFacts {
        let (key, model) = self.asked.clone();
        StoredFacts {
            at: now.as_millisecond(),
            request_id: RequestId::parse(self.id.as_str()).unwrap(),
            kept_days: Some(30),
            key,
            model,
            ..StoredFacts::fixture()
        }
    }

    fn record(&self, reservation: &StoredReservation, at: Timestamp) -> UsageRecord {
        let (outcome, tokens) = self.actual;
        UsageRecord {
            id: self.id.clone(),
            request: RequestFacts {
                at,
                ..reservation.facts.request(&self.user, at)
            },
            backend: None,
            status: 200,
            outcome,
            tokens,
            estimated: false,
            cost: MicroUsd(2 * tokens.total()),
            price: None,
            duration_ms: 1,
            first_byte_ms: None,
            circumstances: Circumstances::default(),
        }
    }
}

/// What a request reserves, where tokens or cost are limited.
pub(super) fn demand(dice: &mut Dice, limits: &Limits) -> Demand {
    let is_limited = limits.counts_tokens();
    let (input_tokens, output_tokens) = (dice.between(1, 30), dice.between(1, 100));
    if is_limited {
        Demand {
            input_tokens,
            output_tokens,
            cost: 2 * (input_tokens + output_tokens),
        }
    } else {
        Demand::default()
    }
}

pub(super) fn actual(dice: &mut Dice) -> (Outcome, Tokens) {
    let tokens = Tokens {
        input: dice.between(0, 35),
        output: dice.between(0, 60),
        ..Tokens::default()
    };
    match dice.below(5) {
        0 => (Outcome::Failed, Tokens::default()),
        1 => (Outcome::ClientGone, tokens),
        _ => (Outcome::Complete, tokens),
    }
}
