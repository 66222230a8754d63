//! The changes of a meter in `DynamoDB`'s expression language.
//!
//! Paths are those of the meter's short names: `w` the window, `d` and `m` day and month, `r` the reservations.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::super::StoreError;
use super::super::expression::Expression;
use super::super::keys;
use super::super::table::{DUE, PK, QUEUE, TTL, Table};
use super::builder::Update;
use domain::access::quota::{
    Adjustment, Amounts, Bucket, LiveStep, Meter, PeriodStep, Plan, Reset, StoredReservation, TallyStep, WindowStep,
};
use domain::models::UsageId;

/// How long a meter is kept that nobody uses: longer than any window of its counters.
const KEPT_SECONDS: i64 = 62 * 24 * 60 * 60;

/// Adds the planned reservation to a meter that is there.
pub(super) fn add(plan: &Plan, id: &UsageId) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    update
        .name("#id", id.as_str())
        .value(":reservation", value(&plan.reservation)?);
    update.expect("attribute_not_exists(r.#id)").set("r.#id = :reservation");
    update.window(&plan.window)?;
    update.period("d", &plan.day)?;
    update.period("m", &plan.month)?;
    if let Some(live) = &plan.live {
        update.live(live);
    }
    if matches!(plan.month, PeriodStep::Begin(_) | PeriodStep::Replace { .. }) {
        update.kept_after(&plan.reservation);
    }
    update.queued_until(&plan.reservation);
    Ok(update.finish())
}

/// Makes the meter, with the planned reservation in it.
pub(super) fn create(plan: &Plan, id: &UsageId) -> Result<(Expression, Expression), StoreError> {
    let (PeriodStep::Begin(day), PeriodStep::Begin(month)) = (plan.day, plan.month) else {
        return Err(StoreError::Conflict);
    };
    let window = match &plan.window {
        WindowStep::Begin { window, .. } => Some(window.clone()),
        WindowStep::Skip | WindowStep::Count(_) => None,
    };
    let meter = Meter {
        window,
        day,
        month,
        reservations: [(id.clone(), plan.reservation.clone())].into(),
    };
    let mut update = Update::default();
    update.expect(format!("attribute_not_exists({PK})"));
    update
        .set("d = :d, m = :m, r = :r")
        .value(":d", value(&meter.day)?)
        .value(":m", value(&meter.month)?)
        .value(":r", value(&meter.reservations)?);
    if let Some(window) = &meter.window {
        update.set("w = :w").value(":w", value(window)?);
    }
    update.kept_after(&plan.reservation);
    update.queued_until(&plan.reservation);
    Ok(update.finish())
}

/// Takes the reservation out, and corrects the counters.
pub(super) fn remove(
    adjustment: &Adjustment,
    reservation: &StoredReservation,
    id: &UsageId,
) -> (Expression, Expression) {
    let mut update = Update::default();
    update
        .name("#id", id.as_str())
        .expect("attribute_exists(r.#id)")
        .remove("r.#id");
    for (name, number, amounts) in [
        ("d", reservation.day, adjustment.day),
        ("m", reservation.month, adjustment.month),
    ] {
        if !amounts.is_nothing() {
            update
                .expect(format!("{name}.n = :{name}n"))
                .number(&format!(":{name}n"), number);
            update.add_amounts(name, amounts);
        }
    }
    if let Some((place, tokens)) = adjustment.tokens {
        update
            .expect("w.l = :l AND attribute_exists(w.t.p.#p)")
            .number(":l", place.part_ms)
            .name("#p", &place.part.name());
        update
            .set("w.t.p.#p = w.t.p.#p + :wt, w.t.s = w.t.s + :wt")
            .number(":wt", tokens);
    }
    update.finish()
}

/// Replaces counters, if they are as they are known.
pub(super) fn reset(reset: &Reset) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    for (name, period) in [("d", &reset.day), ("m", &reset.month)] {
        if let Some((known, replaced)) = period {
            update.replace(name, value(known)?, value(replaced)?);
        }
    }
    if let Some((known, replaced)) = &reset.window {
        update.replace("w", value(known)?, value(replaced)?);
    }
    Ok(update.finish())
}

impl Update {
    fn window(&mut self, step: &WindowStep) -> Result<(), StoreError> {
        match step {
            WindowStep::Skip => {}
            WindowStep::Count(count) => {
                self.expect("w.l = :l AND w.n <= :n")
                    .set("w.n = :n")
                    .number(":l", count.part_ms)
                    .number(":n", count.part.0);
                self.name("#p", &count.part.name());
                self.tally("q", count.part, count.requests.as_ref());
                self.tally("t", count.part, count.tokens.as_ref());
            }
            WindowStep::Begin { known, window } => {
                self.set("w = :w").value(":w", value(window)?);
                match known {
                    None => self.expect("attribute_not_exists(w)"),
                    Some(known) => self.expect("w = :known").value(":known", value(known)?),
                };
            }
        }
        Ok(())
    }

    fn tally(&mut self, name: &str, part: Bucket, step: Option<&TallyStep>) {
        let Some(step) = step else { return };
        if let Some(at_most) = step.at_most {
            self.expect(format!("w.{name}.s <= :{name}most"))
                .number(&format!(":{name}most"), at_most);
        }
        for (place, (gone, count)) in step.gone.iter().enumerate() {
            // A part that all has left but is written to now, by a clock that is far behind, stays.
            if *gone != part {
                self.expect(format!("w.{name}.p.#{name}{place} = :{name}{place}"))
                    .remove(format!("w.{name}.p.#{name}{place}"));
                self.name(&format!("#{name}{place}"), &gone.name())
                    .number(&format!(":{name}{place}"), count);
            }
        }
        let gone: i64 = step
            .gone
            .iter()
            .filter(|(gone, _)| *gone != part)
            .map(|(_, count)| count)
            .sum();
        self.set(format!("w.{name}.s = w.{name}.s + :{name}sum"))
            .number(&format!(":{name}sum"), step.add - gone);
        self.set(format!(
            "w.{name}.p.#p = if_not_exists(w.{name}.p.#p, :zero) + :{name}add"
        ));
        self.number(&format!(":{name}add"), step.add).number(":zero", 0);
    }

    fn period(&mut self, name: &str, step: &PeriodStep) -> Result<(), StoreError> {
        let number = format!(":{name}n");
        match step {
            PeriodStep::Begin(period) => {
                self.number(&number, period.number)
                    .expect(format!("{name}.n < {number}"))
                    .set(format!("{name} = :{name}"))
                    .value(&format!(":{name}"), value(period)?);
            }
            PeriodStep::Replace { known, period } => {
                self.expect(format!("{name}.n = :{name}known"))
                    .number(&format!(":{name}known"), known)
                    .set(format!("{name} = :{name}"))
                    .value(&format!(":{name}"), value(period)?);
            }
            PeriodStep::Count {
                number: current,
                now,
                add,
                caps,
            } => {
                self.number(&number, current).expect(format!("{name}.n = {number}"));
                self.expect(format!("(attribute_not_exists({name}.e) OR {name}.e > :now)"))
                    .number(":now", now);
                for (field, cap) in [("q", caps.requests), ("t", caps.tokens), ("c", caps.cost)] {
                    if let Some(cap) = cap {
                        self.expect(format!("{name}.{field} <= :{name}{field}most"))
                            .number(&format!(":{name}{field}most"), cap);
                    }
                }
                self.add_amounts(name, *add);
            }
        }
        Ok(())
    }

    fn add_amounts(&mut self, name: &str, amounts: Amounts) {
        for (field, amount) in [("q", amounts.requests), ("t", amounts.tokens), ("c", amounts.cost)] {
            if amount != 0 {
                let path = format!("{name}.{field}");
                self.set(format!("{path} = {path} + :{name}{field}"))
                    .number(&format!(":{name}{field}"), amount);
            }
        }
    }

    fn live(&mut self, live: &LiveStep) {
        self.expect("size(r) <= :live").number(":live", live.at_most);
        for (place, id) in live.expired.iter().enumerate() {
            self.expect(format!("attribute_exists(r.#e{place})"))
                .name(&format!("#e{place}"), id.as_str());
        }
    }

    /// In the janitor's queue from the first reservation's expiry on. Once there, a meter stays until the janitor has
    /// looked at it, so that the index is not written to with each request.
    fn queued_until(&mut self, reservation: &StoredReservation) {
        self.set("#queue = :queue, #due = if_not_exists(#due, :due)")
            .name("#queue", QUEUE)
            .name("#due", DUE);
        self.value(":queue", AttributeValue::S(keys::EXPIRY.to_owned()))
            .value(":due", AttributeValue::S(keys::due(reservation.expires_at)));
    }

    fn kept_after(&mut self, reservation: &StoredReservation) {
        self.set("#ttl = :ttl")
            .name("#ttl", TTL)
            .number(":ttl", reservation.expires_at + KEPT_SECONDS);
    }
}

fn value(part: &impl Serialize) -> Result<AttributeValue, StoreError> {
    let corrupt = |source| StoreError::Corrupt {
        entity: Table::Quota.name(),
        source: Box::new(source),
    };
    serde_dynamo::to_attribute_value(part).map_err(corrupt)
}
