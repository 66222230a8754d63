//! Administrators who act on each other, and owners who make and delete keys, all at the same moment (promises 15, 21
//! and 56).

mod deed;
mod invariants;

use std::cell::RefCell;
use std::rc::Rc;

use domain::access::api_key::MintedKey;
use domain::clock::Clock;
use domain::models::api_key::ApiKey;
use domain::models::user::{Role, Status, User};
use domain::models::{KeyId, UserId};
use dynoxide::Database;
use service::store::Store;

use crate::contents::{clear, put_count};
use crate::dice::Dice;
use crate::network::{Fate, Network};
use crate::run_seeds;
use crate::schedule::Schedule;

pub(crate) use deed::entry;
use deed::{Deed, api_key, user};

/// The most keys of one owner.
const MAX_KEYS: u64 = 50;
/// So many of them are of before, so that the limit can be reached.
const OLD_KEYS: u64 = 48;
const PROCESSES: usize = 2;

/// One run.
struct World {
    dice: Dice,
    network: Network,
    schedule: Schedule,
    clock: Clock,
    /// The store of each process.
    stores: Vec<Store>,
    database: Database,
    /// Everybody who was ever asked for.
    users: Vec<UserId>,
    /// Every key that was ever asked for, with its digest.
    keys: Rc<RefCell<Vec<(ApiKey, String)>>>,
    /// Once in so many calls something goes wrong; 0 is never.
    fault_odds: u64,
    deeds_left: usize,
    seed: u64,
}

#[test]
fn p15_p21_p56_an_administrator_remains_and_keys_are_counted_whatever_happens() {
    run_seeds(
        2_500,
        |database, seed| async move { World::new(database, seed).run().await },
    );
}

impl World {
    fn new(database: Database, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let network = Network::new(database.clone());
        let clock = Clock::fixed("2026-11-30T10:00:00Z".parse().unwrap());
        // An installation of its own for each run.
        clear(&database, "users", "users");
        clear(&database, "users", "count");
        Self {
            schedule: Schedule::new(network.clone()),
            stores: (0..PROCESSES).map(|_| network.store(clock.clone())).collect(),
            clock,
            users: Vec::new(),
            keys: Rc::default(),
            fault_odds: dice.pick(&[0, 3, 6, 12]),
            deeds_left: usize::try_from(dice.between(2, 6)).unwrap(),
            database,
            network,
            dice,
            seed,
        }
    }

    async fn run(mut self) {
        self.begin().await;
        loop {
            let ready = self.schedule.settle().await;
            if !self.network.take_done().is_empty() {
                self.somebody_administers();
            }
            if ready.is_empty() && self.deeds_left == 0 {
                break;
            }
            self.step(&ready);
        }
        self.keys_are_counted();
        self.tidy_up().await;
        self.somebody_administers();
        self.keys_are_counted();
        self.nothing_is_left_of_those_who_are_gone();
    }

    /// Two or three accounts, the first of them an administrator's.
    async fn begin(&mut self) {
        let first = self.newcomer(Role::Admin);
        let store = self.stores[0].clone();
        self.schedule.start(0, async move {
            store
                .create_first_admin(&first, &entry(&store, "user.create"))
                .await
                .unwrap();
        });
        self.schedule.go_on().await;
        for _ in 0..self.dice.between(1, 2) {
            let role = self.dice.pick(&[Role::Admin, Role::Admin, Role::User]);
            let deed = Deed::Hire(self.newcomer(role));
            self.start(0, deed);
        }
        self.schedule.go_on().await;
    }

    fn step(&mut self, ready: &[usize]) {
        let process = self.dice.below(PROCESSES);
        match self.dice.below(8) {
            0..=2 if self.deeds_left > 0 => self.begin_deed(process),
            3 if self.fault_odds > 0 && self.dice.one_in(3) => self.kill(process),
            4 if self.fault_odds > 0 => {
                self.network.arrive_late(&mut self.dice);
            }
            _ if ready.is_empty() && self.deeds_left > 0 => self.begin_deed(process),
            _ if ready.is_empty() => {}
            _ => {
                let task = self.dice.pick(ready);
                self.schedule
                    .let_on(task, || Fate::thrown(&mut self.dice, self.fault_odds));
            }
        }
    }

    fn kill(&mut self, process: usize) {
        self.stores[process] = self.network.store(self.clock.clone());
        self.schedule.kill_process(process, &mut self.dice);
    }

    fn begin_deed(&mut self, process: usize) {
        self.deeds_left -= 1;
        let whom = self.dice.pick(&self.users);
        let deed = match self.dice.below(8) {
            0 => Deed::Hire(self.newcomer(Role::Admin)),
            1 => Deed::Dismiss(whom),
            2 | 3 => self.delete_key().unwrap_or(Deed::Dismiss(whom)),
            4 | 5 => self.add_key(whom),
            _ => Deed::Change(
                whom,
                self.dice.pick(&[Role::User, Role::Admin]),
                self.dice.pick(&[Status::Disabled, Status::Active]),
            ),
        };
        self.start(process, deed);
    }

    fn start(&mut self, process: usize, deed: Deed) {
        let store = self.stores[process].clone();
        // What was not done, nobody was told to be done; what is in the database is what counts.
        self.schedule.start(process, async move {
            let _ = deed.run(&store).await;
        });
    }

    fn newcomer(&mut self, role: Role) -> User {
        let number = self.users.len();
        let user = user(
            UserId::parse(format!("{}-{number}", self.seed)).unwrap(),
            role,
            self.clock.now(),
        );
        put_count(
            &self.database,
            "api-keys",
            (&format!("owner#{}", user.id), "count"),
            OLD_KEYS,
        );
        self.users.push(user.id.clone());
        user
    }

    fn add_key(&mut self, owner: UserId) -> Deed {
        let minted = MintedKey::generate();
        let mut keys = self.keys.borrow_mut();
        let key = api_key(
            KeyId::parse(format!("{}-{}", self.seed, keys.len())).unwrap(),
            owner,
            self.clock.now(),
        );
        keys.push((key.clone(), minted.digest.to_string()));
        Deed::AddKey(key, minted)
    }

    fn delete_key(&mut self) -> Option<Deed> {
        let keys = self.keys.borrow();
        (!keys.is_empty()).then(|| {
            let (key, _) = self.dice.pick(&keys);
            Deed::DeleteKey(key.owner, key.id)
        })
    }

    /// Nothing is lost any more, what was late arrives, and deletions that were cut short are asked for again.
    async fn tidy_up(&mut self) {
        while self.network.arrive_late(&mut self.dice) {}
        for id in self.users.clone() {
            let store = self.stores[0].clone();
            self.schedule.start(0, async move {
                store.resume_user_deletion(&id).await.unwrap();
            });
        }
        self.schedule.go_on().await;
    }
}
