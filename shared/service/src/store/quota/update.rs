//! The changes of a meter in `DynamoDB`'s expression language.
//!
//! Paths are those of the meter's short names: `w` the window, `d` and `m` day and month, `r` the reservations. The
//! counters that limits have for themselves are in `slots.rs`.

use super::super::StoreError;
use super::super::expression::Expression;
use super::super::table::{PK, TTL};
use super::builder::{Counter, Update, value};
use super::slots;
use domain::access::quota::{
    Adjustment, Level, LiveStep, Meter, PeriodStep, Plan, Reset, SlotStep, StoredReservation, WindowStep,
};
use domain::models::UsageId;

/// How long a meter is kept that nobody uses: longer than any window of its counters.
pub(super) const KEPT_SECONDS: i64 = 62 * 24 * 60 * 60;

/// Adds the planned reservation to a meter that is there, and of which this is `known`.
pub(super) fn add(plan: &Plan, id: &UsageId, known: Option<&Meter>) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    update
        .name("#id", id.as_str())
        .value(":reservation", value(&plan.reservation)?);
    update.expect("attribute_not_exists(r.#id)").set("r.#id = :reservation");
    update.window(Counter::WINDOW, &plan.window)?;
    update.period(Counter::DAY, &plan.day)?;
    update.period(Counter::MONTH, &plan.month)?;
    update.slots(&plan.slots, known)?;
    update.take(&plan.takes, plan.taken_at);
    if let Some(live) = &plan.live {
        update.live(live);
    }
    if matches!(plan.month, PeriodStep::Begin(_) | PeriodStep::Replace { .. }) {
        update.kept_after(&plan.reservation);
    }
    update.looked_at(plan.reservation.expires_at);
    Ok(update.finish())
}

/// Makes the meter, with the planned reservation in it.
pub(super) fn create(plan: &Plan, id: &UsageId) -> Result<(Expression, Expression), StoreError> {
    // Slices are there only in a meter that is there.
    let (PeriodStep::Begin(day), PeriodStep::Begin(month), []) = (plan.day, plan.month, plan.takes.as_slice()) else {
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
        of_user: slots::begun(plan, Level::User)?,
        of_keys: slots::begun(plan, Level::Key)?,
        reservations: [(id.clone(), plan.reservation.clone())].into(),
        ..Meter::default()
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
    for level in [Level::User, Level::Key] {
        if let Some(slots) = meter.slots(level) {
            let map = slots::map(level);
            update
                .set(format!("{map} = :{map}"))
                .value(&format!(":{map}"), value(slots)?);
        }
    }
    update.kept_after(&plan.reservation);
    update.looked_at(plan.reservation.expires_at);
    Ok(update.finish())
}

/// Makes counters of limits in a meter that is there, and of which this is `known`.
pub(super) fn begin(counters: &[SlotStep], known: &Meter) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    update.expect("attribute_exists(r)");
    update.slots(counters, Some(known))?;
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
    for (counter, number, amounts) in [
        (Counter::DAY, reservation.day, adjustment.day),
        (Counter::MONTH, reservation.month, adjustment.month),
    ] {
        update.adjust_period(counter, number, amounts);
    }
    if let Some((place, tokens)) = adjustment.tokens {
        update.adjust_tokens(Counter::WINDOW, place, tokens);
    }
    update.adjust_slots(&adjustment.slots);
    update.adjust_slices(&adjustment.slices);
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
    update.replace_slots(&reset.slots)?;
    Ok(update.finish())
}

impl Update {
    fn live(&mut self, live: &LiveStep) {
        self.expect("size(r) <= :live").number(":live", live.at_most);
        for (place, id) in live.expired.iter().enumerate() {
            self.expect(format!("attribute_exists(r.#e{place})"))
                .name(&format!("#e{place}"), id.as_str());
        }
    }

    fn kept_after(&mut self, reservation: &StoredReservation) {
        self.set("#ttl = :ttl")
            .name("#ttl", TTL)
            .number(":ttl", reservation.expires_at + KEPT_SECONDS);
    }
}
