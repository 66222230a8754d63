#![doc = include_str!("README.md")]

mod alerts;
mod api_keys;
mod audit;
mod budgets;
mod catalog;
mod change;
mod counter;
mod error;
mod expression;
mod findings;
mod item;
mod keys;
mod leases;
#[cfg(test)]
mod limits;
mod login_guard;
mod older_accounts;
mod page;
mod policies;
mod quota;
mod responses;
mod retry;
mod send;
mod session_keys;
mod settings;
mod sign_in_redemption;
mod sign_in_requests;
mod sign_ins;
mod single_use;
mod sso;
pub mod table;
mod top_ups;
mod transaction;
mod turns;
mod usage;
mod usage_batch;
mod usage_reads;
mod usage_segments;
mod usage_sums;
mod user_changes;
mod user_deletion;
mod users;
mod way_in;
mod workloads;
mod write;

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;

use crate::cache::Cache;
use domain::access::api_key::KeyDigest;
use domain::access::quota::{Exhausted, Meter, TopUp};
use domain::access::throttle::Window;
use domain::clock::Clock;
use domain::models::api_key::ApiKey;
use domain::models::budget::Budgets;
use domain::models::catalog::Catalog;
use domain::models::limit::Slot;
use domain::models::policy::Policy;
use domain::models::settings::Settings;
use domain::models::user::User;
use domain::models::{PolicyName, UserId};

pub use alerts::{NewAlert, QueuedAlert};
pub use api_keys::{KeyCreation, MAX_KEYS};
pub use budgets::BudgetChange;
pub use change::{CatalogChange, Change, Removal};
pub use error::StoreError;
pub use leases::Lease;
pub use login_guard::LoginAttempt;
pub use page::{Page, Span};
pub use policies::PolicyRemoval;
pub use quota::{Admission, Seen, Settlement};
pub use sign_in_redemption::{Redemption, Rotation, Ticket};
pub use sign_in_requests::{DEVICE_LIFETIME, QUESTION_LIFETIME};
pub use single_use::Taken;
pub use sso::{ATTEMPT_LIFETIME as SSO_ATTEMPT_LIFETIME, SsoChange};
use table::Table;
pub use top_ups::{AccountTopUps, TopUpCreation};
pub use usage_batch::UsageBatch;
pub use usage_reads::Whose;
pub use usage_sums::UsageSums;
pub use users::UserRefusal;
pub use workloads::WorkloadChange;

/// So many callers are remembered; those who call least are forgotten first.
const REMEMBERED: usize = 10_000;

/// The tables of one installation, with what this process remembers of them. Cheap to clone; clones share the memory.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    prefix: Arc<str>,
    clock: Clock,
    memory: Arc<Memory>,
}

/// What is read on every request. A write through this store forgets what it has changed, so a process that both
/// writes and reads, like the local gateway, sees its own changes at once.
#[derive(Debug)]
struct Memory {
    catalog: Cache<(), Arc<Catalog>>,
    settings: Cache<(), Arc<Settings>>,
    users: Cache<UserId, Arc<User>>,
    api_keys: Cache<KeyDigest, Arc<ApiKey>>,
    policies: Cache<PolicyName, Arc<Policy>>,
    budgets: Cache<(), Arc<Budgets>>,
    /// The top-ups of accounts, also of those that have none.
    top_ups: Cache<UserId, Arc<[TopUp]>>,
    /// Meters as this process last saw them: what to expect of them in the next update.
    meters: quick_cache::sync::Cache<UserId, Arc<Meter>>,
    /// Limits above users of which nobody had enough left a moment ago.
    exhausted: quick_cache::sync::Cache<Slot, Arc<Exhausted>>,
    /// The changes of each person that this process has recorded as refused.
    refused_changes: quick_cache::sync::Cache<UserId, Arc<Mutex<Window>>>,
    /// When this process last recorded the use of a key.
    last_uses: quick_cache::sync::Cache<KeyDigest, Timestamp>,
}

impl Store {
    pub fn new(client: Client, prefix: &str, clock: Clock) -> Self {
        let memory = Memory {
            catalog: Cache::new(1, clock.clone()),
            settings: Cache::new(1, clock.clone()),
            users: Cache::new(REMEMBERED, clock.clone()),
            api_keys: Cache::new(REMEMBERED, clock.clone()),
            policies: Cache::new(REMEMBERED, clock.clone()),
            budgets: Cache::new(1, clock.clone()),
            top_ups: Cache::new(REMEMBERED, clock.clone()),
            meters: quick_cache::sync::Cache::new(REMEMBERED),
            exhausted: quick_cache::sync::Cache::new(REMEMBERED),
            refused_changes: quick_cache::sync::Cache::new(REMEMBERED),
            last_uses: quick_cache::sync::Cache::new(REMEMBERED),
        };
        Self {
            client,
            prefix: prefix.into(),
            clock,
            memory: Arc::new(memory),
        }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    fn table(&self, table: Table) -> String {
        format!("{}{}", self.prefix, table.name())
    }
}
