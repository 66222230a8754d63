//! An account as administrators write it.

use axum::extract::{FromRequest, Request};
use domain::models::sso::Identity;
use domain::models::user::{Password, Role, Status, User, UserKind};
use domain::models::{DisplayName, Email, PolicyName, UserId};
use jiff::Timestamp;
use serde::Deserialize;
use service::http::ApiError;
use service::http::json::{parse, read_management};
use service::managed_object;

managed_object! {
    User: NewUser, UserPatch {
        fixed          kind:         UserKind = UserKind::Person;
        required       email:        Email;
        /// Without one, single sign-on is the only way in.
        secret         password:     String;
        required       name:         DisplayName;
        default        role:         Role = Role::User;
        nullable       department:   DisplayName;
        nullable       quota_policy: PolicyName;
        default        status:       Status = Status::Active;
        /// The person at the identity provider; without it, the next login there links the account anew.
        later nullable identity:     Identity;
        /// Deletes the account's keys with the change: whoever came by the password may have made some (HA9).
        later secret   revoke_keys:  bool;
    }
    new(password: Password, now: Timestamp) {
        id: UserId::generate(), password, session: 1, sign_in_epoch: 0, created_at: now, updated_at: now, version: 1
    }
}

/// A service account, which has no address, no password and no login.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewService {
    #[serde(rename = "kind")]
    _kind: UserKind,
    name: DisplayName,
    #[serde(default)]
    department: Option<DisplayName>,
    #[serde(default)]
    quota_policy: Option<PolicyName>,
}

impl NewService {
    pub(super) fn create(self, now: Timestamp) -> User {
        User {
            department: self.department,
            quota_policy: self.quota_policy.unwrap_or_default(),
            ..User::service(self.name, now)
        }
    }
}

/// The body of `POST /api/v1/admin/users`: its `kind` says which form it has.
pub(crate) enum NewAccount {
    Person(Box<NewUser>),
    Service(NewService),
}

impl<S: Sync> FromRequest<S> for NewAccount {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        #[derive(Deserialize)]
        struct Kind {
            #[serde(default)]
            kind: UserKind,
        }
        let body = read_management(request).await?;
        // What is no object, or of a kind that there is not, is refused as a person's is.
        match serde_json::from_slice(&body) {
            Ok(Kind {
                kind: UserKind::Service,
            }) => parse(&body).map(Self::Service),
            Ok(_) | Err(_) => parse(&body).map(Self::Person),
        }
    }
}
