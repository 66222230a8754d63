//! People's accounts: who may use the gateway, as what, under which policy.

pub(crate) mod bulk;
mod form;
pub(crate) mod keys;
mod list;
pub(crate) mod people;
pub(crate) mod quota;
mod visible;

use axum::extract::State;
use domain::access::accounts::{Denied, is_sound, may_change};
use domain::access::password::PasswordPolicy;
use domain::models::user::{Password, PasswordHash, Profile, Role, User, UserKind};
use domain::models::{PolicyName, UserId};
use domain::secret::Secret;
use jiff::Timestamp;
use service::http::extract::{Actor, Id, IfMatch, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::managed::member::Given as _;
use service::http::{ApiError, Code, Dialect};
use service::store::{Removal, UserRefusal};

use crate::app::App;
use form::{NewAccount, NewService, UserPatch};
use visible::no_user;

pub(crate) use form::NewUser;
pub(crate) use list::list;
pub(crate) use visible::visible;

/// `POST /api/v1/admin/users`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    new: NewAccount,
) -> Result<Created<Profile>, ApiError> {
    match new {
        NewAccount::Person(new) => create_user(&app, &actor, *new).await.map(Created),
        NewAccount::Service(new) => create_service(&app, &actor, new).await.map(Created),
    }
}

async fn create_service(app: &App, actor: &Actor, new: NewService) -> Result<Profile, ApiError> {
    let now = app.store.clock().now();
    let user = new.create(now);
    check_policy(app, &user.quota_policy).await?;
    add(app, actor, &user, now).await
}

/// One account, made by the request for one or by a line of an import.
pub(crate) async fn create_user(app: &App, actor: &Actor, mut new: NewUser) -> Result<Profile, ApiError> {
    check_new(app, &new).await?;
    let password = match new.password.take() {
        Some(password) => Password::Hash(app.hasher.hash(Secret::from(password)).await?),
        None => Password::Absent,
    };
    let now = app.store.clock().now();
    let user = new.create(password, now)?;
    add(app, actor, &user, now).await
}

async fn add(app: &App, actor: &Actor, user: &User, now: Timestamp) -> Result<Profile, ApiError> {
    let audit = actor.audit(now, "user.create", &user.id, vec![]);
    match app.store.create_user(user, &audit).await? {
        Ok(()) => Ok(Profile::from(user)),
        Err(UserRefusal::NoPolicy) => Err(no_policy(&user.quota_policy)),
        Err(_) => Err(email_taken()),
    }
}

/// `GET /api/v1/admin/users/{id}`
pub(crate) async fn show(State(app): State<App>, actor: Actor, Id(id): Id<UserId>) -> Result<Data<Profile>, ApiError> {
    let user = visible(&app, &actor, &id).await?;
    Ok(Data(Profile::from(&user)))
}

/// `PUT /api/v1/admin/users/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<UserId>,
    Body(patch): Body<UserPatch>,
) -> Result<Data<Profile>, ApiError> {
    change(&app, &actor, expected, &id, &patch).await.map(Data)
}

/// One change of one account, made by the request for one or by that for many.
async fn change(
    app: &App,
    actor: &Actor,
    expected: IfMatch,
    id: &UserId,
    patch: &UserPatch,
) -> Result<Profile, ApiError> {
    let before = visible(app, actor, id).await?;
    check_rights(&actor.user, &before, patch)?;
    if let Some(policy) = patch.quota_policy.value() {
        check_policy(app, policy).await?;
    }
    let policy = password_policy(app).await?;
    check_password(policy, patch, &before)?;
    let hash = match patch.password.value() {
        Some(password) => Some(app.hasher.hash(Secret::from(password.as_str())).await?),
        None => None,
    };
    let audit = actor.audit(app.store.clock().now(), "user.update", id, patch.changed());
    let change = |user: &User| {
        expected.check(patch.version, user.version)?;
        check_password(policy, patch, user)?;
        let after = changed(user, patch, hash.as_ref())?;
        may_change(&actor.user, user, &after).map_err(denied)?;
        Ok::<_, ApiError>(after)
    };
    let user = app.store.change_user(id, &audit, change).await?;
    let user = user.map_err(|refusal| refused(refusal, patch))?;
    if patch.revoke_keys.value() == Some(&true) {
        // Afterwards: whoever came by the password may make keys until the sessions are ended.
        keys::revoke_all(app, &actor.after(&user), id).await?;
    }
    Ok(Profile::from(&user))
}

/// Rights, which are judged before anything is told about what exists (promise 67).
fn check_rights(actor: &User, before: &User, patch: &UserPatch) -> Result<(), ApiError> {
    let unknown = patch.password.value().map(|_| PasswordHash::new(String::new()));
    may_change(actor, before, &changed(before, patch, unknown.as_ref())?).map_err(denied)?;
    if patch.revoke_keys.is_given() && actor.role != Role::Admin {
        return Err(ApiError::forbidden());
    }
    Ok(())
}

fn refused(refusal: UserRefusal, patch: &UserPatch) -> ApiError {
    match refusal {
        UserRefusal::NotFound => no_user(),
        UserRefusal::VersionConflict => version_conflict(),
        UserRefusal::EmailTaken => email_taken(),
        UserRefusal::LastAdmin => last_admin(),
        UserRefusal::LastWayIn => last_way_in(),
        UserRefusal::IdentityTaken => {
            ApiError::new(Code::Conflict, "another account is linked to this identity").field("identity")
        }
        UserRefusal::NoPolicy => no_policy(&patch.quota_policy.value().cloned().unwrap_or_default()),
    }
}

/// `DELETE /api/v1/admin/users/{id}`. Repeating one that was cut short finishes it.
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<UserId>,
) -> Result<Message, ApiError> {
    const DELETED: Message = Message("the user is deleted");
    let Some(user) = app.store.account(&id).await? else {
        return match app.store.resume_user_deletion(&id).await? {
            Removal::Done => Ok(DELETED),
            Removal::NotFound => Err(no_user()),
        };
    };
    expected.check(None, user.version)?;
    let audit = actor.audit(app.store.clock().now(), "user.delete", &id, vec![]);
    match app.store.delete_user(&user, &audit).await? {
        Ok(()) => Ok(DELETED),
        Err(UserRefusal::LastAdmin) => Err(last_admin()),
        Err(UserRefusal::LastWayIn) => Err(last_way_in()),
        Err(_) => Err(version_conflict()),
    }
}

/// The account with the changes; one whose password is cleared has none.
fn changed(old: &User, patch: &UserPatch, hash: Option<&PasswordHash>) -> Result<User, ApiError> {
    let mut user = old.clone();
    patch.apply(&mut user)?;
    if patch.password.is_given() {
        user.password = hash.cloned().into();
    }
    let moved = user.kind == UserKind::Service && user.email != old.email;
    if moved || !is_sound(&user) {
        let message = "a service account has no address, no password, no identity and the role `user`";
        return Err(ApiError::invalid("kind", message));
    }
    Ok(user)
}

/// The password that is given must suit the address and the name that the account will have.
fn check_password(policy: PasswordPolicy, patch: &UserPatch, before: &User) -> Result<(), ApiError> {
    let Some(password) = patch.password.value() else {
        return Ok(());
    };
    let email = patch.email.as_ref().unwrap_or(&before.email);
    let name = patch.name.as_ref().unwrap_or(&before.name);
    Ok(policy.check(password, email, name)?)
}

/// The rules of a new account that are judged before it is made; that nobody has its address is a condition of the
/// write.
pub(crate) async fn check_new(app: &App, new: &NewUser) -> Result<(), ApiError> {
    check_policy(app, new.quota_policy.as_ref().unwrap_or(&PolicyName::default())).await?;
    match &new.password {
        Some(password) => Ok(password_policy(app).await?.check(password, &new.email, &new.name)?),
        None => Ok(()),
    }
}

async fn password_policy(app: &App) -> Result<PasswordPolicy, ApiError> {
    Ok(app.store.settings().await?.password_policy(app.rules.passwords))
}

/// Tells before a password is hashed in vain; what decides is the condition of the write.
async fn check_policy(app: &App, name: &PolicyName) -> Result<(), ApiError> {
    app.store
        .read_policy(name)
        .await?
        .map(|_| ())
        .ok_or_else(|| no_policy(name))
}

fn no_policy(name: &PolicyName) -> ApiError {
    ApiError::invalid("quota_policy", format!("there is no policy {:?}", name.as_str()))
}

pub(crate) fn email_taken() -> ApiError {
    ApiError::new(Code::Conflict, "there is an account with this e-mail address already").field("email")
}

fn last_admin() -> ApiError {
    ApiError::new(Code::LastAdmin, "this is the last active administrator")
}

/// Without single sign-on, an administrator with a password has to remain.
pub(crate) fn last_way_in() -> ApiError {
    ApiError::new(
        Code::LastAdmin,
        "no administrator could sign in any more: single sign-on is off, and no other one has a password",
    )
}

/// True if the error is of no single account: the gateway has failed, or the session of the caller has ended.
pub(crate) fn ends_all(error: &ApiError) -> bool {
    error.code() == Code::Unauthorized || error.status(Dialect::Management).is_server_error()
}

fn denied(why: Denied) -> ApiError {
    match why {
        Denied::NotFound => no_user(),
        Denied::Forbidden => ApiError::forbidden(),
    }
}
