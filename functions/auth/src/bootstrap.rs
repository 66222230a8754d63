//! The first start of an installation: a signing key and the first administrator (promise 6).

use domain::access::password::{PasswordPolicy, WeakPassword};
use domain::models::user::{Password, Role, User};
use domain::models::{DisplayName, Email, RequestId, TextError};
use domain::random;
use domain::secret::Secret;
use service::hasher::{Hasher, HasherError};
use service::http::origin::Origin;
use service::resources::Resources;
use service::secrets::key_ring::KeyRingError;
use service::store::{Change, StoreError};

/// Long enough for either policy: 119 bits.
const GENERATED_PASSWORD: usize = 20;

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

/// Makes the signing key and the first administrator where they are missing; safe to call at every start and by
/// many processes at once.
pub async fn run(
    resources: &Resources,
    admin: FirstAdmin,
    policy: PasswordPolicy,
) -> Result<Bootstrap, BootstrapError> {
    let Resources {
        store, signing_keys, ..
    } = resources;
    signing_keys.ensure().await?;
    if store.has_admin().await? {
        return Ok(Bootstrap::AlreadyDone);
    }
    let (password, generated_password) = if let Some(password) = admin.password {
        (password, None)
    } else {
        let generated = Secret::from(random::base62(GENERATED_PASSWORD));
        (generated.clone(), Some(generated))
    };
    let name = DisplayName::parse("Administrator")?;
    policy.check(password.expose(), &admin.email, &name)?;
    let now = store.clock().now();
    let user = User {
        role: Role::Admin,
        password: Password::Hash(Hasher::new().hash(password).await?),
        ..User::new(admin.email, name, now)
    };
    let origin = Origin {
        request_id: RequestId::generate(),
        address: None,
    };
    match store
        .create_first_admin(&user, &origin.audit("system", "user.create", &user.id, now))
        .await?
    {
        Change::Done => Ok(Bootstrap::Created { generated_password }),
        Change::Conflict => Ok(Bootstrap::AlreadyDone),
    }
}
