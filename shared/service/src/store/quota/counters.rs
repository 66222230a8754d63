//! The changes of single counters: of a period, of a window.

use super::super::StoreError;
use super::builder::{Counter, Update, value};
use domain::access::quota::{Amounts, Bucket, PeriodStep, TallyStep, WindowBucket, WindowStep};

impl Update {
    pub(super) fn window(&mut self, counter: Counter<'_>, step: &WindowStep) -> Result<(), StoreError> {
        let Counter { path, tag } = counter;
        match step {
            WindowStep::Skip => {}
            WindowStep::Count(count) => {
                self.expect(format!("{path}.l = :{tag}l AND {path}.n <= :{tag}n"))
                    .set(format!("{path}.n = :{tag}n"))
                    .number(&format!(":{tag}l"), count.part_ms)
                    .number(&format!(":{tag}n"), count.part.0);
                self.name(&format!("#{tag}p"), &count.part.name());
                self.tally((counter, "q"), count.part, count.requests.as_ref());
                self.tally((counter, "t"), count.part, count.tokens.as_ref());
            }
            WindowStep::Begin { known, window } => {
                self.set(format!("{path} = :{tag}"))
                    .value(&format!(":{tag}"), value(window)?);
                match known {
                    None => self.expect(format!("attribute_not_exists({path})")),
                    Some(known) => self
                        .expect(format!("{path} = :{tag}known"))
                        .value(&format!(":{tag}known"), value(known)?),
                };
            }
        }
        Ok(())
    }

    fn tally(&mut self, (Counter { path, tag }, name): (Counter<'_>, &str), part: Bucket, step: Option<&TallyStep>) {
        let Some(step) = step else { return };
        let (tally, tag) = (format!("{path}.{name}"), &format!("{tag}{name}"));
        if let Some(at_most) = step.at_most {
            self.expect(format!("{tally}.s <= :{tag}most"))
                .number(&format!(":{tag}most"), at_most);
        }
        // A part that all has left but is written to now, by a clock that is far behind, stays.
        let gone = || step.gone.iter().filter(|(gone, _)| *gone != part);
        for (place, (gone, count)) in gone().enumerate() {
            self.expect(format!("{tally}.p.#{tag}{place} = :{tag}{place}"))
                .remove(format!("{tally}.p.#{tag}{place}"));
            self.name(&format!("#{tag}{place}"), &gone.name())
                .number(&format!(":{tag}{place}"), count);
        }
        let left: i64 = gone().map(|(_, count)| count).sum();
        let part = format!("{tally}.p.#{}p", &tag[..tag.len() - name.len()]);
        self.set(format!("{tally}.s = {tally}.s + :{tag}sum"))
            .number(&format!(":{tag}sum"), step.add - left);
        self.set(format!("{part} = if_not_exists({part}, :zero) + :{tag}add"));
        self.number(&format!(":{tag}add"), step.add).number(":zero", 0);
    }

    pub(super) fn period(&mut self, Counter { path, tag }: Counter<'_>, step: &PeriodStep) -> Result<(), StoreError> {
        let number = format!(":{tag}n");
        match step {
            PeriodStep::Begin(period) => {
                self.number(&number, period.number)
                    .expect(format!("{path}.n < {number}"))
                    .set(format!("{path} = :{tag}"))
                    .value(&format!(":{tag}"), value(period)?);
            }
            PeriodStep::Replace { known, period } => {
                self.expect(format!("{path}.n = :{tag}known"))
                    .number(&format!(":{tag}known"), known)
                    .set(format!("{path} = :{tag}"))
                    .value(&format!(":{tag}"), value(period)?);
            }
            PeriodStep::Count {
                number: current,
                now,
                add,
                caps,
            } => {
                self.number(&number, current).expect(format!("{path}.n = {number}"));
                self.expect(format!("(attribute_not_exists({path}.e) OR {path}.e > :now)"))
                    .number(":now", now);
                for (field, cap) in [("q", caps.requests), ("t", caps.tokens), ("c", caps.cost)] {
                    if let Some(cap) = cap {
                        self.expect(format!("{path}.{field} <= :{tag}{field}most"))
                            .number(&format!(":{tag}{field}most"), cap);
                    }
                }
                self.add_amounts((path, tag), *add);
            }
        }
        Ok(())
    }

    fn add_amounts(&mut self, (path, tag): (&str, &str), amounts: Amounts) {
        for (field, amount) in [("q", amounts.requests), ("t", amounts.tokens), ("c", amounts.cost)] {
            if amount != 0 {
                self.set(format!("{path}.{field} = {path}.{field} + :{tag}{field}"))
                    .number(&format!(":{tag}{field}"), amount);
            }
        }
    }

    /// Adds to a period, if it is the one of this number.
    pub(super) fn adjust_period(&mut self, Counter { path, tag }: Counter<'_>, number: i32, amounts: Amounts) {
        if !amounts.is_nothing() {
            self.expect(format!("{path}.n = :{tag}n"))
                .number(&format!(":{tag}n"), number);
            self.add_amounts((path, tag), amounts);
        }
    }

    /// Adds to the tokens of a part, if it is in the window.
    pub(super) fn adjust_tokens(&mut self, Counter { path, tag }: Counter<'_>, place: WindowBucket, tokens: i64) {
        let (sum, part) = (format!("{path}.t.s"), format!("{path}.t.p.#{tag}p"));
        self.expect(format!("{path}.l = :{tag}l AND attribute_exists({part})"))
            .number(&format!(":{tag}l"), place.part_ms)
            .name(&format!("#{tag}p"), &place.part.name());
        self.set(format!("{part} = {part} + :{tag}t, {sum} = {sum} + :{tag}t"))
            .number(&format!(":{tag}t"), tokens);
    }
}
