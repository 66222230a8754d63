//! The administrator at a start: the first one, the link that sets the gateway up, and the way back for whoever owns
//! the data.

use std::net::SocketAddr;

use auth::bootstrap::{self, Bootstrap, ResetAdmin};
use domain::models::Email;
use domain::models::user::User;
use domain::secret::Secret;
use service::resources::Resources;
use service::store::{Store, StoreError};

use crate::home::Home;
use crate::options::Options;
use crate::start_error::StartError;

/// The administrator that the first start has made.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    pub email: Email,
    /// To be shown once, when nobody has chosen one.
    pub generated_password: Option<Secret>,
}

/// Makes the first administrator, if there is none.
pub(crate) async fn first_admin(resources: &Resources, options: &Options) -> Result<Option<FirstAdmin>, StartError> {
    Ok(
        match bootstrap::run(resources, options.first_admin(), options.passwords).await? {
            Bootstrap::AlreadyDone => None,
            Bootstrap::Created { generated_password } => Some(FirstAdmin {
                email: options.admin_email.clone(),
                generated_password,
            }),
        },
    )
}

/// Gives an administrator of the data of `options` a new password; of a folder, while no gateway uses it (OP1).
pub async fn reset_admin(options: &Options) -> Result<ResetAdmin, StartError> {
    let home = Home::open(&options.storage, &options.clock).await?;
    let resources = home.resources(options.clock.clone()).await?;
    let reset = bootstrap::reset_admin(&resources, options.first_admin(), options.passwords).await?;
    reset.ok_or(StartError::NoAdmin)
}

/// A link to the console that signs in the administrator of `options`, if the installation has no model yet or is a
/// demo. Its code is known to this process alone, so that there is none where several share their tables. A start does
/// not fail for it.
pub(crate) async fn setup_link(
    home: &Home,
    store: &Store,
    options: &Options,
    auth: &auth::App,
    address: SocketAddr,
) -> Option<Secret> {
    if matches!(home, Home::Cloud(_)) {
        return None;
    }
    let newcomer = newcomer(store, options).await.unwrap_or_else(|error| {
        tracing::error!(%error, "there is no link to set the gateway up");
        None
    })?;
    let code = auth.issue_setup_code(newcomer.id);
    let base = options.reached_at(address);
    Some(format!("{base}/console/#setup={}", code.expose()).into())
}

/// The administrator of `options`, while there is no model but those of a demo.
async fn newcomer(store: &Store, options: &Options) -> Result<Option<User>, StoreError> {
    let admin = store.user_by_email(&options.admin_email).await?;
    let has_models = !options.demo && store.catalog().await?.entries().next().is_some();
    Ok(admin.filter(|admin| admin.is_active_admin() && !has_models))
}

/// True if a password for a first administrator was given in vain. Servers over shared tables are all given it.
pub(crate) fn ignores_password(home: &Home, options: &Options, made: Option<&FirstAdmin>) -> bool {
    matches!(home, Home::Embedded(_)) && made.is_none() && !options.demo && options.admin_password.is_some()
}
