//! The way back from the identity provider: to a session, or to the question whether a program is let in.

use axum::extract::State;
use axum::response::Response;
use domain::access::sso_login::{Purpose, SsoAttempt};
use http::HeaderMap;
use service::http::ApiError;
use service::http::extract::Query;
use service::http::language::RefusalLanguage;
use service::http::origin::Origin;

use crate::app::App;
use crate::sign_in;
use crate::sso::{self, Arrival, CallbackQuery, browser};

/// `GET /api/v1/auth/sso/callback`
pub(crate) async fn call_back(
    State(app): State<App>,
    origin: Origin,
    RefusalLanguage(language): RefusalLanguage,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, ApiError> {
    let config = sso::enabled(&app).await.map_err(|error| error.logged(&origin))?;
    let login = match sso::arrive(&app, &config, &origin, &headers, &query).await {
        Ok(Arrival {
            attempt: SsoAttempt {
                purpose: Purpose::SignIn(request),
                ..
            },
            user,
        }) => {
            let mut page = sign_in::ask(&app, &config, &origin, language, *request, user).await;
            forget(&mut page, browser::cookie(&config, ""));
            return Ok(page);
        }
        Ok(Arrival { attempt, user }) => user.map(|user| (attempt, user)),
        Err(error) => Err(error),
    };
    let mut response = sso::finish(&app, &config, &origin, &headers, login).await;
    forget(&mut response, browser::cookie(&config, ""));
    Ok(response)
}

/// Removes the cookie of the login, which is over.
fn forget(response: &mut Response, (name, forgotten): (http::HeaderName, String)) {
    if let Ok(forgotten) = forgotten.parse() {
        response.headers_mut().append(name, forgotten);
    }
}
