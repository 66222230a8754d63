//! The changes of the counters that limits have for themselves: `x.<slot>` those of policies, `y.<slot>` those of keys.

use super::super::StoreError;
use super::builder::{Counter, Update, value};
use domain::access::quota::{
    ALL_TIME, Amounts, CountedAt, Level, Meter, Plan, SlotAdjustment, SlotChange, SlotCounter, SlotReset, SlotStep,
    Slots,
};
use domain::models::limit::Slot;

/// The map with the counters of a level.
pub(super) fn map(level: Level) -> &'static str {
    match level {
        Level::User => "x",
        Level::Key => "y",
    }
}

/// The counters with which a meter begins. Refused if one of them has no room.
pub(super) fn begun(plan: &Plan, level: Level) -> Result<Option<Slots>, StoreError> {
    let of_level = plan.slots.iter().filter(|step| step.level == level);
    let counters = of_level.map(|step| match &step.change {
        SlotChange::Begin(counter) => Ok((step.slot.clone(), counter.clone())),
        SlotChange::Period(_) | SlotChange::Window(_) => Err(StoreError::Conflict),
    });
    let counters: Slots = counters.collect::<Result<_, _>>()?;
    Ok(Some(counters).filter(|counters| !counters.is_empty()))
}

impl Update {
    /// The steps of a meter of which this is `known`.
    pub(super) fn slots(&mut self, steps: &[SlotStep], known: Option<&Meter>) -> Result<(), StoreError> {
        for level in [Level::User, Level::Key] {
            let has_map = known.is_none_or(|meter| meter.slots(level).is_some());
            let steps: Vec<&SlotStep> = steps.iter().filter(|step| step.level == level).collect();
            let begins = |step: &&SlotStep| matches!(step.change, SlotChange::Begin(_));
            if has_map || !steps.iter().all(begins) {
                for (place, step) in steps.into_iter().enumerate() {
                    self.slot(place, step)?;
                }
            } else if !steps.is_empty() {
                self.begin_map(level, &steps)?;
            }
        }
        Ok(())
    }

    /// The first counters of a level: the map is made with them.
    fn begin_map(&mut self, level: Level, steps: &[&SlotStep]) -> Result<(), StoreError> {
        let counters = steps.iter().filter_map(|step| match &step.change {
            SlotChange::Begin(counter) => Some((step.slot.clone(), counter.clone())),
            SlotChange::Period(_) | SlotChange::Window(_) => None,
        });
        let (map, counters) = (map(level), counters.collect::<Slots>());
        self.expect(format!("attribute_not_exists({map})"))
            .set(format!("{map} = :{map}"))
            .value(&format!(":{map}"), value(&counters)?);
        Ok(())
    }

    fn slot(&mut self, place: usize, step: &SlotStep) -> Result<(), StoreError> {
        let (path, tag) = self.slot_path((place, step.level), &step.slot);
        let counter = Counter { path: &path, tag: &tag };
        match &step.change {
            SlotChange::Period(step) => self.period(counter, step),
            SlotChange::Window(step) => self.window(counter, step),
            SlotChange::Begin(begun) => {
                self.expect(format!("attribute_not_exists({path})"))
                    .set(format!("{path} = :{tag}"))
                    .value(&format!(":{tag}"), value(begun)?);
                Ok(())
            }
        }
    }

    /// The path of a counter, and how its placeholders begin.
    fn slot_path(&mut self, (place, level): (usize, Level), slot: &Slot) -> (String, String) {
        let map = map(level);
        let tag = format!("{map}{place}");
        self.name(&format!("#{tag}"), slot.as_str());
        (format!("{map}.#{tag}"), tag)
    }

    pub(super) fn adjust_slots(&mut self, adjustments: &[SlotAdjustment]) {
        for (place, SlotAdjustment { counted, add }) in adjustments.iter().enumerate() {
            let (path, tag) = self.slot_path((place, counted.level), &counted.slot);
            let counter = Counter { path: &path, tag: &tag };
            let amounts = Amounts::of_unit(counted.unit, *add);
            match counted.at {
                CountedAt::Period(number) => self.adjust_period(counter, number, amounts),
                CountedAt::Live => self.adjust_period(counter, ALL_TIME, amounts),
                CountedAt::Part(part) => self.adjust_tokens(counter, part, *add),
            }
        }
    }

    pub(super) fn replace_slots(&mut self, resets: &[SlotReset]) -> Result<(), StoreError> {
        for (place, reset) in resets.iter().enumerate() {
            let (path, tag) = self.slot_path((place, reset.level), &reset.slot);
            let counter = |counter: &SlotCounter| value(counter);
            self.expect(format!("{path} = :{tag}known"))
                .set(format!("{path} = :{tag}"))
                .value(&format!(":{tag}known"), counter(&reset.known)?)
                .value(&format!(":{tag}"), counter(&reset.replaced)?);
        }
        Ok(())
    }
}
