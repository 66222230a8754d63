//! From a person whom the provider vouches for to an account. Every login by single sign-on goes through [`of`]
//! (promise 10), and then through [`crate::session::open`] like any other.

use domain::access::id_token::Claims;
use domain::access::sso::{self as rules, Account, Person, Refusal};
use domain::models::sso::SsoConfig;
use domain::models::user::{Status, User};
use service::http::ApiError;
use service::http::origin::Origin;
use service::store::{StoreError, UserRefusal};

use super::error::SsoError;
use crate::app::App;

/// Attempts to find or make the account, while others change it at the same moment.
const TRIES: u32 = 3;

/// The account of whom `claims` name: found, linked, or made.
pub(super) async fn of(app: &App, config: &SsoConfig, origin: &Origin, claims: &Claims) -> Result<User, SsoError> {
    if rules::has_group_overage(claims) {
        tracing::info!(request.id = %origin.request_id, "the provider has left out the person's groups");
    }
    let person = rules::person(config, claims)?;
    for _ in 0..TRIES {
        let settled = match find(app, config, &person).await? {
            Account::Known(user) => Some(user),
            Account::Link(user) => link(app, origin, &person, &user).await?,
            Account::New(status) => create(app, config, origin, &person, status).await?,
        };
        if let Some(user) = settled {
            return Ok(user);
        }
    }
    Err(StoreError::Conflict.into())
}

/// The account that the person would get now.
pub(super) async fn find(app: &App, config: &SsoConfig, person: &Person) -> Result<Account, SsoError> {
    let by_identity = app.store.user_by_identity(&person.identity).await?;
    let by_email = if by_identity.is_some() {
        None
    } else {
        app.store.user_by_email(&person.email).await?
    };
    Ok(rules::account(config, by_identity, by_email)?)
}

/// Links the account, if it still may be; `None` when it has changed meanwhile.
async fn link(app: &App, origin: &Origin, person: &Person, user: &User) -> Result<Option<User>, SsoError> {
    let audit = origin.audit(&user.id, "user.link", &user.id, app.store.clock().now());
    let link = |user: &User| match (user.password.is_set(), &user.identity) {
        (true, _) => Err(SsoError::from(Refusal::HasPassword)),
        (false, Some(_)) => Err(Refusal::OtherIdentity.into()),
        (false, None) if user.email.folded() != person.email.folded() => Err(Refusal::Email.into()),
        (false, None) => Ok(User {
            identity: Some(person.identity.clone()),
            ..user.clone()
        }),
    };
    match app.store.change_user(&user.id, &audit, link).await? {
        Ok(user) => Ok(Some(user)),
        Err(_) => Ok(None),
    }
}

/// A newcomer's account; `None` when the address or the identity has got one meanwhile.
async fn create(
    app: &App,
    config: &SsoConfig,
    origin: &Origin,
    person: &Person,
    status: Status,
) -> Result<Option<User>, SsoError> {
    let now = app.store.clock().now();
    let user = User {
        status,
        quota_policy: config.default_policy.clone(),
        identity: Some(person.identity.clone()),
        ..User::new(person.email.clone(), person.name.clone(), now)
    };
    match app
        .store
        .create_user(&user, &origin.audit("sso", "user.create", &user.id, now))
        .await?
    {
        Ok(()) => Ok(Some(user)),
        Err(UserRefusal::EmailTaken | UserRefusal::IdentityTaken) => Ok(None),
        Err(_) => Err(SsoError::NoPolicy),
    }
}

/// Refuses an account that may not be used. Its owner, who has just been authenticated, is told why.
pub(super) fn usable(user: User) -> Result<User, SsoError> {
    crate::session::check_usable(&user).map_err(|error: ApiError| SsoError::Told(error))?;
    Ok(user)
}
