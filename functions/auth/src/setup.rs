//! The link that the local gateway prints while no model is there: it signs its reader in as the administrator of this
//! installation, once.

use axum::extract::State;
use domain::models::UserId;
use domain::secret::Secret;
use serde::Deserialize;
use service::http::json::{Body, Data};
use service::http::origin::Origin;
use service::http::{ApiError, Code};

use crate::app::App;
use crate::login::record_refusal;
use crate::login_permit::LoginPermit;
use crate::session::{self, SessionResponse};

impl App {
    /// A code that opens a session of this account once, within 15 minutes.
    pub fn issue_setup_code(&self, user: UserId) -> Secret {
        self.setup_code.issue(user, self.store.clock().now())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Presented {
    code: String,
}

/// `POST /api/v1/auth/setup`
pub(crate) async fn set_up(
    State(app): State<App>,
    origin: Origin,
    Body(presented): Body<Presented>,
) -> Result<Data<SessionResponse>, ApiError> {
    let permit = LoginPermit::for_single_sign_on(&app.store, origin.address).await?;
    let now = app.store.clock().now();
    let user = match app.setup_code.take(&presented.code, now) {
        Some(id) => app.store.user(&id).await?,
        None => None,
    };
    let Some(user) = user else {
        let refusal = ApiError::new(
            Code::InvalidCredentials,
            "the link is used or too old; a new one is printed when the gateway starts without models",
        );
        let audit = origin.audit("anonymous", "session.create", "setup", now);
        record_refusal(&app, audit, refusal.code()).await?;
        return Err(refusal);
    };
    permit.succeeded().await?;
    session::open(&app, &origin, &user).await.map(Data)
}
