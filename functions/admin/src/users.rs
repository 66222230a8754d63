//! People's accounts: who may use the gateway, as what, under which policy.

use axum::extract::State;
use domain::access::accounts::{Denied, Reach, may_change, reach};
use domain::models::sso::Identity;
use domain::models::user::{PasswordHash, Profile, Role, Status, User};
use domain::models::{DisplayName, Email, PolicyName, UserId};
use domain::secret::Secret;
use serde::Deserialize;
use service::http::extract::{Actor, Id, IfMatch, Query, version_conflict};
use service::http::json::{Body, Created, Data, Message, nullable};
use service::http::page::{Limit, List, Walk};
use service::http::{ApiError, Code};
use service::store::{Changed, Page, Removal, UserChange};

use crate::App;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    status: Option<Status>,
    role: Option<Role>,
    department: Option<String>,
    /// Some part of the e-mail address or the name.
    q: Option<String>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    pub(crate) email: Email,
    /// Absent for people who only come by single sign-on.
    pub(crate) password: Option<String>,
    pub(crate) name: DisplayName,
    #[serde(default = "user_role")]
    pub(crate) role: Role,
    pub(crate) department: Option<DisplayName>,
    #[serde(default)]
    pub(crate) quota_policy: Option<PolicyName>,
    #[serde(default)]
    pub(crate) status: Option<Status>,
}

fn user_role() -> Role {
    Role::User
}

/// A change: absent fields stay, `null` clears.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChanges {
    email: Option<Email>,
    #[serde(default, deserialize_with = "nullable")]
    password: Option<Option<String>>,
    name: Option<DisplayName>,
    role: Option<Role>,
    #[serde(default, deserialize_with = "nullable")]
    department: Option<Option<DisplayName>>,
    #[serde(default, deserialize_with = "nullable")]
    quota_policy: Option<Option<PolicyName>>,
    status: Option<Status>,
    /// Who the person is at the identity provider; `null` forgets it, so that the next login there links anew.
    #[serde(default, deserialize_with = "nullable")]
    identity: Option<Option<Identity>>,
    version: Option<u64>,
}

/// `GET /api/v1/admin/users`
pub(crate) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(filter): Query<Filter>,
) -> Result<List<Profile>, ApiError> {
    let keys = app.signing_keys.keys().await?;
    let walk = Walk::new(&keys, "users", &actor.user.id);
    let span = walk.span(filter.limit, filter.cursor.as_deref())?;
    let reach = reach(&actor.user);
    let keep = |user: &User| reach.covers(user) && filter.fits(user);
    let page = match (&reach, &filter.department) {
        (Reach::Everybody, department) => app.store.users(department.as_deref(), &span, keep).await?,
        (Reach::Department(own), _) => app.store.users(Some(own.as_str()), &span, keep).await?,
        (Reach::Nobody, _) => Page {
            items: vec![],
            next: None,
        },
    };
    Ok(walk.list(page, |user| Profile::from(user)))
}

/// `POST /api/v1/admin/users`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewUser>,
) -> Result<Created<Profile>, ApiError> {
    create_user(&app, &actor, new).await.map(Created)
}

/// One account, made by the request for one or by a line of an import.
pub(crate) async fn create_user(app: &App, actor: &Actor, new: NewUser) -> Result<Profile, ApiError> {
    let quota_policy = new.quota_policy.unwrap_or_default();
    check_policy(app, &quota_policy).await?;
    let password_hash = match new.password {
        Some(password) => Some(hash(app, password, &new.email, &new.name).await?),
        None => None,
    };
    let now = app.store.clock().now();
    let user = User {
        id: UserId::generate(),
        email: new.email,
        name: new.name,
        role: new.role,
        status: new.status.unwrap_or(Status::Active),
        department: new.department,
        quota_policy,
        password_hash,
        identity: None,
        session: 1,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    match app
        .store
        .create_user(&user, &actor.entry(now, "user.create", &user.id, vec![]))
        .await?
    {
        UserChange::Done => Ok(Profile::from(&user)),
        UserChange::NoPolicy => Err(no_policy(&user.quota_policy)),
        UserChange::EmailTaken | UserChange::VersionConflict | UserChange::LastAdmin | UserChange::IdentityTaken => {
            Err(email_taken())
        }
    }
}

/// `PUT /api/v1/admin/users/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<UserId>,
    Body(changes): Body<UserChanges>,
) -> Result<Data<Profile>, ApiError> {
    let before = app
        .store
        .user(&id)
        .await?
        .filter(|user| reach(&actor.user).covers(user))
        .ok_or_else(no_user)?;
    if let Some(Some(policy)) = &changes.quota_policy {
        check_policy(&app, policy).await?;
    }
    let hash = changes.new_hash(&app, &before).await?;
    let now = app.store.clock().now();
    let entry = actor.entry(now, "user.update", &id, changes.fields());
    let change = |user: &User| {
        expected.check(changes.version, user.version)?;
        let after = changes.apply(user, hash.as_ref());
        may_change(&actor.user, user, &after).map_err(denied)?;
        Ok::<_, ApiError>(after)
    };
    match app.store.change_user(&id, &entry, change).await? {
        Changed::Done(user) => Ok(Data(Profile::from(&user))),
        Changed::NotFound => Err(no_user()),
        Changed::EmailTaken => Err(email_taken()),
        Changed::LastAdmin => Err(last_admin()),
        Changed::IdentityTaken => {
            Err(ApiError::new(Code::Conflict, "another account is linked to this identity").field("identity"))
        }
        Changed::NoPolicy => Err(no_policy(&changes.quota_policy.flatten().unwrap_or_default())),
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
    let Some(user) = app.store.user(&id).await? else {
        return match app.store.resume_user_deletion(&id).await? {
            Removal::Done => Ok(DELETED),
            Removal::NotFound => Err(no_user()),
        };
    };
    expected.check(None, user.version)?;
    let entry = actor.entry(app.store.clock().now(), "user.delete", &id, vec![]);
    match app.store.delete_user(&user, &entry).await? {
        UserChange::Done => Ok(DELETED),
        UserChange::LastAdmin => Err(last_admin()),
        UserChange::VersionConflict | UserChange::EmailTaken | UserChange::NoPolicy | UserChange::IdentityTaken => {
            Err(version_conflict())
        }
    }
}

impl Filter {
    fn fits(&self, user: &User) -> bool {
        let part = |text: &str| {
            text.to_lowercase()
                .contains(&self.q.as_deref().unwrap_or_default().to_lowercase())
        };
        self.status.is_none_or(|status| user.status == status)
            && self.role.is_none_or(|role| user.role == role)
            && self
                .department
                .as_deref()
                .is_none_or(|wanted| user.department.as_ref().is_some_and(|own| own.as_str() == wanted))
            && (self.q.is_none() || part(user.email.as_str()) || part(user.name.as_str()))
    }
}

impl UserChanges {
    /// The names of the fields that are given, for the audit trail.
    fn fields(&self) -> Vec<String> {
        let given = [
            ("email", self.email.is_some()),
            ("password", self.password.is_some()),
            ("name", self.name.is_some()),
            ("role", self.role.is_some()),
            ("department", self.department.is_some()),
            ("quota_policy", self.quota_policy.is_some()),
            ("status", self.status.is_some()),
            ("identity", self.identity.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field.to_owned())
            .collect()
    }

    async fn new_hash(&self, app: &App, before: &User) -> Result<Option<PasswordHash>, ApiError> {
        let Some(Some(password)) = &self.password else {
            return Ok(None);
        };
        let (email, name) = (
            self.email.as_ref().unwrap_or(&before.email),
            self.name.as_ref().unwrap_or(&before.name),
        );
        hash(app, password.clone(), email, name).await.map(Some)
    }

    /// The account with the changes; a password that is cleared leaves single sign-on as the only way in.
    fn apply(&self, old: &User, hash: Option<&PasswordHash>) -> User {
        User {
            email: self.email.clone().unwrap_or_else(|| old.email.clone()),
            password_hash: if self.password.is_some() {
                hash.cloned()
            } else {
                old.password_hash.clone()
            },
            name: self.name.clone().unwrap_or_else(|| old.name.clone()),
            role: self.role.unwrap_or(old.role),
            department: self.department.clone().unwrap_or_else(|| old.department.clone()),
            quota_policy: self
                .quota_policy
                .clone()
                .map_or_else(|| old.quota_policy.clone(), Option::unwrap_or_default),
            status: self.status.unwrap_or(old.status),
            identity: self.identity.clone().unwrap_or_else(|| old.identity.clone()),
            ..old.clone()
        }
    }
}

async fn hash(app: &App, password: String, email: &Email, name: &DisplayName) -> Result<PasswordHash, ApiError> {
    app.store
        .settings()
        .await?
        .password_policy(app.rules.passwords)
        .check(&password, email, name)?;
    Ok(app.hasher.hash(Secret::from(password)).await?)
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

fn no_user() -> ApiError {
    ApiError::not_found("user")
}

fn email_taken() -> ApiError {
    ApiError::new(Code::Conflict, "there is an account with this e-mail address already").field("email")
}

fn last_admin() -> ApiError {
    ApiError::new(Code::LastAdmin, "this is the last active administrator")
}

fn denied(why: Denied) -> ApiError {
    match why {
        Denied::NotFound => no_user(),
        Denied::Forbidden => ApiError::forbidden(),
    }
}
