//! The first start of an installation: its keys and the first administrator (promise 6); and the way back in for
//! whoever owns it.

use domain::access::password::{PasswordPolicy, WeakPassword};
use domain::access::throttle::Guarded;
use domain::models::audit::AuditEntry;
use domain::models::user::{Password, Role, Status, User};
use domain::models::{DisplayName, Email, RequestId, TextError, UserId};
use domain::random;
use domain::secret::Secret;
use jiff::Timestamp;
use service::hasher::{Hasher, HasherError};
use service::http::origin::Origin;
use service::resources::Resources;
use service::secrets::key_ring::KeyRingError;
use service::store::{Change, Span, Store, StoreError};

/// Long enough for either policy: 119 bits.
const GENERATED_PASSWORD: usize = 20;
/// The number of administrators, those made first, among whom an active one is looked for.
const MAX_ADMINS: usize = 200;

/// The first administrator.
#[derive(Debug)]
pub struct FirstAdmin {
    pub email: Email,
    /// Without one, a random password is made.
    pub password: Option<Secret>,
}

/// The result of a bootstrap.
#[derive(Debug)]
pub enum Bootstrap {
    /// There were administrators already; nothing was changed.
    AlreadyDone,
    Created {
        /// To be shown once, on the terminal only.
        generated_password: Option<Secret>,
    },
}

/// An administrator who got a new password.
#[derive(Debug)]
pub struct ResetAdmin {
    pub email: Email,
    /// To be shown once, on the terminal only.
    pub generated_password: Option<Secret>,
}

/// The installation was not bootstrapped.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Password(#[from] WeakPassword),
    #[error(transparent)]
    Hasher(#[from] HasherError),
    #[error(transparent)]
    Text(#[from] TextError),
}

/// Makes the keys and the first administrator where they are missing; safe to call at every start and by
/// many processes at once.
pub async fn run(
    resources: &Resources,
    admin: FirstAdmin,
    policy: PasswordPolicy,
) -> Result<Bootstrap, BootstrapError> {
    let Resources {
        store,
        signing_keys,
        sealing_keys,
        ..
    } = resources;
    signing_keys.ensure().await?;
    sealing_keys.ensure().await?;
    if store.has_admin().await? {
        return Ok(Bootstrap::AlreadyDone);
    }
    let (password, generated_password) = chosen_or_generated(admin.password);
    let name = DisplayName::parse("Administrator")?;
    policy.check(password.expose(), &admin.email, &name)?;
    let now = store.clock().now();
    let user = User {
        role: Role::Admin,
        password: Password::Hash(Hasher::new().hash(password).await?),
        ..User::new(admin.email, name, now)
    };
    let audit = by_the_system("user.create", &user.id, now);
    match store.create_first_admin(&user, &audit).await? {
        Change::Done => Ok(Bootstrap::Created { generated_password }),
        Change::Conflict => Ok(Bootstrap::AlreadyDone),
    }
}

/// Sets a new password for whoever has the database and has lost the way in (OP1): that of the account of `admin`'s
/// address, else of the oldest administrator. The account becomes an active administrator, and its sessions end.
pub async fn reset_admin(
    resources: &Resources,
    admin: FirstAdmin,
    policy: PasswordPolicy,
) -> Result<Option<ResetAdmin>, BootstrapError> {
    let store = &resources.store;
    resources.signing_keys.ensure().await?;
    let user = match store.user_by_email(&admin.email).await? {
        Some(user) => Some(user),
        None => oldest_admin(store).await?,
    };
    let Some(user) = user else { return Ok(None) };
    let (password, generated_password) = chosen_or_generated(admin.password);
    policy.check(password.expose(), &user.email, &user.name)?;
    let hash = Hasher::new().hash(password).await?;
    let audit = by_the_system("admin.reset", &user.id, store.clock().now());
    let reset = |user: &User| {
        Ok::<_, BootstrapError>(User {
            role: Role::Admin,
            status: Status::Active,
            password: Password::Hash(hash.clone()),
            ..user.clone()
        })
    };
    let reset = store.change_user(&user.id, &audit, reset).await?;
    let user = reset.map_err(|_| StoreError::Conflict)?;
    // Whoever has tried in vain before is let in at once.
    store.clear_places(&Guarded::Email(user.email.folded())).await?;
    Ok(Some(ResetAdmin {
        email: user.email,
        generated_password,
    }))
}

/// The administrator who was made first, of those that are active if there are any.
async fn oldest_admin(store: &Store) -> Result<Option<User>, StoreError> {
    let span = Span {
        after: None,
        limit: MAX_ADMINS,
    };
    let admins = store.users(None, &span, |user| user.role == Role::Admin).await?.items;
    let active = admins.iter().find(|user| user.is_active_admin());
    Ok(active.or(admins.first()).cloned())
}

/// The password, and a copy of it that is to be shown if it was generated.
fn chosen_or_generated(chosen: Option<Secret>) -> (Secret, Option<Secret>) {
    if let Some(password) = chosen {
        return (password, None);
    }
    let generated = Secret::from(random::base62(GENERATED_PASSWORD));
    (generated.clone(), Some(generated))
}

fn by_the_system(action: &str, user: &UserId, now: Timestamp) -> AuditEntry {
    let origin = Origin {
        request_id: RequestId::generate(),
        address: None,
    };
    origin.audit("system", action, user, now)
}
