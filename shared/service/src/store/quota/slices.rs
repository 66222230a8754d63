//! The changes of slices, `f.<slot>` in the meters of users, and of what owners have given out, `x.<slot>` in theirs.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::StoreError;
use super::super::expression::Expression;
use super::super::keys;
use super::super::table::{DUE, PARENT, PK, QUEUE, TTL};
use super::builder::{Counter, Update, value};
use super::update::KEPT_SECONDS;
use domain::access::quota::{Cap, IDLE, Loan, Meter, Owner, Period, Receipt, Slice, SliceAdjustment, Take};
use domain::models::limit::{Slot, Unit};

/// The counters of a budget's limits.
#[derive(Clone, Debug)]
pub(in crate::store) enum BudgetCounters {
    /// These alone, whatever was there.
    All(Vec<(Slot, Period)>),
    /// Some come and some go.
    Some {
        begun: Vec<(Slot, Period)>,
        kept: Vec<Slot>,
        gone: Vec<Slot>,
    },
}

/// Makes the limits and counters in an owner's meter those of version `version` of its budget.
pub(in crate::store) fn owner_limits(
    caps: &BTreeMap<Slot, Cap>,
    version: u64,
    counters: &BudgetCounters,
) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    update.set("L = :limits, v = :version");
    update.value(":limits", value(caps)?).number(":version", version);
    match counters {
        BudgetCounters::All(begun) => {
            let begun: BTreeMap<&Slot, &Period> = begun.iter().map(|(slot, period)| (slot, period)).collect();
            update.set("x = :x").value(":x", value(&begun)?);
            update.expect(Expression::always().text);
        }
        BudgetCounters::Some { begun, kept, gone } => {
            // A budget that was deleted and made again meanwhile may have the same version; its counters are other ones.
            for (place, slot) in kept.iter().enumerate() {
                update
                    .name(&format!("#k{place}"), slot.as_str())
                    .expect(format!("attribute_exists(x.#k{place})"));
            }
            for (place, (slot, period)) in begun.iter().enumerate() {
                update
                    .name(&format!("#b{place}"), slot.as_str())
                    .set(format!("x.#b{place} = :b{place}"))
                    .value(&format!(":b{place}"), value(period)?);
            }
            for (place, slot) in gone.iter().enumerate() {
                update
                    .name(&format!("#g{place}"), slot.as_str())
                    .remove(format!("x.#g{place}"));
            }
            update.expect("attribute_exists(x)");
        }
    }
    Ok(update.finish())
}

/// Counts loans in the meter of their owner, whose limits are those of `version`.
pub(super) fn lend(version: u64, loans: &[&Loan]) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    // Set too, since a loan of nothing, which begins a slice, changes nothing else.
    update.expect("v = :v").set("v = :v").number(":v", version);
    for (place, loan) in loans.iter().enumerate() {
        let (path, tag) = update.owned(place, &loan.receipt.slot);
        update.period(Counter { path: &path, tag: &tag }, &loan.step)?;
    }
    Ok(update.finish())
}

/// Takes so much off what an owner has given out, while its counter is of the window `number`.
pub(super) fn take_back(slot: &Slot, (unit, number): (Unit, i32), amount: i64) -> (Expression, Expression) {
    let mut update = Update::default();
    let (path, _) = update.owned(0, slot);
    let field = match unit {
        Unit::Requests => "q",
        Unit::Tokens => "t",
        Unit::Cost => "c",
    };
    update
        .expect(format!("{path}.n = :n"))
        .number(":n", number)
        .set(format!("{path}.{field} = {path}.{field} - :amount"))
        .number(":amount", amount);
    update.finish()
}

/// Adds what was lent or recalled to a user's slices; `meter` is what is known of the meter, if there is one.
pub(super) fn receive(
    meter: Option<&Meter>,
    receipts: &[&Receipt],
    (parent, now): (&Owner, i64),
) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    match meter {
        None => update.first_meter(receipts, now)?,
        Some(Meter { slices: None, .. }) => {
            update.expect("attribute_exists(r) AND attribute_not_exists(f)");
            update.set("f = :f").value(":f", slices(receipts)?);
        }
        Some(_) => {
            update.expect("attribute_exists(r)");
            for (place, receipt) in receipts.iter().enumerate() {
                update.receipt(place, receipt)?;
            }
        }
    }
    if meter.and_then(|meter| meter.parent.as_ref()) != Some(parent) {
        update
            .name("#holder", PARENT)
            .set("#holder = :holder")
            .value(":holder", AttributeValue::S(parent.to_string()));
    }
    update.set("u = :used").number(":used", now);
    update.looked_at(now + IDLE);
    Ok(update.finish())
}

/// Takes so much out of a user's slice.
pub(super) fn lose(slot: &Slot, slice: &Slice, amount: i64) -> (Expression, Expression) {
    let mut update = Update::default();
    update
        .name("#f0", slot.as_str())
        .expect("f.#f0.n = :n")
        .number(":n", slice.number)
        .set("f.#f0.l = f.#f0.l - :amount")
        .number(":amount", amount);
    if amount > 0 {
        update.expect("f.#f0.l >= :amount");
    } else {
        update.expect("f.#f0.l = :left").number(":left", slice.left);
    }
    update.finish()
}

/// Takes so much out of a user's slice of the window `number`, for another one.
pub(super) fn hand_over(slot: &Slot, number: i32, amount: i64) -> (Expression, Expression) {
    let mut update = Update::default();
    update
        .name("#f0", slot.as_str())
        .expect("f.#f0.n = :n AND f.#f0.l >= :amount")
        .number(":n", number)
        .set("f.#f0.l = f.#f0.l - :amount")
        .number(":amount", amount);
    update.finish()
}

/// Forgets slices with nothing left, of a meter without requests under way.
pub(super) fn forget(slices: &BTreeMap<Slot, Slice>) -> Result<(Expression, Expression), StoreError> {
    let mut update = Update::default();
    update
        .expect("size(r) = :none AND f = :known")
        .number(":none", 0)
        .value(":known", value(slices)?)
        .name("#holder", PARENT)
        .remove("f, u, #holder");
    Ok(update.finish())
}

fn slices(receipts: &[&Receipt]) -> Result<AttributeValue, StoreError> {
    let slices: BTreeMap<&Slot, &Slice> = receipts.iter().map(|receipt| (&receipt.slot, &receipt.slice)).collect();
    value(&slices)
}

impl Update {
    /// The path of an owner's counter, and how its placeholders begin.
    fn owned(&mut self, place: usize, slot: &Slot) -> (String, String) {
        let tag = format!("x{place}");
        self.name(&format!("#{tag}"), slot.as_str());
        (format!("x.#{tag}"), tag)
    }

    /// A meter that has nothing but slices yet.
    fn first_meter(&mut self, receipts: &[&Receipt], now: i64) -> Result<(), StoreError> {
        let meter = Meter::default();
        self.expect(format!("attribute_not_exists({PK})"));
        self.set("d = :d, m = :m, r = :r, f = :f, #ttl = :ttl")
            .value(":d", value(&meter.day)?)
            .value(":m", value(&meter.month)?)
            .value(":r", value(&meter.reservations)?)
            .value(":f", slices(receipts)?)
            .name("#ttl", TTL)
            .number(":ttl", now + KEPT_SECONDS);
        Ok(())
    }

    fn receipt(&mut self, place: usize, receipt: &Receipt) -> Result<(), StoreError> {
        let (path, tag) = self.slice(place, &receipt.slot);
        let Receipt { known, add, slice, .. } = receipt;
        match known {
            None => self.expect(format!("attribute_not_exists({path})")),
            Some(number) => self
                .expect(format!("{path}.n = :{tag}n"))
                .number(&format!(":{tag}n"), number),
        };
        if *known == Some(slice.number) {
            self.set(format!(
                "{path}.l = {path}.l + :{tag}s, {path}.s = :{tag}s, {path}.t = :{tag}t"
            ))
            .number(&format!(":{tag}s"), add)
            .number(&format!(":{tag}t"), slice.lent_at);
        } else {
            self.set(format!("{path} = :{tag}"))
                .value(&format!(":{tag}"), value(slice)?);
        }
        Ok(())
    }

    /// Takes what a request reserves from its user's slices, each of which has to be there with so much.
    pub(super) fn take(&mut self, takes: &[Take], now: i64) {
        for (place, take) in takes.iter().enumerate() {
            let (path, tag) = self.slice(place, &take.slot);
            self.expect(format!("{path}.n = :{tag}n AND {path}.l >= :{tag}"))
                .set(format!("{path}.l = {path}.l - :{tag}"))
                .number(&format!(":{tag}n"), take.number)
                .number(&format!(":{tag}"), take.amount);
        }
        if !takes.is_empty() {
            self.set("u = :used").number(":used", now);
        }
    }

    /// Gives back to slices what a request did not use.
    pub(super) fn adjust_slices(&mut self, adjustments: &[SliceAdjustment]) {
        for (place, SliceAdjustment { taken, add }) in adjustments.iter().enumerate() {
            let (path, tag) = self.slice(place, &taken.slot);
            self.expect(format!("{path}.n = :{tag}n"))
                .set(format!("{path}.l = {path}.l + :{tag}"))
                .number(&format!(":{tag}n"), taken.number)
                .number(&format!(":{tag}"), add);
        }
    }

    /// The path of a slice, and how its placeholders begin.
    fn slice(&mut self, place: usize, slot: &Slot) -> (String, String) {
        let tag = format!("f{place}");
        self.name(&format!("#{tag}"), slot.as_str());
        (format!("f.#{tag}"), tag)
    }

    /// In the janitor's queue from this second on. Once there, a meter stays until the janitor has looked at it, so that
    /// the index is not written to with each request.
    pub(super) fn looked_at(&mut self, second: i64) {
        self.set("#queue = :queue, #due = if_not_exists(#due, :due)")
            .name("#queue", QUEUE)
            .name("#due", DUE);
        self.value(":queue", AttributeValue::S(keys::EXPIRY.to_owned()))
            .value(":due", AttributeValue::S(keys::due(second)));
    }
}
