//! The limits that hold for a request: those of its user's policy and those of its key, in one list.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::above::Above;
use super::amounts::{Amounts, amount};
use super::name::LimitName;
use super::owner::AccountKind;
use crate::models::DisplayName;
use crate::models::api_key::ApiKey;
use crate::models::budget::Budgets;
use crate::models::limit::{Limit, Measure, Per, Slot, Unit, is_among};
use crate::models::policy::{Mode, Policy};
use crate::models::zone::Zone;

/// The account whose use a limit is about. Stored by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    User,
    Key,
}

/// The place in the meter where the amounts of a limit are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Day,
    Month,
    /// In the window that both rates of a policy share.
    Window,
    /// The number of reservations.
    Live,
    /// In a counter of its own.
    Slot(Level, Slot),
}

/// One limit as it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub level: Level,
    pub name: LimitName,
    pub measure: Measure,
    pub value: i64,
    /// False in shadow mode: it is counted, and refuses nothing.
    pub is_enforced: bool,
    pub place: Place,
    /// The use that its window has seen already when its counter begins.
    pub(super) begins_with: Amounts,
}

/// The limits of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The zone by whose clock days, weeks and months begin.
    pub zone: Zone,
    /// The length in seconds of the window that the policy's rates share.
    pub window_seconds: u32,
    pub rules: Vec<Rule>,
    /// The limits of the accounts above the user.
    pub above: Above,
}

impl Limits {
    /// Those for a request with `key` for the model `id`.
    pub fn of(policy: &Policy, key: &ApiKey, id: &str) -> Self {
        let mut limits = Self::of_policy(policy, |limit| limit.is_for(id));
        let of_key = listed(Level::Key, &key.limits, &key.slots).filter(|(limit, _)| limit.is_for(id));
        limits
            .rules
            .extend(of_key.map(|(limit, slot)| Rule::of_key(limit, slot)));
        limits
    }

    /// All limits of `key`, by the clock of `policy`.
    pub fn of_key(policy: &Policy, key: &ApiKey) -> Self {
        let rules = listed(Level::Key, &key.limits, &key.slots);
        Self {
            zone: policy.timezone.clone(),
            window_seconds: policy.rate_limit_window,
            rules: rules.map(|(limit, slot)| Rule::of_key(limit, slot)).collect(),
            above: Above::default(),
        }
    }

    fn of_policy(policy: &Policy, is_concerned: impl Fn(&Limit) -> bool) -> Self {
        let is_enforced = policy.mode == Mode::Enforce;
        let fields = policy.field_limits().map(|(measure, value)| Rule {
            level: Level::User,
            name: LimitName::of_field(measure),
            measure,
            value: amount(value.get()),
            is_enforced,
            place: Place::shared(measure).unwrap_or(Place::Window),
            begins_with: Amounts::default(),
        });
        let of_list = listed(Level::User, &policy.limits, &policy.slots).filter(|(limit, _)| is_concerned(limit));
        let of_list = of_list.map(|(limit, slot)| Rule {
            is_enforced,
            ..Rule::of_user(limit, slot)
        });
        Self {
            zone: policy.timezone.clone(),
            window_seconds: policy.rate_limit_window,
            rules: fields.chain(of_list).collect(),
            above: Above::default(),
        }
    }

    /// The same with the limits above a user of `department`, for a request to the model `id`.
    #[must_use]
    pub fn under(mut self, budgets: &Budgets, department: Option<&DisplayName>, id: &str) -> Self {
        self.above = Above::of(budgets, department, id);
        self
    }

    /// The limits with rates of requests alone: of a request that generates nothing.
    #[must_use]
    pub fn rates_of_requests(mut self) -> Self {
        self.rules.retain(|rule| rule.measure.is_rate_of_requests());
        self.above.rules.clear();
        self
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.above.rules.is_empty()
    }

    /// True if what a request will use has to be reserved (promise 43).
    pub fn counts_tokens(&self) -> bool {
        self.measures().any(|measure| measure.unit() != Unit::Requests)
    }

    /// The level of a limit of cost that is enforced; `None` if none is.
    pub fn enforced_of_cost(&self) -> Option<AccountKind> {
        let own = self
            .rules
            .iter()
            .map(|rule| (rule.measure, rule.is_enforced, rule.level.into()));
        let above = self.above.rules.iter();
        let above = above.map(|rule| (rule.measure, rule.is_enforced, rule.owner.kind()));
        let mut enforced = own.chain(above).filter(|(_, is_enforced, _)| *is_enforced);
        enforced.find_map(|(measure, _, level)| (measure.unit() == Unit::Cost).then_some(level))
    }

    /// The units of all limits, those above the user among them.
    pub fn measures(&self) -> impl Iterator<Item = Measure> {
        let own = self.rules.iter().map(|rule| rule.measure);
        own.chain(self.above.rules.iter().map(|rule| rule.measure))
    }

    /// The moment at which the window of `rule` began that `now` lies in.
    pub fn begins_at(&self, rule: &Rule, now: Timestamp) -> Timestamp {
        let zone = self.zone.rules();
        rule.span()
            .map_or(now, |span| span.begins(span.number(now, zone), zone))
    }

    /// Sets what the windows of limits have seen before their counters begin.
    pub fn begin_with(&mut self, seen: impl Fn(&Rule) -> Amounts) {
        for rule in &mut self.rules {
            rule.begins_with = seen(rule);
        }
    }
}

/// All limits of a policy, for whichever models they are.
impl From<&Policy> for Limits {
    fn from(policy: &Policy) -> Self {
        Self::of_policy(policy, |_| true)
    }
}

fn listed<'a>(level: Level, limits: &'a [Limit], slots: &'a [Slot]) -> impl Iterator<Item = (&'a Limit, Place)> {
    let slots = slots.iter().cloned().chain(std::iter::repeat(Slot::default()));
    limits.iter().zip(slots.map(move |slot| Place::Slot(level, slot)))
}

impl Rule {
    /// A rule of a policy's list: counted with the day, the month or all requests under way where it is about these.
    fn of_user(limit: &Limit, slot: Place) -> Self {
        let shared = Place::shared(limit.measure).filter(|_| limit.models.is_empty());
        Self {
            place: shared.unwrap_or(slot),
            ..Self::listed(Level::User, limit)
        }
    }

    fn of_key(limit: &Limit, slot: Place) -> Self {
        Self {
            // No field of a policy says it.
            name: LimitName::Listed(limit.measure, limit.models.clone()),
            place: slot,
            ..Self::listed(Level::Key, limit)
        }
    }

    fn listed(level: Level, limit: &Limit) -> Self {
        Self {
            level,
            name: LimitName::of_listed(limit),
            measure: limit.measure,
            value: amount(limit.amount.get()),
            is_enforced: true,
            place: Place::Live,
            begins_with: Amounts::default(),
        }
    }

    /// The limit, if it is enforced.
    pub(super) fn cap(&self) -> Option<i64> {
        Some(self.value).filter(|_| self.is_enforced)
    }

    /// True if requests for the model `id` are counted.
    pub fn is_for(&self, id: &str) -> bool {
        is_among(self.name.models(), id)
    }

    /// True if it is counted in a window that the sums of usage know: of a day or longer, in a counter of its own.
    pub fn begins_with_sums(&self) -> bool {
        matches!(self.place, Place::Slot(..)) && self.measure.is_budget()
    }
}

impl Place {
    /// The counter that all limits of this measure share, for all models.
    fn shared(measure: Measure) -> Option<Self> {
        match measure {
            Measure::Concurrency => Some(Self::Live),
            Measure::Amount(_, Per::Day) => Some(Self::Day),
            Measure::Amount(_, Per::Month) => Some(Self::Month),
            Measure::Amount(_, Per::Week | Per::Total | Per::Seconds(_)) => None,
        }
    }
}

impl From<Level> for AccountKind {
    fn from(level: Level) -> Self {
        match level {
            Level::User => Self::User,
            Level::Key => Self::Key,
        }
    }
}
