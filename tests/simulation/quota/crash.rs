//! One limited request whose process dies after its 1st, 2nd, … last step (promise 45).

use std::cell::RefCell;
use std::num::NonZeroU64;
use std::rc::Rc;
use std::time::Duration;

use domain::access::quota::{Demand, Limits};
use domain::clock::Clock;
use domain::models::policy::Policy;
use domain::models::price::MicroUsd;
use domain::models::tokens::Tokens;
use domain::models::usage::Outcome;
use domain::models::{KeyId, ModelId, PolicyName, UsageId, UserId};
use dynoxide::Database;
use serde_json::Value;
use service::store::Store;

use super::{History, LIFETIME, Request};
use crate::check::{Books, Checks};
use crate::network::{Fate, Network};
use crate::schedule::Schedule;
use crate::{database, run_one};

const RESERVED: Demand = Demand {
    input_tokens: 30,
    output_tokens: 100,
    cost: 260,
};
const USED: Tokens = Tokens {
    input: 20,
    cached_input: 0,
    cache_write: 0,
    cache_write_1h: 0,
    output: 10,
    reasoning: 0,
};

/// What becomes of the call that is under way when its process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastCall {
    IsLost,
    Arrives,
}

/// What a request came to in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    NeverCounted,
    ChargedAsReserved,
    ChargedAsUsed,
}

struct Scene {
    database: Database,
    clock: Clock,
    network: Network,
    schedule: Schedule,
    user: UserId,
    policy: Policy,
    store: Store,
    history: Rc<RefCell<History>>,
    checks: Checks,
}

#[test]
fn p45_wherever_its_process_dies_a_request_is_charged_once_or_was_never_sent() {
    use Ending::{ChargedAsReserved, ChargedAsUsed, NeverCounted};
    let database = database();
    let endings = |is_known: bool, last_call: LastCall| {
        let runs = (0..).map_while(|steps| {
            let user = UserId::parse(format!("user-{is_known}-{last_call:?}-{steps}")).unwrap();
            run_one(async {
                Scene::new(database.clone(), user)
                    .dies_after(steps, is_known, last_call)
                    .await
            })
        });
        runs.collect::<Vec<_>>()
    };
    // Steps: the meter is not there, it is made with the reservation, the backend answers, it is settled.
    assert_eq!(
        endings(false, LastCall::IsLost),
        [NeverCounted, NeverCounted, ChargedAsReserved, ChargedAsReserved]
    );
    assert_eq!(
        endings(false, LastCall::Arrives),
        [NeverCounted, ChargedAsReserved, ChargedAsReserved, ChargedAsUsed]
    );
    // A meter that is known is one step less.
    assert_eq!(
        endings(true, LastCall::IsLost),
        [NeverCounted, ChargedAsReserved, ChargedAsReserved]
    );
    assert_eq!(
        endings(true, LastCall::Arrives),
        [ChargedAsReserved, ChargedAsReserved, ChargedAsUsed]
    );
}

impl Scene {
    fn new(database: Database, user: UserId) -> Self {
        let clock = Clock::fixed("2026-11-30T10:00:00Z".parse().unwrap());
        let network = Network::new(database.clone());
        let policy = policy();
        Self {
            schedule: Schedule::new(network.clone()),
            store: network.store(clock.clone()),
            checks: Checks::new(policy.clone(), Vec::new(), 0),
            history: Rc::default(),
            database,
            clock,
            network,
            user,
            policy,
        }
    }

    /// How a request ends whose process dies after so many steps; `None` if it has ended before. With `is_known`,
    /// another one was served before it by the same process.
    async fn dies_after(mut self, steps: usize, is_known: bool, last_call: LastCall) -> Option<Ending> {
        if is_known {
            self.ask("before");
            self.schedule.go_on().await;
        }
        self.ask("dying");
        for _ in 0..steps {
            let task = self.next().await?;
            self.schedule.let_on(task, || Fate::Done);
        }
        let task = self.next().await?;
        self.kill(task, last_call);
        self.janitor_comes_before_the_expiry().await;
        self.clock.advance(LIFETIME + Duration::from_mins(1));
        // Runs may overlap and be repeated.
        self.janitor_runs(2).await;
        Some(self.ending())
    }

    fn ask(&mut self, id: &str) {
        let request = Request {
            id: self.id(id),
            user: self.user.clone(),
            limits: Limits::from(&self.policy),
            asked: (KeyId::parse("k").unwrap(), ModelId::parse("m").unwrap()),
            demand: RESERVED,
            actual: (Outcome::Complete, USED),
            store: self.store.clone(),
            doors: self.schedule.doors(),
            history: Rc::clone(&self.history),
        };
        self.schedule.start(0, request.run());
    }

    fn id(&self, id: &str) -> UsageId {
        UsageId::parse(format!("{}-{id}", self.user)).unwrap()
    }

    /// A task that waits to be let on.
    async fn next(&mut self) -> Option<usize> {
        self.schedule.settle().await.first().copied()
    }

    fn kill(&mut self, task: usize, last_call: LastCall) {
        let fate = match last_call {
            LastCall::IsLost => Fate::LostBefore,
            LastCall::Arrives => Fate::Done,
        };
        // It dies before it hears of that.
        self.network.decide(task, fate);
        self.schedule.kill(task);
    }

    /// Until it expires, a reservation is nobody's business but its request's.
    async fn janitor_comes_before_the_expiry(&mut self) {
        let before = Books::of(&self.database, &self.user).meter;
        self.clock
            .advance(LIFETIME.checked_sub(Duration::from_secs(1)).unwrap());
        self.janitor_runs(1).await;
        let counted = |meter: Option<Value>| meter.map(|meter| (meter["d"].clone(), meter["r"].clone()));
        assert_eq!(counted(Books::of(&self.database, &self.user).meter), counted(before));
    }

    async fn janitor_runs(&mut self, runs: usize) {
        for _ in 0..runs {
            let janitor = janitor::App::new(self.network.store(self.clock.clone()));
            self.schedule
                .start(1, async move { janitor::settle_overdue(&janitor).await.unwrap() });
        }
        self.schedule.go_on().await;
    }

    fn ending(&mut self) -> Ending {
        self.checks.see(&self.network.take_done());
        let books = Books::of(&self.database, &self.user);
        self.checks.at_the_end(&books, &self.history.borrow());
        let id = self.id("dying");
        let Some(record) = books.records.get(&id) else {
            return Ending::NeverCounted;
        };
        match (record.outcome, record.tokens.input, record.tokens.output, record.cost.0) {
            (Outcome::Abandoned, 30, 100, 260) => Ending::ChargedAsReserved,
            (Outcome::Complete, 20, 10, 60) => Ending::ChargedAsUsed,
            other => panic!("{other:?}"),
        }
    }
}

/// All that is counted is limited.
fn policy() -> Policy {
    let mut policy = Policy::unlimited(PolicyName::default());
    let limit = NonZeroU64::new(1000);
    policy.rate_limit = limit;
    policy.token_rate_limit = limit;
    policy.request_quota_daily = limit;
    policy.token_quota_daily = limit;
    policy.cost_quota_monthly = Some(MicroUsd(1000));
    policy.max_concurrency = limit;
    policy
}
