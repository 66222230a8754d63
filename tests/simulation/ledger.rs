//! That of each budget no more is given out than it allows, and that what is given out is what lies in slices, in
//! reservations and in the books: after every write, from what lies in the tables.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::quota::{Meter, Owner, OwnerMeter, StoredReservation, Taken};
use domain::models::limit::{Slot, Unit};
use domain::models::usage::{Outcome, UsageRecord};
use domain::models::{DisplayName, UsageId, UserId};
use dynoxide::Database;

use crate::check::{Books, added};
use crate::contents;
use crate::network::Done;
use crate::quota::History;

/// Follows a run.
pub(crate) struct Ledger {
    users: Vec<UserId>,
    /// True if no request uses more than it has reserved: then nothing is ever committed beyond a limit.
    is_strict: bool,
    /// What each request was first taken from.
    taken: BTreeMap<UsageId, StoredReservation>,
    /// What counters began with.
    beginnings: BTreeMap<(Owner, Slot), (i32, i64)>,
    /// What was committed when it was last looked at.
    before: BTreeMap<(Owner, Slot, i32), i64>,
}

/// All that lies there.
struct Tables {
    owners: Vec<(Owner, OwnerMeter)>,
    meters: Vec<Meter>,
    records: BTreeMap<UsageId, UsageRecord>,
    waiting: usize,
}

impl Ledger {
    pub(crate) fn new(users: Vec<UserId>, is_strict: bool) -> Self {
        Self {
            users,
            is_strict,
            taken: BTreeMap::new(),
            beginnings: BTreeMap::new(),
            before: BTreeMap::new(),
        }
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.is_strict
    }

    /// Remembers what was admitted.
    pub(crate) fn see(&mut self, done: &[Done]) {
        for write in done.iter().filter(|write| write.operation == "UpdateItem") {
            if let Some((id, reservation)) = added(&serde_json::from_slice(&write.request).unwrap()) {
                self.taken.entry(id).or_insert(reservation);
            }
        }
    }

    pub(crate) fn check(&mut self, database: &Database) {
        let tables = self.read(database);
        for (owner, meter) in &tables.owners {
            for (slot, cap) in &meter.limits {
                let Some(counter) = meter.counters.get(slot) else {
                    panic!("{owner} has no counter {slot:?}");
                };
                let of = (slot, cap.unit, counter.number);
                let committed = amount(cap.unit, (counter.requests, counter.tokens, counter.cost));
                self.adds_up((owner, of), committed, &tables);
                let before = self
                    .before
                    .insert((owner.clone(), slot.clone(), counter.number), committed);
                let has_risen = before.is_some_and(|before| committed > before);
                if let (true, true, Some(most)) = (self.is_strict, has_risen, cap.most) {
                    assert!(committed <= most, "{owner} {slot:?}: {committed} of {most} committed");
                }
            }
        }
        let slices = tables.meters.iter().flat_map(|meter| meter.slices.iter().flatten());
        for (slot, slice) in slices.filter(|_| self.is_strict) {
            assert!(slice.left >= 0, "{slot:?}: {slice:?}");
        }
    }

    /// Committed = left in slices + reserved + used (B2).
    fn adds_up(
        &mut self,
        (owner, (slot, unit, number)): (&Owner, (&Slot, Unit, i32)),
        committed: i64,
        tables: &Tables,
    ) {
        let is_here = |taken: &Taken| taken.slot == *slot && taken.number == number;
        let slices = tables.meters.iter().filter_map(|meter| meter.slice(slot));
        let left: i64 = slices
            .filter(|slice| slice.number == number)
            .map(|slice| slice.left)
            .sum();
        let held = tables.meters.iter().flat_map(|meter| meter.reservations.values());
        let held = held.filter(|reservation| reservation.taken.iter().any(is_here));
        let reserved: i64 = held.map(|reservation| reservation.amounts().of(unit)).sum();
        let booked = self
            .taken
            .iter()
            .filter(|(_, reservation)| reservation.taken.iter().any(is_here));
        let used: i64 = booked
            .filter_map(|(id, _)| Some(used(tables.records.get(id)?, unit)))
            .sum();
        let found = left + reserved + used;
        let begun = *self
            .beginnings
            .entry((owner.clone(), slot.clone()))
            .or_insert((number, committed - found));
        let beginning = if begun.0 == number { begun.1 } else { 0 };
        assert!(beginning >= 0, "{owner} {slot:?} begins with {beginning}");
        assert_eq!(
            committed,
            found + beginning,
            "{owner} {slot:?} {number}: {left} left, {reserved} reserved, {used} used, {beginning} at first"
        );
    }

    /// Each request is in the books once, nothing is reserved or lent any more, and nobody waits for the janitor.
    pub(crate) fn at_the_end(&self, database: &Database, history: &History) {
        let tables = self.read(database);
        let admitted: BTreeSet<&UsageId> = self.taken.keys().collect();
        assert_eq!(
            tables.records.keys().collect::<BTreeSet<_>>(),
            admitted,
            "records and admissions"
        );
        for id in &history.dispatched {
            assert!(admitted.contains(id), "{id} was dispatched without admission");
        }
        for meter in &tables.meters {
            assert!(meter.reservations.is_empty(), "{:?}", meter.reservations);
            assert!(meter.slices.is_none(), "{:?}", meter.slices);
        }
        assert_eq!(tables.waiting, 0, "the janitor still has to come");
    }

    fn read(&self, database: &Database) -> Tables {
        let department = |name: &str| Owner::Department(DisplayName::parse(name).unwrap());
        let owners = [Owner::Organisation, department("A"), department("B")];
        let owners = owners.into_iter().filter_map(|owner| {
            let meter = contents::entity(database, "quota", &owner.to_string())?;
            Some((owner, meter))
        });
        let books: Vec<Books> = self.users.iter().map(|user| Books::of(database, user)).collect();
        let is_waiting = |books: &&Books| books.meter.as_ref().is_some_and(|meter| meter.get("due").is_some());
        Tables {
            owners: owners.collect(),
            meters: self
                .users
                .iter()
                .filter_map(|user| contents::meter(database, user))
                .collect(),
            waiting: books.iter().filter(is_waiting).count(),
            records: books.into_iter().flat_map(|books| books.records).collect(),
        }
    }
}

fn used(record: &UsageRecord, unit: Unit) -> i64 {
    let tokens = i64::try_from(record.tokens.total()).unwrap();
    let cost = i64::try_from(record.cost.0).unwrap();
    amount(unit, (i64::from(record.outcome != Outcome::Failed), tokens, cost))
}

fn amount(unit: Unit, (requests, tokens, cost): (i64, i64, i64)) -> i64 {
    match unit {
        Unit::Requests => requests,
        Unit::Tokens => tokens,
        Unit::Cost => cost,
    }
}
