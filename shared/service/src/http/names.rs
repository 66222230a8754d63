//! What ids are called: names of people, keys and backends beside a page of ids (OP6).

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde::Serialize;

use crate::store::{Store, StoreError};
use domain::models::{BackendId, DisplayName, Email, KeyId, UserId};

/// Names by id, of those that are there.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Names(BTreeMap<String, Named>);

#[derive(Clone, Debug, Serialize)]
struct Named {
    name: DisplayName,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    /// A key's beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
}

/// The ids of a page.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    pub users: BTreeSet<UserId>,
    /// Each with its owner, under whom it lies.
    pub keys: BTreeSet<(UserId, KeyId)>,
    pub backends: BTreeSet<BackendId>,
}

impl Names {
    /// What `ids` are called now.
    pub async fn of(store: &Store, ids: Ids) -> Result<Self, StoreError> {
        let mut names = Self::default();
        for user in try_join_all(ids.users.iter().map(|id| store.cached_user(id)))
            .await?
            .into_iter()
            .flatten()
        {
            names.add_person(&user.id, &user.name, &user.email);
        }
        let keys = ids.keys.iter().map(|(owner, id)| store.api_key(owner, id));
        for key in try_join_all(keys).await?.into_iter().flatten() {
            let (name, prefix) = (key.name, Some(key.key_prefix));
            names.0.insert(
                key.id.into(),
                Named {
                    name,
                    email: None,
                    prefix,
                },
            );
        }
        if !ids.backends.is_empty() {
            let catalog = store.catalog().await?;
            let backends = catalog.entries().flat_map(|entry| &entry.backends);
            for backend in backends.filter(|backend| ids.backends.contains(&backend.id)) {
                let name = backend.name.clone();
                names.0.insert(
                    backend.id.to_string(),
                    Named {
                        name,
                        email: None,
                        prefix: None,
                    },
                );
            }
        }
        Ok(names)
    }

    /// Adds a person.
    pub fn add_person(&mut self, id: &UserId, name: &DisplayName, email: &Email) {
        let (name, email) = (name.clone(), Some(email.clone()));
        self.0.insert(
            id.to_string(),
            Named {
                name,
                email,
                prefix: None,
            },
        );
    }
}
