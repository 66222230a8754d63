//! Many users of two departments and the organisation, in several processes (promises 112 and 113): limits are lowered
//! and raised, departments come and go, people move, windows end, and what is lent is recalled and given back.

use std::cell::RefCell;
use std::num::NonZeroU64;
use std::rc::Rc;
use std::time::Duration;

use domain::access::quota::{Limits, Owner};
use domain::clock::Clock;
use domain::models::api_key::ApiKey;
use domain::models::budget::{Budget, Budgets};
use domain::models::limit::slots;
use domain::models::policy::{Mode, Policy};
use domain::models::{DisplayName, ModelId, PolicyName, UsageId, UserId};
use dynoxide::Database;
use service::store::{BudgetChange, Store};

use super::budget_scene::{department, forget, limits};
use super::request::{actual, demand};
use super::{History, LIFETIME, Request, lists};
use crate::accounts::entry;
use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::network::{Fate, Network};
use crate::run_seeds;
use crate::schedule::Schedule;

struct World {
    dice: Dice,
    users: Vec<UserId>,
    /// The department that each user is in.
    departments: Vec<Option<DisplayName>>,
    policy: Policy,
    key: ApiKey,
    clocks: Vec<Clock>,
    stores: Vec<Store>,
    network: Network,
    schedule: Schedule,
    history: Rc<RefCell<History>>,
    ledger: Ledger,
    /// The budgets as each process last read them: it may not know yet what has become of them.
    known: Vec<Rc<RefCell<Option<Budgets>>>>,
    fault_odds: u64,
    requests_left: usize,
    asked: usize,
    database: Database,
    seed: u64,
}

#[test]
fn p113_budgets_of_many_hold_whatever_happens() {
    run_seeds(500, |database, seed| async move {
        World::new(database, seed).run().await;
    });
}

impl World {
    fn new(database: Database, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let start = dice.pick(&["2026-11-30T22:40:00Z", "2026-11-30T23:58:00Z", "2026-11-18T10:00:00Z"]);
        let processes = dice.between(1, 3);
        let clock = |dice: &mut Dice| {
            Clock::fixed(
                start.parse::<jiff::Timestamp>().unwrap() + Duration::from_millis(dice.pick(&[0, 0, 30, 2_000])),
            )
        };
        let clocks: Vec<Clock> = (0..processes).map(|_| clock(&mut dice)).collect();
        let network = Network::new(database.clone());
        let users: Vec<UserId> = (0..dice.between(2, 4))
            .map(|number| UserId::parse(format!("user{seed}-{number}")).unwrap())
            .collect();
        let departments = users.iter().map(|_| department(&mut dice)).collect();
        let mut policy = Policy::unlimited(PolicyName::default());
        if dice.one_in(3) {
            policy.request_quota_daily = NonZeroU64::new(dice.between(1, 4));
        }
        forget(&database, &users);
        Self {
            stores: clocks.iter().map(|clock| network.store(clock.clone())).collect(),
            schedule: Schedule::new(network.clone()),
            history: Rc::default(),
            ledger: Ledger::new(users.clone(), dice.one_in(2)),
            fault_odds: dice.pick(&[0, 3, 6, 12]),
            requests_left: usize::try_from(dice.between(4, 14)).unwrap(),
            known: clocks.iter().map(|_| Rc::default()).collect(),
            key: lists::key("k", Vec::new()),
            asked: 0,
            users,
            departments,
            policy,
            clocks,
            network,
            database,
            seed,
            dice,
        }
    }

    async fn run(mut self) {
        self.first_budgets().await;
        loop {
            let ready = self.schedule.settle().await;
            self.look();
            if ready.is_empty() && self.requests_left == 0 {
                break;
            }
            self.step(&ready);
        }
        self.tidy_up().await;
        self.ledger.at_the_end(&self.database, &self.history.borrow());
        forget(&self.database, &self.users);
    }

    async fn first_budgets(&mut self) {
        for owner in [None, Some("A"), Some("B")] {
            if owner.is_none() || !self.dice.one_in(4) {
                self.change(0, owner, false);
                self.schedule.go_on().await;
            }
        }
        self.look();
    }

    fn look(&mut self) {
        let done = self.network.take_done();
        self.ledger.see(&done);
        if !done.is_empty() {
            self.ledger.check(&self.database);
        }
    }

    fn step(&mut self, ready: &[usize]) {
        let process = self.dice.below(self.stores.len());
        match self.dice.below(14) {
            0..=3 if self.requests_left > 0 => self.ask(process),
            4 => self.pass(),
            5 if self.fault_odds > 0 && self.dice.one_in(3) => self.kill(process, ready),
            6 if self.fault_odds > 0 => {
                self.network.arrive_late(&mut self.dice);
            }
            7 if self.dice.one_in(2) => self.clean_up(process),
            8 if self.dice.one_in(2) => self.administer(process),
            9 if self.dice.one_in(2) => self.somebody_moves(),
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
        let pause = self
            .dice
            .pick(&[0, 0, 40, 900, 31_000, 65_000, 6 * 60_000, 17 * 60_000]);
        for clock in &self.clocks {
            clock.advance(Duration::from_millis(pause));
        }
    }

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
            let _ = janitor::settle_overdue(&janitor).await;
        });
    }

    fn administer(&mut self, process: usize) {
        let owner = self.dice.pick(&[None, Some("A"), Some("B")]);
        let goes = owner.is_some() && self.dice.one_in(4);
        self.change(process, owner, goes);
    }

    /// Somebody changes a budget, or deletes it.
    fn change(&mut self, process: usize, owner: Option<&str>, goes: bool) {
        let store = self.stores[process].clone();
        let name = owner.map(|name| DisplayName::parse(name).unwrap());
        let limits = limits(&mut self.dice);
        let mode = if self.dice.one_in(12) {
            Mode::Shadow
        } else {
            Mode::Enforce
        };
        self.schedule.start(process, async move {
            let old = match &name {
                None => store.organisation().await.map(Some),
                Some(name) => store.department(name).await,
            };
            let Ok(old) = old else { return };
            let audit = entry(&store, "budget.update");
            if goes {
                if let Some(old) = old {
                    let _ = store.delete_budget(&old, &audit).await;
                }
                return;
            }
            let old = old.unwrap_or_else(|| name.map_or_else(Budget::default, Budget::unlimited));
            let mut new = old.clone();
            new.slots = slots(&limits, (&old.limits, &old.slots));
            (new.limits, new.mode, new.version) = (limits, mode, old.version + 1);
            let _ = store.put_budget(BudgetChange { old: &old, new: &new }, &audit).await;
            let _ = store.shrink(&Owner::of(&new)).await;
        });
    }

    fn somebody_moves(&mut self) {
        let user = self.dice.below(self.users.len());
        self.departments[user] = department(&mut self.dice);
    }

    fn ask(&mut self, process: usize) {
        self.requests_left -= 1;
        self.asked += 1;
        let user = self.dice.below(self.users.len());
        let model = self.dice.pick(&["m", "opus-1"]);
        let (policy, key, department) = (self.policy.clone(), self.key.clone(), self.departments[user].clone());
        let store = self.stores[process].clone();
        let demand = demand(&mut self.dice, &Limits::from(&lists::costly()));
        let mut spent = actual(&mut self.dice);
        if self.ledger.is_strict() {
            spent.1.input = spent.1.input.min(demand.input_tokens);
            spent.1.output = spent.1.output.min(demand.output_tokens);
        }
        let (known, is_behind) = (Rc::clone(&self.known[process]), self.dice.one_in(2));
        let (history, doors) = (Rc::clone(&self.history), self.schedule.doors());
        let request = Request {
            id: UsageId::parse(format!("{}-{}", self.seed, self.asked)).unwrap(),
            user: self.users[user].clone(),
            asked: (key.id.clone(), ModelId::parse(model).unwrap()),
            limits: Limits::of(&policy, &key, model),
            demand,
            actual: spent,
            store: store.clone(),
            doors,
            history,
        };
        self.schedule.start(process, async move {
            let remembered = known.borrow().clone().filter(|_| is_behind);
            let budgets = match remembered {
                Some(budgets) => budgets,
                None => match store.read_budgets().await {
                    Ok(budgets) => known.borrow_mut().insert(budgets).clone(),
                    Err(_) => return,
                },
            };
            let limits = request.limits.clone().under(&budgets, department.as_ref(), model);
            // Without limits nothing is admitted.
            if !limits.is_empty() {
                Request { limits, ..request }.run().await;
            }
        });
    }

    /// Nothing is lost any more, what was late arrives, everything has expired and nobody comes for a while.
    async fn tidy_up(&mut self) {
        while self.network.arrive_late(&mut self.dice) {}
        self.look();
        for pause in [
            LIFETIME + Duration::from_mins(2),
            Duration::from_mins(6),
            Duration::from_mins(6),
        ] {
            for clock in &self.clocks {
                clock.advance(pause);
            }
            self.clean_up(0);
            self.schedule.go_on().await;
            self.look();
        }
    }
}
