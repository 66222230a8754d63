//! Accounts that an actor may know of.

use domain::access::accounts::reach;
use domain::models::UserId;
use domain::models::user::User;
use service::http::ApiError;
use service::http::extract::Actor;

use crate::app::App;

/// The account, if the actor may know of it.
pub(crate) async fn visible(app: &App, actor: &Actor, id: &UserId) -> Result<User, ApiError> {
    let user = app.store.account(id).await?;
    user.filter(|user| reach(&actor.user).covers(user)).ok_or_else(no_user)
}

pub(super) fn no_user() -> ApiError {
    ApiError::not_found("user")
}
