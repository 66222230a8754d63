//! What administrators and owners do.

use domain::access::api_key::MintedKey;
use domain::models::api_key::ApiKey;
use domain::models::audit::AuditEntry;
use domain::models::user::{Password, Role, Status, User, UserKind};
use domain::models::{DisplayName, Email, KeyId, PolicyName, RequestId, UserId};
use jiff::Timestamp;
use service::http::origin::Origin;
use service::store::{Store, StoreError};

/// What somebody does.
pub(super) enum Deed {
    Hire(User),
    Change(UserId, Role, Status),
    Dismiss(UserId),
    AddKey(ApiKey, MintedKey),
    DeleteKey(UserId, KeyId),
}

impl Deed {
    pub(super) async fn run(self, store: &Store) -> Result<(), StoreError> {
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

pub(crate) fn entry(store: &Store, action: &str) -> AuditEntry {
    let origin = Origin {
        request_id: RequestId::generate(),
        address: None,
    };
    origin.audit("somebody", action, "somebody", store.clock().now())
}

pub(super) fn user(id: UserId, role: Role, now: Timestamp) -> User {
    User {
        email: Email::parse(&format!("{id}@example.com")).unwrap(),
        name: DisplayName::parse("Somebody").unwrap(),
        id,
        kind: UserKind::Person,
        role,
        status: Status::Active,
        department: None,
        quota_policy: PolicyName::default(),
        password: Password::Absent,
        identity: None,
        session: 1,
        sign_in_epoch: 0,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

pub(super) fn api_key(id: KeyId, owner: UserId, now: Timestamp) -> ApiKey {
    ApiKey {
        id,
        owner,
        name: DisplayName::parse("key").unwrap(),
        key_prefix: String::new(),
        models: Vec::new(),
        limits: Vec::new(),
        slots: Vec::new(),
        expires_at: None,
        enabled: true,
        created_at: now,
        last_used_at: None,
        session: None,
        epoch: None,
        version: 1,
    }
}
