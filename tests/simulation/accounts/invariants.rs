//! What holds of accounts and keys, judged from what lies in the tables.

use serde_json::Value;

use crate::contents::items;

use super::{MAX_KEYS, OLD_KEYS, World};

impl World {
    /// At every moment (promise 15).
    pub(super) fn somebody_administers(&self) {
        let users = items(&self.database, "users", "users");
        let admins = users
            .iter()
            .filter(|user| user["role"] == "admin" && user["status"] == "active")
            .count();
        let counted = count(&items(&self.database, "users", "count"));
        assert!(admins >= 1, "nobody administers: {users:?}");
        assert_eq!(counted, Some(admins as u64), "the count of administrators");
    }

    /// The counts of keys of everybody who is there are exact (promise 21).
    pub(super) fn keys_are_counted(&self) {
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

    pub(super) fn nothing_is_left_of_those_who_are_gone(&self) {
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
}

fn count(items: &[Value]) -> Option<u64> {
    items.iter().find_map(|item| item["count"].as_u64())
}
