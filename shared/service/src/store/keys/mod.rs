//! Every key of every item: the only place where key texts are made.
//!
//! Parts are joined with `#`, which ids cannot hold.

use jiff::Timestamp;

use domain::access::api_key::KeyDigest;
use domain::access::digest::sha256_hex;
use domain::access::quota::Owner;
use domain::access::throttle::Guarded;
use domain::models::audit::AuditEntry;
use domain::models::sso::Identity;
use domain::models::{BackendId, Email, KeyId, ModelId, PolicyName, SignInId, UserId, WorkloadId};

use super::table::Table;

mod key;
mod sign_in_requests;
mod usage;

pub(in crate::store) use key::Key;
pub(in crate::store) use sign_in_requests::{authorization_code, device, question, refresh_token, user_code};
pub(in crate::store) use usage::*;

/// The partition that holds the whole catalog: it is small, and each process reads it as one.
pub(in crate::store) const CATALOG: &str = "catalog";
pub(in crate::store) const MODEL: &str = "model#";
pub(in crate::store) const BACKEND: &str = "backend#";
pub(in crate::store) const HEALTH: &str = "health#";

pub(in crate::store) fn model(id: &ModelId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{MODEL}{id}"))
}

pub(in crate::store) fn backend(id: &BackendId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{BACKEND}{id}"))
}

/// Beside the backend's own item: it changes often, and not together with it.
pub(in crate::store) fn health(id: &BackendId) -> Key {
    Key::new(Table::Catalog, CATALOG, format!("{HEALTH}{id}"))
}

/// The number of changes that were judged by the whole catalog. Not read with the catalog.
pub(in crate::store) fn catalog_revision() -> Key {
    Key::new(Table::Catalog, CATALOG, "revision".to_owned())
}

/// The requests under way at a backend that takes only so many. In a partition of its own: each of these requests
/// writes here twice, and a partition takes a thousand writes a second.
pub(in crate::store) fn leases(id: &BackendId) -> Key {
    Key::new(Table::Catalog, format!("leases#{id}"), "leases")
}

/// The partition of all accounts, in the order of their ids.
pub(in crate::store) const USERS: &str = "users";
pub(in crate::store) const USER: &str = "user#";
/// The keys of one owner.
pub(in crate::store) const KEY: &str = "key#";
/// Those that end with a session.
pub(in crate::store) const SESSION: &str = "session#";

pub(in crate::store) fn user(id: &UserId) -> Key {
    Key::new(Table::Users, USERS, format!("{USER}{id}"))
}

/// Holds an address for its account: an item of its own, so that an address cannot be taken twice.
pub(in crate::store) fn email(email: &Email) -> Key {
    Key::new(Table::Users, format!("email#{}", email.kept()), "email")
}

/// Holds an identity for its account, as [`email`] does an address. A digest, since issuers and subjects may hold
/// anything.
pub(in crate::store) fn identity(identity: &Identity) -> Key {
    let pair = format!("{}\n{}", identity.issuer, identity.subject);
    Key::new(Table::Users, format!("identity#{}", sha256_hex(&pair)), "identity")
}

/// A deletion under way.
pub(in crate::store) fn user_deletion(id: &UserId) -> Key {
    Key::new(Table::Users, format!("deletion#{id}"), "deletion")
}

/// Counts the active administrators (promise 15).
pub(in crate::store) fn admins() -> Key {
    Key::new(Table::Users, "count", "admins")
}

/// The key of an API key's item, by its digest.
pub(in crate::store) fn api_key(digest: &KeyDigest) -> Key {
    Key::new(Table::ApiKeys, format!("digest#{digest}"), "key")
}

/// Where its owner finds it.
pub(in crate::store) fn owned_key(owner: &UserId, id: &KeyId) -> Key {
    Key::new(Table::ApiKeys, owner_keys(owner), format!("{KEY}{id}"))
}

/// The key of the session that began at `login_at`: beside those that are listed and counted.
pub(in crate::store) fn session_key(owner: &UserId, login_at: Timestamp) -> Key {
    let login = login_at.as_second();
    Key::new(Table::ApiKeys, owner_keys(owner), format!("{SESSION}{login:011}"))
}

/// A key in its owner's list, by the sort key that it has there.
pub(in crate::store) fn listed_key(owner: &UserId, sk: String) -> Key {
    Key::new(Table::ApiKeys, owner_keys(owner), sk)
}

/// Counts the owner's keys (promise 21).
pub(in crate::store) fn key_count(owner: &UserId) -> Key {
    Key::new(Table::ApiKeys, owner_keys(owner), "count")
}

pub(in crate::store) fn owner_keys(owner: &UserId) -> String {
    format!("owner#{owner}")
}

/// The partition of all policies, and of who is under them.
pub(in crate::store) const POLICIES: &str = "policies";
pub(in crate::store) const POLICY: &str = "policy#";
pub(in crate::store) const POLICY_USERS: &str = "users#";

pub(in crate::store) fn policy(name: &PolicyName) -> Key {
    Key::new(Table::Policies, POLICIES, format!("{POLICY}{name}"))
}

/// Counts the users under the policy (promise 47). It is there as long as the policy is.
pub(in crate::store) fn policy_users(name: &PolicyName) -> Key {
    Key::new(Table::Policies, POLICIES, format!("{POLICY_USERS}{name}"))
}

/// The partition of all top-ups, an item an account.
pub(in crate::store) const TOP_UPS: &str = "top-ups";
pub(in crate::store) const TOP_UP: &str = "user#";

pub(in crate::store) fn top_ups(account: &UserId) -> Key {
    Key::new(Table::Policies, TOP_UPS, format!("{TOP_UP}{account}"))
}

/// The partition of all rules for workloads: beside the catalog's, and not read with it.
pub(in crate::store) const WORKLOADS: &str = "workloads";
pub(in crate::store) const WORKLOAD: &str = "workload#";

pub(in crate::store) fn workload(id: &WorkloadId) -> Key {
    Key::new(Table::Catalog, WORKLOADS, format!("{WORKLOAD}{id}"))
}

/// The partition of all sign-ins.
pub(in crate::store) const SIGN_INS: &str = "sign-ins";
pub(in crate::store) const SIGN_IN: &str = "signin#";

pub(in crate::store) fn sign_in(id: &SignInId) -> Key {
    Key::new(Table::SignIns, SIGN_INS, format!("{SIGN_IN}{id}"))
}

/// Where its owner finds it.
pub(in crate::store) fn owned_sign_in(owner: &UserId, id: &SignInId) -> Key {
    Key::new(Table::SignIns, owner_keys(owner), format!("{SIGN_IN}{id}"))
}

/// The partition of all budgets: of the organisation, and of departments.
pub(in crate::store) const BUDGETS: &str = "budgets";

pub(in crate::store) fn budget(owner: &Owner) -> Key {
    Key::new(Table::Policies, BUDGETS, owner.to_string())
}

/// One of the parts of a stored response, the first of which has its bare id.
pub(in crate::store) fn response(owner: &UserId, id: &str, part: u32) -> Key {
    let sk = if part == 0 {
        id.to_owned()
    } else {
        format!("{id}#{part}")
    };
    Key::new(Table::Responses, owner.as_str(), sk)
}

/// One window of login tries.
pub(in crate::store) fn login_guard(guarded: &Guarded) -> Key {
    match guarded {
        Guarded::Email(folded) => Key::new(Table::LoginGuard, format!("email#{folded}"), "window"),
        Guarded::Address(address) => Key::new(Table::LoginGuard, format!("address#{address}"), "window"),
        Guarded::SingleSignOn(address) => Key::new(Table::LoginGuard, format!("sso#{address}"), "window"),
        Guarded::Registration(address) => Key::new(Table::LoginGuard, format!("registration#{address}"), "window"),
        Guarded::DeviceCodes(address) => Key::new(Table::LoginGuard, format!("device#{address}"), "window"),
        Guarded::OpenDeviceCodes => Key::new(Table::LoginGuard, "devices", "window"),
        Guarded::UserCodes(address) => Key::new(Table::LoginGuard, format!("usercode#{address}"), "window"),
    }
}

/// A user's counters and reservations.
pub(in crate::store) fn meter(user: &UserId) -> Key {
    Key::new(Table::Quota, format!("{USER}{user}"), "meter")
}

/// The partition of what an account above users has lent and used of its limits.
pub(in crate::store) fn owner_meter(owner: &Owner) -> Key {
    Key::new(Table::Quota, owner.to_string(), "meter")
}

/// The user whose meter lies in this partition.
pub(in crate::store) fn meter_owner(pk: &str) -> Option<UserId> {
    UserId::parse(pk.strip_prefix(USER)?).ok()
}

/// The partition of the quota table's index `due`, which has the meters with reservations.
pub(in crate::store) const EXPIRY: &str = "expiry";

/// The alert of a limit of a user or of their keys, by the name that tells it from all others of them.
pub(in crate::store) fn alert(user: &UserId, name: &str) -> Key {
    Key::new(Table::Quota, format!("alert#{user}"), name)
}

/// A second since 1970, so that texts sort as the times do.
pub(in crate::store) fn due(second: i64) -> String {
    format!("{second:011}")
}

/// The text behind those of all seconds.
pub(in crate::store) const END_OF_DUE: &str = "A";

pub(in crate::store) fn settings() -> Key {
    Key::new(Table::Settings, "settings", "settings")
}

/// The key of the configuration of single sign-on.
pub(in crate::store) fn sso_config() -> Key {
    Key::new(Table::Settings, "settings", "sso")
}

/// The key of what the last test of it has found.
pub(in crate::store) fn sso_test() -> Key {
    Key::new(Table::Settings, "settings", "sso-test")
}

/// The key of the turn at a job that one of many processes does.
pub(in crate::store) fn turn(job: &str) -> Key {
    Key::new(Table::Settings, "turn", job)
}

/// A login under way. Begins with `sso#`, as all keys of this table do that `auth` may write.
pub(in crate::store) fn sso_attempt(state: &str) -> Key {
    Key::new(Table::Settings, format!("sso#attempt#{}", sha256_hex(state)), "attempt")
}

/// A one-time code that nobody has redeemed yet.
pub(in crate::store) fn sso_grant(code: &str) -> Key {
    Key::new(Table::Settings, format!("sso#code#{}", sha256_hex(code)), "code")
}

pub(in crate::store) fn audit(entry: &AuditEntry) -> Key {
    Key::new(Table::Audit, Key::audit_month(entry.at), entry.id.clone())
}
