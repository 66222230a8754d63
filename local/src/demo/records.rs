//! Records of usage, as requests of the past would have left them.

use std::collections::HashMap;

use domain::models::catalog::{Backend, Catalog, Entry};
use domain::models::circumstances::{BackendCall, Circumstances};
use domain::models::price::{Details, MicroUsd};
use domain::models::tokens::Tokens;
use domain::models::usage::{Outcome, RequestFacts, UsageRecord};
use domain::models::{BackendId, RequestId, UsageId, UserId};
use jiff::Timestamp;

use super::dice::Dice;
use super::people::Person;

/// Of a thousand requests: those whose backend fails, and whose client leaves.
const FAILING: u64 = 12;
const LEAVING: u64 = 18;
/// Of a thousand requests, those that a second backend answers.
const SECOND: u64 = 25;
/// Results of failed calls of backends.
const RESULTS: [&str; 3] = ["timeout", "rate_limited", "connect"];

/// Makes the records of requests.
#[derive(Debug)]
pub(super) struct Scribe<'a> {
    catalog: &'a Catalog,
    dice: Dice,
    /// For each person, how long the conversation has become.
    talk: HashMap<UserId, u64>,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(catalog: &'a Catalog, dice: Dice) -> Self {
        Self {
            catalog,
            dice,
            talk: HashMap::new(),
        }
    }

    pub(super) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// A request of `person` at `at`; `None` if the catalog does not have the model.
    pub(super) fn record(&mut self, person: &Person, at: Timestamp) -> Option<UsageRecord> {
        let model = self.dice.pick(person.habit.models, |(_, weight)| *weight)?.0;
        let entry = self.catalog.entries().find(|entry| entry.model.id.as_str() == model)?;
        let program = person.habit.program;
        let request = RequestFacts {
            request_id: RequestId::generate(),
            at,
            user: person.user.id.clone(),
            key: person.key.id.clone(),
            department: person.user.department.clone(),
            model: entry.model.id.clone(),
            endpoint: program.endpoint(),
            client: program.client(),
            streamed: program.is_agent() || self.dice.happens(300),
        };
        let (backend, attempts) = self.backends(entry)?;
        let mut record = UsageRecord {
            id: UsageId::generate(at),
            request,
            backend: Some(backend),
            status: 200,
            outcome: Outcome::Complete,
            tokens: self.tokens(person, entry.model.cached_input_price.is_some()),
            estimated: false,
            cost: MicroUsd(0),
            price: None,
            duration_ms: 0,
            first_byte_ms: Some(self.dice.mostly_small(180, 2600)),
            circumstances: Circumstances {
                attempts,
                ..circumstances(person, model)
            },
        };
        self.end(&mut record);
        record.cost = entry.model.price_at(at).cost(record.tokens, &Details::default());
        Some(record)
    }

    /// The backend that answers, and the calls before it if there were some.
    fn backends(&mut self, entry: &Entry) -> Option<(BackendId, Vec<BackendCall>)> {
        let usable: Vec<&Backend> = entry
            .backends
            .iter()
            .filter(|each| !each.base_url.contains("/locked/"))
            .collect();
        let first = *self.dice.pick(&usable, |backend| u64::from(backend.weight))?;
        let other = usable.iter().find(|backend| backend.id != first.id);
        let Some(other) = other.filter(|_| self.dice.happens(SECOND)) else {
            return Some((first.id.clone(), Vec::new()));
        };
        let calls = vec![self.failed_call(first), call(other, "ok", 640)];
        Some((other.id.clone(), calls))
    }

    fn failed_call(&mut self, backend: &Backend) -> BackendCall {
        let result = self.dice.pick(&RESULTS, |_| 1).copied().unwrap_or("timeout");
        let ms = if result == "timeout" {
            10_000
        } else {
            self.dice.between(20, 300)
        };
        call(backend, result, ms)
    }

    /// An agent's conversation grows with each request and begins anew now and then; what was said before is cached.
    fn tokens(&mut self, person: &Person, caches: bool) -> Tokens {
        let output = self.dice.mostly_small(120, 2400);
        if !person.habit.program.is_agent() {
            let input = self.dice.mostly_small(300, 9000);
            return Tokens {
                input,
                output,
                ..Tokens::default()
            };
        }
        let begins_anew = self.dice.happens(120);
        let before = self.talk.entry(person.user.id.clone()).or_default();
        if begins_anew || *before > 160_000 {
            *before = 0;
        }
        let fresh = self.dice.mostly_small(1500, 14_000) + if *before == 0 { 16_000 } else { 0 };
        let cached_input = if caches { *before / 64 * 64 } else { 0 };
        let input = *before + fresh;
        *before = input + output;
        let reasoning = output / 4;
        Tokens {
            input,
            cached_input,
            output,
            reasoning,
            ..Tokens::default()
        }
    }

    /// How the request ends, and after which time.
    fn end(&mut self, record: &mut UsageRecord) {
        let rate = self.dice.between(45, 120);
        record.duration_ms = record.first_byte_ms.unwrap_or_default() + record.tokens.output * 1000 / rate;
        if self.dice.happens(LEAVING) {
            record.outcome = Outcome::ClientGone;
            record.tokens.output /= 3;
            record.duration_ms /= 3;
        } else if self.dice.happens(FAILING) {
            (record.status, record.outcome) = (504, Outcome::Failed);
            (record.tokens, record.first_byte_ms) = (Tokens::default(), None);
            record.duration_ms = 10_040;
            let backend = record.backend.clone();
            let call = backend.map(|backend| BackendCall {
                backend,
                result: "timeout".to_owned(),
                ms: 10_000,
            });
            record.circumstances.code = Some("upstream_timeout".to_owned());
            record.circumstances.attempts = call.into_iter().collect();
        }
    }
}

fn call(backend: &Backend, result: &str, ms: u64) -> BackendCall {
    BackendCall {
        backend: backend.id.clone(),
        result: result.to_owned(),
        ms,
    }
}

fn circumstances(person: &Person, model: &str) -> Circumstances {
    let asked = person.habit.program.asks_for(model);
    Circumstances {
        user_name: Some(person.user.name.clone()),
        user_email: Some(person.user.email.clone()),
        key_prefix: Some(person.key.key_prefix.clone()),
        policy: Some(person.user.quota_policy.clone()),
        asked_model: asked.map(ToOwned::to_owned),
        ..Circumstances::default()
    }
}
