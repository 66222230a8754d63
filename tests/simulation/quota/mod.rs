//! Many requests of one user in several processes, against every kind of limit (promises 40 to 46).

mod budget_scene;
mod budgets;
mod crash;
mod lists;
mod request;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::rc::Rc;
use std::time::Duration;

use domain::access::quota::Limits;
use domain::clock::Clock;
use domain::models::api_key::ApiKey;
use domain::models::limit::Limit;
use domain::models::policy::{Mode, Policy};
use domain::models::price::MicroUsd;
use domain::models::tokens::Tokens;
use domain::models::usage::Outcome;
use domain::models::{ModelId, PolicyName, UsageId, UserId};
use dynoxide::Database;
use jiff::Timestamp;
use service::store::Store;

use crate::check::{Books, Checks};
use crate::contents;
use crate::dice::Dice;
use crate::network::{Fate, Network};
use crate::run_seeds;
use crate::schedule::Schedule;

use request::{Request, actual, demand};

/// How long a reservation lasts.
const LIFETIME: Duration = Duration::from_mins(15);

/// What the processes have seen.
#[derive(Default)]
pub(crate) struct History {
    /// Requests that were handed to a backend.
    pub(crate) dispatched: BTreeSet<UsageId>,
    /// Requests that a backend has answered, and what they came to.
    pub(crate) actual: BTreeMap<UsageId, (Outcome, Tokens)>,
    refused: usize,
    failed: usize,
}

/// One run.
struct World {
    dice: Dice,
    user: UserId,
    policy: Policy,
    keys: Vec<ApiKey>,
    /// A limit that the policy gets after some requests.
    to_come: Option<Limit>,
    clocks: Vec<Clock>,
    stores: Vec<Store>,
    network: Network,
    schedule: Schedule,
    history: Rc<RefCell<History>>,
    checks: Checks,
    /// Once in so many calls something goes wrong; 0 is never.
    fault_odds: u64,
    requests_left: usize,
    asked: usize,
    database: Database,
    seed: u64,
}

#[test]
fn p40_p41_p42_p43_p44_p45_p46_quotas_hold_whatever_happens() {
    run_seeds(10_000, |database, seed| async move {
        World::new(database, seed).run().await;
    });
}

#[test]
fn p88_p89_b1_b2_b3_lists_of_limits_hold_whatever_happens() {
    run_seeds(5_000, |database, seed| async move {
        World::with_lists(database, seed).run().await;
    });
}

impl World {
    fn new(database: Database, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let start: Timestamp = "2026-11-30T22:40:00Z".parse().unwrap();
        let processes = dice.between(1, 3);
        let skews: Vec<u64> = (0..processes).map(|_| dice.pick(&[0, 0, 0, 30, 2_000])).collect();
        let clocks: Vec<Clock> = skews
            .iter()
            .map(|skew| Clock::fixed(start + Duration::from_millis(*skew)))
            .collect();
        let skew_ms = i64::try_from(skews.iter().max().unwrap() - skews.iter().min().unwrap()).unwrap();
        let network = Network::new(database.clone());
        let policy = policy(&mut dice);
        Self {
            user: UserId::parse(format!("user{seed}")).unwrap(),
            stores: clocks.iter().map(|clock| network.store(clock.clone())).collect(),
            schedule: Schedule::new(network.clone()),
            history: Rc::default(),
            checks: Checks::new(policy.clone(), Vec::new(), skew_ms),
            fault_odds: dice.pick(&[0, 3, 6, 12]),
            requests_left: usize::try_from(dice.between(2, 7)).unwrap(),
            asked: 0,
            database,
            seed,
            clocks,
            network,
            keys: vec![lists::key("k", Vec::new())],
            to_come: None,
            policy,
            dice,
        }
    }

    /// The same with limits in lists: weeks, all time, some models, keys.
    fn with_lists(database: Database, seed: u64) -> Self {
        let mut world = Self::new(database, seed);
        let dice = &mut world.dice;
        if dice.one_in(2) {
            // A week ends while the day does.
            let back = Duration::from_hours(24);
            let earlier = |clock: &Clock| Clock::fixed(clock.now() - back);
            world.clocks = world.clocks.iter().map(earlier).collect();
            world.stores = world
                .clocks
                .iter()
                .map(|clock| world.network.store(clock.clone()))
                .collect();
        }
        if dice.one_in(2) {
            let mode = world.policy.mode;
            world.policy = Policy::unlimited(PolicyName::default());
            world.policy.mode = mode;
        }
        lists::add(&mut world.policy, dice);
        world.keys = lists::keys(dice);
        world.to_come = dice.one_in(3).then(|| lists::coming(dice));
        world.checks = Checks::new(world.policy.clone(), world.keys.clone(), world.checks.skew_ms());
        world
    }

    async fn run(mut self) {
        loop {
            let ready = self.schedule.settle().await;
            self.look();
            if ready.is_empty() && self.requests_left == 0 {
                break;
            }
            self.step(&ready);
        }
        self.tidy_up().await;
        let history = self.history.borrow();
        assert!(
            self.fault_odds > 0 || history.failed == 0,
            "without faults an admission failed"
        );
        self.checks.at_the_end(&Books::of(&self.database, &self.user), &history);
    }

    /// The writes of the database since then, and its content now (B1, B2).
    fn look(&mut self) {
        let done = self.network.take_done();
        self.checks.see(&done);
        if let (false, Some(meter)) = (done.is_empty(), contents::meter(&self.database, &self.user)) {
            self.checks.committed(&meter, &Books::of(&self.database, &self.user));
        }
    }

    fn step(&mut self, ready: &[usize]) {
        let process = self.dice.below(self.stores.len());
        match self.dice.below(10) {
            0..=2 if self.requests_left > 0 => self.ask(process),
            3 => self.pass(),
            4 if self.fault_odds > 0 && self.dice.one_in(3) => self.kill(process, ready),
            5 if self.fault_odds > 0 => {
                self.network.arrive_late(&mut self.dice);
            }
            6 if self.dice.one_in(2) => self.clean_up(process),
            _ if ready.is_empty() && self.requests_left > 0 => self.ask(process),
            _ if ready.is_empty() => {}
            _ => {
                let task = self.dice.pick(ready);
                self.schedule
                    .let_on(task, || Fate::thrown(&mut self.dice, self.fault_odds));
            }
        }
    }

    fn pass(&mut self) {
        let pause = self.dice.pause();
        for clock in &self.clocks {
            clock.advance(pause);
        }
    }

    /// A request ends where it stands, or the whole process with its memory.
    fn kill(&mut self, process: usize, ready: &[usize]) {
        if self.dice.one_in(2) {
            self.stores[process] = self.network.store(self.clocks[process].clone());
            self.schedule.kill_process(process, &mut self.dice);
        } else if let Some(task) = ready.first() {
            self.schedule.kill(*task);
            self.network.abandon(*task, &mut self.dice);
        }
    }

    fn clean_up(&mut self, process: usize) {
        let janitor = janitor::App::new(self.network.store(self.clocks[process].clone()));
        self.schedule.start(process, async move {
            // What it could not do, the next run does.
            let _ = janitor::settle_overdue(&janitor).await;
        });
    }

    fn ask(&mut self, process: usize) {
        self.requests_left -= 1;
        self.asked += 1;
        if self.asked == 3
            && let Some(limit) = self.to_come.take()
        {
            lists::put(&mut self.policy, limit);
            self.checks.policy = self.policy.clone();
        }
        let key = &self.keys[self.asked % self.keys.len()];
        let model = ["m", "opus-1"][self.asked / 2 % 2];
        let limits = Limits::of(&self.policy, key, model);
        let asked = (key.id.clone(), ModelId::parse(model).unwrap());
        let request = Request {
            id: UsageId::parse(format!("{}-{}", self.seed, self.asked)).unwrap(),
            user: self.user.clone(),
            demand: demand(&mut self.dice, &limits),
            limits,
            asked,
            actual: actual(&mut self.dice),
            store: self.stores[process].clone(),
            doors: self.schedule.doors(),
            history: Rc::clone(&self.history),
        };
        self.schedule.start(process, request.run());
    }

    /// Nothing is lost any more, what was late arrives, and the janitor comes when everything has expired.
    async fn tidy_up(&mut self) {
        while self.network.arrive_late(&mut self.dice) {}
        for clock in &self.clocks {
            clock.advance(LIFETIME + Duration::from_mins(2));
        }
        self.clean_up(0);
        self.schedule.go_on().await;
        self.look();
    }
}

/// One to three limits, each small enough to be reached.
fn policy(dice: &mut Dice) -> Policy {
    let mut policy = Policy::unlimited(PolicyName::default());
    let limit = |value: u64| NonZeroU64::new(value);
    policy.rate_limit_window = dice.pick(&[60, 1, 7, 3600]);
    policy.mode = if dice.one_in(20) { Mode::Shadow } else { Mode::Enforce };
    for _ in 0..dice.between(1, 3) {
        match dice.below(7) {
            0 | 1 => policy.rate_limit = limit(dice.between(1, 5)),
            2 => policy.request_quota_daily = limit(dice.between(1, 5)),
            3 => policy.token_rate_limit = limit(dice.between(50, 400)),
            4 => policy.token_quota_daily = limit(dice.between(50, 400)),
            5 => policy.cost_quota_monthly = Some(MicroUsd(dice.between(100, 900))),
            _ => policy.max_concurrency = limit(dice.between(1, 3)),
        }
    }
    policy
}
