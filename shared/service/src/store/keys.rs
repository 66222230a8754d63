//! Every key of every item: the only place where key texts are made.
//!
//! Parts are joined with `#`, which ids cannot hold.

use jiff::Timestamp;

use domain::access::api_key::KeyDigest;
use domain::access::digest::sha256_hex;
use domain::access::throttle::Guarded;
use domain::models::audit::AuditEntry;
use domain::models::rollup::Dimensions;
use domain::models::shadow::Finding;
use domain::models::sso::Identity;
use domain::models::usage::UsageRecord;
use domain::models::{BackendId, DisplayName, Email, KeyId, ModelId, PolicyName, UsageId, UserId};

use super::table::Table;

/// Where one item lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) table: Table,
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    pub(super) fn new(table: Table, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            table,
            pk: pk.into(),
            sk: sk.into(),
        }
    }
}

/// The partition that holds the whole catalog: it is small, and each process reads it as one.
pub(super) const CATALOG: &str = "catalog";
pub(super) const MODEL: &str = "model#";
pub(super) const BACKEND: &str = "backend#";
pub(super) const HEALTH: &str = "health#";

pub(super) fn model(id: &ModelId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{MODEL}{id}"))
}

pub(super) fn backend(id: &BackendId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{BACKEND}{id}"))
}

/// Beside the backend's own item: it changes often, and not together with it.
pub(super) fn health(id: &BackendId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{HEALTH}{id}"))
}

/// The number of changes that were judged by the whole catalog. Not read with the catalog.
pub(super) fn catalog_revision() -> Key {
    Key::new(Table::Catalog, CATALOG, "revision".to_owned())
}

/// The requests under way at a backend that takes only so many. In a partition of its own: each of these requests
/// writes here twice, and a partition takes a thousand writes a second.
pub(super) fn leases(id: &BackendId) -> Key {
    Key::new(Table::Catalog, format!("leases#{id}"), "leases")
}

/// The partition of all accounts, in the order of their ids.
pub(super) const USERS: &str = "users";
pub(super) const USER: &str = "user#";
/// The keys of one owner.
pub(super) const KEY: &str = "key#";
/// Those that end with a session.
pub(super) const SESSION: &str = "session#";

pub(super) fn user(id: &UserId) -> Key {
    Key::new(Table::Users, USERS, format!("{USER}{id}"))
}

/// Holds an address for its account: an item of its own, so that an address cannot be taken twice.
pub(super) fn email(email: &Email) -> Key {
    Key::new(Table::Users, format!("email#{}", email.kept()), "email")
}

/// Holds an identity for its account, as [`email`] does an address. A digest, since issuers and subjects may hold
/// anything.
pub(super) fn identity(identity: &Identity) -> Key {
    let pair = format!("{}\n{}", identity.issuer, identity.subject);
    Key::new(Table::Users, format!("identity#{}", sha256_hex(&pair)), "identity")
}

/// A deletion under way.
pub(super) fn user_deletion(id: &UserId) -> Key {
    Key::new(Table::Users, format!("deletion#{id}"), "deletion")
}

/// Counts the active administrators (promise 15).
pub(super) fn admins() -> Key {
    Key::new(Table::Users, "count", "admins")
}

/// Where a request's key is looked up.
pub(super) fn api_key(digest: &KeyDigest) -> Key {
    Key::new(Table::ApiKeys, format!("digest#{digest}"), "key")
}

/// Where its owner finds it.
pub(super) fn owned_key(owner: &UserId, id: &KeyId) -> Key {
    Key::new(Table::ApiKeys, owner_keys(owner), format!("{KEY}{id}"))
}

/// The key of the session that began at `login_at`: beside those that are listed and counted.
pub(super) fn session_key(owner: &UserId, login_at: Timestamp) -> Key {
    let login = login_at.as_second();
    Key::new(Table::ApiKeys, owner_keys(owner), format!("{SESSION}{login:011}"))
}

/// A key in its owner's list, by the sort key that it has there.
pub(super) fn listed_key(owner: &UserId, sk: String) -> Key {
    Key::new(Table::ApiKeys, owner_keys(owner), sk)
}

/// Counts the owner's keys (promise 21).
pub(super) fn key_count(owner: &UserId) -> Key {
    Key::new(Table::ApiKeys, owner_keys(owner), "count")
}

pub(super) fn owner_keys(owner: &UserId) -> String {
    format!("owner#{owner}")
}

/// The partition of all policies, and of who is under them.
pub(super) const POLICIES: &str = "policies";
pub(super) const POLICY: &str = "policy#";
pub(super) const POLICY_USERS: &str = "users#";

pub(super) fn policy(name: &PolicyName) -> Key {
    Key::new(Table::Policies, POLICIES, format!("{POLICY}{name}"))
}

/// Counts the users under the policy (promise 47). It is there as long as the policy is.
pub(super) fn policy_users(name: &PolicyName) -> Key {
    Key::new(Table::Policies, POLICIES, format!("{POLICY_USERS}{name}"))
}

/// The partition of all top-ups, an item an account.
pub(super) const TOP_UPS: &str = "top-ups";
pub(super) const TOP_UP: &str = "user#";

pub(super) fn top_ups(account: &UserId) -> Key {
    Key::new(Table::Policies, TOP_UPS, format!("{TOP_UP}{account}"))
}

/// One of the parts of a stored response, the first of which has its bare id.
pub(super) fn response(owner: &UserId, id: &str, part: u32) -> Key {
    let sk = if part == 0 {
        id.to_owned()
    } else {
        format!("{id}#{part}")
    };
    Key::new(Table::Responses, owner.as_str(), sk)
}

/// One window of login tries.
pub(super) fn login_guard(guarded: &Guarded) -> Key {
    match guarded {
        Guarded::Email(folded) => Key::new(Table::LoginGuard, format!("email#{folded}"), "window"),
        Guarded::Address(address) => Key::new(Table::LoginGuard, format!("address#{address}"), "window"),
        Guarded::SingleSignOn(address) => Key::new(Table::LoginGuard, format!("sso#{address}"), "window"),
        Guarded::Registration(address) => Key::new(Table::LoginGuard, format!("registration#{address}"), "window"),
    }
}

/// A user's counters and reservations.
pub(super) fn meter(user: &UserId) -> Key {
    Key::new(Table::Quota, format!("{USER}{user}"), "meter")
}

/// Whose meter lies in this partition.
pub(super) fn meter_owner(pk: &str) -> Option<UserId> {
    UserId::parse(pk.strip_prefix(USER)?).ok()
}

/// The partition of the quota table's index `due`, which has the meters with reservations.
pub(super) const EXPIRY: &str = "expiry";

/// The alert of a limit of a user or of their keys, by the name that tells it from all others of them.
pub(super) fn alert(user: &UserId, name: &str) -> Key {
    Key::new(Table::Quota, format!("alert#{user}"), name)
}

/// A second since 1970, so that texts sort as the times do.
pub(super) fn due(second: i64) -> String {
    format!("{second:011}")
}

/// The text behind those of all seconds.
pub(super) const END_OF_DUE: &str = "A";

pub(super) fn settings() -> Key {
    Key::new(Table::Settings, "settings", "settings")
}

/// How single sign-on is set up.
pub(super) fn sso_config() -> Key {
    Key::new(Table::Settings, "settings", "sso")
}

/// What the last test of it has found.
pub(super) fn sso_test() -> Key {
    Key::new(Table::Settings, "settings", "sso-test")
}

/// Whose turn it is at a job that one of many processes does.
pub(super) fn turn(job: &str) -> Key {
    Key::new(Table::Settings, "turn", job)
}

/// A login under way. Begins with `sso#`, as all keys of this table do that `auth` may write.
pub(super) fn sso_attempt(state: &str) -> Key {
    Key::new(Table::Settings, format!("sso#attempt#{}", sha256_hex(state)), "attempt")
}

/// A one-time code that nobody has redeemed yet.
pub(super) fn sso_grant(code: &str) -> Key {
    Key::new(Table::Settings, format!("sso#code#{}", sha256_hex(code)), "code")
}

pub(super) fn audit(entry: &AuditEntry) -> Key {
    Key::new(Table::Audit, Key::audit_month(entry.at), entry.id.clone())
}

/// Kinds of items in the table of usage: records, records that were written together, and rows of sums.
pub(super) const LOG: &str = "log";
pub(super) const SEGMENT: &str = "segment";
pub(super) const ROLLUP: &str = "rollup";

/// A partition of an index takes a thousand writes a second, and the time-ordered keys of usage cannot be split any
/// further: so many partitions share them.
pub(super) const SHARDS: u32 = 8;

pub(super) fn usage_record(record: &UsageRecord) -> Key {
    Key::new(Table::Usage, usage_of(LOG, &record.request.user), record.id.as_str())
}

/// Of records that were written together, by the newest of them.
pub(super) fn segment(user: &UserId, newest: &UsageId) -> Key {
    Key::new(Table::Usage, usage_of(SEGMENT, user), newest.as_str())
}

/// Before all ids that were made at `at` or later.
pub(super) fn usage_ids_from(at: Timestamp) -> String {
    format!("{:012x}", at.as_millisecond().max(0))
}

/// Behind all ids that were made at `at` or earlier: no hexadecimal digit comes after `f`.
pub(super) fn usage_ids_until(at: Timestamp) -> String {
    format!("{:012x}g", at.as_millisecond().max(0))
}

/// The row of sums of four hours of a day, model, key, backend and department. The department is last: it may hold any
/// character. Rows of whole days, of before hours were kept, have no `T` with an hour behind the day.
pub(super) fn rollup(of: &Dimensions) -> Key {
    let hour = of.from_hour.map(|hour| format!("T{hour:02}")).unwrap_or_default();
    let model = of.model.as_ref().map_or("", ModelId::as_str);
    let backend = of.backend.as_ref().map_or("", BackendId::as_str);
    let department = of.department.as_ref().map_or("", DisplayName::as_str);
    let sk = format!("{}{hour}#{model}#{}#{backend}#{department}", of.day, of.key);
    Key::new(Table::Usage, usage_of(ROLLUP, &of.user), sk)
}

/// What a policy in shadow mode would have refused one person on one UTC day for one limit.
pub(super) fn finding(finding: &Finding) -> Key {
    let sk = format!("{}#{}#{}", finding.day, finding.limit, finding.user);
    Key::new(Table::Usage, findings_of(&finding.policy), sk)
}

/// The partition of one policy's findings.
pub(super) fn findings_of(policy: &PolicyName) -> String {
    format!("shadow#{policy}")
}

/// The partition of one person's records or sums.
pub(super) fn usage_of(kind: &str, user: &UserId) -> String {
    format!("{kind}#{user}")
}

/// Which of the [`SHARDS`] of an index an item is in.
pub(super) fn shard_number(key: &Key) -> u32 {
    crc32fast::hash(key.sk.as_bytes()) % SHARDS
}

/// A partition of everybody's records or sums.
pub(super) fn shard(kind: &str, number: u32) -> String {
    format!("{kind}#{number}")
}

/// A partition of a department's records or sums.
pub(super) fn department_shard(kind: &str, number: u32, department: &str) -> String {
    format!("{kind}#{number}#{department}")
}
