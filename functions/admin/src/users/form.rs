//! An account as administrators write it.

use domain::models::sso::Identity;
use domain::models::user::{Password, Role, Status, User};
use domain::models::{DisplayName, Email, PolicyName, UserId};
use jiff::Timestamp;
use service::managed_object;

managed_object! {
    User: NewUser, UserPatch {
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
