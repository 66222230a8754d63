//! Names of people, keys, sign-ins and backends beside a page of their ids (OP6).

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde::Serialize;

use crate::store::{Store, StoreError};
use domain::models::{BackendId, DisplayName, Email, KeyId, SignInId, UserId};

/// Names by id, of those that are there.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Names(BTreeMap<String, Named>);

#[derive(Clone, Debug, Serialize)]
struct Named {
    name: DisplayName,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    /// The beginning of a key.
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
        let users = ids.users.iter().map(|id| store.cached_user(id));
        let keys = ids.keys.iter().map(|(owner, id)| store.api_key(owner, id));
        let (users, keys) = tokio::try_join!(try_join_all(users), try_join_all(keys))?;
        for user in users.into_iter().flatten() {
            names.add_person(&user.id, &user.name, &user.email);
        }
        let mut others = Vec::new();
        for ((_, id), key) in ids.keys.iter().zip(keys) {
            let Some(key) = key else {
                others.extend(SignInId::parse(id.as_str()));
                continue;
            };
            let called = Named {
                prefix: Some(key.key_prefix),
                ..Named::by(key.name)
            };
            names.0.insert(key.id.into(), called);
        }
        // What is no key, or none any more, may be a sign-in in its place.
        let sign_ins = others.iter().map(|id| store.sign_in(id));
        for sign_in in try_join_all(sign_ins).await?.into_iter().flatten() {
            names.0.insert(sign_in.id.into(), Named::by(sign_in.client.name()));
        }
        if !ids.backends.is_empty() {
            let catalog = store.catalog().await?;
            let backends = catalog.entries().flat_map(|entry| &entry.backends);
            for backend in backends.filter(|backend| ids.backends.contains(&backend.id)) {
                names.0.insert(backend.id.to_string(), Named::by(backend.name.clone()));
            }
        }
        Ok(names)
    }

    /// Adds a person.
    pub fn add_person(&mut self, id: &UserId, name: &DisplayName, email: &Email) {
        let named = Named {
            email: Some(email.clone()),
            ..Named::by(name.clone())
        };
        self.0.insert(id.to_string(), named);
    }
}

impl Named {
    fn by(name: DisplayName) -> Self {
        Self {
            name,
            email: None,
            prefix: None,
        }
    }
}
