//! The rules that the tables keep, whatever has happened at the same moment.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use service::store::table::Table;

/// The items of some tables. The database of the local form offers no scan, so what lies in partitions of its own is
/// looked up for the accounts of one round.
pub(super) struct Tables {
    items: BTreeMap<&'static str, Vec<Value>>,
    emails: Vec<String>,
}

/// The accounts and addresses for which a round may leave something.
pub(super) struct Traces<'a> {
    pub(super) user: &'a str,
    pub(super) emails: Vec<String>,
}

/// Reads whole partitions.
struct Reader<'a> {
    database: &'a Client,
    names: Vec<String>,
}

impl Reader<'_> {
    async fn partition(&self, table: Table, pk: &str) -> Vec<Value> {
        let name = self.names.iter().find(|name| name.ends_with(table.name())).unwrap();
        let query = self.database.query().table_name(name).consistent_read(true);
        let query = query
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        let mut pages = query.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(serde_dynamo::from_item(item.unwrap()).unwrap());
        }
        items
    }
}

impl Tables {
    pub(super) async fn read(database: &Client, traces: Traces<'_>) -> Self {
        let names = database.list_tables().send().await.unwrap().table_names;
        let reader = Reader {
            database,
            names: names.unwrap_or_default(),
        };
        let mut users = reader.partition(Table::Users, "users").await;
        let own = users
            .iter()
            .filter(|user| traces.emails.iter().any(|email| user["email"] == *email));
        let own = own.map(|user| text(user, "id").to_owned());
        let ids: BTreeSet<String> = own.chain([traces.user.to_owned()]).collect();
        users.extend(reader.partition(Table::Users, "count").await);
        let mut keys = Vec::new();
        for id in &ids {
            users.extend(reader.partition(Table::Users, &format!("deletion#{id}")).await);
            keys.extend(reader.partition(Table::ApiKeys, &format!("owner#{id}")).await);
        }
        for email in &traces.emails {
            users.extend(reader.partition(Table::Users, &format!("email#{email}")).await);
        }
        let digests: Vec<String> = keys
            .iter()
            .map(|key| text(key, "digest").to_owned())
            .filter(|digest| !digest.is_empty())
            .collect();
        for digest in digests {
            keys.extend(reader.partition(Table::ApiKeys, &format!("digest#{digest}")).await);
        }
        let tables = [
            (Table::Users, users),
            (Table::ApiKeys, keys),
            (Table::Catalog, reader.partition(Table::Catalog, "catalog").await),
            (Table::Policies, reader.partition(Table::Policies, "policies").await),
        ];
        Self {
            items: tables.into_iter().map(|(table, items)| (table.name(), items)).collect(),
            emails: traces.emails,
        }
    }

    /// The rules that are broken.
    pub(super) fn broken(&self) -> Vec<String> {
        let mut broken = self.broken_accounts();
        broken.extend(self.broken_keys());
        broken.extend(self.broken_catalog());
        broken.extend(self.broken_policies());
        broken
    }

    /// The items of a table by partition and sort key, whose keys begin so.
    fn items<'a>(&'a self, table: Table, pk: &'a str, sk: &'a str) -> impl Iterator<Item = &'a Value> + 'a {
        let begins = |item: &Value, name: &str, with: &str| text(item, name).starts_with(with);
        self.items[table.name()]
            .iter()
            .filter(move |item| begins(item, "pk", pk) && begins(item, "sk", sk))
    }

    fn accounts(&self) -> BTreeMap<&str, &Value> {
        self.items(Table::Users, "users", "user#")
            .map(|item| (text(item, "id"), item))
            .collect()
    }

    /// Each address is that of one account, the count of administrators is exact, and no deletion is left half done.
    fn broken_accounts(&self) -> Vec<String> {
        let accounts = self.accounts();
        let mut broken = Vec::new();
        let holders = self
            .items(Table::Users, "email#", "email")
            .map(|item| (text(item, "pk"), text(item, "user")));
        let holders: BTreeSet<(String, &str)> = holders.map(|(pk, user)| (pk.to_owned(), user)).collect();
        let owners = accounts
            .iter()
            .filter(|(_, user)| self.emails.iter().any(|email| user["email"] == *email));
        let owners: BTreeSet<(String, &str)> = owners
            .map(|(id, user)| (format!("email#{}", text(user, "email")), *id))
            .collect();
        if holders != owners {
            broken.push(format!(
                "addresses are held as {holders:?}, and the accounts are {owners:?}"
            ));
        }
        let admins = accounts
            .values()
            .filter(|user| user["role"] == "admin" && user["status"] == "active")
            .count();
        let counted = self
            .items(Table::Users, "count", "admins")
            .next()
            .map(|item| number(item, "count"));
        if counted != Some(admins as u64) || admins == 0 {
            broken.push(format!(
                "{counted:?} administrators are counted, and there are {admins}"
            ));
        }
        broken.extend(
            self.items(Table::Users, "deletion#", "")
                .map(|item| format!("half deleted: {item}")),
        );
        broken
    }

    /// Both items of a key say the same, its owner is there, and the counts of keys are exact.
    fn broken_keys(&self) -> Vec<String> {
        const SAME: [&str; 6] = ["id", "owner", "name", "enabled", "models", "version"];
        let accounts = self.accounts();
        let opening: BTreeMap<&str, &Value> = self
            .items(Table::ApiKeys, "digest#", "key")
            .map(|item| (text(item, "pk"), item))
            .collect();
        let owned: Vec<&Value> = self
            .items(Table::ApiKeys, "owner#", "")
            .filter(|item| text(item, "sk") != "count")
            .collect();
        let mut broken = Vec::new();
        for key in &owned {
            let digest = format!("digest#{}", text(key, "digest"));
            let other = opening.get(digest.as_str());
            if !other.is_some_and(|other| SAME.iter().all(|name| other[*name] == key[*name])) {
                broken.push(format!("a key without its other half, or with another one: {key}"));
            }
            if !accounts.contains_key(text(key, "owner")) {
                broken.push(format!("a key without an owner: {key}"));
            }
        }
        if owned.len() != opening.len() {
            broken.push(format!("{} keys are listed, and {} open", owned.len(), opening.len()));
        }
        broken.extend(self.broken_counts(&owned));
        broken
    }

    /// Owners whose keys are not as many as are counted.
    fn broken_counts(&self, owned: &[&Value]) -> Vec<String> {
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for key in owned.iter().filter(|key| text(key, "sk").starts_with("key#")) {
            *counts.entry(text(key, "pk")).or_default() += 1;
        }
        for item in self.items(Table::ApiKeys, "owner#", "count") {
            *counts.entry(text(item, "pk")).or_default() -= i64::try_from(number(item, "count")).unwrap();
        }
        let wrong = counts.into_iter().filter(|(_, more)| *more != 0);
        wrong
            .map(|(owner, more)| format!("{owner}: {more} keys more than are counted"))
            .collect()
    }

    /// No backend, health or lease without what it belongs to, and no name of two models.
    fn broken_catalog(&self) -> Vec<String> {
        let of = |sk: &'static str| self.items(Table::Catalog, "catalog", sk);
        let models: BTreeSet<&str> = of("model#").map(|item| text(item, "id")).collect();
        let backends: BTreeSet<&str> = of("backend#").map(|item| text(item, "id")).collect();
        let mut broken: Vec<String> = of("backend#")
            .filter(|item| !models.contains(text(item, "model_id")))
            .map(|item| format!("an orphan: {item}"))
            .collect();
        let health = of("health#").map(|item| (item, text(item, "sk").trim_start_matches("health#")));
        let leases = self.items(Table::Catalog, "leases#", "leases");
        let leases = leases.map(|item| (item, text(item, "pk").trim_start_matches("leases#")));
        let orphans = health.chain(leases).filter(|(_, backend)| !backends.contains(backend));
        broken.extend(orphans.map(|(item, _)| format!("without its backend: {item}")));
        let mut names = BTreeSet::new();
        for model in of("model#") {
            let aliases = model["aliases"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            for name in aliases.chain([text(model, "id")]) {
                if !names.insert(name) {
                    broken.push(format!("two models are called {name}"));
                }
            }
        }
        broken
    }

    /// Each policy has its count, which is exact, and each account has its policy.
    fn broken_policies(&self) -> Vec<String> {
        let names = |sk: &'static str| {
            self.items(Table::Policies, "policies", sk)
                .map(|item| &text(item, "sk")[sk.len()..])
        };
        let policies: BTreeSet<&str> = names("policy#").filter(|name| *name != "default").collect();
        let counted: BTreeSet<&str> = names("users#").collect();
        let mut broken = Vec::new();
        if policies != counted {
            broken.push(format!("policies {policies:?}, counts of {counted:?}"));
        }
        let accounts = self.accounts();
        for item in self.items(Table::Policies, "policies", "users#") {
            let name = &text(item, "sk")["users#".len()..];
            let users = accounts.values().filter(|user| user["quota_policy"] == name).count() as u64;
            if number(item, "count") != users {
                broken.push(format!(
                    "{} users of {name} are counted, and there are {users}",
                    number(item, "count")
                ));
            }
        }
        for user in accounts.values().filter(|user| user["quota_policy"] != "default") {
            if !policies.contains(text(user, "quota_policy")) {
                broken.push(format!("without its policy: {user}"));
            }
        }
        broken
    }
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name].as_str().unwrap_or_default()
}

fn number(item: &Value, name: &str) -> u64 {
    item[name].as_u64().unwrap_or_default()
}
