//! Administrators who act on each other, and owners who make and delete keys, all at the same moment (promises 15, 21
//! and 56).

use std::cell::RefCell;
use std::rc::Rc;

use domain::access::api_key::MintedKey;
use domain::clock::Clock;
use domain::models::api_key::ApiKey;
use domain::models::audit::AuditEntry;
use domain::models::user::{Role, Status, User};
use domain::models::{DisplayName, Email, KeyId, PolicyName, RequestId, UserId};
use dynoxide::Database;
use jiff::Timestamp;
use serde_json::Value;
use service::http::origin::Origin;
use service::store::{Store, StoreError};

use crate::contents::{clear, items, put_count};
use crate::dice::Dice;
use crate::network::{Fate, Network};
use crate::run_seeds;
use crate::schedule::Schedule;

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
    /// Of each process.
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

/// What somebody does.
enum Deed {
    Hire(User),
    Change(UserId, Role, Status),
    Dismiss(UserId),
    AddKey(ApiKey, MintedKey),
    DeleteKey(UserId, KeyId),
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

    /// At every moment (promise 15).
    fn somebody_administers(&self) {
        let users = items(&self.database, "users", "users");
        let admins = users
            .iter()
            .filter(|user| user["role"] == "admin" && user["status"] == "active")
            .count();
        let counted = count(&items(&self.database, "users", "count"));
        assert!(admins >= 1, "nobody administers: {users:?}");
        assert_eq!(counted, Some(admins as u64), "the count of administrators");
    }

    /// Of everybody who is there (promise 21).
    fn keys_are_counted(&self) {
        for user in &items(&self.database, "users", "users") {
            let id = user["id"].as_str().unwrap();
            let (owned, counted) = self.keys_of(id);
            assert_eq!(
                counted,
                Some(owned.len() as u64 + OLD_KEYS),
                "the count of the keys of {id}"
            );
            assert!(counted <= Some(MAX_KEYS), "{id} has too many keys");
        }
        self.both_items_of_a_key_are_there_or_none();
    }

    fn both_items_of_a_key_are_there_or_none(&self) {
        for (key, digest) in self.keys.borrow().iter() {
            let (owned, _) = self.keys_of(key.owner.as_str());
            let is_usable = !items(&self.database, "api-keys", &format!("digest#{digest}")).is_empty();
            assert_eq!(
                owned.contains(&key.id.to_string()),
                is_usable,
                "the two items of the key {}",
                key.id
            );
        }
    }

    /// The owner's keys, and how many are counted.
    fn keys_of(&self, owner: &str) -> (Vec<String>, Option<u64>) {
        let items = items(&self.database, "api-keys", &format!("owner#{owner}"));
        let ids = items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned));
        (ids.collect(), count(&items))
    }

    fn nothing_is_left_of_those_who_are_gone(&self) {
        let users = items(&self.database, "users", "users");
        for id in self
            .users
            .iter()
            .filter(|id| !users.iter().any(|user| user["id"] == id.as_str()))
        {
            assert!(
                items(&self.database, "users", &format!("email#{id}@example.com")).is_empty(),
                "the address of {id}"
            );
            assert!(self.keys_of(id.as_str()).0.is_empty(), "{id} is gone and has keys");
        }
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

impl Deed {
    async fn run(self, store: &Store) -> Result<(), StoreError> {
        match self {
            Self::Hire(user) => store.create_user(&user, &entry(store, "user.create")).await.map(|_| ()),
            Self::Change(id, role, status) => {
                let change = |user: &User| {
                    Ok::<_, StoreError>(User {
                        role,
                        status,
                        ..user.clone()
                    })
                };
                store
                    .change_user(&id, &entry(store, "user.update"), change)
                    .await
                    .map(|_| ())
            }
            Self::Dismiss(id) => match store.user(&id).await? {
                Some(user) => store.delete_user(&user, &entry(store, "user.delete")).await.map(|_| ()),
                None => store.resume_user_deletion(&id).await.map(|_| ()),
            },
            Self::AddKey(key, minted) => store
                .create_api_key(&key, minted.digest, &entry(store, "key.create"))
                .await
                .map(|_| ()),
            Self::DeleteKey(owner, id) => store
                .delete_api_key(&owner, &id, &entry(store, "key.delete"))
                .await
                .map(|_| ()),
        }
    }
}

fn count(items: &[Value]) -> Option<u64> {
    items.iter().find_map(|item| item["count"].as_u64())
}

fn entry(store: &Store, action: &str) -> AuditEntry {
    let origin = Origin {
        request_id: RequestId::generate(),
        address: None,
    };
    origin.audit("somebody", action, "somebody", store.clock().now())
}

fn user(id: UserId, role: Role, now: Timestamp) -> User {
    User {
        email: Email::parse(&format!("{id}@example.com")).unwrap(),
        name: DisplayName::parse("Somebody").unwrap(),
        id,
        role,
        status: Status::Active,
        department: None,
        quota_policy: PolicyName::default(),
        password_hash: None,
        identity: None,
        session: 1,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn api_key(id: KeyId, owner: UserId, now: Timestamp) -> ApiKey {
    ApiKey {
        id,
        owner,
        name: DisplayName::parse("key").unwrap(),
        key_prefix: String::new(),
        models: Vec::new(),
        expires_at: None,
        enabled: true,
        created_at: now,
        last_used_at: None,
        version: 1,
    }
}
